"""Channels in the order of how strongly they answer, and kernels in that of their norms."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from viewer.core.records import FloatArray

# Values looked at in one go: what is made of them on the way stays small.
_AT_ONCE = 1 << 18


class Order(StrEnum):
    """By what channels are sorted."""

    NUMBER = "number"
    MEAN = "mean magnitude"
    MAXIMUM = "maximum"


def channel_order(
    maps: FloatArray | None, order: Order, count: int, dead: Collection[int] = ()
) -> NDArray[np.intp]:
    """Return the numbers of a layer's channels, the strongest first.

    Parameters
    ----------
    maps : (C, H, W) float32 or None
        What the layer answers; without it, channels are in the order of their numbers.
    order : Order
    count : int
        How many channels there are.
    dead : collection of int
        Channels that come last, unless they are sorted by number.

    Returns
    -------
    (C,) intp
        Of channels that are equally strong, the one with the lower number first; channels
        with a mean or a maximum that is no number come behind all others but dead ones.
    """
    if order is Order.NUMBER or maps is None:
        return np.arange(count)
    strength = strengths(maps, order)  # (C,)
    last = np.isin(np.arange(count), np.fromiter(dead, np.intp, len(dead)))
    unknown = np.isnan(strength)
    weakness = np.where(unknown, 0.0, -strength)
    return np.lexsort((weakness, unknown, last))


def kernel_order(kernels: FloatArray) -> NDArray[np.intp]:
    """Return the numbers of a filter's kernels, that of the largest L2 norm first.

    Parameters
    ----------
    kernels : (K, kH, kW) float32

    Returns
    -------
    (K,) intp
        Of kernels of the same norm, the one with the lower number first; those with a weight
        that is no number come last.
    """
    flat = kernels.reshape(len(kernels), -1)  # (K, kH · kW)
    norms = np.sqrt(np.einsum("kw,kw->k", flat, flat, dtype=np.float64))  # (K,)
    unknown = np.isnan(norms)
    return np.lexsort((np.where(unknown, 0.0, -norms), unknown))


def strengths(maps: FloatArray, order: Order) -> NDArray[np.float64]:
    """Return how strongly each channel answers.

    Parameters
    ----------
    maps : (C, H, W) float32
    order : Order
        Mean magnitude, or maximum of the values.

    Returns
    -------
    (C,) float64
    """
    count = len(maps)
    flat = maps.reshape(count, -1)  # (C, H · W)
    if order is Order.MAXIMUM:
        return np.asarray(flat.max(axis=1), np.float64)
    found = np.empty(count, np.float64)
    step = max(1, _AT_ONCE // max(1, flat.shape[1]))
    for first in range(0, count, step):
        part = flat[first : first + step]
        found[first : first + step] = np.abs(part).mean(axis=1, dtype=np.float64)
    return found
