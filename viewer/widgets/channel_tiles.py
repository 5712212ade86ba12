"""A page of channels as small pictures with their numbers."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtBoundSignal, pyqtSignal
from PyQt6.QtGui import QHelpEvent, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PyQt6.QtWidgets import QSizePolicy, QToolTip, QWidget
from typing_extensions import override

from viewer.core.imaging.reduce import area_mean
from viewer.widgets.cells import image_of
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from viewer.core.imaging.color_scale import ColorScale
    from viewer.core.records import FloatArray
    from viewer.widgets.theme import Theme

TILE_PX = 56  # twice, once, half or a quarter of the maps that most networks have
LABEL_PX = 14
OUTLINE_PX = 2
ROW_GAP_PX = 4
MIN_ROWS, MIN_COLUMNS = 1, 3


class ChannelTiles(QWidget):
    """As many channels as there is room for.

    Signals
    -------
    chosen(int), opened(int)
        Channel that was clicked; that was double-clicked.
    capacity_changed()
        There is room for more channels now, or for fewer.
    """

    chosen = pyqtSignal(int)
    opened = pyqtSignal(int)
    capacity_changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._channels: tuple[int, ...] = ()
        self._images: tuple[QImage, ...] = ()
        self._dead: Collection[int] = ()
        self._selected: int | None = None
        self._fitting = 1, 1
        self.setFont(text_font(TextSize.SMALL))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Channels of the layer")

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    @property
    def capacity(self) -> int:
        """How many channels there is room for."""
        return self._fitting[0] * self._fitting[1]

    def set_tiles(
        self,
        channels: Sequence[int],
        maps: FloatArray | None,
        scale: ColorScale | None,
        dead: Collection[int] = (),
    ) -> None:
        """Show some channels.

        Parameters
        ----------
        channels : sequence of int
            Their numbers.
        maps : (N, H, W) float32 or None
            Of these channels; None for quiet tiles.
        scale : ColorScale
            Of the whole layer.
        dead : collection of int
            Channels to mark.
        """
        self._channels, self._dead = tuple(channels), dead
        self._images = ()
        if maps is not None and scale is not None and maps.size:
            small = area_mean(maps, _factor(max(maps.shape[1:]), self.devicePixelRatioF()))
            self._images = tuple(
                image_of(scale.of_channel(channel).apply(np.ascontiguousarray(tile)))
                for channel, tile in zip(channels, small, strict=True)
            )
        self.update()

    def set_selected(self, channel: int | None) -> None:
        """Outline a channel, if it is one of these."""
        self._selected = channel
        self.update()

    def tile_rect(self, place: int) -> QRectF:
        """Return where the picture at `place` of the page is."""
        row, column = divmod(place, self._fitting[1])
        pitch = (self.width() - 2 * OUTLINE_PX - TILE_PX) // max(1, self._fitting[1] - 1)
        left = OUTLINE_PX + column * min(pitch, TILE_PX + 3 * GRID_PX)
        top = OUTLINE_PX + row * (TILE_PX + LABEL_PX + ROW_GAP_PX)
        return QRectF(left, top, TILE_PX, TILE_PX)

    def channel_at(self, position: QPointF) -> int | None:
        """Return the channel at a place, its number included; None for none."""
        for place, channel in enumerate(self._channels):
            if self.tile_rect(place).adjusted(0, 0, 0, LABEL_PX).contains(position):
                return channel
        return None

    @override
    def sizeHint(self) -> QSize:
        return QSize(276, 3 * (TILE_PX + LABEL_PX + ROW_GAP_PX))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(
            MIN_COLUMNS * (TILE_PX + GRID_PX), MIN_ROWS * (TILE_PX + LABEL_PX) + 2 * OUTLINE_PX
        )

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        columns = (self.width() - 2 * OUTLINE_PX + GRID_PX) // (TILE_PX + GRID_PX)
        rows = (self.height() - 2 * OUTLINE_PX + ROW_GAP_PX) // (TILE_PX + LABEL_PX + ROW_GAP_PX)
        fitting = max(1, rows), max(1, columns)
        if fitting != self._fitting:
            self._fitting = fitting
            self.capacity_changed.emit()

    @override
    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        self._give(event, self.chosen)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        self._give(event, self.opened)

    def _give(self, event: QMouseEvent | None, signal: pyqtBoundSignal) -> None:
        if event is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        channel = self.channel_at(event.position())
        if channel is not None:
            signal.emit(channel)

    @override
    def event(self, event: QEvent | None) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            channel = self.channel_at(QPointF(event.pos()))
            dead = ", dead over the last drawings" if channel in self._dead else ""
            tip = "" if channel is None else f"Channel {channel}{dead}"
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return super().event(event)

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setFont(self.font())
        for place, channel in enumerate(self._channels):
            rect = self.tile_rect(place)
            painter.fillRect(rect, self._theme.color("window"))
            if place < len(self._images):
                image = self._images[place]
                painter.drawImage(_inside(rect, image), image)
            token = "warning" if channel in self._dead else "text_muted"
            painter.setPen(self._theme.color("text" if channel == self._selected else token))
            label = QRectF(rect.left(), rect.bottom(), rect.width(), LABEL_PX)
            painter.drawText(label, Qt.AlignmentFlag.AlignCenter, str(channel))
            if channel == self._selected:
                painter.setPen(QPen(self._theme.color("accent"), OUTLINE_PX))
                painter.drawRect(rect.adjusted(-1, -1, 1, 1))


def _factor(longest: int, dpr: float) -> int:
    """Return by how much maps are reduced before they are painted."""
    return max(1, math.ceil(longest / (TILE_PX * dpr)))


def _inside(rect: QRectF, image: QImage) -> QRectF:
    """Return where an image is in the middle of its tile, enlarged by a whole number."""
    scale = min(rect.width() / image.width(), rect.height() / image.height())
    scale = math.floor(scale) if scale >= 1 else scale  # below 1 on screens of high density
    size = image.width() * scale, image.height() * scale
    return QRectF(
        rect.center().x() - size[0] / 2, rect.center().y() - size[1] / 2, size[0], size[1]
    )
