r"""Formulas as trees: what is to be set, without where.

The source is a small part of TeX's mathematics: ``\frac{a}{b}``, ``\floor{a}``,
``\sum_{i}^{k}``, ``\int``, ``\sqrt{a}``, ``x_{i}``, ``x^{2}``. Everything else stands as it is,
letters by themselves in italics, ``-`` as a minus sign and ``*`` as a centred dot.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TypeAlias

_TOKEN = re.compile(r"\\[a-z]+|[{}_^]|[A-Za-z]+|[0-9][0-9.,]*|\s+|.")
_SIGNS = {"-": "−", "*": "·", "~": "\u00a0"}
_BINARY = frozenset("=+−·×≈≥≤<>→∗⋆/")  # noqa: RUF001 - signs of formulas
_NAMES = {"frac": 2, "floor": 1, "sqrt": 1, "sum": 0, "int": 0}
MAX_DEPTH = 8


class FormulaError(Exception):
    """What is wrong with a formula, as a phrase."""


@dataclass(frozen=True, slots=True)
class Text:
    """Characters; a single letter is a variable and italic. `spaced` if it is an operator."""

    text: str
    italic: bool = False
    spaced: bool = False


@dataclass(frozen=True, slots=True)
class Fraction:
    """Numerator over denominator."""

    above: Row
    below: Row


@dataclass(frozen=True, slots=True)
class Floor:
    """The largest whole number that is not above what stands in it."""

    inside: Row


@dataclass(frozen=True, slots=True)
class Root:
    """A square root."""

    inside: Row


@dataclass(frozen=True, slots=True)
class Sum:
    """The sign of a sum, or of an integral: large, with limits below and above."""

    sign: str = "∑"


@dataclass(frozen=True, slots=True)
class Script:
    """Something with an index and an exponent; of a sum, they are its limits."""

    base: Part
    below: Row | None = None
    above: Row | None = None


Part: TypeAlias = "Text | Fraction | Floor | Root | Sum | Script"
Row: TypeAlias = "tuple[Part, ...]"


def parse(source: str) -> Row:
    """Return a formula as a tree.

    Raises
    ------
    FormulaError
        If braces or commands are wrong.
    """
    parser = _Parser(_TOKEN.findall(source))
    row = parser.row(0)
    if parser.left:
        raise FormulaError("has a closing brace too many")
    return row


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = [token for token in tokens if not token.isspace()]
        self._at = 0

    @property
    def left(self) -> bool:
        return self._at < len(self._tokens)

    def row(self, depth: int) -> Row:
        if depth > MAX_DEPTH:
            raise FormulaError("is nested too deeply")
        parts: list[Part] = []
        while self.left and self._tokens[self._at] != "}":
            token = self._tokens[self._at]
            self._at += 1
            if token in "_^":
                self._script(parts, token, depth)
            elif token == "{":
                raise FormulaError("has a brace that belongs to nothing")
            elif token.startswith("\\"):
                parts.append(self._command(token[1:], depth))
            else:
                text = _SIGNS.get(token, token)
                italic = len(text) == 1 and text.isalpha()
                parts.append(Text(text, italic, spaced=text in _BINARY))
        return tuple(parts)

    def _script(self, parts: list[Part], token: str, depth: int) -> None:
        if not parts:
            raise FormulaError(f"has a {token} after nothing")
        last = parts.pop()
        script = last if isinstance(last, Script) else Script(last)
        inside = self._braces(depth)
        if token == "_":
            parts.append(replace(script, below=inside))
        else:
            parts.append(replace(script, above=inside))

    def _command(self, name: str, depth: int) -> Part:
        if name not in _NAMES:
            raise FormulaError(f"uses \\{name}, which is not known")
        insides = [self._braces(depth) for _ in range(_NAMES[name])]
        if name == "frac":
            return Fraction(*insides)
        if name == "floor":
            return Floor(*insides)
        if name == "sqrt":
            return Root(*insides)
        return Sum("∫") if name == "int" else Sum()

    def _braces(self, depth: int) -> Row:
        if not self.left or self._tokens[self._at] != "{":
            raise FormulaError("needs a brace after a command, _ or ^")
        self._at += 1
        row = self.row(depth + 1)
        if not self.left:
            raise FormulaError("has an open brace")
        self._at += 1
        return row
