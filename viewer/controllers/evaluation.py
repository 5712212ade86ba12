"""Joins the evaluation's page with the thread that evaluates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QFileDialog

from viewer.core.data.folder_name import FolderName

if TYPE_CHECKING:
    from viewer.core.records import Drawing, Picture
    from viewer.core.training.report import Report
    from viewer.services.evaluation import EvaluationJob, EvaluationService
    from viewer.widgets.evaluation_view import EvaluationView
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
    failed(str)
        One sentence on what went wrong.
    """

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
        self._connect_signals()

    def set_theme(self, theme: Theme) -> None:
        """Give the page the theme's colours."""
        self._view.set_theme(theme)

    def set_source(self, source: Drawing | Picture) -> None:
        """Take the mark off an image that is no longer on the pad."""
        if source is not self._shown:
            self._view.set_current(None)

    def choose_folder(self) -> None:
        """Ask for a folder of images by class, and evaluate the network at hand on it."""
        dialog = QFileDialog(self._view.window(), "Images in folders by class")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda path: self.evaluate(str(FolderName(Path(path)))))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def evaluate(self, dataset: str = "") -> None:
        """Evaluate the network at hand; an evaluation at work is dropped.

        Parameters
        ----------
        dataset : str
            In place of what the network was trained on.
        """
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
        self._service.progress.connect(self._view.set_progress)
        self._service.report_ready.connect(self._on_report_ready)
        self._service.cancelled.connect(self._on_ended)
        self._service.failed.connect(self._on_failed)

    def _on_report_ready(self, report: Report, title: str) -> None:
        self._view.set_running(False)
        self._view.set_report(report, title)

    def _on_ended(self) -> None:
        self._view.set_running(False)

    def _on_failed(self, sentence: str) -> None:
        self._view.set_running(False)
        self.failed.emit(sentence)

    def _on_image_chosen(self, index: int) -> None:
        report = self._view.report
        if report is None:
            return
        self._shown = report.picture(index)
        self._show_picture(self._shown)
        self._view.set_current(index)
