"""What a soak looks at: whatever is said on stderr, memory, threads, timers, stalls."""

from __future__ import annotations

import io
import re
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np
import psutil
from PyQt6 import sip
from PyQt6.QtCore import QObject, QTimer
from PyQt6.QtWidgets import QApplication
from typing_extensions import override

BYTES_PER_MB = 1e6
LOOK_MS = 2_000
HEARTBEAT_MS = 10
TRAIL = 12  # actions before a problem that are told with it
MAX_PROBLEMS = 50
# The offscreen platform's notes on windows with a smallest size and on raising them.
_HARMLESS = re.compile(r"This plugin does not support (propagateSizeHints|raise)")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that must not happen.

    Attributes
    ----------
    after_s : float
        Since the start.
    trail : tuple of str
        The last actions, the newest last.
    text : str
    """

    after_s: float
    trail: tuple[str, ...]
    text: str


class Problems:
    """Everything that went wrong, with what was done before.

    Exceptions of slots and threads, workers' tracebacks, warnings of Python and of Qt: the
    program tells them all on stderr, so whatever is written there counts.

    Attributes
    ----------
    found : list of Problem
    trail : deque of str
        Actions, the newest last.
    """

    def __init__(self) -> None:
        self.found: list[Problem] = []
        self.trail: deque[str] = deque(maxlen=TRAIL)
        self._begun_s = time.monotonic()

    def add(self, text: str) -> None:
        """Note a problem and tell it at once; after the first 50 they would say nothing new."""
        if len(self.found) < MAX_PROBLEMS:
            after_s = round(time.monotonic() - self._begun_s, 1)
            self.found.append(Problem(after_s, tuple(self.trail), text))
            assert sys.__stderr__ is not None
            sys.__stderr__.write(f"after {after_s} s, {', '.join(self.trail)}:\n{text}\n")
            sys.__stderr__.flush()

    @contextmanager
    def listening(self) -> Iterator[_Ear]:
        """Take what is written on stderr, until the block ends; `_Ear.take` notes it."""
        ear = _Ear(self)
        real, sys.stderr = sys.stderr, ear
        try:
            yield ear
        finally:
            sys.stderr = real
            ear.take()


class _Ear(io.TextIOBase):
    """Stands in for stderr; belongs to any thread."""

    def __init__(self, problems: Problems) -> None:
        super().__init__()
        self._problems = problems
        self._lock = threading.Lock()
        self._parts: list[str] = []

    @override
    def write(self, text: str, /) -> int:
        with self._lock:
            self._parts.append(text)
        return len(text)

    def take(self) -> None:
        """Note what was written since the last call, apart from what is harmless."""
        with self._lock:
            text, self._parts = "".join(self._parts), []
        lines = [line for line in text.splitlines() if line and not _HARMLESS.search(line)]
        if lines:
            self._problems.add("\n".join(lines))


class Memory(QObject):
    """Resident memory of this process, looked at every two seconds.

    Attributes
    ----------
    samples : list of (seconds, MB, native threads, widgets)
    """

    def __init__(self) -> None:
        super().__init__()
        self.samples: list[tuple[float, float, int, int]] = []
        self._process = psutil.Process()
        self._begun_s = time.monotonic()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)
        self._timer.start(LOOK_MS)
        self.look()

    def look(self) -> None:
        """Take a sample."""
        rss_mb = self._process.memory_info().rss / BYTES_PER_MB
        native, widgets = self._process.num_threads(), len(QApplication.allWidgets())
        self.samples.append((time.monotonic() - self._begun_s, rss_mb, native, widgets))

    def stop(self) -> None:
        """Take the last sample."""
        self._timer.stop()
        self.look()

    def figures(self, warm_up_s: float) -> dict[str, Any]:
        """Return what the samples tell, sizes in MB.

        `growth_mb` compares the medians of the first and the last quarter of what came after
        the warm-up: one peak at the end is no growth. The slope is that of a straight line.
        """
        samples = np.array(self.samples)
        warm = samples[samples[:, 0] >= warm_up_s]
        if not len(warm):
            warm = samples[-1:]
        first, last = _quarters(warm)
        slope = 0.0
        if len(warm) > 1:
            slope = float(np.polyfit(warm[:, 0] / 60, warm[:, 1], 1)[0])
        return {
            "start_mb": samples[0, 1],
            "warm_mb": float(np.median(first[:, 1])),
            "end_mb": float(np.median(last[:, 1])),
            "peak_mb": float(samples[:, 1].max()),
            "growth_mb": float(np.median(last[:, 1]) - np.median(first[:, 1])),
            "slope_mb_a_minute": slope,
            "native_threads_warm": int(np.median(first[:, 2])),
            "native_threads_end": int(np.median(last[:, 2])),
            "widgets_warm": int(np.median(first[:, 3])),
            "widgets_end": int(np.median(last[:, 3])),
        }


def _quarters(samples: Any) -> tuple[Any, Any]:
    count = max(1, len(samples) // 4)
    return samples[:count], samples[-count:]


class Heartbeat(QObject):
    """The longest gaps between two turns of the event loop.

    Attributes
    ----------
    worst : list of (seconds, str)
        The ten longest, and what was done in them.
    """

    def __init__(self, trail: Sequence[str]) -> None:
        super().__init__()
        self.worst: list[tuple[float, str]] = []
        self._trail = trail
        self._last_s = time.perf_counter()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._on_beat)
        self._timer.start(HEARTBEAT_MS)

    def stop(self) -> None:
        """Look no more."""
        self._timer.stop()

    def _on_beat(self) -> None:
        now_s = time.perf_counter()
        gap_s, self._last_s = now_s - self._last_s, now_s
        if len(self.worst) < 10 or gap_s > self.worst[-1][0]:
            self.worst.append((round(gap_s, 3), self._trail[-1] if self._trail else ""))
            self.worst = sorted(self.worst, reverse=True)[:10]


class Timers:
    """The timers that Python code started and that still run."""

    def __init__(self) -> None:
        self._started: weakref.WeakSet[QTimer] = weakref.WeakSet()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Note every QTimer that is started in the block."""
        original: Any = QTimer.start
        started = self._started

        def start(timer: QTimer, *arguments: Any) -> None:
            started.add(timer)
            original(timer, *arguments)

        with patch.object(QTimer, "start", start):
            yield

    def left(self) -> list[str]:
        """Return those that are still on."""
        alive = [timer for timer in self._started if not sip.isdeleted(timer)]
        return [f"{type(t.parent()).__name__}'s {t.objectName()}" for t in alive if t.isActive()]
