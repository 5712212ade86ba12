"""The weights of a training as they change, given away as often as it costs little."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from viewer.core.live import Snapshot
from viewer.core.training.live_rate import LiveRate

if TYPE_CHECKING:
    from torch import Tensor

    from viewer.core.training.events import WeightsPublished
    from viewer.core.training.session import RunSession
    from viewer.services.training_commands import OpenedRun

LIVE_INTERVAL_S = 1 / 30


def live_origin(path: Path) -> str:
    """Return the origin of the snapshots of the run at `path` while it trains."""
    return f"live {path}"


class LiveWeights:
    """Publishes snapshots of the run at hand, latest-only; belongs to the training's thread.

    `acknowledge`, and the two attributes that say what is wanted, are for any thread.

    Parameters
    ----------
    publish : callable
        Gets `Snapshot`; returns at once.

    Attributes
    ----------
    publish : callable
    wants_gradients : bool
    """

    def __init__(self, publish: Callable[[Snapshot], None]) -> None:
        self.publish = publish
        self.wants_gradients = False
        self._painted = (-1, 0.0)  # newest step on screen, and since when
        self._session: RunSession | None = None
        self._opened: OpenedRun | None = None
        self._rate = LiveRate(LIVE_INTERVAL_S)
        self._published_step = -1
        self._held: Snapshot | None = None  # to be published at the next good moment

    @property
    def interval_s(self) -> float:
        """Shortest time between two steps that are shown."""
        return self._rate.shortest_s

    @interval_s.setter
    def interval_s(self, seconds: float) -> None:
        self._rate.shortest_s = seconds

    def acknowledge(self, step: int) -> None:
        """Say that the views show this step now: the rate adapts to it."""
        self._painted = (step, time.perf_counter())

    def attach(self, session: RunSession, opened: OpenedRun) -> None:
        """Turn to another run."""
        self._session, self._opened = session, opened
        self._rate.reset()
        self._published_step = -1
        # A plain function, which may be copied with the network.
        session.trainer.network.register_forward_hook(lambda _module, _x, y: self._on_forward(y))

    def detach(self) -> None:
        """Turn to no run."""
        self._session = self._opened = None

    def show(self, *, last: bool = False, again: bool = False) -> None:
        """Give away the weights as they are now, at once.

        Parameters
        ----------
        last : bool
            Without gradients: the run is over.
        again : bool
            Even if they were given away before.
        """
        self.publish_held()
        if again or (last and self.wants_gradients):
            self._published_step = -1
        snapshot = self._snapshot(gradients=self.wants_gradients and not last)
        if snapshot is not None:
            self._rate.begin(time.perf_counter(), due=False)
            self.publish(snapshot)

    def after_batch(self, now_s: float, duration_s: float) -> None:
        """Take up a batch that has just ended, and hold its weights if it is time for them.

        They wait until the next batch's gradients are computed, all in one call that leaves the
        interpreter to others: inference and painting fall into it.
        """
        step, painted_s = self._painted
        if self._held is None and step == self._published_step:
            self._rate.end(painted_s)
        self._rate.add_step(duration_s)
        if self._rate.due(now_s):
            self.publish_held()
            self._held = self._snapshot(gradients=self.wants_gradients)

    def publish_held(self) -> None:
        """Give away what waits for a good moment."""
        snapshot, self._held = self._held, None
        if snapshot is not None:
            self._rate.begin(time.perf_counter())
            self.publish(snapshot)

    def _on_forward(self, logits: Tensor) -> None:
        if self._held is None:
            return
        if logits.requires_grad:
            # torch leaves it without types
            logits.register_hook(lambda _: self.publish_held())  # type: ignore[no-untyped-call]
        else:
            self.publish_held()

    def _snapshot(self, *, gradients: bool) -> Snapshot | None:
        """Return the weights as they are now; None if they have been given away."""
        session, opened = self._session, self._opened
        if session is None or opened is None or session.trainer.step == self._published_step:
            return None
        found: WeightsPublished = session.trainer.snapshot(gradients=gradients)
        self._published_step = found.step
        return Snapshot(
            live_origin(opened.path),
            session.info.name,  # it may have been changed since
            opened.metadata,
            found.step,
            found.weights,
            found.gradients,
        )
