"""The whole program opens networks of somebody's own: scripts, torchvision's, ones that hang."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from torch import nn
from torchvision import models  # type: ignore[import-untyped]  # no stubs

from tests.unit.data.server import FileServer, without_proxies
from viewer.app import Application
from viewer.controllers.main import MainController
from viewer.core.nets import torchvision_catalog
from viewer.core.nets.torchvision_catalog import checkpoints_folder, weights_file
from viewer.widgets.window.caption import GUESSED

WAIT_MS = 60_000
KEY = "squeezenet1_1:IMAGENET1K_V1"


@pytest.fixture
def controller(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MainController]:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    application = Application(qapp, settings, runs_root=tmp_path / "runs")
    application.window.resize(1200, 800)
    application.start()
    application.complete()
    controller = application.controller
    assert controller is not None
    qtbot.waitUntil(lambda: controller.is_shown, timeout=WAIT_MS)
    yield controller
    assert application.close()


def title(controller: MainController) -> str:
    return "" if controller.views.network is None else controller.views.network.title


def scripted(path: Path) -> Path:
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    ).eval()
    torch.jit.save(torch.jit.trace(module, torch.rand(1, 3, 32, 32)), path)  # type: ignore[no-untyped-call]  # torch's own
    return path


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
def test_a_dropped_script_is_shown_and_its_form_is_remembered(
    controller: MainController, qtbot: QtBot, tmp_path: Path
) -> None:
    path = scripted(tmp_path / "mine.ts")
    window = controller._window
    window.files_dropped.emit([str(path)])
    assert window.caption.notice.text == "Opening mine.ts…"
    qtbot.waitUntil(lambda: title(controller) == "mine", timeout=WAIT_MS)
    assert window.caption.notice.name == GUESSED
    window.caption.notice.button.click()
    form = controller.network_form.form
    assert form is not None
    form.set_class_names(["cat", "dog"])
    form.fields.height_px.setValue(40)
    form.fields.width_px.setValue(48)
    qtbot.waitUntil(lambda: "48 × 40 px" in form.preview.text, timeout=WAIT_MS)
    form.apply_button.click()
    qtbot.waitUntil(lambda: network_names(controller) == ("cat", "dog"), timeout=WAIT_MS)
    network = controller.views.network
    assert network is not None and network.input_shape == (3, 40, 48)
    assert controller.network_form.form is None

    controller.networks.open("digits")
    qtbot.waitUntil(lambda: title(controller) == "digits", timeout=WAIT_MS)
    controller.networks.open(str(path))
    qtbot.waitUntil(lambda: network_names(controller) == ("cat", "dog"), timeout=WAIT_MS)


def network_names(controller: MainController) -> tuple[str, ...]:
    return () if controller.views.network is None else controller.views.network.class_names


def test_a_run_has_no_form(controller: MainController) -> None:
    controller.networks.model = ""  # as while a run is shown
    controller.network_form.show()
    assert controller.network_form.form is None
    assert "belongs to a run" in controller._window.messages.text


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    without_proxies(monkeypatch)
    torch.manual_seed(0)
    stream = io.BytesIO()
    torch.save(models.squeezenet1_1().state_dict(), stream)
    content = stream.getvalue()
    file = weights_file(*KEY.split(":"))
    with FileServer() as running:
        running.files["/w.pth"] = content
        here = replace(
            file,
            urls=(f"{running.url}/w.pth",),
            sha256=hashlib.sha256(content).hexdigest()[:8],
            max_bytes=len(content),
        )
        monkeypatch.setattr(torchvision_catalog, "weights_file", lambda *_: here)
        yield running


def test_published_weights_are_fetched_and_opened(
    server: FileServer, controller: MainController, qtbot: QtBot
) -> None:
    controller.torchvision.open(*KEY.split(":"))
    assert controller.torchvision.download.isVisible()
    qtbot.waitUntil(lambda: title(controller).startswith("squeezenet1_1"), timeout=WAIT_MS)
    assert title(controller) == "squeezenet1_1 (ImageNet V1)"
    assert network_names(controller)[0] == "tench"
    assert not controller.torchvision.download.isVisible()
    assert controller._window.tool_bar.chooser.currentText() == "squeezenet1_1 (ImageNet V1)"
    assert len(list(checkpoints_folder().iterdir())) == 1


def test_a_cancelled_download_changes_nothing(
    server: FileServer, controller: MainController, qtbot: QtBot
) -> None:
    server.stalled.add("/w.pth")
    controller.torchvision.open(*KEY.split(":"))
    qtbot.waitUntil(server.sent_first.is_set, timeout=WAIT_MS)
    with qtbot.waitSignal(controller._services.weights.cancelled, timeout=WAIT_MS):
        controller.torchvision.download.close()
    assert title(controller) == "digits"
    assert not [path for path in checkpoints_folder().rglob("*") if path.is_file()]


def test_the_list_is_torchvisions(controller: MainController, qtbot: QtBot) -> None:
    controller.torchvision.show()
    dialog = controller.torchvision.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.entry is not None, timeout=WAIT_MS)
    assert dialog.entry is not None and dialog.entry.name == "resnet18"
    dialog.search.setText("squeezenet1_1")
    dialog.weights.setCurrentIndex(dialog.weights.findText("Untrained: random weights"))
    dialog.open_button.click()
    qtbot.waitUntil(lambda: title(controller) == "squeezenet1_1 (untrained)", timeout=WAIT_MS)
    assert "random" in controller._window.caption.notice.text


HANGS = """
import sys, threading
from PyQt6.QtCore import QTimer
from viewer.core.engine import Engine
import viewer.app

Engine.run = lambda self, request: threading.Event().wait()

def observe(application):
    def look():
        inference = application.services.inference
        if inference._thread.busy_s > 0:
            inference.give_up() if "give up" in sys.argv else None
            application.window.close()
    application.timer = QTimer()
    application.timer.timeout.connect(look)
    application.timer.start(10)

sys.exit(viewer.app.run_window(observe=observe))
"""


@pytest.mark.parametrize("what", ["close", "give up"])
def test_closing_the_window_ends_a_process_whose_network_hangs(what: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", HANGS, what], capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
