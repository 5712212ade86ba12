"""Finding one's way in a large network, in the whole program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint, QSettings, Qt
from PyQt6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from tests.gui.flow_desk import KEYS_AND_MOUSE, in_viewport, layout_of
from viewer.app import Application
from viewer.controllers.main import MainController
from viewer.core.records import Selection
from viewer.widgets.flow.blocks import open_rect

WAIT_MS = 20_000


@pytest.fixture
def program(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Application]:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    application = Application(qapp, settings, model="resnet18", runs_root=tmp_path / "runs")
    application.window.resize(1200, 800)
    application.start()
    application.complete()
    qtbot.waitUntil(lambda: controller_of(application).is_shown, timeout=WAIT_MS)
    yield application
    assert application.close()


def controller_of(application: Application) -> MainController:
    controller = application.controller
    assert controller is not None
    return controller


def test_a_residual_network_is_searched_opened_and_mapped(
    program: Application, qtbot: QtBot
) -> None:
    controller, actions = controller_of(program), program.window.action_set
    flow = controller.flow
    assert "layer3.0" in layout_of(flow).cards
    assert flow.minimap.isVisible()

    actions["find"].trigger()
    assert flow.search.isVisible()
    KEYS_AND_MOUSE.keyClicks(flow.search.field, "layer3.0 downsample")
    KEYS_AND_MOUSE.keyClick(flow.search.field, Qt.Key.Key_Return)
    assert flow.open_blocks() == {"layer3.0"}
    KEYS_AND_MOUSE.keyClick(flow.search.field, Qt.Key.Key_Escape)

    actions["minimap"].trigger()
    assert not flow.minimap.isVisible()
    flow.toggle_minimap()
    assert actions["minimap"].isChecked()

    controller.views.select(Selection("layer4.1.add", 3, 2, 2))
    assert flow.open_blocks() == {"layer3.0", "layer4.1"}
    assert controller.views.record is not None
    assert controller.inspector.isVisible()


def test_the_menu_of_the_network_opens_blocks(
    program: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    popped_up: list[QMenu] = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, _place: popped_up.append(menu))
    flow = controller_of(program).flow
    flow.reveal_card("layer2.1")
    place = in_viewport(flow, open_rect(layout_of(flow).cards["layer2.1"]))
    flow.customContextMenuRequested.emit(QPoint(place))
    (menu,) = popped_up
    offered = {action.text(): action for action in menu.actions()}
    offered["Open layer2.1"].trigger()
    assert flow.open_blocks() == {"layer2.1"}
