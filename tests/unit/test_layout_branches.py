from __future__ import annotations

import itertools
import time
from types import MappingProxyType
from typing import Any

import pytest

from tests.unit.blocky import residual, traced
from tests.unit.test_layout import assert_sound
from viewer.core import card_ways
from viewer.core.blocks import BlockTree, ShownGraph
from viewer.core.card_layout import Card, Rect, TextSizes
from viewer.core.layout import FlowLayout, lay_out
from viewer.core.layout_lanes import HEADING_PX, MAX_LANES, assign_lanes
from viewer.core.records import NetworkRecord

OPENED = {
    "resnet18": ("layer1.0", "layer2.0"),
    "googlenet": ("inception3a", "inception3a.branch2.0", "inception4b"),
    "densenet121": ("features.denseblock1", "features.denseblock1.denselayer2"),
    "mobilenet_v3_large": ("features.4", "features.4.block.2"),
}


def shown_of(network: NetworkRecord, *paths: str) -> ShownGraph:
    return BlockTree(network).shown(frozenset(paths))


def laid_out(shown: ShownGraph, width: int = 1000, height: int = 760) -> FlowLayout:
    text = TextSizes(MappingProxyType({node.name: 150 for node in shown.nodes}), 60)
    return lay_out(shown.nodes, width, height, text=text, opened=shown.opened)


def contains(outer: Rect, inner: Rect) -> bool:
    return (
        outer.x <= inner.x
        and outer.y <= inner.y
        and inner.right <= outer.right
        and inner.bottom <= outer.bottom
    )


@pytest.mark.parametrize("name", OPENED)
@pytest.mark.parametrize("width", [444, 1000, 1800])
def test_a_layout_of_opened_blocks_is_sound(name: str, width: int) -> None:
    assert_sound(laid_out(shown_of(traced(name), *OPENED[name]), width))


@pytest.mark.parametrize("name", OPENED)
@pytest.mark.parametrize("width", [444, 1000, 1800])
def test_bands_hold_their_own_cards_and_no_others(name: str, width: int) -> None:
    shown = shown_of(traced(name), *OPENED[name])
    layout = laid_out(shown, width)
    assert [band.path for band in layout.bands] == list(OPENED[name])
    for band, block in zip(layout.bands, shown.opened, strict=True):
        for card in layout.cards.values():
            own = card.node in block.members
            assert any(contains(rect, card.frame) for rect in band.rects) == own
            assert own or not any(rect.overlaps(card.frame) for rect in band.rects)
        assert band.heading.height == HEADING_PX
        assert contains(band.rects[0], band.heading)
        assert not any(band.heading.overlaps(card.frame) for card in layout.cards.values())


def test_headings_of_bands_inside_of_bands_stand_apart() -> None:
    layout = laid_out(shown_of(traced("mobilenet_v3_large"), *OPENED["mobilenet_v3_large"]), 1400)
    outer, inner = layout.bands
    assert (outer.depth, inner.depth) == (0, 1)
    for one, other in itertools.product(outer.rects, inner.rects):
        assert not Rect(one.x, one.y, one.width, HEADING_PX).overlaps(
            Rect(other.x, other.y, other.width, HEADING_PX)
        )


@pytest.mark.parametrize("name", OPENED)
def test_lines_between_rows_have_room_of_their_own(name: str) -> None:
    layout = laid_out(shown_of(traced(name), *OPENED[name]))
    for row, (top, bottom) in enumerate(layout.zones):
        for card in layout.cards.values():
            assert card.frame.bottom <= top or card.frame.y >= bottom
        lanes = {layout.lane(row, source): lane for source, lane in layout.lanes[row].items()}
        assert all(top < y < bottom for y in lanes)
        ordered = sorted(lanes)
        assert all(after - before >= 4 for before, after in itertools.pairwise(ordered))


def test_lines_that_run_side_by_side_have_different_lanes() -> None:
    lanes = assign_lanes([(0, 10, "a"), (5, 20, "b"), (12, 30, "c"), (25, 40, "d")])
    assert lanes == {"a": 0, "b": 1, "c": 0, "d": 1}


def test_lines_that_only_touch_have_different_lanes_too() -> None:
    assert assign_lanes([(0, 10, "a"), (10, 20, "b")]) == {"a": 0, "b": 1}


def test_lines_of_one_source_are_one() -> None:
    assert assign_lanes([(0, 50, "a"), (0, 10, "a"), (60, 20, "b")]) == {"a": 0, "b": 1}


def test_there_are_no_more_lanes_than_room() -> None:
    lanes = assign_lanes([(0, 100, str(i)) for i in range(40)])
    assert set(lanes.values()) == set(range(MAX_LANES))


def test_an_edge_that_passes_rows_has_a_lane_beside_them() -> None:
    network = residual()
    nodes = {node.name: node for node in network.nodes}
    shown = shown_of(network, *BlockTree(network).blocks)
    layout = laid_out(shown, 200, 300)
    assert len(layout.row_tops) > 3
    passing = {
        source
        for node in nodes.values()
        for source in node.inputs
        if layout.rows[node.name] > layout.rows[source] + 1
    }
    assert passing
    assert set(layout.margin_lanes) == passing
    left = min(rect.x for band in layout.bands for rect in band.rects)
    assert all(0 < layout.margin_lane(source) < left for source in passing)


def test_branches_stay_in_the_order_of_what_feeds_them() -> None:
    layout = laid_out(shown_of(traced("googlenet"), "inception3a"), 1800)
    tops = {name: card.frame.y for name, card in layout.cards.items()}
    assert tops["inception3a.branch2.1"] < tops["inception3a.branch3.1"]
    assert tops["inception3a.branch3.1"] < tops["inception3a.branch4.1"]


def test_hundreds_of_cards_are_laid_out_in_a_moment() -> None:
    shown = shown_of(traced("densenet121"), *BlockTree(traced("densenet121")).blocks)
    assert len(shown.nodes) > 400
    laid_out(shown)  # cards of the same shapes are known then, as when the view is resized
    times = []
    for _ in range(3):
        started = time.process_time()
        layout = laid_out(shown)
        times.append(time.process_time() - started)
    assert min(times) < 0.4  # seconds of the processor; a tenth where nothing else runs
    assert_every_row_is_full(layout)


def test_of_all_ways_to_lay_out_cards_only_those_that_are_chosen_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[Card] = []

    def make(*values: Any, **others: Any) -> Card:
        made.append(Card(*values, **others))
        return made[-1]

    monkeypatch.setattr(card_ways, "Card", make)
    card_ways._best_ways.cache_clear()
    card_ways._pictures.cache_clear()
    shown = shown_of(traced("densenet121"), *BlockTree(traced("densenet121")).blocks)
    layout = laid_out(shown)
    assert 0 < len(made) <= len(layout.cards)  # of thousands


def assert_every_row_is_full(layout: FlowLayout) -> None:
    rows: dict[int, int] = {}
    for name, row in layout.rows.items():
        rows[row] = max(rows.get(row, 0), layout.cards[name].frame.right)
    assert max(rows.values()) <= layout.width
