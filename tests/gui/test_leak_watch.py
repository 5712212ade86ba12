"""The watch that fails a test which leaves something running."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from PyQt6.QtCore import QThread, QTimer
from PyQt6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot


@pytest.fixture(autouse=True)
def short_grace(monkeypatch: pytest.MonkeyPatch, leak_watch: Any) -> None:
    monkeypatch.setitem(leak_watch._what_is_left.__globals__, "GRACE_S", 0.05)


def test_it_watches_every_test(request: pytest.FixtureRequest) -> None:
    assert "nothing_left_behind" in request.fixturenames


def test_a_thread_is_noticed(leak_watch: type) -> None:
    release = threading.Event()
    thread = threading.Thread(target=release.wait, name="forgotten", daemon=True)
    with pytest.raises(pytest.fail.Exception, match="thread forgotten"), leak_watch():
        thread.start()
    release.set()
    thread.join()


def test_a_running_qthread_is_noticed(qtbot: QtBot, leak_watch: type) -> None:
    thread = QThread()
    thread.setObjectName("forgotten")
    with pytest.raises(pytest.fail.Exception, match="QThread forgotten"), leak_watch():
        thread.start()
    thread.quit()
    assert thread.wait(2_000)


def test_an_active_timer_is_noticed(qtbot: QtBot, leak_watch: type) -> None:
    timer = QTimer()
    timer.setObjectName("forgotten")
    with pytest.raises(pytest.fail.Exception, match="QTimer forgotten"), leak_watch():
        timer.start(1_000)
    timer.stop()


def test_a_window_is_noticed(qtbot: QtBot, leak_watch: type) -> None:
    kept = []
    with pytest.raises(pytest.fail.Exception, match="window QWidget"), leak_watch():
        kept.append(QWidget())
    kept.clear()


def test_what_ends_in_time_is_fine(qtbot: QtBot, leak_watch: type) -> None:
    with leak_watch():
        timer = QTimer()
        timer.start(1_000)
        timer.stop()
        thread = threading.Thread(target=lambda: None)
        thread.start()
        widget = QWidget()
        widget.deleteLater()
        del widget


def test_a_failing_test_is_not_blamed_twice(leak_watch: type) -> None:
    release = threading.Event()
    thread = threading.Thread(target=release.wait, daemon=True)
    with pytest.raises(ZeroDivisionError), leak_watch():
        thread.start()
        raise ZeroDivisionError
    release.set()
    thread.join()
