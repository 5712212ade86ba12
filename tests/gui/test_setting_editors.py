"""Numbers, choices and their steps."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QValidator, QWheelEvent
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import QApplication, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from viewer.widgets.switch import Switch
from viewer.widgets.training.setting_editors import ChoiceBox, NumberBox
from viewer.widgets.training.setting_editors_steps import (
    Stepper,
    by,
    decades,
    doublings,
    towards_one,
)

QTest: Any = _QTest  # its stubs give its static methods a `self`


@pytest.mark.parametrize(
    ("stepper", "series"),
    [
        (decades, (0, 1e-6, 2e-6, 5e-6, 1e-5)),
        (decades, (0.1, 0.2, 0.5, 1, 2, 5, 10)),
        (doublings, (1, 2, 4, 8, 16)),
        (towards_one, (0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995)),
        (by(0.05), (0, 0.05, 0.1, 0.15, 0.2)),
    ],
)
def test_steps_lead_up_a_series_and_down_again(stepper: Stepper, series: tuple[float, ...]) -> None:
    for low, high in pairwise(series):
        assert stepper(low, True) == pytest.approx(high, rel=1e-12)
        assert stepper(high, False) == pytest.approx(low, rel=1e-12)


@pytest.mark.parametrize(
    ("stepper", "value", "below", "above"),
    [
        (decades, 0.003, 0.002, 0.005),
        (doublings, 100, 64, 128),
        (towards_one, 0.97, 0.95, 0.98),
    ],
)
def test_a_value_between_goes_to_its_neighbours(
    stepper: Stepper, value: float, below: float, above: float
) -> None:
    assert stepper(value, False) == pytest.approx(below)
    assert stepper(value, True) == pytest.approx(above)


@pytest.mark.parametrize("number", [1e-9, 0.1, 1 / 3, 0.99999, 1000.0, 4294967295.0])
def test_a_number_is_kept_exactly(qtbot: QtBot, number: float) -> None:
    box = NumberBox(0, 2**33)
    qtbot.addWidget(box)
    box.set_number(number)
    assert box.number() == number


def test_setting_a_number_gives_no_signal_and_a_press_does(qtbot: QtBot) -> None:
    box = NumberBox(1e-9, 1e3, decades)
    qtbot.addWidget(box)
    with qtbot.assertNotEmitted(box.number_changed):
        box.set_number(0.004)
    with qtbot.waitSignal(box.number_changed) as signal:
        QTest.keyClick(box, Qt.Key.Key_Up)
    assert signal.args == [0.005]
    assert box.text() == "0.005"


def test_scientific_notation_can_be_typed(qtbot: QtBot) -> None:
    box = NumberBox(1e-9, 1e3, decades)
    qtbot.addWidget(box)
    box.selectAll()
    QTest.keyClicks(box, "2e-5")
    assert box.number() == 2e-5
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert box.text() == "2e-5"


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("12", QValidator.State.Acceptable),
        ("12 px", QValidator.State.Acceptable),
        ("101", QValidator.State.Intermediate),
        ("1.5", QValidator.State.Intermediate),
        ("", QValidator.State.Intermediate),
        ("x", QValidator.State.Invalid),
    ],
)
def test_only_whole_numbers_in_range_are_taken(
    qtbot: QtBot, text: str, state: QValidator.State
) -> None:
    box = NumberBox(0, 100, whole=True, suffix=" px")
    qtbot.addWidget(box)
    assert box.validate(text, 0)[0] == state


@pytest.mark.parametrize("kind", [NumberBox, ChoiceBox])
def test_passing_over_with_the_wheel_changes_nothing(qtbot: QtBot, kind: type) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    editor = NumberBox(0, 9) if kind is NumberBox else ChoiceBox()
    editor.setParent(page)
    if isinstance(editor, ChoiceBox):
        editor.set_choices([("a", "A"), ("b", "B")])
    before = editor.number() if isinstance(editor, NumberBox) else editor.key()
    none = QPoint()
    event = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        none,
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(editor, event)
    after = editor.number() if isinstance(editor, NumberBox) else editor.key()
    assert after == before
    assert not event.isAccepted()  # the page may scroll


def test_a_choice_that_was_not_offered_is_added(qtbot: QtBot) -> None:
    box = ChoiceBox()
    qtbot.addWidget(box)
    box.set_choices([("cpu", "CPU"), ("cuda", "GPU")])
    with qtbot.assertNotEmitted(box.chosen):
        box.set_key("mps")
    assert box.key() == "mps"
    box.set_choices([("cpu", "CPU"), ("mps", "Metal")])
    assert box.key() == "mps"
    with qtbot.waitSignal(box.chosen) as signal:
        QTest.keyClick(box, Qt.Key.Key_Up)
    assert signal.args == ["cpu"]


@pytest.mark.parametrize(
    ("typed", "says", "becomes"),
    [
        ("40", "A whole number from 1 to 11", 11),
        ("0", "A whole number from 1 to 11", 1),
        ("7", "", 7),
    ],
)
def test_a_number_out_of_range_is_answered_by_the_bound(
    qtbot: QtBot, typed: str, says: str, becomes: int
) -> None:
    QToolTip.hideText()
    box = NumberBox(1, 11, whole=True)
    qtbot.addWidget(box)
    box.set_number(3)
    with qtbot.waitExposed(box):
        box.show()
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, typed)
    assert box.bounds_text() == "A whole number from 1 to 11"
    assert QToolTip.text() == says
    QTest.keyClick(box, Qt.Key.Key_Return)

    assert box.number() == becomes  # never the digits that happened to be possible
    assert box.text() == str(becomes)
    QToolTip.hideText()


def test_a_number_without_a_bound_says_the_least(qtbot: QtBot) -> None:
    box = NumberBox(0.5, float("inf"), suffix=" px")
    qtbot.addWidget(box)
    assert box.bounds_text() == "A number of at least 0.5 px"


def test_a_switch_that_is_held_looks_it(qtbot: QtBot) -> None:
    switch = Switch("")
    qtbot.addWidget(switch)
    switch.setChecked(True)
    free = switch.grab().toImage()
    switch.setEnabled(False)
    assert switch.grab().toImage() != free
