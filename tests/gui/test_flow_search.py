from __future__ import annotations

import pytest
from PyQt6.QtCore import QPoint, QRectF, Qt
from pytestqt.qtbot import QtBot

from tests.gui.flow_desk import KEYS_AND_MOUSE, layout_of, shown_view
from tests.unit.blocky import residual
from viewer.widgets.flow.search import MAX_ROWS, NOTHING
from viewer.widgets.flow.view import FlowView
from viewer.widgets.theme import Theme

SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def view(qtbot: QtBot, fonts: None) -> FlowView:
    view = shown_view(qtbot, residual())
    view.activateWindow()
    view.open_search()
    return view


def search(view: FlowView, text: str) -> None:
    view.search.field.clear()
    KEYS_AND_MOUSE.keyClicks(view.search.field, text)


def press(view: FlowView, key: Qt.Key, modifier: Qt.KeyboardModifier | None = None) -> None:
    none = Qt.KeyboardModifier.NoModifier
    KEYS_AND_MOUSE.keyClick(view.search.field, key, modifier or none)


def in_sight(view: FlowView, name: str) -> bool:
    frame = layout_of(view).cards[name].frame
    bar = view.verticalScrollBar()
    assert bar is not None
    viewport = view.viewport()
    assert viewport is not None
    head = QRectF(frame.x, frame.y - bar.value(), frame.width, 48)
    return QRectF(viewport.rect()).contains(head)


def test_hits_are_listed_and_counted(view: FlowView) -> None:
    search(view, "norm")
    rows = [view.search.list.item(row).text() for row in range(view.search.list.count())]  # type: ignore[union-attr]  # there are as many
    assert rows == [f"body.{i}.norm   op" for i in range(12)]
    assert view.search.count.text() == "12"
    search(view, "body.11")
    assert view.search.list.count() == 4
    search(view, "attention")
    assert view.search.count.text() == NOTHING
    assert not view.search.list.isVisible()


def test_enter_walks_the_hits_opens_their_blocks_and_brings_them_into_sight(
    view: FlowView,
) -> None:
    search(view, "norm")
    for number in range(3):
        press(view, Qt.Key.Key_Return)
        assert view.search.count.text() == f"{number + 1} of 12"
        assert in_sight(view, f"body.{number}.norm")
    assert view.open_blocks() == {"body.0", "body.1", "body.2"}
    press(view, Qt.Key.Key_Return, SHIFT)
    assert view.search.count.text() == "2 of 12"


def test_what_was_pointed_at_is_forgotten_when_the_view_goes_elsewhere(view: FlowView) -> None:
    told: list[object] = []
    view.hover_changed.connect(told.append)
    frame = next(iter(layout_of(view).cards.values())).frame
    viewport = view.viewport()
    assert viewport is not None
    for leave in (scroll_down, go_to_the_last_hit):
        view.verticalScrollBar().setValue(0)  # type: ignore[union-attr]  # every view has one
        for y in range(int(frame.y), int(frame.y + frame.height), 4):
            KEYS_AND_MOUSE.mouseMove(viewport, QPoint(int(frame.x + frame.width / 3), y))
            if told and told[-1] is not None:
                break
        assert told[-1] is not None
        leave(view)
        assert told[-1] is None


def scroll_down(view: FlowView) -> None:
    bar = view.verticalScrollBar()
    assert bar is not None
    bar.setValue(bar.maximum())


def go_to_the_last_hit(view: FlowView) -> None:
    search(view, "body.11")
    press(view, Qt.Key.Key_Return)


def test_arrows_walk_round_and_round(view: FlowView) -> None:
    search(view, "norm")
    press(view, Qt.Key.Key_Up)
    assert view.search.count.text() == "12 of 12"
    assert in_sight(view, "body.11.norm")
    press(view, Qt.Key.Key_Down)
    assert view.search.count.text() == "1 of 12"
    assert in_sight(view, "body.0.norm")


def test_a_block_is_shown_without_opening_it(view: FlowView) -> None:
    search(view, "Residual")
    for _ in range(9):
        press(view, Qt.Key.Key_Return)
    assert view.open_blocks() == set()
    assert in_sight(view, "body.8")


def test_a_block_that_is_open_stays_open(view: FlowView) -> None:
    view.set_open_blocks(frozenset({"body.10"}))
    search(view, "body.10 residual")
    press(view, Qt.Key.Key_Return)
    assert view.open_blocks() == {"body.10"}
    assert in_sight(view, "body.10.conv")


def test_a_click_goes_to_a_hit(view: FlowView) -> None:
    search(view, "norm")
    rows = view.search.list
    place = rows.visualItemRect(rows.item(5)).center()
    KEYS_AND_MOUSE.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert view.search.count.text() == "6 of 12"
    assert in_sight(view, "body.5.norm")


def test_what_was_found_is_outlined_until_the_search_is_closed(
    view: FlowView, theme: Theme
) -> None:
    view.set_theme(theme)
    search(view, "head")
    press(view, Qt.Key.Key_Return)
    frame = layout_of(view).cards["head"].frame
    bar = view.verticalScrollBar()
    assert bar is not None

    def outlined() -> bool:
        image = view.viewport().grab().toImage()  # type: ignore[union-attr]  # always has one
        x, y = frame.x - 1, frame.y + frame.height // 2 - bar.value()
        return bool(image.pixelColor(x, y) == theme.color("accent"))

    assert outlined()
    press(view, Qt.Key.Key_Escape)
    assert not view.search.isVisible()
    assert not outlined()


def test_escape_gives_the_keys_back_to_the_view(view: FlowView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.search.closed):
        press(view, Qt.Key.Key_Escape)
    assert view.focusWidget() is not view.search.field
    view.open_search()
    assert view.search.isVisible()


def test_the_list_is_no_longer_than_can_be_looked_over(view: FlowView) -> None:
    search(view, "body")
    rows = view.search.list
    assert rows.count() == 48
    assert rows.height() <= (MAX_ROWS + 1) * rows.sizeHintForRow(0)
    assert view.rect().contains(view.search.geometry())


def test_another_network_ends_the_search(view: FlowView) -> None:
    search(view, "norm")
    view.set_network(residual(blocks=9))
    assert not view.search.isVisible()
