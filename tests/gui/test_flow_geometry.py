from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from PyQt6.QtCore import QPointF

from viewer.core.card_layout import Card, Rect
from viewer.core.imaging.kernels import KernelMatrix
from viewer.core.imaging.mosaic import Grid
from viewer.core.layout import FlowLayout, lay_out
from viewer.core.records import Kind, Node, Selection
from viewer.widgets.flow.edges import Edge, route_edges
from viewer.widgets.flow.geometry import kernel_rect, patch_rect, pitch, selection_at
from viewer.widgets.flow.keys import next_channel, next_layer

RATIOS = (1.0, 1.25, 1.5, 1.75, 2.0, 3.0)


def node(name: str, *inputs: str, shape: tuple[int, ...] = (8, 14, 14)) -> Node:
    return Node(name, Kind.OTHER, "op", inputs, shape, 0, signed=True)


CHAIN = [node("n0"), *(node(f"n{i}", f"n{i - 1}") for i in range(1, 9))]
RESIDUAL = [
    node("input"),
    node("a", "input"),
    node("b", "a"),
    node("c", "b"),
    node("sum", "c", "a"),
    node("left", "sum"),
    node("right", "sum"),
    node("deeper", "right"),
    node("joined", "left", "deeper", "input"),
]


def crosses(edge: Edge, card: Card) -> bool:
    """Return whether a line runs through the inside of a card."""
    frame = card.frame
    for start, end in itertools.pairwise(edge.points):
        left, right = sorted((start.x(), end.x()))
        top, bottom = sorted((start.y(), end.y()))
        if left < frame.right and right > frame.x and top < frame.bottom and bottom > frame.y:
            return True
    return False


@pytest.mark.parametrize("nodes", [CHAIN, RESIDUAL], ids=["chain", "residual"])
@pytest.mark.parametrize("width", [160, 300, 460, 700, 2000])
def test_lines_join_cards_and_cross_none(nodes: Sequence[Node], width: int) -> None:
    layout = lay_out(nodes, width, 600)
    edges = route_edges(layout, nodes)
    assert [(e.source, e.target) for e in edges] == [(i, n.name) for n in nodes for i in n.inputs]
    for edge in edges:
        for card in layout.cards.values():
            assert not crosses(edge, card), (edge.source, edge.target, card.node)
        for start, end in itertools.pairwise(edge.points):
            assert start.x() == end.x() or start.y() == end.y()
        assert_touches(layout, edge)


def assert_touches(layout: FlowLayout, edge: Edge) -> None:
    for name, point in ((edge.source, edge.points[0]), (edge.target, edge.points[-1])):
        frame = layout.cards[name].frame
        dx = max(frame.x - point.x(), 0, point.x() - frame.right)
        dy = max(frame.y - point.y(), 0, point.y() - frame.bottom)
        assert dx + dy <= 2, (edge, name)


def card(scale: int) -> Card:
    grid = Grid(5, 4, 6, 3)
    matrix = KernelMatrix(5, 2, 3, 3)
    height, width = grid.shape
    maps = Rect(83, 101, width * scale, height * scale)
    return Card(
        "n",
        Rect(8, 8, 400, 400),
        Rect(16, 16, 100, 32),
        maps,
        grid,
        scale,
        Rect(17, 101, 60, 100),
        None,
        matrix,
        1,
    )


@pytest.mark.parametrize("dpr", RATIOS)
@pytest.mark.parametrize("scale", [1, 2, 3, 5])
def test_every_cell_covers_whole_pixels_of_the_screen(dpr: float, scale: int) -> None:
    shown = card(scale)
    for channel, y, x in ((0, 0, 0), (2, 3, 5), (4, 1, 2)):
        rect = patch_rect(shown, channel, (y, x), (1, 1), dpr)
        for length in (rect.left(), rect.top(), rect.width(), rect.height()):
            assert length * dpr == pytest.approx(round(length * dpr), abs=1e-6)
        assert rect.width() >= 1 / dpr
        assert rect.right() <= shown.maps.right + 1


@pytest.mark.parametrize("dpr", RATIOS)
@pytest.mark.parametrize("scale", [1, 2, 3])
def test_what_is_under_a_point_is_what_is_painted_there(dpr: float, scale: int) -> None:
    shown = card(scale)
    for channel, y, x in itertools.product(range(5), range(4), range(6)):
        center = patch_rect(shown, channel, (y, x), (1, 1), dpr).center()
        found = selection_at(shown, center.x(), center.y(), dpr)
        assert found == Selection("n", channel, y, x)
    for channel, source, y, x in itertools.product(range(5), range(2), range(3), range(3)):
        weight = Selection("n", channel, y, x, source)
        center = kernel_rect(shown, weight, dpr).center()
        assert selection_at(shown, center.x(), center.y(), dpr) == weight


def test_whole_ratios_keep_the_scale() -> None:
    assert pitch(3, 1.0) == 3
    assert pitch(3, 2.0) == 3
    assert pitch(3, 1.5) == pytest.approx(4 / 1.5)
    assert pitch(1, 1.25) == pytest.approx(1 / 1.25)


def test_points_beside_everything_select_nothing() -> None:
    shown = card(2)
    for point in (QPointF(9, 9), QPointF(83 + 12, 102), QPointF(390, 390)):
        assert selection_at(shown, point.x(), point.y(), 1.0) is None


def test_walking_over_maps_stops_at_the_border() -> None:
    shown, maps = card(1), node("n", shape=(5, 4, 6))  # three columns, two in the last row
    start = Selection("n", 0, 1, 2)
    assert next_channel(shown, maps, start, 1, 0).channel == 1
    assert next_channel(shown, maps, start, 0, 1).channel == 3
    assert next_channel(shown, maps, start, -1, 0) == start
    assert next_channel(shown, maps, start, 0, -1) == start
    last = Selection("n", 2, 1, 2)
    assert next_channel(shown, maps, last, 1, 0) == last
    assert next_channel(shown, maps, last, 0, 1) == last  # the sixth tile is not there
    assert next_channel(shown, maps, start, 1, 0).y == 1


def test_walking_from_a_weight_goes_on_among_the_maps() -> None:
    found = next_channel(card(1), node("n", shape=(5, 4, 6)), Selection("n", 0, 2, 2, 1), 1, 0)
    assert found == Selection("n", 1, 2, 3)


def test_walking_over_layers_keeps_the_channel_where_it_can() -> None:
    nodes = [node("a"), node("b", "a"), node("c", "b", shape=(3, 7, 7)), node("d", shape=(10,))]
    assert next_layer(nodes, Selection("a", 6, 2, 9), 1) == Selection("b", 6, 2, 9)
    assert next_layer(nodes, Selection("b", 6, 2, 9), 1) == Selection("c", 2, 3, 3)
    assert next_layer(nodes, Selection("c", 2, 3, 3), 1) == Selection("d", 2)
    assert next_layer(nodes, Selection("d", 9), 1) == Selection("d", 9)
    assert next_layer(nodes, Selection("a", 1), -1) == Selection("a", 1)
