"""All the threads of the window: started, joined with one another, and ended together."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from viewer.core.data.folders import data_folder, drawings_file
from viewer.services.camera import CameraService
from viewer.services.catalog import CatalogService
from viewer.services.comparison import ComparisonService, RobustnessService
from viewer.services.dataset import DatasetService
from viewer.services.downloads import DownloadService
from viewer.services.drawings import DrawingsService
from viewer.services.evaluation import EvaluationService
from viewer.services.excitations import ExcitationService
from viewer.services.files import FileService
from viewer.services.form_preview import FormPreviewService
from viewer.services.inference import InferenceService
from viewer.services.lessons import LessonService
from viewer.services.runs import RunsService
from viewer.services.samples import SamplesService
from viewer.services.training import TrainingService

if TYPE_CHECKING:
    from viewer.core.data.downloads import Cancel, Progress
    from viewer.core.training.config import TrainingConfig
    from viewer.core.training.loop import TrainingData


class Services:
    """The services of the window.

    Parameters
    ----------
    drawings : pathlib.Path, optional
        Stroke file of the user's own drawings; default: where the platform puts such things.

    Attributes
    ----------
    inference, files, dataset, training, runs, samples, evaluation, excitations, comparison,
    robustness, drawings, downloads, weights, catalog, form_preview, camera, lessons
        Services.
    """

    def __init__(self, drawings: Path | None = None) -> None:
        self.inference = InferenceService()
        self.files = FileService()
        self.dataset = DatasetService()
        self.training = TrainingService(self.inference.show, partial(_load_data, drawings))
        self.runs = RunsService(self.inference.show)
        self.samples = SamplesService()
        self.evaluation = EvaluationService()
        self.excitations = ExcitationService()
        self.comparison = ComparisonService()
        self.robustness = RobustnessService()
        self.drawings = DrawingsService(drawings_file() if drawings is None else drawings)
        self.downloads = DownloadService(data_folder())
        self.weights = DownloadService(data_folder(), download=_download_weights)
        self.catalog = CatalogService()
        self.form_preview = FormPreviewService()
        self.camera = CameraService()
        self.lessons = LessonService()
        self.every = (
            self.inference,
            self.files,
            self.dataset,
            self.training,
            self.runs,
            self.samples,
            self.evaluation,
            self.excitations,
            self.comparison,
            self.robustness,
            self.drawings,
            self.downloads,
            self.weights,
            self.catalog,
            self.form_preview,
            self.camera,
            self.lessons,
        )

    def start(self) -> None:
        """Start every thread; only that of inference has anything to do yet."""
        for service in self.every:
            service.start()

    def block_signals(self) -> None:
        """Tell nobody anything any more."""
        for service in self.every:
            service.blockSignals(True)

    def shutdown(self) -> bool:
        """End every thread, all at once: a training has to save, others may be in a library.

        Returns
        -------
        bool
            Whether every thread ended in time.
        """
        from concurrent.futures import ThreadPoolExecutor  # not before the first paint

        self.inference.stop_watching()  # a timer is stopped on its own thread
        with ThreadPoolExecutor(len(self.every), "shutdown") as pool:
            return all(pool.map(lambda service: service.shutdown(), self.every))


def _load_data(drawings: Path | None, config: TrainingConfig) -> TrainingData:
    from viewer.core.training.data_source import load_training_data  # heavy: on its own thread

    return load_training_data(config, drawings)


def _download_weights(key: str, _root: Path, *, progress: Progress, cancel: Cancel) -> None:
    # Heavy (torch, torchvision): on the thread of the downloads.
    from viewer.core.nets.torchvision_catalog import checkpoints_folder, download_weights

    download_weights(key, checkpoints_folder(), progress=progress, cancel=cancel)
