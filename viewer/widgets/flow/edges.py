"""The lines between cards, routed through the gutters so that they cross no card.

Lines that run side by side have lanes of their own where there is room, so that they can be
told apart; those that come from one card share a lane, like a branch of a tree.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QPainter, QPainterPath, QPen, QPolygonF

from viewer.core.card_layout import PADDING_PX, TITLE_PX, Card
from viewer.core.layout import GUTTER_PX, FlowLayout
from viewer.core.layout_lanes import LANE_PX, Segment, assign_lanes
from viewer.core.records import Node
from viewer.widgets.theme import Theme

CORNER_PX = 6.0
ARROW_PX = 5.0
LINE_PX = 1.2
STRONG_PX = 2.0  # of a line that is pointed out
TIP_GAP_PX = 2.0  # between an arrow's tip and the card
BESIDE_PX = 12  # from the middle of a card: a line that leaves where others arrive
LEAST_GAP_PX = 3.0  # between a line and the card that it passes

Points = tuple[QPointF, ...]
_Route = Iterator[tuple[float, float]]

# Below a card's top: an edge within a row runs at the height of the titles.
_PORT_Y = PADDING_PX + TITLE_PX / 2


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from one card to another.

    Attributes
    ----------
    source, target : str
        Names of the nodes.
    points : tuple of QPointF
        Corners, ends included.
    bounds : QRectF
        Around all of it.
    """

    source: str
    target: str
    points: Points
    bounds: QRectF


def route_edges(layout: FlowLayout, nodes: Sequence[Node]) -> tuple[Edge, ...]:
    """Return the lines between all cards of a layout."""
    router = _Router(layout)
    pairs = [
        (name, node.name)
        for node in nodes
        if node.name in layout.cards
        for name in node.inputs
        if name in layout.cards
    ]
    return tuple(router.edges(pairs))


class _Router:
    """Finds the way of every line."""

    def __init__(self, layout: FlowLayout) -> None:
        self._layout = layout
        self._tops: dict[int, float] = {}  # of the highest card of each column
        self._bottoms: dict[int, float] = {}
        self._rights: dict[int, float] = {}
        self._lefts: dict[int, float] = {}
        self._row: dict[int, int] = {}
        for name, card in layout.cards.items():
            column, frame = layout.columns[name], card.frame
            self._tops[column] = min(self._tops.get(column, frame.y), frame.y)
            self._bottoms[column] = max(self._bottoms.get(column, frame.bottom), frame.bottom)
            self._rights[column] = max(self._rights.get(column, frame.right), frame.right)
            self._lefts[column] = frame.x
            self._row[column] = layout.rows[name]
        self._gaps: dict[int, list[Segment]] = {}
        self._lanes: dict[int, dict[str, int]] = {}

    def edges(self, pairs: Sequence[tuple[str, str]]) -> Iterator[Edge]:
        """Yield the lines from and to the nodes of these names."""
        for source, target in pairs:  # first what is upright between columns
            list(self._route(source, target))
        self._lanes = {gap: assign_lanes(found) for gap, found in self._gaps.items()}
        for source, target in pairs:
            points = tuple(QPointF(x, y) for x, y in self._route(source, target))
            yield Edge(source, target, points, QPolygonF(points).boundingRect())

    def _route(self, source: str, target: str) -> _Route:
        layout = self._layout
        start, end = layout.cards[source], layout.cards[target]
        row, target_row = layout.rows[source], layout.rows[target]
        if row == target_row:
            if layout.columns[target] - layout.columns[source] == 1:
                yield from self._to_neighbour(start, end)
                return
            lane = layout.lane(row, source)
            yield from self._leave(start, lane)
            yield from self._arrive(source, end, lane)
            return
        below = layout.lane(row + 1, source)
        yield from self._leave(start, below)
        if target_row != row + 1:
            x, below = layout.margin_lane(source), layout.lane(target_row, source)
            yield x, layout.lane(row + 1, source)
            yield x, below
        yield from self._arrive(source, end, below)

    def _to_neighbour(self, start: Card, end: Card) -> _Route:
        y, target_y = start.frame.y + _PORT_Y, end.frame.y + _PORT_Y
        yield start.frame.right, y
        if y != target_y:
            x = self._upright(self._layout.columns[start.node], y, target_y, start.node)
            yield x, y
            yield x, target_y
        yield end.frame.x - TIP_GAP_PX, target_y

    def _leave(self, card: Card, lane: float) -> _Route:
        """Go from a card to the lane above or below its row."""
        column, frame = self._layout.columns[card.node], card.frame
        middle = frame.x + frame.width / 2
        if lane < frame.y and frame.y == self._tops[column]:
            yield middle + BESIDE_PX, frame.y
            yield middle + BESIDE_PX, lane
        elif lane > frame.y and frame.bottom == self._bottoms[column]:
            # Beside the middle, where other lines go down to the middle of a card below.
            crowded = len(self._layout.lanes[self._row[column] + 1]) > 1
            x = middle + BESIDE_PX if crowded else middle
            yield x, frame.bottom
            yield x, lane
        else:
            y = frame.y + _PORT_Y
            x = self._upright(column, y, lane, card.node)
            yield frame.right, y
            yield x, y
            yield x, lane

    def _arrive(self, source: str, card: Card, lane: float) -> _Route:
        """Go from the lane above a card's row into the card."""
        column, frame = self._layout.columns[card.node], card.frame
        if frame.y == self._tops[column]:
            x = frame.x + frame.width / 2
            yield x, lane
            yield x, frame.y - TIP_GAP_PX
        else:
            y = frame.y + _PORT_Y
            before = column - 1 if self._row.get(column - 1) == self._row[column] else -1
            x = self._upright(before if before >= 0 else -1 - column, lane, y, source)
            yield x, lane
            yield x, y
            yield frame.x - TIP_GAP_PX, y

    def _upright(self, gap: int, start: float, end: float, source: str) -> float:
        """Return the x of a line in the gap behind a column; before one for -1 - column."""
        if not self._lanes:
            self._gaps.setdefault(gap, []).append((start, end, source))
        lane = self._lanes.get(gap, {}).get(source, 0)
        if gap < 0:  # beside the first column of a row
            return max(1.0, self._lefts[-1 - gap] - self._layout.left / 2)
        left = self._rights[gap]
        is_last = self._row.get(gap + 1) != self._row[gap]
        right = left + GUTTER_PX if is_last else self._lefts[gap + 1]
        return max(left + LEAST_GAP_PX, right - GUTTER_PX / 2 - LANE_PX * lane)


def paint_edges(
    painter: QPainter,
    edges: Iterable[Edge],
    theme: Theme,
    visible: QRectF | None = None,
    *,
    strong: bool = False,
) -> None:
    """Draw quiet lines with small arrowheads.

    Parameters
    ----------
    painter : QPainter
    edges : iterable of Edge
    theme : Theme
    visible : QRectF, optional
        What lies outside is left out.
    strong : bool
        Point them out.
    """
    color = theme.color("text" if strong else "border_strong")
    pen = QPen(color, STRONG_PX if strong else LINE_PX)
    for edge in edges:
        reach = edge.bounds.adjusted(-ARROW_PX, -ARROW_PX, ARROW_PX, ARROW_PX)
        if visible is not None and not visible.intersects(reach):
            continue
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(_rounded(edge.points))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawPolygon(_arrow(edge.points))


def _rounded(points: Points) -> QPainterPath:
    path = QPainterPath(points[0])
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(CORNER_PX, _distance(before, corner) / 2, _distance(corner, after) / 2)
        path.lineTo(_towards(corner, before, radius))
        path.quadTo(corner, _towards(corner, after, radius))
    path.lineTo(_towards(points[-1], points[-2], ARROW_PX / 2))
    return path


def _arrow(points: Points) -> QPolygonF:
    tip, base = points[-1], _towards(points[-1], points[-2], ARROW_PX)
    along = (tip - base) * 0.6
    across = QPointF(-along.y(), along.x())
    return QPolygonF([tip, base + across, base - across])


def _towards(start: QPointF, end: QPointF, distance: float) -> QPointF:
    length = _distance(start, end)
    return start + (end - start) * (distance / length) if length else start


def _distance(a: QPointF, b: QPointF) -> float:
    return math.hypot(a.x() - b.x(), a.y() - b.y())
