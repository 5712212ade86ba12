"""The status bar on what is under the pointer, while what is computed changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from viewer.app import Application
from viewer.controllers.main import MainController
from viewer.core.records import Picture, Selection

WAIT_MS = 20_000


@pytest.fixture
def main(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[MainController]:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    application = Application(qapp, settings, runs_root=tmp_path / "runs")
    application.window.resize(1024, 640)
    application.start()
    application.complete()
    controller = application.controller
    assert controller is not None
    qtbot.waitUntil(lambda: controller.is_shown, timeout=WAIT_MS)
    yield controller
    assert application.close()


def show(main: MainController, qtbot: QtBot, seed: int) -> None:
    pixels = np.random.default_rng(seed).random((28, 28), np.float32)
    main.inputs.show_source(Picture(pixels, f"picture {seed}"))
    qtbot.waitUntil(lambda: main.is_shown, timeout=WAIT_MS)


@pytest.mark.parametrize("where", ["flow", "inspector"])
def test_the_value_follows_every_record(main: MainController, qtbot: QtBot, where: str) -> None:
    status, hovered = main._window.status, Selection("dense", 3)
    show(main, qtbot, 0)
    view = main.flow if where == "flow" else main.inspector
    view.hover_changed.emit(hovered)  # the pointer rests from now on
    before = status.hover.text()
    assert before == main.views.describe(hovered) and "value" in before
    show(main, qtbot, 1)
    assert status.hover.text() == main.views.describe(hovered) != before
    view.hover_changed.emit(None)
    show(main, qtbot, 2)
    assert status.hover.text() == ""


def test_nothing_is_said_of_a_network_that_is_gone(main: MainController, qtbot: QtBot) -> None:
    show(main, qtbot, 0)
    main.inspector.hover_changed.emit(Selection("conv2", 2, 1, 1))
    main.networks.open("mlp")
    qtbot.waitUntil(lambda: main.networks.model == "mlp" and main.is_shown, timeout=WAIT_MS)
    assert main._window.status.hover.text() == ""
