from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest
import torch
from torch import nn

from tests.small_net import drawing, small_net
from viewer.core.explain.contributions import (
    Contribution,
    Patch,
    contributions,
    convolution_terms,
    window_patch,
)
from viewer.core.nets.kinds import module_window
from viewer.core.records import FloatArray, Kind, Node, WeightsRecord, Window

RNG = np.random.default_rng(0)


def values(*shape: int) -> FloatArray:
    return RNG.standard_normal(shape).astype(np.float32)


def node(
    kind: Kind,
    inputs: tuple[str, ...],
    shape: tuple[int, ...],
    window: Window | None = None,
    type_name: str = "x",
) -> Node:
    return Node("n", kind, type_name, inputs, shape, 0, signed=True, window=window)


def weights(array: FloatArray) -> WeightsRecord:
    return WeightsRecord(0, MappingProxyType({"n": array}), MappingProxyType({}))


def test_the_terms_of_a_convolution_by_hand() -> None:
    x = np.array([[[1, 2, 3], [4, 5, 6], [7, 8, 9]]], np.float32)  # (1, 3, 3)
    x = np.concatenate((x, -x))  # (2, 3, 3)
    kernel = np.zeros((1, 2, 3, 3), np.float32)
    kernel[0, 0] = [[1, 0, -1]] * 3
    kernel[0, 1, 1, 1] = 2
    window = Window((3, 3), (1, 1), (1, 1))
    # At (0, 0) the left column and the top row of the window lie on padding:
    # channel 0: −(2 + 5) = −7; channel 1: 2 · −1 = −2.
    assert convolution_terms(x, kernel, window, (0, 0, 0)).tolist() == [-7, -2]
    # In the middle: (1 + 4 + 7) − (3 + 6 + 9) = −6; 2 · −5 = −10.
    assert convolution_terms(x, kernel, window, (0, 1, 1)).tolist() == [-6, -10]


@pytest.mark.parametrize("seed", range(12))
def test_the_terms_of_a_convolution_are_those_of_torch(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups = int(rng.choice([1, 2, 3]))
    module = nn.Conv2d(
        6,
        6 * int(rng.integers(1, 3)),
        (int(rng.integers(1, 5)), int(rng.integers(1, 5))),
        stride=(int(rng.integers(1, 4)), int(rng.integers(1, 4))),
        padding=(int(rng.integers(0, 3)), int(rng.integers(0, 3))),
        dilation=(int(rng.integers(1, 3)), int(rng.integers(1, 3))),
        groups=groups,
    )
    window = module_window(module)
    assert window is not None
    x = torch.randn(6, 12, 13, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        output = module(x[None])[0]
    channel, y, column = (int(rng.integers(0, n)) for n in output.shape)
    kernel = module.weight.detach()
    terms = convolution_terms(x.numpy(), kernel.numpy(), window, (channel, y, column))

    assert module.bias is not None
    whole = output[channel, y, column] - module.bias[channel]
    assert terms.sum() == pytest.approx(whole.item(), abs=1e-4)
    members = 6 // groups
    first = channel // (module.out_channels // groups) * members
    for i, term in enumerate(terms):
        alone = torch.nn.functional.conv2d(
            x[None, first + i : first + i + 1],
            kernel[channel : channel + 1, i : i + 1],
            stride=module.stride,
            padding=module.padding,
            dilation=module.dilation,
        )
        assert term == pytest.approx(alone[0, 0, y, column].item(), abs=1e-4)

    found = contributions(
        node(Kind.CONVOLUTION, ("x",), tuple(output.shape), window),
        (channel, y, column),
        {"x": x.numpy()},
        weights(kernel.numpy()),
    )
    assert {c.channel: c.amount for c in found} == {
        first + i: term for i, term in enumerate(terms.tolist())
    }
    assert [abs(c.amount) for c in found] == sorted((abs(t) for t in terms), reverse=True)


def test_a_patch_leaves_out_padding() -> None:
    window = Window((3, 5), (2, 2), (1, 2), dilation=(2, 1))
    assert window_patch(window, 0, 0, 8, 8) == Patch(1, 0, 4, 3)
    assert window_patch(window, 1, 1, 8, 8) == Patch(1, 0, 6, 5)


def test_only_the_strongest_are_returned() -> None:
    x, kernel = values(20, 3, 3), values(1, 20, 3, 3)
    window = Window((3, 3), (1, 1), (0, 0))
    found = contributions(
        node(Kind.CONVOLUTION, ("x",), (1, 1, 1), window), (0, 0, 0), {"x": x}, weights(kernel), 5
    )
    amounts = np.abs((x * kernel[0]).sum(axis=(1, 2)))
    assert [c.channel for c in found] == np.argsort(-amounts)[:5].tolist()


def test_a_dense_layer_is_fed_by_its_largest_products() -> None:
    x, kernel = values(50), values(4, 50)
    found = contributions(node(Kind.DENSE, ("x",), (4,)), (2, 0, 0), {"x": x}, weights(kernel))
    products = kernel[2] * x
    assert [c.channel for c in found] == np.argsort(-np.abs(products))[:12].tolist()
    assert found[0].amount == pytest.approx(products[found[0].channel], rel=1e-6)


@pytest.mark.parametrize("type_name", ["MaxPool2d", "AvgPool2d"])
@pytest.mark.parametrize("padding", [0, 1])
def test_pooling_takes_its_maximum_or_its_average(type_name: str, padding: int) -> None:
    module = getattr(nn, type_name)(3, stride=2, padding=padding)
    window = module_window(module)
    x = values(2, 9, 9)
    output = module(torch.from_numpy(x)[None])[0].numpy()
    pool = node(Kind.POOLING, ("x",), output.shape, window, type_name)
    (found,) = contributions(pool, (1, 1, 2), {"x": x}, None)
    assert found.amount == pytest.approx(output[1, 1, 2], rel=1e-6)
    assert found.channel == 1
    patch = found.patch
    covered = x[1, patch.top : patch.bottom, patch.left : patch.right]
    if type_name == "MaxPool2d":  # maximum and average are not mixed up
        assert covered.tolist() == [[output[1, 1, 2]]]
    else:
        assert covered.shape == (3, 3)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_adaptive_pooling_covers_what_torch_averages(size: int) -> None:
    x = values(2, 7, 5)
    output = nn.AdaptiveAvgPool2d(size)(torch.from_numpy(x)[None])[0].numpy()
    pool = node(Kind.POOLING, ("x",), output.shape, None, "AdaptiveAvgPool2d")
    for y in range(size):
        (found,) = contributions(pool, (1, y, size - 1), {"x": x}, None)
        assert found.amount == pytest.approx(output[1, y, size - 1], rel=1e-5)


def test_element_wise_operations_keep_the_place() -> None:
    x = values(3, 4, 5)
    relu = node(Kind.ACTIVATION, ("x",), (3, 4, 5))
    assert contributions(relu, (2, 1, 3), {"x": x}, None) == (
        Contribution("x", 2, Patch(1, 3, 2, 4), float(x[2, 1, 3])),
    )


def test_an_addition_has_two_sources() -> None:
    a, b = values(3, 4, 5), values(3, 4, 5)
    add = node(Kind.OTHER, ("a", "b"), (3, 4, 5))
    found = contributions(add, (2, 1, 3), {"a": a, "b": b}, None)
    assert sum(c.amount for c in found) == pytest.approx(a[2, 1, 3] + b[2, 1, 3], rel=1e-6)
    assert {c.source for c in found} == {"a", "b"}


def test_a_concatenation_is_followed_into_the_right_source() -> None:
    a, b = values(3, 4, 5), values(2, 4, 5)
    joined = node(Kind.OTHER, ("a", "b"), (5, 4, 5))
    (found,) = contributions(joined, (4, 1, 3), {"a": a, "b": b}, None)
    assert found == Contribution("b", 1, Patch(1, 3, 2, 4), float(b[1, 1, 3]))


def test_flatten_is_followed_back_to_the_map() -> None:
    x = values(3, 4, 5)
    flatten = node(Kind.FLATTEN, ("x",), (60,))
    (found,) = contributions(flatten, (33, 0, 0), {"x": x}, None)
    assert found == Contribution("x", 1, Patch(2, 3, 3, 4), float(x.ravel()[33]))


def test_what_is_not_known_is_left_out() -> None:
    conv = node(Kind.CONVOLUTION, ("x",), (1, 1, 1), Window((3, 3), (1, 1), (0, 0)))
    assert contributions(conv, (0, 0, 0), {"x": values(1, 3, 3)}, None) == ()
    assert contributions(conv, (0, 0, 0), {}, weights(values(1, 1, 3, 3))) == ()
    other = node(Kind.OTHER, ("x",), (7,))
    assert contributions(other, (0, 0, 0), {"x": values(1, 3, 3)}, None) == ()


def test_every_pixel_of_a_network_is_explained() -> None:
    net = small_net()
    record = net.record(drawing(3))
    for each in net.network.nodes[1:]:
        shape = each.output_shape
        index = (shape[0] - 1, *(n // 2 for n in shape[1:])) if len(shape) == 3 else (2, 0, 0)
        found = contributions(each, index, record.outputs, net.weights, count=1000)  # type: ignore[arg-type]  # three numbers either way
        assert found, each.name
        if each.kind is Kind.CONVOLUTION:
            bias = net.weights.biases[each.name][index[0]]
            total = sum(c.amount for c in found) + bias
            assert total == pytest.approx(record.outputs[each.name][index], abs=1e-4)
