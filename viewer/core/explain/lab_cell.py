"""The arithmetic behind one value of the convolution lab, as numbers and as text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewer.core.explain.lab import LabResult
from viewer.core.explain.lab_settings import Activation, Array, Combination, Pooling
from viewer.core.imaging.numbers import MINUS, format_number

ALL_TERMS = 12  # up to as many are all written out
MOST_TERMS = 24
_DIGITS = 4

_ACTIVATION_NAMES = {
    Activation.RELU: "ReLU",
    Activation.LEAKY_RELU: "leaky ReLU",
    Activation.SIGMOID: "sigmoid",
    Activation.TANH: "tanh",
}


@dataclass(frozen=True, slots=True)
class CellArithmetic:
    """How one sum of products comes about.

    Attributes
    ----------
    kernel_index : int
        Which kernel.
    y, x : int
        Of the value in the map before pooling.
    ys : (kH,) int64
    xs : (kW,) int64
        Rows and columns of the padded input under the window.
    window, kernel, products : (C, kH, kW) float64
        `kernel` as it is laid on the input.
    inside : (kH, kW) bool
        False where the window covers padding.
    channel_sums : (C,) float64
    bias, total, activated : float
    matches : int or None
        Cells that are 1 in window and kernel, for zeros and ones.
    agreeing : int or None
        Cells that are the same, both 0 or both 1.
    """

    kernel_index: int
    y: int
    x: int
    ys: NDArray[np.int64]
    xs: NDArray[np.int64]
    window: Array
    kernel: Array
    products: Array
    inside: NDArray[np.bool_]
    channel_sums: Array
    bias: float
    total: float
    activated: float
    matches: int | None
    agreeing: int | None


@dataclass(frozen=True, slots=True)
class PooledCell:
    """Which values of the map before pooling make up one value after it.

    Attributes
    ----------
    top, left, bottom, right : int
        The window; the ends are not included.
    winner : (y, x)
        The largest value's place; for averages the first cell.
    """

    top: int
    left: int
    bottom: int
    right: int
    winner: tuple[int, int]


def cell(result: LabResult, kernel_index: int, y: int, x: int) -> CellArithmetic:
    """Return the arithmetic of one value before pooling.

    Raises
    ------
    IndexError
        If there is no such value.
    """
    count, height, width = result.sums.shape
    if not (0 <= kernel_index < count and 0 <= y < height and 0 <= x < width):
        raise IndexError((kernel_index, y, x))
    down, across = result.axes
    ys = y * down.stride + down.dilation * np.arange(down.kernel)
    xs = x * across.stride + across.dilation * np.arange(across.kernel)
    window = result.padded[:, ys[:, np.newaxis], xs]  # (C, kH, kW)
    kernel = result.kernels[kernel_index]
    products = window * kernel
    rows = (ys >= down.padding[0]) & (ys < down.padding[0] + down.length)
    columns = (xs >= across.padding[0]) & (xs < across.padding[0] + across.length)
    binary = result.matches is not None
    return CellArithmetic(
        kernel_index=kernel_index,
        y=y,
        x=x,
        ys=ys,
        xs=xs,
        window=window,
        kernel=kernel,
        products=products,
        inside=rows[:, np.newaxis] & columns,
        channel_sums=products.sum(axis=(1, 2)),
        bias=result.settings.bias,
        total=float(result.sums[kernel_index, y, x]),
        activated=float(result.activated[kernel_index, y, x]),
        matches=int(((window == 1) & (kernel == 1)).sum()) if binary else None,
        agreeing=int((window == kernel).sum()) if binary else None,
    )


def pooled_cell(result: LabResult, kernel_index: int, y: int, x: int) -> PooledCell:
    """Return which values before pooling a value of a map was made of."""
    down, across = result.pooling_axes
    top, left = y * down.stride, x * across.stride
    bottom, right = top + down.kernel, left + across.kernel
    winner = (top, left)
    if result.settings.pooling is Pooling.MAX:
        covered = result.activated[kernel_index, top:bottom, left:right]
        row, column = divmod(int(covered.argmax()), covered.shape[1])
        winner = (top + row, left + column)
    return PooledCell(top, left, bottom, right, winner)


def sum_text(arithmetic: CellArithmetic) -> str:
    """Return ``2·1 + 0·3 + … = 5``: the products in order, row by row, and the bias.

    Of a large window only the products that are not zero are written, and of those the first.
    """
    pairs = np.stack((arithmetic.window.ravel(), arithmetic.kernel.ravel()), axis=1)  # (K, 2)
    shown, rest = pairs, 0
    if len(pairs) > ALL_TERMS:
        nonzero = pairs[arithmetic.products.ravel() != 0]
        shown, rest = nonzero[:MOST_TERMS], len(nonzero) - MOST_TERMS
    terms = [f"{_factor(a)}·{_factor(b)}" for a, b in shown.tolist()]
    if rest > 0:
        terms.append(f"… ({rest} more)")
    left = " + ".join(terms) if terms else "0"
    if arithmetic.bias:
        left += f" {MINUS if arithmetic.bias < 0 else '+'} {_number(abs(arithmetic.bias))}"
    text = f"{left} = {_number(arithmetic.total)}"
    zeros = len(pairs) - len(shown) - max(rest, 0)
    return f"{text}, without {zeros} products that are 0" if zeros else text


def channels_text(arithmetic: CellArithmetic, names: tuple[str, ...]) -> str:
    """Return the sums of the channels and what they add up to; empty for one channel."""
    if len(arithmetic.channel_sums) < 2:
        return ""
    parts = [
        f"{name} {_number(float(value))}"
        for name, value in zip(names, arithmetic.channel_sums, strict=False)
    ]
    bias = f", bias {_number(arithmetic.bias)}" if arithmetic.bias else ""
    return f"channels: {', '.join(parts)}{bias}; in all {_number(arithmetic.total)}"


def matches_text(arithmetic: CellArithmetic) -> str:
    """Return how many cells match; empty unless all are zeros and ones."""
    if arithmetic.matches is None:
        return ""
    ones = "1 cell is" if arithmetic.matches == 1 else f"{arithmetic.matches} cells are"
    size = arithmetic.kernel.size
    return f"{ones} 1 in both; {arithmetic.agreeing} of {size} agree"


def activation_text(arithmetic: CellArithmetic, activation: Activation) -> str:
    """Return ``ReLU(−2) = 0``; empty without an activation."""
    if activation is Activation.NONE:
        return ""
    name = _ACTIVATION_NAMES[activation]
    return f"{name}({_number(arithmetic.total)}) = {_number(arithmetic.activated)}"


def pooling_text(result: LabResult, kernel_index: int, y: int, x: int) -> str:
    """Return ``max(1, 4, 2, 0) = 4``; empty without pooling."""
    kind = result.settings.pooling
    if kind is Pooling.NONE:
        return ""
    found = pooled_cell(result, kernel_index, y, x)
    covered = result.activated[kernel_index, found.top : found.bottom, found.left : found.right]
    listed = ", ".join(_number(value) for value in covered.ravel().tolist())
    name = "max" if kind is Pooling.MAX else "average"
    return f"{name}({listed}) = {_number(float(result.maps[kernel_index, y, x]))}"


def combination_text(result: LabResult, y: int, x: int) -> str:
    """Return ``1 + 4 = 5`` or ``maximum(1, 4) = 4``; empty where maps are not combined."""
    if result.combined is None:
        return ""
    values = [_number(value) for value in result.maps[:, y, x].tolist()]
    total = _number(float(result.combined[y, x]))
    if result.settings.combination is Combination.SUM:
        return f"{' + '.join(f'({v})' if v[0] == MINUS else v for v in values)} = {total}"
    return f"maximum({', '.join(values)}) = {total}"


def _number(value: float) -> str:
    return format_number(value, _DIGITS)


def _factor(value: float) -> str:
    text = _number(value)
    return f"({text})" if text.startswith(MINUS) else text
