"""The glossary: every term of the window, in two or three sentences."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from viewer.core.errors import UserError


@dataclass(frozen=True, slots=True)
class Term:
    """One entry.

    Attributes
    ----------
    name : str
    text : str
        Two or three sentences, in `markup`.
    picture : str
        What the program draws beside it: a key of the widgets' painters.
    also : tuple of str
        Other words for it, which lead here.
    controls : tuple of str
        Names of the controls and labels of the window that are about it.
    see : tuple of str
        Names of related entries.
    """

    name: str
    text: str
    picture: str
    also: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    see: tuple[str, ...] = ()


@dataclass(frozen=True)
class Glossary:
    """All entries, by name.

    Attributes
    ----------
    terms : tuple of Term
        In alphabetical order.
    """

    terms: tuple[Term, ...]

    @cached_property
    def _index(self) -> Mapping[str, Term]:
        found: dict[str, Term] = {}
        for term in self.terms:
            for word in (term.name, *term.also):
                found.setdefault(plain(word), term)
        for term in self.terms:  # a control may be called by a word that has its own entry
            for word in term.controls:
                found.setdefault(plain(word), term)
        return found

    def find(self, word: str) -> Term | None:
        """Return the entry of a term, a synonym or the name of a control."""
        return self._index.get(plain(word))

    def search(self, text: str) -> tuple[Term, ...]:
        """Return the entries that a text stands in: names first, then synonyms, then texts."""
        wanted = plain(text)
        if not wanted:
            return self.terms

        def rank(term: Term) -> int:
            if plain(term.name).startswith(wanted):
                return 0
            words = (term.name, *term.also, *term.controls)
            if any(wanted in plain(word) for word in words):
                return 1
            return 2 if wanted in plain(term.text) else 3

        ranked = sorted((rank(term), place) for place, term in enumerate(self.terms))
        return tuple(self.terms[place] for found, place in ranked if found < 3)


def plain(word: str) -> str:
    """Return a word as it is compared: small letters, no marks of menus, no ends of labels."""
    word = re.sub(r"[&…:±]", "", word)
    return " ".join(word.casefold().split())


def read_glossary(path: Path) -> Glossary:
    """Read the glossary.

    Raises
    ------
    UserError
        If the file is damaged.
    """
    try:
        entries = tomllib.loads(path.read_text("utf-8"))["terms"]
        terms = [
            Term(
                entry["name"],
                entry["text"],
                entry["picture"],
                tuple(entry.get("also", ())),
                tuple(entry.get("controls", ())),
                tuple(entry.get("see", ())),
            )
            for entry in entries
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"The glossary {path.name} can't be read: {error}.") from error
    return Glossary(tuple(sorted(terms, key=lambda term: plain(term.name))))
