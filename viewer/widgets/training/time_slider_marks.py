"""Steps of a run on a line: where they stand, which marks they have, which one is next."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from enum import StrEnum
from typing import NamedTuple


class MarkKind(StrEnum):
    """Why a step is marked."""

    START = "start"
    EPOCH = "epoch"
    BEST = "best"
    CHANGE = "change"


class TimeMark(NamedTuple):
    """A step worth going to.

    Attributes
    ----------
    step : int
    kind : str
        One of `MarkKind`; an epoch is marked at its last step.
    text : str
        What changed, or how good the best is.
    """

    step: int
    kind: str
    text: str = ""


class Timeline(NamedTuple):
    """Kept steps and marks of a run.

    Attributes
    ----------
    last : int
        Newest step of the run.
    steps : tuple of int
        Kept ones, rising.
    marks : tuple of TimeMark
        By step.
    first : int
        Where the run begins: 0, or the step that it was branched at.
    """

    last: int = 0
    steps: tuple[int, ...] = ()
    marks: tuple[TimeMark, ...] = ()
    first: int = 0

    @property
    def span(self) -> int:
        """Steps from the first to the last, at least 1."""
        return max(1, self.last - self.first)

    def share(self, step: float) -> float:
        """Return where a step stands from the left, [0, 1].

        By the square root: most happens at the start, and steps are kept densest there.
        """
        return math.sqrt(min(max(step - self.first, 0.0) / self.span, 1.0))

    def step_at(self, share: float) -> float:
        """Return the step that stands at `share`."""
        return self.first + min(max(share, 0.0), 1.0) ** 2 * self.span

    def nearest(self, share: float) -> int | None:
        """Return the kept step that stands nearest to `share`; None if there is none."""
        if not self.steps:
            return None
        right = bisect_left(self.steps, self.step_at(share))
        near = self.steps[max(right - 1, 0) : right + 1]
        return min(near, key=lambda step: abs(self.share(step) - share))

    def neighbour(self, step: int, by: int) -> int | None:
        """Return the kept step before (`by` < 0) or after `step`, or the first or last one."""
        if not self.steps:
            return None
        if by < 0:
            place = bisect_left(self.steps, step) + by
        else:
            place = bisect_right(self.steps, step) + by - 1
        return self.steps[min(max(place, 0), len(self.steps) - 1)]

    def next_mark(self, step: int, direction: int) -> int | None:
        """Return the kept step nearest to the next mark; the end if there is no more mark."""
        if not self.steps:
            return None
        targets = {self.nearest(self.share(mark.step)) for mark in self.marks}
        ahead = [t for t in targets if t is not None and (t - step) * direction > 0]
        end = self.steps[0] if direction < 0 else self.steps[-1]
        return min(ahead, key=lambda target: abs(target - step), default=end)

    def epoch(self, step: int) -> int | None:
        """Return the epoch of a step, from 1; None where no epoch has ended yet."""
        ends = [mark.step for mark in self.marks if mark.kind == MarkKind.EPOCH]
        if not ends:
            return None
        whole = len(ends) + (self.last > ends[-1])
        return min(max(bisect_left(ends, step), 0) + 1, whole)

    def text(self, step: int) -> str:
        """Return where in the run a step is."""
        epoch = self.epoch(step)
        tail = "" if epoch is None else f" · epoch {epoch}"
        return f"Step {step:,} of {self.last:,}{tail}"


def mark_text(mark: TimeMark, number: int) -> str:
    """Return what a mark says on hover; `number` counts the epochs."""
    names = {
        MarkKind.START: "Start: the weights before the first step",
        MarkKind.EPOCH: f"End of epoch {number}",
        MarkKind.BEST: "Best validation so far",
        MarkKind.CHANGE: "Settings changed",
    }
    head = names.get(MarkKind(mark.kind), "")
    return f"{head}\nstep {mark.step:,}" + (f"\n{mark.text}" if mark.text else "")
