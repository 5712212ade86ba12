"""Arrays of a trace that stand alone: the window of a pooling, the maps behind a dense layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QFontMetricsF, QPainter

from viewer.core.records import Selection
from viewer.widgets.cells import image_of, paint_outline
from viewer.widgets.sliding.numbers import CellNumbers, body_px
from viewer.widgets.theme import GRID_PX, TextSize, text_font
from viewer.widgets.trace.blocks import Hit
from viewer.widgets.trace.cells import paint_plates, plates
from viewer.widgets.trace.text import exact

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.core.explain.trace_parts import PoolingPart
    from viewer.core.imaging.color_scale import ColorScale
    from viewer.widgets.theme import Theme

WINDOW_CELL_PX = 48
MAX_SCALE_PX = 6  # of a pixel of a map
MAPS_GAP_PX = 3


@dataclass(slots=True)
class PoolingBlock:
    """The values under the window, the one that won outlined."""

    part: PoolingPart
    scale: ColorScale
    numbers: CellNumbers

    def height(self, width: float) -> float:
        """Return the height of the window."""
        return len(self.part.ys) * self._cell_px(width) + 2 * GRID_PX

    def paint(self, painter: QPainter, width: float, _seen: QRectF, theme: Theme) -> None:
        """Paint the window."""
        cell = self._cell_px(width)
        shown = plates(self.part.values[None], self.scale)
        corner = QPointF(GRID_PX / 2, GRID_PX / 2)
        paint_plates(painter, shown, [corner], cell, theme, self.numbers, self.part.inside)
        if self.part.winner is not None:
            paint_outline(painter, self._rect(*self.part.winner, cell), theme, selected=True)

    def hit(self, point: QPointF, width: float) -> Hit | None:
        """Return the cell under a point."""
        cell = self._cell_px(width)
        x, y = ((c - GRID_PX / 2) / cell for c in (point.x(), point.y()))
        if not (0 <= x < len(self.part.xs) and 0 <= y < len(self.part.ys)):
            return None
        row, column = int(y), int(x)
        inside = bool(self.part.inside[row, column])
        where = int(self.part.ys[row]), int(self.part.xs[column])
        value = exact(float(self.part.values[row, column]))
        place = f"y {where[0]}, x {where[1]}"
        text = f"{self.part.source} · channel {self.part.channel} · {place}: {value}"
        target = Selection(self.part.source, self.part.channel, *where)
        return Hit(
            self._rect(row, column, cell),
            text if inside else "padding",
            target if inside else None,
        )

    def _cell_px(self, width: float) -> int:
        room = int((width - GRID_PX) / len(self.part.xs))
        most = round(WINDOW_CELL_PX * max(1.0, body_px() / 13))
        return max(3, min(most, room))

    def _rect(self, row: int, column: int, cell: int) -> QRectF:
        return QRectF(GRID_PX / 2 + column * cell, GRID_PX / 2 + row * cell, cell, cell)


@dataclass(slots=True)
class MapsBlock:
    """Numbers of a dense unit in the shape of the maps that it looks at.

    Attributes
    ----------
    title : str
    values : (C, H, W) float
    scale : ColorScale
    describe : callable
        From the flat index of a number to its words and what a click on it selects.
    """

    title: str
    values: NDArray[np.floating[Any]]
    scale: ColorScale
    describe: Callable[[int], tuple[str, Selection]]

    def height(self, width: float) -> float:
        """Return the height of all maps in rows, and of the title."""
        px, columns = self._fit(width)
        count, height, _ = self.values.shape
        rows = math.ceil(count / columns)
        return _line_px() + float(rows * (height * px + MAPS_GAP_PX)) + GRID_PX

    def paint(self, painter: QPainter, width: float, seen: QRectF, theme: Theme) -> None:
        """Paint the maps as one picture."""
        painter.setFont(text_font(TextSize.SMALL, bold=True))
        painter.setPen(theme.color("text"))
        painter.drawText(QPointF(0, _line_px() - 6), self.title)
        px, columns = self._fit(width)
        colors = self.scale.apply(self.values)
        for channel, picture in enumerate(colors):
            place = self._rect(channel, px, columns)
            if place.bottom() > seen.top() and place.top() < seen.bottom():
                painter.drawImage(place, image_of(picture))

    def hit(self, point: QPointF, width: float) -> Hit | None:
        """Return the pixel under a point."""
        px, columns = self._fit(width)
        _, height, across = self.values.shape
        column = int(point.x() // (across * px + MAPS_GAP_PX))
        row = int((point.y() - _line_px()) // (height * px + MAPS_GAP_PX))
        channel = row * columns + column
        if row < 0 or not 0 <= column < columns or channel >= len(self.values):
            return None
        place = self._rect(channel, px, columns)
        if not place.contains(point):
            return None
        y, x = int((point.y() - place.top()) / px), int((point.x() - place.left()) / px)
        y, x = min(y, height - 1), min(x, across - 1)
        text, target = self.describe((channel * height + y) * across + x)
        return Hit(QRectF(place.left() + x * px, place.top() + y * px, px, px), text, target)

    def extent(self, width: float) -> float:
        """Return how much of the width it takes."""
        px, columns = self._fit(width)
        maps = columns * (self.values.shape[2] * px + MAPS_GAP_PX)
        words = QFontMetricsF(text_font(TextSize.SMALL, bold=True)).horizontalAdvance(self.title)
        return max(float(maps), words)

    def _fit(self, width: float) -> tuple[int, int]:
        """Return the size of a pixel, and how many maps stand side by side."""
        count, _, across = self.values.shape
        for px in range(MAX_SCALE_PX, 0, -1):
            columns = max(1, int((width + MAPS_GAP_PX) // (across * px + MAPS_GAP_PX)))
            if columns * 2 >= count or px <= 2:  # two rows, or small pixels
                break
        return px, min(columns, count)

    def _rect(self, channel: int, px: int, columns: int) -> QRectF:
        row, column = divmod(channel, columns)
        _, height, across = self.values.shape
        left = column * (across * px + MAPS_GAP_PX)
        top = _line_px() + row * (height * px + MAPS_GAP_PX)
        return QRectF(left, top, across * px, height * px)


@dataclass(slots=True)
class SideBySide:
    """Blocks next to each other where there is room, else one below the other."""

    blocks: Sequence[MapsBlock]

    def height(self, width: float) -> float:
        """Return the height of the highest, or of all."""
        heights = [block.height(width) for block in self.blocks]
        return max(heights) if self._fits(width) else sum(heights)

    def paint(self, painter: QPainter, width: float, seen: QRectF, theme: Theme) -> None:
        """Paint each at its place."""
        for block, corner in self._placed(width):
            painter.translate(corner)
            block.paint(painter, width, seen.translated(-corner), theme)
            painter.translate(-corner)

    def hit(self, point: QPointF, width: float) -> Hit | None:
        """Return what is under a point of one of them."""
        for block, corner in self._placed(width):
            hit = block.hit(point - corner, width)
            if hit is not None:
                return Hit(hit.rect.translated(corner), hit.text, hit.target)
        return None

    def _fits(self, width: float) -> bool:
        return sum(block.extent(width) + 2 * GRID_PX for block in self.blocks) <= width

    def _placed(self, width: float) -> Iterator[tuple[MapsBlock, QPointF]]:
        across, corner = self._fits(width), QPointF(0, 0)
        for block in self.blocks:
            yield block, corner
            if across:
                corner = corner + QPointF(block.extent(width) + 2 * GRID_PX, 0)
            else:
                corner = corner + QPointF(0, block.height(width))


def _line_px() -> float:
    return round(QFontMetricsF(text_font(TextSize.SMALL, bold=True)).height()) + 4
