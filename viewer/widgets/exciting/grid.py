"""Nine images in a square: each with what one value sees of it, outlined and enlarged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PyQt6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from viewer.widgets.keys import CHOOSE, tile_step
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font
from viewer.widgets.tile_pictures import FRAME_PX, paint_frame, picture_of

if TYPE_CHECKING:
    from viewer.core.explain.mask_outline import Edge
    from viewer.core.records import FloatArray
    from viewer.widgets.theme import Theme

COLUMNS = 3
SMALLEST_PX, LARGEST_PX = 48, 224  # of the side of an image
HALO_PX, LINE_PX = 3, 1.5
BETWEEN_PX = GRID_PX // 2  # image and patch

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True, eq=False)
class ExcitingTile:
    """What one tile shows.

    Attributes
    ----------
    pixels : (H, W) or (3, H, W) float32, [0, 1]
    patch : (h, w) or (3, h, w) float32, [0, 1]
    field : tuple of lines
        Around the patch, in pixels of the image.
    value : str
    label : str
        Class of the image, or its file's name; empty where it has neither.
    tip : str
        All digits, for the tooltip.
    """

    pixels: FloatArray
    patch: FloatArray
    field: tuple[Edge, ...]
    value: str
    label: str
    tip: str


class ExcitingGrid(QWidget):
    """Tiles, the strongest first; the mouse and the keys choose one.

    Signals
    -------
    chosen(int)
        Place of the tile that is wanted on the pad.
    """

    chosen = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._tiles: tuple[ExcitingTile, ...] = ()
        self._images: tuple[tuple[QImage, QImage], ...] = ()
        self._drawn = True
        self._place = 0  # of the one that the keys act on
        self._hover: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Strongest images: arrow keys walk, Enter puts one on the pad")

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self._draw_images()

    def set_tiles(self, tiles: Sequence[ExcitingTile], *, drawn: bool) -> None:
        """Show other tiles.

        Parameters
        ----------
        tiles : sequence of ExcitingTile
            At most nine.
        drawn : bool
            Whether 1 is ink on paper; otherwise it is light.
        """
        self._tiles, self._drawn = tuple(tiles), drawn
        self._place = min(self._place, max(0, len(tiles) - 1))
        self._draw_images()

    @property
    def tiles(self) -> tuple[ExcitingTile, ...]:
        """What is shown."""
        return self._tiles

    def image_rect(self, place: int) -> QRectF:
        """Return where an image is."""
        row, column = divmod(place, COLUMNS)
        side, width, height = self._sizes()
        left = column * width + (width - self._content_px(side)) / 2
        top = row * height + FRAME_PX + (height - side - self._line_px() - 2 * FRAME_PX) / 2
        return QRectF(round(left), round(top), side, side)

    def patch_rect(self, place: int) -> QRectF:
        """Return where the enlarged part of an image is; empty where it is all of it."""
        if not self._has_patches():
            return QRectF()
        image = self.image_rect(place)
        patch = self._images[place][1]
        scale = image.width() / max(patch.width(), patch.height())
        size = patch.width() * scale, patch.height() * scale
        return QRectF(image.right() + BETWEEN_PX, image.top(), *size)

    @override
    def sizeHint(self) -> QSize:
        return QSize(COLUMNS * 2 * 112, COLUMNS * 144)

    @override
    def minimumSizeHint(self) -> QSize:
        across = COLUMNS * (2 * SMALLEST_PX + BETWEEN_PX + GRID_PX)
        down = COLUMNS * (SMALLEST_PX + round(self._line_px()) + GRID_PX)
        return QSize(across, down)

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        for place, tile in enumerate(self._tiles):
            image, patch = self._images[place]
            where = self.image_rect(place)
            at_hand = place == self._hover or (self.hasFocus() and place == self._place)
            self._paint_image(painter, image, where, marked=at_hand)
            scale = where.width() / image.width()
            if self._has_patches():
                self._paint_image(painter, patch, self.patch_rect(place))
                self._paint_field(painter, tile, where, scale)
            self._paint_words(painter, tile, where)

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        self._set_hover(None if event is None else self._place_at(event.position()))

    @override
    def leaveEvent(self, event: QEvent | None) -> None:
        super().leaveEvent(event)
        self._set_hover(None)

    @override
    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        place = self._place_at(event.position())
        if place is not None:
            self._choose(place)

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        if event.key() in CHOOSE and self._tiles:
            self._choose(self._place)
        elif (step := tile_step(event.key(), COLUMNS)) is not None:
            place = self._place + step
            if 0 <= place < len(self._tiles):
                self._place = place
                self.update()
        else:
            super().keyPressEvent(event)

    def _choose(self, place: int) -> None:
        self._place = place
        self.update()
        self.chosen.emit(place)

    def _place_at(self, position: QPointF) -> int | None:
        _, width, height = self._sizes()
        column, row = int(position.x() // width), int(position.y() // height)
        place = row * COLUMNS + column
        return place if 0 <= column < COLUMNS and 0 <= place < len(self._tiles) else None

    def _set_hover(self, place: int | None) -> None:
        if place == self._hover:
            return
        self._hover = place
        self.setToolTip("" if place is None else self._tiles[place].tip)
        shape = Qt.CursorShape.ArrowCursor if place is None else Qt.CursorShape.PointingHandCursor
        self.setCursor(shape)
        self.update()

    def _sizes(self) -> tuple[float, float, float]:
        """Return the side of an image, and width and height of a tile."""
        width, height = self.width() / COLUMNS, self.height() / COLUMNS
        across = width - GRID_PX
        if self._has_patches():
            across = (across - BETWEEN_PX) / 2
        down = height - self._line_px() - GRID_PX
        side = max(SMALLEST_PX, min(across, down, LARGEST_PX))
        if self._images and (pixels := self._images[0][0].width()) <= side:
            side -= side % pixels  # whole pixels stay sharp
        return float(int(side)), width, height

    def _content_px(self, side: float) -> float:
        return 2 * side + BETWEEN_PX if self._has_patches() else side

    def _has_patches(self) -> bool:
        """Return whether a value sees less than the whole image."""
        return any(tile.patch.shape != tile.pixels.shape for tile in self._tiles)

    def _line_px(self) -> float:
        return QFontMetricsF(text_font(TextSize.SMALL, bold=True)).height() + 2

    def _draw_images(self) -> None:
        self._images = tuple((self._image(t.pixels), self._image(t.patch)) for t in self._tiles)
        self._hover = None
        self.update()

    def _image(self, pixels: FloatArray) -> QImage:
        levels = np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
        if levels.ndim == 3:  # (C, H, W)
            channels = [min(channel, len(levels) - 1) for channel in range(3)]
            levels = np.moveaxis(levels[channels], 0, 2)  # (H, W, 3)
        return picture_of(levels, self._theme, drawn=self._drawn)

    def _paint_image(
        self, painter: QPainter, image: QImage, where: QRectF, *, marked: bool = False
    ) -> None:
        smaller = image.width() > where.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smaller)
        painter.drawImage(where, image)
        paint_frame(painter, where, self._theme, marked=marked)

    def _paint_field(
        self, painter: QPainter, tile: ExcitingTile, where: QRectF, scale: float
    ) -> None:
        lines = [
            QLineF(x * scale, y * scale, u * scale, v * scale).translated(where.topLeft())
            for x, y, u, v in tile.field
        ]
        for token, width in (("surface", HALO_PX), ("accent", LINE_PX)):
            painter.setPen(QPen(self._theme.color(token), width))
            painter.drawLines(*lines)

    def _paint_words(self, painter: QPainter, tile: ExcitingTile, where: QRectF) -> None:
        line = QRectF(where.left(), where.bottom() + 2, 0, self._line_px())
        line.setWidth(self._content_px(where.width()))
        painter.setFont(text_font(TextSize.SMALL, bold=True))
        painter.setPen(self._theme.color("text"))
        painter.drawText(line, int(_LEFT), tile.value)
        taken = painter.fontMetrics().horizontalAdvance(tile.value) + GRID_PX
        painter.setFont(text_font(TextSize.SMALL))
        painter.setPen(self._theme.color("text_muted"))
        room = line.width() - taken
        label = painter.fontMetrics().elidedText(
            tile.label, Qt.TextElideMode.ElideRight, max(0, int(room))
        )
        painter.drawText(line, int(_RIGHT), label)
