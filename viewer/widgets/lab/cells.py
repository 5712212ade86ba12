"""A canvas of plates of cells that can be pointed at and painted on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QFontMetricsF,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PyQt6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from viewer.widgets.cells import image_of, needs_black_text, paint_outline
from viewer.widgets.lab.numbers import NumberStyle, NumberWriter
from viewer.widgets.lab.plates import Outline, Plate, PlateLayout, Spot, common_shape
from viewer.widgets.theme import LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from viewer.widgets.theme import Theme

VEIL_ALPHA = 120  # of 255, over padding: its values show through
INSIDE_PX = 2.0


class CellCanvas(QWidget):
    """Plates of cells, as large as they fit, in whole pixels a cell.

    Parameters
    ----------
    name : str
        For screen readers.
    width, height : int
        Smallest size in px.

    Signals
    -------
    hover_changed(object)
        Spot under the mouse, or None.
    pressed(object, bool)
        Spot that a mouse button went down on; True for the right button.
    dragged(object, bool)
        Another spot that the mouse reached with the button down.
    """

    hover_changed = pyqtSignal(object)
    pressed = pyqtSignal(object, bool)
    dragged = pyqtSignal(object, bool)

    def __init__(
        self, name: str, width: int = 96, height: int = 72, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._smallest = QSize(width, height)
        self._plates: tuple[Plate, ...] = ()
        self._images: tuple[QImage, ...] = ()
        self._styles: tuple[NumberStyle | None, ...] = ()
        self._outlines: tuple[Outline, ...] = ()
        self._empty_text = ""
        self._layout = PlateLayout((1, 1), 1, 1, 0, QPointF())
        self._writers: dict[int, NumberWriter] = {}
        self._hover: Spot | None = None
        self._button: Qt.MouseButton | None = None
        self._last: Spot | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(name)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_plates(self, plates: Sequence[Plate], empty_text: str = "") -> None:
        """Show plates side by side; without any, a sentence in their place."""
        self._plates = tuple(plates)
        self._images = tuple(image_of(plate.colors) for plate in plates)
        self._empty_text = empty_text
        self._arrange()
        if self._hover is not None and not self._exists(self._hover):
            self._set_hover(None)
        self.update()

    def set_outlines(self, outlines: Sequence[Outline]) -> None:
        """Outline cells: the selected ones in the accent."""
        if tuple(outlines) != self._outlines:
            self._outlines = tuple(outlines)
            self.update()

    @property
    def plates(self) -> tuple[Plate, ...]:
        """What is shown."""
        return self._plates

    @property
    def outlines(self) -> tuple[Outline, ...]:
        """What is outlined."""
        return self._outlines

    @property
    def hover(self) -> Spot | None:
        """The cell under the mouse."""
        return self._hover

    @property
    def cell_px(self) -> float:
        """Size of a cell in logical pixels."""
        return self._layout.cell_px

    def cell_rect(self, spot: Spot) -> QRectF:
        """Return where a cell is in the widget."""
        return self._layout.cell_rect(spot)

    def _arrange(self) -> None:
        titled = any(plate.title for plate in self._plates)
        self._layout = PlateLayout.fit(
            max(1, len(self._plates)),
            common_shape(self._plates),
            QSizeF(self.size()),
            self.devicePixelRatioF(),
            titled=titled,
        )
        self._styles = tuple(
            None if plate.values is None else NumberStyle.fit(plate.values, self.cell_px)
            for plate in self._plates
        )

    def _exists(self, spot: Spot) -> bool:
        if spot.plate >= len(self._plates):
            return False
        height, width = self._plates[spot.plate].colors.shape
        return bool(spot.y < height and spot.x < width)

    def _spot_at(self, position: QPointF) -> Spot | None:
        spot = self._layout.spot_at(position, len(self._plates))
        return spot if spot is not None and self._exists(spot) else None

    def _set_hover(self, spot: Spot | None) -> None:
        if spot != self._hover:
            self._hover = spot
            self.hover_changed.emit(spot)
            self.update()

    @override
    def sizeHint(self) -> QSize:
        return self._smallest.expandedTo(QSize(160, 120))

    @override
    def minimumSizeHint(self) -> QSize:
        return self._smallest

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        self._arrange()
        super().resizeEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        buttons = (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton)
        if event is None or event.button() not in buttons:
            return
        spot = self._spot_at(event.position())
        if spot is not None:
            self._button, self._last = event.button(), spot
            self.pressed.emit(spot, event.button() is Qt.MouseButton.RightButton)

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        spot = self._spot_at(event.position())
        self._set_hover(spot)
        if self._button is not None and spot is not None and spot != self._last:
            for passed in _between(self._last, spot):
                self.dragged.emit(passed, self._button is Qt.MouseButton.RightButton)
            self._last = spot

    @override
    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        self._button = self._last = None

    @override
    def leaveEvent(self, event: QEvent | None) -> None:
        self._set_hover(None)
        super().leaveEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        if not self._plates:
            self._paint_empty(painter)
            return
        painter.setFont(text_font(TextSize.SMALL))
        for index, plate in enumerate(self._plates):
            self._paint_plate(painter, index, plate)
        for outline in self._outlines:
            if outline.plate < len(self._plates):
                rect = self._layout.rect(*outline[:5])
                paint_outline(painter, rect, self._theme, selected=outline.selected)
        if self._hover is not None:
            paint_outline(painter, self.cell_rect(self._hover), self._theme, selected=False)

    def _paint_plate(self, painter: QPainter, index: int, plate: Plate) -> None:
        height, width = plate.colors.shape
        rect = self._layout.rect(index, 0, 0, height, width)
        painter.setRenderHint(
            QPainter.RenderHint.SmoothPixmapTransform, self.cell_px * self.devicePixelRatioF() < 1
        )
        painter.drawImage(rect, self._images[index], QRectF(self._images[index].rect()))
        if plate.inside is not None:
            self._paint_padding(painter, index, plate.inside, rect)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._theme.color("border_strong"), 1))
        painter.drawRect(rect.adjusted(-0.5, -0.5, 0.5, 0.5))
        self._paint_numbers(painter, index, plate)
        if plate.title:
            self._paint_title(painter, rect, plate)

    def _paint_padding(
        self, painter: QPainter, index: int, inside: tuple[int, int, int, int], rect: QRectF
    ) -> None:
        core = self._layout.rect(index, *inside)
        color = self._theme.color("bar")
        color.setAlpha(VEIL_ALPHA)
        painter.save()
        for part in _around(rect, core):
            painter.fillRect(part, color)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._theme.color("text_muted"), INSIDE_PX))
        painter.drawRect(core)
        painter.restore()

    def _paint_title(self, painter: QPainter, rect: QRectF, plate: Plate) -> None:
        painter.setPen(self._theme.color("text_muted"))
        metrics = QFontMetricsF(painter.font())
        fits = metrics.horizontalAdvance(plate.title) <= rect.width()
        text = plate.title if fits else plate.short_title
        place = QRectF(rect.left(), rect.top() - self._layout.title_px, rect.width(), 1)
        place.setHeight(self._layout.title_px - 2)
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_numbers(self, painter: QPainter, index: int, plate: Plate) -> None:
        style = self._styles[index]
        if style is not None:
            writer = self._writers.setdefault(style.font.pixelSize(), NumberWriter())
            writer.write(painter, self._cells(index, plate), self.cell_px, style)

    def _cells(self, index: int, plate: Plate) -> Iterator[tuple[QRectF, float, bool]]:
        assert plate.values is not None
        black = needs_black_text(self._seen_colors(plate)).tolist()
        values = plate.values.tolist()
        for y, row in enumerate(values):
            for x, value in enumerate(row):
                yield self._layout.cell_rect(Spot(index, y, x)), value, black[y][x]

    def _seen_colors(self, plate: Plate) -> np.ndarray[tuple[int, ...], np.dtype[np.uint32]]:
        """Return the colours as they are on screen: padding has a veil over it."""
        if plate.inside is None:
            return plate.colors
        top, left, bottom, right = plate.inside
        veil = self._theme.color("bar")
        seen = np.zeros_like(plate.colors)
        for shift, part in ((16, veil.red()), (8, veil.green()), (0, veil.blue())):
            own = (plate.colors >> shift) & 0xFF
            mixed = (own * (255 - VEIL_ALPHA) + part * VEIL_ALPHA) // 255
            seen |= mixed.astype(np.uint32) << shift
        seen[top:bottom, left:right] = plate.colors[top:bottom, left:right]
        return seen

    def _paint_empty(self, painter: QPainter) -> None:
        painter.setFont(text_font(TextSize.SMALL))
        painter.setPen(self._theme.color("text_muted"))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(self.rect(), flags, self._empty_text)


def _between(start: Spot | None, end: Spot) -> Iterator[Spot]:
    """Give every cell on the way, `end` included: a fast mouse skips some."""
    if start is None or start.plate != end.plate:
        yield end
        return
    steps = max(abs(end.y - start.y), abs(end.x - start.x))
    for step in range(1, steps + 1):
        y = start.y + round((end.y - start.y) * step / steps)
        x = start.x + round((end.x - start.x) * step / steps)
        yield Spot(end.plate, y, x)


def _around(rect: QRectF, core: QRectF) -> tuple[QRectF, ...]:
    """Return the four parts of `rect` that are not `core`."""
    return (
        QRectF(rect.topLeft(), QPointF(rect.right(), core.top())),
        QRectF(QPointF(rect.left(), core.bottom()), rect.bottomRight()),
        QRectF(QPointF(rect.left(), core.top()), core.bottomLeft()),
        QRectF(core.topRight(), QPointF(rect.right(), core.bottom())),
    )
