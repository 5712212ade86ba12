from __future__ import annotations

import itertools
import random

import pytest

from tests.unit.blocky import by_hand, residual, traced
from viewer.core.blocks import FEW_NODES, MANY_CARDS, BlockTree, ShownGraph
from viewer.core.records import Kind, NetworkRecord

NETWORKS = ("resnet18", "resnet50", "googlenet", "densenet121", "mobilenet_v3_large", "vgg16")


def assert_true(network: NetworkRecord, shown: ShownGraph) -> None:
    """Check that what is shown says of the network nothing but the truth."""
    names = [node.name for node in shown.nodes]
    assert len(set(names)) == len(names)
    seen: set[str] = set()
    for node in shown.nodes:
        assert seen.issuperset(node.inputs), node.name  # topologically sorted
        seen.add(node.name)
    # An edge is shown exactly where an edge leads from one shown thing into another.
    true = {
        (shown.shown_of[source], shown.shown_of[node.name])
        for node in network.nodes
        for source in node.inputs
    }
    told = {(source, node.name) for node in shown.nodes for source in node.inputs}
    assert told == {(source, target) for source, target in true if source != target}
    for node in shown.nodes:
        output = network.node(shown.output_of[node.name])
        assert node.output_shape == output.output_shape
        assert shown.shown_of[output.name] == node.name
        users = [other for other in network.nodes if output.name in other.inputs]
        if node.kind is Kind.BLOCK and users:
            assert any(shown.shown_of[user.name] != node.name for user in users)
    assert set(shown.shown_of) == {node.name for node in network.nodes}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_choice_of_open_blocks_is_true(name: str) -> None:
    network = traced(name)
    tree = BlockTree(network)
    paths = sorted(tree.blocks)
    chance = random.Random(0)
    choices = [frozenset(), frozenset(paths), tree.open_at_first]
    choices += [frozenset(chance.sample(paths, len(paths) // 2)) for _ in range(5)]
    for choice in choices:
        assert_true(network, tree.shown(choice))


@pytest.mark.parametrize("name", NETWORKS)
def test_with_all_blocks_open_every_node_is_shown(name: str) -> None:
    network = traced(name)
    tree = BlockTree(network)
    shown = tree.shown(frozenset(tree.blocks))
    assert [node.name for node in shown.nodes] == [node.name for node in network.nodes]
    assert shown.nodes == network.nodes


def types_of(name: str) -> list[str]:
    network = traced(name)
    shown = BlockTree(network).shown(BlockTree(network).open_at_first)
    return [node.type_name for node in shown.nodes if node.kind is Kind.BLOCK]


def test_the_default_view_is_of_blocks() -> None:
    assert types_of("resnet18") == ["BasicBlock"] * 8
    assert types_of("resnet50") == ["Bottleneck"] * 16
    assert types_of("googlenet") == ["BasicConv2d"] * 3 + ["Inception"] * 9
    assert types_of("densenet121") == ["_DenseBlock", "_Transition"] * 3 + ["_DenseBlock"]
    mobile = types_of("mobilenet_v3_large")
    assert mobile == ["Conv2dNormActivation", *["InvertedResidual"] * 15, "Conv2dNormActivation"]
    assert types_of("vgg16") == []


def test_stages_are_collapsed_where_there_are_too_many_blocks() -> None:
    network = traced("resnet101")
    shown = BlockTree(network).shown(frozenset())
    stages = [node.name for node in shown.nodes if node.kind is Kind.BLOCK]
    assert stages == ["layer1", "layer2", "layer3", "layer4"]
    assert len(shown.nodes) <= MANY_CARDS
    opened = BlockTree(network).shown(frozenset({"layer1"}))
    assert [n.name for n in opened.nodes if n.kind is Kind.BLOCK][:4] == [
        "layer1.0",
        "layer1.1",
        "layer1.2",
        "layer2",
    ]


def test_a_few_nodes_are_all_shown() -> None:
    network = residual(blocks=(FEW_NODES - 2) // 3)
    tree = BlockTree(network)
    assert tree.open_at_first == frozenset(tree.blocks)
    assert len(tree.shown(tree.open_at_first).nodes) == len(network.nodes)
    larger = BlockTree(residual(blocks=(FEW_NODES - 2) // 3 + 1))
    assert not larger.open_at_first


def test_a_collapsed_block_tells_what_is_inside() -> None:
    network = residual()
    shown = BlockTree(network).shown(frozenset())
    block = next(node for node in shown.nodes if node.name == "body.3")
    assert (block.kind, block.type_name, block.inputs) == (Kind.BLOCK, "Residual", ("body.2",))
    assert block.parameters == 30
    assert block.settings["operations"] == "3"
    assert block.window is None
    assert shown.output_of["body.3"] == "body.3.add"
    assert shown.showing("body.3.add") == "body.3"
    assert shown.showing("body.3.conv") is None


def test_parameters_add_up() -> None:
    network = traced("resnet50")
    shown = BlockTree(network).shown(frozenset())
    assert sum(node.parameters for node in shown.nodes) == network.parameters


def test_a_skip_goes_into_the_addition_of_an_opened_block() -> None:
    network = traced("resnet18")
    shown = BlockTree(network).shown(frozenset({"layer1.0"}))
    inputs = {node.name: node.inputs for node in shown.nodes}
    assert inputs["layer1.0.add"] == ("layer1.0.bn2", "maxpool")
    assert inputs["layer1.1"] == ("layer1.0.relu#2",)
    (opened,) = shown.opened
    assert opened.members == {name for name in inputs if name.startswith("layer1.0.")}


def test_blocks_inside_of_blocks_open_one_by_one() -> None:
    network = traced("googlenet")
    tree = BlockTree(network)
    shown = tree.shown(frozenset({"inception3a"}))
    inside = [node.name for node in shown.nodes if node.name.startswith("inception3a.")]
    branches = ["branch1", "branch2.0", "branch2.1", "branch3.0", "branch3.1", "branch4.1"]
    assert [name for name in inside if name in tree.blocks] == [
        f"inception3a.{branch}" for branch in branches
    ]
    deeper = tree.shown(frozenset({"inception3a", "inception3a.branch1"}))
    assert [(block.path, block.depth) for block in deeper.opened] == [
        ("inception3a", 0),
        ("inception3a.branch1", 1),
    ]
    # Open, but inside of a collapsed one: nothing of it is shown.
    assert tree.shown(frozenset({"inception3a.branch1"})).nodes == tree.shown(frozenset()).nodes


def test_what_is_opened_to_show_a_node() -> None:
    tree = BlockTree(traced("googlenet"))
    closed: frozenset[str] = frozenset()
    assert tree.to_show("maxpool1", closed) == closed
    wanted = {"inception3a", "inception3a.branch1"}
    assert tree.to_show("inception3a.branch1.conv", closed) == wanted
    # The card of the collapsed block shows these values.
    assert tree.to_show("inception3a.branch1.relu", closed) == {"inception3a"}
    assert tree.to_show(tree.blocks["inception3a"].output, closed) == closed
    assert tree.to_show("inception3a.branch1", closed) == {"inception3a"}


def test_names_inside_of_an_opened_block_leave_out_its_path() -> None:
    labels = BlockTree(residual()).shown(frozenset({"body.1"})).labels()
    assert labels == {"body.1.conv": "conv", "body.1.norm": "norm", "body.1.add": "add"}


FILL = {f"n{i}": ("input",) if not i else (f"n{i - 1}",) for i in range(FEW_NODES)}
TWO = {"a": "Pair", "b": "Pair"}


def test_a_block_with_two_outputs_is_not_collapsed() -> None:
    edges = {
        "input": (),
        **FILL,
        "a.x": ("input",),
        "a.y": ("a.x",),
        "b.x": ("a.x", "a.y"),
        "b.y": ("b.x",),
    }
    assert list(BlockTree(by_hand(edges, TWO)).blocks) == ["b"]


def test_a_block_that_is_left_and_entered_again_is_not_collapsed() -> None:
    edges = {
        "input": (),
        **FILL,
        "a.x": ("input",),
        "outside": ("a.x",),
        "a.y": ("outside",),
        "b.x": ("a.y",),
        "b.y": ("b.x",),
    }
    assert list(BlockTree(by_hand(edges, TWO)).blocks) == ["b"]


def test_a_node_keeps_its_name_where_a_block_is_called_the_same() -> None:
    edges = {
        "input": (),
        **FILL,
        "a": ("input",),
        "a.x": ("a",),
        "a.y": ("a.x",),
        "b.x": ("a.y",),
        "b.y": ("b.x",),
    }
    assert list(BlockTree(by_hand(edges, TWO)).blocks) == ["b"]


def test_a_module_that_is_called_twice_counts_its_parameters_once() -> None:
    edges = {
        "input": (),
        **FILL,
        "a.x": ("input",),
        "a.x#2": ("a.x",),
        "b.x": ("a.x#2",),
        "b.y": ("b.x",),
    }
    shown = BlockTree(by_hand(edges, TWO, parameters=7)).shown(frozenset())
    assert {n.name: n.parameters for n in shown.nodes if n.kind is Kind.BLOCK} == {"a": 7, "b": 14}


def test_without_modules_every_node_is_shown() -> None:
    edges = {"input": (), **FILL}
    network = by_hand(edges, {})
    assert BlockTree(network).shown(frozenset()).nodes == network.nodes


def test_one_of_a_kind_between_blocks_is_a_block_where_it_is_made_of_blocks() -> None:
    edges: dict[str, tuple[str, ...]] = {"input": ()}
    modules = {"first": "A", "odd": "B", "last": "A", "alone": "C"}
    before = "input"
    for outer, inner in itertools.product(modules, ("one", "two")):
        modules_path = f"{outer}.{inner}"
        for operation in ("conv", "relu") if outer != "alone" else ("conv",):
            edges[f"{modules_path}.{operation}"] = (before,)
            before = f"{modules_path}.{operation}"
    edges |= {f"n{i}": (before if not i else f"n{i - 1}",) for i in range(FEW_NODES)}
    inner_modules = {f"{outer}.{inner}": "Conv" for outer in modules for inner in ("one", "two")}
    tree = BlockTree(by_hand(edges, {**modules, **inner_modules}))
    outermost = [block.path for block in tree.blocks.values() if not block.parent]
    assert outermost == ["first", "odd", "last"]
