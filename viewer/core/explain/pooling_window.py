"""Geometry of pooling: of modules, of functions, and of the adaptive kind."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewer.core.records import FloatArray, Node, WeightsRecord, Window

IntArray = NDArray[np.intp]


def pooling_window(node: Node, weights: WeightsRecord | None) -> Window | None:
    """Return the window of a pooling node; None where it is adaptive or not known.

    Parameters
    ----------
    node : Node
    weights : WeightsRecord or None
        Its buffers have the arguments of functional pooling.
    """
    if node.window is not None or weights is None:
        return node.window
    numbers = weights.buffers.get(node.name, {})
    kernel_size = _pair(numbers.get("kernel_size"), (0, 0))
    if 0 in kernel_size:
        return None
    return Window(
        kernel_size,
        _pair(numbers.get("stride"), kernel_size),
        _pair(numbers.get("padding"), (0, 0)),
        _pair(numbers.get("dilation"), (1, 1)),
    )


def is_maximum(node: Node) -> bool:
    """Return whether a pooling takes the largest value."""
    # F.max_pool2d is a function that chooses between two others.
    return "max" in node.type_name.lower() or node.type_name == "boolean_dispatch"


def is_average(node: Node) -> bool:
    """Return whether a pooling takes the mean."""
    return "avg" in node.type_name.lower()


def is_spatial_mean(node: Node, weights: WeightsRecord | None) -> bool:
    """Return whether a node is a mean over height and width: ``x.mean((2, 3))``."""
    return has_number(node, weights, "spatial_mean")


def has_number(node: Node, weights: WeightsRecord | None, name: str) -> bool:
    """Return whether a node has a number, see `viewer.core.nets.places`."""
    return weights is not None and name in weights.buffers.get(node.name, {})


def average_divisor(
    node: Node,
    weights: WeightsRecord | None,
    places: tuple[IntArray, IntArray],
    size: tuple[int, ...],
) -> float:
    """Return what average pooling divides by, as ``torch.nn.AvgPool2d`` documents its settings.

    Parameters
    ----------
    node : Node
    weights : WeightsRecord or None
        Its buffers have ``count_include_pad`` and ``divisor_override``; without them the
        padding counts, as it does by default.
    places : ((kH,), (kW,)) intp
        Rows and columns of the input under the window; some may be padding.
    size : (height, width)
        Of the input.
    """
    numbers = {} if weights is None else weights.buffers.get(node.name, {})
    fixed = float(numbers.get("divisor_override", 0))
    if fixed:
        return fixed
    window = pooling_window(node, weights)
    # Adaptive pooling has no padding.
    counts = window is not None and float(numbers.get("count_include_pad", 1)) != 0
    margins = window.padding if counts and window is not None else (0, 0)
    # With ceil_mode the last window may reach beyond the padding; that part never counts.
    sides = (
        int(((where >= -margin) & (where < length + margin)).sum())
        for where, length, margin in zip(places, size, margins, strict=True)
    )
    return float(next(sides) * next(sides))


def adaptive_span(position: int, parts: int, length: int) -> tuple[int, int]:
    """Return the first pixel, and the one behind the last, that adaptive pooling takes.

    The input in as many, nearly equal parts as there are outputs: they overlap by a pixel
    where the length is not a multiple.
    """
    return position * length // parts, -(-(position + 1) * length // parts)


def _pair(numbers: FloatArray | None, default: tuple[int, int]) -> tuple[int, int]:
    if numbers is None or not numbers.size:
        return default
    values = [int(number) for number in numbers.ravel()]
    return values[0], values[-1]
