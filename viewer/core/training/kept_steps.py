"""The steps of a run that can be visited again, within a bound of disk space.

Each is the whole state of the trainer, so that a run can go on from any of them exactly as it
went on before. In memory there is one copy of the weights, of the step kept last.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from viewer.core.errors import UserError
from viewer.core.files import disk_error, replace_file
from viewer.core.training.kept_index import (
    BEST,
    KeptStep,
    read_index,
    step_path,
    write_index,
)
from viewer.core.training.state_file import read_network, read_state, state_parts

DEFAULT_LIMIT_BYTES = 512 << 20
# Root mean square, over the weight tensors, of the relative change between two kept steps: a
# change of 5 % can just be seen in a filter's picture.
WANTED_CHANGE = 0.05


class KeptSteps:
    """The kept steps of one run; all but the reading belongs to the thread that trains.

    Parameters
    ----------
    folder : pathlib.Path
        Of the run.
    limit_bytes : int
        Bound of their files' size together.
    """

    def __init__(self, folder: Path, *, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        self.folder = folder
        self._limit_bytes = limit_bytes
        self._kept = read_index(folder)
        self._last: Mapping[str, Tensor] | None = None  # weights of the last one
        self._next = self._first_due()

    @property
    def limit_bytes(self) -> int:
        """The bound; see `set_limit`."""
        return self._limit_bytes

    def steps(self) -> tuple[int, ...]:
        """Return the kept steps, growing."""
        return tuple(kept.step for kept in self._kept)

    def marks(self) -> dict[int, frozenset[str]]:
        """Return why steps are pinned, for those that are: see `kept_index.MARKS`."""
        return {kept.step: frozenset(kept.marks) for kept in self._kept if kept.marks}

    def bytes_used(self) -> int:
        """Return the size of all their files together."""
        return sum(kept.size for kept in self._kept)

    def due(self, step: int) -> bool:
        """Return whether enough has changed, as far as the last kept steps tell.

        Steps 0, 1, 2, 4, … of the run at first, then about `WANTED_CHANGE` apart.
        """
        return step >= self._next

    def keep(self, step: int, state: Mapping[str, Any], *, marks: Iterable[str] = ()) -> bool:
        """Store the state after a step; a step that is kept already only gets the marks.

        Parameters
        ----------
        step : int
        state : mapping
            As `Trainer.state` returns it.
        marks : iterable of str
            Why it is pinned, of `kept_index.MARKS`; none if it may be dropped for others.

        Returns
        -------
        bool
            Whether it is a new one; not if it alone would be larger than the bound.

        Raises
        ------
        UserError
            If the disk doesn't take it.
        """
        known = self._find(step)
        if known is not None:
            self._mark(known, marks)
            return False
        parts = state_parts(state)
        size = sum(map(len, parts))
        if size > self._limit_bytes:
            return False
        self._thin(size)
        self._write(step, parts)
        network = state["network"]
        change = self._change_to(network)
        before = self._kept[-1] if self._kept else None
        travelled = before.travelled + change if before else 0.0
        self._kept.append(KeptStep(step, size, travelled, set(marks)))
        self._last = network
        self._plan(before, change)
        self._drop_other_best(step, marks)
        write_index(self.folder, self._kept)
        return True

    def weights(self, step: int) -> dict[str, Tensor]:
        """Return the network's state dict at a kept step, as it trained; from any thread.

        Names, shapes and types are the network's own, on the CPU.

        Raises
        ------
        UserError
            If the step is not kept, or its file is damaged.
        """
        return read_network(step_path(self.folder, step))

    def state(self, step: int) -> dict[str, Any]:
        """Return the trainer's whole state at a kept step, to go on from; from any thread.

        Raises
        ------
        UserError
            If the step is not kept, or its file is damaged.
        """
        return read_state(step_path(self.folder, step))

    def set_limit(self, limit_bytes: int) -> None:
        """Change the bound; what is over it is dropped at once."""
        self._limit_bytes = limit_bytes
        if self._thin(0):
            write_index(self.folder, self._kept)

    def cut(self, step: int) -> None:
        """Drop the steps after `step`: the run goes on from there."""
        later = [kept for kept in self._kept if kept.step > step]
        for kept in later:
            self._drop(kept)
        if later:
            write_index(self.folder, self._kept)
        self._last = None
        self._next = self._first_due()

    def _find(self, step: int) -> KeptStep | None:
        return next((kept for kept in self._kept if kept.step == step), None)

    def _mark(self, kept: KeptStep, marks: Iterable[str]) -> None:
        new = set(marks) - kept.marks
        if new:
            kept.marks |= new
            self._drop_other_best(kept.step, new)
            write_index(self.folder, self._kept)

    def _drop_other_best(self, step: int, marks: Iterable[str]) -> None:
        if BEST in marks:
            for kept in self._kept:
                if kept.step != step:
                    kept.marks.discard(BEST)

    def _write(self, step: int, parts: Iterable[bytes | memoryview]) -> None:
        path = step_path(self.folder, step)
        try:
            path.parent.mkdir(exist_ok=True)
        except OSError as error:
            raise disk_error(path, error) from None
        replace_file(path, *parts)

    def _thin(self, room: int) -> bool:
        """Drop steps until `room` bytes more are within the bound; return whether any was."""
        count = len(self._kept)
        used = self.bytes_used()
        while self._kept and used + room > self._limit_bytes:
            kept = self._least()
            used -= kept.size
            self._drop(kept)
        return len(self._kept) < count

    def _least(self) -> KeptStep:
        """Return the step that is missed least: the one whose neighbours are the nearest."""
        ways = [kept.travelled for kept in self._kept]
        gaps = [after - before for before, after in zip(ways, ways[2:], strict=False)]
        inner = list(zip(gaps, self._kept[1:-1], strict=True))
        candidates = (
            [pair for pair in inner if not pair[1].marks]
            or [pair for pair in inner if BEST not in pair[1].marks]
            or inner
        )
        if not candidates:
            return self._kept[0]
        return min(candidates, key=lambda pair: pair[0])[1]

    def _drop(self, kept: KeptStep) -> None:
        if kept is self._kept[-1]:
            self._last = None
        self._kept.remove(kept)
        path = step_path(self.folder, kept.step)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise disk_error(path, error) from None

    def _change_to(self, network: Mapping[str, Tensor]) -> float:
        """Return how far the weights are from those of the last kept step."""
        if not self._kept:
            return 0.0
        if self._last is None:
            try:
                self._last = self.weights(self._kept[-1].step)
            except UserError:  # damaged: the new one is what counts
                return WANTED_CHANGE
        return _relative_change(self._last, network)

    def _plan(self, before: KeptStep | None, change: float) -> None:
        """Set the next step to be kept after the last one."""
        step = self._kept[-1].step
        if before is None:
            self._next = step + 1
            return
        gap = step - before.step
        ideal = gap * WANTED_CHANGE / change if change > 0 else math.inf
        since_start = max(1, step - self._kept[0].step)
        self._next = step + max(1, round(min(ideal, 2 * gap, since_start)))

    def _first_due(self) -> int:
        """Return the next step to be kept, from the files that are there."""
        if not self._kept:
            return 0
        if len(self._kept) == 1:
            return self._kept[0].step + 1
        before, last = self._kept[-2:]
        gap, change = last.step - before.step, last.travelled - before.travelled
        ideal = gap * WANTED_CHANGE / change if change > 0 else gap
        return last.step + max(1, round(min(ideal, 2 * gap)))


def _relative_change(before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> float:
    """Return the root mean square, over the weight tensors, of their relative changes."""
    squares = [
        float((after[name] - old).square().sum() / old.square().sum())
        for name, old in before.items()
        if old.dim() > 1 and name in after and after[name].shape == old.shape and bool(old.any())
    ]
    mean = sum(squares) / len(squares) if squares else 0.0
    return math.sqrt(mean) if math.isfinite(mean) else 1.0
