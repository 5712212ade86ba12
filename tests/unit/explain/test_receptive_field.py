"""Receptive fields are the support of the gradient with respect to the input."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tests.unit.explain.networks import Joined, Residual, explained, random_network
from viewer.core.explain.receptive_field import Bounds, receptive_field
from viewer.core.explain.receptive_size import padded_bounds
from viewer.core.nets.architectures import architectures
from viewer.core.records import NetworkRecord

AnyModule = TypeVar("AnyModule", bound=nn.Module)

SHIPPED = ("digits", "lenet5", "mlp")
PIXELS_A_LAYER = 6
# Their slope is above zero everywhere, and rounds to zero nowhere that these networks get to.
SMOOTH: tuple[Callable[[], nn.Module], ...] = (nn.Softplus, nn.Sigmoid, nn.Tanh, nn.LeakyReLU)


def positive(module: nn.Sequential) -> nn.Sequential:
    """Return the network with weights above zero that keep values near one, in float64."""
    torch.manual_seed(0)
    for part in module.modules():
        weight = getattr(part, "weight", None)
        if isinstance(part, nn.Conv2d | nn.Linear) and isinstance(weight, Tensor):
            with torch.no_grad():
                weight.uniform_(0.5, 1.5)
                weight /= weight[0].numel()
    return module.eval().double()


def bounds_of(mask: NDArray[np.bool_]) -> Bounds:
    """Return the smallest rectangle around a mask, (H, W) bool, that is not empty."""
    rows, columns = mask.nonzero()
    return Bounds(rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)


def averaging(module: AnyModule) -> AnyModule:
    """Return the network with averages in place of maxima, whose gradient is the winner's."""
    for name, child in module.named_children():
        if isinstance(child, nn.MaxPool2d):
            pool = nn.AvgPool2d(child.kernel_size, child.stride, child.padding)
            setattr(module, name, pool)
        elif isinstance(child, nn.ReLU):
            setattr(module, name, nn.Softplus())
        else:
            averaging(child)
    return module


class Kept(torch.fx.Interpreter):
    """Runs a network, and keeps the output of every node that can be differentiated."""

    def __init__(self, module: nn.Module) -> None:
        graph = torch.fx.Tracer().trace(module)
        super().__init__(torch.fx.GraphModule(module, graph))
        self.kept: list[Tensor] = []

    def run_node(self, node: torch.fx.Node) -> object:
        value = super().run_node(node)
        if node.op != "output" and isinstance(value, Tensor):
            self.kept.append(value)
        return value


def check_gradients(module: nn.Sequential, shape: tuple[int, int, int], seed: int) -> int:
    """Compare random values of all layers; return how many."""
    network = explained(module.float(), shape).network
    module = positive(module)
    rng = np.random.default_rng(seed)
    x = torch.from_numpy(rng.random((1, *shape))).requires_grad_()
    kept = Kept(module)
    kept.run(x)
    count = 0
    copies = any("padding_mode" in node.settings for node in network.nodes)
    for node, values in zip(network.nodes, kept.kept, strict=False):
        assert node.output_shape == tuple(values.shape[1:])
        for _ in range(PIXELS_A_LAYER):
            index = tuple(int(rng.integers(size)) for size in node.output_shape)
            gradient = torch.autograd.grad(values[0][index], x, retain_graph=True)[0][0]
            support = (gradient != 0).any(dim=0).numpy()  # (H, W)
            channel, y, column = (*index, 0, 0)[:3]
            field = receptive_field(network, node.name, y, column, channel=channel)
            assert np.array_equal(field["input"], support), (node.name, node.type_name, index)
            count += 1
            if copies:  # may come from anywhere
                continue
            padded = padded_bounds(network, node.name, y, column)
            outside = field["input"].copy()
            outside[slice_of(padded, 0), slice_of(padded, 1)] = False
            assert not outside.any()
    return count


def slice_of(bounds: Bounds, axis: int) -> slice:
    first, end = ((bounds.top, bounds.bottom), (bounds.left, bounds.right))[axis]
    return slice(max(first, 0), max(end, 0))


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_networks(name: str) -> None:
    built = architectures().get(name).build()
    assert isinstance(built, nn.Sequential)
    module = averaging(built)
    nodes = len(list(module.children())) + 1
    assert check_gradients(module, (1, 28, 28), 1) == nodes * PIXELS_A_LAYER


def test_random_networks() -> None:
    count = 0
    for seed in range(50):
        module, shape = random_network(seed, SMOOTH, maximum_pooling=False)
        count += check_gradients(averaging(module), shape, seed)
    assert count > 50 * 8 * PIXELS_A_LAYER


def test_maximum_pooling_by_perturbation() -> None:
    """A pixel is seen if, and only if, making it the largest changes the output."""
    module = positive(
        nn.Sequential(
            nn.Conv2d(1, 2, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=1, dilation=2, ceil_mode=True),
            nn.Conv2d(2, 2, 2),
            nn.MaxPool2d(2, stride=1),
            nn.Flatten(),
        )
    )
    network = explained(nn.Sequential(*module, nn.Linear(32, 3)).float(), (1, 25, 25)).network
    module.double()
    x = torch.rand(1, 1, 25, 25, dtype=torch.float64)
    outputs = x
    for place, layer in enumerate(module):
        upto = module[: place + 1]
        with torch.no_grad():
            outputs = layer(outputs)
            one_changed = x.repeat(625, 1, 1, 1)  # (625, 1, 25, 25)
            one_changed.view(625, 625)[range(625), range(625)] = 1e6
            changed = (upto(one_changed) != outputs).numpy()  # (625, …)
        name = network.nodes[place + 1].name
        rng = np.random.default_rng(place)
        for _ in range(8):
            index = tuple(int(rng.integers(size)) for size in changed.shape[1:])
            channel, y, column = (*index, 0, 0)[:3]
            field = receptive_field(network, name, y, column, channel=channel)["input"]
            assert np.array_equal(field, changed[(slice(None), *index)].reshape(25, 25)), name


def test_one_case_by_hand() -> None:
    # 3 × 3, stride 2, padding 1, dilation 2: row 0 takes rows −1, 1, 3; row 1 rows 1, 3, 5.
    # Pooling 2 × 2 over both: rows 1, 3 and 5, none between.
    module = nn.Sequential(
        nn.Conv2d(1, 1, 3, stride=2, padding=1, dilation=2),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(4, 2),
    )
    network = explained(module, (1, 10, 10)).network
    field = receptive_field(network, "1", 0, 0)
    expected = np.zeros((10, 10), np.bool_)
    expected[np.ix_([1, 3, 5], [1, 3, 5])] = True
    assert np.array_equal(field["input"], expected)
    assert field["0"].nonzero()[0].tolist() == [0, 0, 1, 1]
    assert field["1"].sum() == 1
    assert list(field) == ["input", "0", "1"]
    assert bounds_of(field["input"]) == Bounds(1, 1, 6, 6)
    assert padded_bounds(network, "1", 0, 0) == Bounds(-1, -1, 6, 6)
    assert padded_bounds(network, "1", 1, 1) == Bounds(3, 3, 10, 10)
    assert receptive_field(network, "3", 0, 0, channel=1)["input"].sum() == 25  # rows 1, 3, … 9
    assert padded_bounds(network, "3", 0, 0) == Bounds(0, 0, 10, 10)


def test_sizes_of_the_network_in_the_box() -> None:
    network = explained(architectures().get("digits").build(), (1, 28, 28)).network
    maps = [node for node in network.nodes if len(node.output_shape) == 3]
    fields = [padded_bounds(network, node.name, 0, 0) for node in maps]
    # k + (k − 1) · stride so far: 5; 5 + 1; 6 + 4 · 2; 14 + 2; 16 + 4 · 4.
    assert [field.size[0] for field in fields] == [1, 5, 5, 6, 14, 14, 16, 32, 32]
    beside = [padded_bounds(network, node.name, 0, 1) for node in maps]
    strides = [b.left - a.left for a, b in zip(fields, beside, strict=True)]
    assert strides == [1, 1, 1, 2, 2, 2, 4, 4, 4]


def test_a_unit_of_a_flatten_is_one_pixel() -> None:
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(200, 2))
    network = explained(module, (1, 12, 12)).network
    field = receptive_field(network, "1", 0, 0, channel=100 + 3 * 10 + 4)
    assert np.argwhere(field["0"]).tolist() == [[3, 4]]
    assert bounds_of(field["input"]) == Bounds(3, 4, 6, 7)
    assert receptive_field(network, "1", 0, 0)["0"].all()


def test_the_branch_that_a_channel_comes_from() -> None:
    module = nn.Sequential(
        Joined(nn.Conv2d(1, 2, 5, padding=2), nn.Conv2d(1, 2, 3, padding=1)),
        nn.Flatten(),
        nn.Linear(5 * 144, 2),
    )
    network = explained(module, (1, 12, 12)).network
    sizes = [
        int(receptive_field(network, "0.cat", 6, 6, channel=channel)["input"].sum())
        for channel in range(5)
    ]
    assert sizes == [25, 25, 1, 9, 9]
    assert receptive_field(network, "0.cat", 6, 6)["input"].sum() == 25
    assert padded_bounds(network, "0.cat", 6, 6).size == (5, 5)


class Functional(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        twice = torch.cat([x, x], dim=1)
        pooled = functional.max_pool2d(twice, 3, stride=2)
        return functional.adaptive_avg_pool2d(pooled, 1).flatten(1)


def test_functions_have_the_windows_of_their_modules() -> None:
    case = explained(Functional(), (1, 9, 9))
    network = case.network
    field = receptive_field(network, "max_pool2d", 1, 1, channel=1, weights=case.weights)
    assert bounds_of(field["input"]) == Bounds(2, 2, 5, 5)
    assert padded_bounds(network, "max_pool2d", 1, 1, case.weights) == Bounds(2, 2, 5, 5)
    assert padded_bounds(network, "max_pool2d", 1, 1) == Bounds(2, 2, 5, 5)


@pytest.mark.parametrize(
    ("norm", "seen"),
    [
        (nn.BatchNorm2d(4), 9),
        (nn.BatchNorm2d(4, track_running_stats=False), 144),
        (nn.InstanceNorm2d(4), 144),
        (nn.InstanceNorm2d(4, track_running_stats=True), 9),
        (nn.GroupNorm(2, 4), 144),
        (nn.LayerNorm([4, 12, 12]), 144),
        (nn.LocalResponseNorm(2), 9),
    ],
    ids=str,
)
def test_statistics_of_the_input_are_seen_too(norm: nn.Module, seen: int) -> None:
    module = nn.Sequential(
        Residual(nn.Conv2d(1, 4, 3, padding=1)), norm, nn.Flatten(), nn.Linear(576, 2)
    )
    case = explained(module, (1, 12, 12))
    field = receptive_field(case.network, "1", 6, 6, channel=1, weights=case.weights)
    assert field["input"].sum() == seen
    bounds = padded_bounds(case.network, "1", 6, 6, case.weights)
    assert bounds == (Bounds(0, 0, 12, 12) if seen == 144 else Bounds(5, 5, 8, 8))


def test_operations_that_are_not_known_see_everything() -> None:
    module = nn.Sequential(nn.ZeroPad2d(1), nn.Flatten(), nn.Linear(36, 2))
    network: NetworkRecord = explained(module, (1, 4, 4)).network
    assert receptive_field(network, "0", 3, 3)["input"].all()
    assert padded_bounds(network, "0", 3, 3) == Bounds(0, 0, 4, 4)


def test_what_is_not_there() -> None:
    network = explained(nn.Sequential(nn.Flatten(), nn.Linear(16, 2)), (1, 4, 4)).network
    with pytest.raises(KeyError):
        receptive_field(network, "nothing", 0, 0)
    with pytest.raises(IndexError):
        receptive_field(network, "input", 4, 0)
    with pytest.raises(IndexError):
        receptive_field(network, "1", 0, 0, channel=2)
