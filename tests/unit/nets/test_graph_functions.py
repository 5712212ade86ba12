"""Functional operations, in-place ones, and networks that are no classifiers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from viewer.core.engine import Engine
from viewer.core.errors import UserError
from viewer.core.nets.checkpoint import LoadedNetwork, Metadata
from viewer.core.nets.graph import Graph
from viewer.core.records import InferenceRequest, Kind, Picture, Preparation, Window

SHAPE = (3, 16, 16)
Output = Tensor | Mapping[str, Tensor] | tuple[Tensor, ...]


class Written(nn.Module):
    """A network without modules: its weights are parameters of its own."""

    mean: Tensor
    var: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.randn(4, 3, 3, 3))
        self.b = nn.Parameter(torch.randn(4))
        self.gain = nn.Parameter(torch.rand(4))
        self.register_buffer("mean", torch.rand(4))
        self.register_buffer("var", torch.rand(4) + 0.5)
        self.dense = nn.Parameter(torch.randn(5, 4))
        self.scale = nn.Parameter(torch.rand(4, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = functional.conv2d(x, self.w, self.b, stride=2, padding=1)
        x = functional.batch_norm(x, self.mean, self.var, self.gain, eps=0.25)
        x = functional.relu(x, inplace=True)
        x = functional.max_pool2d(x, 2)
        x = functional.avg_pool2d(x, 2, stride=1, padding=1, count_include_pad=False)
        x = x * self.scale
        x = functional.adaptive_avg_pool2d(x, 1)
        return functional.linear(x.flatten(1), self.dense)


def test_functions_with_constant_settings_are_like_modules() -> None:
    module = Written()
    graph = Graph(module, SHAPE)
    nodes = {node.name: node for node in graph.nodes}
    weights = graph.weights(0)

    conv = nodes["conv2d"]
    assert (conv.kind, conv.window) == (Kind.CONVOLUTION, Window((3, 3), (2, 2), (1, 1)))
    assert conv.settings["stride"] == "2 × 2"
    assert conv.parameters == 4 * 27 + 4
    assert np.shares_memory(weights.weights["conv2d"], module.w.detach().numpy())
    assert weights.biases["conv2d"].tolist() == module.b.tolist()
    assert nodes["max_pool2d"].window == Window((2, 2), (2, 2), (0, 0))
    assert nodes["avg_pool2d"].window == Window((2, 2), (1, 1), (1, 1))
    assert weights.buffers["avg_pool2d"]["count_include_pad"] == 0
    assert nodes["adaptive_avg_pool2d"].kind is Kind.POOLING
    norm = nodes["batch_norm"]
    assert (norm.kind, norm.type_name) == (Kind.NORMALISATION, "BatchNorm2d")
    assert weights.buffers["batch_norm"]["eps"] == 0.25
    assert weights.buffers["batch_norm"]["running_var"].shape == (4,)
    assert nodes["linear"].kind is Kind.DENSE
    assert weights.weights["linear"].shape == (5, 4)
    assert nodes["mul"].parameters == 4  # the scale has no node of its own
    assert nodes["mul"].inputs == ("avg_pool2d",)
    assert sum(node.parameters for node in graph.nodes) == sum(
        p.numel() for p in module.parameters()
    )
    x = torch.rand(1, *SHAPE)
    with torch.no_grad():
        torch.testing.assert_close(graph.run(x)["linear"], module(x), rtol=0, atol=0)
    graph.set_weight("conv2d", torch.zeros_like(module.w))
    assert torch.equal(graph.run(x)["conv2d"][0, :, 3, 4], module.b)
    assert weights.weights["conv2d"].any()


def test_operations_of_aten_are_like_modules() -> None:
    class Aten(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(torch.randn(4, 3, 3, 3))
            self.dense = nn.Parameter(torch.randn(5, 4))

        def forward(self, x: Tensor) -> Tensor:
            aten = torch.ops.aten
            x = aten.conv2d.default(x, self.w, None, [2, 2], [1, 1])
            x = aten.relu_.default(x)
            x = aten.adaptive_avg_pool2d.default(x, [1, 1])
            x = aten.flatten.using_ints(x, 1)
            result: Tensor = aten.linear.default(x, self.dense)
            return result

    module = Aten()
    graph = Graph(module, SHAPE)
    conv, relu, pool, flat, dense = graph.nodes[1:6]
    assert conv.window == Window((3, 3), (2, 2), (1, 1))
    assert [n.kind for n in (relu, pool, flat)] == [Kind.ACTIVATION, Kind.POOLING, Kind.FLATTEN]
    assert (dense.kind, dense.parameters) == (Kind.DENSE, 20)
    assert (relu.signed, pool.signed) == (False, False)
    outputs = graph.run(torch.rand(1, *SHAPE))
    assert outputs[conv.name].min() < 0  # what worked in place has changed nothing that is kept
    torch.testing.assert_close(outputs[relu.name], outputs[conv.name].relu(), rtol=0, atol=0)


def test_computed_weights_leave_a_convolution_without_a_window() -> None:
    class Standardised(Written):
        def forward(self, x: Tensor) -> Tensor:
            return functional.conv2d(x, self.w - self.w.mean()).flatten(1)

    graph = Graph(Standardised(), SHAPE)
    conv = graph.nodes[1]
    assert (conv.kind, conv.window, conv.parameters) == (Kind.CONVOLUTION, None, 4 * 27)
    assert "conv2d" not in graph.weights(0).weights


class Nested(nn.Module):
    """In-place operations of every sort, one of them on a value that is read again."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.act = nn.Hardswish(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        z = y - 0.5
        z += y  # a new value, and the old one isn't read again
        z = z.mul_(2)
        view = z[:, :2]
        self.act(z)  # changes `view` too, which is read below
        return torch.cat([view, z.tanh()], dim=1).mean(dim=(2, 3))


def test_in_place_operations_change_nothing_that_is_kept() -> None:
    torch.manual_seed(3)
    module = Nested().eval()
    x = torch.randn(1, *SHAPE)
    outputs = Graph(module, SHAPE).run(x)
    with torch.no_grad():
        y = module.conv(x)
        z = (y - 0.5 + y) * 2
        answer = module(x)
    torch.testing.assert_close(outputs["conv"], y, rtol=0, atol=0)
    torch.testing.assert_close(outputs["sub"], y - 0.5, rtol=0, atol=0)
    torch.testing.assert_close(outputs["mul_"], z, rtol=0, atol=0)
    torch.testing.assert_close(outputs["getitem"], z[:, :2], rtol=0, atol=0)
    torch.testing.assert_close(outputs["act"], functional.hardswish(z), rtol=0, atol=0)
    torch.testing.assert_close(outputs["mean"], answer, rtol=0, atol=0)
    assert module.act.inplace  # the module is left as it was


def test_only_what_is_asked_for_is_kept() -> None:
    module = Nested().eval()
    graph, x = Graph(module, SHAPE), torch.randn(1, *SHAPE)
    everything = graph.run(x)
    for name in everything:
        kept = graph.run(x, {name})
        assert set(kept) == {name}
        torch.testing.assert_close(kept[name], everything[name], rtol=0, atol=0)


class Outputs(nn.Module):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 1)
        self.kind = kind

    def forward(self, x: Tensor) -> Output:
        y = self.conv(x)
        if self.kind == "dict":
            return {"out": y, "aux": y.relu()}
        return (y, y.mean(dim=(2, 3))) if self.kind == "tuple" else y


@pytest.mark.parametrize("kind", ["dict", "tuple", "maps"])
def test_other_outputs_are_shown_without_probabilities(kind: str) -> None:
    metadata = Metadata(
        "x", {}, SHAPE, (0.0,) * 3, (1.0,) * 3, preparation=Preparation(digit=False)
    )
    engine = Engine(LoadedNetwork(Outputs(kind), metadata, "memory", "Maps"))
    network = engine.network

    record = engine.run(InferenceRequest(1, Picture(np.ones((20, 30), np.float32), "white")))

    assert (network.logits, network.class_names) == ("", ())
    assert all(node.kind is not Kind.SOFTMAX for node in network.nodes)
    assert record.probabilities is None
    assert record.outputs["conv"].shape == (2, 16, 16)
    with pytest.raises(UserError, match="Maps gives no scores of classes"):
        engine.probabilities(np.zeros((1, *SHAPE), np.float32))


def test_several_inputs_are_refused_with_a_sentence() -> None:
    class Two(nn.Module):
        def forward(self, image: Tensor, mask: Tensor) -> Tensor:
            return image * mask

    with pytest.raises(UserError, match=r"takes 2 inputs \(image, mask\)"):
        Graph(Two(), SHAPE)
    with pytest.raises(UserError, match="takes 2 inputs"):
        Graph(fx.symbolic_trace(Two()), SHAPE)


def test_optional_inputs_have_their_defaults() -> None:
    class Optional(nn.Module):
        def forward(self, x: Tensor, mask: Tensor | None = None, scale: float = 2.0) -> Tensor:
            y = x.flatten(1) * scale
            return y if mask is None else y * mask

    x = torch.rand(1, *SHAPE)
    assert torch.equal(Graph(Optional(), SHAPE).run(x)["mul"], x.flatten(1) * 2)


def test_what_is_no_image_is_refused_with_a_sentence() -> None:
    words = nn.Sequential(nn.Embedding(10, 4), nn.Flatten(), nn.Linear(4, 2))
    with pytest.raises(UserError, match="can't take an image of 3 × 16 × 16"):
        Graph(words, SHAPE)


class Block(nn.Module):
    def __init__(self, shared: nn.Module) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.act = shared

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.act(self.conv(x) + x)
        return result


def test_names_say_the_module_and_modules_their_classes() -> None:
    act = nn.ReLU()
    module = nn.Sequential(Block(act), Block(act), nn.Flatten(), nn.Linear(768, 2))
    graph = Graph(module, SHAPE)
    assert [node.name for node in graph.nodes] == [
        *("input", "0.conv", "0.add", "0.act", "1.conv", "1.add"),
        *("0.act#2", "2", "3", "softmax"),
    ]
    assert graph.modules == {"0": "Block", "1": "Block"}


def test_a_graph_module_is_taken_as_it_is() -> None:
    graph_module = fx.symbolic_trace(nn.Sequential(Block(nn.ReLU()), nn.Flatten()))
    graph_module.meta["modules"] = {"0": "Bottleneck"}
    graph = Graph(graph_module, SHAPE)
    assert [node.name for node in graph.nodes] == [
        *("input", "0.conv", "0.add", "0.act", "1", "softmax")
    ]
    assert graph.modules == {"0": "Bottleneck"}


def test_parts_of_a_tuple_are_joined_by_edges() -> None:
    class Split(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            left, middle, right = x.chunk(3, dim=1)
            height = x.shape[2]
            both = torch.cat([left, right.sigmoid()], dim=1)
            return (both * middle).reshape(x.shape[0], -1, height).mean(dim=2)

    nodes = {node.name: node for node in Graph(Split(), SHAPE).nodes}
    assert nodes["sigmoid"].inputs == ("getitem_2",)
    assert nodes["getitem_2"].inputs == ("input",)
    assert nodes["cat"].inputs == ("getitem", "sigmoid")
    assert nodes["reshape"].inputs == ("mul",)  # a size of the input is not the input


def test_replaced_filters_leave_records_as_they_were() -> None:
    torch.manual_seed(0)
    metadata = Metadata("x", {}, SHAPE, (0.0,) * 3, (1.0,) * 3, tuple("ab"))
    module = nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(392, 2))
    engine = Engine(LoadedNetwork(module, metadata, "memory", "m"))
    before = engine.weights.weights["0"]
    own = before.copy()
    assert np.shares_memory(before, module.state_dict()["0.weight"].numpy())

    changed = engine.replace_filter("0", 1, np.ones((3, 3, 3), np.float32)).weights["0"]

    assert (before == own).all()
    assert (changed[1] == 1).all()
    assert (changed[0] == own[0]).all()
    engine.replace_filter("0", 0, np.zeros((3, 3, 3), np.float32))
    assert (changed[0] == own[0]).all()
    assert (engine.restore_filters().weights["0"] == own).all()
    assert engine.weights.weights["0"] is not before


def test_a_view_of_what_is_not_shown_is_no_flatten() -> None:
    class Shuffle(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            groups = x.view(x.shape[0], 1, 3, 16, 16).transpose(1, 2)  # five dimensions
            return groups.reshape(x.shape[0], 3, 16, 16).flatten(1)

    nodes = {node.name: node for node in Graph(Shuffle(), SHAPE).nodes}
    assert list(nodes) == ["input", "reshape", "flatten", "softmax"]
    assert nodes["reshape"].kind is Kind.OTHER  # the channels may have been moved on the way
    assert nodes["reshape"].inputs == ("input",)
    assert nodes["flatten"].kind is Kind.FLATTEN
