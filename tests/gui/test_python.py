"""``viewer.show``: the window of a script, beside Qt of its own or with it."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PyQt6.QtCore import QSettings, QTimer
from PyQt6.QtWidgets import QApplication
from torch import nn

import viewer
from viewer import python
from viewer.app import Application
from viewer.cli.benchmarks.output import environment
from viewer.controllers.networks import RECENT_KEY
from viewer.controllers.training.dock import OPEN_KEY
from viewer.core.errors import UserError
from viewer.core.nets.held import held_network
from viewer.core.program import APPLICATION, ORGANISATION
from viewer.python import Window
from viewer.widgets.style import SYSTEM_MODE
from viewer.widgets.window.main_window import MODE_KEY

README = Path(__file__).parents[2] / "README.md"
TIMEOUT_S = 60.0


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qapp: QApplication) -> None:
    """Give the window settings and runs of this test."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    for scope in (QSettings.Scope.UserScope, QSettings.Scope.SystemScope):
        for kind in (QSettings.Format.IniFormat, QSettings.Format.NativeFormat):
            QSettings.setPath(kind, scope, str(tmp_path))


@pytest.fixture
def model() -> nn.Module:
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    return nn.Sequential(*layers, nn.Linear(4, 3)).train()


@pytest.fixture
def opened(model: nn.Module) -> Iterator[Window]:
    names = ["cat", "dog", "bird"]
    image = torch.randn(3, 16, 16)
    window = viewer.show(model, image, class_names=names, title="Mine", block=False)
    yield window
    window.close()


def _application(window: Window) -> Application:
    application = window._application
    assert application is not None
    return application


def test_the_window_shows_what_capture_returns(model: nn.Module, tmp_path: Path) -> None:
    image = torch.randn(3, 16, 16)
    expected = viewer.capture(model, image)
    window = viewer.show(model, image, block=False)
    try:
        window.save(tmp_path / "window.png")
        controller = _application(window).controller
        assert controller is not None
        record = controller.views.record
        assert record is not None
        assert record.outputs.keys() == expected.outputs.keys()
        for name, values in expected.outputs.items():
            np.testing.assert_allclose(record.outputs[name], values, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(record.outputs["input"], image.numpy())
        assert (tmp_path / "window.png").stat().st_size > 0
    finally:
        window.close()
    assert model.training


def test_names_title_and_another_image(opened: Window, tmp_path: Path) -> None:
    opened.save(tmp_path / "one.png")
    controller = _application(opened).controller
    assert controller is not None
    network = controller.views.network
    assert network is not None
    assert (network.title, network.class_names) == ("Mine", ("cat", "dog", "bird"))
    before = controller.views.record
    opened.set_image(np.zeros((20, 30, 3), np.uint8))
    opened.save(tmp_path / "two.png")
    after = controller.views.record
    assert before is not None
    assert after is not None
    assert not np.array_equal(before.outputs["input"], after.outputs["input"])
    with pytest.raises(UserError, match="2 channels"):
        opened.set_image(torch.zeros(2, 16, 16))
    with pytest.raises(UserError, match="could not be written"):
        opened.save(tmp_path / "no_folder" / "three.png")


def test_a_network_in_memory_is_no_recent_file(opened: Window, tmp_path: Path) -> None:
    opened.save(tmp_path / "one.png")
    assert _application(opened)._settings.value(RECENT_KEY) is None


def test_a_script_s_window_neither_takes_nor_changes_what_the_program_remembers(
    model: nn.Module, tmp_path: Path
) -> None:
    remembered = QSettings(ORGANISATION, APPLICATION)
    remembered.setValue(MODE_KEY, "dark")
    remembered.setValue(OPEN_KEY, True)
    before = {key: remembered.value(key) for key in remembered.allKeys()}
    window = viewer.show(model, torch.randn(3, 16, 16), block=False)
    window.save(tmp_path / "one.png")
    application = _application(window)
    controller = application.controller
    assert controller is not None
    assert application.appearance.mode == SYSTEM_MODE
    assert controller.training.panel is None
    application.window.action_set["theme_light"].trigger()
    folder = Path(window._folder.name)
    assert folder.is_dir()
    window.close()
    assert not folder.exists()
    remembered.sync()
    assert {key: remembered.value(key) for key in remembered.allKeys()} == before


def test_nothing_can_be_chosen_of_how_a_tensor_is_fitted(opened: Window, tmp_path: Path) -> None:
    opened.save(tmp_path / "one.png")
    controller = _application(opened).controller
    assert controller is not None
    chooser = controller.pictures.preparation.chooser
    assert chooser is not None
    assert not chooser.isEnabled() and "tensor" in chooser.toolTip()
    opened.set_image(np.zeros((20, 30, 3), np.uint8))
    opened.save(tmp_path / "two.png")
    assert chooser.isEnabled() and "tensor" not in chooser.toolTip()


def test_closing_lets_go_of_everything(
    model: nn.Module, tmp_path: Path, qapp: QApplication
) -> None:
    before = qapp.styleSheet()
    sheet = "QLabel { color: #123456; }"  # of somebody else's program
    qapp.setStyleSheet(sheet)
    hooks = sys.excepthook, threading.excepthook
    opened = viewer.show(model, block=False)
    assert qapp.styleSheet() != sheet
    assert (sys.excepthook, threading.excepthook) != hooks
    name = opened._model
    assert held_network(name) is not None
    opened.close()
    opened.close()
    opened.wait()
    assert not opened.is_open
    assert held_network(name) is None
    assert (sys.excepthook, threading.excepthook) == hooks
    assert qapp.styleSheet() == sheet
    qapp.setStyleSheet(before)
    with pytest.raises(UserError, match="has been closed"):
        opened.set_image(np.zeros((8, 8)))
    with pytest.raises(UserError, match="has been closed"):
        opened.save(tmp_path / "window.png")


def test_it_blocks_until_the_window_is_closed(
    model: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[bool] = []
    wait = Window.wait

    def close_then_wait(self: Window) -> None:
        QTimer.singleShot(300, _application(self).window.close)
        wait(self)
        closed.append(not self.is_open)

    monkeypatch.setattr(Window, "wait", close_then_wait)
    window = viewer.show(model)
    assert closed == [True]
    assert not window.is_open


def test_it_does_not_block_in_a_running_event_loop(model: nn.Module, qapp: QApplication) -> None:
    found: list[Window] = []

    def show() -> None:
        found.append(viewer.show(model))
        assert found[0].is_open
        found[0].close()
        qapp.quit()

    QTimer.singleShot(0, show)
    qapp.exec()
    assert len(found) == 1


@pytest.mark.parametrize(("loop", "expected"), [("qt", True), ("qt6", True), (None, False)])
def test_it_does_not_block_where_ipython_runs_qt(
    loop: str | None, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = SimpleNamespace(active_eventloop=loop)
    stand_in: Any = SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", stand_in)
    assert python._loop_runs() is expected


def test_without_a_display_it_says_so(model: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = "There is no display to open a window on: start from a desktop session."
    monkeypatch.setattr(python, "display_problem", lambda: sentence)
    with pytest.raises(UserError, match=r"^There is no display[^:]*: .*viewer\.capture"):
        viewer.show(model)


def test_on_another_thread_it_says_so(model: nn.Module) -> None:
    found: list[str] = []

    def show() -> None:
        try:
            viewer.show(model)
        except UserError as error:
            found.append(str(error))

    thread = threading.Thread(target=show)
    thread.start()
    thread.join()
    assert len(found) == 1
    assert "another thread" in found[0]


def test_what_can_t_be_shown_is_refused_before_a_window_opens(qapp: QApplication) -> None:
    class Branching(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x if x.sum() > 0 else -x

    windows = len(qapp.topLevelWidgets())
    with pytest.raises(UserError, match="step by step"):
        viewer.show(Branching(), torch.zeros(3, 8, 8))
    with pytest.raises(TypeError, match="state dict"):
        viewer.show({"a": torch.zeros(1)})  # type: ignore[arg-type]  # the mistake
    with pytest.raises(UserError, match="no model"):
        viewer.show("no_such_file.pth")
    assert len(qapp.topLevelWidgets()) == windows


def test_the_example_in_the_readme_runs(tmp_path: Path) -> None:
    text = README.read_text("utf-8")
    found = re.search(r"<!-- from Python -->\n```python\n(.*?)```\n<!-- end -->", text, re.DOTALL)
    assert found is not None
    done = subprocess.run(
        [sys.executable, "-B", "-c", found[1]],
        cwd=tmp_path,
        env=environment(tmp_path) | {"XDG_DATA_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 Conv2d (8, 32, 32) float32" in done.stdout
    assert done.stdout.splitlines()[-1].split()[0] in ("cat", "dog", "bird")
    assert (tmp_path / "window.png").stat().st_size > 1000
