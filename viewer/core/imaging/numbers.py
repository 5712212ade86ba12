"""Numbers as text, for the screen."""

from __future__ import annotations

import math

SIGNIFICANT_DIGITS = 4
MINUS = "−"  # U+2212: as wide as a digit, unlike the hyphen

# Outside of these a number is written with an exponent: it would be too long otherwise.
_PLAIN_FROM = 1e-3
_PLAIN_BELOW = 1e5


def format_number(x: float, digits: int = SIGNIFICANT_DIGITS) -> str:
    """Return `x` with at most `digits` significant digits and a true minus sign.

    Parameters
    ----------
    x : float
    digits : int
        At least 1.

    Returns
    -------
    str
        ``0``, ``−0.1235``, ``12.3``, ``1.5e−7``, ``−∞``, ``NaN``.
    """
    if _PLAIN_FROM <= abs(x) < _PLAIN_BELOW:  # the usual case
        return _plain(x, digits)
    if x == 0:
        return "0"
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "∞" if x > 0 else f"{MINUS}∞"
    mantissa, exponent = f"{x:.{digits - 1}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{int(exponent)}".replace("-", MINUS)


def _plain(x: float, digits: int) -> str:
    text = f"{x:.{digits}g}"
    if "e" in text:  # as many digits before the point, or more
        decimals = digits - 1 - math.floor(math.log10(abs(x)))
        text = f"{round(x, decimals):.0f}"
    return text.replace("-", MINUS)


def format_exact(x: float) -> str:
    """Return a float32 with all the digits that tell it from its neighbours.

    The shortest text that reads back as the same float32.
    """
    import numpy as np  # heavy: this module is imported by widgets that show before numpy is

    if not math.isfinite(x):
        return format_number(x)
    return str(np.float32(x)).removesuffix(".0").replace("-", MINUS)


# From here on a tenth of a percent would round to 100.
NEARLY_ONE = 0.9995


def format_percent(probability: float) -> str:
    """Return `probability` to a tenth of a percent; never 100.

    A network is never certain: its softmax is 1 only where float32 has no number between.
    """
    if math.isnan(probability):
        return "NaN"
    if probability >= NEARLY_ONE:
        return ">99.9 %"
    return f"{100 * probability:.1f} %"
