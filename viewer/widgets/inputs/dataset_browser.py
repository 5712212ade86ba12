"""Thumbnails of a data set's images, by page, class and number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QTimer, pyqtSignal
from PyQt6.QtGui import QHideEvent, QIntValidator, QShowEvent
from PyQt6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from viewer.widgets.inputs.class_filter import DIGITS, ClassFilter
from viewer.widgets.pager import Pager
from viewer.widgets.theme import GRID_PX, LIGHT
from viewer.widgets.thumbnails import Thumbnails

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme

MARGIN_PX = 12
RESIZE_PAUSE_MS = 80  # a window that is being dragged larger asks for one page, not for fifty


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which thumbnails are wanted.

    Attributes
    ----------
    label : int or None
        Only images of this class; None for all.
    offset, count : int
        First one among those that match, and how many.
    """

    label: int | None
    offset: int
    count: int


class DatasetBrowser(QWidget):
    """A page of thumbnails with the means to find others; owns no data.

    Parameters
    ----------
    parent : QWidget, optional
    class_names : sequence of str

    Signals
    -------
    page_requested(object)
        PageRequest for the thumbnails that are to be shown; answer with `set_page`.
    image_chosen(int)
        Index in the data set.
    random_requested(object)
        Class of the image that is wanted (int), or None for any.
    next_mistake_requested()
        The next image that the network gets wrong is wanted.
    """

    page_requested = pyqtSignal(object)
    image_chosen = pyqtSignal(int)
    random_requested = pyqtSignal(object)
    next_mistake_requested = pyqtSignal()

    def __init__(
        self, parent: QWidget | None = None, *, class_names: Sequence[str] = DIGITS
    ) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._offset = 0
        self._total = 0
        self._asked: PageRequest | None = None
        self._busy = False
        self._thumbnails = Thumbnails(self)
        self._thumbnails.set_classes(class_names)
        self._classes = ClassFilter(class_names, self)
        self._random = _push_button("Random", "Show a random image of the chosen class", self)
        self._mistake = _push_button(
            "Next mistake", "Show the next test image that this network gets wrong", self
        )
        self._index = self._build_index()
        self._pager = Pager(self)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(RESIZE_PAUSE_MS)
        self._build_layout()
        self._connect_signals()
        self.set_theme(LIGHT)
        self._show_state()

    def _build_index(self) -> QLineEdit:
        edit = QLineEdit(self)
        edit.setPlaceholderText("Image no.")
        edit.setToolTip("Show the image with this number: type it and press Enter")
        edit.setAccessibleName("Number of an image")
        edit.setFixedWidth(edit.fontMetrics().horizontalAdvance("Image no.") + 3 * GRID_PX)
        return edit

    def _build_layout(self) -> None:
        actions = QHBoxLayout()
        actions.setSpacing(GRID_PX)
        actions.addWidget(self._random)
        actions.addWidget(self._mistake)
        actions.addStretch(1)
        actions.addWidget(self._index)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN_PX, GRID_PX, MARGIN_PX, GRID_PX)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._classes)
        layout.addLayout(actions)
        layout.addWidget(self._thumbnails, 1)
        layout.addWidget(self._pager)

    def _connect_signals(self) -> None:
        self._classes.chosen.connect(self._on_class_chosen)
        self._random.clicked.connect(lambda: self.random_requested.emit(self._classes.label))
        self._mistake.clicked.connect(self.next_mistake_requested)
        self._index.returnPressed.connect(self._on_index_entered)
        self._pager.place_requested.connect(self._turn_to)
        self._thumbnails.chosen.connect(self.image_chosen)
        self._thumbnails.page_turned.connect(self._pager.turn)
        self._thumbnails.capacity_changed.connect(self._on_capacity_changed)
        self._pause.timeout.connect(self._ask)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self._thumbnails.set_theme(theme)
        self._classes.set_theme(theme)
        self._pager.set_theme(theme)

    def set_icons(self, icons: IconSet) -> None:
        """Use icons of `icons` on the buttons that turn pages."""
        self._pager.set_icons(icons, self._theme)

    def set_dataset(self, class_names: Sequence[str], *, drawn: bool = True) -> None:
        """Show another data set; its first page is asked for.

        Parameters
        ----------
        class_names : sequence of str
        drawn : bool
            Whether 255 is ink and 0 paper; otherwise pixels are light.
        """
        self._classes.set_classes(class_names)
        self._thumbnails.set_classes(class_names, drawn=drawn)
        self._thumbnails.set_current(None)
        nothing = np.zeros(0, np.int64)
        self._thumbnails.set_images(np.zeros((0, 1, 1), np.uint8), np.zeros(0, np.uint8), nothing)
        self._index.clear()
        self._index.setValidator(None)
        self._offset = self._total = 0
        self._asked = None
        self._show_state()
        if self.isVisible():
            self._ask()

    def set_page(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.uint8],
        indices: NDArray[np.int64],
        total: int,
    ) -> None:
        """Show the page that was asked for last.

        Parameters
        ----------
        images : (N, H, W) or (N, H, W, 3) uint8
            Ink 255, paper 0, unless `set_dataset` said otherwise.
        labels : (N,) uint8
        indices : (N,) int64
            Positions in the data set.
        total : int
            How many images match the class.
        """
        self._total = total
        self._thumbnails.set_images(images, labels, indices)
        if self._index.validator() is None and self._classes.label is None and total:
            self._index.setValidator(QIntValidator(0, total - 1, self._index))
        self._show_state()

    def set_busy(self, text: str | None) -> None:
        """Say what takes a while, and hold the buttons that would start more of it."""
        self._busy = bool(text)
        self._mistake.setEnabled(not self._busy)
        self._show_state(text or "")

    def status(self) -> str:
        """Return what is said below the images."""
        return self._pager.status()

    def set_current(self, index: int | None) -> None:
        """Mark the image that the network is looking at, if it is on this page."""
        self._thumbnails.set_current(index)

    def _on_class_chosen(self) -> None:
        self._offset = 0
        self._ask()

    def _on_index_entered(self) -> None:
        if not self._index.hasAcceptableInput() or not self._index.text():
            return
        index = int(self._index.text())
        self._classes.set_label(None)
        self._offset = index - index % self._thumbnails.capacity
        self._ask()
        self.set_current(index)
        self.image_chosen.emit(index)

    def _on_capacity_changed(self) -> None:
        if self.isVisible():
            self._pause.start()

    @override
    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self._pause.start()  # the layout may still change its mind about the size

    @override
    def hideEvent(self, event: QHideEvent | None) -> None:
        self._pause.stop()
        super().hideEvent(event)

    def _turn_to(self, place: int) -> None:
        place = min(max(place, 0), max(self._total - 1, 0))
        offset = place - place % self._thumbnails.capacity
        if offset != self._offset:
            self._offset = offset
            self._ask()

    def _ask(self) -> None:
        self._pause.stop()
        capacity = self._thumbnails.capacity
        self._offset -= self._offset % capacity
        request = PageRequest(self._classes.label, self._offset, capacity)
        if request != self._asked:
            self._asked = request
            self.page_requested.emit(request)

    def _show_state(self, busy: str = "") -> None:
        text = busy
        if not text and not self._total:
            text = "No images yet" if self._asked is None else "Reading images…"
        shown, capacity = self._thumbnails.count, self._thumbnails.capacity
        self._pager.set_state(self._offset, shown, self._total, capacity, text)


def _push_button(text: str, tip: str, parent: QWidget) -> QPushButton:
    button = QPushButton(text, parent)
    button.setToolTip(tip)
    button.setAutoDefault(False)
    return button
