"""Files that somebody wants classified: pictures and stroke files."""

from __future__ import annotations

from pathlib import Path

from viewer.core.imaging.pictures import open_picture
from viewer.core.imaging.stroke_file import read_stroke_file
from viewer.core.records import Drawing, Picture

STROKE_SUFFIXES = frozenset({".jsonl", ".ndjson", ".json"})


def is_stroke_file(path: Path) -> bool:
    """Return whether `path` is taken for a stroke file, by its ending."""
    return path.suffix.lower() in STROKE_SUFFIXES


def open_inputs(path: Path) -> list[Drawing | Picture]:
    """Read everything there is to classify in a file.

    Parameters
    ----------
    path : pathlib.Path
        A stroke file (JSON Lines, one drawing a line) or a picture.

    Returns
    -------
    list of Drawing or Picture
        At least one.

    Raises
    ------
    UserError
        If the file can't be read, or is neither.
    """
    if is_stroke_file(path):
        return list(read_stroke_file(path))
    return [open_picture(path)]
