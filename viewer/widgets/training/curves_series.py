"""Columns of a history made ready to draw: cleaned, smoothed, thinned, all incrementally.

A run has 100,000 batches and more, a plot a thousand columns of pixels. What is appended
between two refreshes is a few rows, so only those are looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from viewer.core.training.history import Columns

BUCKET = 16  # rows whose extremes are kept; a power of two
BLOCK = 64  # rows that are averaged in one matrix product
FIRST_ROOM = 1024

Floats = NDArray[np.float64]


class Growing:
    """An array that is written to at its end."""

    def __init__(self) -> None:
        self._room: Floats = np.empty(FIRST_ROOM)
        self._count = 0

    @property
    def values(self) -> Floats:
        """What was written, (count,)."""
        return self._room[: self._count]

    def write(self, start: int, values: Floats) -> None:
        """Replace what stands from `start` on by `values`, (rows,)."""
        end = start + len(values)
        if end > len(self._room):
            larger = np.empty(max(end, 2 * len(self._room)))
            larger[:start] = self._room[:start]
            self._room = larger
        self._room[start:end] = values
        self._count = end


class MovingAverage:
    """Exponential moving average with bias correction; NaN counts for nothing.

    The average of step t is the weighted mean of all values so far with weights
    ``smoothing ** age``, so the first one is the first value (D. Kingma and J. Ba, "Adam",
    2015, section 3).

    Parameters
    ----------
    smoothing : float
        [0, 1); 0 leaves the values as they are.
    """

    def __init__(self, smoothing: float) -> None:
        self._smoothing = smoothing
        self._sums = np.zeros((2, 1))  # of values, of weights

    def extend(self, values: Floats) -> Floats:
        """Return the averages at `values`, (rows,), which follow the ones given before."""
        known = np.isfinite(values)
        rows = np.stack([np.where(known, values, 0.0), known])  # (2, rows)
        sums = decayed_sums(rows, self._smoothing, self._sums)
        if len(values):
            self._sums = sums[:, -1:].copy()
        unknown = sums[1] == 0
        return np.where(unknown, np.nan, sums[0] / np.where(unknown, 1.0, sums[1]))


def decayed_sums(rows: Floats, decay: float, before: Floats) -> Floats:
    """Return ``s[t] = rows[t] + decay * s[t - 1]`` along the rows, without a loop over them.

    Parameters
    ----------
    rows : (R, N) float64
    decay : float
        [0, 1)
    before : (R, 1) float64
        ``s[-1]``.

    Returns
    -------
    (R, N) float64
    """
    count = rows.shape[1]
    blocks = -(-count // BLOCK)
    padded = np.zeros((len(rows), blocks * BLOCK))
    padded[:, :count] = rows
    age = np.arange(BLOCK)[:, None] - np.arange(BLOCK)  # (BLOCK, BLOCK)
    response = np.where(age >= 0, decay ** np.maximum(age, 0), 0.0)
    sums = padded.reshape(len(rows), blocks, BLOCK) @ response.T  # (R, blocks, BLOCK)
    carried = before
    if blocks > 1:  # the last of every block is such a sum again, of the blocks before it
        ends = decayed_sums(sums[:, :-1, -1], decay**BLOCK, before)
        carried = np.concatenate([before, ends], axis=1)
    sums += carried[:, :, None] * decay ** np.arange(1, BLOCK + 1)
    return sums.reshape(len(rows), -1)[:, :count]


class Extremes:
    """Least and greatest of every `BUCKET` values of a growing array."""

    def __init__(self) -> None:
        self._low, self._high = Growing(), Growing()

    @property
    def low(self) -> Floats:
        """Least of each bucket, (buckets,)."""
        return self._low.values

    @property
    def high(self) -> Floats:
        """Greatest of each bucket, (buckets,)."""
        return self._high.values

    def update(self, values: Floats, known: int) -> None:
        """Take up the rows of `values` after the first `known`."""
        first = known // BUCKET
        low, high = reduce_extremes(values[first * BUCKET :], values[first * BUCKET :], BUCKET)
        self._low.write(first, low)
        self._high.write(first, high)


def reduce_extremes(low: Floats, high: Floats, size: int) -> tuple[Floats, Floats]:
    """Return the extremes of every `size` entries, NaN only where all of them are."""
    starts = np.arange(0, len(low), size)
    if not len(starts):
        return low, high
    return np.fmin.reduceat(low, starts), np.fmax.reduceat(high, starts)


class Trace:
    """One column of a history over its steps, kept up with it.

    Parameters
    ----------
    columns : Columns
        The first column is ``step``; rows may be appended or cut at any time.
    name : str
        Column to show.
    smoothing : float
        Of the moving average, [0, 1).
    scale : float
        Factor on the values (100 for per cent).
    """

    def __init__(
        self, columns: Columns, name: str, *, smoothing: float = 0.0, scale: float = 1.0
    ) -> None:
        self._columns, self._name = columns, name
        self._smoothing, self._scale = smoothing, scale
        self._forget()

    def _forget(self) -> None:
        self._known = 0
        self._last: bytes = b""
        self._values, self._extremes = Growing(), Extremes()
        self._average = MovingAverage(self._smoothing) if self._smoothing else None

    def __len__(self) -> int:
        return self._known

    @property
    def steps(self) -> Floats:
        """Steps of the rows taken up so far, (rows,)."""
        return self._columns.column(self._columns.names[0])[: self._known]

    @property
    def values(self) -> Floats:
        """Values to show, (rows,): scaled, smoothed, NaN where the column isn't finite."""
        return self._values.values

    def update(self) -> bool:
        """Take up what changed in the columns; return whether anything did."""
        changed = False
        if self._known and self._was_rewritten():
            self._forget()
            changed = True
        column = self._columns.column(self._name)
        start, new = self._known, column[self._known :]
        if len(new):
            clean = np.where(np.isfinite(new), new * self._scale, np.nan)
            self._values.write(
                start, clean if self._average is None else self._average.extend(clean)
            )
            self._extremes.update(self._values.values, start)
            self._known = len(column)
            self._last = self._end_of_known()
            changed = True
        return changed

    def _was_rewritten(self) -> bool:
        # After a cut the rows grow again; the last known one then holds another loss.
        return len(self._columns) < self._known or self._end_of_known() != self._last

    def _end_of_known(self) -> bytes:
        row = self._known - 1
        names = (self._columns.names[0], self._name)
        return b"".join(self._columns.column(name)[row].tobytes() for name in names)

    def points(self, low: float, high: float, room: int) -> tuple[Floats, Floats]:
        """Return a polyline over the steps from `low` to `high`.

        Parameters
        ----------
        low, high : float
            Steps that are in sight.
        room : int
            Columns of pixels: not more than twice as many points are returned.

        Returns
        -------
        x, y : (points,) float64
            All rows where they fit; else least and greatest value of groups of 2, 4, 8, …
            rows that begin at multiples of their size, so that a curve that grows stays as it
            was drawn.
        """
        first, last = self._rows(low, high)
        size = 1
        while (last - first) > size * max(1, room):
            size *= 2
        if size == 1 or last - first <= 2 * room:
            x, y = self.steps[first:last], self.values[first:last]
        else:
            x, y = self._grouped(first, last, size)
        finite = np.isfinite(y)
        return (x, y) if finite.all() else (x[finite], y[finite])

    def _grouped(self, first: int, last: int, size: int) -> tuple[Floats, Floats]:
        first -= first % size
        low, high = self._between(first, last, size)
        starts = np.arange(first, last, size)
        ends = np.minimum(starts + size, self._known) - 1
        x = self.steps[np.stack([starts, ends], axis=1)].ravel()  # (2 groups,)
        return x, np.stack([low, high], axis=1).ravel()

    def _between(self, first: int, last: int, size: int) -> tuple[Floats, Floats]:
        if size < BUCKET:
            end = min(-(-last // size) * size, self._known)
            rows = self.values[first:end]
            return reduce_extremes(rows, rows, size)
        part = slice(first // BUCKET, -(-last // BUCKET))
        group = size // BUCKET
        low, high = self._extremes.low[part], self._extremes.high[part]
        return reduce_extremes(low, high, group)

    def limits(self, low: float, high: float, trim: float = 0.0) -> tuple[float, float] | None:
        """Return least and greatest value between two steps.

        Parameters
        ----------
        low, high : float
        trim : float
            Share of the extreme groups at either end to leave out, [0, 0.5).

        Returns
        -------
        (float, float) or None
            None if there is no finite value.
        """
        first, last = self._rows(low, high)
        if last - first <= 4 * BUCKET:
            rows = self.values[first:last]
            lows = highs = rows[np.isfinite(rows)]
        else:
            lows, highs = self._between(first - first % BUCKET, last, BUCKET)
            lows, highs = lows[np.isfinite(lows)], highs[np.isfinite(highs)]
        if not len(lows):
            return None
        if trim and len(lows) > 4 * BUCKET:
            return float(np.quantile(lows, trim)), float(np.quantile(highs, 1 - trim))
        return float(lows.min()), float(highs.max())

    def value_at(self, step: float) -> float | None:
        """Return the value of the last row up to `step`; None outside of the curve."""
        if not self._known:
            return None
        steps = self.steps
        row = int(np.searchsorted(steps, step, side="right")) - 1
        gap = (steps[-1] - steps[0]) / max(1, self._known - 1)
        if row < 0 or step > steps[-1] + gap or not np.isfinite(self.values[row]):
            return None
        return float(self.values[row])

    def _rows(self, low: float, high: float) -> tuple[int, int]:
        # One row more at either side: the line goes on to the edge of the plot.
        first = int(np.searchsorted(self.steps, low, side="left")) - 1
        last = int(np.searchsorted(self.steps, high, side="right")) + 1
        return max(first, 0), min(last, self._known)
