"""The numbers of a run as they come: growing columns, to be plotted. No torch here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FIRST_ROOM = 1024  # rows; doubled whenever they are full


class Columns:
    """Rows of numbers, appended one by one and read as arrays.

    Parameters
    ----------
    names : sequence of str
        One a column; the first is the step and grows.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._values = np.empty((len(self.names), FIRST_ROOM))
        self._count = 0
        self._shared = 0  # rows that somebody else reads in the same memory

    def __len__(self) -> int:
        return self._count

    def append(self, *row: float) -> None:
        """Add one row; what is unknown is NaN."""
        if self._count == self._values.shape[1]:
            self._values = np.concatenate([self._values, np.empty_like(self._values)], axis=1)
            self._shared = 0
        elif self._count < self._shared:
            self._values = self._values.copy()
            self._shared = 0
        self._values[:, self._count] = row
        self._count += 1

    def column(self, name: str) -> NDArray[np.float64]:
        """Return one column, (rows,): a view that later rows don't change."""
        return self._values[self.names.index(name), : self._count]

    def snapshot(self) -> Columns:
        """Return the rows as they are now, whatever becomes of these; nothing is copied.

        Both read the same memory, until one of them would write where the other reads.
        """
        found = Columns.__new__(Columns)
        found.names, found._values, found._count = self.names, self._values, self._count
        found._shared = self._values.shape[1]
        self._shared = max(self._shared, self._count)
        return found

    def cut(self, step: float) -> None:
        """Forget the rows after `step`."""
        self._count = int(np.searchsorted(self.column(self.names[0]), step, side="right"))


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at a step.

    Attributes
    ----------
    step : int
    text : str
        In a few words (``lr 0.001 → 0.0005``).
    """

    step: int
    text: str


@dataclass(slots=True)
class History:
    """All the numbers of one run.

    Attributes
    ----------
    batches : Columns
        ``step, loss, accuracy, lr``, one row a batch.
    epochs : Columns
        ``step, loss, accuracy, validation_loss, validation_accuracy``, one row an epoch; the
        last two are NaN without validation images.
    layers : dict of str to Columns
        Per layer with weights: ``step, gradient_norm, update_ratio, dead_share``.
    marks : list of Mark
        Changes of settings while it ran.
    """

    batches: Columns = field(default_factory=lambda: Columns(("step", "loss", "accuracy", "lr")))
    epochs: Columns = field(
        default_factory=lambda: Columns(
            ("step", "loss", "accuracy", "validation_loss", "validation_accuracy")
        )
    )
    layers: dict[str, Columns] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)

    def add_layer(
        self, name: str, step: int, gradient_norm: float, update_ratio: float, dead_share: float
    ) -> None:
        """Add one row to a layer's columns; `dead_share` is NaN where it has no meaning."""
        if name not in self.layers:
            self.layers[name] = Columns(("step", "gradient_norm", "update_ratio", "dead_share"))
        self.layers[name].append(step, gradient_norm, update_ratio, dead_share)

    def snapshot(self) -> History:
        """Return the numbers as they are now, whatever is added to these; see `Columns`."""
        layers = {name: columns.snapshot() for name, columns in self.layers.items()}
        return History(self.batches.snapshot(), self.epochs.snapshot(), layers, list(self.marks))

    def cut(self, step: int) -> None:
        """Forget everything after `step`: a run goes on from there."""
        for columns in (self.batches, self.epochs, *self.layers.values()):
            columns.cut(step)
        self.marks = [mark for mark in self.marks if mark.step <= step]
