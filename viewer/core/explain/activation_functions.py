"""Activation functions of one number, with their formulas filled in.

The definitions are those of ``torch.nn``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from viewer.core.imaging.numbers import MINUS, format_number

Numbers = Callable[[str, float], float]  # (name, default) -> the activation's own number
_Function = Callable[[float, Numbers], tuple[float, str]]


def activation(type_name: str, x: float, number: Numbers) -> tuple[float, str] | None:
    """Return an activation of `x`, and its formula with the numbers filled in.

    Parameters
    ----------
    type_name : str
        As torch calls it, the module or the function: ``LeakyReLU``, ``leaky_relu``.
    x : float
    number : callable
        ``number("negative_slope", 0.01)`` returns that number of the activation, or the
        default.

    Returns
    -------
    (float, str), or None
        None for a function that is not known.
    """
    function = _FUNCTIONS.get(type_name.lower().replace("_", ""))
    if function is None:
        return None
    if math.isnan(x):
        return math.nan, format_number(x)
    return function(x, number)


def _relu(x: float, _: Numbers) -> tuple[float, str]:
    return max(0.0, x), f"max(0, {_text(x)})"


def _clamp(x: float, low: float, high: float) -> tuple[float, str]:
    return min(max(low, x), high), f"min(max({_text(low)}, {_text(x)}), {_text(high)})"


def _leaky_relu(x: float, number: Numbers) -> tuple[float, str]:
    slope = number("negative_slope", 0.01)
    if x >= 0:
        return x, f"{_text(x)}, for it is not negative"
    return slope * x, f"{_text(slope)} · {_inner(x)}"


def _elu(x: float, number: Numbers) -> tuple[float, str]:
    alpha = number("alpha", 1.0)
    if x > 0:
        return x, f"{_text(x)}, for it is positive"
    return alpha * math.expm1(x), f"{_text(alpha)} · (e^{_inner(x)} {MINUS} 1)"


def _celu(x: float, number: Numbers) -> tuple[float, str]:
    alpha = number("alpha", 1.0)
    if x > 0:
        return x, f"{_text(x)}, for it is positive"
    exponent = _inner(x) if alpha == 1 else f"({_inner(x)} / {_text(alpha)})"
    return alpha * math.expm1(x / alpha), f"{_text(alpha)} · (e^{exponent} {MINUS} 1)"


def _selu(x: float, _: Numbers) -> tuple[float, str]:
    # Klambauer et al. (2017), "Self-Normalizing Neural Networks", section 2.
    alpha, scale = 1.6732632423543772, 1.0507009873554805
    if x > 0:
        return scale * x, f"{_text(scale)} · {_text(x)}"
    below = f"{_text(scale)} · {_text(alpha)} · (e^{_inner(x)} {MINUS} 1)"
    return scale * alpha * math.expm1(x), below


def _log_sigmoid(x: float, _: Numbers) -> tuple[float, str]:
    return -_log_one_plus_exp(-x), f"{MINUS}ln(1 + e^{_inner(-x)})"


def _gelu(x: float, number: Numbers) -> tuple[float, str]:
    if number("tanh", 0):
        inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
        formula = f"½ · {_inner(x)} · (1 + tanh({_text(inner)}))"
        return 0.5 * x * (1 + math.tanh(inner)), formula
    # erfc keeps its digits where 1 + erf would cancel.
    below = 0.5 * math.erfc(-x / math.sqrt(2))
    return x * below if below else 0.0, f"{_inner(x)} · Φ({_text(x)})"


def _silu(x: float, _: Numbers) -> tuple[float, str]:
    share = _sigmoid_of(x)
    return x * share if share else 0.0, f"{_inner(x)} / (1 + e^{_inner(-x)})"


def _mish(x: float, _: Numbers) -> tuple[float, str]:
    share = math.tanh(_log_one_plus_exp(x))
    return x * share if share else 0.0, f"{_inner(x)} · tanh(ln(1 + e^{_inner(x)}))"


def _tanh(x: float, _: Numbers) -> tuple[float, str]:
    return math.tanh(x), f"tanh({_text(x)})"


def _sigmoid(x: float, _: Numbers) -> tuple[float, str]:
    return _sigmoid_of(x), f"1 / (1 + e^{_inner(-x)})"


def _hardsigmoid(x: float, _: Numbers) -> tuple[float, str]:
    return min(max(0.0, x + 3), 6.0) / 6, f"min(max(0, {_text(x)} + 3), 6) / 6"


def _hardswish(x: float, _: Numbers) -> tuple[float, str]:
    share, formula = _hardsigmoid(x, _)
    return x * share if share else 0.0, f"{_inner(x)} · {formula}"


def _softplus(x: float, number: Numbers) -> tuple[float, str]:
    beta, threshold = number("beta", 1.0), number("threshold", 20.0)
    if beta * x > threshold:
        return x, f"{_text(x)}, for it is beyond {_text(threshold / beta)}"
    exponent = _inner(x) if beta == 1 else f"({_text(beta)} · {_inner(x)})"
    divisor = "" if beta == 1 else f" / {_text(beta)}"
    return _log_one_plus_exp(beta * x) / beta, f"ln(1 + e^{exponent}){divisor}"


def _sigmoid_of(x: float) -> float:
    if x >= 0:
        return 1 / (1 + math.exp(-x))
    return math.exp(x) / (1 + math.exp(x))


def _log_one_plus_exp(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def _text(x: float) -> str:
    return format_number(x)


def _inner(x: float) -> str:
    text = format_number(x)
    return f"({text})" if text.startswith(MINUS) else text


_FUNCTIONS: Mapping[str, _Function] = MappingProxyType(
    {
        "relu": _relu,
        "relu6": lambda x, _: _clamp(x, 0.0, 6.0),
        "hardtanh": lambda x, number: _clamp(x, number("min_val", -1.0), number("max_val", 1.0)),
        "leakyrelu": _leaky_relu,
        "prelu": _leaky_relu,  # with a slope that was learned
        "elu": _elu,
        "celu": _celu,
        "selu": _selu,
        "logsigmoid": _log_sigmoid,
        "gelu": _gelu,
        "silu": _silu,
        "mish": _mish,
        "tanh": _tanh,
        "sigmoid": _sigmoid,
        "hardsigmoid": _hardsigmoid,
        "hardswish": _hardswish,
        "softplus": _softplus,
    }
)
