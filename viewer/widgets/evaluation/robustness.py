"""Accuracy of two networks against how far images were moved: one plot."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from viewer.widgets.plot_style import run_color
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from PyQt6.QtGui import QColor

    from viewer.widgets.theme import Theme

Y_TICKS = (0, 25, 50, 75, 100)
LINE_PX = 2.0
MARK_PX = 3.0  # half the side of a mark
TOP = 1.02  # of the axis: marks at 100 % are whole
MARKER_DASH = (2.0, 3.0)


class Axis(NamedTuple):
    """The horizontal axis of a plot.

    Attributes
    ----------
    title : str
        With its unit, ``Shift in any direction (px)``.
    short : str
        The same where there is little room, ``Shift (px)``.
    ticks : tuple of float
        Where numbers stand.
    unit : str
        Behind a value in a sentence, ``px``.
    """

    title: str
    short: str
    ticks: tuple[float, ...]
    unit: str


SHIFT_AXIS = Axis("Shift in any direction (px)", "Shift (px)", (0, 1, 2, 3, 4, 5, 6), " px")
ROTATION_AXIS = Axis("Rotation, anticlockwise (°)", "Rotation (°)", (-60, -30, 0, 30, 60), "°")
DATA_PX = 84  # across, at the least
TICK_GAP_PX = 6  # between two numbers; every other one is left out where there is less


def paint_mark(painter: QPainter, place: QPointF, index: int, color: QColor) -> None:
    """Paint the mark of network `index`: shapes differ as colours do."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    if index % 2:
        painter.drawRect(QRectF(place.x() - MARK_PX, place.y() - MARK_PX, 2 * MARK_PX, 2 * MARK_PX))
    else:
        painter.drawEllipse(place, MARK_PX + 0.5, MARK_PX + 0.5)


class RobustnessPlot(QWidget):
    """Lines of accuracy, one a network, and a line where the sliders stand.

    Parameters
    ----------
    axis : Axis
    shares_scale : bool
        Leave the numbers of the vertical axis to the plot on the left.

    Signals
    -------
    hover_changed(str)
        The values under the mouse in a sentence; empty elsewhere.
    """

    hover_changed = pyqtSignal(str)

    def __init__(
        self, axis: Axis, parent: QWidget | None = None, *, shares_scale: bool = False
    ) -> None:
        super().__init__(parent)
        self._shares_scale = shares_scale
        self._theme = LIGHT
        self._axis = axis
        self._names: tuple[str, ...] = ()
        self._x: NDArray[np.float64] = np.zeros(0)
        self._accuracy: NDArray[np.float64] = np.zeros((0, 0))
        self._marker: float | None = None
        self._hover: int | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(f"Accuracy against {axis.title}")

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_lines(
        self, names: tuple[str, ...], x: NDArray[np.float64], accuracy: NDArray[np.float64]
    ) -> None:
        """Show accuracies.

        Parameters
        ----------
        names : tuple of M str
        x : (X,) float64
            Growing, in the axis's unit.
        accuracy : (M, X) float64, [0, 1]
        """
        self._names, self._x, self._accuracy = names, x, accuracy
        self._set_hover(None)
        self.update()

    def clear(self) -> None:
        """Show axes only."""
        self.set_lines((), np.zeros(0), np.zeros((0, 0)))

    def set_marker(self, x: float | None) -> None:
        """Mark where the sliders stand."""
        if x != self._marker:
            self._marker = x
            self.update()

    def text_of(self, index: int) -> str:
        """Return the values at one amount: ``3 px: mlp 71.2 %, digits 96.1 %``."""
        amount = f"{self._x[index]:g}".replace("-", "−") + self._axis.unit
        values = zip(self._names, self._accuracy[:, index].tolist(), strict=True)
        return f"{amount}: " + ", ".join(f"{name} {100 * v:.1f} %" for name, v in values)

    def plot_rect(self) -> QRectF:
        """Return where the data stand."""
        metrics = QFontMetricsF(text_font(TextSize.SMALL))
        line = metrics.height()
        half = metrics.horizontalAdvance("−60") / 2  # of the widest number below
        return QRectF(self.rect()).adjusted(self._left_px(), line / 2, -half, -2 * line - 4)

    def axis_title(self) -> str:
        """Return what stands below the plot."""
        room = QFontMetricsF(text_font(TextSize.SMALL)).horizontalAdvance(self._axis.title)
        return self._axis.title if room <= self.width() else self._axis.short

    def ticks(self) -> tuple[float, ...]:
        """Return where numbers stand on the axis: at every tick, or at every other one."""
        ticks = self._axis.ticks
        widest = QFontMetricsF(text_font(TextSize.SMALL)).horizontalAdvance("−60") + TICK_GAP_PX
        room = self.plot_rect().width() / (len(ticks) - 1)
        return ticks if room >= widest or len(ticks) % 2 == 0 else ticks[::2]

    def _left_px(self) -> float:
        """Return what is beside the data on the left."""
        metrics = QFontMetricsF(text_font(TextSize.SMALL))
        if self._shares_scale:
            return metrics.horizontalAdvance("−60") / 2
        return metrics.height() + metrics.horizontalAdvance("100") + GRID_PX + 4

    @override
    def sizeHint(self) -> QSize:
        return QSize(280, 220)

    @override
    def minimumSizeHint(self) -> QSize:
        right = QFontMetricsF(text_font(TextSize.SMALL)).horizontalAdvance("−60") / 2
        return QSize(math.ceil(self._left_px() + DATA_PX + right), 120)

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None or not len(self._x):
            return
        places = np.array([self._x_px(float(x)) for x in self._x])
        nearest = int(np.argmin(np.abs(places - event.position().x())))
        inside = self.plot_rect().adjusted(-GRID_PX, 0, GRID_PX, 0).contains(event.position())
        self._set_hover(nearest if inside else None)

    @override
    def leaveEvent(self, event: QEvent | None) -> None:
        self._set_hover(None)
        super().leaveEvent(event)

    def _set_hover(self, index: int | None) -> None:
        if index != self._hover:
            self._hover = index
            text = "" if index is None else self.text_of(index)
            self.setToolTip(text)
            self.hover_changed.emit(text)
            self.update()

    def _x_px(self, x: float) -> float:
        plot, low, high = self.plot_rect(), self._axis.ticks[0], self._axis.ticks[-1]
        return plot.left() + (x - low) / (high - low) * plot.width()

    def _y_px(self, accuracy: float) -> float:
        plot = self.plot_rect()
        return plot.bottom() - accuracy / TOP * plot.height()

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setFont(text_font(TextSize.SMALL))
        self._paint_axes(painter)
        self._paint_upright(painter, self._marker, "text_muted", dashed=True)
        if self._hover is not None:
            self._paint_upright(painter, float(self._x[self._hover]), "border_strong")
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, values in enumerate(self._accuracy.tolist()):
            color = run_color(index, self._theme)
            points = [
                QPointF(self._x_px(x), self._y_px(y))
                for x, y in zip(self._x.tolist(), values, strict=True)
            ]
            painter.setPen(QPen(color, LINE_PX))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(QPolygonF(points))
            for point in points:
                paint_mark(painter, point, index, color)

    def _paint_axes(self, painter: QPainter) -> None:
        plot, line = self.plot_rect(), QFontMetricsF(painter.font()).height()
        border, muted = self._theme.color("border"), self._theme.color("text_muted")
        for percent in Y_TICKS:
            y = self._y_px(percent / 100)
            painter.setPen(border)
            painter.drawLine(QPointF(plot.left(), round(y)), QPointF(plot.right(), round(y)))
            if self._shares_scale:
                continue
            painter.setPen(muted)
            rect = QRectF(line, y - line / 2, plot.left() - line - GRID_PX, line)
            painter.drawText(rect, _RIGHT, str(percent))
        painter.setPen(muted)
        for tick in self.ticks():
            text = f"{tick:g}".replace("-", "−")
            rect = QRectF(self._x_px(tick) - 20, plot.bottom() + 2, 40, line)
            painter.drawText(rect, _CENTER, text)
        below = QRectF(0, plot.bottom() + line + 3, self.width(), line)
        painter.drawText(below, _CENTER, self.axis_title())
        if self._shares_scale:
            return
        painter.save()
        painter.translate(0, plot.center().y())
        painter.rotate(-90)
        painter.drawText(QRectF(-60, 0, 120, line), _CENTER, "Accuracy (%)")
        painter.restore()

    def _paint_upright(
        self, painter: QPainter, x: float | None, token: str, *, dashed: bool = False
    ) -> None:
        if x is None or not self._axis.ticks[0] <= x <= self._axis.ticks[-1]:
            return
        plot, place = self.plot_rect(), round(self._x_px(x))
        pen = QPen(self._theme.color(token), 1)
        if dashed:
            pen.setDashPattern(MARKER_DASH)
        painter.setPen(pen)
        painter.drawLine(QPointF(place, plot.top()), QPointF(place, plot.bottom()))


_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
_CENTER = Qt.AlignmentFlag.AlignCenter
