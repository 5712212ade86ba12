"""What happens between putting a tool down and lifting it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QPointF, QRectF

from viewer.widgets.inputs.history import Content
from viewer.widgets.inputs.ink import (
    Ink,
    Point,
    clip_segment,
    is_inside,
    points_between,
)

if TYPE_CHECKING:
    from viewer.widgets.inputs.paper import Paper

ERASER_STEP = 0.5  # of its radius: a fast movement leaves scallops too shallow to see


class PenSession:
    """A stroke being drawn: one ink, or several where it left the paper and came back.

    Attributes
    ----------
    changed : bool
        Whether there is ink.
    """

    def __init__(self, strokes: tuple[Ink, ...], width: float, *, with_pressure: bool) -> None:
        self._strokes = strokes
        self._width = width
        self._with_pressure = with_pressure
        self._live: list[Ink] = []
        self._previous: Point | None = None

    @property
    def changed(self) -> bool:
        """Whether there is ink."""
        return bool(self._live)

    def inks(self) -> tuple[Ink, ...]:
        """Return what was there and what was drawn."""
        return (*self._strokes, *self._live)

    def extend(self, point: Point, pressure: float | None, paper: Paper) -> QRectF | None:
        """Draw on to `point`; return the changed pixels, None if nothing changed."""
        previous, self._previous = self._previous, point
        if point == previous:
            return None
        if previous is None:
            return paper.extend(self._start(point, pressure), 0)
        part = clip_segment(previous, point)
        if part is None:
            return None
        if not is_inside(previous):
            self._start(part[0], pressure)
        ink = self._live[-1]
        ink.add(part[1], pressure)
        return paper.extend(ink, len(ink) - 1)

    def _start(self, point: Point, pressure: float | None) -> Ink:
        ink = Ink(self._width, with_pressure=self._with_pressure)
        ink.add(point, pressure)
        self._live.append(ink)
        return ink


class EraserSession:
    """An eraser drawn across the strokes.

    Attributes
    ----------
    changed : bool
        Whether it took anything.
    """

    def __init__(self, strokes: tuple[Ink, ...], radius: float) -> None:
        self._strokes = strokes
        self._radius = radius
        self._previous: Point | None = None
        self.changed = False

    def inks(self) -> tuple[Ink, ...]:
        """Return what is left."""
        return self._strokes

    def extend(self, point: Point, _pressure: float | None, paper: Paper) -> QRectF | None:
        """Erase on to `point`; return the changed pixels, None if nothing changed."""
        previous, self._previous = self._previous or point, point
        if not self._strokes or not self._erase(previous, point):
            return None
        self.changed = True
        # Whatever was cut ended this far from the path at most.
        reach = self._radius + 2 * self._widest
        area = QRectF(QPointF(*previous), QPointF(*point)).normalized()
        area.adjust(-reach, -reach, reach, reach)
        paper.paint(Content(self._strokes), area)
        return paper.to_pixels(area)

    @property
    def _widest(self) -> float:
        return max((ink.width for ink in self._strokes), default=0.0)

    def _erase(self, start: Point, end: Point) -> bool:
        from viewer.core.imaging.strokes import erase  # brings numpy
        from viewer.core.records import Drawing

        known = {id(ink.record()): ink for ink in self._strokes}
        before = drawing = Drawing(tuple(ink.record() for ink in self._strokes))
        # `erase` takes the centre lines within its radius; all visible ink is to go.
        radius = self._radius + self._widest / 2
        for x, y in points_between(start, end, ERASER_STEP * self._radius):
            drawing = erase(drawing, x, y, radius)
        if drawing is before:
            return False
        self._strokes = tuple(
            known.get(id(stroke)) or Ink.from_record(stroke, 1.0, (0.0, 0.0))
            for stroke in drawing.strokes
        )
        return True
