"""Class names out of a file: one a line, or a JSON list, or ImageNet's JSON of indices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from viewer.core.errors import UserError

MAX_BYTES = 4 << 20  # a hundred thousand names of forty characters


def read_class_names(path: str | Path) -> tuple[str, ...]:
    """Read the names of the classes, in the order of the outputs.

    Parameters
    ----------
    path : str or pathlib.Path
        A text with one name a line; or JSON: a list of names, or an object of index to name, or
        of index to (WordNet id, name) as Keras' ``imagenet_class_index.json`` has it.

    Raises
    ------
    UserError
        If it can't be read, or holds no names.
    """
    path = Path(path).expanduser()
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f"{path} is too large for class names: give one name a line.")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UserError(f"{path} can't be read ({error.strerror or error}): check it.") from None
    except UnicodeDecodeError:
        raise UserError(f"{path} is no text: give a file with one class name a line.") from None
    values = _json_of(text) if text.lstrip()[:1] in ("[", "{") else None
    if values is None:
        names = [line.strip() for line in text.strip().splitlines()]
    else:
        names = _names_of(values, path)
    if not names or not all(names):
        raise UserError(f"{path} has a class without a name: give one name a line.")
    return tuple(names)


def _json_of(text: str) -> list[Any] | dict[str, Any] | None:
    """Return what a JSON text holds; None for a text that only begins like one."""
    try:
        values: list[Any] | dict[str, Any] = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return values


def _names_of(values: list[Any] | dict[str, Any], path: Path) -> list[str]:
    refusal = UserError(
        f"{path} is JSON without class names: give a list of names, or an object of index to name."
    )
    if isinstance(values, dict):
        if not all(key.isdecimal() for key in values):
            raise refusal
        values = [values[key] for key in sorted(values, key=int)]
    names = [_name(value) for value in values]
    if not all(isinstance(name, str) for name in names):
        raise refusal
    return names


def _name(value: Any) -> Any:
    """Return the readable one of a pair (WordNet id, name), or the name itself."""
    last = value[-1] if isinstance(value, list) and value else value
    return last.strip() if isinstance(last, str) else last
