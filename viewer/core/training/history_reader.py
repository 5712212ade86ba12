"""A run's numbers read from its folder, also while something else writes it. No torch here.

Nothing in the folder is changed, made or locked. A line is taken once its end is there, and a
file that was replaced or cut short, as one is when a run is resumed, is read from its start.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path

from viewer.core.errors import UserError
from viewer.core.training.history import Columns, History, Mark
from viewer.core.training.kept_index import INDEX_NAME, STEPS_NAME, kept_files, read_index
from viewer.core.training.run_info import (
    BATCHES_NAME,
    INFO_NAME,
    RunInfo,
    RunStatus,
    read_info,
    seen_status,
)

METRICS_NAME = "metrics.csv"
LAYERS_NAME = "layers.csv"
CHANGES_NAME = "changes.jsonl"
TAIL_BYTES = 256  # what was read last is compared: a replaced file differs in it
MAX_TEXT = 200  # of a mark: it is laid out on the window's thread
_Seen = tuple[int, int, int]  # inode, bytes, time of the last change


class HistoryReader:
    """Reads what is in a run's folder, and then what is added to it.

    Parameters
    ----------
    path : pathlib.Path
        The folder; it may not be there yet.

    Attributes
    ----------
    path : pathlib.Path
    history : History
        The same object for ever; `update` adds to it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.history = History()
        self._info: RunInfo | None = None
        self._status: RunStatus | None = None
        self._kept: dict[int, int] = {}
        self._marks: dict[int, frozenset[str]] = {}
        self._seen: dict[str, _Seen | None] = {}
        self._files = (
            (_Tail(path / BATCHES_NAME), self._restart_batches, self._take_batch),
            (_Tail(path / METRICS_NAME), self._restart_epochs, self._take_epoch),
            (_Tail(path / LAYERS_NAME), self._restart_layers, self._take_layer),
            (_Tail(path / CHANGES_NAME), self.history.marks.clear, self._take_change),
        )

    @property
    def info(self) -> RunInfo:
        """What the run says about itself, as of the last `update`; UserError if nothing yet."""
        return self._info if self._info is not None else read_info(self.path)

    @property
    def status(self) -> RunStatus:
        """What became of the run, as of the last `update`; see `seen_status`."""
        return self.info.status if self._status is None else self._status

    @property
    def kept_steps(self) -> tuple[int, ...]:
        """Steps that can be visited, growing, as of the last `update`."""
        return tuple(self._kept)

    @property
    def kept_files(self) -> Mapping[int, int]:
        """Bytes of each of them, as of the last `update`."""
        return self._kept

    @property
    def kept_marks(self) -> dict[int, frozenset[str]]:
        """Why steps are pinned, for those that are, as of the last `update`."""
        return self._marks

    def update(self) -> bool:
        """Read what is new; return whether anything is.

        A folder that can't be read just now, as on a shared file system, has nothing new.
        """
        changed = False
        for tail, restart, take in self._files:
            lines, restarted = tail.read()
            if restarted:
                restart()
            for line in lines:
                with contextlib.suppress(ValueError, OverflowError):  # the header, a damaged line
                    take(line)
            changed |= restarted or bool(lines)
        changed |= self._update_info() | self._update_kept()
        return self._update_status() | changed

    def _update_info(self) -> bool:
        if not self._is_new(INFO_NAME) and self._info is not None:
            return False
        with contextlib.suppress(UserError):
            info, self._info = self._info, read_info(self.path)
            return info != self._info
        return False

    def _update_status(self) -> bool:
        """Look whether the run is at work: one that is killed doesn't tell."""
        before = self._status
        self._status = None if self._info is None else seen_status(self.path, self._info)
        return self._status is not before

    def _update_kept(self) -> bool:
        kept = kept_files(self.path)
        if not self._is_new(f"{STEPS_NAME}/{INDEX_NAME}") and kept == self._kept:
            return False
        self._kept = kept
        self._marks = {k.step: frozenset(k.marks) for k in read_index(self.path) if k.marks}
        return True

    def _is_new(self, name: str) -> bool:
        """Return whether a file has changed since this was asked last."""
        try:
            seen = _seen((self.path / name).stat())
        except OSError:
            seen = None
        if seen == self._seen.get(name):
            return False
        self._seen[name] = seen
        return True

    def _take_batch(self, line: str) -> None:
        step, _, loss, accuracy, lr = line.split(",")
        _append(self.history.batches, int(step), _number(loss), _number(accuracy), _number(lr))

    def _take_epoch(self, line: str) -> None:
        _, step, *numbers = line.split(",")
        loss, accuracy, validation_loss, validation_accuracy = map(_number, numbers)
        epochs = self.history.epochs
        _append(epochs, int(step), loss, accuracy, validation_loss, validation_accuracy)

    def _take_layer(self, line: str) -> None:
        # The name comes last: it alone could hold a comma.
        step, gradient, ratio, dead, name = line.split(",", 4)
        row = (int(step), _number(gradient), _number(ratio), _number(dead))
        if name in self.history.layers:
            _append(self.history.layers[name], *row)
        elif len(name) <= MAX_TEXT and name.isprintable():
            self.history.add_layer(name, *row)

    def _take_change(self, line: str) -> None:
        values = json.loads(line)
        step = values.get("step") if isinstance(values, dict) else None
        text = values.get("text") if isinstance(values, dict) else None
        if not isinstance(step, int) or not isinstance(text, str) or not text.isprintable():
            raise ValueError(line)
        self.history.marks.append(Mark(step, text[:MAX_TEXT]))

    def _restart_batches(self) -> None:
        self.history.batches.cut(-1)

    def _restart_epochs(self) -> None:
        self.history.epochs.cut(-1)

    def _restart_layers(self) -> None:
        for columns in self.history.layers.values():
            columns.cut(-1)


class _Tail:
    """The lines that were added to a file since they were read last."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: _Seen | None = None
        self._offset = 0
        self._last = b""  # what stands before the offset

    def read(self) -> tuple[list[str], bool]:
        """Return the new whole lines, and whether the file is another one than before."""
        try:
            seen = _seen(self._path.stat())
            if seen == self._seen:
                return [], False
            with self._path.open("rb") as file:
                restarted = self._is_other(file.fileno())
                if restarted:
                    self._offset, self._last = 0, b""
                file.seek(self._offset)
                content = file.read()
        except OSError:
            return [], False
        self._seen = seen
        end = content.rfind(b"\n") + 1  # half a line waits for the rest of it
        content = content[:end]
        self._offset += end
        self._last = (self._last + content)[-TAIL_BYTES:]
        return content.decode(errors="replace").splitlines(), restarted

    def _is_other(self, descriptor: int) -> bool:
        os.lseek(descriptor, self._offset - len(self._last), os.SEEK_SET)
        return os.read(descriptor, len(self._last)) != self._last


def _seen(status: os.stat_result) -> _Seen:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _append(columns: Columns, step: int, *numbers: float) -> None:
    """Add a row; rows of this step or later ones were done again, and go."""
    if len(columns) and columns.column("step")[-1] >= step:
        columns.cut(step - 1)
    columns.append(step, *numbers)


def _number(text: str) -> float:
    """Return a number to be plotted: NaN for none, and for what is too large for a curve."""
    number = float(text) if text else math.nan
    return number if math.isfinite(number) else math.nan
