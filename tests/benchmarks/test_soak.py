"""The soak in a short form, and what it looks at.

Not a part of the test run, as it takes the machine for itself: ``pytest tests/benchmarks -k soak``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import traceback

import numpy as np
import pytest
from PyQt6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from tests.benchmarks.soak_watch import Memory, Problems, Timers

SECONDS = 20
TIMEOUT_S = 180.0


@pytest.mark.slow
def test_a_short_soak_finds_nothing() -> None:
    words = ["--minutes", str(SECONDS / 60), "--seed", "7"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.soak", *words],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )

    assert done.stdout, done.stderr
    summary = json.loads(done.stdout)
    assert not summary["failed"], summary
    assert done.returncode == 0
    assert summary["actions"] > 0 and summary["done"]["train"] > 0
    assert summary["asked_before_closing"]


def test_what_is_written_on_stderr_is_a_problem_with_what_was_done_before() -> None:
    problems = Problems()
    problems.trail.append("draw")
    with problems.listening() as ear:
        try:
            raise ValueError("too small")
        except ValueError as error:
            traceback.print_exception(error)  # as workers and the window's hook do
        ear.take()
        thread = threading.Thread(target=sys.stderr.write, args=("RuntimeError: late\n",))
        thread.start()
        thread.join()

    assert [problem.trail for problem in problems.found] == [("draw",), ("draw",)]
    assert "ValueError: too small" in problems.found[0].text
    assert problems.found[1].text == "RuntimeError: late"


def test_notes_of_the_offscreen_platform_are_no_problem() -> None:
    problems = Problems()
    with problems.listening():
        sys.stderr.write("This plugin does not support raise()\n")

    assert not problems.found


def test_memory_that_grows_is_told_by_quarters_and_slope(qtbot: QtBot) -> None:
    memory = Memory()
    memory.stop()
    minutes = np.arange(40) / 4
    # 900 MB to be ignored in the warm-up, then 3 MB a minute.
    memory.samples = [(60 * m, 900.0 if m < 2 else 500 + 3 * m, 9, 100) for m in minutes]

    figures = memory.figures(warm_up_s=120)

    assert figures["slope_mb_a_minute"] == pytest.approx(3)
    assert figures["growth_mb"] == pytest.approx(3 * 6, abs=0.01)
    assert figures["peak_mb"] == 900


def test_a_timer_that_runs_on_is_found(qtbot: QtBot) -> None:
    timers = Timers()
    with timers.watched():
        over, on = QTimer(), QTimer()
        for timer in (over, on):
            timer.start(10_000)
        over.stop()
    try:
        assert len(timers.left()) == 1
    finally:
        on.stop()
    assert not timers.left()
