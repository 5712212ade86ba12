"""What a tree of runs shows: rows, their texts, their order."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

UNITS = ("B", "kB", "MB", "GB", "TB")
STATUS_ICONS = {
    "running": "play-circle",
    "paused": "pause-circle",
    "finished": "check-circle",
    "diverged": "warning",
    "stopped": "stop-circle",
}


class RunRow(NamedTuple):
    """One run.

    Attributes
    ----------
    id, name : str
    parent_id : str or None
        Run that it was branched from.
    parent_step : int or None
        Step of the parent that it began with.
    status : str
        ``running``, ``paused``, ``finished``, ``diverged`` or ``stopped``.
    step, steps : int
        Done, and in all.
    accuracy : float or None
        On the test images, [0, 1].
    created : str
        ISO 8601.
    size_bytes : int
    color_index : int
        Of its curves.
    overlaid : bool
        Whether its curves are shown.
    """

    id: str
    name: str
    parent_id: str | None = None
    parent_step: int | None = None
    status: str = "stopped"
    step: int = 0
    steps: int = 0
    accuracy: float | None = None
    created: str = ""
    size_bytes: int = 0
    color_index: int = 0
    overlaid: bool = False


def row_texts(row: RunRow) -> tuple[str, ...]:
    """Return the text of every column but the first, the name."""
    steps = f"{row.step:,}" if row.step == row.steps else f"{row.step:,} of {row.steps:,}"
    accuracy = "" if row.accuracy is None else f"{100 * row.accuracy:.2f} %"
    branch = "" if row.parent_step is None else f"step {row.parent_step:,}"
    status = row.status.capitalize()
    return (branch, status, steps, accuracy, created_text(row.created), size_text(row.size_bytes))


def refusal(row: RunRow, action: str) -> str:
    """Return why something can't be done to a run, and what can; empty where it can be done.

    Parameters
    ----------
    row : RunRow
    action : str
        ``resume``, ``delete``, or anything else that is always possible.
    """
    if row.status == "running" and action == "resume":
        return f"{row.name} is being trained already: branch from one of its steps instead."
    if row.status == "running" and action == "delete":
        return f"{row.name} is being trained: stop that training first."
    if action == "resume" and row.step >= row.steps > 0:
        return (
            f"{row.name} has done all of its {row.steps:,} steps: to train it further, set more "
            "epochs and branch from its last step."
        )
    return ""


def created_text(created: str) -> str:
    """Return a time in the local zone, to the minute; the text itself if it is none."""
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return created
    local = moment.astimezone() if moment.tzinfo is not None else moment
    return local.strftime("%Y-%m-%d %H:%M")


def size_text(size_bytes: int) -> str:
    """Return a size with a decimal unit."""
    size = float(size_bytes)
    for unit in UNITS[:-1]:
        if size < 1000:
            return f"{size:.0f} {unit}" if size >= 100 or unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} {UNITS[-1]}"


def in_order(rows: tuple[RunRow, ...]) -> list[RunRow]:
    """Return the rows, each after its parent; a parent that is missing or a circle is none."""
    known = {row.id for row in rows}
    placed: set[str] = set()
    result: list[RunRow] = []
    waiting = list(rows)
    while waiting:
        ready = [r for r in waiting if r.parent_id not in known or r.parent_id in placed]
        ready = ready or waiting[:1]
        for row in ready:
            parent = row.parent_id if row.parent_id in placed else None
            result.append(row._replace(parent_id=parent))
            placed.add(row.id)
        waiting = [row for row in waiting if row.id not in placed]
    return result
