"""A training by a person: the real program, real keys, and what it leaves on disk."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PyQt6.QtCore import QSettings

from tests.e2e.conftest import EXIT_TIMEOUT_S, Desktop, until
from viewer.cli import EXIT_STOPPED
from viewer.controllers.training.setup import CONFIG_KEY
from viewer.core.program import APPLICATION, ORGANISATION
from viewer.core.training.config import TrainingConfig
from viewer.core.training.presets import load_preset
from viewer.core.training.run_folder import RunFolder
from viewer.core.training.run_info import RunInfo

pytestmark = pytest.mark.xvfb

CLOSED_S = 30.0  # a hang is what fails; how long it takes is measured elsewhere
STEPS_SEEN = 20
QUESTION = "^Close"


def config() -> TrainingConfig:
    """Return the quickest preset, so long that no test sees its end."""
    return replace(load_preset("quick"), epochs=100)


@pytest.fixture
def runs(desktop: Desktop, tmp_path: Path) -> Path:
    """Give the program a set-up, and return where its runs will be."""
    desktop.environment |= {
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
    }
    path = tmp_path / "config" / ORGANISATION / f"{APPLICATION}.conf"
    settings = QSettings(str(path), QSettings.Format.IniFormat)
    settings.setValue(CONFIG_KEY, config().to_json())
    settings.sync()
    return tmp_path / "data" / ORGANISATION / APPLICATION / "runs"


def info(run: Path) -> RunInfo:
    return RunFolder(run).info()


def batches(run: Path) -> int:
    """Return how many batches are written."""
    path = run / "batches.csv"
    return len(path.read_text().splitlines()) - 1 if path.exists() else 0


def begin(desktop: Desktop, runs: Path) -> Path:
    """Start a training by keys alone; return its folder once some batches are written."""
    until(lambda: "digits – " in desktop.title(), desktop.title)
    desktop.key("ctrl+t")
    desktop.key("ctrl+Return")
    until(lambda: any(runs.glob("*/run.json")), lambda: f"no run in {runs}")
    (run,) = runs.iterdir()
    until(lambda: batches(run) >= STEPS_SEEN, lambda: f"{batches(run)} batches")
    return run


def close_and_answer(desktop: Desktop, *keys: str) -> None:
    desktop.key("ctrl+q")
    desktop.answer(QUESTION, *keys)


def test_close_while_it_trains_and_go_on_from_the_command_line(
    desktop: Desktop, runs: Path
) -> None:
    process = desktop.start()
    run = begin(desktop, runs)
    # The run's network is on screen: its name stands in the title.
    until(lambda: info(run).name in desktop.title(), desktop.title)

    close_and_answer(desktop, "Return")  # stays
    seen = batches(run)
    until(lambda: batches(run) > seen, lambda: f"{batches(run)} batches")
    assert process.poll() is None

    close_and_answer(desktop, "Tab", "space")  # saves and closes
    assert process.wait(CLOSED_S) == 0
    assert process.stderr is not None
    assert process.stderr.read() == ""
    stopped = info(run)
    assert stopped.status == "stopped"
    assert stopped.step == batches(run) >= STEPS_SEEN
    state = RunFolder(run).load_state()
    assert state is not None and state["step"] == stopped.step

    command = [sys.executable, "-m", "viewer", "train", "--resume", "-o", str(run)]
    resumed = subprocess.Popen(
        command, env=desktop.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        wanted = stopped.step + STEPS_SEEN
        until(
            lambda: batches(run) >= wanted or resumed.poll() is not None,
            lambda: f"{batches(run)} batches",
        )
        resumed.send_signal(signal.SIGTERM)
        _, said = resumed.communicate(timeout=EXIT_TIMEOUT_S)
    finally:
        resumed.kill()
        resumed.communicate()
    assert resumed.returncode == EXIT_STOPPED, said
    assert info(run).status == "stopped"
    lines = (run / "batches.csv").read_text().splitlines()[1:]
    assert [int(line.split(",")[0]) for line in lines] == list(range(1, info(run).step + 1))
    assert info(run).step >= wanted


def test_a_killed_window_leaves_a_run_that_can_be_gone_on_with(
    desktop: Desktop, runs: Path
) -> None:
    process = desktop.start()
    run = begin(desktop, runs)
    desktop.running.remove(process)
    process.kill()
    process.communicate()

    again = desktop.start()
    until(lambda: "digits – " in desktop.title(), desktop.title)
    desktop.key("ctrl+t")
    desktop.key("ctrl+q")  # nothing trains: nothing is asked
    assert again.wait(CLOSED_S) == 0
    state = RunFolder(run).load_state()
    assert state is not None
    assert state["step"] == info(run).step
    assert RunFolder(run).config() == config()
