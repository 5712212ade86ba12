"""The text of a lesson as blocks: paragraphs of rich text, list entries and formulas.

Blank lines part paragraphs. ``**strong**``, ``x_{1}``, ``x^{2}`` and ``{=FORMULA}``, which is
replaced by its live value (``{=FORMULA:2}`` with two significant digits), are all there is.
A paragraph that begins with ``$`` is a formula for `formula.parse`, one that begins with
``- `` an entry of a list.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from viewer.core.imaging.numbers import format_number
from viewer.core.lessons.expression import ExpressionError, Value
from viewer.core.lessons.live import Live

DIGITS = 4
_LIVE = re.compile(r"\{=\s*([^{}]+?)\s*(?::(\d))?\}")
_NO_VALUE = "…"
_MAX_SHOWN = 16  # numbers of a list


class BlockKind(StrEnum):
    """How a block is shown."""

    PARAGRAPH = "paragraph"
    ENTRY = "entry"
    FORMULA = "formula"


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a page.

    Attributes
    ----------
    kind : BlockKind
    text : str
        Rich text; of a formula its source.
    """

    kind: BlockKind
    text: str


def live_parts(text: str) -> Iterator[str]:
    """Yield the formulas whose live values stand in a text."""
    for match in _LIVE.finditer(text):
        yield match.group(1)


def filled_in(text: str, live: Live) -> str:
    """Return a text with the values of now; an ellipsis where there is none."""

    def value(match: re.Match[str]) -> str:
        digits = int(match.group(2) or DIGITS)
        try:
            return value_text(live.evaluate(match.group(1)), digits)
        except ExpressionError:
            return _NO_VALUE

    return _LIVE.sub(value, text)


def value_text(value: Value, digits: int = DIGITS) -> str:
    """Return a value to be read."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, np.ndarray):
        if value.size > _MAX_SHOWN:
            return f"{value.size:,} numbers"
        return value_text(tuple(value.ravel().tolist()), digits)
    if isinstance(value, tuple):
        return ", ".join(value_text(item, digits) for item in value)
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}".replace("-", "−")
    return format_number(float(value), digits)


def blocks(text: str, live: Live) -> tuple[Block, ...]:
    """Return a text as blocks, with the values of now."""
    found: list[Block] = []
    for part in re.split(r"\n\s*\n", filled_in(text.strip(), live)):
        if part.startswith("$"):
            found.append(Block(BlockKind.FORMULA, part[1:].strip()))
        elif part.startswith("- "):
            for entry in re.split(r"\n(?=- )", part):
                found.append(Block(BlockKind.ENTRY, rich(entry[2:])))
        elif part.strip():
            found.append(Block(BlockKind.PARAGRAPH, rich(part)))
    return tuple(found)


def rich(text: str) -> str:
    """Return one paragraph as Qt's rich text."""
    escaped = html.escape(" ".join(text.split()), quote=False)
    escaped = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", escaped)
    escaped = re.sub(r"_\{([^{}]*)\}", r"<sub>\1</sub>", escaped)
    return re.sub(r"\^\{([^{}]*)\}", r"<sup>\1</sup>", escaped)
