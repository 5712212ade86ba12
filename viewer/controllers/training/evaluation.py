"""Joins the evaluation's page with the thread that evaluates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.data.folder_name import FolderName
from viewer.widgets.folder_dialog import ask_for_folder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from viewer.core.records import Drawing, Picture
    from viewer.core.training.report import Report
    from viewer.services.evaluation import EvaluationJob, EvaluationService
    from viewer.widgets.evaluation.view import EvaluationView
    from viewer.widgets.theme import Theme

NO_NETWORK = "There is no network to evaluate yet: wait until one is loaded."


class EvaluationController(QObject):
    """Evaluates the network at hand when asked to, and puts chosen images on the pad.

    Parameters
    ----------
    view : EvaluationView
    service : EvaluationService
        Started and shut down by whoever made it.
    current_job : callable
        Returns what is to be evaluated now, or None while there is no network.
    show_picture : callable
        Puts a `Picture` on the pad.

    Signals
    -------
    begun()
        An evaluation was asked for: what was said of one before is of no use any more.
    failed(str)
        One sentence on what went wrong.
    """

    begun = pyqtSignal()
    failed = pyqtSignal(str)

    def __init__(
        self,
        view: EvaluationView,
        service: EvaluationService,
        current_job: Callable[[], EvaluationJob | None],
        show_picture: Callable[[Picture], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._view = view
        self._service = service
        self._current_job = current_job
        self._show_picture = show_picture
        self._shown: Picture | None = None  # the image that was last put on the pad from here
        self._wanted: int | None = None  # the image that is being read for the pad
        self._connect_signals()

    def set_theme(self, theme: Theme) -> None:
        """Give the page the theme's colours."""
        self._view.set_theme(theme)

    def set_source(self, source: Drawing | Picture) -> None:
        """Take the mark off an image that is no longer on the pad."""
        if source is not self._shown:
            self._wanted = None  # a person has turned to something else
            self._view.set_current(None)

    def choose_folder(self) -> None:
        """Ask for a folder of images by class, and evaluate the network at hand on it."""
        ask_for_folder(
            self._view.window(),
            "Images in folders by class",
            lambda path: self.evaluate(str(FolderName(path))),
        )

    def evaluate(self, dataset: str = "") -> None:
        """Evaluate the network at hand; an evaluation at work is dropped.

        Parameters
        ----------
        dataset : str
            In place of what the network was trained on.
        """
        self.begun.emit()
        job = self._current_job()
        if job is None:
            self.failed.emit(NO_NETWORK)
            return
        if dataset:
            job = replace(job, dataset=dataset)
        self._view.set_running(True)
        self._service.submit(job)

    def _connect_signals(self) -> None:
        self._view.evaluate_requested.connect(lambda: self.evaluate())
        self._view.folder_requested.connect(self.choose_folder)
        self._view.cancel_requested.connect(self._service.cancel)
        self._view.image_chosen.connect(self._on_image_chosen)
        self._view.tiles.images_wanted.connect(self._on_images_wanted)
        self._service.progress.connect(self._view.set_progress)
        self._service.report_ready.connect(self._on_report_ready)
        self._service.cancelled.connect(self._on_ended)
        self._service.failed.connect(self._on_failed)
        self._service.thumbnail_ready.connect(self._on_thumbnail_ready)
        self._service.picture_ready.connect(self._on_picture_ready)
        self._service.unreadable.connect(self.failed)

    def _on_report_ready(self, report: Report, title: str) -> None:
        self._wanted = None
        self._view.set_running(False)
        self._view.set_report(report, title)
        if report.left_out:
            self.failed.emit(report.notice())

    def _on_ended(self) -> None:
        self._view.set_running(False)

    def _on_failed(self, sentence: str) -> None:
        self._view.set_running(False)
        self.failed.emit(sentence)

    def _on_images_wanted(self, indices: tuple[int, ...]) -> None:
        report = self._view.report
        if report is not None:
            self._service.read_thumbnails(report, indices)

    def _on_thumbnail_ready(
        self, report: Report, index: int, pixels: NDArray[np.uint8] | None
    ) -> None:
        if report is self._view.report:
            self._view.tiles.set_thumbnail(index, pixels)

    def _on_image_chosen(self, index: int) -> None:
        report = self._view.report
        if report is None:
            return
        if report.images is None:  # in a file, which the window doesn't read
            self._wanted = index
            self._service.read_picture(report, index)
            return
        self._show(index, report.picture(index))

    def _on_picture_ready(self, report: Report, index: int, picture: Picture) -> None:
        if report is self._view.report and index == self._wanted:
            self._wanted = None
            self._show(index, picture)

    def _show(self, index: int, picture: Picture) -> None:
        self._shown = picture
        self._show_picture(picture)
        self._view.set_current(index)
