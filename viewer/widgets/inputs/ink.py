"""Ink as the pad keeps it: points in canvas units, cheap to grow by one."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING

from PyQt6.QtCore import QLineF, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from viewer.core.records import Stroke

CANVAS_UNITS = 280.0  # the pad's own coordinates, ten to a pixel of the network's 28
_NO_EDGES = (-math.inf, -math.inf, math.inf, math.inf)
LIGHTEST_TOUCH = 0.3  # share of the pen's width that a tablet pen gives without pressure

Point = tuple[float, float]


class Ink:
    """A stroke that can still grow.

    Parameters
    ----------
    width : float
        Of the pen, in canvas units.
    with_pressure : bool
        Whether every point has a pressure.
    """

    __slots__ = ("_record", "_xy", "pressure", "width")

    def __init__(self, width: float, *, with_pressure: bool = False) -> None:
        self.width = width
        self.pressure: array[float] | None = array("f") if with_pressure else None
        self._xy: array[float] = array("f")
        self._record: Stroke | None = None

    @classmethod
    def from_record(cls, stroke: Stroke, scale: float, offset: Point) -> Ink:
        """Return the ink of `stroke`, scaled and then moved."""
        import numpy as np  # heavy, but whoever has a record has it already

        ink = cls(stroke.width_px * scale, with_pressure=stroke.pressure is not None)
        placed = stroke.points * scale + np.array(offset)  # (N, 2)
        ink._xy.frombytes(placed.astype(np.float32).tobytes())
        if ink.pressure is not None and stroke.pressure is not None:
            ink.pressure.frombytes(stroke.pressure.astype(np.float32).tobytes())
        return ink

    def __len__(self) -> int:
        return len(self._xy) // 2

    def add(self, point: Point, pressure: float | None = None) -> None:
        """Append a point."""
        self._xy.extend(point)
        if self.pressure is not None:
            self.pressure.append(1.0 if pressure is None else pressure)
        self._record = None

    def point(self, index: int) -> Point:
        """Return the point at `index`, 0 or greater."""
        return self._xy[2 * index], self._xy[2 * index + 1]

    def width_at(self, index: int) -> float:
        """Return the width shown at a point, in canvas units."""
        if self.pressure is None:
            return self.width
        return self.width * (LIGHTEST_TOUCH + (1 - LIGHTEST_TOUCH) * self.pressure[index])

    def bounds(self, first: int = 0) -> QRectF:
        """Return the rectangle around the ink from the point `first` on, pen included."""
        xs, ys = self._xy[2 * first :: 2], self._xy[2 * first + 1 :: 2]
        half = self.width / 2
        return QRectF(QPointF(min(xs), min(ys)), QPointF(max(xs), max(ys))).adjusted(
            -half, -half, half, half
        )

    def record(self) -> Stroke:
        """Return the frozen stroke; the same one until a point is added."""
        if self._record is None:
            import numpy as np  # heavy: loaded with the first stroke, not with the window

            from viewer.core.records import Stroke

            points = np.array(self._xy, dtype=np.float32).reshape(-1, 2)  # (N, 2)
            pressure = None
            if self.pressure is not None:
                pressure = np.array(self.pressure, dtype=np.float32)
            self._record = Stroke(points, self.width, pressure)
        return self._record

    def paint(
        self, painter: QPainter, color: QColor, first: int = 0, area: QRectF | None = None
    ) -> None:
        """Draw the segments that lead to the points from `first` on, with round caps.

        Those that don't reach into `area` may be left out.
        """
        # Segment by segment, also where all could go at once: as one path their joints would
        # be antialiased differently, and the picture would change with the next repaint.
        painter.setPen(_pen(color, self.width))
        for index, segment in self._segments(first, area):
            if self.pressure is not None:
                painter.setPen(_pen(color, self.width_at(index)))
            if segment.isNull():
                painter.drawPoint(segment.p1())  # a line without length is not drawn
            else:
                painter.drawLine(segment)

    def _segments(self, first: int, area: QRectF | None) -> Iterator[tuple[int, QLineF]]:
        """Yield (index of its end, segment); the first point is a line to itself, a dot."""
        xy, half = self._xy, self.width / 2
        left, top, right, bottom = _NO_EDGES
        if area is not None:
            left, top = area.left() - half, area.top() - half
            right, bottom = area.right() + half, area.bottom() + half
        start = max(first - 1, 0)
        x0, y0 = xy[2 * start], xy[2 * start + 1]
        for at in range(2 * first, len(xy), 2):
            x1, y1 = xy[at], xy[at + 1]
            across = (x0 > left or x1 > left) and (x0 < right or x1 < right)
            if across and (y0 > top or y1 > top) and (y0 < bottom or y1 < bottom):
                yield at // 2, QLineF(x0, y0, x1, y1)
            x0, y0 = x1, y1


def _pen(color: QColor, width: float) -> QPen:
    style = Qt.PenStyle.SolidLine
    return QPen(color, width, style, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


def is_inside(point: Point) -> bool:
    """Return whether `point` lies on the canvas."""
    return 0 <= point[0] <= CANVAS_UNITS and 0 <= point[1] <= CANVAS_UNITS


def clip_segment(start: Point, end: Point) -> tuple[Point, Point] | None:
    """Return the part of a segment that lies on the canvas; None if there is none.

    Liang and Barsky, "A new concept and method for line clipping" (1984).
    """
    delta = (end[0] - start[0], end[1] - start[1])
    enter, leave = 0.0, 1.0
    for axis in (0, 1):
        if delta[axis] == 0:
            if not 0 <= start[axis] <= CANVAS_UNITS:
                return None
            continue
        near, far = sorted(
            ((0 - start[axis]) / delta[axis], (CANVAS_UNITS - start[axis]) / delta[axis])
        )
        enter, leave = max(enter, near), min(leave, far)
    if enter > leave:
        return None
    first = start if enter == 0 else (start[0] + enter * delta[0], start[1] + enter * delta[1])
    last = end if leave == 1 else (start[0] + leave * delta[0], start[1] + leave * delta[1])
    return first, last


def points_between(start: Point, end: Point, step: float) -> list[Point]:
    """Return points from `start` (left out) to `end`, at most `step` apart."""
    count = max(1, math.ceil(math.dist(start, end) / step))
    return [
        (
            start[0] + (end[0] - start[0]) * index / count,
            start[1] + (end[1] - start[1]) * index / count,
        )
        for index in range(1, count + 1)
    ]
