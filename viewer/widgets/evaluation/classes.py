"""Precision, recall and F1 of every class as a table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QAbstractScrollArea, QFrame, QWidget
from typing_extensions import override

from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from viewer.core.training.report import Report
    from viewer.widgets.theme import Theme

HEADINGS = ("Precision", "Recall", "F1")
MIN_ROW_PX, MAX_ROW_PX = 18, 26
COLUMN_PX = 54
NARROW_COLUMN_PX = 51  # of those with a short heading
MAX_NAME_PX = 112
NARROW_NAME_PX = 50  # where there is little room
MIN_NAME_PX = 36
SORT_TIP = "Click to sort: the lowest first, the highest first, as they were"


class ScoreTable(QAbstractScrollArea):
    """A row a class; the lowest value of each column in bold. Many classes scroll.

    A click on a heading sorts by its column: the lowest first, the highest first, as they were.

    Signals
    -------
    class_chosen(int)
        Index of the class whose row was clicked or walked to.
    """

    class_chosen = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._names: tuple[str, ...] = ()
        self._scores: NDArray[np.float64] = np.zeros((0, len(HEADINGS)))
        self._lowest: tuple[float, ...] = ()
        self._rows: list[int] = []  # the classes shown, from top to bottom
        self._filter = ""
        self._sorted_by: tuple[int, bool] | None = None  # column, and whether the highest is first
        self._hover: int | None = None  # class
        self._selected: int | None = None
        self._name_px = self._wanted_px = MIN_NAME_PX
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Precision and recall of each class: arrow keys walk")
        self._view().setMouseTracking(True)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        palette = self.palette()
        palette.setColor(self.backgroundRole(), theme.color("surface"))
        self._view().setPalette(palette)
        self._view().setAutoFillBackground(True)
        self._view().update()

    def set_report(self, report: Report) -> None:
        """Show the classes of a report."""
        self._names = report.class_names
        self._scores = np.stack((report.precision, report.recall, report.f1), axis=1)  # (K, 3)
        known = np.where(np.isnan(self._scores), np.inf, self._scores)
        self._lowest = tuple(known.min(axis=0, initial=np.inf).tolist())
        metrics = QFontMetricsF(text_font(TextSize.SMALL, bold=True))
        widest = max((metrics.horizontalAdvance(name) for name in self._names), default=0.0)
        self._wanted_px = round(min(max(widest + GRID_PX, MIN_NAME_PX), MAX_NAME_PX))
        self.setMinimumWidth(self.minimumSizeHint().width())
        self.setMaximumWidth(self.sizeHint().width())
        self._set_name_width()
        self._filter, self._sorted_by, self._selected = "", None, None
        self._arrange()

    def set_filter(self, text: str) -> None:
        """Show only the classes whose names have this text in them."""
        self._filter = text.strip().casefold()
        self._arrange()

    def set_selected(self, index: int | None) -> None:
        """Mark the row of a class; gives no signal."""
        self._selected = index
        self._view().update()

    @property
    def rows(self) -> tuple[int, ...]:
        """The classes shown, by their indices, from top to bottom."""
        return tuple(self._rows)

    def sort_by(self, column: int) -> None:
        """Sort by a column: the lowest first; again, the highest first; again, as they were."""
        orders = ((column, False), (column, True), None)
        place = orders.index(self._sorted_by) if self._sorted_by in orders[:2] else -1
        self._sorted_by = orders[place + 1]
        self._arrange()

    def _arrange(self) -> None:
        rows = [i for i, name in enumerate(self._names) if self._filter in name.casefold()]
        if self._sorted_by is not None:
            column, descending = self._sorted_by
            values = self._scores[rows, column]
            order = np.argsort(-values if descending else values, kind="stable")  # NaN is last
            rows = [rows[i] for i in order.tolist()]
        self._rows = rows
        bar = self.verticalScrollBar()
        if bar is not None:
            bar.setValue(0)
        self._set_range()

    def text_of(self, row: int, column: int) -> str:
        """Return a figure of a class, by its index, as it is shown; a dash for a share of none."""
        value = float(self._scores[row, column])
        return "–" if math.isnan(value) else f"{100 * value:.1f} %"

    def tip_of(self, row: int) -> str:
        """Return what the figures of a class, by its index, mean."""
        name = self._names[row]
        precision, recall, f1 = (self.text_of(row, column) for column in range(3))
        return (
            f"Precision {precision}: that share of the images read as {name} are {name}.\n"
            f"Recall {recall}: that share of the images of {name} are read as {name}.\n"
            f"F1 {f1}: harmonic mean of the two."
        )

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._wanted_px + self._beside_px(), 11 * MIN_ROW_PX)

    @override
    def minimumSizeHint(self) -> QSize:
        names_px = min(self._wanted_px, NARROW_NAME_PX)
        return QSize(names_px + self._beside_px(), 4 * MIN_ROW_PX)

    def _beside_px(self) -> int:
        """Return what the columns and a scroll bar take beside the names."""
        bar = self.style().pixelMetric(self.style().PixelMetric.PM_ScrollBarExtent)  # type: ignore[union-attr]  # a widget has a style
        return _RIGHT_PX[-1] + bar + GRID_PX

    def _set_name_width(self) -> None:
        self._name_px = min(self._wanted_px, max(MIN_NAME_PX, self.width() - self._beside_px()))

    def _view(self) -> QWidget:
        viewport = self.viewport()
        assert viewport is not None
        return viewport

    def _row_px(self) -> int:
        room = self.maximumViewportSize().height() // (len(self._names) + 1)
        return min(max(room, MIN_ROW_PX), MAX_ROW_PX)

    def _row_rect(self, row: int) -> QRectF:
        bar, height = self.verticalScrollBar(), self._row_px()
        top = (row + 1) * height - (0 if bar is None else bar.value())
        return QRectF(0, top, self._view().width(), height)

    def _set_range(self) -> None:
        bar, height = self.verticalScrollBar(), self._row_px()
        room = self.maximumViewportSize().height() - height
        if bar is not None:
            bar.setRange(0, max(0, len(self._rows) * height - room))
            bar.setPageStep(max(1, room))
            bar.setSingleStep(height)
        self._view().update()

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._set_name_width()
        self._set_range()

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            row = self._row_at(event.position())
            self._set_hover(None if row is None else self._rows[row])
            if row is None and self._column_at(event.position()) is not None:
                self._view().setToolTip(SORT_TIP)

    def _row_at(self, position: QPointF) -> int | None:
        """Return the place of the row at a place of the viewport."""
        bar, height = self.verticalScrollBar(), self._row_px()
        row = int((position.y() + (0 if bar is None else bar.value())) // height) - 1
        return row if position.y() >= height and 0 <= row < len(self._rows) else None

    def _column_at(self, position: QPointF) -> int | None:
        heading = QRectF(0, 0, self._view().width(), self._row_px())
        columns = range(len(HEADINGS))
        return next((c for c in columns if self._column(heading, c).contains(position)), None)

    @override
    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        row, column = self._row_at(event.position()), self._column_at(event.position())
        if row is not None:
            self._choose(row)
        elif column is not None:
            self.sort_by(column)

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None or event.key() not in _STEPS or not self._rows:
            super().keyPressEvent(event)
            return
        row, last = -1, len(self._rows) - 1
        if self._selected in self._rows:
            row = min(max(self._rows.index(self._selected) + _STEPS[Qt.Key(event.key())], 0), last)
        self._choose(max(row, 0))

    def _choose(self, row: int) -> None:
        index = self._rows[row]
        self.set_selected(index)
        bar, rect = self.verticalScrollBar(), self._row_rect(row)
        if bar is not None:
            low, high = rect.top() - self._row_px(), rect.bottom() - self._view().height()
            bar.setValue(round(bar.value() + min(low, 0) + max(high, 0)))
        self.class_chosen.emit(index)

    @override
    def leaveEvent(self, event: QEvent | None) -> None:
        self._set_hover(None)
        super().leaveEvent(event)

    def _set_hover(self, index: int | None) -> None:
        self._view().setToolTip("" if index is None else self.tip_of(index))
        if index != self._hover:
            self._hover = index
            self._view().update()

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self._view())
        painter.setClipRect(0, self._row_px(), self._view().width(), self._view().height())
        bar, height = self.verticalScrollBar(), self._row_px()
        first = (0 if bar is None else bar.value()) // height
        for row in range(first, min(first + self._view().height() // height + 1, len(self._rows))):
            self._paint_row(painter, self._rows[row], self._row_rect(row))
        painter.setClipping(False)
        painter.setFont(text_font(TextSize.SMALL))
        painter.setPen(self._theme.color("text_muted"))
        heading = QRectF(0, 0, self._view().width(), self._row_px())
        painter.drawText(heading, _LEFT, "Class")
        for column, text in enumerate(HEADINGS):
            if self._sorted_by is not None and self._sorted_by[0] == column:
                text += "↓" if self._sorted_by[1] else "↑"
                painter.setPen(self._theme.color("text"))
            painter.drawText(self._column(heading, column), _RIGHT, text)
            painter.setPen(self._theme.color("text_muted"))

    def _paint_row(self, painter: QPainter, row: int, rect: QRectF) -> None:
        if row in (self._hover, self._selected):
            painter.fillRect(rect, self._theme.color("raised"))
        if row == self._selected:
            painter.fillRect(QRectF(0, rect.top(), 2, rect.height()), self._theme.color("accent"))
            rect = rect.adjusted(GRID_PX / 2, 0, 0, 0)
        font, bold = text_font(TextSize.SMALL), text_font(TextSize.SMALL, bold=True)
        painter.setFont(font)
        painter.setPen(self._theme.color("text"))
        name = QFontMetricsF(font).elidedText(
            self._names[row], Qt.TextElideMode.ElideRight, self._name_px - GRID_PX / 2
        )
        painter.drawText(rect, _LEFT, name)
        for column in range(len(HEADINGS)):
            lowest = self._scores[row, column] == self._lowest[column]
            painter.setFont(bold if lowest else font)
            painter.drawText(self._column(rect, column), _RIGHT, self.text_of(row, column))

    def _column(self, rect: QRectF, column: int) -> QRectF:
        right = self._name_px + _RIGHT_PX[column]
        return QRectF(right - COLUMN_PX, rect.top(), COLUMN_PX, rect.height())


_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -10, Qt.Key.Key_PageDown: 10}
# Right ends of the columns, from the end of the names.
_RIGHT_PX = tuple(COLUMN_PX + index * NARROW_COLUMN_PX for index in range(len(HEADINGS)))
_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
