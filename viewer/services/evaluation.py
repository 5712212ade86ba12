"""Evaluation of a network on test images, on a thread of its own, with progress and cancel."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from PyQt6.QtCore import QObject, pyqtBoundSignal, pyqtSignal

from viewer.core.errors import UserError
from viewer.core.mailbox import Mailbox
from viewer.services.thread_counts import SMALL_PX, processors, use_threads
from viewer.services.worker import Worker

if TYPE_CHECKING:
    from torch import Tensor

    from viewer.core.data.dataset import ImageDataset
    from viewer.core.nets.checkpoint import LoadedNetwork, Metadata
    from viewer.core.nets.profile import Profile
    from viewer.core.training.report import Report

J = TypeVar("J")
LoadTest = Callable[[str], "ImageDataset"]
Progress = Callable[[int, int], None]

DEFAULT_DATASET = "mnist"
# Training and the live network need the cores: see viewer.services.thread_counts.
INTRA_OP_THREADS = 1


class Cancelled(Exception):  # noqa: N818 - it is no error
    """The job at hand is not wanted any more."""


@dataclass(frozen=True, slots=True)
class NetworkSource:
    """Where a network comes from: a model, or a snapshot of weights.

    Attributes
    ----------
    title : str
        Name to show (``digits``, ``second run, step 1,200``).
    model : str
        Name in the box or of torchvision's, or a file's path; empty for a snapshot.
    metadata : Metadata or None
    weights : mapping of str to Tensor, or None
        State dict of a snapshot; never changed.
    trust : bool
        Whether the code in the file may run.
    profile : Profile or None
        What a person has said about the file.
    """

    title: str
    model: str = ""
    metadata: Metadata | None = None
    weights: Mapping[str, Tensor] | None = None
    trust: bool = False
    profile: Profile | None = None

    def load(self) -> LoadedNetwork:
        """Build the network, on the thread that is to own it.

        Raises
        ------
        UserError
            If there is no such model, or the weights don't fit.
        """
        # Heavy (torch), and needed on workers' threads only.
        from viewer.core.nets.opening import open_network
        from viewer.core.training.evaluation import build_network

        if self.metadata is None or self.weights is None:
            return open_network(self.model, trust=self.trust, profile=self.profile)
        return build_network(self.title, self.metadata, self.weights)


@dataclass(frozen=True, slots=True)
class EvaluationJob:
    """One evaluation.

    Attributes
    ----------
    network : NetworkSource
    dataset : str
        Registered name, or a `FolderName` as text; empty for the one that the network was
        trained on.
    """

    network: NetworkSource
    dataset: str = ""


@dataclass(frozen=True, slots=True)
class _Thumbnails:
    report: Report
    indices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _ReportPicture:
    report: Report
    index: int


class JobService(QObject, Generic[J]):
    """Does one long job at a time on its own thread; a newer job replaces the one at hand.

    Subclasses do the work in `_work`; what they tell goes through `_tell` and `_end`. Both
    give their signals on the thread that made the service, and nothing of a job after a newer one
    was submitted: what is told is always about the last one.

    Signals
    -------
    progress(int, int)
        Parts done and in all, of the job at hand.
    failed(str)
        One sentence on what went wrong.
    cancelled()
        The job at hand ended before its end, because `cancel` was called. Once that was called,
        nothing else is told of the job, and this once.
    """

    progress = pyqtSignal(int, int)
    failed = pyqtSignal(str)
    cancelled = pyqtSignal()
    # From the worker's thread: number of the job, a signal, its arguments, whether the job ends.
    _told = pyqtSignal(int, object, object, bool)

    def __init__(
        self, name: str, load_test: LoadTest | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._mailbox: Mailbox[tuple[int, J]] = Mailbox("job")
        self._worker = Worker(name, self._mailbox, self._handle, self._on_error)
        self._load_test = load_test
        self._lock = threading.Lock()
        self._last = 0  # number of the last job that was asked for
        self._wanted = 0  # number of the job that is to be done; 0 for none
        self._at_hand = 0  # number of the job that is being done; the worker's thread only
        self._dataset: tuple[str, ImageDataset] | None = None  # the worker's thread only
        self._told.connect(self._on_told)

    def start(self) -> None:
        """Start the thread; nothing heavy is imported before the first job."""
        self._worker.start()

    def submit(self, job: J) -> None:
        """Begin a job; the one at hand is dropped without a word."""
        with self._lock:
            self._last += 1
            self._wanted = self._last
            self._mailbox.put("job", (self._last, job))

    def cancel(self) -> None:
        """Drop the job at hand within one batch; nothing happens if there is none."""
        with self._lock:
            self._wanted = 0

    def shutdown(self) -> bool:
        """End the thread; call before any receiver of the signals is deleted."""
        return self._worker.shutdown()

    def _work(self, job: J, progress: Progress, unwanted: Callable[[], bool]) -> None:
        """Do the job and `_end` it; raise `Cancelled` once `unwanted`."""
        raise NotImplementedError

    def _tell(self, signal: pyqtBoundSignal, *args: object) -> None:
        """Give a signal of the job at hand, unless it isn't wanted any more."""
        self._told.emit(self._at_hand, signal, args, False)

    def _end(self, signal: pyqtBoundSignal, *args: object) -> None:
        """Give the last signal of the job at hand; `cancelled` in its place if it was."""
        self._told.emit(self._at_hand, signal, args, True)

    def _on_told(
        self, number: int, signal: pyqtBoundSignal, args: tuple[object, ...], ends: bool
    ) -> None:
        if number != self._last or self._mailbox.closed:
            return  # a newer job was submitted meanwhile, or nobody listens
        if self._wanted:
            signal.emit(*args)
        elif ends:
            self.cancelled.emit()

    def _test_images(self, name: str) -> ImageDataset:
        """Return a data set's test part; the last one is kept."""
        from viewer.core.data.registry import load_dataset

        if self._dataset is None or self._dataset[0] != name:
            load = self._load_test or (lambda wanted: load_dataset(wanted, "test"))
            self._dataset = (name, load(name))
        return self._dataset[1]

    def _handle(self, item: tuple[int, J]) -> None:
        number, job = item
        self._at_hand = number
        import torch  # heavy: on this thread, and not before it is needed

        torch.set_num_threads(INTRA_OP_THREADS)

        def unwanted() -> bool:
            return self._wanted != number or self._mailbox.closed

        def progress(done: int, total: int) -> None:
            self._tell(self.progress, done, total)

        try:
            if unwanted():
                raise Cancelled
            self._work(job, progress, unwanted)
        except Cancelled:
            self._end(self.cancelled)

    def _on_error(self, error: Exception) -> None:
        if isinstance(error, UserError):
            self._end(self.failed, str(error))
            return
        traceback.print_exception(error)
        self._end(self.failed, f"The evaluation stopped: {type(error).__name__}: {error}.")


class EvaluationService(JobService[EvaluationJob]):
    """Evaluates networks in detail; see `JobService` for how jobs come and go.

    A second thread reads the images of a report that are to be seen, while the first is at work.

    Signals
    -------
    report_ready(Report, str)
        The result, and the title of the network it is about.
    thumbnail_ready(Report, int, (H, W) or (H, W, 3) uint8 array or None)
        One image of a report, by its index; None if it can't be read any more.
    picture_ready(Report, int, Picture)
        One image of a report, as it is put on the pad.
    unreadable(str)
        One sentence on an image of a report that can't be read any more.
    """

    report_ready = pyqtSignal(object, str)
    thumbnail_ready = pyqtSignal(object, int, object)
    picture_ready = pyqtSignal(object, int, object)
    unreadable = pyqtSignal(str)

    def __init__(self, load_test: LoadTest | None = None, parent: QObject | None = None) -> None:
        super().__init__("evaluation", load_test, parent)
        self._asked: Mailbox[_Thumbnails | _ReportPicture] = Mailbox("picture", "thumbnails")
        self._newest: _Thumbnails | None = None  # those that are still to be seen
        self._reader = Worker("evaluation images", self._asked, self._read, self._on_unread)

    def start(self) -> None:
        """Start the threads; nothing heavy is imported before the first job."""
        super().start()
        self._reader.start()

    def shutdown(self) -> bool:
        """End the threads; call before any receiver of the signals is deleted."""
        self._newest = None
        read = self._reader.shutdown()
        return super().shutdown() and read

    def read_thumbnails(self, report: Report, indices: tuple[int, ...]) -> None:
        """Read images of a report one after the other; those asked for before are dropped."""
        self._newest = _Thumbnails(report, indices)
        self._asked.put("thumbnails", self._newest)

    def read_picture(self, report: Report, index: int) -> None:
        """Read one image of a report as it is put on the pad."""
        self._asked.put("picture", _ReportPicture(report, index))

    def _work(self, job: EvaluationJob, progress: Progress, unwanted: Callable[[], bool]) -> None:
        from viewer.core.training.evaluation import EvaluationCancelled
        from viewer.core.training.own_evaluation import evaluate_on

        network = job.network.load()
        _, height, width = network.metadata.input_shape
        large = height * width > SMALL_PX
        use_threads(max(INTRA_OP_THREADS, processors() // 2) if large else INTRA_OP_THREADS)
        try:
            report = evaluate_on(
                network,
                job.dataset,
                DEFAULT_DATASET,
                self._test_images,
                progress=progress,
                cancelled=unwanted,
            )
        except EvaluationCancelled:
            raise Cancelled from None
        self._end(self.report_ready, report, job.network.title)

    def _on_unread(self, error: Exception) -> None:
        if not isinstance(error, UserError):
            traceback.print_exception(error)
        self.unreadable.emit(str(error) or type(error).__name__)

    def _read(self, item: _Thumbnails | _ReportPicture) -> None:
        if isinstance(item, _ReportPicture):
            picture = item.report.picture(item.index)
            self.picture_ready.emit(item.report, item.index, picture)
            return
        for index in item.indices:
            if self._newest is not item:  # others are in sight now, or the window closes
                return
            try:
                pixels = item.report.thumbnail(index)
            except UserError:  # said when somebody chooses it
                pixels = None
            self.thumbnail_ready.emit(item.report, index, pixels)
