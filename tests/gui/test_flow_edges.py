from __future__ import annotations

import itertools

import pytest
from PyQt6.QtCore import QPointF

from tests.gui.test_flow_geometry import assert_touches, crosses
from tests.unit.blocky import by_hand, traced
from tests.unit.test_layout_branches import OPENED, laid_out, shown_of
from viewer.core.blocks import BlockTree
from viewer.core.layout import FlowLayout
from viewer.widgets.flow.edges import Edge, route_edges


@pytest.mark.parametrize("name", OPENED)
@pytest.mark.parametrize("width", [444, 700, 1000, 1800])
def test_lines_of_opened_blocks_cross_no_card(name: str, width: int) -> None:
    shown = shown_of(traced(name), *OPENED[name])
    layout = laid_out(shown, width)
    edges = route_edges(layout, shown.nodes)
    assert [(e.source, e.target) for e in edges] == [
        (source, node.name) for node in shown.nodes for source in node.inputs
    ]
    check(layout, edges)


def test_lines_of_hundreds_of_cards_cross_none() -> None:
    network = traced("densenet121")
    shown = shown_of(network, *BlockTree(network).blocks)
    layout = laid_out(shown)
    check(layout, route_edges(layout, shown.nodes))


def check(layout: FlowLayout, edges: tuple[Edge, ...]) -> None:
    for edge in edges:
        near = (c for c in layout.cards.values() if overlaps(edge, c.frame.y, c.frame.bottom))
        for card in near:
            assert not crosses(edge, card), (edge.source, edge.target, card.node)
        for start, end in itertools.pairwise(edge.points):
            assert start.x() == end.x() or start.y() == end.y()
        assert_touches(layout, edge)
        for point in edge.points:
            assert 0 <= point.x() <= layout.width
            assert 0 <= point.y() <= layout.height


def overlaps(edge: Edge, top: float, bottom: float) -> bool:
    return edge.bounds.top() < bottom and edge.bounds.bottom() > top


def uprights(edge: Edge) -> list[tuple[QPointF, QPointF]]:
    return [(a, b) for a, b in itertools.pairwise(edge.points) if a.x() == b.x()]


def test_lines_of_different_cards_can_be_told_apart() -> None:
    # Two branches that change places: their uprights between the columns pass each other.
    network = by_hand(
        {
            "input": (),
            "a": ("input",),
            "b": ("input",),
            "c": ("input",),
            "after": ("a", "b"),
            "other": ("b", "c"),
        },
        {},
    )
    shown = shown_of(network)
    layout = laid_out(shown, 1800, 900)
    edges = [edge for edge in route_edges(layout, shown.nodes) if edge.source != "input"]
    for one, other in itertools.combinations(edges, 2):
        if one.source == other.source:
            continue
        for (a, b), (c, d) in itertools.product(uprights(one), uprights(other)):
            if a.x() == c.x():  # on one line: only where they don't meet
                low, high = sorted((a.y(), b.y()))
                low_other, high_other = sorted((c.y(), d.y()))
                assert high < low_other or high_other < low, (one.source, other.source)
