"""The pinned drawings as a widget: what it says, what clicks and keys ask for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QRectF, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from viewer.core.records import FloatArray
from viewer.widgets.inputs.pinned_view import EMPTY_TEXT, UNREADABLE_TEXT, PinnedItem, PinnedView
from viewer.widgets.theme import Theme

KEYS_AND_MOUSE: Any = QTest  # PyQt's annotations of QTest take "self" for an argument
NAMES = tuple("0123456789")
LEFT = Qt.MouseButton.LeftButton


def pixels() -> FloatArray:
    found = np.zeros((28, 28), np.float32)
    found[4:24, 12:16] = 1
    return found


def answer(winner: int, probability: float = 0.91) -> FloatArray:
    found = np.full(10, (1 - probability) / 9, np.float32)
    found[winner] = probability
    return found


def items() -> list[PinnedItem]:
    labels = (None, "7", "4", "1")
    return [PinnedItem(10 + i, pixels(), label) for i, label in enumerate(labels)]


@pytest.fixture
def view(qtbot: QtBot, fonts: None, theme: Theme) -> Iterator[PinnedView]:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(600, 600)
    widget = PinnedView(window)
    widget.resize(256, 300)
    widget.set_theme(theme)
    with qtbot.waitExposed(window):
        window.show()
    yield widget


def full(view: PinnedView) -> PinnedView:
    view.set_items(items())
    view.set_answers(1234, {10: answer(3), 11: answer(7), 12: answer(9), 13: None}, NAMES)
    return view


def click(view: PinnedView, where: QRectF) -> None:
    KEYS_AND_MOUSE.mouseClick(view, LEFT, pos=where.center().toPoint())


def key(view: PinnedView, wanted: Qt.Key) -> None:
    KEYS_AND_MOUSE.keyClick(view, wanted)


def painted(view: PinnedView, token: str, area: QRectF) -> int:
    """Return how many pixels of an area have a colour of the theme."""
    image, wanted = view.grab().toImage(), getattr(view._theme, token)
    place = area.toRect()
    return sum(
        image.pixelColor(x, y).name() == wanted
        for x in range(place.left(), place.right() + 1)
        for y in range(place.top(), place.bottom() + 1)
    )


def test_each_says_class_probability_and_whether_that_is_right(view: PinnedView) -> None:
    full(view)
    assert view.texts(10) == ("3", "91.0 %", "")
    assert view.texts(11) == ("7", "91.0 %", "✓ right")
    assert view.texts(12) == ("9", "91.0 %", "✗ is 4")
    assert view.texts(13) == (UNREADABLE_TEXT, "", "✗ is 1")
    assert view.summary() == "step 1,234 · 1 of 3 labelled right"
    assert view.accessibleDescription() == view.summary()


def test_without_labels_drawings_are_counted_and_no_step_is_none(view: PinnedView) -> None:
    view.set_items([PinnedItem(1, pixels()), PinnedItem(2, pixels())])
    assert view.texts(1) == ("…", "", "")
    view.set_answers(None, {1: answer(0), 2: answer(1)}, NAMES)
    assert view.summary() == "2 drawings"


def test_what_is_wrong_is_in_another_colour(view: PinnedView) -> None:
    full(view)
    below = [view._cell_rect(place).adjusted(0, 60, 0, 0) for place in range(3)]
    assert [painted(view, "warning", area) > 60 for area in below] == [False, False, True]


def test_the_bar_is_as_long_as_the_probability(view: PinnedView) -> None:
    view.set_items([PinnedItem(1, pixels()), PinnedItem(2, pixels())])
    view.set_answers(0, {1: answer(3, 1.0), 2: answer(3, 0.5)}, NAMES)
    counts = [painted(view, "bar", view._cell_rect(place)) for place in range(2)]
    assert counts[1] == pytest.approx(counts[0] / 2, rel=0.1)
    assert counts[0] > 100


def test_the_digit_is_ink_on_paper(view: PinnedView) -> None:
    full(view)
    tile = view.tile_rect(1)
    image = view.grab().toImage()
    middle = tile.center().toPoint()
    assert image.pixelColor(middle).name() == view._theme.ink
    corner = tile.topLeft().toPoint() + QPoint(3, 3)
    assert image.pixelColor(corner).name() == view._theme.paper


def test_clicks_put_on_the_pad_or_remove(view: PinnedView, qtbot: QtBot) -> None:
    full(view)
    with qtbot.waitSignal(view.chosen) as chosen, qtbot.assertNotEmitted(view.removed):
        click(view, view.tile_rect(2))
    assert chosen.args == [12]
    with qtbot.waitSignal(view.removed) as removed, qtbot.assertNotEmitted(view.chosen):
        click(view, view.cross_rect(1))
    assert removed.args == [11]
    with qtbot.assertNotEmitted(view.chosen), qtbot.assertNotEmitted(view.removed):
        click(view, QRectF(view.width() - 4, view.height() - 4, 2, 2))


def test_keys_walk_choose_and_remove(view: PinnedView, qtbot: QtBot) -> None:
    full(view)
    key(view, Qt.Key.Key_Left)  # nothing is there
    for wanted in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        key(view, wanted)
    with qtbot.waitSignal(view.chosen) as chosen:
        key(view, Qt.Key.Key_Return)
    assert chosen.args == [11]
    key(view, Qt.Key.Key_Up)  # there is no row above
    with qtbot.waitSignal(view.removed) as removed:
        key(view, Qt.Key.Key_Delete)
    assert removed.args == [11]
    key(view, Qt.Key.Key_Left)
    key(view, Qt.Key.Key_Down)
    with qtbot.waitSignal(view.chosen) as below:
        key(view, Qt.Key.Key_Space)
    assert below.args == [10 + view._columns]


def test_rows_grow_with_the_drawings_and_shrink_with_the_width(view: PinnedView) -> None:
    empty = view.heightForWidth(256)
    full(view)
    assert view._columns == 3
    two_rows = view.heightForWidth(256)
    assert two_rows > empty
    assert view.heightForWidth(1000) == empty
    assert view.heightForWidth(90) > 3 * (empty - view._top)
    for place in range(4):
        assert view._cell_rect(place).bottom() <= two_rows
        assert view._cell_rect(place).right() <= 256


def test_nothing_pinned_says_how_to_pin(view: PinnedView, qtbot: QtBot) -> None:
    assert "Ctrl+P" in EMPTY_TEXT
    assert painted(view, "text_muted", QRectF(view.rect())) > 20
    with qtbot.assertNotEmitted(view.removed):
        key(view, Qt.Key.Key_Delete)


def test_what_is_removed_is_forgotten(view: PinnedView) -> None:
    full(view)
    view.set_items(items()[2:])
    assert view.texts(12)[0] == "9"
    assert view.summary() == "step 1,234 · 0 of 2 labelled right"
    view.set_items(items())
    assert view.texts(11) == ("…", "", "")


def test_long_class_names_stay_in_their_cell(view: PinnedView) -> None:
    names = ["a very long name of a class"] * 10
    view.set_items([PinnedItem(1, pixels(), "x")])
    view.set_answers(0, {1: answer(3)}, names)
    cell = view._cell_rect(0)
    beside = QRectF(cell.right() + 1, cell.top(), 6, cell.height())
    assert painted(view, "text", beside) == 0
    assert painted(view, "text", cell) > 0
