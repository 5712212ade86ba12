"""A filter that slides: its geometry and its numbers, against torch."""

from __future__ import annotations

from collections import OrderedDict
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.small_net import drawing, small_net
from tests.unit.explain.networks import explained
from viewer.core.explain.contributions import contributions
from viewer.core.explain.sliding import Operation, Slide, slidable, slide_of
from viewer.core.explain.sliding_values import Placement, placement
from viewer.core.nets.graph import Graph
from viewer.core.records import (
    ActivationRecord,
    DigitImage,
    Legibility,
    NetworkRecord,
    WeightsRecord,
)

Net = tuple[NetworkRecord, WeightsRecord, ActivationRecord]


def net_of(layer: nn.Module, channels: int, height: int = 11, width: int = 9) -> Net:
    """Return a network of one layer called ``layer``, and its answer to random numbers."""
    torch.manual_seed(3)
    module = nn.Sequential(
        OrderedDict(layer=layer, pool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten())
    ).eval()
    graph = Graph(module, (channels, height, width))
    x = torch.randn(1, channels, height, width)
    outputs = {name: value[0].numpy() for name, value in graph.run(x).items()}
    network = NetworkRecord(
        "t", "t", graph.nodes, graph.logits, (channels, height, width),
        (0.0,) * channels, (1.0,) * channels, ("a",), 0, None, None, "a test",
    )  # fmt: skip
    image = DigitImage(np.zeros((height, width), np.float32), Legibility.OK)
    record = ActivationRecord(1, 0, image, MappingProxyType(outputs), None)
    return network, graph.weights(0), record


def placements(net: Net, channel: int, in_channel: int | None = None) -> list[Placement]:
    network, weights, record = net
    slide = slide_of(network, "layer", channel)
    assert slide is not None
    source = slide.in_channels[0] if in_channel is None else in_channel
    found = [placement(slide, weights, record, slide.cell(i), source) for i in range(slide.count)]
    assert None not in found
    return [item for item in found if item is not None]


def assert_exact(net: Net, channel: int) -> None:
    output = net[2].outputs["layer"][channel]
    found = placements(net, channel)
    assert [(item.y, item.x) for item in found] == list(np.ndindex(output.shape))
    for item in found:
        assert item.value == output[item.y, item.x]
        assert item.difference == pytest.approx(0, abs=1e-5 * max(1, abs(item.value)))


def random_convolution(seed: int) -> tuple[nn.Conv2d, int]:
    rng = np.random.default_rng(seed)
    groups = int(rng.integers(1, 4))
    channels, filters = groups * int(rng.integers(1, 4)), groups * int(rng.integers(1, 4))

    def pair(low: int, high: int) -> tuple[int, int]:
        return int(rng.integers(low, high)), int(rng.integers(low, high))

    layer = nn.Conv2d(
        channels, filters, pair(1, 5), pair(1, 4), pair(0, 4), pair(1, 3), groups,
        bias=bool(rng.integers(2)),
    )  # fmt: skip
    return layer, channels


@pytest.mark.parametrize("seed", range(30))
def test_random_convolutions_equal_torch(seed: int) -> None:
    torch.manual_seed(seed)
    layer, channels = random_convolution(seed)
    net = net_of(layer, channels)
    for channel in {0, layer.out_channels - 1}:
        assert_exact(net, channel)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")  # torch is slower
@pytest.mark.parametrize("kernel", [2, 3, 4])
def test_same_padding_equals_torch(kernel: int) -> None:
    assert_exact(net_of(nn.Conv2d(2, 3, kernel, padding="same"), 2), 1)


@pytest.mark.parametrize(
    "layer",
    [
        nn.MaxPool2d(2),
        nn.MaxPool2d(3, 2, 1),
        nn.MaxPool2d((3, 2), (2, 3), (1, 0), (2, 1)),
        nn.MaxPool2d(3, 2, ceil_mode=True),
        nn.AvgPool2d(2),
        nn.AvgPool2d(3, 2, 1),
        nn.AvgPool2d(3, 2, 1, count_include_pad=False),
        nn.AvgPool2d(3, 2, 1, ceil_mode=True),
        nn.AdaptiveAvgPool2d((4, 4)),
        nn.AdaptiveMaxPool2d((4, 5)),
    ],
    ids=str,
)
def test_pooling_equals_torch(layer: nn.Module) -> None:
    net = net_of(layer, 3)
    assert_exact(net, 2)
    slide = slide_of(net[0], "layer", 2)
    assert slide is not None
    assert list(slide.in_channels) == [2]


def test_the_parts_add_up() -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(4, 4, 3, padding=1, groups=2)
    net = net_of(layer, 4)
    x = net[2].outputs["input"].astype(np.float64)
    item = placements(net, channel=3, in_channel=2)[0]  # the corner: five of nine are padding
    kernel = layer.weight.detach().numpy()[3, 0].astype(np.float64)
    padded = np.pad(x[2], 1)[:3, :3]
    assert item.kernel is not None and item.products is not None
    np.testing.assert_array_equal(item.values, padded)
    np.testing.assert_array_equal(item.kernel, kernel)
    np.testing.assert_allclose(item.products, padded * kernel)
    np.testing.assert_array_equal(item.footprint.inside, [[0, 0, 0], [0, 1, 1], [0, 1, 1]])
    assert item.others == 1
    assert layer.bias is not None
    assert item.bias == layer.bias.detach().numpy()[3]
    other = (np.pad(x[3], 1)[:3, :3] * layer.weight.detach().numpy()[3, 1]).sum()
    assert item.other_sum == pytest.approx(other)
    assert item.channel_sum == pytest.approx(item.row_sums.sum())
    assert item.total == pytest.approx(item.channel_sum + item.other_sum + (item.bias or 0))


def test_a_filter_reads_the_channels_of_its_group() -> None:
    network, weights, record = net_of(nn.Conv2d(6, 4, 3, groups=2), 6)
    slide = slide_of(network, "layer", 2)
    assert slide is not None
    assert list(slide.in_channels) == [3, 4, 5]
    assert placement(slide, weights, record, (0, 0), in_channel=0) is None


def test_footprint_of_stride_and_dilation() -> None:
    network, _, _ = net_of(nn.Conv2d(1, 1, 3, stride=2, padding=1, dilation=2), 1)
    slide = _slide(network)
    assert slide.footprint(0, 0).rows.tolist() == [-1, 1, 3]
    assert slide.footprint(1, 2).rows.tolist() == [1, 3, 5]
    assert slide.footprint(1, 2).columns.tolist() == [3, 5, 7]
    assert slide.footprint(1, 2).bounds == (1, 3, 6, 8)
    assert slide.extent == (-1, -1, 12, 10)
    assert (slide.stride, slide.dilation, slide.padding) == ((2, 2), (2, 2), (1, 1))


def test_order_is_row_by_row() -> None:
    slide = _slide(net_of(nn.Conv2d(1, 1, 3), 1)[0])
    assert slide.map_shape == (9, 7)
    assert slide.count == 63
    assert [slide.cell(i) for i in (0, 6, 7, 62)] == [(0, 0), (0, 6), (1, 0), (8, 6)]
    assert [slide.position(*slide.cell(i)) for i in range(63)] == list(range(63))


def test_nearest_window_to_a_place() -> None:
    slide = _slide(net_of(nn.Conv2d(1, 1, 3, stride=2, padding=1), 1)[0])
    for y, x in np.ndindex(slide.map_shape):
        top, left, bottom, right = slide.footprint(y, x).bounds
        assert slide.nearest((top + bottom) / 2, (left + right) / 2) == (y, x)
    assert slide.nearest(-50, -50) == (0, 0)
    assert slide.nearest(50, 50) == (slide.map_shape[0] - 1, slide.map_shape[1] - 1)


def test_maximum_names_the_winner_and_padding_never_wins() -> None:
    net = net_of(nn.MaxPool2d(3, 2, 1), 1)
    item = placements(net, 0)[0]
    assert item.winner is not None
    assert item.footprint.inside[item.winner]
    assert item.values[0, 0] == -np.inf
    assert item.values[item.winner] == item.value == item.total


def test_what_slides_in_a_network() -> None:
    net = small_net()
    names = [node.name for node in slidable(net.network)]
    assert names == ["conv1", "pool1", "conv2", "pool2"]
    after = slide_of(net.network, "relu2", 5)  # an activation shows the layer before it
    assert after is not None
    assert (after.node.name, after.source.name, after.channel) == ("conv2", "pool1", 5)
    pool = slide_of(net.network, "pool1", 3)
    assert pool is not None
    assert pool.operation is Operation.MAXIMUM
    for name, channel in (("fc1", 0), ("input", 0), ("conv1", 4), ("conv1", -1), ("none", 0)):
        assert slide_of(net.network, name, channel) is None


def test_what_a_record_lacks_is_not_made_up() -> None:
    net = small_net()
    record = net.record(drawing(1))
    slide = slide_of(net.network, "conv1", 0)
    assert slide is not None
    assert placement(slide, None, record, (0, 0), 0) is None
    empty = ActivationRecord(1, 0, record.image, MappingProxyType({}), None)
    assert placement(slide, net.weights, empty, (0, 0), 0) is None
    smaller = {name: values[..., :20] for name, values in record.outputs.items()}
    other = ActivationRecord(1, 0, record.image, MappingProxyType(smaller), None)
    assert placement(slide, net.weights, other, (0, 25), 0) is None


def _slide(network: NetworkRecord) -> Slide:
    slide = slide_of(network, "layer", 0)
    assert slide is not None
    return slide


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_padding_with_copies_is_what_torch_computes(mode: Any) -> None:
    module = nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2, padding=2, padding_mode=mode),
        nn.Flatten(),
        nn.Linear(4 * 49, 2),
    )
    case = explained(module, (3, 12, 12))
    slide = slide_of(case.network, "0", 2)
    assert slide is not None
    for y in range(7):
        for x in range(7):
            item = placement(slide, case.weights, case.record, (y, x), 1)
            assert item is not None
            assert item.difference == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("included", [True, False])
@pytest.mark.parametrize("override", [None, 7])
def test_averages_are_divided_as_torch_does(included: bool, override: int | None) -> None:
    pool = nn.AvgPool2d(3, 2, 1, True, included, override)
    case = explained(nn.Sequential(pool, nn.Flatten(), nn.Linear(49, 2)))
    slide = slide_of(case.network, "0", 0)
    assert slide is not None
    for y, x in ((0, 0), (0, 3), (3, 3), (6, 6), (6, 0)):
        item = placement(slide, case.weights, case.record, (y, x), 0)
        assert item is not None
        assert item.difference == pytest.approx(0, abs=1e-6)
        (found,) = contributions(slide.node, (0, y, x), case.record.outputs, case.weights)
        assert found.amount == pytest.approx(item.value, abs=1e-6)


def test_pooling_of_another_kind_does_not_slide() -> None:
    case = explained(nn.Sequential(nn.LPPool2d(2, 2), nn.Flatten(), nn.Linear(36, 2)))
    assert slidable(case.network) == ()
