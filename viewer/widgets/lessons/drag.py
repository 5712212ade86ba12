"""The picture that the network sees, to be dragged about by whole pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from viewer.widgets.keys import arrow
from viewer.widgets.theme import LIGHT

if TYPE_CHECKING:
    from viewer.core.records import FloatArray
    from viewer.widgets.theme import Theme

SCALE = 5  # screen pixels a pixel
SIDE = 28


class DragPicture(QWidget):
    """Shows the network's input; a drag, or the arrow keys, ask for it to be moved.

    Signals
    -------
    shift_requested(int, int)
        Pixels to the right and down, from where the picture was when the page was opened.
    """

    shift_requested = pyqtSignal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._pixels: FloatArray | None = None
        self._shift = (0, 0)
        self._from: tuple[QPointF, tuple[int, int]] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setAccessibleName("What the network sees: drag it, or press the arrow keys")
        self.setToolTip("Drag the digit, or press the arrow keys")

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_pixels(self, pixels: FloatArray | None) -> None:
        """Show an image (H, W) in [0, 1], ink 1."""
        self._pixels = pixels
        self.update()

    def set_shift(self, dx: int, dy: int) -> None:
        """Say how far the picture is moved already."""
        self._shift = (dx, dy)

    @property
    def shift(self) -> tuple[int, int]:
        """How far the picture is moved, to the right and down."""
        return self._shift

    @override
    def sizeHint(self) -> QSize:
        return QSize(SIDE * SCALE + 2, SIDE * SCALE + 2)

    @override
    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self._from = (event.position(), self._shift)
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None or self._from is None:
            return
        start, (dx, dy) = self._from
        way = (event.position() - start) / SCALE
        self._ask(dx + round(way.x()), dy + round(way.y()))

    @override
    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        self._from = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        if (step := arrow(event.key())) is not None:
            self._ask(self._shift[0] + step[1], self._shift[1] + step[0])
        else:
            super().keyPressEvent(event)

    def _ask(self, dx: int, dy: int) -> None:
        most = SIDE - 1
        wanted = (max(-most, min(most, dx)), max(-most, min(most, dy)))
        if wanted != self._shift:
            self._shift = wanted
            self.shift_requested.emit(*wanted)

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        area = QRectF(1, 1, self.width() - 2, self.height() - 2)
        if self._pixels is not None:
            levels = np.ascontiguousarray(np.rint(255 * self._pixels.clip(0, 1)).astype(np.uint8))
            height, width = levels.shape
            image = QImage(levels.tobytes(), width, height, width, QImage.Format.Format_Grayscale8)
            painter.drawImage(area, image)
        strong = "text" if self.hasFocus() else "border_strong"
        painter.setPen(QPen(self._theme.color(strong), 1))
        painter.drawRect(area.adjusted(-0.5, -0.5, 0.5, 0.5))
