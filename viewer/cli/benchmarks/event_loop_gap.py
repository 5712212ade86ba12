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

from PyQt6.QtCore import QEventLoop, QObject, Qt, QTimer, pyqtSignal

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


class Feeder(QObject):
    """Brings pen points to the pad at a steady rate, from outside of the event loop.

    A thread says when a point is due. The mouse event is made of it in the window's thread,
    as Qt does with what the window system tells: each point in an event of its own.

    Parameters
    ----------
    session : Session

    Attributes
    ----------
    posted : int
        Points so far.
    """

    _due = pyqtSignal(int)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._hand = session.hand
        self._path = three(DIGIT_POINTS)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pen", daemon=True)
        self._due.connect(self._on_due)  # across threads: through the event loop
        self.posted = 0

    def start(self) -> None:
        """Begin to draw."""
        self._thread.start()

    def stop(self) -> None:
        """Draw no more."""
        self._stopped.set()
        self._thread.join()
        self._due.disconnect(self._on_due)

    def _run(self) -> None:
        """Post each point when it is due; points that are late follow at once."""
        start = time.perf_counter()
        while not self._stopped.is_set():
            self._due.emit(self.posted % len(self._path))
            self.posted += 1
            wait_s = start + self.posted / POINTS_PER_S - time.perf_counter()
            if wait_s > 0:
                self._stopped.wait(wait_s)

    def _on_due(self, index: int) -> None:
        point = self._path[index]
        if index == 0:
            self._hand.press(point)
        elif index == len(self._path) - 1:
            self._hand.release(point)
        else:
            self._hand.move(point)


@contextmanager
def busy_processes(count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Keep `count` processes busy until the block ends."""
    command = [sys.executable, "-S", "-E", "-c", _BUSY.format(limit=BUSY_LIMIT_S)]
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(count):
            processes.append(subprocess.Popen(command))
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
