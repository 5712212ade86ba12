"""How the parts of a plot are painted.

Lines are one device pixel wide and thicker ones are drawn several times, shifted: Qt strokes
a jagged polyline of 2,000 points in 0.3 ms at that width and in 180 ms at any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, cast

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from viewer.widgets.plot_style import (
    BAND_SHARE,
    CURSOR_HEAD_PX,
    DOT_PX,
    GRID_SHARE,
    MIN_TICK_X_PX,
    MIN_TICK_Y_PX,
    TICK_GAP_PX,
    blend,
)
from viewer.widgets.theme import TextSize, text_font
from viewer.widgets.training.curves_axis import (
    Frame,
    linear_ticks,
    log_ticks,
    step_ticks,
    tick_texts,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.widgets.theme import Theme
    from viewer.widgets.training.curves_axis import Range
    from viewer.widgets.training.curves_series import Floats, Trace

SWATCH_PX = 10
PADDING_PX = 6
BYTES_A_POINT = 16  # of a QPolygonF: two doubles
DASH_PX = (3.0, 3.0)
LEAST_DOT_GAP_PX = 14.0  # closer ones hide the line they are on

# Shifts in device pixels that make a line of one pixel look wider.
_SHIFTS = {
    1: ((0.0, 0.0),),
    2: ((0.0, -0.35), (0.35, 0.35), (-0.35, 0.35)),
}


class Strength(IntEnum):
    """How much a line stands out: its width in device pixels, 0 for a faint one."""

    FAINT = 0
    NORMAL = 1
    STRONG = 2


@dataclass(frozen=True, slots=True)
class Line:
    """A curve of a plot.

    Attributes
    ----------
    trace : Trace
    name : str
        In the read-out.
    color : QColor
    strength : Strength
    dots : bool
        A ring at every point.
    """

    trace: Trace
    name: str
    color: QColor
    strength: Strength = Strength.NORMAL
    dots: bool = False


@dataclass(frozen=True, slots=True)
class PlotMark:
    """A vertical line at a step, with a text that tells why."""

    step: int
    text: str
    color: QColor


@dataclass(frozen=True, slots=True)
class Band:
    """A range of values that is as it should be, and what that means."""

    low: float
    high: float
    text: str


def polygon(x: Floats, y: Floats) -> QPolygonF:
    """Return a polygon of the points, (points,) each, in px."""
    result = QPolygonF()
    result.fill(QPointF(), len(x))
    if len(x):
        memory = result.data()
        memory.setsize(BYTES_A_POINT * len(x))
        pairs = np.frombuffer(cast("memoryview", memory), dtype=np.float64).reshape(-1, 2)
        pairs[:, 0], pairs[:, 1] = x, y
    return result


def thin_pen(color: QColor) -> QPen:
    """Return a pen of one device pixel."""
    pen = QPen(color, 1)
    pen.setCosmetic(True)
    return pen


def paint_axes(painter: QPainter, frame: Frame, theme: Theme) -> None:
    """Paint the grid and the numbers of both axes."""
    painter.setFont(text_font(TextSize.SMALL))
    grid = thin_pen(blend(theme.color("border"), theme.color("surface"), GRID_SHARE))
    rect = frame.rect
    most = max(2, int(rect.height() / MIN_TICK_Y_PX))
    low, high = frame.y
    ticks = log_ticks(low, high, most) if frame.log else linear_ticks(low, high, most)
    height = QFontMetricsF(painter.font()).height()
    for tick, text in zip(ticks, tick_texts(ticks, log=frame.log), strict=True):
        y = round(frame.one_y_px(tick)) + 0.5
        painter.setPen(grid)
        painter.drawLine(QPointF(rect.left(), y), QPointF(rect.right(), y))
        painter.setPen(theme.color("text_muted"))
        place = QRectF(0, y - height / 2, rect.left() - TICK_GAP_PX, height)
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
    _paint_steps(painter, frame, theme)


def _paint_steps(painter: QPainter, frame: Frame, theme: Theme) -> None:
    rect, metrics = frame.rect, QFontMetricsF(painter.font())
    top = rect.bottom() + TICK_GAP_PX
    unit = metrics.horizontalAdvance("step") + 1
    painter.setPen(theme.color("text_muted"))
    painter.drawText(QPointF(rect.right() - unit, top + metrics.ascent()), "step")
    most = max(2, int(rect.width() / MIN_TICK_X_PX))
    for tick in step_ticks(*frame.x, most):
        text = f"{int(tick):,}"
        x, width = frame.one_x_px(tick), metrics.horizontalAdvance(text)
        painter.setPen(theme.color("border_strong"))
        painter.drawLine(QPointF(x, rect.bottom()), QPointF(x, rect.bottom() + TICK_GAP_PX - 1))
        if x + width / 2 < rect.right() - unit - TICK_GAP_PX:
            painter.setPen(theme.color("text_muted"))
            painter.drawText(QPointF(x - width / 2, top + metrics.ascent()), text)
    painter.setPen(theme.color("border_strong"))
    painter.drawLine(rect.bottomLeft(), rect.bottomRight())


def paint_band(painter: QPainter, frame: Frame, band: Band, theme: Theme) -> None:
    """Paint the range of healthy values as a quiet stripe."""
    top, bottom = frame.one_y_px(band.high), frame.one_y_px(band.low)
    stripe = QRectF(frame.rect.left(), top, frame.rect.width(), bottom - top)
    color = blend(theme.color("border"), theme.color("surface"), BAND_SHARE)
    painter.fillRect(stripe.intersected(frame.rect), color)


def paint_lines(painter: QPainter, frame: Frame, lines: Sequence[Line], theme: Theme) -> None:
    """Paint the curves, the faint ones below the others."""
    painter.save()
    painter.setClipRect(frame.rect.adjusted(-DOT_PX, -1, DOT_PX + 1, 1))
    device = painter.device()
    ratio = 1.0 if device is None else device.devicePixelRatioF()
    for line in sorted(lines, key=lambda line: line.strength):
        x, y = line.trace.points(*frame.x, max(1, int(frame.rect.width() * ratio)))
        if len(x):
            _paint_line(painter, line, frame.x_px(x), frame.y_px(y), ratio, theme)
    painter.restore()


def _paint_line(
    painter: QPainter, line: Line, x: Floats, y: Floats, ratio: float, theme: Theme
) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(thin_pen(line.color))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    points = polygon(x, y)
    for dx, dy in _SHIFTS[max(1, int(line.strength))]:
        painter.drawPolyline(points.translated(dx / ratio, dy / ratio))
    spread = float(x[-1] - x[0]) >= LEAST_DOT_GAP_PX * (len(x) - 1)
    if (line.dots and spread) or len(x) == 1:
        _paint_dots(painter, x, y, line.color, theme)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _paint_dots(painter: QPainter, x: Floats, y: Floats, color: QColor, theme: Theme) -> None:
    painter.setBrush(theme.color("surface"))
    painter.setPen(QPen(color, 1.5))
    for left, top in zip(x.tolist(), y.tolist(), strict=True):
        painter.drawEllipse(QPointF(left, top), DOT_PX, DOT_PX)


def paint_marks(
    painter: QPainter, frame: Frame, marks: Sequence[PlotMark], text_from_px: float, theme: Theme
) -> None:
    """Paint a line a mark, and the texts above that have room, later ones first."""
    pen_style = list(DASH_PX)
    metrics = QFontMetricsF(painter.font())
    room_to = frame.rect.right()
    for mark in sorted(marks, key=lambda mark: -mark.step):
        x = round(frame.one_x_px(mark.step)) + 0.5
        if not frame.rect.left() <= x <= frame.rect.right():
            continue
        pen = thin_pen(mark.color)
        pen.setDashPattern(pen_style)
        painter.setPen(pen)
        painter.drawLine(QPointF(x, frame.rect.top()), QPointF(x, frame.rect.bottom()))
        width = metrics.horizontalAdvance(mark.text)
        left = min(x, room_to - width)
        if text_from_px <= left and left > x - width - 1:
            painter.setPen(theme.color("text_muted"))
            painter.drawText(QPointF(left, frame.rect.top() - TICK_GAP_PX), mark.text)
            room_to = left - 2 * PADDING_PX


def paint_cursor(painter: QPainter, frame: Frame, step: float, theme: Theme) -> None:
    """Paint the line at the step that the views show."""
    x = round(frame.one_x_px(step)) + 0.5
    if not frame.rect.left() - 1 <= x <= frame.rect.right() + 1:
        return
    accent, top, half = theme.color("accent"), frame.rect.top(), CURSOR_HEAD_PX
    painter.setPen(thin_pen(accent))
    painter.drawLine(QPointF(x, top), QPointF(x, frame.rect.bottom()))
    head = [QPointF(x - half, top), QPointF(x + half, top), QPointF(x, top + half + 1)]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(accent)
    painter.drawPolygon(QPolygonF(head))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


@dataclass(frozen=True, slots=True)
class ReadoutRow:
    """A line of the read-out: a name and a value, in the curve's colour."""

    color: QColor | None
    name: str
    value: str


def paint_readout(
    painter: QPainter,
    rect: QRectF,
    x: float,
    rows: Sequence[ReadoutRow],
    theme: Theme,
) -> None:
    """Paint what stands under the mouse into a box beside `x`, on the side with more room.

    Parameters
    ----------
    painter : QPainter
    rect : QRectF
        That the box stays in.
    x : float
        Of the cross-hair, in px.
    rows : sequence of ReadoutRow
        Those without a colour span the width.
    theme : Theme
    """
    metrics = QFontMetricsF(painter.font())
    line = metrics.height()
    rows = rows[: max(1, int((rect.height() - 2 * PADDING_PX) / line))]
    most = rect.width() - 2 * PADDING_PX
    values = max((metrics.horizontalAdvance(row.value) for row in rows), default=0.0)
    lead = SWATCH_PX + PADDING_PX
    names = max(
        (
            metrics.horizontalAdvance(r.name) + (lead if r.color is not None else -values - lead)
            for r in rows
        ),
        default=0.0,
    )
    width = min(names + 2 * PADDING_PX + values + 2, most)
    right_side = x + PADDING_PX + width + 2 * PADDING_PX <= rect.right()
    left = x + PADDING_PX if right_side else x - 3 * PADDING_PX - width
    left = min(max(left, rect.left()), rect.right() - width - 2 * PADDING_PX)
    height = len(rows) * line + 2 * PADDING_PX - 2
    box = QRectF(round(left), rect.top(), round(width + 2 * PADDING_PX), height)
    painter.setPen(theme.color("border_strong"))
    painter.setBrush(theme.color("raised"))
    painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
    inner = box.adjusted(PADDING_PX, PADDING_PX - 1, -PADDING_PX, 0)
    for index, row in enumerate(rows):
        area = QRectF(inner.left(), inner.top() + index * line, inner.width(), line)
        _paint_row(painter, area, row, values, metrics, theme)


def _paint_row(
    painter: QPainter,
    area: QRectF,
    row: ReadoutRow,
    value_px: float,
    metrics: QFontMetricsF,
    theme: Theme,
) -> None:
    vertical = Qt.AlignmentFlag.AlignVCenter
    name = area
    if row.color is not None:
        y = round(area.center().y())
        painter.fillRect(QRectF(area.left(), y - 1, SWATCH_PX, 2), row.color)
        name = area.adjusted(SWATCH_PX + PADDING_PX, 0, -value_px - PADDING_PX, 0)
    painter.setPen(theme.color("text_muted"))
    text = metrics.elidedText(row.name, Qt.TextElideMode.ElideMiddle, name.width() + 1)
    painter.drawText(name, vertical | Qt.TextFlag.TextDontClip, text)
    painter.setPen(theme.color("text"))
    painter.drawText(area, vertical | Qt.AlignmentFlag.AlignRight, row.value)


def joined_limits(lines: Sequence[Line], x: Range, trim: float) -> tuple[float, float] | None:
    """Return least and greatest value of all lines in sight.

    Faint lines lose `trim` at either end: one odd batch must not flatten all the others.
    """
    found = [
        line.trace.limits(*x, trim if line.strength is Strength.FAINT else 0.0) for line in lines
    ]
    limits = [pair for pair in found if pair is not None]
    if not limits:
        return None
    return min(low for low, _ in limits), max(high for _, high in limits)
