"""How often the weights are shown while they are learned: as often as it costs little.

Showing takes place on other threads, yet it slows the training: they share the interpreter and
the memory. What a frame costs is measured as the training goes on, by the steps beside which
one was painted against those beside which none was.
"""

from __future__ import annotations

import math
from collections import deque
from statistics import fmean, median

MAX_SHARE = 0.16  # of the training's time
REST = 2.0  # the window has at least as long for other things as it took to paint a frame
LONGEST_S = 0.25  # between two frames, whatever they cost
PATIENCE_S = 1.0  # a frame that isn't painted until then is one that nobody looks at
QUIET_STEPS = 12  # newest ones without a frame, which the others are held against
SHOWN_STEPS = 64  # newest ones with a frame
FEW_STEPS = 6  # too few to tell a cost from
QUIET_EVERY_STEPS = 16  # one step at least in so many has no frame beside it
OUTLIER = 2.0  # a step that takes so many times the usual one counts as that: a disk, a neighbour
LATENCY_SHARE = 0.2  # of the newest frame in the running mean


class LiveRate:
    """Says when the next frame is due; belongs to the training's thread.

    Where nobody acknowledges frames, the shortest interval is all that counts.

    Parameters
    ----------
    shortest_s : float
        Between two frames.

    Attributes
    ----------
    shortest_s : float
    """

    def __init__(self, shortest_s: float) -> None:
        self.shortest_s = shortest_s
        self.reset()

    def reset(self) -> None:
        """Forget what was measured: another network is trained."""
        self._next_s = self._last_s = -math.inf
        self._begun_s: float | None = None  # of the frame that is on its way
        self._answered = False  # whether frames are acknowledged at all
        self._latency_s = 0.0
        self._frames = 0  # begun during the step at hand
        self._touched = False  # whether a frame was on its way during the step at hand
        self._since_quiet = 0
        self._quiet: deque[float] = deque(maxlen=QUIET_STEPS)
        self._extra: deque[tuple[float, int]] = deque(maxlen=SHOWN_STEPS)  # s, frames

    @property
    def interval_s(self) -> float:
        """Seconds from one frame to the next, as things are."""
        wanted_s = max(self.cost_s / MAX_SHARE, REST * self._latency_s)
        return max(self.shortest_s, min(wanted_s, LONGEST_S))

    @property
    def cost_s(self) -> float:
        """How much longer the training takes for a frame; 0 until that is known."""
        frames = sum(count for _, count in self._extra)
        if len(self._extra) < FEW_STEPS or not frames:
            return 0.0
        return max(0.0, sum(extra_s for extra_s, _ in self._extra) / frames)

    def due(self, now_s: float) -> bool:
        """Return whether a frame is to be begun."""
        if self._begun_s is not None and self._answered:
            if now_s - self._begun_s < PATIENCE_S:
                return False
            self._begun_s = None  # nobody looks any more
        if self._answered and self._since_quiet >= QUIET_EVERY_STEPS:
            return False
        return now_s >= min(self._next_s, self._last_s + self.interval_s)

    def begin(self, now_s: float, *, due: bool = True) -> None:
        """Note that a frame was begun.

        Parameters
        ----------
        now_s : float
        due : bool
            False for one that was asked for out of turn.
        """
        interval_s = self.interval_s
        # Steps end when they end: a frame that came late leaves less time to the next.
        begun = due and self._next_s > -math.inf
        self._next_s = max(self._next_s + interval_s, now_s) if begun else now_s + interval_s
        self._last_s = self._begun_s = now_s
        self._touched = True
        self._frames += 1

    def end(self, now_s: float) -> None:
        """Note that the frame that was on its way has been painted."""
        if self._begun_s is not None:
            latency_s = max(0.0, now_s - self._begun_s)
            if self._answered:  # the first frame of a network takes longer: the views are built
                self._latency_s += LATENCY_SHARE * (latency_s - self._latency_s)
            self._answered = True
            self._begun_s = None

    def add_step(self, duration_s: float) -> None:
        """Take up a step that has just ended."""
        if not self._touched:
            self._quiet.append(duration_s)
            self._since_quiet = 0
        else:
            self._since_quiet += 1
            if len(self._quiet) >= FEW_STEPS:
                self._extra.append((self._beyond_quiet(duration_s), self._frames))
        self._touched = self._begun_s is not None
        self._frames = 0

    def _beyond_quiet(self, duration_s: float) -> float:
        most_s = OUTLIER * median(self._quiet)
        return min(duration_s, most_s) - fmean(min(quiet_s, most_s) for quiet_s in self._quiet)
