"""The networks in the box, by name; needs no torch, so that the window can list them at once."""

from __future__ import annotations

from pathlib import Path

from viewer.core.errors import UserError
from viewer.core.resources import resource_path

SUFFIX = ".safetensors"
DEFAULT_MODEL = "digits"


def shipped_models() -> tuple[str, ...]:
    """Return the names of the networks in the box, the default first."""
    names = sorted(path.stem for path in resource_path("models").glob(f"*{SUFFIX}"))
    return tuple(sorted(names, key=lambda name: name != "digits"))


def resolve_model(text: str) -> Path:
    """Return the file of a network: one in the box by its name, any other by its path.

    Raises
    ------
    UserError
        If there is neither.
    """
    shipped = shipped_models()
    if text in shipped:
        return resource_path("models", text + SUFFIX)
    try:
        path = Path(text).expanduser()
        found = path.exists()
    except (OSError, RuntimeError):  # too long a name, a folder without permission, no such home
        found = False
    if not found:
        names = ", ".join(shipped)
        raise UserError(f"There is no model {text!r}: give a file, or one of {names}.")
    return path
