"""Which outputs a picture of a network needs."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from viewer.core.blocks import BlockTree
from viewer.core.overview import LARGE_PASS_BYTES, needed, needed_at_first, pass_bytes
from viewer.core.records import Kind, NetworkRecord, Node

SIDE = 256  # one channel of it takes 256 KB


def stacked(blocks: int, channels: int) -> NetworkRecord:
    """Return a chain of blocks of three nodes each, of `channels` maps."""
    nodes = [Node("x", Kind.INPUT, "Input", (), (1, SIDE, SIDE), 0, signed=True)]
    modules = {}
    for i in range(blocks):
        modules[f"blocks.{i}"] = "Block"
        for part in ("conv", "norm", "act"):
            shape = (channels, SIDE, SIDE)
            name = f"blocks.{i}.{part}"
            nodes.append(
                Node(name, Kind.ACTIVATION, part, (nodes[-1].name,), shape, 0, signed=True)
            )
    nodes.append(Node("fc", Kind.DENSE, "Linear", (nodes[-1].name,), (10,), 0, signed=True))
    return NetworkRecord(
        title="stacked",
        architecture="stacked",
        nodes=tuple(nodes),
        logits="fc",
        input_shape=(1, SIDE, SIDE),
        mean=(0.0,),
        std=(1.0,),
        class_names=tuple(map(str, range(10))),
        parameters=0,
        test_accuracy=None,
        dataset=None,
        source="made here",
        modules=MappingProxyType(modules),
    )


def test_bytes_of_a_pass() -> None:
    network = stacked(1, 2)
    assert pass_bytes(network.nodes) == 4 * (SIDE * SIDE * (1 + 3 * 2) + 10)


def test_collapsed_blocks_need_their_outputs_alone() -> None:
    network = stacked(12, 4)
    found = needed_at_first(network)
    assert found == frozenset({"x", "fc"} | {f"blocks.{i}.act" for i in range(12)})


def test_an_open_block_needs_all_of_its_own() -> None:
    network = stacked(12, 4)
    tree = BlockTree(network)
    found = needed(network, tree.shown(frozenset({"blocks.3"})))
    assert found is not None
    inside = {name for name in found if name.startswith("blocks.3.")}
    assert inside == {"blocks.3.conv", "blocks.3.norm", "blocks.3.act"}


def test_everything_where_all_is_in_the_picture() -> None:
    network = stacked(12, 4)
    tree = BlockTree(network)
    assert needed(network, tree.shown(frozenset(tree.blocks))) is None


def test_everything_of_a_small_network() -> None:
    network = stacked(12, 1)
    small = replace(
        network,
        nodes=tuple(
            replace(node, output_shape=(1, 28, 28)) if len(node.output_shape) == 3 else node
            for node in network.nodes
        ),
    )
    assert pass_bytes(small.nodes) < LARGE_PASS_BYTES
    assert needed_at_first(small) is None
