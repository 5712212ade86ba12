"""Locks on the cards: which layers the next training leaves as they are."""

from __future__ import annotations

from typing import Any

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.gui.test_flow import shown_view
from tests.small_net import SmallNet, small_net
from viewer.core.records import Selection
from viewer.widgets.flow.locks import FREE_TIP, FROZEN_TIP, Locks, lock_rect
from viewer.widgets.flow.view import FlowView
from viewer.widgets.theme import Theme

KEYS_AND_MOUSE: Any = QTest  # PyQt's annotations of QTest take "self" for an argument
NAMES = ("conv1", "conv2", "fc1", "fc2")


@pytest.fixture(scope="module")
def net() -> SmallNet:
    return small_net()


@pytest.fixture
def view(qtbot: QtBot, fonts: None, net: SmallNet, theme: Theme) -> FlowView:
    return shown_view(qtbot, net, theme)


def place(view: FlowView, name: str) -> QPoint:
    layout = view.layout_shown()
    assert layout is not None
    return lock_rect(layout.cards[name]).translated(-view._offset()).center().toPoint()


def click(view: FlowView, name: str) -> None:
    KEYS_AND_MOUSE.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place(view, name))


def inked(view: FlowView, name: str) -> int:
    """Return how many pixels around a lock are not the card's own colour."""
    image, middle = view.grab().toImage(), place(view, name)
    return sum(
        image.pixelColor(middle.x() + x, middle.y() + y).name() != view._theme.surface
        for x in range(-8, 8)
        for y in range(-8, 8)
    )


def test_a_click_freezes_and_another_frees(view: FlowView, qtbot: QtBot) -> None:
    view.set_freezable(NAMES)
    for name, expected in (
        ("fc1", ("fc1",)),
        ("conv1", ("conv1", "fc1")),  # in the network's order
        ("fc1", ("conv1",)),
        ("conv1", ()),
    ):
        with (
            qtbot.waitSignal(view.frozen_changed) as changed,
            qtbot.assertNotEmitted(view.selection_changed),
        ):
            click(view, name)
        assert changed.args == [expected]


def test_without_an_offer_there_is_no_lock(view: FlowView, qtbot: QtBot) -> None:
    assert inked(view, "conv1") == 0
    with qtbot.assertNotEmitted(view.frozen_changed):
        click(view, "conv1")
    view.set_freezable(NAMES)
    opened = inked(view, "conv1")
    assert opened > 0
    assert inked(view, "relu1") == 0
    view.set_frozen(("conv1",))
    assert inked(view, "conv1") > 1.2 * opened  # it is filled
    view.set_freezable(())
    assert inked(view, "conv1") == 0


def test_what_is_set_gives_no_signal_and_repaints_only_if_it_is_seen(
    view: FlowView, qtbot: QtBot
) -> None:
    view.grab()
    chrome = view._chrome
    with qtbot.assertNotEmitted(view.frozen_changed):
        view.set_frozen(("conv1", "of another network"))
    assert view._chrome is chrome
    view.set_freezable(NAMES)
    assert view._chrome is not chrome


def test_a_frozen_layer_of_another_network_is_not_told(view: FlowView, qtbot: QtBot) -> None:
    view.set_freezable(NAMES)
    view.set_frozen(("of another network",))
    with qtbot.waitSignal(view.frozen_changed) as changed:
        click(view, "conv2")
    assert changed.args == [("conv2",)]


def test_a_key_freezes_the_selected_layer(view: FlowView, qtbot: QtBot) -> None:
    view.set_selection(Selection("conv2", 1, 2, 2))
    with qtbot.assertNotEmitted(view.frozen_changed):
        KEYS_AND_MOUSE.keyClick(view, Qt.Key.Key_L, Qt.KeyboardModifier.ShiftModifier)
    view.set_freezable(NAMES)
    with qtbot.waitSignal(view.frozen_changed) as changed:
        KEYS_AND_MOUSE.keyClick(view, Qt.Key.Key_L, Qt.KeyboardModifier.ShiftModifier)
    assert changed.args == [("conv2",)]
    view.set_selection(Selection("relu2", 1, 2, 2))
    with qtbot.assertNotEmitted(view.frozen_changed):
        KEYS_AND_MOUSE.keyClick(view, Qt.Key.Key_L, Qt.KeyboardModifier.ShiftModifier)


def test_two_quick_clicks_are_two_clicks(view: FlowView) -> None:
    view.set_freezable(NAMES)
    told: list[tuple[str, ...]] = []
    view.frozen_changed.connect(told.append)
    click(view, "conv1")
    KEYS_AND_MOUSE.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place(view, "conv1"))
    assert told == [("conv1",), ()]
    assert view._focused is None  # the card doesn't fill the view


def test_the_pointer_and_the_tip_say_that_it_can_be_pressed(view: FlowView) -> None:
    view.set_freezable(NAMES)
    surface = view.viewport()
    assert surface is not None
    KEYS_AND_MOUSE.mouseMove(surface, place(view, "conv1"))
    assert surface.cursor().shape() is Qt.CursorShape.PointingHandCursor
    KEYS_AND_MOUSE.mouseMove(surface, place(view, "conv1") + QPoint(-60, 60))
    assert surface.cursor().shape() is Qt.CursorShape.ArrowCursor
    locks = Locks(NAMES, frozenset({"conv1"}))
    assert (locks.tip("conv1"), locks.tip("conv2")) == (FROZEN_TIP, FREE_TIP)
    assert "training leaves its weights as they are" in FROZEN_TIP


def test_a_lock_moves_nothing(view: FlowView) -> None:
    before = view.layout_shown()
    view.set_freezable(NAMES)
    assert view.layout_shown() == before
