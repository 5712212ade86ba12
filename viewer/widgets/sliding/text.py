"""The arithmetic of one position of a sliding window, as text that can be followed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from viewer.core.explain.channel_names import channel_name
from viewer.core.explain.padding import PaddingMode, copied_from
from viewer.core.explain.sliding import Operation
from viewer.core.imaging.numbers import MINUS, format_exact, format_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.core.explain.sliding import Slide
    from viewer.core.explain.sliding_values import Placement

TERM_DIGITS = 3
SUM_DIGITS = 4
MAX_TERMS = 9  # written out one by one; of more, the sums of the rows
NO_BREAK = "\N{NO-BREAK SPACE}"
UNKNOWN = "?"
_NAME = "Channel 100, row by row:  "


def arithmetic(slide: Slide, item: Placement, *, hidden: bool = False) -> tuple[str, str, str]:
    """Return the three lines of arithmetic of a position.

    Parameters
    ----------
    slide : Slide
    item : Placement
    hidden : bool
        Whether the results stay hidden, because they are to be predicted.

    Returns
    -------
    (terms, total, check)
        What is under the window, what it comes to, and what torch has in its place.
    """
    if slide.operation is Operation.CONVOLUTION:
        terms, total = _convolution(item, hidden=hidden)
    elif slide.operation is Operation.MAXIMUM:
        terms, total = _maximum(item, hidden=hidden)
    else:
        terms, total = _average(item, hidden=hidden)
    return terms, total, _check(item, hidden=hidden)


def longest_terms(item: Placement) -> str:
    """Return text as long as the first line of `arithmetic` gets at any position."""
    values = item.values.size
    if values > MAX_TERMS:
        return _NAME + len(item.values) * f" {MINUS} 0.00123"
    term = f" + ({MINUS}0.123)·({MINUS}0.123)" if item.kernel is not None else f" {MINUS} 0.123"
    return _NAME + values * term


def every_term(slide: Slide, item: Placement) -> str:
    """Return all values or products with many digits, a row of the window a line."""
    lines = []
    for i, row in enumerate(item.values.tolist()):
        if item.kernel is None:
            lines.append("   ".join(format_number(value) for value in row))
            continue
        pairs = zip(row, item.kernel[i].tolist(), strict=True)
        lines.append(" + ".join(_product(value, weight, SUM_DIGITS) for value, weight in pairs))
    heading = "input · weight" if item.kernel is not None else "values under the window"
    channel = channel_name(slide.source, item.in_channel)
    return f"{slide.source.name}, {channel}: {heading}\n" + "\n".join(lines)


def tap_text(slide: Slide, item: Placement, tap: tuple[int, int]) -> str:
    """Return what one cell of the window holds, with all digits.

    Parameters
    ----------
    slide : Slide
    item : Placement
    tap : (i, j)
        Of the window.
    """
    y, x = int(item.footprint.rows[tap[0]]), int(item.footprint.columns[tap[1]])
    value = _exact(float(item.values[tap]))
    where = f"{slide.source.name} y {y}, x {x}"
    if not item.footprint.inside[tap]:
        where = _padding_text(slide, y, x)
    if item.kernel is None or item.products is None:
        won = ", the largest" if item.winner == tap else ""
        return f"{where}: {value}{won}"
    weight, product = _exact(float(item.kernel[tap])), format_number(float(item.products[tap]), 8)
    return f"{where}: {value}  ×  weight {tap[0]}, {tap[1]}: {weight}  =  {product}"


def _padding_text(slide: Slide, y: int, x: int) -> str:
    if slide.padding_mode is PaddingMode.ZEROS:
        return "padding"
    height, width = slide.input_shape
    row, column = (
        int(copied_from(np.array([place]), length, slide.padding_mode)[0])
        for place, length in ((y, height), (x, width))
    )
    return f"padding, a copy of {slide.source.name} y {row}, x {column}"


def _exact(value: float) -> str:
    return format_exact(value)


def _convolution(item: Placement, *, hidden: bool) -> tuple[str, str]:
    assert item.kernel is not None
    name = f"Channel {item.in_channel}"
    if item.values.size <= MAX_TERMS:
        pairs = zip(item.values.ravel().tolist(), item.kernel.ravel().tolist(), strict=True)
        terms = " + ".join(_product(value, weight, TERM_DIGITS) for value, weight in pairs)
    else:
        name += ", row by row"
        terms = _sum_of(item.row_sums.tolist())
    own = UNKNOWN if hidden else format_number(item.channel_sum, SUM_DIGITS)
    lines = f"{name}:  {terms} = {own}"
    return lines, _total(item, own, hidden=hidden)


def _total(item: Placement, own: str, *, hidden: bool) -> str:
    parts = [f"channel {item.in_channel}: {own}"]
    if item.others:
        count = "1 other channel" if item.others == 1 else f"{item.others} other channels"
        parts.append(f"{count}: {_number(item.other_sum)}")
    parts.append("no bias" if item.bias is None else f"bias: {_number(item.bias)}")
    total = UNKNOWN if hidden else _number(item.total)
    unbroken = [part.replace(" ", NO_BREAK) for part in parts]
    return f"Total:  {'  +  '.join(unbroken)}  = {total}"


def _maximum(item: Placement, *, hidden: bool) -> tuple[str, str]:
    values = item.values.ravel().tolist()
    if len(values) > MAX_TERMS:
        values = item.values.max(axis=1).tolist()
        what = "largest of each row"
    else:
        what = "values"
    listed = ",  ".join(_number(value, TERM_DIGITS) for value in values)
    terms = f"Channel {item.in_channel}, {what}:  {listed}"
    total = UNKNOWN if hidden else _number(item.total)
    where = ""
    if item.winner is not None and not hidden:
        y = int(item.footprint.rows[item.winner[0]])
        x = int(item.footprint.columns[item.winner[1]])
        where = f", at y {y}, x {x} of the input"
    return terms, f"Largest:  {total}{where}"


def _average(item: Placement, *, hidden: bool) -> tuple[str, str]:
    values = item.values.ravel().tolist()
    by_rows = len(values) > MAX_TERMS
    terms = _sum_of(item.row_sums.tolist() if by_rows else values)
    own = UNKNOWN if hidden else _number(item.channel_sum)
    total = UNKNOWN if hidden else _number(item.total)
    name = f"Channel {item.in_channel}" + (", row by row" if by_rows else "")
    divisor = _number(item.divisor or 1.0)
    return f"{name}:  {terms} = {own}", f"Average:  {own} / {divisor} = {total}"


def _check(item: Placement, *, hidden: bool) -> str:
    if hidden:
        return f"Map:  {UNKNOWN}"
    difference = item.difference
    text = format_number(difference, 2) if math.isfinite(difference) else "not a number"
    return f"Map (torch):  {format_exact(item.value)}   difference {text}"


def _number(value: float, digits: int = SUM_DIGITS) -> str:
    return format_number(value, digits)


def _product(value: float, weight: float, digits: int) -> str:
    factors = [format_number(value, digits), format_number(weight, digits)]
    return "·".join(f"({f})" if f.startswith(MINUS) else f for f in factors)


def _sum_of(values: Sequence[float]) -> str:
    """Return numbers with signs between them: 0.31 − 1.2 + 0.5."""
    text = ""
    for value in values:
        number = format_number(value, TERM_DIGITS)
        if not text:
            text = number
        elif number.startswith(MINUS):
            text += f" {MINUS}{NO_BREAK}{number[1:]}"
        else:
            text += f" +{NO_BREAK}{number}"
    return text
