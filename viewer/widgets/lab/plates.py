"""Arrays of cells side by side, all with cells of one size: colours, numbers, outlines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, QSizeF
from PyQt6.QtGui import QFontMetricsF

from viewer.core.imaging.color_scale import ColorScale, table
from viewer.widgets.theme import GRID_PX, TextSize, text_font

MAX_CELL_PX = 64


class Spot(NamedTuple):
    """One cell: which plate, and where in it."""

    plate: int
    y: int
    x: int


class Outline(NamedTuple):
    """A rectangle of cells to outline; the ends are not included."""

    plate: int
    top: int
    left: int
    bottom: int
    right: int
    selected: bool = False


@dataclass(frozen=True, slots=True)
class Plate:
    """One array of cells.

    Attributes
    ----------
    colors : (H, W) uint32, 0xFFRRGGBB
    values : (H, W) float64 or None
        Numbers to write where they fit; None for none.
    title : str
        Above it.
    short_title : str
        In its place where there is no room.
    inside : (top, left, bottom, right) or None
        The cells that are not padding; None if none is.
    """

    colors: NDArray[np.uint32]
    values: NDArray[np.float64] | None = None
    title: str = ""
    short_title: str = ""
    inside: tuple[int, int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class PlateLayout:
    """Where plates of one shape lie in a widget.

    Attributes
    ----------
    shape : (height, width)
        Of a plate, in cells.
    cell_px : float
        Of a cell, in logical pixels.
    columns : int
    title_px : float
        Room above each plate.
    origin : QPointF
    """

    shape: tuple[int, int]
    cell_px: float
    columns: int
    title_px: float
    origin: QPointF

    @classmethod
    def fit(
        cls,
        count: int,
        shape: tuple[int, int],
        size: QSizeF,
        ratio: float = 1.0,
        *,
        titled: bool = False,
    ) -> PlateLayout:
        """Return the layout with the largest cells for `count` plates in a widget of `size`."""
        title_px = title_height() if titled else 0.0
        best: tuple[float, int, int] | None = None
        for columns in range(1, count + 1):
            rows = -(-count // columns)
            width = (size.width() - 2 - (columns - 1) * GRID_PX) / columns
            height = (size.height() - 2 - (rows - 1) * GRID_PX) / rows - title_px
            room = min(width / shape[1], height / shape[0], MAX_CELL_PX)
            # Among equals, the one with no empty places, and then the widest.
            found = (_whole(room * ratio) / ratio, count - rows * columns, columns)
            best = found if best is None else max(best, found)
        assert best is not None
        cell, _, columns = best
        layout = cls(shape, cell, columns, title_px, QPointF())
        used = layout.extent(count)
        left = max(0.0, (size.width() - used.width()) / 2)
        top = max(0.0, (size.height() - used.height()) / 2)
        origin = QPointF(math.floor(left) + 1.0, math.floor(top) + 1.0)
        return cls(shape, cell, columns, title_px, origin)

    def extent(self, count: int) -> QSizeF:
        """Return the room that all plates take, with their frames."""
        columns, rows = min(count, self.columns), -(-count // self.columns)
        return QSizeF(
            columns * self.shape[1] * self.cell_px + (columns - 1) * GRID_PX + 2,
            rows * (self.shape[0] * self.cell_px + self.title_px) + (rows - 1) * GRID_PX + 2,
        )

    def plate_rect(self, index: int) -> QRectF:
        """Return where the cells of a plate are."""
        row, column = divmod(index, self.columns)
        width, height = self.shape[1] * self.cell_px, self.shape[0] * self.cell_px
        x = self.origin.x() + column * (width + GRID_PX)
        y = self.origin.y() + row * (height + self.title_px + GRID_PX) + self.title_px
        return QRectF(x, y, width, height)

    def rect(self, index: int, top: int, left: int, bottom: int, right: int) -> QRectF:
        """Return where a rectangle of cells is."""
        corner = self.plate_rect(index).topLeft()
        cell = self.cell_px
        return QRectF(
            corner.x() + left * cell,
            corner.y() + top * cell,
            (right - left) * cell,
            (bottom - top) * cell,
        )

    def cell_rect(self, spot: Spot) -> QRectF:
        """Return where one cell is."""
        return self.rect(spot.plate, spot.y, spot.x, spot.y + 1, spot.x + 1)

    def spot_at(self, position: QPointF, count: int) -> Spot | None:
        """Return the cell at a point; None between the plates."""
        for index in range(count):
            rect = self.plate_rect(index)
            if rect.contains(position) and self.cell_px > 0:
                y = int((position.y() - rect.top()) / self.cell_px)
                x = int((position.x() - rect.left()) / self.cell_px)
                if y < self.shape[0] and x < self.shape[1]:
                    return Spot(index, y, x)
        return None


def title_height() -> float:
    """Return the room that a title takes above its plate."""
    return math.ceil(QFontMetricsF(text_font(TextSize.SMALL)).height()) + 2.0


def common_shape(plates: Sequence[Plate]) -> tuple[int, int]:
    """Return a shape that every plate fits into."""
    shapes = [plate.colors.shape for plate in plates] or [(1, 1)]
    return max(shape[0] for shape in shapes), max(shape[1] for shape in shapes)


def _whole(room: float) -> float:
    """Return the largest whole number, or part 1/n, that is not above `room`."""
    if room >= 1:
        return float(math.floor(room))
    return 1 / math.ceil(1 / max(room, 1e-3))


def grey_levels(values: NDArray[np.float64]) -> NDArray[np.uint32]:
    """Return an input's values, (H, W), as greys: 0 black, and 1 or the largest white."""
    low, high = min(0.0, float(values.min())), max(1.0, float(values.max()))
    lut = table("grey", signed=False, dark=False)
    return ColorScale("grey", low, high, lut).apply(values)
