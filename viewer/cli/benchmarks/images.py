"""Gaps between two turns of the event loop while large networks answer a stream of images.

The networks of the part `capture` one after the other, each in a window of its own; the figures
are the largest of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count

from PyQt6.QtCore import QEventLoop, QTimer

from viewer.cli.benchmarks.event_loop_gap import Heart
from viewer.cli.benchmarks.output import print_part
from viewer.cli.benchmarks.parts import LARGE_NETWORKS
from viewer.cli.benchmarks.sampling import MS_PER_S, p99
from viewer.cli.benchmarks.scenes import scene
from viewer.cli.benchmarks.session import Session, running

IMAGES = 30  # then from the beginning
IMAGES_PER_S = 30  # of a camera
WARM_UP_S, DURATION_S = 2.0, 8.0  # of each network


class Camera:
    """Shows one image after the other at a steady rate, as a camera does."""

    def __init__(self, session: Session) -> None:
        self._inputs = session.controller.inputs
        self._images = [scene(number) for number in range(IMAGES)]
        self._next = count()
        self._timer = QTimer()
        self._timer.setInterval(int(MS_PER_S / IMAGES_PER_S))
        self._timer.timeout.connect(self._show)

    def start(self) -> None:
        """Begin to show images."""
        self._timer.start()

    def stop(self) -> None:
        """Show no more."""
        self._timer.stop()

    def _show(self) -> None:
        self._inputs.show_frame(self._images[next(self._next) % IMAGES])


def measure(
    names: Sequence[str] = LARGE_NETWORKS, duration_s: float = DURATION_S
) -> dict[str, object]:
    """Return the part's object.

    Parameters
    ----------
    names : sequence of str
        Of torchvision's architectures; their weights are random.
    duration_s : float
        Of each.
    """
    gaps: dict[str, list[float]] = {}
    answers_per_s: dict[str, float] = {}
    for name in names:
        with running(name) as session:
            camera = Camera(session)
            gaps_while_running(session, camera, WARM_UP_S)
            gaps[name], answers_per_s[name] = gaps_while_running(session, camera, duration_s)
            network = session.controller.views.network
            assert network is not None and network.architecture == name, "it is shown"
    return summary(gaps, answers_per_s)


def summary(
    gaps_ms: Mapping[str, Sequence[float]], answers_per_s: Mapping[str, float]
) -> dict[str, object]:
    """Return the figures of gaps between two turns of the event loop, by network."""
    found: dict[str, object] = {
        "gap_p99_ms": max(p99(values) for values in gaps_ms.values()),
        "gap_max_ms": max(max(values) for values in gaps_ms.values()),
    }
    for name, values in gaps_ms.items():
        found |= {
            f"{name}_p99_ms": p99(values),
            f"{name}_max_ms": max(values),
            f"{name}_answers_per_s": answers_per_s[name],
        }
    return found


def gaps_while_running(
    session: Session, camera: Camera, duration_s: float
) -> tuple[list[float], float]:
    """Show images for a while.

    Returns
    -------
    gaps_ms : list of float
    answers_per_s : float
        Whose maps were painted.
    """
    heart, loop, answers = Heart(), QEventLoop(), list[int]()
    flow = session.controller.flow
    flow.record_painted.connect(answers.append)
    QTimer.singleShot(int(duration_s * MS_PER_S), loop.quit)
    heart.start()
    camera.start()
    loop.exec()
    camera.stop()
    heart.stop()
    flow.record_painted.disconnect(answers.append)
    return heart.gaps_ms(), len(answers) / duration_s


if __name__ == "__main__":
    print_part(measure)
