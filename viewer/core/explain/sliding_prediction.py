"""Whether a learner's prediction of a value is right."""

from __future__ import annotations

import math

# Numbers in cells are rounded, so nobody can be asked for more than that.
DECIMALS_ENOUGH = 2
DIGITS_ENOUGH = 2
TOLERANCE_TEXT = "right to 2 digits"
_SLACK = 1e-9  # relative: 0.15 is within half of 0.1 of 0.1


def tolerance(value: float) -> float:
    """Return how far a prediction may be from `value`.

    Half a unit of its second significant digit or of its second decimal, whichever is more.
    """
    decimals = 0.5 * 10.0**-DECIMALS_ENOUGH
    if value == 0 or not math.isfinite(value):
        return decimals
    exponent = math.floor(math.log10(abs(value))) - (DIGITS_ENOUGH - 1)
    return float(max(decimals, 0.5 * 10.0**exponent))


def is_right(answer: float, value: float) -> bool:
    """Return whether an answer is near enough to the value that was to be predicted."""
    if not math.isfinite(value):
        return False
    return abs(answer - value) <= tolerance(value) + _SLACK * max(1.0, abs(value))


def read_answer(text: str) -> float | None:
    """Return the number that a person typed, None if it is none.

    A comma for the decimal point and a true minus sign are fine.
    """
    try:
        value = float(text.strip().replace("−", "-").replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
