"""Which steps of a training are kept, so that one can go back to them, and what that may cost."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from viewer.core.errors import UserError
from viewer.core.training.events import BatchFinished, Diverged, Event, StepKept
from viewer.core.training.kept_index import START
from viewer.core.training.kept_steps import KeptSteps
from viewer.core.training.loop import Trainer

ALWAYS_KEPT = 8  # steps at the start, whatever it costs
# Keeping the others may take this share of the time, and so many seconds at once.
KEEP_SHARE = 0.01
KEEP_ALLOWANCE_S = 0.05


class StepKeeper:
    """Keeps the steps of one training that are worth it.

    Parameters
    ----------
    kept : KeptSteps
        What is kept so far.
    trainer : Trainer
    """

    def __init__(self, kept: KeptSteps, trainer: Trainer) -> None:
        self._kept = kept
        self._trainer = trainer
        self._marks: set[str] = set() if kept.steps() else {START}
        self._begun_s = time.monotonic()
        self._keeping_s = 0.0

    def mark(self, mark: str) -> None:
        """See that the step that the training stands at is kept, and why (`kept_index`)."""
        self._marks.add(mark)

    def keep_due(self, event: Event) -> Iterator[Event]:
        """Keep the step if it is one in the row, or the last before a training went wrong.

        Yields
        ------
        StepKept
            If it was kept.

        Raises
        ------
        UserError
            If the disk doesn't take it.
        """
        step = self._trainer.step
        worth_it = isinstance(event, Diverged) or (
            isinstance(event, BatchFinished) and self._kept.due(step) and self._can_afford()
        )
        if worth_it and self._keep(()):
            yield StepKept(step)

    def keep_marked(self) -> Iterator[Event]:
        """Keep the step if it was marked, see `keep_due`."""
        if self._marks:
            step, marks = self._trainer.step, tuple(self._marks)
            if self._keep(marks):
                yield StepKept(step)

    def keep_last(self) -> None:
        """Keep the step that the run is left at."""
        # Without it, too, the run goes on from its checkpoint, which the disk has taken.
        with contextlib.suppress(UserError):
            self._keep(tuple(self._marks))

    def _keep(self, marks: tuple[str, ...]) -> bool:
        begun_s, is_free = time.monotonic(), len(self._kept.steps()) < ALWAYS_KEPT
        kept = self._kept.keep(self._trainer.step, self._trainer.state(), marks=marks)
        self._marks.clear()
        self._keeping_s += 0.0 if is_free else time.monotonic() - begun_s
        return kept

    def _can_afford(self) -> bool:
        """Return whether keeping has taken little enough of the time so far."""
        if len(self._kept.steps()) < ALWAYS_KEPT:
            return True
        elapsed_s = time.monotonic() - self._begun_s
        return self._keeping_s <= KEEP_ALLOWANCE_S + KEEP_SHARE * elapsed_s
