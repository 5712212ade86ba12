"""What a run says about itself: ``run.json``, checked. No torch here."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from viewer.core.errors import UserError
from viewer.core.files import replace_file
from viewer.core.training.run_lock import LOCK_NAME, is_held

INFO_NAME = "run.json"
CONFIG_NAME = "config.json"
NETWORK_NAME = "network.safetensors"
BATCHES_NAME = "batches.csv"
MAX_NAME_LENGTH = 200  # it is laid out on the window's thread
MAX_INFO_BYTES = 1 << 16  # ours have about 300
STALE_S = 30.0  # a run that has given no sign of life for so long was ended from outside


class RunStatus(StrEnum):
    """What became of a run."""

    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    DIVERGED = "diverged"
    STOPPED = "stopped"
    DAMAGED = "damaged"  # never stored: its folder can't be read


@dataclass(frozen=True, slots=True)
class Parent:
    """Where a run branched off.

    Attributes
    ----------
    id : str
        Of the other run.
    step : int
        Its kept step that this run began with.
    """

    id: str
    step: int


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What a run says about itself.

    Attributes
    ----------
    id : str
        Stays with the folder wherever it is moved.
    name : str
        To show.
    created : str
        ISO 8601, UTC.
    parent : Parent or None
    status : RunStatus
        As it was stored last; see `RunStatus.RUNNING` and `seen_status`.
    step, steps : int
        Steps stored, steps in all.
    test_accuracy : float or None
        Of the result, [0, 1].
    """

    id: str
    name: str
    created: str
    parent: Parent | None = None
    status: RunStatus = RunStatus.RUNNING
    step: int = 0
    steps: int = 0
    test_accuracy: float | None = None

    def to_json(self) -> str:
        """Return it as an indented JSON object."""
        return json.dumps(asdict(self), indent=2) + "\n"


def new_info(name: str, parent: Parent | None, steps: int) -> RunInfo:
    """Return the information of a run that begins now; UserError if its name can't be shown."""
    created = datetime.now(UTC).isoformat(timespec="seconds")
    return RunInfo(uuid.uuid4().hex, checked_name(name), created, parent, steps=steps)


def checked_name(name: str) -> str:
    """Return a name without blanks around it; UserError if it is no short line of text."""
    name = name.strip()
    if not name or len(name) > MAX_NAME_LENGTH or not name.isprintable():
        raise UserError(
            f"A run's name is one line of 1 to {MAX_NAME_LENGTH} characters: change it."
        )
    return name


def folder_title(folder: Path) -> str:
    """Return a name for the run in `folder` that can be shown, whatever the folder is called."""
    printable = "".join(c for c in folder.name if c.isprintable())
    return printable.strip()[:MAX_NAME_LENGTH].strip() or "run"


def read_info(folder: Path) -> RunInfo:
    """Return what the run in `folder` says about itself.

    Raises
    ------
    UserError
        If there is no run, or its ``run.json`` is damaged.
    """
    path = folder / INFO_NAME
    try:
        with path.open("rb") as file:
            content = file.read(MAX_INFO_BYTES)
    except FileNotFoundError:
        return _info_of_old_folder(folder)
    except OSError as error:
        raise UserError(f"{path} can't be read ({error.strerror or error}): look at it.") from None
    try:
        return _checked_info(json.loads(content))
    except (ValueError, RecursionError, TypeError, KeyError, UserError):
        raise UserError(f"{path} is damaged: restore it from a copy or delete the run.") from None


def write_info(folder: Path, info: RunInfo) -> None:
    """Store what a run says about itself; UserError if the disk doesn't take it."""
    replace_file(folder / INFO_NAME, info.to_json().encode())


def seen_status(folder: Path, info: RunInfo) -> RunStatus:
    """Return the status, where ``running`` is believed only of a run that is at work.

    A process that is killed can't change its status any more. On this machine its lock tells;
    elsewhere a run counts as running that wrote lately, be it the time of its lock alone.
    """
    if info.status is not RunStatus.RUNNING:
        return info.status
    held = is_held(folder)
    if held is not None:
        return RunStatus.RUNNING if held else RunStatus.STOPPED
    times = [_modified_s(folder / name) for name in (INFO_NAME, BATCHES_NAME, LOCK_NAME)]
    return RunStatus.RUNNING if time.time() - max(times) < STALE_S else RunStatus.STOPPED


def _modified_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _info_of_old_folder(folder: Path) -> RunInfo:
    """Return what is known of a run from before there was a ``run.json``."""
    try:
        modified = (folder / CONFIG_NAME).stat().st_mtime
    except OSError:
        raise UserError(f"{folder} holds no training: choose the folder of a run.") from None
    created = datetime.fromtimestamp(modified, UTC).isoformat(timespec="seconds")
    finished = (folder / NETWORK_NAME).exists()
    status = RunStatus.FINISHED if finished else RunStatus.STOPPED
    return RunInfo(folder.name, folder_title(folder), created, status=status)


def _checked_info(values: Any) -> RunInfo:
    """Return the information in a JSON object; ValueError, TypeError, KeyError if it is wrong."""
    parent = values["parent"]
    accuracy = values["test_accuracy"]
    datetime.fromisoformat(_text(values["created"]))
    if accuracy is not None and not (type(accuracy) in (int, float) and 0 <= accuracy <= 1):
        raise ValueError(accuracy)
    status = RunStatus(values["status"])
    if status is RunStatus.DAMAGED:
        raise ValueError(status)
    return RunInfo(
        id=_text(values["id"]),
        name=checked_name(_text(values["name"])),
        created=values["created"],
        parent=None if parent is None else Parent(_text(parent["id"]), _count(parent["step"])),
        status=status,
        step=_count(values["step"]),
        steps=_count(values["steps"]),
        test_accuracy=accuracy,
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_NAME_LENGTH or not value.isprintable():
        raise ValueError(value)
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 62:
        raise ValueError(value)
    return value
