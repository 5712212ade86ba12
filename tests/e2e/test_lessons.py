"""Lessons by a person: one by keys in the real program, all of them on a real X server."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PyQt6.QtCore import QSettings

from tests.e2e.conftest import EXIT_TIMEOUT_S, Desktop, until
from viewer.controllers.lessons.progress import KEY
from viewer.core.program import APPLICATION, ORGANISATION

pytestmark = pytest.mark.xvfb

ROOT = Path(__file__).parents[2]
ALL_LESSONS_S = 300.0


def progress(tmp_path: Path) -> dict[str, list[object]]:
    """Return what the program has written down of lessons."""
    path = tmp_path / "config" / ORGANISATION / f"{APPLICATION}.conf"
    settings = QSettings(str(path), QSettings.Format.IniFormat)
    found: dict[str, list[object]] = json.loads(str(settings.value(KEY, "{}")))
    return found


def test_a_lesson_from_start_to_end_by_keys(desktop: Desktop, tmp_path: Path) -> None:
    desktop.environment |= {
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
    }
    process = desktop.start()
    until(lambda: desktop.title().startswith("digits – "), desktop.title)
    desktop.key("ctrl+l")
    desktop.key("Return")  # the first lesson is chosen
    until(lambda: desktop.title().startswith("7 "), desktop.title)

    def at(step: int, *, done: bool = False) -> None:
        until(
            lambda: progress(tmp_path).get("image") == [step, done],
            lambda: f"{progress(tmp_path)}",
        )

    at(0)
    desktop.key("7", "8", "5", "Return", "Return")  # wrong: Return checks, and leads nowhere
    desktop.key("ctrl+a", "7", "8", "4", "Return")
    assert progress(tmp_path)["image"] == [0, False]
    desktop.key("Return")  # right: the key is on Next now
    at(1)
    desktop.key("space", "Tab", "space", "space")  # the first choice, Check, Next
    at(2)
    desktop.key("minus", "0", "period", "4", "2", "Return", "Return")
    at(3)
    until(lambda: desktop.title().startswith("4 "), desktop.title)
    desktop.key("1", "space", "2", "8", "space", "2", "8", "Return", "Return")
    at(0, done=True)
    until(lambda: desktop.title().startswith("digits – "), desktop.title)  # the blank pad is back

    desktop.key("ctrl+q")
    assert process.wait(EXIT_TIMEOUT_S) == 0
    assert process.stderr is not None
    assert process.stderr.read() == ""


def test_every_lesson_in_real_windows(desktop: Desktop) -> None:
    """The same test that runs offscreen, with windows that an X server shows."""
    tests = "tests/gui/test_lessons_in_window.py"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            tests,
            "-q",
            "-k",
            "test_lesson",
            "-p",
            "no:cacheprovider",
        ],
        cwd=ROOT,
        env=desktop.environment,
        capture_output=True,
        text=True,
        timeout=ALL_LESSONS_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout
