"""Which window has the keyboard as explaining ones come and go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.training_desk import Desk
from viewer.widgets.window.docks import Dock

KEYS: Any = QTest  # PyQt's annotations of QTest take "self" for an argument


@pytest.fixture
def desk(qapp: QApplication, tmp_path: Path, qtbot: QtBot) -> Iterator[Desk]:
    desk = Desk(qapp, tmp_path, qtbot)
    yield desk
    desk.close()


def dock(desk: Desk, name: str) -> Dock:
    found = desk.window.findChild(Dock, name)
    assert found is not None
    return found


def trigger(desk: Desk, name: str) -> Dock:
    """Press an action's key; its dock has the keyboard then."""
    desk.window.action_set[name].trigger()
    found = dock(desk, name)
    window = found.window()
    assert window is not None
    desk.wait(lambda: found.isVisible() and window.isActiveWindow())
    return found


def press_escape(desk: Desk) -> None:
    active = QApplication.activeWindow()
    assert active is not None
    KEYS.keyClick(active.focusWidget() or active, Qt.Key.Key_Escape)


def test_escape_closes_one_explaining_window_after_another(desk: Desk) -> None:
    lab = trigger(desk, "lab")
    sliding = trigger(desk, "sliding")
    trace = trigger(desk, "trace")
    lab.activateWindow()
    desk.wait(lab.isActiveWindow)
    trace.activateWindow()
    desk.wait(trace.isActiveWindow)
    # The one that had the keyboard last is next, not the one that was opened last.
    for closed, then in ((trace, lab), (lab, sliding), (sliding, desk.window)):
        press_escape(desk)
        assert not closed.isVisible()
        desk.wait(then.isActiveWindow)


def test_the_key_of_a_window_that_is_open_brings_the_keyboard_there(desk: Desk) -> None:
    lab = trigger(desk, "lab")
    desk.window.activateWindow()
    desk.wait(desk.window.isActiveWindow)
    trigger(desk, "lab")
    assert lab.isVisible()
    desk.window.action_set["lab"].trigger()  # it has the keyboard already
    assert not lab.isVisible()


def test_the_glossary_is_searched_from_an_explaining_window(desk: Desk) -> None:
    trigger(desk, "lab")
    glossary = trigger(desk, "glossary")
    panel = desk.controller.learning.glossary.panel
    assert panel is not None
    focus: QWidget | None = QApplication.focusWidget()
    assert focus is panel.search
    KEYS.keyClicks(focus, "recept")
    assert panel.names() == ("receptive field",)
    dock(desk, "lab").activateWindow()
    desk.wait(dock(desk, "lab").isActiveWindow)
    trigger(desk, "glossary")  # open already: only the keyboard goes there
    assert glossary.isVisible()
