"""One map large: integer zoom, its values as colours and, where they fit, as numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QApplication, QSizePolicy, QWidget
from typing_extensions import override

from viewer.widgets.cells import (
    HALO_PX,
    NumberPainter,
    decimals_that_fit,
    image_of,
    needs_black_text,
    paint_outline,
)
from viewer.widgets.color_bar import paint_color_bar
from viewer.widgets.keys import CLOSER, arrow
from viewer.widgets.map_geometry import MapGeometry, Pixel
from viewer.widgets.theme import LIGHT
from viewer.widgets.wheel import Wheel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.core.imaging.color_scale import ColorScale
    from viewer.core.records import FloatArray
    from viewer.widgets.theme import Theme


class MapView(QWidget):
    """A map with its colour bar beside or below it, whichever leaves the map larger.

    The wheel zooms around the mouse, dragging moves, a double click (or 0) fits it again;
    arrow keys move the selected pixel.

    Signals
    -------
    hover_changed(object)
        ``(y, x)`` of the pixel under the mouse, or None.
    pixel_chosen(object)
        ``(y, x)`` of the pixel that was clicked or walked to.
    """

    hover_changed = pyqtSignal(object)
    pixel_chosen = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._values: FloatArray | None = None
        self._count: int | None = None
        self._scale: ColorScale | None = None
        self._colors: NDArray[np.uint32] | None = None
        self._image: QImage | None = None
        self._selected: Pixel | None = None
        self._numbers = NumberPainter()
        self._hover: Pixel | None = None
        self._geometry = MapGeometry()
        self._pressed_at: QPointF | None = None
        self._dragging = False
        self._wheel = Wheel()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Map of the selected channel")

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_map(
        self, values: FloatArray | None, scale: ColorScale | None = None, count: int | None = None
    ) -> None:
        """Show a map.

        Parameters
        ----------
        values : (H, W) float32, or None for nothing
        scale : ColorScale
            Colours the map and is its colour bar.
        count : int, optional
            How many cells there are, row by row: the last row of a grid of units may be
            shorter. Default: all.
        """
        shape = (1, 1) if values is None else (values.shape[0], values.shape[1])
        if shape != self._geometry.shape:
            self._geometry.arrange(QSizeF(self.size()), self.devicePixelRatioF(), shape)
        self._values, self._scale, self._count = values, scale, count
        self._image = self._colors = None
        if values is not None and scale is not None:
            self._colors = scale.apply(values)
            self._image = image_of(self._colors)
        if self._hover is not None and not self._exists(self._hover):
            self._set_hover(None)
        self.update()

    def set_selected(self, pixel: Pixel | None) -> None:
        """Outline the pixel at ``(y, x)``; None for none."""
        if pixel != self._selected:
            self._selected = pixel
            self.update()

    @property
    def scale(self) -> ColorScale | None:
        """What colours the map, and is its colour bar."""
        return self._scale

    @property
    def map_shape(self) -> tuple[int, int]:
        """Height and width of the map in cells."""
        return self._geometry.shape

    @property
    def cell_px(self) -> float:
        """Size of a cell in logical pixels."""
        return self._geometry.cell_px

    def cell_rect(self, pixel: Pixel) -> QRectF:
        """Return where the pixel at ``(y, x)`` is in the widget."""
        return self._geometry.cell_rect(pixel)

    def fit(self) -> None:
        """Show the whole map again, as large as it fits."""
        self._geometry.zoom = None
        self.update()

    def _exists(self, pixel: Pixel | None) -> bool:
        if pixel is None or self._values is None or not self._geometry.contains(pixel):
            return False
        return self._count is None or pixel[0] * self._values.shape[1] + pixel[1] < self._count

    def _pixel_at(self, position: QPointF) -> Pixel | None:
        pixel = self._geometry.pixel_at(position)
        return pixel if self._exists(pixel) else None

    def _set_hover(self, pixel: Pixel | None) -> None:
        if pixel != self._hover:
            self._hover = pixel
            self.hover_changed.emit(pixel)
            self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(276, 276)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(120, 96)

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        shape = self._geometry.shape
        self._geometry.arrange(QSizeF(self.size()), self.devicePixelRatioF(), shape)
        super().resizeEvent(event)

    @override
    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is None or self._values is None:
            return
        self._geometry.zoom_by(self._wheel.notches(event), event.position())
        self._set_hover(self._pixel_at(event.position()))
        self.update()
        event.accept()

    @override
    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.button() is Qt.MouseButton.LeftButton:
            self._pressed_at, self._dragging = event.position(), False

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        if self._pressed_at is not None and self._geometry.zoom is not None:
            self._drag(event.position())
        self._set_hover(self._pixel_at(event.position()))

    def _drag(self, position: QPointF) -> None:
        assert self._pressed_at is not None
        moved = position - self._pressed_at
        if self._dragging or moved.manhattanLength() >= QApplication.startDragDistance():
            self._dragging = True
            self._geometry.move_to(self._geometry.origin + moved)
            self._pressed_at = position
            self.update()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        if event is None or self._pressed_at is None:
            return
        pixel = None if self._dragging else self._pixel_at(event.position())
        self._pressed_at, self._dragging = None, False
        if pixel is not None:
            self.pixel_chosen.emit(pixel)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        self.fit()

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None or self._values is None:
            return
        key = event.key()
        if (step := arrow(key)) is not None:
            self._walk(*step)
        elif key in CLOSER or key == Qt.Key.Key_Minus:
            steps = 1 if key in CLOSER else -1
            self._geometry.zoom_by(steps, self._geometry.view().center())
            self.update()
        elif key == Qt.Key.Key_0:
            self.fit()
        else:
            super().keyPressEvent(event)

    def _walk(self, down: int, right: int) -> None:
        pixel = (0, 0)
        if self._selected is not None:
            pixel = (self._selected[0] + down, self._selected[1] + right)
        if self._exists(pixel):
            self.pixel_chosen.emit(pixel)

    @override
    def leaveEvent(self, event: QEvent | None) -> None:
        self._set_hover(None)
        super().leaveEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        if self._image is None or self._scale is None:
            return
        painter = QPainter(self)
        view = self._geometry.view()
        painter.setClipRect(view)
        self._paint_map(painter)
        painter.setClipRect(view.adjusted(-HALO_PX, -HALO_PX, HALO_PX, HALO_PX))
        for pixel, selected in ((self._hover, False), (self._selected, True)):
            if pixel is not None and self._exists(pixel):
                paint_outline(painter, self.cell_rect(pixel), self._theme, selected=selected)
        painter.setClipping(False)
        geometry = self._geometry
        paint_color_bar(painter, geometry.bar(), self._scale, self._theme, geometry.orientation)

    def _paint_map(self, painter: QPainter) -> None:
        assert self._image is not None
        shrunk = self._geometry.device_zoom < 1
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrunk)
        painter.drawImage(self._geometry.map_rect(), self._image, QRectF(self._image.rect()))
        self._paint_missing(painter)
        if self._values is not None:
            decimals = decimals_that_fit(self._values, self.cell_px)
            if decimals is not None:
                self._numbers.paint(painter, self._visible_cells(), self.cell_px, decimals)

    def _paint_missing(self, painter: QPainter) -> None:
        height, width = self._geometry.shape
        if self._count is not None and self._count < height * width:
            first = self.cell_rect(divmod(self._count, width))
            first.setRight(self._geometry.map_rect().right())
            painter.fillRect(first, self._theme.color("surface"))

    def _visible_cells(self) -> Iterator[tuple[QRectF, float, bool]]:
        assert self._values is not None
        assert self._colors is not None
        rows, columns = self._geometry.visible()
        black = needs_black_text(self._colors).tolist()
        values = self._values.tolist()
        origin, cell = self._geometry.origin, self.cell_px
        for y in rows:
            for x in columns:
                if self._exists((y, x)):
                    rect = QRectF(origin.x() + x * cell, origin.y() + y * cell, cell, cell)
                    yield rect, values[y][x], black[y][x]
