"""Which steps of a run are kept, and why: ``steps/`` and its index. No torch here."""

from __future__ import annotations

import json
import math
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from viewer.core.files import disk_error, replace_file

STEPS_NAME = "steps"
INDEX_NAME = "index.json"
MAX_INDEX_BYTES = 1 << 26
# Why a step is pinned: thinning leaves it as long as it can.
START, EPOCH, BEST, CHANGE = MARKS = ("start", "epoch", "best", "change")
_FILE = re.compile(r"(\d{8,12})\.safetensors")


@dataclass(slots=True)
class KeptStep:
    """One step that was stored.

    Attributes
    ----------
    step : int
    size : int
        Bytes of its file.
    travelled : float
        Length of the way of the weights up to it, from kept step to kept step; relative
        changes, added up.
    marks : set of str
        Of `MARKS`; empty for one that may be dropped.
    """

    step: int
    size: int
    travelled: float = 0.0
    marks: set[str] = field(default_factory=set)


def step_path(folder: Path, step: int) -> Path:
    """Return where a step of the run in `folder` is or would be stored."""
    return folder / STEPS_NAME / f"{step:08d}.safetensors"


def kept_files(folder: Path) -> dict[int, int]:
    """Return the bytes of each kept step of the run in `folder`, steps growing."""
    found: dict[int, int] = {}
    try:
        with os.scandir(folder / STEPS_NAME) as entries:
            for entry in entries:
                match = _FILE.fullmatch(entry.name)
                if match:
                    found[int(match[1])] = entry.stat().st_size
    except OSError:  # none yet, or one was dropped just now
        pass
    return dict(sorted(found.items()))


def read_index(folder: Path) -> list[KeptStep]:
    """Return the kept steps of the run in `folder`, growing; what has no file is left out.

    A damaged index costs the marks, not the steps.
    """
    index = _entries(folder)
    kept: list[KeptStep] = []
    travelled = 0.0
    for step, size in kept_files(folder).items():
        entry = index.get(step, {})
        way, marks = entry.get("travelled"), entry.get("marks")
        if isinstance(way, float) and math.isfinite(way):
            travelled = max(travelled, way)
        known = {m for m in marks if m in MARKS} if isinstance(marks, list) else set()
        kept.append(KeptStep(step, size, travelled, known))
    return kept


def write_index(folder: Path, kept: list[KeptStep]) -> None:
    """Store marks and ways of all kept steps; UserError if the disk doesn't take them."""
    entries = {k.step: {"travelled": k.travelled, "marks": sorted(k.marks)} for k in kept}
    path = folder / STEPS_NAME / INDEX_NAME
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise disk_error(path, error) from None
    replace_file(path, json.dumps(entries).encode())


def _entries(folder: Path) -> dict[int, dict[str, object]]:
    try:
        with (folder / STEPS_NAME / INDEX_NAME).open("rb") as file:
            values = json.loads(file.read(MAX_INDEX_BYTES))
        return {int(step): entry for step, entry in values.items() if isinstance(entry, dict)}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}
