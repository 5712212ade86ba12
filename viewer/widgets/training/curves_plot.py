"""One plot over training steps: curves, marks, cursor, cross-hair, pan and zoom.

Painted directly: the two plots of a run take 11 ms a refresh as items of the plotting library
and 130 ms of the window's thread to import it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import (
    QFontMetricsF,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QApplication, QSizePolicy, QWidget

from viewer.widgets.overrides import override
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font
from viewer.widgets.training.curves_axis import (
    Frame,
    Range,
    ValueAxis,
    automatic_range,
    steps_extent,
)
from viewer.widgets.training.curves_paint import (
    Band,
    Line,
    PlotMark,
    ReadoutRow,
    Strength,
    joined_limits,
    paint_axes,
    paint_band,
    paint_cursor,
    paint_lines,
    paint_marks,
    paint_readout,
    thin_pen,
)
from viewer.widgets.wheel import NOTCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.widgets.theme import Theme

WIDEST_TICK = "0.0005"  # room that the numbers of the value axis get
MARGIN_RIGHT_PX = 12
DRAG_PX = 4  # less is a click
ZOOM_A_NOTCH = 1.25
LEAST_STEPS = 4.0  # in sight
TRIM = 0.02  # of the faint lines, at either end
NEAR_PX = 5  # of a mark


class Plot(QWidget):
    """Curves over steps, with everything that the mouse does to them.

    Parameters
    ----------
    axis : ValueAxis
    parent : QWidget, optional

    Signals
    -------
    hovered(object)
        Step under the mouse (int), or None once it has left.
    step_clicked(int)
    range_changed(object)
        Range of steps that was panned or zoomed to, or None for all of them.
    """

    hovered = pyqtSignal(object)
    step_clicked = pyqtSignal(int)
    range_changed = pyqtSignal(object)

    def __init__(self, axis: ValueAxis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._axis = axis
        self._theme = LIGHT
        self._lines: Sequence[Line] = ()
        self._marks: Sequence[PlotMark] = ()
        self._band: Band | None = None
        self._extent = Range(0.0, 1.0)  # of the steps that there are
        self._x: Range | None = None
        self._y: Range | None = None
        self._cursor: int | None = None
        self._hover: int | None = None
        self._hover_y: float | None = None
        self._heading = ""
        self._press: QPointF | None = None
        self._grabbed: Frame | None = None
        self._panned = False
        self._picture: QPixmap | None = None
        self._frame: Frame | None = None
        self._clicked_step = 0
        self._click = QTimer(self)  # until it can't become a double click any more
        self._click.setSingleShot(True)
        self._click.timeout.connect(lambda: self.step_clicked.emit(self._clicked_step))
        self.setFont(text_font(TextSize.SMALL))
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName(f"Plot of {axis.title} over steps")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`; lines bring their own."""
        self._theme = theme
        self.redraw()

    def set_axis(self, axis: ValueAxis) -> None:
        """Show another value axis, over its automatic range."""
        self._axis, self._y = axis, None
        self.redraw()

    def set_lines(self, lines: Sequence[Line], band: Band | None = None) -> None:
        """Show these curves; `redraw` whenever their traces have changed."""
        self._lines, self._band = lines, band
        self.redraw()

    def set_marks(self, marks: Sequence[PlotMark]) -> None:
        """Show vertical lines with their texts."""
        if list(marks) != list(self._marks):
            self._marks = marks
            self.redraw()

    def set_cursor(self, step: int | None) -> None:
        """Show the line at the step that the views show."""
        if step != self._cursor:
            self._cursor = step
            self.update()

    def set_hover(self, step: int | None, heading: str = "") -> None:
        """Show the cross-hair at a step with the values there."""
        self._hover, self._heading = step, heading
        self.update()

    def set_range(self, steps: Range | None) -> None:
        """Show these steps; all of them if None."""
        if steps != self._x:
            self._x = steps
            self.redraw()

    def fit(self) -> None:
        """Show everything."""
        self._y = None
        self.set_range(None)
        self.redraw()

    @property
    def zoomed(self) -> bool:
        """Whether not everything is shown."""
        return self._x is not None or self._y is not None

    def redraw(self) -> None:
        """Draw what the traces hold now, at the next paint."""
        self._picture = self._frame = None
        self.update()

    def frame(self) -> Frame:
        """Return where values stand now."""
        if self._frame is None:
            self._frame = self._new_frame()
        return self._frame

    def _new_frame(self) -> Frame:
        metrics = QFontMetricsF(self.font())
        left = metrics.horizontalAdvance(WIDEST_TICK) + GRID_PX
        line = metrics.height() + GRID_PX // 2
        top = line + metrics.height() // 2  # the uppermost number stands half above the line
        rect = QRectF(self.rect()).adjusted(int(left), int(top), -MARGIN_RIGHT_PX, -int(line))
        rect.setWidth(max(rect.width(), 1.0))
        rect.setHeight(max(rect.height(), 1.0))
        self._extent = steps_extent([line.trace.steps for line in self._lines])
        x = self._x or self._extent
        return Frame(rect, x, self._y or self._automatic_y(x), self._axis.log)

    def _automatic_y(self, x: Range) -> Range:
        limits = joined_limits(self._lines, x, TRIM)
        if limits is None:
            limits = (self._band.low, self._band.high) if self._band else (0.1, 1.0)
        return automatic_range(self._axis, *limits)

    def readout(self) -> list[ReadoutRow]:
        """Return what the cross-hair tells: step, then every curve that has a value there."""
        if self._hover is None:
            return []
        values = [(line, line.trace.value_at(self._hover)) for line in self._lines]
        found = [(line, value) for line, value in values if value is not None]
        frame = self.frame()
        room = max(2, int(frame.rect.height() / QFontMetricsF(self.font()).height()) - 2)
        if len(found) > room and self._hover_y is not None:
            here = self._hover_y
            found.sort(key=lambda pair: abs(frame.one_y_px(pair[1]) - here))
            found = found[:room]
        rows = [ReadoutRow(None, self._heading, "")]
        rows += [ReadoutRow(ln.color, ln.name, self._axis.text(v)) for ln, v in found]
        rows += [ReadoutRow(None, text, "") for text in self._notes(frame)]
        return rows

    def _notes(self, frame: Frame) -> list[str]:
        assert self._hover is not None
        x = frame.one_x_px(self._hover)
        notes = [m.text for m in self._marks if abs(frame.one_x_px(m.step) - x) <= NEAR_PX]
        if self._band is not None and self._hover_y is not None:
            top, bottom = frame.one_y_px(self._band.high), frame.one_y_px(self._band.low)
            if top <= self._hover_y <= bottom:
                notes += self._band.text.split("\n")
        return notes

    @override
    def sizeHint(self) -> QSize:
        return QSize(400, 200)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(180, 100)

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self.redraw()

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        if self._picture is None or self._picture.devicePixelRatio() != self.devicePixelRatioF():
            self._picture = self._draw()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        painter.setFont(self.font())
        frame = self.frame()
        if self._cursor is not None:
            paint_cursor(painter, frame, self._cursor, self._theme)
        if self._hover is not None:
            self._paint_hover(painter, frame, self._hover)

    def _draw(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        picture = QPixmap((self.size().toSizeF() * ratio).toSize())
        picture.setDevicePixelRatio(ratio)
        picture.fill(self._theme.color("surface"))
        painter = QPainter(picture)
        painter.setFont(self.font())
        frame = self.frame()
        if self._band is not None:
            paint_band(painter, frame, self._band, self._theme)
        paint_axes(painter, frame, self._theme)
        painter.setPen(self._theme.color("text"))
        metrics = QFontMetricsF(self.font())
        painter.drawText(QPointF(2, metrics.ascent()), self._axis.title)
        text_from = 2 + metrics.horizontalAdvance(self._axis.title) + GRID_PX
        paint_marks(painter, frame, self._marks, text_from, self._theme)
        paint_lines(painter, frame, self._lines, self._theme)
        painter.end()
        return picture

    def _paint_hover(self, painter: QPainter, frame: Frame, step: int) -> None:
        x = round(frame.one_x_px(step)) + 0.5
        if not frame.rect.left() <= x <= frame.rect.right() + 1:
            return
        painter.setPen(thin_pen(self._theme.color("border_strong")))
        painter.drawLine(QPointF(x, frame.rect.top()), QPointF(x, frame.rect.bottom()))
        if self._hover_y is not None:
            y = round(self._hover_y) + 0.5
            painter.drawLine(QPointF(frame.rect.left(), y), QPointF(frame.rect.right(), y))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for line in self._lines:
            value = line.trace.value_at(step)
            if value is not None and line.strength is not Strength.FAINT:
                painter.setBrush(line.color)
                painter.setPen(self._theme.color("surface"))
                painter.drawEllipse(QPointF(x, frame.one_y_px(value)), 3.5, 3.5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        paint_readout(painter, frame.rect, x, self.readout(), self._theme)

    @override
    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.button() is Qt.MouseButton.LeftButton:
            self._press, self._grabbed, self._panned = event.position(), self.frame(), False

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        if self._press is not None and self._grabbed is not None:
            self._pan(event.position() - self._press, self._grabbed)
        frame = self.frame()
        self._hover_y = min(max(event.position().y(), frame.rect.top()), frame.rect.bottom())
        self.hovered.emit(self._step_under(event.position(), frame))

    @override
    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        if event is None or self._press is None:
            return
        self._press = None
        if not self._panned:
            self._clicked_step = self._step_under(event.position(), self.frame())
            # A double click fits: only where there is something to fit is it waited for.
            self._click.start(QApplication.doubleClickInterval() if self.zoomed else 0)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        if self.zoomed:
            self._click.stop()
            self.fit()
            self.range_changed.emit(None)

    @override
    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is None:
            return
        frame, position = self.frame(), event.position()
        factor = ZOOM_A_NOTCH ** (-event.angleDelta().y() / NOTCH)
        if position.x() < frame.rect.left():
            share = (frame.rect.bottom() - position.y()) / frame.rect.height()
            self._y = _zoomed(frame.y, frame.y.low + share * frame.y.span, factor)
            self.redraw()
        else:
            self._show_steps(_zoomed(frame.x, frame.step_at(position.x()), factor))
        event.accept()

    @override
    def leaveEvent(self, event: QEvent | None) -> None:
        self._hover_y = None
        self.hovered.emit(None)
        super().leaveEvent(event)

    def _step_under(self, position: QPointF, frame: Frame) -> int:
        return round(min(max(frame.step_at(position.x()), self._extent.low), self._extent.high))

    def _pan(self, moved: QPointF, start: Frame) -> None:
        if not self._panned and abs(moved.x()) + abs(moved.y()) < DRAG_PX:
            return
        self._panned = True
        by = moved.x() * start.x.span / start.rect.width()
        # Never beyond the data.
        by = min(max(by, start.x.high - self._extent.high), start.x.low - self._extent.low)
        if by or self._x is not None:
            self._show_steps(Range(start.x.low - by, start.x.high - by))
        if self._y is not None:
            up = moved.y() * start.y.span / start.rect.height()
            self._y = Range(start.y.low + up, start.y.high + up)
            self.redraw()

    def _show_steps(self, steps: Range) -> None:
        everything = self._extent
        span = min(max(steps.span, LEAST_STEPS), everything.span)
        low = min(max(steps.low, everything.low), everything.high - span)
        shown = None if span >= everything.span else Range(low, low + span)
        self.set_range(shown)
        self.range_changed.emit(shown)


def _zoomed(old: Range, around: float, factor: float) -> Range:
    return Range(around - (around - old.low) * factor, around + (old.high - around) * factor)
