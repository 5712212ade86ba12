"""Geometry of vector strokes: extent, eraser, transforms, stray marks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from viewer.core.records import Drawing, Stroke

PointArray = NDArray[np.float64]

# A mark this small beside the longest stroke is a slip of the pen, not a part of the digit:
# the shortest bars of real 4s, 5s and 7s measure about 0.15 of the longest stroke.
_STRAY_SIZE = 0.08
# … and it is stray only this far from the nearest ink (in longest strokes): a mark that
# touches the digit can't spoil the crop.
_STRAY_GAP = 0.15
# A digit that is all dots has no stroke as long as this part of the whole.
_LEAST_BODY = 0.2


def ink_extent(drawing: Drawing) -> tuple[float, float, float, float] | None:
    """Return the box around the centre lines of all strokes.

    Parameters
    ----------
    drawing : Drawing
        Points that are not finite are left out.

    Returns
    -------
    (left, top, right, bottom) in canvas pixels, or None
        None if there is no point. The pen's width is not included.
    """
    lines = centre_lines(drawing)
    if not lines:
        return None
    left, top, right, bottom = extent_of(np.concatenate(lines))
    return left, top, right, bottom


def centre_lines(drawing: Drawing) -> list[PointArray]:
    """Return the (N, 2) float64 points of each stroke that has a finite one, N >= 1."""
    lines = []
    for stroke in drawing.strokes:
        points = np.asarray(stroke.points, np.float64).reshape(-1, 2)
        if not np.isfinite(points).all():
            points = points[np.isfinite(points).all(axis=1)]
        if len(points):
            lines.append(points)
    return lines


def extent_of(points: PointArray) -> tuple[float, float, float, float]:
    """Return (left, top, right, bottom) of (N, 2) points, N >= 1."""
    left, top = points.min(axis=0).tolist()
    right, bottom = points.max(axis=0).tolist()
    return left, top, right, bottom


def longest_side(points: PointArray) -> float:
    """Return the longer of width and height of (N, 2) points, N >= 1."""
    return float((points.max(axis=0) - points.min(axis=0)).max())


def without_stray_marks(lines: list[PointArray]) -> list[PointArray]:
    """Leave out specks far from the digit: a slip of the pen must not set the scale.

    Parameters
    ----------
    lines : list of (N, 2) float64
        One centre line a stroke.

    Returns
    -------
    list of (N, 2) float64
        Those that are large, or near enough to a large one; all of them where no stroke
        stands out (a digit made of dots).
    """
    if len(lines) < 2:
        return lines
    sides = [longest_side(line) for line in lines]
    longest = max(sides)
    if longest <= _LEAST_BODY * longest_side(np.concatenate(lines)):
        return lines
    body = [line for line, side in zip(lines, sides, strict=True) if side > _STRAY_SIZE * longest]
    gap = _STRAY_GAP * longest
    return [
        line
        for line, side in zip(lines, sides, strict=True)
        if side > _STRAY_SIZE * longest or min(_distance(line[0], part) for part in body) <= gap
    ]


def _distance(point: PointArray, line: PointArray) -> float:
    """Return the distance of a (2,) point from an (N, 2) polyline."""
    starts, steps = line[:-1], np.diff(line, axis=0)
    if not len(steps):
        starts, steps = line, np.zeros_like(line)
    squares = np.maximum((steps**2).sum(axis=1), np.finfo(np.float64).tiny)
    along = np.clip(((point - starts) * steps).sum(axis=1) / squares, 0.0, 1.0)
    nearest = starts + along[:, np.newaxis] * steps
    return float(np.sqrt(((nearest - point) ** 2).sum(axis=1).min()))


def transform(drawing: Drawing, matrix: NDArray[np.floating]) -> Drawing:
    """Move, scale, turn or shear a drawing.

    Parameters
    ----------
    drawing : Drawing
    matrix : (2, 3) float
        The affine map ``[x', y'] = matrix[:, :2] @ [x, y] + matrix[:, 2]``.

    Returns
    -------
    Drawing
        The same strokes on the same canvas, elsewhere; pen widths grow with the square root
        of the area.
    """
    linear, offset = np.asarray(matrix[:, :2], np.float64), np.asarray(matrix[:, 2], np.float64)
    growth = float(np.sqrt(abs(np.linalg.det(linear))))
    strokes = tuple(
        replace(
            stroke,
            points=(stroke.points @ linear.T + offset).astype(np.float32),
            width_px=stroke.width_px * growth,
        )
        for stroke in drawing.strokes
    )
    return replace(drawing, strokes=strokes)


def erase(drawing: Drawing, x: float, y: float, radius_px: float) -> Drawing:
    """Cut away what lies under a round eraser.

    Parameters
    ----------
    drawing : Drawing
    x, y : float
        Centre of the eraser, in canvas pixels.
    radius_px : float
        Its radius; it takes the centre line of a stroke, whatever the pen's width.

    Returns
    -------
    Drawing
        Strokes cut exactly where they cross the circle, so a stroke may become several;
        the very same object if nothing was touched.
    """
    strokes: list[Stroke] = []
    for stroke in drawing.strokes:
        strokes.extend(_cut(stroke, np.array([x, y]), radius_px))
    if len(strokes) == len(drawing.strokes) and all(
        new is old for new, old in zip(strokes, drawing.strokes, strict=True)
    ):
        return drawing
    return replace(drawing, strokes=tuple(strokes))


def _cut(stroke: Stroke, centre: PointArray, radius_px: float) -> list[Stroke]:
    """Return what is left of a stroke outside a circle, in order."""
    points = np.asarray(stroke.points, np.float64) - centre  # (N, 2)
    inside = (points**2).sum(axis=1) <= radius_px**2
    if len(points) == 1:
        return [] if inside[0] else [stroke]
    enter, leave = _crossings(points, radius_px)  # (N - 1,) each
    touched = enter < leave
    if not touched.any():
        return [stroke]
    return [_slice(stroke, start, end) for start, end in _kept(enter, leave, touched)]


def _crossings(points: PointArray, radius_px: float) -> tuple[PointArray, PointArray]:
    """Return where each segment goes into and comes out of a circle around the origin.

    Positions run from 0 to 1 along the segment; ``enter >= leave`` where it stays outside.
    """
    starts, steps = points[:-1], np.diff(points, axis=0)
    # |start + t step|² = r² is the quadratic a t² + 2 b t + c = 0.
    a = (steps**2).sum(axis=1)
    b = (starts * steps).sum(axis=1)
    c = (starts**2).sum(axis=1) - radius_px**2
    discriminant = b**2 - a * c
    moving = (a > 0) & (discriminant > 0)
    root = np.sqrt(np.where(moving, discriminant, 0.0))
    slope = np.where(moving, a, 1.0)
    enter = np.where(moving, np.clip((-b - root) / slope, 0.0, 1.0), 0.0)
    leave = np.where(moving, np.clip((-b + root) / slope, 0.0, 1.0), 0.0)
    # A segment of no length has no direction: it is inside or outside as a whole.
    still = (a == 0) & (c < 0)
    return enter, np.where(still, 1.0, leave)


def _kept(
    enter: PointArray, leave: PointArray, touched: NDArray[np.bool_]
) -> list[tuple[float, float]]:
    """Return the spans of a stroke that lie outside, as positions ``segment + fraction``."""
    spans, start = [], 0.0
    for segment in np.flatnonzero(touched).tolist():
        end = segment + float(enter[segment])
        if end > start:
            spans.append((start, end))
        start = segment + float(leave[segment])
    if start < len(enter):
        spans.append((start, float(len(enter))))
    return spans


def _slice(stroke: Stroke, start: float, end: float) -> Stroke:
    """Return the part of a stroke between two positions ``segment + fraction``."""
    whole = np.arange(len(stroke.points), dtype=np.float64)
    positions = np.concatenate([[start], whole[(whole > start) & (whole < end)], [end]])
    columns = [np.interp(positions, whole, stroke.points[:, axis]) for axis in (0, 1)]
    pressure = stroke.pressure
    if pressure is not None:
        pressure = np.interp(positions, whole, pressure).astype(np.float32)
    points = np.stack(columns, axis=1).astype(np.float32)
    return replace(stroke, points=points, pressure=pressure)
