"""Large maps made smaller by whole factors, for their pictures only."""

from __future__ import annotations

import numpy as np

from viewer.core.records import FloatArray


def area_mean(values: FloatArray, factor: int) -> FloatArray:
    """Return maps reduced so that each pixel is the mean of `factor` × `factor` values.

    Parameters
    ----------
    values : (C, H, W) float32
        A value that is not finite makes the mean that it is part of not finite.
    factor : int
        At least 1; 1 returns `values` themselves.

    Returns
    -------
    (C, ceil(H / factor), ceil(W / factor)) float32
        At the lower and the right border the mean is of as many values as there are.
    """
    if factor == 1:
        return values
    with np.errstate(over="ignore", invalid="ignore"):  # not finite, as it is said above
        sums = _sums(_sums(values, factor, axis=1), factor, axis=2)  # (C, h, w)
    _, height, width = values.shape
    rows, columns = _parts(height, factor), _parts(width, factor)
    sums /= rows[:, np.newaxis] * columns
    return sums


def _parts(length: int, factor: int) -> FloatArray:
    """Return how many values are in each part of a side: `factor`, and the rest at the end."""
    starts = np.arange(0, length, factor)
    return np.minimum(factor, length - starts).astype(np.float32)


def _sums(values: FloatArray, factor: int, axis: int) -> FloatArray:
    """Return sums of `factor` neighbours along one axis; those at the end may be of fewer."""
    length = values.shape[axis]
    shape = list(values.shape)
    shape[axis] = -(-length // factor)
    sums = np.zeros(shape, np.float32)
    # Slice by slice: several times as fast as a mean over an axis of a reshaped array.
    for start in range(min(factor, length)):
        taken = values[(slice(None),) * axis + (slice(start, None, factor),)]
        sums[(slice(None),) * axis + (slice(0, taken.shape[axis]),)] += taken
    return sums
