"""The pictures of a folder, in the order in which people count."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from viewer.core.errors import UserError

PICTURE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".avif"}
)
MAX_ENTRIES = 200_000  # looked at; a folder of more is no album
_DIGITS = re.compile(r"(\d+)")


def is_picture_name(name: str) -> bool:
    """Return whether a file's name is that of a picture; hidden files are none."""
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in PICTURE_SUFFIXES  # noqa: PTH122 - names by the thousand, of which few become paths


def pictures_in(folder: Path) -> tuple[Path, ...]:
    """Return the pictures that lie in a folder itself, in natural order.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    tuple of pathlib.Path
        ``2.png`` comes before ``10.png``; nothing is opened.

    Raises
    ------
    UserError
        If the folder can't be read or has no pictures.
    """
    try:
        with os.scandir(folder) as entries:
            names = [
                entry.name
                for _, entry in zip(range(MAX_ENTRIES), entries, strict=False)
                if is_picture_name(entry.name) and entry.is_file()
            ]
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"{folder} can't be read ({reason}): choose another folder.") from None
    if not names:
        raise UserError(f"{folder} has no pictures: choose a folder with pictures in it.")
    return tuple(folder / name for name in sorted(names, key=natural_order))


def pictures_below(folder: Path) -> Iterator[str]:
    """Yield the paths of the pictures in a folder and those below it, sorted folder by folder.

    Links to folders aren't followed, as they can go in circles; hidden folders are left out.

    Raises
    ------
    OSError
        If one of the folders can't be listed: pictures must not go missing without a word.
    """
    for parent, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (os.path.join(parent, n) for n in sorted(names) if is_picture_name(n))  # noqa: PTH118 - a million of them


def _raise(error: OSError) -> None:
    raise error


def natural_order(name: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """Return a key that sorts numbers in names by their value and letters without case."""
    parts = _DIGITS.split(name.casefold())
    # Odd places are digits; both kinds of part have to be comparable with one another.
    key = tuple((0, int(p), "") if i % 2 else (1, 0, p) for i, p in enumerate(parts) if p)
    return key, name
