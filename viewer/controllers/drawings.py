"""Somebody's own drawings: kept by a digit key, shown and changed in a dock."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QObject, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QFileDialog
from typing_extensions import override

from viewer.core.records import Drawing

if TYPE_CHECKING:
    from viewer.controllers.inputs import InputController
    from viewer.services.drawings import DrawingsService, KeptDrawings
    from viewer.widgets.icons import IconSet
    from viewer.widgets.inputs.drawings_view import DrawingsView
    from viewer.widgets.theme import Theme
    from viewer.widgets.window.docks import Dock
    from viewer.widgets.window.main_window import MainWindow

DIGITS = frozenset("0123456789")
HINT = "Draw a digit, then press its key: it is kept here as an example to learn from."
STROKES_FILTER = "Stroke files (*.jsonl);;All files (*)"


class DrawingsController(QObject):
    """Keeps the drawing on the pad when a digit key is pressed there.

    Signals
    -------
    told(str)
        One sentence on what was done, for the status bar.
    hinted(str)
        One sentence on what has to be done first.
    failed(str)
        One sentence.
    """

    told = pyqtSignal(str)
    hinted = pyqtSignal(str)
    failed = pyqtSignal(str)

    def __init__(
        self,
        window: MainWindow,
        inputs: InputController,
        service: DrawingsService,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._inputs = inputs
        self._service = service
        self._kept: KeptDrawings | None = None
        self._view: DrawingsView | None = None
        self._dock: Dock | None = None
        self._theme: Theme | None = None
        self._icons: IconSet | None = None
        window.pad_panel.pad.installEventFilter(self)
        service.drawings_changed.connect(self._on_drawings_changed)
        service.told.connect(self.told)
        service.failed.connect(self.failed)

    def show(self) -> None:
        """Show the dock with all drawings."""
        if self._dock is None:
            self._build()
            self._service.read()
        assert self._dock is not None
        self._dock.show()
        self._dock.raise_()

    def keep(self, label: str) -> None:
        """Keep what is on the pad as an example of `label`, and clear the pad for the next."""
        source = self._inputs.source
        if not isinstance(source, Drawing):
            self.hinted.emit("Only drawings of your own are kept: clear the pad and draw.")
            return
        if not source.strokes:
            self.hinted.emit("There is nothing to keep: draw a digit first.")
            return
        self._service.add(source, label)
        self._window.pad_panel.pad.clear()

    def set_theme(self, theme: Theme) -> None:
        """Give the dock the theme's colours."""
        self._theme = theme
        if self._view is not None:
            self._view.set_theme(theme)

    def set_icons(self, icons: IconSet) -> None:
        """Give the dock its icons."""
        self._icons = icons
        if self._view is not None:
            self._view.set_icons(icons)

    @override
    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            plain = event.modifiers() in (
                Qt.KeyboardModifier.NoModifier,
                Qt.KeyboardModifier.KeypadModifier,
            )
            if plain and event.text() in DIGITS and not event.isAutoRepeat():
                self.keep(event.text())
                return True
        return False

    def _build(self) -> None:
        from viewer.widgets.inputs.drawings_view import DrawingsView
        from viewer.widgets.window.docks import as_page

        view = self._view = DrawingsView()
        view.set_hint(HINT)
        view.drawing_chosen.connect(self._on_drawing_chosen)
        view.relabel_requested.connect(self._on_relabel_requested)
        view.delete_requested.connect(self._on_delete_requested)
        view.undo_requested.connect(self._service.undo_delete)
        view.export_requested.connect(self._on_export_requested)
        view.import_requested.connect(self._on_import_requested)
        if self._theme is not None:
            view.set_theme(self._theme)
        if self._icons is not None:
            view.set_icons(self._icons)
        area = Qt.DockWidgetArea.RightDockWidgetArea
        self._dock = self._window.add_dock("drawings", "My drawings", as_page(view), area)
        self._window.tabifyDockWidget(self._window.inspector_dock, self._dock)

    def _on_drawings_changed(self, kept: KeptDrawings) -> None:
        self._kept = kept
        if self._view is not None:
            self._view.set_drawings(kept.images, kept.labels)
            self._view.set_can_undo(kept.can_undo)

    def _on_relabel_requested(self, index: int, label: str) -> None:
        if self._kept is not None:
            self._service.relabel(index, label, self._kept.version)

    def _on_delete_requested(self, index: int) -> None:
        if self._kept is not None:
            self._service.delete(index, self._kept.version)

    def _on_drawing_chosen(self, index: int) -> None:
        if self._kept is not None and index < len(self._kept.drawings):
            self._inputs.show_source(self._kept.drawings[index])

    def _on_export_requested(self) -> None:
        dialog = QFileDialog(self._window, "Export drawings", filter=STROKES_FILTER)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("jsonl")
        dialog.fileSelected.connect(lambda path: self._service.export_file(Path(path)))
        dialog.open()

    def _on_import_requested(self) -> None:
        dialog = QFileDialog(self._window, "Import drawings", filter=STROKES_FILTER)
        dialog.fileSelected.connect(lambda path: self._service.import_file(Path(path)))
        dialog.open()
