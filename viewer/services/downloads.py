"""Downloads, of data sets or of weights, one at a time, on a thread of their own."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtBoundSignal, pyqtSignal

from viewer.core.errors import UserError
from viewer.core.mailbox import Mailbox
from viewer.services.worker import Worker

if TYPE_CHECKING:
    from viewer.core.data.downloads import Cancel

TELL_EVERY_S = 0.05  # a fast network gives thousands of chunks a second


@dataclass(frozen=True, slots=True)
class _Job:
    name: str
    number: int


class DownloadService(QObject):
    """Downloads data sets by name; a new request takes the place of the one before.

    Of one that was given up nothing is told but `cancelled`, also if it had just ended.

    Parameters
    ----------
    root : pathlib.Path
        Where downloaded data sets are kept.
    download : callable, optional
        ``download(name, root, progress=…, cancel=…)`` fetches something else than a data set;
        called on the thread.

    Signals
    -------
    progress(str, int, int)
        Name of the data set, bytes that arrived, bytes in all (0: not known).
    finished(str)
        Name of a data set that is on this machine now.
    failed(str)
        One sentence on what went wrong.
    cancelled(str)
        Name of a data set that was given up on request.
    """

    progress = pyqtSignal(str, "qlonglong", "qlonglong")  # an int of Qt's ends at 2 GB
    finished = pyqtSignal(str)
    failed = pyqtSignal(str)
    cancelled = pyqtSignal(str)
    # From the worker's thread: the job, a signal, its arguments, whether the job ends.
    _told = pyqtSignal(object, object, object, bool)

    def __init__(
        self,
        root: Path,
        parent: QObject | None = None,
        *,
        download: Callable[..., None] | None = None,
    ) -> None:
        super().__init__(parent)
        self._root = root
        self._download = download
        self._mailbox: Mailbox[_Job] = Mailbox("download")
        self._worker = Worker("downloads", self._mailbox, self._handle, self._on_error)
        self._lock = threading.Lock()
        self._number = 0  # of the request that is wanted; 0: none
        self._count = 0
        self._cancel: Cancel | None = None  # of the one at work
        self._job = _Job("", 0)  # at work; the worker's thread only
        self._told.connect(self._on_told)

    def start(self) -> None:
        """Start the thread; nothing happens on it before the first request."""
        self._worker.start()

    def download(self, name: str) -> None:
        """Ask for a data set by its registered name."""
        with self._lock:
            self._count += 1
            self._number = self._count
            self._wake()
        self._mailbox.put("download", _Job(name, self._count))

    def cancel(self) -> None:
        """Give up what is being downloaded, if anything is."""
        with self._lock:
            self._number = 0
            self._wake()

    def shutdown(self) -> bool:
        """End the thread; call before any receiver of the signals is deleted."""
        self.cancel()
        return self._worker.shutdown()

    def _wake(self) -> None:
        if self._cancel is not None:
            self._cancel.cancel()

    def _on_told(
        self, job: _Job, signal: pyqtBoundSignal, args: tuple[object, ...], ends: bool
    ) -> None:
        if self._mailbox.closed:
            return
        if job.number == self._number:
            signal.emit(*args)
        elif ends:
            self.cancelled.emit(job.name)

    def _handle(self, job: _Job) -> None:
        self._job = job
        # Heavy (numpy; torch for the classes that know the addresses): on this thread.
        from viewer.core.data.downloads import Cancel, DownloadCancelled
        from viewer.core.data.registry import download_dataset

        download = self._download or download_dataset

        cancel = Cancel()
        with self._lock:
            self._cancel = cancel
            if self._number != job.number:
                cancel.cancel()
        told_at = float("-inf")

        def tell(done: int, total: int) -> None:
            nonlocal told_at
            now = time.monotonic()
            if not cancel() and (now - told_at >= TELL_EVERY_S or done in (0, total)):
                told_at = now
                self._told.emit(job, self.progress, (job.name, done, total), False)

        try:
            download(job.name, self._root, progress=tell, cancel=cancel)
        except DownloadCancelled:
            self._end(self.cancelled, job.name)
        else:
            self._end(self.finished, job.name)
        finally:
            with self._lock:
                self._cancel = None

    def _end(self, signal: pyqtBoundSignal, text: str) -> None:
        """Give the last signal of the job at work."""
        self._told.emit(self._job, signal, (text,), True)

    def _on_error(self, error: Exception) -> None:
        if isinstance(error, UserError):
            self._end(self.failed, str(error))
            return
        traceback.print_exception(error)
        sentence = f"The download stopped ({type(error).__name__}: {error}): start it again."
        self._end(self.failed, sentence)
