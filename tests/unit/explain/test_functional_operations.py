"""Operations that networks call as functions and methods: explained as torch computes them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.unit.explain.networks import Explained, explained
from tests.unit.explain.test_trace_equals_torch import check
from viewer.core.explain.receptive_field import receptive_field
from viewer.core.explain.receptive_size import padded_bounds
from viewer.core.explain.trace_parts import (
    IndexPart,
    NormalisationPart,
    PoolingPart,
    ProductPart,
    UnexplainedPart,
)
from viewer.core.explain.trace_weighted import ConvolutionPart

Forward = Callable[[Tensor], Tensor]
CHANNELS, SIDE = 6, 5
INPUT = (CHANNELS, SIDE, SIDE)  # as high as wide: axes can't be told by their lengths


class Of(nn.Module):
    """A network of one function."""

    def __init__(self, forward: Forward) -> None:
        super().__init__()
        self._forward = forward

    def forward(self, x: Tensor) -> Tensor:
        return self._forward(x)


class SqueezeExcitation(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(CHANNELS, 2, 1)
        self.wide = nn.Conv2d(2, CHANNELS, 1)

    def forward(self, x: Tensor) -> Tensor:
        pooled = functional.adaptive_avg_pool2d(x, 1)  # (N, C, 1, 1)
        scale = functional.silu(self.narrow(pooled))
        return torch.sigmoid(self.wide(scale)) * x


class Shuffle(nn.Module):
    """Half of the channels convolved, then the halves interleaved: ShuffleNet V2."""

    def __init__(self) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(3, 3, 3, padding=1, groups=3)

    def forward(self, x: Tensor) -> Tensor:
        left, right = x.chunk(2, dim=1)
        joined = torch.cat((left, self.depthwise(right)), dim=1)
        count, channels, height, width = joined.size()
        groups = joined.view(count, 2, channels // 2, height, width)
        mixed = torch.transpose(groups, 1, 2).contiguous()
        return mixed.view(count, channels, height, width)


class ConvNextBlock(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, groups=CHANNELS)
        self.norm = nn.LayerNorm(CHANNELS)
        self.wide = nn.Linear(CHANNELS, 8)
        self.narrow = nn.Linear(8, CHANNELS)
        self.layer_scale = nn.Parameter(torch.randn(CHANNELS, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))  # (N, H, W, C)
        y = self.narrow(functional.gelu(self.wide(y))).permute(0, 3, 1, 2)  # (N, C, H, W)
        result: Tensor = x + self.layer_scale * y
        return result


class Scaled(nn.Module):
    """A product with a parameter of any shape, of channels first or last."""

    def __init__(self, shape: tuple[int, ...], *, last: bool) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.randn(shape))
        self._last = last

    def forward(self, x: Tensor) -> Tensor:
        if not self._last:
            return self.gamma * x
        return (x.permute(0, 2, 3, 1) * self.gamma).permute(0, 3, 1, 2)


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "mean of a tuple": lambda: Of(lambda x: x.mean((2, 3))),
    "mean of a list": lambda: Of(lambda x: x.mean([2, 3])),
    "mean that keeps the axes": lambda: Of(lambda x: x.mean((-1, -2), keepdim=True)),
    "mean as a function": lambda: Of(lambda x: torch.mean(x, dim=(2, 3))),
    "mean of channels last": lambda: Of(lambda x: x.permute(0, 2, 3, 1).mean((1, 2))),
    "adaptive pooling": lambda: Of(lambda x: functional.adaptive_avg_pool2d(x, (1, 2))),
    "relu6": lambda: Of(lambda x: functional.relu6(4 * x)),
    "hardswish": lambda: Of(functional.hardswish),
    "hardsigmoid": lambda: Of(functional.hardsigmoid),
    "product of itself": lambda: Of(lambda x: x * x * 0.5),
    "parameter": lambda: Scaled((1, CHANNELS, 1, 1), last=False),
    "parameter of channels last": lambda: Scaled((CHANNELS,), last=True),
    "one number": lambda: Scaled((1,), last=False),
    "parameter of a vector": lambda: nn.Sequential(
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), Scaled((CHANNELS,), last=False)
    ),
    "squeeze and excitation": SqueezeExcitation,
    "shuffle": Shuffle,
    "convnext": ConvNextBlock,
}


def made(name: str) -> tuple[nn.Module, Explained]:
    torch.manual_seed(0)
    module = NETWORKS[name]().eval()
    pixels = np.random.default_rng(3).random(INPUT, np.float32)
    return module, explained(module, INPUT, pixels=pixels, mean_and_std=(0.5, 0.25))


@pytest.mark.parametrize("name", NETWORKS)
def test_every_value_is_torchs_and_descends_to_the_input(name: str) -> None:
    _, case = made(name)
    rng = np.random.default_rng(1)
    for node in case.network.nodes:
        for _ in range(30):
            index = case.random_index(node.name, rng)
            check(case, node.name, index)
            found = case.trace(node.name, *index)
            assert len(found.children) or node.name == "input"
            for child in list(found.children)[:5]:
                place = child.selection
                case.trace(place.node, place.channel, place.y, place.x)


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "relu6"])
def test_receptive_fields_are_the_support_of_the_gradient(name: str) -> None:
    module, case = made(name)
    module.double()
    x = torch.randn(1, *INPUT, dtype=torch.float64).requires_grad_()
    (output,) = module(x)
    last = case.network.nodes[-1].name
    if last == "softmax":
        last = case.network.logits
    rng = np.random.default_rng(2)
    for _ in range(40):
        index = tuple(int(rng.integers(size)) for size in output.shape)
        gradient = torch.autograd.grad(output[index], x, retain_graph=True)[0][0]
        channel, y, column = (*index, 0, 0)[:3]
        field = receptive_field(
            case.network, last, y, column, channel=channel, weights=case.weights
        )
        support = (gradient != 0).any(dim=0).numpy()  # (H, W)
        assert np.array_equal(field["input"], support), index


def test_a_shuffled_channel_leads_to_the_one_it_was() -> None:
    _, case = made("shuffle")
    last = case.network.nodes[-1].name
    sources = []
    for channel in range(CHANNELS):
        part = case.trace(last, channel, 2, 3).part
        assert isinstance(part, IndexPart)
        assert (part.source.y, part.source.x) == (2, 3)
        sources.append(part.source.channel)
    assert sources == [0, 3, 1, 4, 2, 5]
    # Half of the channels come straight from the input, half through a 3 × 3 kernel.
    for channel, pixels in ((0, 1), (1, 9)):
        field = receptive_field(case.network, last, 2, 2, channel=channel, weights=case.weights)
        assert field["input"].sum() == pixels
    assert padded_bounds(case.network, last, 2, 2, case.weights).size == (3, 3)


def test_a_layer_of_channels_last_is_explained_at_its_pixel() -> None:
    _, case = made("convnext")
    dense = case.trace("wide", 7, 1, 4).part
    assert isinstance(dense, ConvolutionPart)
    assert dense.products.shape == (CHANNELS, 1, 1)
    assert {(c.selection.y, c.selection.x) for c in dense.children} == {(1, 4)}
    norm = case.trace("norm", 2, 3, 0).part
    assert isinstance(norm, NormalisationPart)
    values = case.record.outputs["depthwise"][:, 3, 0]
    assert norm.mean == pytest.approx(float(values.mean()), abs=1e-6)
    assert norm.pixel and norm.channels == (0, CHANNELS)
    last = case.network.nodes[-1].name
    assert padded_bounds(case.network, last, 2, 2, case.weights).size == (3, 3)


@pytest.mark.parametrize("last", [False, True])
def test_a_parameter_along_another_axis_is_not_taken_for_that_of_the_channels(last: bool) -> None:
    case = explained(
        Scaled((4, 1, 1) if last else (4,), last=last), (4, 4, 4), mean_and_std=(0.0, 1.0)
    )
    part = case.trace("mul", 1, 2, 3).part
    assert isinstance(part, UnexplainedPart)


def test_a_mean_is_an_average_of_the_whole_map_and_a_product_of_its_factors() -> None:
    _, case = made("mean of a list")
    (mean,) = (node.name for node in case.network.nodes if node.type_name == "mean")
    part = case.trace(mean, 4).part
    assert isinstance(part, PoolingPart)
    assert (part.channel, part.divisor) == (4, SIDE * SIDE)
    _, case = made("squeeze and excitation")
    product = case.trace(case.network.nodes[-1].name, 3, 1, 2)
    assert isinstance(product.part, ProductPart)
    (scale, x) = product.part.factors
    assert (scale.selection.y, scale.selection.x) == (0, 0)
    assert (x.selection.channel, x.selection.y, x.selection.x) == (3, 1, 2)
    assert product.total == scale.contribution * x.contribution
    _, case = made("product of itself")
    whole = case.trace(case.network.nodes[-1].name, 3, 1, 2).part
    assert isinstance(whole, ProductPart)
    assert whole.constant == 0.5


@pytest.mark.parametrize(
    "forward",
    [
        lambda x: x.mean(1, keepdim=True),  # over channels
        lambda x: x.mean((1, 2)),  # of a shape like that over height and width
        lambda x: x.transpose(2, 3),  # rows become columns
        lambda x: functional.pixel_shuffle(torch.cat((x, x), 1), 2),
    ],
)
def test_what_is_not_explained_says_so_and_sees_everything(forward: Forward) -> None:
    case = explained(Of(forward), (CHANNELS, CHANNELS, CHANNELS), mean_and_std=(0.0, 1.0))
    last = next(n.name for n in reversed(case.network.nodes) if n.name != "softmax")
    trace = case.trace(last, 0)
    assert isinstance(trace.part, UnexplainedPart)
    assert trace.part.reason.count(".") == 1
    field = receptive_field(case.network, last, 0, 0, channel=0, weights=case.weights)
    assert field["input"].all()
