"""The graph of a network, and what a forward pass keeps of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from viewer.core.errors import UserError
from viewer.core.nets.graph import Graph
from viewer.core.nets.program import KEPT
from viewer.core.records import Kind, Window

SHAPE = (1, 28, 28)


class Branching(nn.Module):
    """Two branches, a concatenation, an addition and functional operations."""

    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Conv2d(1, 2, 3, padding=1)
        self.right = nn.Conv2d(1, 3, 5, padding=2, stride=1)
        self.head = nn.Linear(5 * 14 * 14, 4)

    def forward(self, x: Tensor) -> Tensor:
        both = torch.cat((functional.relu(self.left(x)), self.right(x)), dim=1)
        both = both + 1.0
        pooled = functional.max_pool2d(both, 2)
        result: Tensor = self.head(pooled.flatten(1))
        return result


def in_place_net() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(4 * 26 * 26, 3)
    )


class Functional(nn.Module):
    """In-place functions, asked for by place and by name."""

    def __init__(self, *, by_name: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)
        self.head = nn.Linear(2 * 26 * 26, 3)
        self.by_name = by_name

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        y = functional.relu(input=y, inplace=True) if self.by_name else functional.relu(y, True)
        result: Tensor = self.head(y.flatten(1))
        return result


@pytest.mark.parametrize("by_name", [False, True])
def test_functions_that_work_in_place_leave_what_was_kept(by_name: bool) -> None:
    torch.manual_seed(0)
    module = Functional(by_name=by_name).eval()
    x = torch.rand(1, 1, 28, 28)
    with torch.no_grad():
        expected = module.conv(x)
    assert expected.min() < 0

    outputs = Graph(module, SHAPE).run(x)

    torch.testing.assert_close(outputs["conv"], expected, rtol=0, atol=0)
    torch.testing.assert_close(outputs["relu"], expected.clamp(min=0), rtol=0, atol=0)


def test_every_output_equals_torch_hooks() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(1, 4, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(784, 10)
    )
    x = torch.rand(1, 1, 28, 28)
    hooked: dict[str, Tensor] = {}
    for name, child in module.named_children():
        child.register_forward_hook(
            lambda _m, _i, out, name=name: hooked.__setitem__(name, out.clone())
        )
    module(x)
    for child in module.children():
        child._forward_hooks.clear()

    outputs = Graph(module, SHAPE).run(x)

    for name, expected in hooked.items():
        torch.testing.assert_close(outputs[name], expected, rtol=0, atol=0)
    torch.testing.assert_close(outputs["softmax"], hooked["4"].softmax(-1))


def test_one_convolution_worked_by_hand() -> None:
    module = nn.Sequential(nn.Conv2d(1, 1, 2), nn.Flatten(), nn.Linear(1, 2))
    conv = module[0]
    assert isinstance(conv, nn.Conv2d)
    assert conv.bias is not None
    conv.weight.data = torch.tensor([[[[1.0, 2.0], [3.0, -4.0]]]])
    conv.bias.data = torch.tensor([0.5])
    x = torch.tensor([[[[10.0, 20.0], [30.0, 40.0]]]])

    outputs = Graph(module, (1, 2, 2)).run(x)

    # 1*10 + 2*20 + 3*30 - 4*40 + 0.5
    assert outputs["0"].item() == -19.5


def test_in_place_relu_does_not_change_what_is_kept_of_the_convolution() -> None:
    torch.manual_seed(1)
    module = in_place_net()
    x = torch.randn(1, *SHAPE)
    conv = module[0]
    assert isinstance(conv, nn.Conv2d)
    expected = functional.conv2d(x, conv.weight, conv.bias)

    outputs = Graph(module, SHAPE).run(x)

    assert (expected < 0).any()
    torch.testing.assert_close(outputs["0"], expected, rtol=0, atol=0)
    torch.testing.assert_close(outputs["1"], expected.relu(), rtol=0, atol=0)


def test_branches_concatenation_and_functions_are_nodes() -> None:
    graph = Graph(Branching(), SHAPE)
    nodes = {node.name: node for node in graph.nodes}

    assert nodes["cat"].inputs == ("relu", "right")
    assert nodes["cat"].output_shape == (5, 28, 28)
    assert nodes["add"].inputs == ("cat",)
    assert nodes["relu"].kind is Kind.ACTIVATION
    assert nodes["flatten"].kind is Kind.FLATTEN
    assert graph.logits == "head"
    assert graph.nodes[0].kind is Kind.INPUT
    assert graph.nodes[-1].kind is Kind.SOFTMAX


def test_a_node_says_shape_parameters_sign_and_geometry() -> None:
    module = nn.Sequential(
        nn.Conv2d(1, 4, (3, 5), stride=2, padding=(1, 2)),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(4 * 49, 10),
    )
    conv, relu, pool, _, dense = Graph(module, SHAPE).nodes[1:6]

    assert conv.output_shape == (4, 14, 14)
    assert conv.parameters == 4 * 15 + 4
    assert conv.window == Window((3, 5), (2, 2), (1, 2))
    assert conv.settings["kernel_size"] == "3 × 5"
    assert (conv.signed, relu.signed, pool.signed, dense.signed) == (True, False, False, True)
    assert pool.window == Window((2, 2), (2, 2), (0, 0))


def test_a_module_used_twice_gives_two_nodes() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 1, 3, padding=1)
            self.relu = nn.ReLU()
            self.head = nn.Linear(784, 2)

        def forward(self, x: Tensor) -> Tensor:
            x = self.relu(self.conv(self.relu(self.conv(x))))
            result: Tensor = self.head(torch.flatten(x, 1))
            return result

    names = [node.name for node in Graph(Twice(), SHAPE).nodes]

    assert names == ["input", "conv", "relu", "conv#2", "relu#2", "flatten", "head", "softmax"]


def test_a_network_that_ends_in_softmax_gets_no_second_one() -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.Softmax(dim=1))
    graph = Graph(module, SHAPE)

    assert graph.logits == "1"
    assert [node.kind for node in graph.nodes].count(Kind.SOFTMAX) == 1


def test_weights_are_views_that_stay_when_others_are_loaded() -> None:
    module = in_place_net()
    graph = Graph(module, SHAPE)
    record = graph.weights(step=7)
    before = record.weights["0"].copy()
    conv = module[0]
    assert isinstance(conv, nn.Conv2d)
    assert np.shares_memory(record.weights["0"], conv.weight.detach().numpy())
    others = {name: torch.zeros_like(value) for name, value in module.state_dict().items()}
    graph.load(others)
    others["0.weight"].fill_(9)  # they were copied

    assert record.step == 7
    assert (record.weights["0"] == before).all()
    assert not conv.weight.any()
    assert not graph.weights(step=8).weights["0"].any()
    assert set(record.weights) == {"0", "3"}
    with pytest.raises(ValueError, match="read-only"):
        record.weights["0"][0] = 1


def test_data_dependent_branches_are_refused_with_a_sentence() -> None:
    class Branchy(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x if x.sum() > 0 else -x

    with pytest.raises(UserError, match="step by step"):
        Graph(Branchy(), SHAPE)


def test_an_output_that_is_not_one_score_a_class_has_maps_and_no_probabilities() -> None:
    graph = Graph(nn.Sequential(nn.Conv2d(1, 2, 3)), SHAPE)
    assert (graph.logits, graph.probabilities) == ("", "")
    assert [node.name for node in graph.nodes] == ["input", "0"]
    assert set(graph.run(torch.rand(1, 1, 28, 28))) == {"input", "0"}


def test_few_ways_to_run_are_kept() -> None:
    graph = Graph(in_place_net(), (1, 28, 28))
    x = torch.rand(1, 1, 28, 28)
    names = [node.name for node in graph.nodes]
    wanted = [frozenset(names[:i]) for i in range(1, len(names) + 1)]
    wanted += [frozenset({name}) for name in names]
    assert len(set(wanted)) > KEPT
    for keep in wanted:
        assert set(graph.run(x, keep)) == keep
    assert len(graph._program._compiled) == KEPT
