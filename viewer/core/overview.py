"""Which outputs a picture of a network needs: of a large network, only those that are in it.

A pass that keeps every output of a deep network writes tens of megabytes that nobody may look
at, for most of its layers are inside of collapsed blocks. While images come one after the other
the rest can wait until somebody asks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from viewer.core.blocks import BlockTree, ShownGraph
from viewer.core.records import NetworkRecord, Node

LARGE_PASS_BYTES = 8 << 20  # the outputs of a smaller network are kept in no time
BYTES_PER_VALUE = 4


def pass_bytes(nodes: Iterable[Node]) -> int:
    """Return how much memory the outputs of one forward pass take, in bytes."""
    return sum(BYTES_PER_VALUE * math.prod(node.output_shape) for node in nodes)


def needed(network: NetworkRecord, shown: ShownGraph) -> frozenset[str] | None:
    """Return the nodes whose outputs a picture needs.

    Parameters
    ----------
    network : NetworkRecord
    shown : ShownGraph
        What is in the picture: its nodes, and blocks that are collapsed.

    Returns
    -------
    frozenset of str or None
        As `InferenceRequest.keep`: None for all, where that costs nothing or all are shown.
    """
    names = frozenset(shown.output_of.values())
    hidden = (node for node in network.nodes if node.name not in names)
    return names if pass_bytes(hidden) > LARGE_PASS_BYTES else None


def needed_at_first(network: NetworkRecord) -> frozenset[str] | None:
    """Return the same for the picture before a person opened or closed a block."""
    tree = BlockTree(network)
    return needed(network, tree.shown(tree.open_at_first))
