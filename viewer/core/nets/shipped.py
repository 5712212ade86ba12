"""The networks in the box, by name; needs no torch, so that the window can list them at once."""

from __future__ import annotations

from pathlib import Path

from viewer.core.errors import UserError
from viewer.core.resources import resource_path

SUFFIX = ".safetensors"
# Only what a file is taken for when it is dropped or named: what is in it decides.
MODEL_SUFFIXES = frozenset(
    {SUFFIX, ".pt", ".pth", ".pt2", ".ts", ".onnx", ".ckpt", ".bin", ".pkl", ".tar"}
)
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
    path = existing_path(text)
    if path is None:
        names = ", ".join(shipped)
        raise UserError(
            f"There is no model {text!r}: give a file, one of {names}, "
            "or an architecture of torchvision."
        )
    return path


def existing_path(text: str) -> Path | None:
    """Return the file or folder that a text names; None if there is none, or can't be."""
    try:
        path = Path(text).expanduser()
        return path if path.exists() else None
    except (OSError, RuntimeError, ValueError):  # too long, not permitted, no such home, a NUL
        return None
