"""A page of somebody's own drawings: by class, with the means to put them right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent, QKeySequence, QShowEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from viewer.widgets.inputs.class_filter import DIGITS, ClassFilter
from viewer.widgets.overrides import override
from viewer.widgets.pager import Pager
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font
from viewer.widgets.thumbnails import Thumbnails

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme

MARGIN_PX = 12
HINT = "Draw a digit, then press Ctrl and its key to keep it here as an example to learn from."
KEYS = "Type its class to relabel, Delete to remove."
NONE_OF_CLASS = "No drawing of this class"


class DrawingsView(QWidget):
    """Kept drawings as thumbnails; owns no file.

    Parameters
    ----------
    parent : QWidget, optional
    class_names : sequence of str

    Signals
    -------
    drawing_chosen(int)
        Index of the drawing that was clicked: it is wanted on the pad.
    relabel_requested(int, str)
        Index of a drawing, and the class that it shows.
    delete_requested(int)
        Index of a drawing that is to go.
    undo_requested()
        What was deleted last is wanted back.
    export_requested()
    import_requested()
        A stroke file is to be written, or drawings are to be read from one.
    """

    drawing_chosen = pyqtSignal(int)
    relabel_requested = pyqtSignal(int, str)
    delete_requested = pyqtSignal(int)
    undo_requested = pyqtSignal()
    export_requested = pyqtSignal()
    import_requested = pyqtSignal()

    def __init__(
        self, parent: QWidget | None = None, *, class_names: Sequence[str] = DIGITS
    ) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._class_names = tuple(class_names)
        self._images: NDArray[np.uint8] = np.zeros((0, 28, 28), np.uint8)
        self._labels: NDArray[np.uint8] = np.zeros(0, np.uint8)
        self._matching: NDArray[np.int64] = np.zeros(0, np.int64)
        self._offset = 0
        self._classes = ClassFilter(class_names, self, counted=True)
        self._hint = self._build_hint()
        self._thumbnails = Thumbnails()
        self._keys = QLabel(KEYS)
        self._pager = Pager(self)
        self._undo = _button("Undo", "Bring back the drawing that was deleted last", self)
        self._export = _button("Export…", "Write all drawings to a stroke file", self)
        self._import = _button("Import…", "Add the labelled drawings of a stroke file", self)
        self._pages = QStackedWidget(self)
        self._build_layout()
        self._connect_signals()
        self._undo.setEnabled(False)
        self.set_theme(LIGHT)
        self.set_drawings(self._images, ())

    def _build_hint(self) -> QLabel:
        hint = QLabel(HINT)
        hint.setWordWrap(True)
        hint.setTextFormat(Qt.TextFormat.PlainText)
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        hint.setObjectName("muted")
        hint.setMargin(2 * GRID_PX)
        return hint

    def _build_layout(self) -> None:
        self._keys.setObjectName("muted")
        self._keys.setFont(text_font(TextSize.SMALL))
        self._keys.setWordWrap(True)
        full = QWidget()
        column = QVBoxLayout(full)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID_PX)
        column.addWidget(self._classes)
        column.addWidget(self._thumbnails, 1)
        column.addWidget(self._keys)
        column.addWidget(self._pager)
        self._pages.addWidget(self._hint)
        self._pages.addWidget(full)
        actions = QHBoxLayout()
        actions.setSpacing(GRID_PX)
        actions.addWidget(self._undo)
        actions.addStretch(1)
        actions.addWidget(self._import)
        actions.addWidget(self._export)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN_PX, GRID_PX, MARGIN_PX, GRID_PX)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._pages, 1)
        layout.addLayout(actions)

    def _connect_signals(self) -> None:
        self._classes.chosen.connect(self._on_class_chosen)
        self._thumbnails.chosen.connect(self.drawing_chosen)
        self._thumbnails.page_turned.connect(self._pager.turn)
        self._thumbnails.capacity_changed.connect(self._show_page)
        self._pager.place_requested.connect(self._turn_to)
        self._undo.clicked.connect(self.undo_requested)
        self._export.clicked.connect(self.export_requested)
        self._import.clicked.connect(self.import_requested)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        for part in (self._thumbnails, self._classes, self._pager):
            part.set_theme(theme)

    def set_icons(self, icons: IconSet) -> None:
        """Use icons of `icons` on the buttons that turn pages."""
        self._pager.set_icons(icons, self._theme)

    def set_hint(self, text: str) -> None:
        """Say something else while there are no drawings."""
        self._hint.setText(text)

    def set_drawings(self, images: NDArray[np.uint8], labels: Sequence[str]) -> None:
        """Show other drawings; class and page stay as they are where they can.

        Parameters
        ----------
        images : (N, H, W) uint8
            Ink 255, paper 0.
        labels : sequence of str
            One an image; one that is no class's name gets a class of its own behind them.
        """
        known = {name: number for number, name in enumerate(self._class_names)}
        for label in sorted(set(labels) - set(known)):
            known[label] = len(known)
        names = tuple(known)
        kept = self._classes.label
        if names != self._classes.class_names:
            kept = None
            with QSignalBlocker(self._classes):
                self._classes.set_classes(names)
        self._classes.set_label(kept)
        self._thumbnails.set_classes(names)
        self._images = images
        self._labels = np.array([known[label] for label in labels], np.uint8)
        self._classes.set_counts(np.bincount(self._labels, minlength=len(names)).tolist())
        self._export.setEnabled(len(images) > 0)
        self._pages.setCurrentIndex(1 if len(images) else 0)
        self._show_class()

    def set_can_undo(self, can: bool) -> None:
        """Say whether there is a deletion to take back."""
        self._undo.setEnabled(can)

    def status(self) -> str:
        """Return what is said below the thumbnails, or in place of them."""
        return self._pager.status() if len(self._images) else self._hint.text()

    def _on_class_chosen(self) -> None:
        self._offset = 0
        self._show_class()

    def _show_class(self) -> None:
        label = self._classes.label
        chosen = np.ones(len(self._labels), np.bool_) if label is None else self._labels == label
        self._matching = np.flatnonzero(chosen).astype(np.int64)
        self._show_page()

    def _turn_to(self, place: int) -> None:
        self._offset = place
        self._show_page()

    def _show_page(self) -> None:
        capacity, total = self._thumbnails.capacity, len(self._matching)
        place = min(self._offset, max(total - 1, 0))
        self._offset = place - place % capacity
        shown = self._matching[self._offset : self._offset + capacity]
        self._thumbnails.set_images(self._images[shown], self._labels[shown], shown)
        self._pager.set_state(
            self._offset, len(shown), total, capacity, "" if total else NONE_OF_CLASS
        )

    @override
    def showEvent(self, a0: QShowEvent | None) -> None:
        super().showEvent(a0)
        self._show_page()

    @override
    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        index = self._thumbnails.selected
        if a0 is None or index is None or not self._thumbnails.hasFocus():
            super().keyPressEvent(a0)
            return
        name = {name.casefold(): name for name in self._class_names}.get(a0.text().casefold())
        if a0.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            if not a0.isAutoRepeat():  # a key held for a moment takes one drawing, not ten
                self.delete_requested.emit(index)
        elif a0.matches(QKeySequence.StandardKey.Undo) and self._undo.isEnabled():
            self.undo_requested.emit()
        elif name is not None and a0.text():
            self.relabel_requested.emit(index, name)
        else:
            super().keyPressEvent(a0)


def _button(text: str, tip: str, parent: QWidget) -> QPushButton:
    button = QPushButton(text, parent)
    button.setToolTip(tip)
    button.setAutoDefault(False)
    return button
