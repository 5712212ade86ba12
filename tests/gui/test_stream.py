"""While images come one after the other, only what is in sight of a large network is asked for."""

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
from viewer.core.imaging.display import Scope
from viewer.core.records import ActivationRecord, Picture, Selection

WAIT_MS = 60_000
NETWORK = "mobilenet_v3_small"
INSIDE = "features.4.block.0.0"  # a convolution of a block that is collapsed at first
HOUR_MS = 3_600_000


@pytest.fixture
def controller(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[MainController]:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    application = Application(qapp, settings, model=NETWORK, runs_root=tmp_path / "runs")
    application.window.resize(1200, 800)
    application.start()
    application.complete()
    controller = application.controller
    assert controller is not None
    qtbot.waitUntil(lambda: controller.is_shown, timeout=WAIT_MS)
    controller.inputs._pause.setInterval(HOUR_MS)  # images never pause, unless the test says so
    yield controller
    assert application.close()


def photograph(seed: int) -> Picture:
    """Return a few bright pixels, elsewhere for each seed: no two of them look alike."""
    rgb = np.where(np.random.default_rng(seed).random((60, 80, 3)) < 0.05, 255, 0).astype(np.uint8)
    return Picture(rgb.mean(axis=2, dtype=np.float32) / np.float32(255), f"{seed}.png", rgb=rgb)


def shown(controller: MainController, qtbot: QtBot, picture: Picture) -> ActivationRecord:
    """Show an image as a camera does, and return what is on screen of it then."""
    controller.inputs.show_frame(picture)
    views, newest = controller.views, controller.inputs.generation
    qtbot.waitUntil(
        lambda: views.record is not None and views.record.generation == newest, timeout=WAIT_MS
    )
    assert views.record is not None
    return views.record


def names_of(controller: MainController) -> set[str]:
    assert controller.views.network is not None
    return {node.name for node in controller.views.network.nodes}


def test_of_a_stream_what_is_in_sight_is_kept(controller: MainController, qtbot: QtBot) -> None:
    record = shown(controller, qtbot, photograph(1))
    assert not record.whole
    assert INSIDE not in record.outputs
    assert record.probabilities is not None
    scene = controller.flow._scene
    assert scene is not None
    assert all(scene.values(node.name) is not None for node in scene.shown.nodes)
    assert not controller.is_shown, "the rest follows"


def test_the_rest_follows_once_images_pause(controller: MainController, qtbot: QtBot) -> None:
    first = shown(controller, qtbot, photograph(1))
    assert not first.whole
    controller.inputs._pause.start(0)
    qtbot.waitUntil(lambda: controller.is_shown, timeout=WAIT_MS)
    record = controller.views.record
    assert record is not None and record.whole
    assert record.generation == first.generation
    assert set(record.outputs) == names_of(controller)
    for name, values in first.outputs.items():
        assert np.array_equal(values, record.outputs[name])


def test_a_selection_asks_for_everything(controller: MainController, qtbot: QtBot) -> None:
    shown(controller, qtbot, photograph(1))
    controller.views.select(Selection(INSIDE, 0, 1, 1))
    qtbot.waitUntil(lambda: controller.is_shown, timeout=WAIT_MS)
    assert shown(controller, qtbot, photograph(2)).whole
    controller.views.select(None)
    assert not shown(controller, qtbot, photograph(3)).whole


def test_an_explanation_asks_for_everything(controller: MainController, qtbot: QtBot) -> None:
    shown(controller, qtbot, photograph(1))
    controller.trace.show()
    qtbot.waitUntil(lambda: controller.is_shown, timeout=WAIT_MS)
    assert shown(controller, qtbot, photograph(2)).whole
    assert controller.trace.dock is not None
    controller.trace.dock.close()
    assert not shown(controller, qtbot, photograph(3)).whole


def test_the_lab_asks_for_nothing(controller: MainController, qtbot: QtBot) -> None:
    controller.lab.show()
    assert controller.lab.controller is not None
    assert not shown(controller, qtbot, photograph(1)).whole


def test_one_scale_for_all_asks_for_everything(controller: MainController, qtbot: QtBot) -> None:
    shown(controller, qtbot, photograph(1))
    controller.views.set_display(scope=Scope.NETWORK)
    qtbot.waitUntil(lambda: controller.is_shown, timeout=WAIT_MS)
    assert shown(controller, qtbot, photograph(2)).whole


def test_what_was_not_asked_for_is_not_dead(controller: MainController, qtbot: QtBot) -> None:
    for seed in range(25):
        shown(controller, qtbot, photograph(seed))
        controller.views._mark_dead()
    assert controller.views.record is not None
    assert set(controller.views._marked) <= set(controller.views.record.outputs)


def test_a_block_that_was_opened_is_filled(controller: MainController, qtbot: QtBot) -> None:
    shown(controller, qtbot, photograph(1))
    controller.flow.toggle_block("features.4")
    record = shown(controller, qtbot, photograph(2))
    assert "features.4.block.0.2" in record.outputs  # the output of a part of it
