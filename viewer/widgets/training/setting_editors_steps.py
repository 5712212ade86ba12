"""How far one step of a spin box goes: each quantity in the way that suits it."""

from __future__ import annotations

import math
from collections.abc import Callable

Stepper = Callable[[float, bool], float]  # (value, upwards) to the next value

SMALLEST = 1e-6  # first value above 0 on a logarithmic scale
_MANTISSAS = (1, 2, 5)
_TOLERANCE = 1e-9  # relative: 0.1 + 0.2 counts as 0.3
_DIGITS = 12


def by(step: float) -> Stepper:
    """Return a stepper that adds or takes away `step`."""

    def next_value(value: float, upwards: bool) -> float:
        return round(value + (step if upwards else -step), _DIGITS)

    return next_value


def decades(value: float, upwards: bool) -> float:
    """Return the next of …, 0.1, 0.2, 0.5, 1, 2, 5, …; 0 stands below `SMALLEST`."""
    if value < SMALLEST * (1 - _TOLERANCE):
        return SMALLEST if upwards else 0.0
    exponent = math.floor(math.log10(value))
    series = [float(f"{m}e{e}") for e in range(exponent - 1, exponent + 2) for m in _MANTISSAS]
    if upwards:
        return min(entry for entry in series if entry > value * (1 + _TOLERANCE))
    below = max(entry for entry in series if entry < value * (1 - _TOLERANCE))
    return below if below >= SMALLEST * (1 - _TOLERANCE) else 0.0


def doublings(value: float, upwards: bool) -> float:
    """Return the next power of two."""
    power = math.log2(max(value, 1.0))
    whole = math.floor(power) + 1 if upwards else math.ceil(power) - 1
    return 2.0 ** max(whole, 0)


def towards_one(value: float, upwards: bool) -> float:
    """Return the next of 0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, …: decays have their detail at 1."""
    rest = 1.0 - value
    if rest <= SMALLEST:
        return value if upwards else 1.0 - 10 * SMALLEST
    return round(max(0.0, 1.0 - decades(rest, not upwards)), _DIGITS)
