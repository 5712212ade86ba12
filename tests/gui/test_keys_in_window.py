"""Keys that the window and a part of it both know: which of them gets a press."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QAction, QKeyEvent, QKeySequence, QShortcut
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.training_desk import LONG, Desk
from viewer.core.records import Selection
from viewer.core.training.config import TrainingConfig
from viewer.widgets.training.run_tree import RunRow

KEYS: Any = QTest  # PyQt's annotations of QTest take "self" for an argument


@pytest.fixture
def desk(qapp: QApplication, tmp_path: Path, qtbot: QtBot) -> Iterator[Desk]:
    desk = Desk(qapp, tmp_path, qtbot)
    yield desk
    desk.close()


def of_network(desk: Desk) -> TrainingConfig:
    """Return a set-up of the network on screen: its layers can be frozen."""
    network = desk.controller.views.network
    assert network is not None
    return replace(LONG, architecture=network.architecture, hyper=dict(network.hyper), frozen=())


def press_l(desk: Desk, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    flow = desk.controller.flow
    flow.setFocus()
    desk.wait(flow.hasFocus)
    KEYS.keyClick(flow, Qt.Key.Key_L, modifier)


def test_shift_l_freezes_the_selected_layer_and_frees_it(desk: Desk) -> None:
    desk.training.show()
    flow, setup = desk.controller.flow, desk.training.setup
    setup.set_config(of_network(desk))
    desk.wait(lambda: bool(flow._locks.offered))
    layer = flow._locks.offered[0]
    flow.set_selection(Selection(layer, 0))

    press_l(desk, Qt.KeyboardModifier.ShiftModifier)
    assert setup.config().frozen == (layer,)
    press_l(desk, Qt.KeyboardModifier.ShiftModifier)
    assert setup.config().frozen == ()
    assert not desk.window.action_set["lab"].isChecked()
    assert desk.controller.lab.dock is None


def test_l_opens_the_lab_whatever_is_selected(desk: Desk) -> None:
    desk.training.show()
    flow, setup = desk.controller.flow, desk.training.setup
    setup.set_config(of_network(desk))
    desk.wait(lambda: bool(flow._locks.offered))
    triggered: list[bool] = []
    desk.window.action_set["lab"].triggered.connect(triggered.append)
    flow.set_selection(Selection(flow._locks.offered[0], 0))  # it has a lock

    press_l(desk)
    assert len(triggered) == 1
    assert setup.config().frozen == ()


def every_part(desk: Desk) -> None:
    """Open everything that has keys of its own."""
    desk.training.show()
    for name in ("lessons", "glossary", "sliding", "lab", "trace", "my_drawings", "pinned"):
        desk.window.action_set[name].trigger()
        QApplication.processEvents()
    desk.window.action_set["find"].trigger()


def test_no_key_means_two_things_at_once(desk: Desk) -> None:
    every_part(desk)
    contexts = Qt.ShortcutContext
    everywhere: list[str] = []
    somewhere: list[tuple[QWidget, QKeySequence]] = []
    for action in desk.window.findChildren(QAction):
        of_window = action.shortcutContext() in (
            contexts.WindowShortcut,
            contexts.ApplicationShortcut,
        )
        for keys in action.shortcuts():
            if of_window:
                everywhere.append(keys.toString())
            else:
                widget = action.parent()
                assert isinstance(widget, QWidget)
                somewhere.append((widget, keys))
    for shortcut in desk.window.findChildren(QShortcut):
        widget = shortcut.parent()
        assert isinstance(widget, QWidget)
        assert shortcut.context() is contexts.WidgetWithChildrenShortcut
        assert shortcut.key().toString() not in everywhere
    assert len(everywhere) > 40 and len(somewhere) > 4
    assert sorted(set(everywhere)) == sorted(everywhere)
    for widget, keys in somewhere:
        assert [other for other in somewhere if other == (widget, keys)] == [(widget, keys)]
        if keys.toString() in everywhere:
            assert takes(widget, keys), f"{keys.toString()} of {widget.accessibleName()}"


def takes(widget: QWidget, keys: QKeySequence) -> bool:
    """Return whether a part of the window says that a press is its own, and no shortcut."""
    chord = keys[0]
    event = QKeyEvent(QEvent.Type.ShortcutOverride, chord.key(), chord.keyboardModifiers())
    event.ignore()
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def test_keys_of_the_run_tree_are_its_own_while_it_has_the_focus(desk: Desk) -> None:
    desk.training.show()
    runs, actions = desk.panel.runs, desk.window.action_set
    desk.panel.show_page("Runs")
    runs.set_runs((RunRow("a", "first"),))
    runs.select("a")
    told: list[str] = []
    runs.branch_requested.disconnect()
    runs.reveal_requested.disconnect()
    runs.delete_requested.disconnect()
    for name in ("train_batch", "export_view", "clear"):
        actions[name].triggered.disconnect()
        actions[name].triggered.connect(lambda _checked, name=name: told.append(name))
    for name in ("branch", "reveal", "delete"):
        runs.actions_of_run[name].triggered.connect(lambda _checked, name=name: told.append(name))
    presses = (
        (Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier),
        (Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier),
        (Qt.Key.Key_Delete, Qt.KeyboardModifier.NoModifier),
    )
    expected = {
        runs.tree: ["branch", "reveal", "delete"],
        desk.controller.flow: ["train_batch", "export_view", "clear"],
    }
    for widget, names in expected.items():
        told.clear()
        widget.setFocus()
        desk.wait(widget.hasFocus)
        for key, modifier in presses:
            KEYS.keyClick(widget, key, modifier)
        assert told == names
    runs.select(None)  # nothing to be done to, and nothing else is done in its place
    told.clear()
    runs.tree.setFocus()
    for key, modifier in presses:
        KEYS.keyClick(runs.tree, key, modifier)
    assert told == []
