"""Class names in whatever a file says about its network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MAX_LABELS = 100_000
MAX_LENGTH = 200
_LISTS = ("class_names", "classes", "labels", "categories", "names")
_BY_NUMBER = ("id2label", "idx_to_class", "index_to_class", *_LISTS)
_TO_NUMBER = ("class_to_idx", "label2id", "class_to_index")
_NESTED = ("meta", "metadata", "hyper_parameters", "config", "args")


def labels_of(notes: object, depth: int = 0) -> tuple[str, ...]:
    """Return the class names that a checkpoint or a header has under a usual key.

    Parameters
    ----------
    notes : object
        Anything out of a file; a mapping is looked through.
    depth : int
        How deep this mapping is within another.

    Returns
    -------
    tuple of str
        One for each class, in order; empty if there are none, or they are no names.
    """
    if not isinstance(notes, Mapping):
        return ()
    for key in _LISTS:
        found = _checked(notes.get(key))
        if found:
            return found
    for key in _BY_NUMBER:
        if found := _checked(_in_order(notes.get(key))):
            return found
    for key in _TO_NUMBER:
        value = notes.get(key)
        if isinstance(value, Mapping) and (
            found := _checked(_in_order({v: k for k, v in value.items() if isinstance(v, int)}))
        ):
            return found
    if depth < 1:
        for key in _NESTED:
            if found := labels_of(notes.get(key), depth + 1):
                return found
    return ()


def _in_order(numbered: object) -> list[Any] | None:
    """Return the values of {0: …, 1: …}; keys may be texts, as JSON has them."""
    if not isinstance(numbered, Mapping) or len(numbered) > MAX_LABELS:
        return None
    by_number = {str(key): value for key, value in numbered.items()}
    names = [by_number.get(str(i)) for i in range(len(by_number))]
    return None if None in names else names


def _checked(names: object) -> tuple[str, ...]:
    if not isinstance(names, list | tuple) or not 1 <= len(names) <= MAX_LABELS:
        return ()
    good = all(
        isinstance(n, str) and n.strip() and len(n) <= MAX_LENGTH and n.isprintable() for n in names
    )
    return tuple(names) if good and len(set(names)) == len(names) else ()
