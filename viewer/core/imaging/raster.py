"""Painting polylines with a round pen, fast enough for every movement of a pen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewer.core.imaging.strokes import PointArray
from viewer.core.records import FloatArray

Coverage = NDArray[np.bool_]

# Bounds the memory that a drawing of 100,000 points takes.
_SAMPLES_AT_ONCE = 100_000
# Discs a quarter of their radius apart leave scallops under 1 % of the radius deep; a
# corner of the line may be missed by half the spacing, so that is bounded in pixels.
_SPACING, _SPACING_RANGE_PX = 0.25, (1.0, 2.5)


def paint(lines: list[PointArray], shape: tuple[int, int], radii: list[float]) -> Coverage:
    """Paint polylines with round pens.

    Parameters
    ----------
    lines : list of (N, 2) float64
        x, y in pixels of the result, measured from its upper left corner; N >= 1.
    shape : (height, width)
    radii : list of float
        Half the pen's width for each line, in pixels of the result.

    Returns
    -------
    (height, width) bool
        True where a pixel's centre is under the pen; what falls outside is cut off.
    """
    height, width = shape
    # A run of ink in a row adds one where it starts and takes one where it ends (the
    # column beyond the last is there for that, and a row beyond the last for pens that just
    # touch it); the running sum is then the coverage.
    edges = np.zeros((height + 1) * (width + 1), np.intp)  # as bincount counts
    least, most = _SPACING_RANGE_PX
    for radius in sorted(set(radii)):
        same = [line for line, own in zip(lines, radii, strict=True) if own == radius]
        spacing = min(max(_SPACING * radius, least), most)
        _add_runs(edges, _samples(same, spacing), shape, radius)
    # Every run ends in the row where it starts, so that one sum goes through all the rows.
    inked = np.cumsum(edges, out=edges) > 0
    return inked.reshape(height + 1, width + 1)[:height, :width]


def _samples(lines: list[PointArray], spacing: float) -> PointArray:
    """Return (M, 2) points along the lines, `spacing` apart, and both ends of each line."""
    points = np.concatenate(lines)
    steps = np.diff(points, axis=0)
    lengths = np.sqrt((steps**2).sum(axis=1))
    ends = np.cumsum([len(line) for line in lines]) - 1
    lengths[ends[:-1]] = 0.0  # the way from one line to the next is no ink
    way = np.concatenate([[0.0], np.cumsum(lengths)])
    parts = [points[ends], points[np.concatenate([[0], ends[:-1] + 1])]]
    chunk = _SAMPLES_AT_ONCE * spacing
    for start in np.arange(0.0, way[-1], chunk).tolist():
        at = np.arange(start, min(start + chunk, way[-1]), spacing)
        part = np.stack([np.interp(at, way, points[:, axis]) for axis in (0, 1)], axis=1)
        parts.append(part if way[-1] <= chunk else _distinct(part))
    return np.concatenate(parts)


def _distinct(points: PointArray) -> PointArray:
    """Return whole-pixel points without repetition: a dense scribble has few."""
    cells = np.round(points)
    # One number a cell sorts faster than rows do; no frame is a million fine pixels wide.
    keys = cells[:, 1] * 1e6 + cells[:, 0]
    return np.asarray(cells[np.unique(keys, return_index=True)[1]], np.float64)


def _add_runs(
    edges: NDArray[np.intp], samples: PointArray, shape: tuple[int, int], radius: float
) -> None:
    """Add one run of ink for every sample and every row of the pen's disc."""
    height, width = shape
    reach = int(np.ceil(radius))
    middle = np.floor(samples[:, 1])[:, np.newaxis]  # (M, 1)
    # (M, R): the row each run lies in, and its first and one-past-last column.
    row = middle + np.arange(-reach, reach + 1)
    down = row + 0.5 - samples[:, 1, np.newaxis]
    half = np.sqrt(np.maximum(radius**2 - down**2, 0.0))
    left = samples[:, 0, np.newaxis] - 0.5
    start = row * (width + 1)
    first = np.ceil(left - half).clip(0, width) + start
    last = np.ceil(left + half).clip(0, width) + start
    if middle.min() < reach or middle.max() + reach > height:
        inside = (row >= 0) & (row <= height)
        first, last = first[inside], last[inside]
    edges += np.bincount(first.ravel().astype(np.intp), minlength=edges.size)
    edges -= np.bincount(last.ravel().astype(np.intp), minlength=edges.size)


def area_average(coverage: Coverage, factor: int) -> FloatArray:
    """Average blocks of factor × factor pixels.

    Parameters
    ----------
    coverage : (H * factor, W * factor) bool

    Returns
    -------
    (H, W) float32, [0, 1]
    """
    rows = coverage.shape[0] // factor
    columns = coverage.shape[1] // factor
    # Whole rows are added in a fast loop, neighbours in a row are not: hence the transpose.
    # The smallest type that holds a sum makes it faster still.
    small = np.uint8 if factor <= np.iinfo(np.uint8).max else np.uint16
    sums = coverage.view(np.uint8).reshape(rows, factor, -1).sum(axis=1, dtype=small)
    turned = np.ascontiguousarray(sums.T).reshape(columns, factor, rows)
    blocks = turned.sum(axis=1, dtype=np.uint32).T  # (H, W)
    pixels: FloatArray = np.divide(blocks, factor * factor, order="C").astype(np.float32)
    return pixels
