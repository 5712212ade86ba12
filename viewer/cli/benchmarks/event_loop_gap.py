"""Gaps between two turns of the window's event loop while somebody draws very fast."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

from PyQt6.QtCore import QCoreApplication, QEvent, QEventLoop, Qt, QTimer

from viewer.cli.benchmarks.hand import Hand
from viewer.cli.benchmarks.output import print_part
from viewer.cli.benchmarks.pen import three
from viewer.cli.benchmarks.sampling import MS_PER_S, p99
from viewer.cli.benchmarks.session import Session, running

POINTS_PER_S = 1_000
DURATION_S = 12.0
DIGIT_POINTS = 1_500  # of one digit; then the pad is cleared, as people do
HEARTBEAT_MS = 1
# A busy process ends by itself after this, whatever becomes of this one.
BUSY_LIMIT_S = 90.0

_BUSY = "import time\nend = time.monotonic() + {limit}\nwhile time.monotonic() < end: pass"


class Heart:
    """Beats every millisecond in the event loop, and notes when it did.

    Attributes
    ----------
    beats : list of float
        `time.perf_counter` of each turn of the loop.
    """

    def __init__(self) -> None:
        self.beats: list[float] = []
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(HEARTBEAT_MS)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        """Begin to beat."""
        self._timer.start()

    def stop(self) -> None:
        """Stop beating."""
        self._timer.stop()

    def gaps_ms(self) -> list[float]:
        """Return the time between each two beats."""
        return [MS_PER_S * (later - earlier) for earlier, later in pairwise(self.beats)]

    def _beat(self) -> None:
        self.beats.append(time.perf_counter())


class Feeder(threading.Thread):
    """Posts pen movements to the pad at a steady rate, from outside of the event loop.

    Attributes
    ----------
    posted : int
        Points so far.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(name="pen", daemon=True)
        self._hand: Hand = session.hand
        self._pad = session.pad
        self._path = three(DIGIT_POINTS)
        self._stopped = threading.Event()
        self.posted = 0

    def stop(self) -> None:
        """Lift the pen and end."""
        self._stopped.set()
        self.join()

    def run(self) -> None:
        """Post each point when it is due; points that are late follow at once."""
        start = time.perf_counter()
        while not self._stopped.is_set():
            self._post()
            due = start + self.posted / POINTS_PER_S
            wait_s = due - time.perf_counter()
            if wait_s > 0:
                self._stopped.wait(wait_s)

    def _post(self) -> None:
        index = self.posted % len(self._path)
        kind = QEvent.Type.MouseMove
        if index == 0:
            kind = QEvent.Type.MouseButtonPress
        elif index == len(self._path) - 1:
            kind = QEvent.Type.MouseButtonRelease
        QCoreApplication.postEvent(self._pad, self._hand.event(kind, self._path[index]))
        self.posted += 1


@contextmanager
def busy_processes(count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Keep `count` processes busy until the block ends."""
    command = [sys.executable, "-S", "-E", "-c", _BUSY.format(limit=BUSY_LIMIT_S)]
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(count):
            processes.append(subprocess.Popen(command))  # noqa: PERF401 - killed one by one
        yield processes
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()


def gaps_while_drawing(session: Session, duration_s: float) -> tuple[list[float], float]:
    """Draw for a while.

    Returns
    -------
    gaps_ms : list of float
    points_per_s : float
        That really were posted.
    """
    heart, feeder, loop = Heart(), Feeder(session), QEventLoop()
    session.pad.stroke_finished.connect(session.pad.clear)
    QTimer.singleShot(int(duration_s * MS_PER_S), loop.quit)
    heart.start()
    start = time.perf_counter()
    feeder.start()
    loop.exec()
    taken_s = time.perf_counter() - start
    heart.stop()
    feeder.stop()
    session.pad.stroke_finished.disconnect(session.pad.clear)
    session.pad.cancel()
    return heart.gaps_ms(), feeder.posted / taken_s


def measure() -> dict[str, object]:
    """Return the part's object; `p99_ms` and `max_ms` are the worse of both conditions."""
    with running() as session:
        gaps_while_drawing(session, 1.0)  # warm-up
        quiet, quiet_rate = gaps_while_drawing(session, DURATION_S)
        with busy_processes(os.cpu_count() or 1):
            busy, busy_rate = gaps_while_drawing(session, DURATION_S)
    return {
        "p99_ms": max(p99(quiet), p99(busy)),
        "max_ms": max(*quiet, *busy),
        "quiet": {"p99_ms": p99(quiet), "max_ms": max(quiet), "points_per_s": quiet_rate},
        "busy": {"p99_ms": p99(busy), "max_ms": max(busy), "points_per_s": busy_rate},
    }


if __name__ == "__main__":
    print_part(measure)
