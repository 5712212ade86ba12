"""Data sets that have to be fetched first: asked for, watched, given up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QWidget

from viewer.core.data.registry import dataset_infos
from viewer.widgets.download_dialog import DownloadDialog

if TYPE_CHECKING:
    from viewer.controllers.training.setup import SetupController
    from viewer.services.downloads import DownloadService
    from viewer.widgets.theme import Theme


class DownloadController(QObject):
    """Downloads a data set that was chosen in the set-up, and chooses it once it is there."""

    def __init__(
        self,
        parent_widget: QWidget,
        setup: SetupController,
        service: DownloadService,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._setup = setup
        self._service = service
        self._name = ""
        self._dialog = DownloadDialog(parent_widget)
        self._dialog.cancel_requested.connect(service.cancel)
        self._dialog.retry_requested.connect(self._start)
        setup.dataset_requested.connect(self.download)
        service.progress.connect(self._on_progress)
        service.finished.connect(self._on_finished)
        service.failed.connect(self._dialog.set_failed)

    def set_theme(self, theme: Theme) -> None:
        """Give the dialog the theme's colours."""
        self._dialog.set_theme(theme)

    def download(self, name: str) -> None:
        """Fetch a data set by its name."""
        self._name = name
        self._start()

    def _start(self) -> None:
        titles = {info.name: info.title for info in dataset_infos()}
        self._dialog.show_download(titles.get(self._name, self._name))
        self._service.download(self._name)

    def _on_progress(self, name: str, done: int, total: int) -> None:
        if name == self._name:
            self._dialog.set_progress(done, total)

    def _on_finished(self, name: str) -> None:
        if name != self._name:
            return
        self._dialog.set_finished()
        self._setup.refresh_datasets()
        self._setup.set_config(replace(self._setup.config(), dataset=name))
