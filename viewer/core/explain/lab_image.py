"""Any picture made small enough for the convolution lab."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewer.core.explain.lab_settings import MAX_SIDE, Array


def fit_image(pixels: NDArray[np.floating], side: int = MAX_SIDE) -> Array:
    """Return a picture as channels of at most `side` cells each way.

    Parameters
    ----------
    pixels : (H, W), (C, H, W) or (H, W, 3) float
        A last axis of three or four is taken for colours, unless the first one has three; a
        fourth channel (opacity) is dropped.
    side : int

    Returns
    -------
    (C, H, W) float64
        Each cell the mean of the pixels that it covers; the proportions are kept.
    """
    values = np.asarray(pixels, np.float64)
    if values.ndim == 2:
        values = values[np.newaxis]
    elif values.shape[0] not in (1, 3) and values.shape[2] in (3, 4):
        values = values.transpose(2, 0, 1)[:3]
    height, width = values.shape[1:]
    factor = min(1.0, side / max(height, width))
    values = _means(values, 1, max(1, round(height * factor)))
    return _means(values, 2, max(1, round(width * factor)))


def _means(values: Array, axis: int, count: int) -> Array:
    """Return means of `count` nearly equal parts along an axis."""
    length = values.shape[axis]
    if count == length:
        return values
    starts = np.arange(count) * length // count
    sizes = np.diff(np.append(starts, length))
    shape = [1] * values.ndim
    shape[axis] = count
    means: Array = np.add.reduceat(values, starts, axis=axis) / sizes.reshape(shape)
    return means
