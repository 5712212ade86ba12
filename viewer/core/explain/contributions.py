"""Which values of the layer before make up one value, and how much each of them adds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewer.core.explain.padding import (
    PaddingMode,
    copied_from,
    is_inside,
    padding_mode,
    window_places,
)
from viewer.core.explain.pooling_window import average_divisor, is_average, is_maximum
from viewer.core.records import FloatArray, Kind, Node, WeightsRecord, Window

STRONGEST = 12  # more lines than that are a tangle


@dataclass(frozen=True, slots=True)
class Patch:
    """Part of a map, in its pixels; the ends are not included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a part of one map adds to a value.

    Attributes
    ----------
    source : str
        Name of the node whose output it is part of.
    channel : int
        Its map or unit.
    patch : Patch
        The part, without what is padding.
    amount : float
        The term of the sum for convolutions and dense layers. For operations that choose or
        move values, the value they took; for averages, the average.
    """

    source: str
    channel: int
    patch: Patch
    amount: float


def contributions(
    node: Node,
    index: tuple[int, int, int],
    outputs: Mapping[str, FloatArray],
    weights: WeightsRecord | None,
    count: int = STRONGEST,
) -> tuple[Contribution, ...]:
    """Return what makes up one value of a node's output.

    Parameters
    ----------
    node : Node
    index : (channel, y, x)
        Of the value; (unit, 0, 0) in a vector.
    outputs : mapping of node name to (C, H, W) or (N,) float32
        As in an `ActivationRecord`.
    weights : WeightsRecord or None
        Those that the outputs were computed with. Without them, the terms of convolutions
        and dense layers are not known.
    count : int
        How many to return at most.

    Returns
    -------
    tuple of Contribution
        The strongest first. A bias is not among them.
    """
    sources = [(name, outputs[name]) for name in node.inputs if name in outputs]
    found: list[Contribution] = []
    if not sources:
        return ()
    if node.kind is Kind.CONVOLUTION or node.kind is Kind.DENSE:
        kernel = weights.weights.get(node.name) if weights else None
        if kernel is not None:
            found = _weighted(node, index, sources[0], kernel)
    elif node.kind is Kind.POOLING:
        found = _pooled(node, index, sources[0], weights)
    else:
        found = _taken(node, index, sources)
    found.sort(key=lambda contribution: -abs(contribution.amount))
    return tuple(found[:count])


def convolution_terms(
    x: FloatArray,
    kernel: FloatArray,
    window: Window,
    index: tuple[int, int, int],
    mode: PaddingMode = PaddingMode.ZEROS,
) -> NDArray[np.float64]:
    """Return what each input channel adds to one value of a convolution's output.

    Parameters
    ----------
    x : (C, H, W) float32
        The convolution's input.
    kernel : (out, in / groups, kH, kW) float32
    window : Window
    index : (channel, y, x)
        Of the value.
    mode : PaddingMode
        What stands in the padding.

    Returns
    -------
    (in / groups,) float64
        In the order of the input channels of the filter's group. Their sum and the bias are
        the value.
    """
    channel, y, x_out = index
    first = _first_in_channel(kernel, window, channel)
    patch = x[first : first + kernel.shape[1]]  # (in / groups, H, W)
    rows, kernel_rows = _taps(window, 0, y, x.shape[1], mode)
    columns, kernel_columns = _taps(window, 1, x_out, x.shape[2], mode)
    covered = patch[:, rows[:, None], columns].astype(np.float64)
    taps = kernel[channel][:, kernel_rows[:, None], kernel_columns]
    return np.asarray((covered * taps).sum(axis=(1, 2)))


def _first_in_channel(kernel: FloatArray, window: Window, channel: int) -> int:
    """Return the first input channel of the group that a filter belongs to."""
    filters_a_group = kernel.shape[0] // window.groups
    return int(channel // filters_a_group * kernel.shape[1])


def _taps(
    window: Window,
    axis: int,
    position: int,
    length: int,
    mode: PaddingMode = PaddingMode.ZEROS,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the input's pixels under the window along an axis, and the taps that meet them."""
    pixels = copied_from(window_places(window, axis, position), length, mode)
    inside = is_inside(pixels, length)
    return pixels[inside], np.arange(window.kernel_size[axis])[inside]


def window_patch(window: Window, y: int, x: int, height: int, width: int) -> Patch:
    """Return the part of an input of a size that a window covers at an output's pixel."""
    rows = _taps(window, 0, y, height)[0]
    columns = _taps(window, 1, x, width)[0]
    if not rows.size or not columns.size:
        return Patch(0, 0, 0, 0)  # the window is all padding
    return Patch(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)


def _weighted(
    node: Node, index: tuple[int, int, int], source: tuple[str, FloatArray], kernel: FloatArray
) -> list[Contribution]:
    name, x = source
    if node.kind is Kind.DENSE and kernel.ndim == 2 and kernel.shape[1] == x.size:
        terms = kernel[index[0]].astype(np.float64) * x.ravel()
        strongest = np.argsort(-np.abs(terms), kind="stable")[:STRONGEST]
        return [_single(name, x.shape, int(i), float(terms[i])) for i in strongest]
    if node.window is None or x.ndim != 3 or kernel.ndim != 4:
        return []
    terms = convolution_terms(x, kernel, node.window, index, padding_mode(node))
    patch = window_patch(node.window, index[1], index[2], *x.shape[1:])
    first = _first_in_channel(kernel, node.window, index[0])
    return [Contribution(name, first + i, patch, float(term)) for i, term in enumerate(terms)]


def _pooled(
    node: Node,
    index: tuple[int, int, int],
    source: tuple[str, FloatArray],
    weights: WeightsRecord | None,
) -> list[Contribution]:
    name, x = source
    channel, y, x_out = index
    if x.ndim != 3 or channel >= len(x) or len(node.output_shape) != 3:
        return []
    patch = _pooling_patch(node, y, x_out, x.shape[1:])
    covered = x[channel, patch.top : patch.bottom, patch.left : patch.right]
    if not covered.size:
        return []
    if is_average(node):
        divisor = average_divisor(
            node, weights, _pooling_places(node, y, x_out, patch), x.shape[1:]
        )
        total = float(covered.sum(dtype=np.float64))
        return [Contribution(name, channel, patch, total / divisor)]
    if not is_maximum(node):
        return []
    step_y, step_x = node.window.dilation if node.window is not None else (1, 1)
    row, column = np.unravel_index(
        np.argmax(covered[::step_y, ::step_x]), covered[::step_y, ::step_x].shape
    )
    top, left = patch.top + int(row) * step_y, patch.left + int(column) * step_x
    won = Patch(top, left, top + 1, left + 1)
    return [Contribution(name, channel, won, float(x[channel, top, left]))]


def _pooling_places(
    node: Node, y: int, x: int, patch: Patch
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    if node.window is None:
        return np.arange(patch.top, patch.bottom), np.arange(patch.left, patch.right)
    return window_places(node.window, 0, y), window_places(node.window, 1, x)


def _pooling_patch(node: Node, y: int, x: int, size: tuple[int, ...]) -> Patch:
    if node.window is not None:
        return window_patch(node.window, y, x, size[0], size[1])
    # Adaptive pooling: the input in as many, nearly equal parts as there are outputs.
    (top, bottom), (left, right) = (
        (math.floor(i * length / parts), math.ceil((i + 1) * length / parts))
        for i, length, parts in zip((y, x), size, node.output_shape[1:], strict=True)
    )
    return Patch(top, left, bottom, right)


def _taken(
    node: Node, index: tuple[int, int, int], sources: list[tuple[str, FloatArray]]
) -> list[Contribution]:
    """Follow operations that work on each value by itself, move values, or join maps."""
    flat = _flat_index(index, node.output_shape)
    size = math.prod(node.output_shape)
    if all(x.size == size for _, x in sources):
        return [_single(name, x.shape, flat, float(x.flat[flat])) for name, x in sources]
    if sum(x.size for _, x in sources) != size:
        return []
    for name, x in sources:  # maps joined along the channels lie one after the other
        if flat < x.size:
            return [_single(name, x.shape, flat, float(x.flat[flat]))]
        flat -= x.size
    return []


def _flat_index(index: tuple[int, int, int], shape: tuple[int, ...]) -> int:
    channel, y, x = index
    height, width = shape[1:] if len(shape) == 3 else (1, 1)
    return (channel * height + y) * width + x


def _single(name: str, shape: tuple[int, ...], flat: int, amount: float) -> Contribution:
    """Return the contribution of one value of a map or vector."""
    if len(shape) != 3:
        return Contribution(name, flat, Patch(0, 0, 1, 1), amount)
    channel, rest = divmod(flat, shape[1] * shape[2])
    y, x = divmod(rest, shape[2])
    return Contribution(name, channel, Patch(y, x, y + 1, x + 1), amount)
