"""Evaluation of a network on test images, on a thread of its own, with progress and cancel."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.errors import UserError
from viewer.core.mailbox import Mailbox
from viewer.services.worker import Worker

if TYPE_CHECKING:
    from torch import Tensor

    from viewer.core.data.dataset import ImageDataset
    from viewer.core.nets.checkpoint import LoadedNetwork, Metadata
    from viewer.core.nets.profile import Profile

J = TypeVar("J")
LoadTest = Callable[[str], "ImageDataset"]
Progress = Callable[[int, int], None]

DEFAULT_DATASET = "mnist"
# Training and the live network need the cores: see viewer.services.inference.
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


class JobService(QObject, Generic[J]):
    """Does one long job at a time on its own thread; a newer job replaces the one at hand.

    Subclasses do the work in `_work` and tell its result.

    Signals
    -------
    progress(int, int)
        Parts done and in all, of the job at hand.
    failed(str)
        One sentence on what went wrong.
    cancelled()
        The job at hand ended before its end, because `cancel` was called.
    """

    progress = pyqtSignal(int, int)
    failed = pyqtSignal(str)
    cancelled = pyqtSignal()

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
        self._dataset: tuple[str, ImageDataset] | None = None  # the worker's thread only

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
        """Do the job; raise `Cancelled` once `unwanted`."""
        raise NotImplementedError

    def _test_images(self, name: str) -> ImageDataset:
        """Return a data set's test part; the last one is kept."""
        from viewer.core.data.registry import load_dataset

        if self._dataset is None or self._dataset[0] != name:
            load = self._load_test or (lambda wanted: load_dataset(wanted, "test"))
            self._dataset = (name, load(name))
        return self._dataset[1]

    def _handle(self, item: tuple[int, J]) -> None:
        number, job = item
        import torch  # heavy: on this thread, and not before it is needed

        torch.set_num_threads(INTRA_OP_THREADS)

        def unwanted() -> bool:
            return self._wanted != number or self._mailbox.closed

        def progress(done: int, total: int) -> None:
            if not unwanted():
                self.progress.emit(done, total)

        try:
            if unwanted():
                raise Cancelled
            self._work(job, progress, unwanted)
        except Cancelled:
            if self._wanted == 0 and not self._mailbox.closed:
                self.cancelled.emit()

    def _on_error(self, error: Exception) -> None:
        if isinstance(error, UserError):
            self.failed.emit(str(error))
            return
        traceback.print_exception(error)
        self.failed.emit(f"The evaluation stopped: {type(error).__name__}: {error}.")


class EvaluationService(JobService[EvaluationJob]):
    """Evaluates networks in detail; see `JobService` for how jobs come and go.

    Signals
    -------
    report_ready(Report, str)
        The result, and the title of the network it is about.
    """

    report_ready = pyqtSignal(object, str)

    def __init__(self, load_test: LoadTest | None = None, parent: QObject | None = None) -> None:
        super().__init__("evaluation", load_test, parent)

    def _work(self, job: EvaluationJob, progress: Progress, unwanted: Callable[[], bool]) -> None:
        from viewer.core.data.folder_name import FolderName
        from viewer.core.data.image_folder import FolderCancelled
        from viewer.core.training.evaluation import EvaluationCancelled, check_fit
        from viewer.core.training.own_evaluation import dataset_to_evaluate, evaluate_network

        network = job.network.load()
        name = dataset_to_evaluate(network, job.dataset, DEFAULT_DATASET)
        try:
            dataset = self._images(network.metadata, name, progress, unwanted)
            if not FolderName.parse(name) and network.metadata.preparation.digit:
                check_fit(network, dataset)
            report: Any = evaluate_network(network, dataset, progress=progress, cancelled=unwanted)
        except (EvaluationCancelled, FolderCancelled):
            raise Cancelled from None
        if unwanted():
            raise Cancelled
        self.report_ready.emit(report, job.network.title)

    def _images(
        self, metadata: Metadata, name: str, progress: Progress, unwanted: Callable[[], bool]
    ) -> ImageDataset:
        """Return a data set's test images; of a folder that is new to the network, as it needs."""
        from viewer.core.data.folder_name import FolderName
        from viewer.core.training.own_evaluation import folder_images

        folder = FolderName.parse(name)
        if folder is None or name == metadata.dataset:
            return self._test_images(name)
        return folder_images(folder.path, metadata, progress=progress, cancelled=unwanted)
