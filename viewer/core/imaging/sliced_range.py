"""The range of very many values, found a part at a time."""

from __future__ import annotations

import numpy as np

from viewer.core.imaging.color_scale import Limits, finite_range
from viewer.core.records import FloatArray


class SlicedRange:
    """Lowest and highest finite value of an array that is too large to be looked at at once.

    Parameters
    ----------
    values : any shape, float32, contiguous
        A dense layer of VGG-16 has 103 million weights: looking at them takes a tenth of a
        second, in which a window would stand still.

    Attributes
    ----------
    of : float32 array
        `values`.
    done : bool
        Whether all was looked at.
    """

    def __init__(self, values: FloatArray) -> None:
        self.of = values
        self.done = values.size == 0
        self._flat = values.reshape(-1)
        self._next = 0
        self._low, self._high = np.inf, -np.inf

    def look(self, count: int) -> bool:
        """Look at `count` more values; return whether that were the last."""
        part = self._flat[self._next : self._next + count]
        self._next += len(part)
        if len(part):
            low, high = finite_range(part)
            self._low, self._high = min(self._low, low), max(self._high, high)
        self.done = self._next >= self._flat.size
        return self.done

    @property
    def limits(self) -> Limits:
        """Lowest and highest value of those that were looked at; zeros without any."""
        return (self._low, self._high) if self._low <= self._high else (0.0, 0.0)
