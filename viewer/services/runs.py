"""Runs on disk: listed, read, followed, and their kept steps shown, on a thread of its own."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeAlias

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.errors import UserError
from viewer.core.live import Snapshot
from viewer.core.mailbox import Mailbox
from viewer.services.worker import Worker

if TYPE_CHECKING:
    from viewer.core.training.history import History
    from viewer.core.training.history_reader import HistoryReader
    from viewer.core.training.run_info import RunInfo, RunStatus


@dataclass(frozen=True, slots=True)
class RunNumbers:
    """What a run's folder tells.

    Attributes
    ----------
    path : pathlib.Path
    info : RunInfo
    status : RunStatus
        What became of it: ``stopped``, too, for one whose process was killed.
    history : History
        Belongs to the receiver: the service never touches it again.
    kept : mapping of int to int
        Bytes of each step that can be visited, steps growing.
    marks : mapping of int to set of str
        Why a step is kept for long: ``start``, ``epoch``, ``best``, ``change``.
    """

    path: Path
    info: RunInfo
    status: RunStatus
    history: History
    kept: Mapping[int, int]
    marks: Mapping[int, frozenset[str]]


@dataclass(frozen=True, slots=True)
class _List:
    root: Path


@dataclass(frozen=True, slots=True)
class _Rescan:
    root: Path


@dataclass(frozen=True, slots=True)
class _Read:
    path: Path


@dataclass(frozen=True, slots=True)
class _Follow:
    path: Path
    number: int


@dataclass(frozen=True, slots=True)
class _Show:
    path: Path
    step: int
    reference: int | None


@dataclass(frozen=True, slots=True)
class _Rename:
    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class _Delete:
    path: Path


@dataclass(frozen=True, slots=True)
class _Queued:
    """There is something in the queue."""


_Each: TypeAlias = _Read | _Rename | _Delete
_Times: TypeAlias = Mapping[str, int]  # by the folder's name
_Job: TypeAlias = _List | _Rescan | _Follow | _Show | _Queued


def kept_origin(path: Path) -> str:
    """Return the origin of the snapshots of the run at `path` that come from its folder."""
    return f"kept {path}"


class RunsService(QObject):
    """Looks after the folders of runs.

    Of what is to be listed, looked at and shown, the newest wins; the rest is all done, in order.

    Parameters
    ----------
    publish : callable
        Gets the `Snapshot` of a kept step, on this service's thread; must return at once.

    Signals
    -------
    runs_listed(list of RunSummary)
    numbers_ready(RunNumbers)
        Of a run that was asked for once.
    followed(RunNumbers)
        Of the run that is followed, whenever there is something new.
    changed()
        A run was renamed or deleted: list them again.
    deleted(Path)
        Before that: the folder of the run that is no more.
    not_deleted(Path)
        It is there still; `failed` says why.
    failed(str)
        One sentence.
    """

    runs_listed = pyqtSignal(object)
    numbers_ready = pyqtSignal(object)
    followed = pyqtSignal(object)
    changed = pyqtSignal()
    deleted = pyqtSignal(object)
    not_deleted = pyqtSignal(object)
    failed = pyqtSignal(str)

    def __init__(
        self,
        publish: Callable[[Snapshot], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._publish = publish
        self._mailbox: Mailbox[_Job] = Mailbox("show", "queue", "list", "rescan", "follow")
        self._queue: SimpleQueue[_Each] = SimpleQueue()
        self._worker = Worker("runs", self._mailbox, self._handle, self._on_error)
        self._followed = 0  # how often another run was followed
        self._reader: HistoryReader | None = None  # of the run that is followed
        self._reads = 0  # number of that run
        self._seen: tuple[Path, _Times] | None = None  # what was listed last
        self._gone: set[Path] = set()  # deleted here: what is asked of them later is dropped

    def start(self) -> None:
        """Start the thread."""
        self._worker.start()

    def list_runs(self, root: Path) -> None:
        """Ask for all runs below a folder."""
        self._mailbox.put("list", _List(root))

    def rescan(self, root: Path) -> None:
        """List them again if another process has changed them; cheap, to be called often."""
        self._mailbox.put("rescan", _Rescan(root))

    def read(self, path: Path) -> None:
        """Ask for the numbers of a run as they are now."""
        self._enqueue(_Read(path))

    def follow(self, path: Path) -> None:
        """Look at another run from now on: at first, all that its folder has is told.

        Also of one that was followed before: what was told then is forgotten.
        """
        self._followed += 1
        self.look(path)

    def look(self, path: Path) -> None:
        """Look once whether the run that is followed has anything new; call it now and then."""
        self._mailbox.put("follow", _Follow(path, self._followed))

    def show(self, path: Path, step: int, reference: int | None = None) -> None:
        """Show a kept step, or what it differs in from another."""
        self._mailbox.put("show", _Show(path, step, reference))

    def rename(self, path: Path, name: str) -> None:
        """Give a run another name."""
        self._enqueue(_Rename(path, name))

    def delete(self, path: Path) -> None:
        """Delete a run's folder."""
        self._enqueue(_Delete(path))

    def shutdown(self) -> bool:
        """End the thread; call before any receiver of the signals is deleted."""
        return self._worker.shutdown()

    def _enqueue(self, job: _Each) -> None:
        self._queue.put(job)
        self._mailbox.put("queue", _Queued())

    def _handle(self, job: _Job) -> None:
        if isinstance(job, _List):
            self._list(job.root, _times(job.root))
        elif isinstance(job, _Rescan):
            times = _times(job.root)
            if (job.root, times) != self._seen:
                self._list(job.root, times)
        elif isinstance(job, _Queued):
            self._work_off()
        elif self._is_gone(job.path):
            return
        elif isinstance(job, _Follow):
            self._look(job)
        else:
            self._show(job)

    def _list(self, root: Path, times: _Times) -> None:
        from viewer.core.training import library

        self._seen = root, times  # from before: what changes meanwhile is seen the next time
        self.runs_listed.emit(library.list_runs(root))

    def _work_off(self) -> None:
        """Do what waits; one that can't be done is told, and the others are done."""
        while not self._queue.empty() and not self._mailbox.closed:
            try:
                self._do(self._queue.get())
            except Exception as error:  # noqa: BLE001 - a worker reports and lives on
                self._on_error(error)

    def _do(self, job: _Each) -> None:
        from viewer.core.training import library

        if self._is_gone(job.path):
            return
        if isinstance(job, _Read):
            self._read(job.path)
        elif isinstance(job, _Rename):
            library.rename_run(job.path, job.name)
            self.changed.emit()
        else:
            self._delete(job.path)

    def _delete(self, path: Path) -> None:
        from viewer.core.training import library

        try:
            library.delete_run(path)
        except BaseException:
            self.not_deleted.emit(path)
            raise
        self._gone.add(path)
        if self._reader is not None and self._reader.path == path:
            self._reader = None
        self.deleted.emit(path)
        self.changed.emit()

    def _is_gone(self, path: Path) -> bool:
        """Return whether a run was deleted here, and no other took its folder since."""
        from viewer.core.training import library

        return path in self._gone and not library.is_run(path)

    def _read(self, path: Path) -> None:
        from viewer.core.training.history_reader import HistoryReader

        reader = HistoryReader(path)
        reader.update()
        self.numbers_ready.emit(_numbers(reader))

    def _look(self, job: _Follow) -> None:
        from viewer.core.training.history_reader import HistoryReader

        if self._reader is None or (self._reader.path, self._reads) != (job.path, job.number):
            self._reader, self._reads = HistoryReader(job.path), job.number
        if self._reader.update():
            self.followed.emit(_numbers(self._reader))

    def _show(self, job: _Show) -> None:
        from viewer.core.training.run_folder import RunFolder

        folder = RunFolder(job.path)
        title, metadata, kept = folder.info().name, folder.metadata(), folder.kept_steps()
        origin = kept_origin(job.path)
        step = _nearest(kept.steps(), job.step)
        found = Snapshot(origin, title, metadata, step, kept.weights(step))
        if job.reference is not None:
            reference = _nearest(kept.steps(), job.reference)
            before = Snapshot(origin, title, metadata, reference, kept.weights(reference))
            found = replace(found, reference=before)
        self._publish(found)

    def _on_error(self, error: Exception) -> None:
        if isinstance(error, UserError):
            self.failed.emit(str(error))
            return
        traceback.print_exception(error)
        self.failed.emit(f"The run can't be used: {type(error).__name__}: {error}.")


def _times(root: Path) -> _Times:
    """Return when each folder below `root` changed last, in ns: a run replaces its files."""
    try:
        with os.scandir(root) as entries:
            return {entry.name: entry.stat().st_mtime_ns for entry in entries if entry.is_dir()}
    except OSError:  # there are no runs yet, or one is just being deleted
        return {}


def _nearest(kept: tuple[int, ...], step: int) -> int:
    """Return the kept step nearest to one that may have been dropped for others meanwhile."""
    return min(kept, key=lambda other: abs(other - step), default=step)


def _numbers(reader: HistoryReader) -> RunNumbers:
    """Return what was read, as it is now: the reader goes on."""
    return RunNumbers(
        reader.path,
        reader.info,
        reader.status,
        reader.history.snapshot(),
        dict(reader.kept_files),
        dict(reader.kept_marks),
    )
