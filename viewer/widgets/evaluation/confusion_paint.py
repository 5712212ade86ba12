"""How the cells of a confusion matrix, its names and its colour bar are painted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PyQt6.QtWidgets import QWidget

from viewer.core.imaging.color_scale import available, table
from viewer.widgets.cells import image_of, needs_black_text, paint_outline
from viewer.widgets.evaluation.confusion_geometry import (
    LEGEND_BAR_PX,
    MARGIN_PX,
    Cell,
    ConfusionGeometry,
    legend_px,
)
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from viewer.core.training.report import Report
    from viewer.widgets.theme import Theme

DOT_PX = 3  # or less, where they would cover more of the matrix than this share
DOTS_SHARE = 0.25
MAX_LABEL_PX = 88
MAX_TURNED_LABEL_PX = 56
MAX_UPRIGHT_LABEL_PX = 24  # longer names stand on end above narrow columns
CELL_GAP_PX = 1
LEGEND_MAX_PX = 160
COUNT_SIZES = (TextSize.SMALL, 8.0, 7.0)  # pt of the counts, as far as there is room
COLORS = 255  # of a table without its first entry, which is for what is no number
EMPTY, RIGHT = COLORS, COLORS + 1  # colours, by index, of cells without images, and of right ones


@dataclass(frozen=True, slots=True)
class Mistakes:
    """All cells of mistakes that have images, the largest share of its row last.

    Attributes
    ----------
    true, predicted : (M,) int64
        Classes.
    levels : (M,) int64
        Colours, by index.
    """

    true: NDArray[np.int64]
    predicted: NDArray[np.int64]
    levels: NDArray[np.int64]


class ConfusionPainter:
    """Paints counts, names and the bar that says which colour is which share."""

    def __init__(self) -> None:
        self._theme = LIGHT
        self._colors_name = available(signed=False)[0]
        self._names: tuple[str, ...] = ()
        self._counts: NDArray[np.int64] = np.zeros((0, 0), np.int64)
        self._rows: NDArray[np.int64] = np.zeros(0, np.int64)  # images of each true class, or 1
        self._most = 0.0  # the largest share of a row that is a mistake
        self._most_right, self._most_mistaken = 0, 0  # images in a cell
        self._mistakes = Mistakes(*(np.zeros(0, np.int64) for _ in range(3)))
        self._widest = 0.0  # of the names
        # Of the shares, then of what is empty, then of what is right: 0xFFRRGGBB, and whether
        # black text stands out on it.
        self._colors: NDArray[np.uint32] = np.zeros(0, np.uint32)
        self._black: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._turned = False

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self._choose_colors()

    def set_colors(self, name: str) -> None:
        """Use other sequential colours."""
        self._colors_name = name
        self._choose_colors()

    def set_report(self, report: Report) -> None:
        """Take another matrix and its names; it is not gone through, as it may be very large."""
        self._counts, self._names = report.confusion, report.class_names
        self._rows = np.maximum(report.class_counts, 1)  # (K,)
        cells = report.mistaken_cells
        self._most = float(cells.share.max(initial=0.0))
        mistaken = np.rint(cells.share * report.class_counts[cells.true])
        right = np.rint(np.nan_to_num(report.recall) * report.class_counts)
        self._most_mistaken, self._most_right = (
            int(counts.max(initial=0)) for counts in (mistaken, right)
        )
        self._mistakes = Mistakes(cells.true, cells.predicted, self._levels(cells.share))
        metrics = QFontMetricsF(text_font(TextSize.SMALL))
        self._widest = max((metrics.horizontalAdvance(name) for name in self._names), default=0.0)

    def label_size(self, size: QSize) -> QSizeF:
        """Return the room that the names take in a viewport of `size`."""
        metrics = QFontMetricsF(text_font(TextSize.SMALL))
        widest = self._widest
        line = metrics.height()
        width = line + min(widest, MAX_LABEL_PX) + GRID_PX
        cell = (size.width() - width - legend_px()) / max(1, len(self._names))
        self._turned = widest > max(cell - 2, MAX_UPRIGHT_LABEL_PX)
        above = min(widest, MAX_TURNED_LABEL_PX) if self._turned else line
        return QSizeF(width, line + above + MARGIN_PX)

    def _lut(self) -> NDArray[np.uint32]:
        """Return 255 colours from few to many: the farther from the surface, the more."""
        lut = table(self._colors_name, signed=False, dark=self._theme.dark)[1:]
        return lut if self._theme.dark else lut[::-1]

    def _choose_colors(self) -> None:
        special = np.array([self._theme.color(t).rgb() for t in ("surface", "raised")], np.uint32)
        # What text stands out on is asked of each colour once: there may be millions of cells.
        self._colors = np.concatenate((self._lut().astype(np.uint32), special))
        self._black = needs_black_text(self._colors)

    def _levels(self, share: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the colours, by index, of shares of rows."""
        levels = np.rint(share / (self._most or 1.0) * (COLORS - 1))
        return np.asarray(levels, np.int64)

    def _block(self, rows: range, columns: range) -> NDArray[np.int64]:
        """Return the colours, by index, of some rows and columns."""
        part = slice(rows.start, rows.stop), slice(columns.start, columns.stop)
        counts = self._counts[part]
        share = counts / self._rows[part[0], np.newaxis]
        levels = self._levels(np.minimum(share, self._most))
        levels[counts == 0] = EMPTY
        levels[np.array(rows)[:, np.newaxis] == np.array(columns)] = RIGHT
        return levels

    def nearest(self, cell: Cell, across: int, down: int) -> Cell:
        """Return the mistake with the largest share about a cell; the cell itself if none is.

        Parameters
        ----------
        cell : (true, predicted)
        across, down : int
            How many columns and rows away it may be.
        """
        near = (np.abs(self._mistakes.predicted - cell[1]) <= across) & (
            np.abs(self._mistakes.true - cell[0]) <= down
        )
        places = np.flatnonzero(near)
        if not len(places):
            return cell
        strongest = int(places[-1])  # they are sorted by their share
        return int(self._mistakes.true[strongest]), int(self._mistakes.predicted[strongest])

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
        if geometry.dots:
            self._paint_dots(painter, geometry, offset, viewport.devicePixelRatioF())
        else:
            self._paint_cells(painter, geometry, offset)
        self._paint_edge(painter, geometry, offset)
        for cell, is_selected in ((hover, False), (selected, True)):
            if cell is not None:
                rect = geometry.cell_rect(cell, offset).adjusted(1, 1, -2, -2)
                if geometry.dots:
                    rect = geometry.cell_rect(cell, offset).adjusted(-4, -4, 4, 4)
                paint_outline(painter, rect, self._theme, selected=is_selected)
        painter.setClipping(False)
        self._paint_names(painter, geometry, offset, hover or selected)
        self._paint_titles(painter, geometry)
        self._paint_legend(painter, geometry, viewport.width())

    def _paint_cells(self, painter: QPainter, geometry: ConfusionGeometry, offset: QPointF) -> None:
        rows, columns = geometry.in_sight(offset)
        levels = self._block(rows, columns)
        room = geometry.cell_width - CELL_GAP_PX - 1
        painter.setFont(self._count_font(room))
        metrics = QFontMetricsF(painter.font())
        too_low = metrics.capHeight() + 4 > geometry.cell_height
        # All of the diagonal or none of it: a gap in it would look like something.
        no_diagonal = metrics.horizontalAdvance(str(self._most_right)) > room
        muted, black, white = self._theme.color("text_muted"), QColor("black"), QColor("white")
        for true in rows:
            for predicted in columns:
                rect = geometry.cell_rect((true, predicted), offset)
                rect.adjust(0, 0, -CELL_GAP_PX, -CELL_GAP_PX)
                level = int(levels[true - rows.start, predicted - columns.start])
                painter.fillRect(rect, QColor(int(self._colors[level])))
                count, right = int(self._counts[true, predicted]), true == predicted
                text = str(count)
                if not count or too_low or (right and no_diagonal):
                    continue
                if metrics.horizontalAdvance(text) <= room:
                    dark = bool(self._black[level])
                    painter.setPen(muted if right else black if dark else white)
                    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
        painter.setFont(text_font(TextSize.SMALL))

    def _count_font(self, room: float) -> QFont:
        """Return the largest font in which all counts have room; or at least the mistakes."""
        for most in (max(self._most_right, self._most_mistaken), self._most_mistaken):
            for size in COUNT_SIZES:
                font = text_font(size)
                if QFontMetricsF(font).horizontalAdvance(str(most)) <= room:
                    return font
        return text_font(COUNT_SIZES[0])

    def _paint_dots(
        self, painter: QPainter, geometry: ConfusionGeometry, offset: QPointF, ratio: float
    ) -> None:
        """Paint the diagonal as a line, and each mistake as a dot, the strongest on top."""
        room = geometry.grid_room
        width, height = (max(1, round(side * ratio)) for side in (room.width(), room.height()))
        classes, found = np.arange(len(self._names)), self._mistakes
        cells = np.concatenate(((classes, classes), (found.true, found.predicted)), axis=1)
        colors = np.concatenate((np.full(len(classes), RIGHT), found.levels))
        sizes = np.array([[geometry.cell_height], [geometry.cell_width]])
        scrolled = np.array([[offset.y()], [offset.x()]])
        y, x = np.floor(((cells + 0.5) * sizes - scrolled) * ratio).astype(np.int64)
        seen = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        y, x, colors = y[seen], x[seen], colors[seen]
        covered = DOTS_SHARE * width * height / max(1, len(colors))  # pixels of each
        dot = min(DOT_PX, max(1, math.isqrt(int(covered))))
        levels = np.full((height + dot, width + dot), EMPTY, np.int64)
        for down in range(dot):
            for right in range(dot):
                levels[y + down, x + right] = colors
        middle = dot // 2
        shown = levels[middle : middle + height, middle : middle + width]
        painter.drawImage(room, image_of(self._colors[shown]))

    def _paint_edge(self, painter: QPainter, geometry: ConfusionGeometry, offset: QPointF) -> None:
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
            need = self._widest + 2
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
        left = min(room.right() + GRID_PX, width - legend_px() + GRID_PX)
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
            painter.drawText(QRectF(text_left, y - line / 2, width - text_left, line), _LEFT, text)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"


_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
_CENTER = Qt.AlignmentFlag.AlignCenter
