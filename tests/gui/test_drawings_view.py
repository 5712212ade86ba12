"""The page of kept drawings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import QAbstractButton, QLabel
from pytestqt.qtbot import QtBot

from viewer.widgets.inputs.class_filter import ClassFilter
from viewer.widgets.inputs.drawings_view import HINT, DrawingsView
from viewer.widgets.style import Appearance
from viewer.widgets.thumbnails import Thumbnails
from viewer.widgets.training.setting_editors import ChoiceBox

QTest: Any = _QTest  # its stubs give its static methods a `self`

LABELS = tuple("1717170")


@pytest.fixture
def view(qtbot: QtBot, appearance: Appearance) -> DrawingsView:
    view = DrawingsView()
    qtbot.addWidget(view)
    view.resize(300, 400)
    show(view, LABELS)
    with qtbot.waitExposed(view):
        view.show()
    view.activateWindow()
    tiles(view).setFocus()
    qtbot.waitUntil(tiles(view).hasFocus)
    return view


def show(view: DrawingsView, labels: tuple[str, ...]) -> None:
    view.set_drawings(np.zeros((len(labels), 28, 28), np.uint8), labels)


def tiles(view: DrawingsView) -> Thumbnails:
    (found,) = view.findChildren(Thumbnails)
    return found


def button(view: DrawingsView, text: str) -> QAbstractButton:
    (found,) = (b for b in view.findChildren(QAbstractButton) if text in (b.text(), b.toolTip()))
    return found


def box(view: DrawingsView) -> ChoiceBox:
    (found,) = view.findChildren(ChoiceBox)
    return found


def test_without_drawings_it_says_what_to_do(view: DrawingsView) -> None:
    assert tiles(view).isVisible()
    show(view, ())
    assert view.status() == HINT
    assert not tiles(view).isVisible()
    assert not button(view, "Export…").isEnabled()
    assert button(view, "Import…").isEnabled()
    view.set_hint("Draw something.")
    assert view.status() == "Draw something."


def test_each_class_is_counted_and_can_be_shown_alone(view: DrawingsView) -> None:
    counts = [label.text() for label in view.findChildren(QLabel) if label.text().isdigit()]
    assert sorted(counts) == sorted(["7", "1", "3", "3", *"0000000"])
    assert view.status() == "1–7 of 7"
    button(view, "7").click()
    assert view.status() == "1–3 of 3"
    button(view, "9").click()
    assert view.status() == "No drawing of this class"


def test_keys_relabel_and_delete_the_one_at_hand(view: DrawingsView, qtbot: QtBot) -> None:
    button(view, "7").click()
    QTest.keyClick(tiles(view), Qt.Key.Key_Right)
    with qtbot.waitSignal(view.relabel_requested) as asked:
        QTest.keyClick(tiles(view), Qt.Key.Key_4)
    assert asked.args == [3, "4"]  # the second 7
    with qtbot.waitSignal(view.delete_requested) as asked:
        QTest.keyClick(tiles(view), Qt.Key.Key_Delete)
    assert asked.args == [3]


def test_other_keys_do_nothing(view: DrawingsView, qtbot: QtBot) -> None:
    with (
        qtbot.assertNotEmitted(view.relabel_requested),
        qtbot.assertNotEmitted(view.delete_requested),
    ):
        QTest.keyClick(tiles(view), Qt.Key.Key_X)
        QTest.keyClick(tiles(view), Qt.Key.Key_Shift)
        show(view, ())
        QTest.keyClick(tiles(view), Qt.Key.Key_4)
        QTest.keyClick(tiles(view), Qt.Key.Key_Delete)


def test_a_click_chooses_a_drawing(view: DrawingsView, qtbot: QtBot) -> None:
    place = tiles(view).tile_rect(2).center().toPoint()
    with qtbot.waitSignal(view.drawing_chosen) as chosen:
        QTest.mouseClick(tiles(view), Qt.MouseButton.LeftButton, pos=place)
    assert chosen.args == [2]


def test_undo_is_offered_while_there_is_something_to_undo(view: DrawingsView, qtbot: QtBot) -> None:
    undo = Qt.KeyboardModifier.ControlModifier
    with qtbot.assertNotEmitted(view.undo_requested):
        QTest.keyClick(tiles(view), Qt.Key.Key_Z, undo)
    view.set_can_undo(True)
    with qtbot.waitSignal(view.undo_requested):
        QTest.keyClick(tiles(view), Qt.Key.Key_Z, undo)
    with qtbot.waitSignal(view.undo_requested):
        button(view, "Undo").click()


@pytest.mark.parametrize(
    ("text", "signal"), [("Import…", "import_requested"), ("Export…", "export_requested")]
)
def test_buttons_ask(view: DrawingsView, qtbot: QtBot, text: str, signal: str) -> None:
    with qtbot.waitSignal(getattr(view, signal)):
        button(view, text).click()


def test_many_drawings_have_pages_that_stay(view: DrawingsView) -> None:
    show(view, ("1",) * 200)
    capacity = tiles(view).capacity
    button(view, "Next page").click()
    assert view.status() == f"{capacity + 1}–{2 * capacity} of 200"
    show(view, ("1",) * 199)  # one was deleted
    assert view.status() == f"{capacity + 1}–{2 * capacity} of 199"
    button(view, "Last page").click()
    assert view.status().endswith("–199 of 199")
    show(view, ("1",) * 3)
    assert view.status() == "1–3 of 3"


def test_the_chosen_class_stays_when_drawings_change(view: DrawingsView) -> None:
    button(view, "1").click()
    show(view, (*LABELS, "1"))
    assert view.status() == "1–4 of 4"


def test_a_label_that_is_no_class_has_its_own(view: DrawingsView, qtbot: QtBot) -> None:
    show(view, ("1", "B", "B"))
    names = [box(view).itemText(row) for row in range(box(view).count())]
    assert names[0] == "All classes (3)"
    assert names[-1] == "B (2)"
    box(view).setCurrentIndex(box(view).count() - 1)
    box(view).activated.emit(box(view).count() - 1)
    assert view.status() == "1–2 of 2"


def test_a_filter_tells_what_a_person_chose(qtbot: QtBot, appearance: Appearance) -> None:
    chooser = ClassFilter(("cat", "dog"))
    qtbot.addWidget(chooser)
    (choice,) = chooser.findChildren(ChoiceBox)
    with qtbot.waitSignal(chooser.chosen) as chosen:
        choice.setCurrentIndex(2)
        choice.activated.emit(2)
    assert chosen.args == [1]
    with qtbot.assertNotEmitted(chooser.chosen):
        chooser.set_label(0)
        chooser.set_classes(tuple("01"))
    assert chooser.label is None
    assert chooser.class_names == ("0", "1")
