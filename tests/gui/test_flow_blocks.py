from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from tests.gui.flow_desk import (
    KEYS_AND_MOUSE,
    click_close,
    click_open,
    in_viewport,
    layout_of,
    record_of,
    settle,
    shown_view,
    top_in_viewport,
)
from tests.unit.blocky import residual
from viewer.core.imaging.color_scale import scale_for
from viewer.core.imaging.display import DisplaySettings
from viewer.core.records import NetworkRecord, Selection
from viewer.widgets.flow.blocks import open_rect
from viewer.widgets.flow.picture import MapsPicture
from viewer.widgets.flow.view import FlowView
from viewer.widgets.theme import DARK, LIGHT, Theme

ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture(scope="module")
def network() -> NetworkRecord:
    return residual()


@pytest.fixture
def view(qtbot: QtBot, fonts: None, network: NetworkRecord) -> FlowView:
    return shown_view(qtbot, network)


def cards(view: FlowView) -> list[str]:
    return list(layout_of(view).cards)


ALL_CLOSED = ["input", *(f"body.{i}" for i in range(12)), "head"]


def test_a_large_network_is_shown_by_its_blocks(view: FlowView) -> None:
    assert cards(view) == ALL_CLOSED
    assert not layout_of(view).bands


def test_the_control_of_a_block_opens_it_and_another_closes_it(view: FlowView) -> None:
    click_open(view, "body.1")
    inside = ["body.1.conv", "body.1.norm", "body.1.add"]
    assert cards(view) == [*ALL_CLOSED[:2], *inside, *ALL_CLOSED[3:]]
    assert [band.path for band in layout_of(view).bands] == ["body.1"]
    click_close(view, "body.1")
    assert cards(view) == ALL_CLOSED


def test_what_is_opened_stays_where_it_is(view: FlowView) -> None:
    view.set_zoom(4)
    view.reveal_card("body.6")
    before = top_in_viewport(view, layout_of(view).cards["body.6"].frame)
    click_open(view, "body.6")
    assert top_in_viewport(view, layout_of(view).bands[0].rects[0]) == before
    click_close(view, "body.6")
    assert top_in_viewport(view, layout_of(view).cards["body.6"].frame) == before


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_a_collapsed_block_shows_its_output(
    qtbot: QtBot, fonts: None, network: NetworkRecord, theme: Theme
) -> None:
    view = shown_view(qtbot, network, theme=theme)
    values = record_of(network).outputs["body.2.add"]
    colors = scale_for(values, signed=True, settings=DisplaySettings(dark=theme.dark)).apply(values)
    image = view.grab().toImage()
    for channel, y, x in ((0, 0, 0), (3, 7, 11), (7, 15, 15)):
        place = view.cell_rect(Selection("body.2.add", channel, y, x)).topLeft()
        assert image.pixelColor(place.toPoint()).rgb() == int(colors[channel, y, x])


def test_a_click_on_a_collapsed_block_selects_its_output(view: FlowView, qtbot: QtBot) -> None:
    wanted = Selection("body.2.add", 4, 3, 2)
    point = view.cell_rect(wanted).topLeft().toPoint()
    with qtbot.waitSignal(view.selection_changed) as chosen:
        KEYS_AND_MOUSE.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert chosen.args == [wanted]
    assert cards(view) == ALL_CLOSED


def test_the_hovered_value_of_a_collapsed_block_is_its_output(
    view: FlowView, network: NetworkRecord, qtbot: QtBot
) -> None:
    wanted = Selection("body.2.add", 4, 3, 2)
    with qtbot.waitSignal(view.hover_changed) as hovered:
        KEYS_AND_MOUSE.mouseMove(view.viewport(), view.cell_rect(wanted).topLeft().toPoint())
    assert hovered.args == [wanted]
    assert not view.grab().isNull()


def test_selecting_inside_of_a_block_opens_it(view: FlowView) -> None:
    view.set_selection(Selection("body.9.norm", 1, 2, 3))
    assert view.open_blocks() == {"body.9"}
    assert QRectF(view.viewport().rect()).contains(  # type: ignore[union-attr]  # always has one
        view.cell_rect(Selection("body.9.norm", 1, 2, 3))
    )
    view.set_selection(Selection("body.3.add", 0, 0, 0))  # its card shows that
    assert view.open_blocks() == {"body.9"}


def test_a_key_opens_and_closes_the_block_of_what_is_selected(view: FlowView) -> None:
    view.set_selection(Selection("body.4.add", 0, 1, 1))
    KEYS_AND_MOUSE.keyClick(view, Qt.Key.Key_O)
    assert view.open_blocks() == {"body.4"}
    view.set_selection(Selection("body.4.conv", 0, 1, 1))
    KEYS_AND_MOUSE.keyClick(view, Qt.Key.Key_O)
    assert view.open_blocks() == set()


def test_keys_walk_the_cards_that_are_shown(view: FlowView, qtbot: QtBot) -> None:
    view.set_open_blocks(frozenset({"body.1"}))
    walked: list[str] = []
    view.selection_changed.connect(lambda selection: walked.append(selection.node))
    view.set_selection(Selection("input", 0, 8, 8))
    for _ in range(6):
        KEYS_AND_MOUSE.keyClick(view, Qt.Key.Key_Right, ALT)
    expected = ["body.0.add", "body.1.conv", "body.1.norm", "body.1.add", "body.2.add"]
    assert walked == [*expected, "body.3.add"]
    assert view.open_blocks() == {"body.1"}


def test_keys_go_on_from_the_block_that_was_closed_around_the_selection(view: FlowView) -> None:
    view.set_selection(Selection("body.1.conv", 0, 1, 1))
    view.close_all_blocks()
    walked: list[str] = []
    view.selection_changed.connect(lambda selection: walked.append(selection.node))
    KEYS_AND_MOUSE.keyClick(view, Qt.Key.Key_Right, ALT)
    assert walked == ["body.2.add"]


def test_a_block_fills_the_view(view: FlowView) -> None:
    card = layout_of(view).cards["body.2"]
    middle = QRectF(card.maps.x, card.maps.y, card.maps.width, card.maps.height)
    KEYS_AND_MOUSE.mouseDClick(
        view.viewport(), Qt.MouseButton.LeftButton, pos=in_viewport(view, middle)
    )
    assert cards(view) == ["body.2"]
    KEYS_AND_MOUSE.keyClick(view, Qt.Key.Key_Escape)
    assert cards(view) == ALL_CLOSED


def test_a_node_inside_of_a_block_fills_the_view(view: FlowView) -> None:
    view.show_only("body.2.norm")
    assert cards(view) == ["body.2.norm"]
    view.show_only("body.5.add")
    assert cards(view) == ["body.5"]


def test_opening_a_block_recolours_no_card_that_stays(
    view: FlowView, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dict(layout_of(view).cards)
    colored: set[str] = set()
    show = MapsPicture.show

    def counted(picture: MapsPicture, *arguments: Any) -> Any:
        colored.add(picture.node.name)
        return show(picture, *arguments)

    monkeypatch.setattr(MapsPicture, "show", counted)
    view.set_open_blocks(frozenset({"body.2"}))
    settle(view)
    after = layout_of(view).cards
    same = {
        name
        for name, card in after.items()
        if name in before and (before[name].grid, before[name].scale) == (card.grid, card.scale)
    }
    assert "input" in same
    assert "body.2.conv" in colored
    assert colored.isdisjoint(
        same - {name for name in same if not was_in_sight(view, before, name)}
    )


def was_in_sight(view: FlowView, before: dict[str, Any], name: str) -> bool:
    return bool(before[name].frame.bottom <= view.height())


def test_open_all_and_close_all(view: FlowView, network: NetworkRecord) -> None:
    view.open_all_blocks()
    assert cards(view) == [node.name for node in network.nodes]
    view.close_all_blocks()
    assert cards(view) == ALL_CLOSED


def test_the_menu_offers_what_is_possible(view: FlowView) -> None:
    card = layout_of(view).cards["body.1"]
    place = in_viewport(view, open_rect(card))
    menu = QMenu(view)
    view.add_block_actions(menu, place)
    offered = {action.text(): action for action in menu.actions() if action.text()}
    assert list(offered) == ["Open body.1", "Open all blocks", "Close all blocks"]
    assert not offered["Close all blocks"].isEnabled()
    offered["Open body.1"].trigger()
    assert view.open_blocks() == {"body.1"}
    offered["Open all blocks"].trigger()
    assert len(view.open_blocks()) == 12


def test_the_control_says_what_it_does(view: FlowView) -> None:
    center = open_rect(layout_of(view).cards["body.1"]).center()
    assert view._tip_at(QPointF(center)).startswith("Open body.1: show the 3 operations")
    view.set_open_blocks(frozenset({"body.1"}))
    assert view._tip_at(QPointF(center)) == ""


def test_a_lock_inside_of_a_block_is_there_when_it_is_open(view: FlowView) -> None:
    view.set_freezable(["body.1.conv"])
    assert not view.grab().isNull()
    view.set_selection(Selection("body.1.conv", 0, 0, 0))
    with_lock: list[tuple[str, ...]] = []
    view.frozen_changed.connect(with_lock.append)
    KEYS_AND_MOUSE.keyClick(view, Qt.Key.Key_L, Qt.KeyboardModifier.ShiftModifier)
    assert with_lock == [("body.1.conv",)]


def test_dead_channels_of_the_output_are_marked_on_the_block(view: FlowView) -> None:
    before = view.grab().toImage()
    view.set_dead({"body.1.add": frozenset({2}), "body.1.conv": frozenset({0})})
    changed = view.grab().toImage()
    tile = view.cell_rect(Selection("body.1.add", 2, 1, 13)).topLeft().toPoint()
    assert changed.pixelColor(tile) != before.pixelColor(tile)
    view.set_dead({})
    assert view.grab().toImage() == before


def test_a_network_of_the_same_nodes_keeps_its_blocks_open(
    view: FlowView, network: NetworkRecord
) -> None:
    view.set_open_blocks(frozenset({"body.1"}))
    view.set_network(replace(network, title="step 2"))
    assert view.open_blocks() == {"body.1"}
    view.set_network(residual(blocks=13))
    assert view.open_blocks() == set()
    view.set_network(None)
    assert view.open_blocks() == view.all_blocks() == set()


def test_blocks_of_a_small_network_are_open_and_can_be_closed(qtbot: QtBot, fonts: None) -> None:
    view = shown_view(qtbot, residual(blocks=3), (900, 600))
    assert len(layout_of(view).bands) == 3
    click_close(view, "body.1")
    assert "body.1" in cards(view)
