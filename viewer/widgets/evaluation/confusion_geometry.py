"""Where the cells of a confusion matrix stand."""

from __future__ import annotations

import math

from PyQt6.QtCore import QPointF, QRectF, QSize, QSizeF
from PyQt6.QtGui import QFontMetricsF

from viewer.widgets.theme import GRID_PX, TextSize, text_font

Cell = tuple[int, int]  # true class, predicted class

MIN_CELL_PX = 14  # smaller ones can't be hit: many classes scroll instead
DOTS_BELOW_PX = 6  # smaller cells are dots, of which the strongest are on top
MAX_CELL_PX = 40
WIDEST_CELL = 1.5  # of its height: four digits want room
MARGIN_PX = 4
LEGEND_BAR_PX = 8
WIDEST_SHARE = "100 %"


def legend_px() -> int:
    """Return the width of the colour bar with its numbers, and what keeps it from the cells."""
    text = QFontMetricsF(text_font(TextSize.SMALL)).horizontalAdvance(WIDEST_SHARE)
    return GRID_PX + LEGEND_BAR_PX + MARGIN_PX + math.ceil(text) + 1


class ConfusionGeometry:
    """Places of cells in a viewport.

    Parameters
    ----------
    classes : int
    whole : QSize
        Of the viewport without scroll bars: cells are made to fit it.
    size : QSize
        Of the viewport as it is.
    labels : QSizeF, optional
        Room for the names: width of those at the rows, height of those at the columns.
    zoom : float
        At 1, all cells are in sight if they can be hit; at `fit` they are in any case.

    Attributes
    ----------
    fit : float
        Zoom, at most 1, at which all cells are in sight.
    """

    def __init__(
        self,
        classes: int,
        whole: QSize,
        size: QSize,
        labels: QSizeF | None = None,
        zoom: float = 1.0,
    ) -> None:
        labels = QSizeF(0, 0) if labels is None else labels
        self._classes = classes
        taken = QSizeF(labels.width() + legend_px(), labels.height() + MARGIN_PX)
        across, down = (
            max(MIN_CELL_PX, (side - less) // max(1, classes))
            for side, less in (
                (whole.width(), taken.width()),
                (whole.height(), taken.height()),
            )
        )
        down = min(down, MAX_CELL_PX, across)  # a cell may be wide, but not high
        across = min(across, down * WIDEST_CELL)
        self.fit = min(
            1.0,
            *(
                max(1.0, room) / (max(1, classes) * size)
                for room, size in (
                    (whole.width() - taken.width(), across),
                    (whole.height() - taken.height(), down),
                )
            ),
        )
        zoom = max(zoom, self.fit)
        self.cell_width, self.cell_height = (
            float(int(size * zoom)) if zoom >= 1 else size * zoom for size in (across, down)
        )
        self.grid_width, self.grid_height = classes * self.cell_width, classes * self.cell_height
        self.grid_room = QRectF(
            labels.width(),
            labels.height(),
            min(max(0.0, size.width() - taken.width()), self.grid_width),
            min(max(0.0, size.height() - taken.height()), self.grid_height),
        )

    @property
    def dots(self) -> bool:
        """Whether cells are too small to be painted one by one."""
        return self.cell_height < DOTS_BELOW_PX

    def cell_rect(self, cell: Cell, offset: QPointF) -> QRectF:
        """Return where a cell is once the view is scrolled by `offset`."""
        true, predicted = cell
        left = self.grid_room.left() + predicted * self.cell_width - offset.x()
        top = self.grid_room.top() + true * self.cell_height - offset.y()
        return QRectF(left, top, self.cell_width, self.cell_height)

    def cell_at(self, position: QPointF, offset: QPointF) -> Cell | None:
        """Return the cell at a place of the viewport."""
        if not self.grid_room.contains(position):
            return None
        inside = position - self.grid_room.topLeft() + offset
        cell = (int(inside.y() // self.cell_height), int(inside.x() // self.cell_width))
        return cell if max(cell) < self._classes else None

    def in_sight(self, offset: QPointF) -> tuple[range, range]:
        """Return the rows and the columns that are in sight, in part at least."""
        rows, columns = (
            range(
                int(start // size),
                min(self._classes, math.ceil((start + room) / size)),
            )
            for start, room, size in (
                (offset.y(), self.grid_room.height(), self.cell_height),
                (offset.x(), self.grid_room.width(), self.cell_width),
            )
        )
        return rows, columns
