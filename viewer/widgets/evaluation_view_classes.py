"""Precision, recall and F1 of every class as a table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
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
MIN_NAME_PX = 36


class ScoreTable(QAbstractScrollArea):
    """A row a class; the lowest value of each column in bold. Many classes scroll."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._names: tuple[str, ...] = ()
        self._scores: NDArray[np.float64] = np.zeros((0, len(HEADINGS)))
        self._lowest: tuple[float, ...] = ()
        self._hover: int | None = None
        self._name_px = MIN_NAME_PX
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Precision and recall of each class")
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
        self._name_px = round(min(max(widest + GRID_PX, MIN_NAME_PX), MAX_NAME_PX))
        self.setFixedWidth(self.sizeHint().width())
        self._set_range()

    def text_of(self, row: int, column: int) -> str:
        """Return a figure as it is shown; a dash where there is nothing to take a share of."""
        value = float(self._scores[row, column])
        return "–" if math.isnan(value) else f"{100 * value:.1f} %"

    def tip_of(self, row: int) -> str:
        """Return what the figures of a class mean."""
        name = self._names[row]
        precision, recall, f1 = (self.text_of(row, column) for column in range(3))
        return (
            f"Precision {precision}: that share of the images read as {name} are {name}.\n"
            f"Recall {recall}: that share of the images of {name} are read as {name}.\n"
            f"F1 {f1}: harmonic mean of the two."
        )

    @override
    def sizeHint(self) -> QSize:
        bar = self.style().pixelMetric(self.style().PixelMetric.PM_ScrollBarExtent)  # type: ignore[union-attr]  # a widget has a style
        scrolls = bar + GRID_PX if len(self._names) > 10 else 0
        return QSize(self._name_px + _RIGHT_PX[-1] + scrolls, 11 * MIN_ROW_PX)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self.sizeHint().width(), 4 * MIN_ROW_PX)

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
            bar.setRange(0, max(0, len(self._names) * height - room))
            bar.setPageStep(max(1, room))
            bar.setSingleStep(height)
        self._view().update()

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._set_range()

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            self._set_hover(self._row_at(event.position()))

    def _row_at(self, position: QPointF) -> int | None:
        if position.y() < self._row_px():
            return None
        rows = range(len(self._names))
        return next((row for row in rows if self._row_rect(row).contains(position)), None)

    @override
    def leaveEvent(self, event: QEvent | None) -> None:
        self._set_hover(None)
        super().leaveEvent(event)

    def _set_hover(self, row: int | None) -> None:
        if row != self._hover:
            self._hover = row
            self._view().setToolTip("" if row is None else self.tip_of(row))
            self._view().update()

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self._view())
        painter.setClipRect(0, self._row_px(), self._view().width(), self._view().height())
        for row in range(len(self._names)):
            rect = self._row_rect(row)
            if rect.bottom() > self._row_px() and rect.top() < self._view().height():
                self._paint_row(painter, row, rect)
        painter.setClipping(False)
        painter.setFont(text_font(TextSize.SMALL))
        painter.setPen(self._theme.color("text_muted"))
        heading = QRectF(0, 0, self._view().width(), self._row_px())
        painter.drawText(heading, _LEFT, "Class")
        for column, text in enumerate(HEADINGS):
            painter.drawText(self._column(heading, column), _RIGHT, text)

    def _paint_row(self, painter: QPainter, row: int, rect: QRectF) -> None:
        if row == self._hover:
            painter.fillRect(rect, self._theme.color("raised"))
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


# Right ends of the columns, from the end of the names.
_RIGHT_PX = tuple(COLUMN_PX + index * NARROW_COLUMN_PX for index in range(len(HEADINGS)))
_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
