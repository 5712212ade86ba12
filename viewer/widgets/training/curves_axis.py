"""Axes of a plot: ranges, the way from values to pixels, and where numbers stand."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PyQt6.QtCore import QRectF

from viewer.core.imaging.numbers import format_number
from viewer.widgets.training.curves_series import Floats

NICE_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
LOG_PARTS = ((1, 2, 5), (1, 3), (1,))  # of a decade, the more the better
LOG_FLOOR = 1e-12  # where a zero stands on a logarithmic axis


class Range(NamedTuple):
    """From a value to a greater one."""

    low: float
    high: float

    @property
    def span(self) -> float:
        """Distance of the ends."""
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class ValueAxis:
    """What the vertical axis of a plot shows.

    Attributes
    ----------
    title : str
        With its unit, ``loss (nats)``.
    log : bool
    floor, ceiling : float or None
        Values that the automatic range doesn't pass.
    from_zero : bool
        Begin at zero, unless logarithmic.
    least_span : float
        Of the automatic range, in the axis's unit; decades where it is logarithmic.
    decimals : int or None
        Of the values in the read-out; four significant digits if None.
    """

    title: str
    log: bool = False
    floor: float | None = None
    ceiling: float | None = None
    from_zero: bool = False
    least_span: float = 1e-6
    decimals: int | None = None

    def text(self, value: float) -> str:
        """Return `value` for the read-out."""
        if self.decimals is None:
            return format_number(value)
        return f"{value:.{self.decimals}f}"


def automatic_range(axis: ValueAxis, low: float, high: float) -> Range:
    """Return what the axis shows for values from `low` to `high`; log10 of them if logarithmic."""
    if axis.log:
        low, high = (math.log10(max(value, LOG_FLOOR)) for value in (low, high))
        pad = 0.05 * max(high - low, axis.least_span)
        return _at_least(low - pad, high + pad, axis.least_span)
    if axis.from_zero:
        return Range(0.0, max(1.05 * high, axis.least_span))
    pad = 0.05 * max(high - low, axis.least_span)
    result = _at_least(low - pad, high + pad, axis.least_span)
    low = result.low if axis.floor is None else max(result.low, axis.floor)
    high = result.high if axis.ceiling is None else min(result.high, axis.ceiling)
    return Range(low, high)


def steps_extent(columns: Iterable[Floats]) -> Range:
    """Return where the horizontal axis begins and ends for columns of steps, each rising.

    It begins one interval before the first value: at 0, or at the step a branch left its parent.
    """
    filled = [steps for steps in columns if len(steps)]
    if not filled:
        return Range(0.0, 1.0)
    earliest = min(filled, key=lambda steps: float(steps[0]))
    interval = float(earliest[1] - earliest[0]) if len(earliest) > 1 else 1.0
    low = max(0.0, float(earliest[0]) - interval)
    return Range(low, max(low + 1.0, *(float(steps[-1]) for steps in filled)))


def _at_least(low: float, high: float, span: float) -> Range:
    lacking = max(0.0, span - (high - low)) / 2
    return Range(low - lacking, high + lacking)


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a plot's values stand on the widget.

    Attributes
    ----------
    rect : QRectF
        Of the data, in px.
    x, y : Range
        In sight; `y` in decades if `log`.
    log : bool
    """

    rect: QRectF
    x: Range
    y: Range
    log: bool

    def x_px(self, steps: Floats) -> Floats:
        """Return where steps stand, in px."""
        return self.rect.left() + (steps - self.x.low) * (self.rect.width() / self.x.span)

    def y_px(self, values: Floats) -> Floats:
        """Return where values stand, in px; those far outside stand just outside."""
        if self.log:
            values = np.log10(np.maximum(values, LOG_FLOOR))
        pixels = self.rect.bottom() - (values - self.y.low) * (self.rect.height() / self.y.span)
        reach = self.rect.height()
        return np.clip(pixels, self.rect.top() - reach, self.rect.bottom() + reach)

    def one_x_px(self, step: float) -> float:
        """Return where one step stands."""
        return self.rect.left() + (step - self.x.low) * self.rect.width() / self.x.span

    def one_y_px(self, value: float) -> float:
        """Return where one value stands."""
        return float(self.y_px(np.array([value]))[0])

    def step_at(self, x_px: float) -> float:
        """Return the step that stands at `x_px`."""
        return self.x.low + (x_px - self.rect.left()) * self.x.span / self.rect.width()


def linear_ticks(low: float, high: float, most: int) -> list[float]:
    """Return at most about `most` round numbers from `low` to `high`."""
    rough = (high - low) / max(1, most)
    if not (math.isfinite(rough) and rough > 0):
        return []
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(nice * power for nice in NICE_STEPS if nice * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def step_ticks(low: float, high: float, most: int) -> list[float]:
    """Return whole numbers only: there is no half a step."""
    return sorted({float(round(tick)) for tick in linear_ticks(low, high, most) if tick >= 0})


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Return powers of ten between two exponents, and numbers between them if there is room."""
    stride = max(1, math.ceil((high - low) / max(1, most)))
    exponents = [e for e in range(math.floor(low), math.ceil(high) + 1) if e % stride == 0]
    for parts in LOG_PARTS:
        if len(parts) > 1 and (high - low) * len(parts) > most:
            continue
        ticks = [part * 10.0**exponent for exponent in exponents for part in parts]
        inside = [tick for tick in ticks if low <= math.log10(tick) <= high]
        if len(inside) >= 2:
            return inside
    return [t for t in linear_ticks(10**low, 10**high, most) if t > 0]


def tick_texts(ticks: list[float], *, log: bool) -> list[str]:
    """Return the ticks as text; linear ones all with as many decimals as the finest needs."""
    if log or any(0 < abs(tick) < 1e-3 or abs(tick) >= 1e5 for tick in ticks):
        return [format_number(tick, 3) for tick in ticks]
    texts = [format_number(tick, 6) for tick in ticks]
    decimals = max((len(text.partition(".")[2]) for text in texts), default=0)
    return [f"{tick:.{decimals}f}".replace("-", "−") for tick in ticks]
