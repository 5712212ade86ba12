"""Keys that the window and a part of it both know: which of them gets a press."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.training_desk import LONG, Desk
from viewer.core.records import Selection
from viewer.core.training.config import TrainingConfig

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


def press_l(desk: Desk) -> None:
    flow = desk.controller.flow
    flow.setFocus()
    desk.wait(flow.hasFocus)
    KEYS.keyClick(flow, Qt.Key.Key_L)


def test_l_freezes_the_selected_layer_and_frees_it(desk: Desk) -> None:
    desk.training.show()
    flow, setup = desk.controller.flow, desk.training.setup
    setup.set_config(of_network(desk))
    desk.wait(lambda: bool(flow._locks.offered))
    layer = flow._locks.offered[0]
    flow.set_selection(Selection(layer, 0))

    press_l(desk)
    assert setup.config().frozen == (layer,)
    press_l(desk)
    assert setup.config().frozen == ()
    assert not desk.window.action_set["lab"].isChecked()
    assert desk.controller.lab.dock is None


def test_l_opens_the_lab_where_nothing_selected_has_a_lock(desk: Desk) -> None:
    flow = desk.controller.flow
    triggered: list[bool] = []
    desk.window.action_set["lab"].triggered.connect(triggered.append)
    network = desk.controller.views.network
    assert network is not None
    flow.set_selection(Selection(network.nodes[1].name, 0))  # the dock of training is closed

    press_l(desk)
    assert len(triggered) == 1
