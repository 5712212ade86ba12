"""A page of small images, painted as one picture, walked with keys or the mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from viewer.widgets.keys import CHOOSE, tile_step
from viewer.widgets.theme import LIGHT, TextSize, text_font
from viewer.widgets.tile_pictures import FRAME_PX, paint_frame, picture_of
from viewer.widgets.wheel import Wheel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.widgets.theme import Theme

TILE_PX = 56  # twice an MNIST image
GAP_PX = 6

_PAGES = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}


class Thumbnails(QWidget):
    """Images with their labels below.

    Signals
    -------
    chosen(int)
        Index in the data set of the image that was clicked, or that Enter was pressed on.
    page_turned(int)
        +1: the next page is wanted; -1: the one before.
    capacity_changed()
        Another number of images fits.
    """

    chosen = pyqtSignal(int)
    page_turned = pyqtSignal(int)
    capacity_changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._images: NDArray[np.uint8] | None = None
        self._labels: tuple[int, ...] = ()
        self._class_names: tuple[str, ...] = ()
        self._drawn = True
        self._indices: tuple[int, ...] = ()
        self._picture: QImage | None = None
        self._current: int | None = None
        self._place = 0  # of the one that the keys act on
        self._entered: int | None = None  # +1 or -1 while an arrow key turns the page
        self._hover: int | None = None
        self._wheel = Wheel()
        self._line_px = self._label_height()
        self._fitting = (1, 1)  # rows, columns
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Images: arrow keys walk, Enter chooses")

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self._draw()

    def set_classes(self, names: Sequence[str], *, drawn: bool = True) -> None:
        """Name the classes of images to come.

        Parameters
        ----------
        names : sequence of str
            By number; a class without one is shown by its number.
        drawn : bool
            Whether 255 is ink; otherwise it is light, in either theme.
        """
        self._class_names, self._drawn = tuple(names), drawn

    def set_images(
        self, images: NDArray[np.uint8], labels: NDArray[np.uint8], indices: NDArray[np.int64]
    ) -> None:
        """Show a page.

        Parameters
        ----------
        images : (N, H, W) or (N, H, W, 3) uint8
            Ink 255 and paper 0, unless `set_classes` said otherwise.
        labels : (N,) uint8
        indices : (N,) int64
            What `chosen` reports.
        """
        self._images = images
        self._labels = tuple(int(label) for label in labels)
        self._indices = tuple(int(index) for index in indices)
        last = max(0, self.count - 1)
        if self._entered is not None:  # from the page before, or from the one after
            self._place = 0 if self._entered > 0 else last
            self._entered = None
        self._place = min(self._place, last)
        self._hover = None
        self._draw()

    def set_current(self, index: int | None) -> None:
        """Mark the image with this index, if it is on the page."""
        self._current = index
        if index in self._indices:
            self._place = self._indices.index(index)
        self.update()

    @property
    def selected(self) -> int | None:
        """Index of the image that the keys act on; None if there is none."""
        return self._indices[self._place] if self._indices else None

    @property
    def count(self) -> int:
        """How many images are shown."""
        return len(self._indices)

    @property
    def capacity(self) -> int:
        """How many images fit."""
        return self._fitting[0] * self._fitting[1]

    def tile_rect(self, place: int) -> QRectF:
        """Return where the image at `place` of the page is."""
        row, column = divmod(place, self._fitting[1])
        room = self.width() - 2 * FRAME_PX - TILE_PX
        pitch = room // max(1, self._fitting[1] - 1)  # the columns fill the width
        left = FRAME_PX + column * min(pitch, 2 * TILE_PX)
        return QRectF(left, FRAME_PX + row * self._row_px(), TILE_PX, TILE_PX)

    def _row_px(self) -> int:
        return TILE_PX + self._line_px + GAP_PX

    def _label_height(self) -> int:
        self.setFont(text_font(TextSize.SMALL))
        return self.fontMetrics().height()

    def _draw(self) -> None:
        """Colour all images at once: paper to ink, as the drawing pad has them."""
        self._picture = None
        if self._images is not None and len(self._images):
            n, height, *others = self._images.shape
            stacked = self._images.reshape(n * height, *others)  # below each other
            self._picture = picture_of(stacked, self._theme, drawn=self._drawn)
        self.update()

    def _place_at(self, position: QPointF) -> int | None:
        for place in range(min(self.count, self.capacity)):
            if self.tile_rect(place).adjusted(0, 0, 0, self._line_px).contains(position):
                return place
        return None

    def _choose(self, place: int) -> None:
        self._place = place
        self.set_current(self._indices[place])
        self.chosen.emit(self._indices[place])

    @override
    def sizeHint(self) -> QSize:
        return QSize(4 * (TILE_PX + GAP_PX), 4 * self._row_px())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(2 * (TILE_PX + GAP_PX), self._row_px())

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        fitting = (
            max(1, self.height() // self._row_px()),
            max(1, self.width() // (TILE_PX + GAP_PX)),
        )
        if fitting != self._fitting:
            self._fitting = fitting
            self.capacity_changed.emit()

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        hover = None if event is None else self._place_at(event.position())
        if hover != self._hover:
            self._hover = hover
            known = hover is not None
            self.setToolTip(self._tip(hover) if known and hover is not None else "")
            self.update()

    def _tip(self, place: int) -> str:
        return f"Image {self._indices[place]:,}, label {self._name(place)}"

    def _name(self, place: int) -> str:
        label = self._labels[place]
        return self._class_names[label] if label < len(self._class_names) else str(label)

    @override
    def leaveEvent(self, event: QEvent | None) -> None:
        self._hover = None
        self.update()
        super().leaveEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        place = self._place_at(event.position())
        if place is not None:
            self._choose(place)

    @override
    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is None:
            return
        if notches := self._wheel.notches(event):
            self.page_turned.emit(-notches)
        event.accept()

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        key = event.key()
        if key in CHOOSE:
            if self.count:
                self._choose(self._place)
        elif (step := tile_step(key, self._fitting[1])) is not None:
            self._walk(step)
        elif key in _PAGES:
            self.page_turned.emit(_PAGES[Qt.Key(key)])
        else:
            super().keyPressEvent(event)

    def _walk(self, step: int) -> None:
        place = self._place + step
        if place < 0 or place >= self.count:
            self._entered = 1 if step > 0 else -1
            self.page_turned.emit(self._entered)
            return
        self._place = place
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        if self._picture is None:
            return
        width, height = self._picture.width(), self._picture.height() / self.count
        smooth = QPainter.RenderHint.SmoothPixmapTransform
        painter.setRenderHint(smooth, TILE_PX % width != 0)  # whole pixels stay sharp
        for place in range(min(self.count, self.capacity)):
            tile = self.tile_rect(place)
            source = QRectF(0, place * height, width, height)
            painter.drawImage(tile, self._picture, source)
            at_hand = place == self._hover or (self.hasFocus() and place == self._place)
            current = self._indices[place] == self._current
            paint_frame(painter, tile, self._theme, current=current, marked=at_hand)
            painter.setPen(self._theme.color("text_muted"))
            below = QRectF(tile.left(), tile.bottom(), TILE_PX, self._line_px)
            name = painter.fontMetrics().elidedText(
                self._name(place), Qt.TextElideMode.ElideRight, TILE_PX
            )
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, name)
