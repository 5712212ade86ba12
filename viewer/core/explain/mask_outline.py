"""The outline of a set of pixels, as lines along their edges. Numpy only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.core.explain.receptive_field import BoolArray

Edge = tuple[int, int, int, int]  # x and y of one end, x and y of the other, in pixels


def outline(mask: BoolArray) -> tuple[Edge, ...]:
    """Return the lines between the pixels of a mask and all others.

    Parameters
    ----------
    mask : (H, W) bool
        Of any shape: the pixels under a dilated kernel have gaps between them.

    Returns
    -------
    tuple of (x, y, x, y)
        Each as long as it can be: four for a rectangle.
    """
    framed = np.pad(mask, 1).astype(np.int8)
    lying = (framed[1:] - framed[:-1])[:, 1:-1]  # (H + 1, W), not 0 on an edge
    standing = (framed[:, 1:] - framed[:, :-1])[1:-1]  # (H, W + 1)
    across = ((start, y, end, y) for y, start, end in _runs(lying))
    down = ((x, start, x, end) for x, start, end in _runs(standing.T))
    return (*across, *down)


def _runs(edges: NDArray[np.int8]) -> list[tuple[int, int, int]]:
    """Return (row, start, end) of the runs of one sign in every row."""
    found: list[tuple[int, int, int]] = []
    for sign in (-1, 1):
        steps = np.diff(np.pad((edges == sign).astype(np.int8), ((0, 0), (1, 1))), axis=1)
        rows, starts = (steps == 1).nonzero()
        _, ends = (steps == -1).nonzero()
        found += zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True)
    return found
