"""Where the cells of a confusion matrix stand, and how they are painted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QPainter
from PyQt6.QtWidgets import QWidget

from viewer.core.imaging.color_scale import available, table
from viewer.widgets.cells import needs_black_text, paint_outline
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from viewer.widgets.theme import Theme

Cell = tuple[int, int]

MIN_CELL_PX = 14  # smaller ones can't be hit: many classes scroll instead
MAX_CELL_PX = 40
WIDEST_CELL = 1.5  # of its height: four digits want room
MAX_LABEL_PX = 88
MAX_TURNED_LABEL_PX = 56
MAX_UPRIGHT_LABEL_PX = 24  # longer names stand on end above narrow columns
MARGIN_PX = 4
CELL_GAP_PX = 1
LEGEND_PX = 52  # colour bar with its numbers
LEGEND_BAR_PX = 8
LEGEND_MAX_PX = 160
COLORS = 255  # of a table without its first entry, which is for what is no number


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
        At least 1; at 1 all cells are in sight if they can be hit.
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
        taken = QSizeF(labels.width() + LEGEND_PX, labels.height() + MARGIN_PX)
        across, down = (
            max(MIN_CELL_PX, (side - less) // max(1, classes))
            for side, less in (
                (whole.width(), taken.width()),
                (whole.height(), taken.height()),
            )
        )
        down = min(down, MAX_CELL_PX, across)  # a cell may be wide, but not high
        across = min(across, down * WIDEST_CELL)
        self.cell_width, self.cell_height = float(int(across * zoom)), float(int(down * zoom))
        self.grid_width, self.grid_height = classes * self.cell_width, classes * self.cell_height
        self.grid_room = QRectF(
            labels.width(),
            labels.height(),
            min(max(0.0, size.width() - taken.width()), self.grid_width),
            min(max(0.0, size.height() - taken.height()), self.grid_height),
        )

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


class ConfusionPainter:
    """Paints counts, names and the bar that says which colour is which share."""

    def __init__(self) -> None:
        self._theme = LIGHT
        self._colors_name = available(signed=False)[0]
        self._names: tuple[str, ...] = ()
        self._counts: NDArray[np.int64] = np.zeros((0, 0), np.int64)
        self._most = 0.0  # the largest share of a row that is a mistake
        self._colors: NDArray[np.uint32] = np.zeros((0, 0), np.uint32)
        self._black: NDArray[np.bool_] = np.zeros((0, 0), np.bool_)
        self._turned = False

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self._color_cells()

    def set_colors(self, name: str) -> None:
        """Use other sequential colours."""
        self._colors_name = name
        self._color_cells()

    def set_confusion(self, counts: NDArray[np.int64], names: tuple[str, ...]) -> None:
        """Take another matrix, (K, K) int64, and its K names."""
        self._counts, self._names = counts, names
        self._color_cells()

    def label_size(self, size: QSize) -> QSizeF:
        """Return the room that the names take in a viewport of `size`."""
        metrics = QFontMetricsF(text_font(TextSize.SMALL))
        widest = max((metrics.horizontalAdvance(name) for name in self._names), default=0.0)
        line = metrics.height()
        width = line + min(widest, MAX_LABEL_PX) + GRID_PX
        cell = (size.width() - width - LEGEND_PX) / max(1, len(self._names))
        self._turned = widest > max(cell - 2, MAX_UPRIGHT_LABEL_PX)
        above = min(widest, MAX_TURNED_LABEL_PX) if self._turned else line
        return QSizeF(width, line + above + MARGIN_PX)

    def _lut(self) -> NDArray[np.uint32]:
        """Return 255 colours from few to many: the farther from the surface, the more."""
        lut = table(self._colors_name, signed=False, dark=self._theme.dark)[1:]
        return lut if self._theme.dark else lut[::-1]

    def _color_cells(self) -> None:
        counts = self._counts
        rows = np.maximum(counts.sum(axis=1, keepdims=True), 1)
        share = counts / rows  # (K, K)
        np.fill_diagonal(share, 0.0)
        self._most = float(share.max(initial=0.0))
        place = np.round(share / (self._most or 1.0) * (COLORS - 1)).astype(np.intp)
        special = np.array([self._theme.color(t).rgb() for t in ("surface", "raised")], np.uint32)
        surface, quiet = COLORS, COLORS + 1
        place[counts == 0] = surface
        np.fill_diagonal(place, quiet)
        # What text stands out on is asked of each colour once: there may be a million cells.
        colors = np.concatenate((self._lut().astype(np.uint32), special))
        self._colors, self._black = colors[place], needs_black_text(colors)[place]

    def paint(
        self,
        viewport: QWidget,
        geometry: ConfusionGeometry,
        offset: QPointF,
        selected: Cell | None,
        hover: Cell | None,
    ) -> None:
        """Paint all of it into the viewport."""
        painter = QPainter(viewport)
        painter.setFont(text_font(TextSize.SMALL))
        painter.setClipRect(geometry.grid_room)
        self._paint_cells(painter, geometry, offset)
        for cell, is_selected in ((hover, False), (selected, True)):
            if cell is not None:
                rect = geometry.cell_rect(cell, offset).adjusted(1, 1, -2, -2)
                paint_outline(painter, rect, self._theme, selected=is_selected)
        painter.setClipping(False)
        self._paint_names(painter, geometry, offset, hover or selected)
        self._paint_titles(painter, geometry)
        self._paint_legend(painter, geometry, viewport.width())

    def _paint_cells(self, painter: QPainter, geometry: ConfusionGeometry, offset: QPointF) -> None:
        rows, columns = geometry.in_sight(offset)
        metrics = QFontMetricsF(painter.font())
        room = geometry.cell_width - CELL_GAP_PX - 1
        too_low = metrics.capHeight() + 4 > geometry.cell_height
        # All of the diagonal or none of it: a gap in it would look like something.
        most = int(np.diag(self._counts).max(initial=0))
        no_diagonal = metrics.horizontalAdvance(str(most)) > room
        muted, black, white = self._theme.color("text_muted"), QColor("black"), QColor("white")
        for true in rows:
            for predicted in columns:
                rect = geometry.cell_rect((true, predicted), offset)
                rect.adjust(0, 0, -CELL_GAP_PX, -CELL_GAP_PX)
                painter.fillRect(rect, QColor(int(self._colors[true, predicted])))
                count, right = int(self._counts[true, predicted]), true == predicted
                text = str(count)
                if not count or too_low or (right and no_diagonal):
                    continue
                if metrics.horizontalAdvance(text) <= room:
                    dark = bool(self._black[true, predicted])
                    painter.setPen(muted if right else black if dark else white)
                    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
        painter.setPen(self._theme.color("border"))
        last = geometry.cell_rect((len(self._names) - 1, len(self._names) - 1), offset)
        first = geometry.cell_rect((0, 0), offset)
        painter.drawRect(QRectF(first.topLeft(), last.bottomRight()).adjusted(0, 0, -1, -1))

    def _paint_names(
        self, painter: QPainter, geometry: ConfusionGeometry, offset: QPointF, marked: Cell | None
    ) -> None:
        metrics = QFontMetricsF(painter.font())
        room, line = geometry.grid_room, metrics.height()
        need = metrics.capHeight() + MARGIN_PX  # names are seldom as high as a line
        stride_y = max(1, math.ceil(need / geometry.cell_height))
        if not self._turned:
            need = max(map(metrics.horizontalAdvance, self._names), default=0.0) + 2
        stride_x = max(1, math.ceil(need / geometry.cell_width))
        rows, columns = geometry.in_sight(offset)
        across, above = room.left() - line - GRID_PX, room.top() - line - MARGIN_PX
        for row in rows:
            middle = geometry.cell_rect((row, 0), offset).center().y()
            is_marked = marked is not None and marked[0] == row
            if not room.top() <= middle <= room.bottom() or (row % stride_y and not is_marked):
                continue
            text = metrics.elidedText(self._names[row], Qt.TextElideMode.ElideRight, across)
            rect = QRectF(line, middle - line / 2, across + GRID_PX / 2, line)
            self._write(painter, rect, text, _RIGHT, marked=is_marked)
        for column in columns:
            middle = geometry.cell_rect((0, column), offset).center().x()
            is_marked = marked is not None and marked[1] == column
            if not room.left() <= middle <= room.right() or (column % stride_x and not is_marked):
                continue
            text = metrics.elidedText(self._names[column], Qt.TextElideMode.ElideRight, above)
            if not self._turned:
                rect = QRectF(middle - room.width(), line, 2 * room.width(), line)
                self._write(painter, rect, self._names[column], _CENTER, marked=is_marked)
                continue
            painter.save()
            painter.translate(middle, room.top() - MARGIN_PX / 2)
            painter.rotate(-90)
            rect = QRectF(0, -line / 2, above + MARGIN_PX, line)
            self._write(painter, rect, text, _LEFT, marked=is_marked)
            painter.restore()

    def _write(
        self, painter: QPainter, rect: QRectF, text: str, flags: Qt.AlignmentFlag, *, marked: bool
    ) -> None:
        background = self._theme.color("surface")
        if marked:  # names left out for lack of room may stand beside it
            painter.fillRect(painter.boundingRect(rect, flags, text), background)
        painter.setPen(self._theme.color("text" if marked else "text_muted"))
        painter.drawText(rect, flags, text)

    def _paint_titles(self, painter: QPainter, geometry: ConfusionGeometry) -> None:
        line, room = QFontMetricsF(painter.font()).height(), geometry.grid_room
        painter.setPen(self._theme.color("text_muted"))
        wide = max(room.width(), 120.0)
        above = QRectF(room.center().x() - wide / 2, 0, wide, line)
        painter.drawText(above, _CENTER, "Predicted class")
        painter.save()
        painter.translate(0, room.center().y())
        painter.rotate(-90)
        painter.drawText(QRectF(-room.height() / 2, 0, room.height(), line), _CENTER, "True class")
        painter.restore()

    def _paint_legend(self, painter: QPainter, geometry: ConfusionGeometry, width: int) -> None:
        if not self._most:
            return
        room, line = geometry.grid_room, QFontMetricsF(painter.font()).height()
        left = min(room.right() + GRID_PX, width - LEGEND_PX + GRID_PX)
        height = min(room.height() - line, LEGEND_MAX_PX)
        bar = QRectF(left, room.top() + line / 2, LEGEND_BAR_PX, height)
        lut = self._lut()
        rows = max(1, int(bar.height()))
        for row in range(rows):
            color = QColor(int(lut[round((1 - row / rows) * (COLORS - 1))]))
            painter.fillRect(QRectF(bar.left(), bar.top() + row, bar.width(), 1), color)
        painter.setPen(self._theme.color("text_muted"))
        text_left = bar.right() + MARGIN_PX
        for y, text in ((bar.top(), _percent(self._most)), (bar.bottom(), "0 %")):
            painter.drawText(QRectF(text_left, y - line / 2, LEGEND_PX, line), _LEFT, text)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"


_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
_CENTER = Qt.AlignmentFlag.AlignCenter
