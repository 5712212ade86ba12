"""A movement of the pen while a trace is open and in sight, and what the trace itself costs.

The arithmetic follows the pen at a pace of its own, 16 times a second: in the turns of the event
loop in which it does, the movement takes as much longer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from PyQt6.QtWidgets import QApplication

from viewer.cli.benchmarks.live_update import MODEL, bare_forward
from viewer.cli.benchmarks.output import print_part
from viewer.cli.benchmarks.sampling import MS_PER_S, interleaved, median, p99, seconds_of
from viewer.cli.benchmarks.session import Session, running
from viewer.core.nets.checkpoint import load_checkpoint
from viewer.core.nets.shipped import resolve_model
from viewer.core.records import Selection

LAYER = "conv2"
ROUNDS = 10
UPDATES, FORWARDS, TRACES = 60, 60, 10


def measure() -> dict[str, object]:
    """Return the part's object."""
    loaded = load_checkpoint(resolve_model(MODEL))
    torch.set_num_threads(1)
    with running(MODEL) as session:
        show = open_trace(session)
        samples = interleaved(
            {
                "update": (session.update_s, UPDATES),
                "forward": (bare_forward(loaded), FORWARDS),
                "trace": (lambda: seconds_of(show), TRACES),
            },
            rounds=ROUNDS,
        )
    return summary(samples)


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
    view = controller.trace.view
    assert view is not None and view.trace is not None, "the trace is in sight"
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
        "samples": len(samples["update"]),
    }


if __name__ == "__main__":
    print_part(measure)
