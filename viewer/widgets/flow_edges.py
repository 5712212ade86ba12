"""The lines between cards, routed through the gutters so that they cross no card."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QPainter, QPainterPath, QPen, QPolygonF

from viewer.core.card_layout import PADDING_PX, TITLE_PX, Card
from viewer.core.layout import GUTTER_PX, MARGIN_PX, ROW_GUTTER_PX, FlowLayout
from viewer.core.records import Node
from viewer.widgets.theme import Theme

CORNER_PX = 6.0
ARROW_PX = 5.0
LINE_PX = 1.2
TIP_GAP_PX = 2.0  # between an arrow's tip and the card

Points = tuple[QPointF, ...]

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
    """

    source: str
    target: str
    points: Points


def route_edges(layout: FlowLayout, nodes: Sequence[Node]) -> tuple[Edge, ...]:
    """Return the lines between all cards of a layout."""
    return tuple(
        Edge(name, node.name, tuple(QPointF(x, y) for x, y in _route(layout, name, node.name)))
        for node in nodes
        if node.name in layout.cards
        for name in node.inputs
        if name in layout.cards
    )


def _route(layout: FlowLayout, source: str, target: str) -> Iterator[tuple[float, float]]:
    start, end = layout.cards[source], layout.cards[target]
    row, target_row = layout.rows[source], layout.rows[target]
    if row != target_row:
        yield from _to_another_row(layout, start, end)
    elif layout.columns[target] - layout.columns[source] == 1:
        yield from _to_neighbour(start, end)
    else:
        lane = layout.row_tops[row] - MARGIN_PX / 2
        yield from _leave(layout, start, lane)
        yield from _arrive(layout, end, lane)


def _to_neighbour(start: Card, end: Card) -> Iterator[tuple[float, float]]:
    y, target_y = start.frame.y + _PORT_Y, end.frame.y + _PORT_Y
    yield start.frame.right, y
    if y != target_y:
        middle = end.frame.x - GUTTER_PX / 2
        yield middle, y
        yield middle, target_y
    yield end.frame.x - TIP_GAP_PX, target_y


def _to_another_row(layout: FlowLayout, start: Card, end: Card) -> Iterator[tuple[float, float]]:
    row, target_row = layout.rows[start.node], layout.rows[end.node]
    below = layout.row_bottoms[row] + ROW_GUTTER_PX / 2
    above = layout.row_tops[target_row] - ROW_GUTTER_PX / 2
    yield from _leave(layout, start, below)
    if target_row != row + 1:
        yield MARGIN_PX / 2, below
        yield MARGIN_PX / 2, above
    yield from _arrive(layout, end, above)


def _leave(layout: FlowLayout, card: Card, lane: float) -> Iterator[tuple[float, float]]:
    """Go from a card to the lane above or below its row."""
    upwards = lane < card.frame.y
    if _in_the_way(layout, card, upwards=upwards):
        x = card.frame.right + GUTTER_PX / 2
        yield card.frame.right, card.frame.y + _PORT_Y
        yield x, card.frame.y + _PORT_Y
    else:
        x = card.frame.x + card.frame.width / 2
        yield x, card.frame.y if upwards else card.frame.bottom
    yield x, lane


def _arrive(layout: FlowLayout, card: Card, lane: float) -> Iterator[tuple[float, float]]:
    """Go from the lane above a card's row into the card."""
    if _in_the_way(layout, card, upwards=True):
        x = card.frame.x - GUTTER_PX / 2
        yield x, lane
        yield x, card.frame.y + _PORT_Y
        yield card.frame.x - TIP_GAP_PX, card.frame.y + _PORT_Y
    else:
        x = card.frame.x + card.frame.width / 2
        yield x, lane
        yield x, card.frame.y - TIP_GAP_PX


def _in_the_way(layout: FlowLayout, card: Card, *, upwards: bool) -> bool:
    """Return whether another card of the same column stands above or below a card."""
    return any(
        layout.columns[name] == layout.columns[card.node]
        and (other.frame.y < card.frame.y if upwards else other.frame.y > card.frame.y)
        for name, other in layout.cards.items()
    )


def paint_edges(painter: QPainter, edges: Sequence[Edge], theme: Theme) -> None:
    """Draw quiet lines with small arrowheads."""
    color = theme.color("border_strong")
    for edge in edges:
        painter.setPen(QPen(color, LINE_PX))
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
