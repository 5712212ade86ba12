"""What every test gets: no screen, no settings of its own machine, nothing left behind."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

GRACE_S = 2.0  # for a thread that is already on its way out
QT = "PyQt6.QtWidgets"


class LeakWatch:
    """Fails at its end if threads, QThreads, timers or windows were started in it and left.

    Only timers and threads started by way of Python are seen; Qt's own come and go with its
    widgets.
    """

    def __init__(self) -> None:
        self._patch = pytest.MonkeyPatch()
        self._started: list[tuple[str, Any]] = []
        self._threads: set[threading.Thread] = set()
        self._windows: set[int] = set()

    def __enter__(self) -> LeakWatch:
        self._threads = set(threading.enumerate())
        if QT in sys.modules:
            from PyQt6.QtCore import QThread, QTimer

            self._windows = {id(window) for window in _top_level_widgets()}
            self._record(QTimer, "start", "isActive")
            self._record(QThread, "start", "isRunning")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._patch.undo()
        if error is None:
            left = self._what_is_left()
            if left:
                pytest.fail("left behind: " + ", ".join(left))

    def _record(self, qt_class: type, start: str, is_on: str) -> None:
        original = getattr(qt_class, start)
        started = self._started

        def start_and_note(self: Any, *args: Any, **kwargs: Any) -> Any:
            started.append((is_on, self))
            return original(self, *args, **kwargs)

        self._patch.setattr(qt_class, start, start_and_note)

    def _what_is_left(self) -> list[str]:
        deadline = time.monotonic() + GRACE_S
        while (left := self._leftovers()) and time.monotonic() < deadline:
            _settle()
        self._started.clear()
        return left

    def _leftovers(self) -> list[str]:
        threads = [t for t in threading.enumerate() if t not in self._threads and t.is_alive()]
        left = [f"thread {thread.name}" for thread in threads]
        left += [f"{type(thing).__name__} {thing.objectName()}" for thing in self._still_on()]
        if QT in sys.modules:
            new = [w for w in _top_level_widgets() if id(w) not in self._windows]
            left += [f"window {type(window).__name__}" for window in new]
        return left

    def _still_on(self) -> list[Any]:
        if not self._started:
            return []
        from PyQt6 import sip

        return [
            thing
            for is_on, thing in self._started
            if not sip.isdeleted(thing) and getattr(thing, is_on)()
        ]


def _top_level_widgets() -> list[Any]:
    from PyQt6.QtWidgets import QApplication

    return QApplication.topLevelWidgets() if QApplication.instance() is not None else []


def _settle() -> None:
    """Let threads end, and delete what waits to be deleted."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(0.01)
    if QT in sys.modules:
        from PyQt6.QtCore import QCoreApplication, QEvent

        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        QCoreApplication.processEvents()
    gc.collect()


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves a thread, a QThread, an active QTimer or a window."""
    with LeakWatch():
        yield


@pytest.fixture
def leak_watch() -> type[LeakWatch]:
    """Return the watch itself, for the tests of it."""
    return LeakWatch


@pytest.fixture(autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of whoever runs the tests out of them, and theirs as they are."""
    home = tmp_path_factory.mktemp("settings")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    if QT in sys.modules:
        from PyQt6.QtCore import QSettings

        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        for scope in (QSettings.Scope.UserScope, QSettings.Scope.SystemScope):
            QSettings.setPath(QSettings.Format.IniFormat, scope, str(home))
