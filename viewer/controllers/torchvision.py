"""Networks of torchvision: chosen from its list, their weights fetched where they aren't here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QFileDialog

from viewer.core.nets.model_names import shown_name
from viewer.core.nets.profile import Profile
from viewer.core.nets.shipped import MODEL_SUFFIXES
from viewer.widgets.download_dialog import DownloadDialog
from viewer.widgets.opening.torchvision_dialog import TorchvisionDialog

if TYPE_CHECKING:
    from viewer.controllers.opening import OpeningController
    from viewer.core.nets.catalog_entries import CatalogEntry
    from viewer.services.catalog import CatalogService
    from viewer.services.downloads import DownloadService
    from viewer.widgets.theme import Theme
    from viewer.widgets.window.main_window import MainWindow

LAST_STEP = "Checking…"


class TorchvisionController(QObject):
    """Shows the list, downloads published weights, and has the network opened.

    Attributes
    ----------
    dialog : TorchvisionDialog or None
        The list, while it is shown.
    download : DownloadDialog
    """

    def __init__(
        self,
        window: MainWindow,
        opening: OpeningController,
        catalog: CatalogService,
        downloads: DownloadService,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._opening = opening
        self._catalog = catalog
        self._downloads = downloads
        self._entries: tuple[CatalogEntry, ...] = ()
        self._key = ""  # of the network whose weights are on their way
        self.dialog: TorchvisionDialog | None = None
        self.download = DownloadDialog(window)
        self.download.cancel_requested.connect(downloads.cancel)
        self.download.retry_requested.connect(self._start)
        catalog.listed.connect(self._on_listed)
        catalog.failed.connect(self._on_catalog_failed)
        downloads.progress.connect(self._on_progress)
        downloads.finished.connect(self._on_finished)
        downloads.failed.connect(self.download.set_failed)

    def set_theme(self, theme: Theme) -> None:
        """Give the dialogs the theme's colours."""
        self.download.set_theme(theme)

    def show(self) -> None:
        """Show the list of architectures."""
        if self.dialog is None:
            self.dialog = TorchvisionDialog(self._window)
            self.dialog.chosen.connect(self.open)
            self.dialog.file_requested.connect(self._choose_file)
            self.dialog.finished.connect(self._on_finished_choosing)
        self.dialog.set_catalog(self._entries)
        self._catalog.request()  # also which weights are here changes
        self.dialog.show()
        self.dialog.raise_()

    def open(self, name: str, weights: str) -> None:
        """Open an architecture by its name, with published weights or untrained.

        Parameters
        ----------
        name : str
        weights : str
            torchvision's key; empty for untrained.
        """
        if not weights:
            self._opening.open(name)
            return
        self._key = f"{name}:{weights}"
        self._start()

    def _start(self) -> None:
        if not self._is_here():
            self.download.show_download(shown_name(self._key), LAST_STEP)
        self._downloads.download(self._key)

    def _is_here(self) -> bool:
        return any(
            f"{entry.name}:{weights.key}" == self._key and weights.is_here
            for entry in self._entries
            for weights in entry.weights
        )

    def _choose_file(self, name: str) -> None:
        dialog = QFileDialog(self._window, f"Weights of {name}")
        suffixes = " ".join(f"*{suffix}" for suffix in sorted(MODEL_SUFFIXES))
        dialog.setNameFilters([f"Weights ({suffixes})", "All files (*)"])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self._open_file(path, name))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _open_file(self, path: str, name: str) -> None:
        known = self._opening.profiles.get(path) or Profile()
        self._opening.open(path, profile=replace(known, architecture=name))

    def _on_listed(self, entries: tuple[CatalogEntry, ...]) -> None:
        self._entries = entries
        if self.dialog is not None:
            self.dialog.set_catalog(entries)

    def _on_catalog_failed(self, sentence: str) -> None:
        if self.dialog is not None:
            self.dialog.set_failed(sentence)

    def _on_progress(self, key: str, done: int, total: int) -> None:
        if key == self._key:
            self.download.set_progress(done, total)

    def _on_finished(self, key: str) -> None:
        if key != self._key:
            return
        self.download.set_finished()
        self._opening.open(key)

    def _on_finished_choosing(self) -> None:
        self.dialog = None
