"""The runs on disk: listed, named, deleted. Cheap to import: no torch, no numpy."""

from __future__ import annotations

import contextlib
import os
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from viewer.core.errors import UserError
from viewer.core.training.kept_index import STEPS_NAME
from viewer.core.training.run_info import (
    CONFIG_NAME,
    INFO_NAME,
    Parent,
    RunInfo,
    RunStatus,
    checked_name,
    read_info,
    seen_status,
    write_info,
)
from viewer.core.training.run_lock import LOCK_NAME, RunLock

__all__ = [
    "Parent",
    "RunInfo",
    "RunStatus",
    "RunSummary",
    "delete_run",
    "is_run",
    "list_runs",
    "new_run_path",
    "rename_run",
]

MAX_FOLDER_NAME = 60  # characters
# All that a run puts into its folder: nothing else is ever deleted.
_FILES = re.compile(
    r"run\.json|config\.json|environment\.json|network\.json|metrics\.csv|batches\.csv"
    r"|layers\.csv|changes\.jsonl|checkpoint\.pt|network\.safetensors|\..+\.part"
    + "|"
    + re.escape(LOCK_NAME)
)
_FOLDERS = {
    STEPS_NAME: re.compile(r"\d+\.safetensors|index\.json|\..+\.part"),
    "tensorboard": re.compile(r"events\.out\.tfevents\..+"),
}


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run as a list of runs shows it.

    Attributes
    ----------
    path : pathlib.Path
        Its folder.
    id, name : str
    created : str
        ISO 8601, UTC; empty if the folder is damaged.
    parent_id : str or None
    parent_step : int or None
    status : RunStatus
        ``stopped`` for one that was killed, ``damaged`` for one that can't be read.
    step, steps : int
        Steps stored, steps in all.
    accuracy : float or None
        On the test images, [0, 1].
    size_bytes : int
        Of all its files.
    """

    path: Path
    id: str
    name: str
    created: str
    parent_id: str | None
    parent_step: int | None
    status: RunStatus
    step: int
    steps: int
    accuracy: float | None
    size_bytes: int


def list_runs(root: Path) -> list[RunSummary]:
    """Return the runs in the folders of `root`, the oldest first; none where there is no root."""
    try:
        with os.scandir(root) as entries:
            paths = [Path(entry.path) for entry in entries if entry.is_dir()]
    except OSError:
        return []
    found = [_summary(path) for path in paths if is_run(path)]
    return sorted(found, key=lambda run: (run.created, run.path.name))


def new_run_path(root: Path, name: str) -> Path:
    """Return a folder for a new run that isn't there yet, named after it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:MAX_FOLDER_NAME] or "run"
    number = 1
    path = root / slug
    while os.path.lexists(path):
        number += 1
        path = root / f"{slug}-{number}"
    return path


def rename_run(path: Path, name: str) -> None:
    """Give a run another name to show; its folder stays where it is.

    Raises
    ------
    UserError
        If there is no run, the name can't be shown, or the disk doesn't take it.
    """
    write_info(path, replace(read_info(path), name=checked_name(name)))


def delete_run(path: Path) -> None:
    """Delete a run's folder; files in it that are no run's stay, and the folder with them.

    Raises
    ------
    UserError
        If it is no run's folder, is trained in just now, or can't be deleted.
    """
    if path.is_symlink() or not is_run(path):
        raise UserError(f"{path} is no folder of a run: nothing was deleted.")
    lock = RunLock(path)  # refuses if somebody trains in it, and lets nobody begin meanwhile
    try:
        for name, pattern in _FOLDERS.items():
            _delete_files(path / name, pattern)
        # What makes it a run goes last: what a crash leaves can be deleted again.
        last = (INFO_NAME, CONFIG_NAME, LOCK_NAME)
        _delete_files(path, _FILES, last=last, before_last=lock.release)
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"{path} can't be deleted ({reason}): look at its files.") from None
    finally:
        lock.release()


def is_run(path: Path) -> bool:
    """Return whether a folder holds a run, be it a damaged one."""
    return (path / INFO_NAME).is_file() or (path / CONFIG_NAME).is_file()


def _summary(path: Path) -> RunSummary:
    size = _size(path)
    try:
        info = read_info(path)
        if not (path / CONFIG_NAME).is_file():
            raise UserError("no configuration")
    except UserError:
        name = "".join(c if c.isprintable() else "?" for c in path.name)
        return RunSummary(path, name, name, "", None, None, RunStatus.DAMAGED, 0, 0, None, size)
    parent = info.parent
    return RunSummary(
        path=path,
        id=info.id,
        name=info.name,
        created=info.created,
        parent_id=parent.id if parent else None,
        parent_step=parent.step if parent else None,
        status=seen_status(path, info),
        step=info.step,
        steps=info.steps,
        accuracy=info.test_accuracy,
        size_bytes=size,
    )


def _size(path: Path) -> int:
    """Return the bytes of the files of a run; what goes away meanwhile doesn't count."""
    total = 0
    for folder in (path, *(path / name for name in _FOLDERS)):
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.is_file(follow_symlinks=False):
                        total += entry.stat(follow_symlinks=False).st_size
    return total


def _delete_files(
    folder: Path,
    pattern: re.Pattern[str],
    last: tuple[str, ...] = (),
    before_last: Callable[[], None] = lambda: None,
) -> None:
    """Delete the files that fit, then the folder if nothing else is in it.

    Those in `last` go in that order, after the others; `before_last` is called before the last.
    """
    if folder.is_symlink() or not folder.is_dir():
        return
    names = sorted(entry.name for entry in folder.iterdir() if pattern.fullmatch(entry.name))
    for name in [*(n for n in names if n not in last), *(n for n in last if n in names)]:
        if name in last[-1:]:
            before_last()  # it is open, and not every system deletes such a file
        (folder / name).unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()
