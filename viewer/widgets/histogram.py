"""Histogram of one channel's values, painted directly.

One update has to cost well under a millisecond beside all the live maps; a plot item of the
plotting library takes several to lay out its axes again.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from viewer.core.imaging.numbers import format_number
from viewer.widgets.theme import LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from viewer.core.statistics import Histogram
    from viewer.widgets.theme import Theme

BAR_GAP_PX = 1
MARKER_PX = 2
MIN_BAR_PX = 1.5  # one value in a bin is to be seen beside a bin of hundreds


class HistogramView(QWidget):
    """Bars of counts over values, with a linear or logarithmic count axis.

    Signals
    -------
    hover_changed(object)
        Index of the bin under the mouse, or None.
    """

    hover_changed = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._histogram: Histogram | None = None
        self._marker: float | None = None
        self._log = False
        self._hover: int | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Histogram")

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_histogram(self, histogram: Histogram | None, marker: float | None = None) -> None:
        """Show `histogram`, and a line at `marker` (the selected value) if it is inside."""
        self._histogram, self._marker = histogram, marker
        self.update()

    def set_log(self, log: bool) -> None:
        """Count logarithmically (so that single values stay in sight), or linearly."""
        self._log = log
        self.update()

    def bar_heights(self, room_px: float) -> list[float]:
        """Return the height of every bar in a plot `room_px` high."""
        if self._histogram is None:
            return []
        counts = self._histogram.counts.astype(np.float64)
        lengths = np.log1p(counts) if self._log else counts
        top = float(lengths.max(initial=0.0)) or 1.0
        heights = np.where(counts > 0, np.maximum(lengths / top * room_px, MIN_BAR_PX), 0.0)
        return [float(height) for height in heights]

    @override
    def sizeHint(self) -> QSize:
        return QSize(276, 96)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(120, 48)

    def _plot(self) -> QRectF:
        line = self.fontMetrics().height()
        return QRectF(self.rect()).adjusted(0, line, 0, -line - 2)

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and self._histogram is not None:
            share = event.position().x() / max(1, self.width())
            bins = len(self._histogram.counts)
            self._set_hover(min(max(int(share * bins), 0), bins - 1))

    @override
    def leaveEvent(self, event: QEvent | None) -> None:
        self._set_hover(None)
        super().leaveEvent(event)

    def _set_hover(self, index: int | None) -> None:
        if index != self._hover:
            self._hover = index
            self.hover_changed.emit(index)
            self.update()

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        if self._histogram is None:
            return
        painter = QPainter(self)
        painter.setFont(text_font(TextSize.SMALL))
        plot = self._plot()
        self._paint_bars(painter, plot)
        painter.setPen(QPen(self._theme.color("border_strong"), 1))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        if self._marker is not None and self._histogram.bin_of(self._marker) is not None:
            x = self._x(self._marker, plot)
            painter.setPen(QPen(self._theme.color("accent"), MARKER_PX))
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        self._paint_labels(painter, plot)

    def _paint_bars(self, painter: QPainter, plot: QRectF) -> None:
        heights = self.bar_heights(plot.height())
        step = plot.width() / max(1, len(heights))
        bars = []
        for index, height in enumerate(heights):
            # Whole pixels, or gaps of different width shimmer as the panel is resized.
            left, right = round(index * step), round((index + 1) * step) - BAR_GAP_PX
            bars.append(QRectF(left, plot.bottom() - height, max(1, right - left), height))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("bar"))
        painter.drawRects(*bars)
        if self._hover is not None and self._hover < len(bars):
            painter.fillRect(bars[self._hover], self._theme.color("text"))

    def _paint_labels(self, painter: QPainter, plot: QRectF) -> None:
        assert self._histogram is not None
        low, high = self._histogram.low, self._histogram.high
        painter.setPen(self._theme.color("text_muted"))
        below = QRectF(0, plot.bottom() + 2, self.width(), painter.fontMetrics().height())
        if not low < high:  # all equal, or none
            text = "" if math.isnan(low) else f"all {format_number(low)}"
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, text)
            return
        left, right = format_number(low), format_number(high)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, left)
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, right)
        self._paint_zero(painter, plot, below, (left, right))
        most = int(self._histogram.counts.max(initial=0))
        top = QRectF(0, 0, self.width(), painter.fontMetrics().height())
        painter.drawText(top, Qt.AlignmentFlag.AlignLeft, f"{most:,}")

    def _paint_zero(
        self, painter: QPainter, plot: QRectF, below: QRectF, ends: tuple[str, str]
    ) -> None:
        assert self._histogram is not None
        low, high = float(self._histogram.edges[0]), float(self._histogram.edges[-1])
        x = self._x(0.0, plot)
        metrics = painter.fontMetrics()
        reach = (metrics.horizontalAdvance(ends[0]), metrics.horizontalAdvance(ends[1]))
        if not (low < 0 < high and reach[0] + 10 < x < below.right() - reach[1] - 10):
            return
        painter.drawText(
            QRectF(x - 10, below.top(), 20, below.height()), Qt.AlignmentFlag.AlignHCenter, "0"
        )

    def _x(self, value: float, plot: QRectF) -> float:
        assert self._histogram is not None
        low, high = float(self._histogram.edges[0]), float(self._histogram.edges[-1])
        share = (value - low) / (high - low) if high > low and math.isfinite(value) else 0.5
        return plot.left() + share * plot.width()
