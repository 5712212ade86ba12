"""Finding nodes and blocks of a network by name or by type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from viewer.core.blocks import Block
from viewer.core.records import NetworkRecord


class Found(NamedTuple):
    """A node, or a block, that a search is about.

    Attributes
    ----------
    name : str
        Of the node, or path of the block.
    type_name : str
    is_block : bool
    """

    name: str
    type_name: str
    is_block: bool = False


def find_nodes(
    network: NetworkRecord, blocks: Mapping[str, Block], query: str
) -> tuple[Found, ...]:
    """Return the nodes and blocks whose name, type or kind has all words of a query.

    Parameters
    ----------
    network : NetworkRecord
    blocks : mapping of path to Block
    query : str
        Capital letters make no difference; nothing is found by no word.

    Returns
    -------
    tuple of Found
        First those whose name has all words, then those whose type or kind has to be looked
        at, too; each in the network's order, a block before what is inside.
    """
    words = query.lower().split()
    if not words:
        return ()
    begins: dict[str, list[Block]] = {}
    for block in blocks.values():  # outer ones first
        begins.setdefault(block.nodes[0], []).append(block)
    found: list[Found] = []
    for node in network.nodes:
        for block in begins.get(node.name, ()):
            if _matches(f"{block.path} {block.type_name}", words):
                found.append(Found(block.path, block.type_name, is_block=True))
        if _matches(f"{node.name} {node.type_name} {node.kind.value}", words):
            found.append(Found(node.name, node.type_name))
    return tuple(sorted(found, key=lambda item: not _matches(item.name, words)))


def _matches(text: str, words: list[str]) -> bool:
    lower = text.lower()
    return all(word in lower for word in words)
