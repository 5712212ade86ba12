"""Whether what a person answered is what the live values say, told in words."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from viewer.core.lessons.expression import ExpressionError, Value
from viewer.core.lessons.lesson import AnswerKind, Ask
from viewer.core.lessons.live import Live

_RELATIVE = 5e-3  # three significant digits
_EXACT = 1e-6  # of a whole number
_MAX_NUMBERS = 64
_GROUPED = re.compile(r"[-−+]?\d{1,3}(,\d{3})+")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said to an answer.

    Attributes
    ----------
    right : bool or None
        None if it could not be read, or checked now.
    sentence : str
    """

    right: bool | None
    sentence: str


def check(ask: Ask, given: str, live: Live) -> Verdict:
    """Compare an answer with the live values.

    Parameters
    ----------
    ask : Ask
    given : str
        What was typed; for a choice the index of the chosen one.
    live : Live
    """
    try:
        wanted = right_answer(ask, live)
    except ExpressionError as error:
        return Verdict(None, f"This can't be checked now: the answer {error}.")
    if ask.kind is AnswerKind.CHOICE:
        if not given:
            return Verdict(None, "Choose one of the answers first.")
        return _verdict(int(given) == wanted[0], "")
    numbers = read_numbers(given)
    grouped = read_numbers(given.replace(",", "")) if _GROUPED.fullmatch(given.strip()) else None
    if grouped and len(wanted) == 1 and near(ask, grouped[0], wanted[0]):
        numbers = grouped  # 12,832 may be twelve thousand, or twelve and a bit
    if numbers is None or not numbers:
        return Verdict(None, "Type a number, such as 12 or −0.5.")
    if ask.kind is AnswerKind.NUMBER and len(numbers) != 1:
        return Verdict(None, "Type one number.")
    if len(numbers) != len(wanted):
        count = f"{len(wanted)} numbers are wanted, and these are {len(numbers)}"
        return Verdict(False, f"Not yet: {count}.")
    wrong = [i for i, pair in enumerate(zip(numbers, wanted, strict=True)) if not near(ask, *pair)]
    if len(wanted) > 1 and wrong:
        return Verdict(False, f"Not yet: look at number {wrong[0] + 1} again.")
    return _verdict(not wrong, "" if not wrong else _direction(numbers[0], wanted[0]))


def right_answer(ask: Ask, live: Live) -> tuple[float, ...]:
    """Return the numbers that are right now; for a choice its index.

    Raises
    ------
    ExpressionError
        If there is no answer now.
    """
    value = live.evaluate(ask.answer)
    found = flat(value)
    if ask.kind is not AnswerKind.NUMBERS and len(found) != 1:
        raise ExpressionError("is more than one number")
    if len(found) > _MAX_NUMBERS:
        raise ExpressionError(f"is more than {_MAX_NUMBERS} numbers")
    if ask.kind is AnswerKind.CHOICE and not (
        found[0] == int(found[0]) and 0 <= found[0] < len(ask.choices)
    ):
        raise ExpressionError("is none of the choices")
    return found


def flat(value: Value) -> tuple[float, ...]:
    """Return a value's numbers, row by row."""
    if isinstance(value, str):
        raise ExpressionError("is a text")
    if isinstance(value, np.ndarray):
        return tuple(float(item) for item in value.ravel())
    if isinstance(value, tuple):
        return tuple(number for item in value for number in flat(item))
    return (float(value),)


def near(ask: Ask, given: float, wanted: float) -> bool:
    """Return whether a number is right."""
    if ask.tolerance is not None:
        return abs(given - wanted) <= ask.tolerance + _EXACT
    if wanted == round(wanted):
        return abs(given - wanted) <= _EXACT
    return abs(given - wanted) <= max(_RELATIVE * abs(wanted), _RELATIVE / 10)


def read_numbers(text: str) -> list[float] | None:
    """Return the numbers of a text: ``−0.5``, ``0,5``, ``3/4``, ``75 %``, ``26 × 26``.

    None where something else stands in it.
    """
    text = text.replace("−", "-").replace("×", " ").strip().strip("[]()")
    if re.fullmatch(r"\s*[-+]?\d+,\d+\s*%?\s*", text):
        text = text.replace(",", ".")  # a decimal comma
    text = re.sub(r"\s*%", "%", text)
    parts = [part for part in re.split(r"[\s;,]+", text) if part]
    found = [_number(part) for part in parts]
    numbers = [number for number in found if number is not None]
    return numbers if len(numbers) == len(parts) else None


def _number(part: str) -> float | None:
    match = re.fullmatch(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)(?:/(\d+\.?\d*))?(%?)", part)
    if match is None:
        return None
    number, divisor, percent = match.groups()
    if divisor is not None and float(divisor) == 0:
        return None
    value = float(number) / (float(divisor) if divisor else 1) / (100 if percent else 1)
    return value if math.isfinite(value) else None


def _direction(given: float, wanted: float) -> str:
    if wanted and math.isclose(given, -wanted, rel_tol=_RELATIVE):
        return "the size is right, the sign is not"
    return "it is larger than that" if wanted > given else "it is smaller than that"


def _verdict(right: bool, detail: str) -> Verdict:
    if right:
        return Verdict(True, "Right.")
    return Verdict(False, f"Not yet: {detail}." if detail else "Not yet: look again.")
