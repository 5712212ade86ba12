"""A movement of the pen while a trace is open and in sight, and when the trace itself follows.

The arithmetic follows the pen at a pace of its own, 16 times a second: numbers that change faster
can't be read. A movement is over when every other view shows it; what the trace does in the
meantime is part of its time. How long it takes until the trace shows a movement, its pace
included, is a figure of its own, and so is what the arithmetic and its painting cost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import torch
from PyQt6.QtCore import QEventLoop, QTimer
from PyQt6.QtWidgets import QApplication

from viewer.cli.benchmarks.live_update import MODEL, bare_forward
from viewer.cli.benchmarks.output import print_part
from viewer.cli.benchmarks.sampling import MS_PER_S, interleaved, median, p99, seconds_of
from viewer.cli.benchmarks.session import TIMEOUT_MS, TIMEOUT_S, Session, running
from viewer.core.errors import UserError
from viewer.core.nets.checkpoint import load_checkpoint
from viewer.core.nets.shipped import resolve_model
from viewer.core.records import Selection
from viewer.widgets.trace.view import TraceView

LAYER = "conv2"
ROUNDS = 10
UPDATES, FORWARDS, TRACES, FOLLOWED = 60, 60, 10, 10


def measure() -> dict[str, object]:
    """Return the part's object."""
    loaded = load_checkpoint(resolve_model(MODEL))
    torch.set_num_threads(1)
    with running(MODEL) as session:
        show = open_trace(session)
        follower = Follower(session)
        samples = interleaved(
            {
                "update": (session.update_s, UPDATES),
                "forward": (bare_forward(loaded), FORWARDS),
                "arithmetic": (lambda: seconds_of(show), TRACES),
                "trace": (follower.followed_s, FOLLOWED),
            },
            rounds=ROUNDS,
        )
    return summary(samples)


class Follower:
    """Moves the pen, and waits until the trace on screen is that of the newest record."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._painted = -1
        self._loop = QEventLoop()
        self._alarm = QTimer()
        self._alarm.setSingleShot(True)
        self._alarm.timeout.connect(self._loop.quit)
        trace_of(session).record_painted.connect(self._on_painted)

    def followed_s(self) -> float:
        """Move the pen once; return how long it took until the trace showed it, too."""
        start = time.perf_counter()
        self._session.update_s()
        self._alarm.start(TIMEOUT_MS)
        while not self._is_shown() and self._alarm.isActive():
            self._loop.exec()
        self._alarm.stop()
        if not self._is_shown():
            raise UserError(
                f"The trace did not follow within {TIMEOUT_S:.0f} s of a pen movement: "
                "try again on a machine that is less busy."
            )
        return time.perf_counter() - start

    def _is_shown(self) -> bool:
        return self._painted == self._session.controller.inputs.generation

    def _on_painted(self, generation: int) -> None:
        self._painted = generation
        if self._is_shown():
            self._loop.quit()


def trace_of(session: Session) -> TraceView:
    """Return the view of the trace that is open."""
    view = session.controller.trace.view
    assert view is not None, "the trace is open"
    return view


def open_trace(session: Session) -> Callable[[], None]:
    """Ask why the middle pixel of a map of `LAYER` is what it is.

    Returns
    -------
    callable
        Does the arithmetic of the record at hand once more, and paints it.
    """
    controller = session.controller
    network = controller.views.network
    assert network is not None, "a session has a network"
    _, height, width = network.node(LAYER).output_shape
    controller.views.select(Selection(LAYER, 0, height // 2, width // 2))
    controller.trace.show()
    QApplication.processEvents()
    view = trace_of(session)
    assert view.trace is not None, "the trace is in sight"
    viewport = view.canvas.viewport()
    assert viewport is not None, "a scroll area has one"

    def show() -> None:
        record = controller.views.record
        assert record is not None, "something is drawn"
        view.set_record(record)
        view.show_now()
        viewport.repaint()

    return show


def summary(samples: Mapping[str, list[float]]) -> dict[str, object]:
    """Return the figures of samples in seconds."""
    update, forward = median(samples["update"]), median(samples["forward"])
    return {
        "median_ms": MS_PER_S * update,
        "p99_ms": MS_PER_S * p99(samples["update"]),
        "bare_forward_ms": MS_PER_S * forward,
        "ratio_to_forward": update / forward,
        "trace_ms": MS_PER_S * median(samples["trace"]),
        "trace_p99_ms": MS_PER_S * p99(samples["trace"]),
        "arithmetic_ms": MS_PER_S * median(samples["arithmetic"]),
        "samples": len(samples["update"]),
    }


if __name__ == "__main__":
    print_part(measure)
