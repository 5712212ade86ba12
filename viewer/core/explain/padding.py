"""What stands in the padding of a convolution: zeros, or copies of pixels of the input."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from viewer.core.records import Node, Window

IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]
SETTING = "padding_mode"  # in `Node.settings`; missing for zeros


class PaddingMode(StrEnum):
    """As torch calls them (``torch.nn.Conv2d``, ``padding_mode``)."""

    ZEROS = "zeros"
    REFLECT = "reflect"
    REPLICATE = "replicate"
    CIRCULAR = "circular"


def padding_mode(node: Node) -> PaddingMode:
    """Return what stands in the padding of a node."""
    return PaddingMode(node.settings.get(SETTING, PaddingMode.ZEROS))


def window_places(window: Window, axis: int, position: int) -> IntArray:
    """Return the input's rows (axis 0) or columns under the window; some may be padding.

    Returns
    -------
    (kernel_size,) intp
        Below 0, or from the input's length on, is padding.
    """
    start = position * window.stride[axis] - window.padding[axis]
    return start + np.arange(window.kernel_size[axis]) * window.dilation[axis]


def copied_from(places: IntArray, length: int, mode: PaddingMode) -> IntArray:
    """Return where the values of rows or columns stand in the input.

    Parameters
    ----------
    places : (N,) intp
        Below 0, or `length` and beyond, on padding.
    length : int
        Rows or columns of the input.
    mode : PaddingMode

    Returns
    -------
    (N,) intp
        For zeros the places as they are: what is outside stands nowhere.
    """
    if mode is PaddingMode.REPLICATE:
        return places.clip(0, length - 1)
    if mode is PaddingMode.CIRCULAR:
        return places % length
    if mode is PaddingMode.REFLECT:  # the edge itself is not doubled
        if length == 1:
            return np.zeros_like(places)
        period = 2 * (length - 1)
        there = places % period
        return np.minimum(there, period - there)
    return places


def is_inside(places: IntArray, length: int) -> BoolArray:
    """Return which rows or columns, (N,) intp, are of the input, (N,) bool."""
    return (places >= 0) & (places < length)
