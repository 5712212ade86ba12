"""Where data sets that are not in the box are kept."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from viewer.core.program import APPLICATION, ORGANISATION


def drawings_file() -> Path:
    """Return the stroke file of the user's own labelled drawings, which need not exist yet."""
    return data_folder().parent / "drawings.jsonl"


def data_folder() -> Path:
    """Return the folder of downloaded data sets, which need not exist yet.

    It is the one that Qt calls ``AppDataLocation``, worked out without Qt, so that the command
    line and the window share what was downloaded.
    """
    if sys.platform == "win32":
        base = _from_environment("APPDATA", Path.home() / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = _from_environment("XDG_DATA_HOME", Path.home() / ".local" / "share")
    return base / ORGANISATION / APPLICATION / "datasets"


def _from_environment(variable: str, otherwise: Path) -> Path:
    value = Path(os.environ.get(variable, ""))
    return value if value.is_absolute() else otherwise  # as the XDG specification asks
