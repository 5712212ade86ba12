"""Docks have their heights again once the window has its size again."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.gui.conftest import WindowMaker
from viewer.widgets.window.docks import Dock
from viewer.widgets.window.main_window import MainWindow

BOTTOM, LEFT = Qt.DockWidgetArea.BottomDockWidgetArea, Qt.DockWidgetArea.LeftDockWidgetArea
LARGE, SMALL = (1440, 900), (1024, 640)


def settle(qtbot: QtBot) -> None:
    qtbot.wait(250)  # there is no signal for "nothing happens any more"


def add(window: MainWindow, name: str, area: Qt.DockWidgetArea, height: int) -> Dock:
    page = QWidget()
    page.setMinimumHeight(120)
    dock = window.add_dock(name, name.title(), page, area)
    window.resizeDocks([dock], [height], Qt.Orientation.Vertical)
    return dock


def heights(window: MainWindow, *docks: Dock) -> list[int]:
    return [dock.height() for dock in (window.input_dock, window.prediction_dock, *docks)]


def test_a_window_that_shrinks_and_grows_again_is_as_it_was(
    qtbot: QtBot, make_window: WindowMaker
) -> None:
    window = make_window(*LARGE)
    training = add(window, "training", BOTTOM, 360)
    settle(qtbot)
    before = heights(window, training)
    window.resize(*SMALL)
    settle(qtbot)
    assert training.height() == round(before[2] / LARGE[1] * SMALL[1])
    assert window.prediction_dock.height() < before[1]  # the pad gives way last
    window.resize(*LARGE)
    settle(qtbot)

    assert heights(window, training) == before


def test_so_it_is_with_three_docks_below_each_other(qtbot: QtBot, make_window: WindowMaker) -> None:
    window = make_window(*LARGE)
    pinned = add(window, "pinned", LEFT, 160)
    settle(qtbot)
    before = heights(window, pinned)
    for _ in range(2):
        window.resize(*SMALL)
        settle(qtbot)
        window.resize(*LARGE)
        settle(qtbot)

    assert heights(window, pinned) == before


def test_a_dock_shown_in_a_smaller_window_has_its_share(
    qtbot: QtBot, make_window: WindowMaker
) -> None:
    window = make_window(*LARGE)
    training = add(window, "training", BOTTOM, 360)
    settle(qtbot)
    training.hide()
    settle(qtbot)
    window.resize(*SMALL)
    settle(qtbot)
    training.show()
    settle(qtbot)

    assert training.height() == round(360 / LARGE[1] * SMALL[1])


def test_what_a_person_drags_is_what_comes_back(qtbot: QtBot, make_window: WindowMaker) -> None:
    window = make_window(*LARGE)
    training = add(window, "training", BOTTOM, 360)
    settle(qtbot)
    window.resizeDocks([training], [250], Qt.Orientation.Vertical)
    settle(qtbot)
    dragged = training.height()
    assert dragged < 300
    window.resize(*SMALL)
    settle(qtbot)
    window.resize(*LARGE)
    settle(qtbot)

    assert training.height() == dragged
