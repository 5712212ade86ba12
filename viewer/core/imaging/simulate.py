"""Drawings as people make them, for training and for testing: no handwriting was copied.

An allograph gives the control points; a smooth random warp, proportions, slant, a shaky or
a hurried hand and a place on the canvas make a drawing of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from viewer.core.imaging.allograph_pieces import Allograph, Run, StrokeRuns
from viewer.core.imaging.allographs import ALLOGRAPHS
from viewer.core.imaging.strokes import PointArray, extent_of
from viewer.core.records import Drawing, Stroke

# Points on each curve piece before the hand comes in: more than any later step keeps.
_POINTS_A_PIECE = 12
_SIZE_RANGE = (0.25, 0.95)  # longest side of the ink, as a part of the canvas
_PEN_RANGE = (0.04, 0.12)  # of the canvas's shorter side
_BROAD_PEN_RANGE = (0.12, 0.2)
_BROAD_PEN_SHARE = 0.1
_SLANT_RANGE_DEG = (-15.0, 15.0)
# Points between the ends of a digit-high stroke: a slow hand's and a fast one's.
_SLOW_POINTS, _FAST_POINTS = 90.0, 13.0

# Standard deviations, in heights of the digit.
_CONTROL_JITTER = 0.016
_STROKE_SHIFT = 0.012
_WARP = 0.035
_STRAIGHT_BEND = 0.35  # what a single vertical line gets of the warp
_END_REACH = 0.025
_TREMOR = 0.006
_TURN_DEG = 4.0
_ASPECT = 0.16  # of the logarithm of the width
_CORNER_CUT = 0.05  # how far a fast hand rounds its corners, in heights of the digit
_MIDDLE_X = 0.3  # of the allographs' box


@dataclass(frozen=True, slots=True)
class _Manner:
    """How one drawing is made: everything that a caller may set."""

    size: float
    slant_deg: float
    pen_px: float
    speed: float


def simulate_drawing(
    label: int,
    rng: np.random.Generator,
    *,
    canvas: tuple[float, float] = (280.0, 280.0),
    size: float | None = None,
    slant_deg: float | None = None,
    pen_px: float | None = None,
    speed: float | None = None,
) -> Drawing:
    """Draw a digit as a person would.

    Parameters
    ----------
    label : int
        The digit, 0 to 9.
    rng : numpy.random.Generator
        Decides everything that is not given; the same state gives the same drawing.
    canvas : (width, height)
        In pixels.
    size : float, optional
        Longest side of the ink as a part of the canvas's shorter side; default 0.25 to
        0.95.
    slant_deg : float, optional
        Lean to the right; default −15 to +15.
    pen_px : float, optional
        Width of the pen; default 4 to 12 % of the canvas's shorter side, seldom up to 20 %.
    speed : float, optional
        0 is a careful hand (many points, tremor), 1 a scribble (few points, cut corners).

    Returns
    -------
    Drawing
        Labelled, every point on the canvas, a few to some hundred points a stroke.
    """
    manner = _Manner(
        float(rng.uniform(*_SIZE_RANGE)) if size is None else size,
        float(rng.uniform(*_SLANT_RANGE_DEG)) if slant_deg is None else slant_deg,
        _random_pen(rng) * min(canvas) if pen_px is None else pen_px,
        float(rng.uniform()) if speed is None else speed,
    )
    lines = _written(_choose(label, rng), rng, manner)
    lines = _placed(lines, rng, canvas, manner)
    strokes = tuple(Stroke(line.astype(np.float32), manner.pen_px) for line in lines)
    return Drawing(strokes, canvas, str(label))


def _random_pen(rng: np.random.Generator) -> float:
    broad = rng.random() < _BROAD_PEN_SHARE
    return float(rng.uniform(*(_BROAD_PEN_RANGE if broad else _PEN_RANGE)))


def _choose(label: int, rng: np.random.Generator) -> list[StrokeRuns]:
    shares, allographs = zip(*ALLOGRAPHS[label], strict=True)
    chosen: Allograph = allographs[int(rng.choice(len(allographs), p=np.array(shares)))]
    return chosen(rng)


def _written(
    strokes: list[StrokeRuns], rng: np.random.Generator, manner: _Manner
) -> list[PointArray]:
    """Return the digit's lines, about 1 high, as this hand writes them."""
    # What is narrow is written straighter: an S-shaped 1 is nobody's.
    bend = min(1.0, _STRAIGHT_BEND + _width(strokes))
    warp = rng.normal(0, _WARP * bend, 6)
    lean = _lean(rng, manner.slant_deg)
    lines = []
    for stroke in strokes:
        line = _warped(_curve(_unsteady(stroke, rng)), warp)
        if len(strokes) > 1:
            line += rng.normal(0, _STROKE_SHIFT, 2)
        line = _reaching(line, rng)
        lines.append(_by_hand(line @ lean.T, rng, manner.speed))
    return lines


def _width(strokes: list[StrokeRuns]) -> float:
    across = [x for stroke in strokes for run in stroke for x, _ in run]
    return max(across) - min(across)


def _unsteady(stroke: StrokeRuns, rng: np.random.Generator) -> StrokeRuns:
    """Move every control point a little, a corner as one."""
    moved: dict[tuple[float, float], tuple[float, float]] = {}
    for run in stroke:
        for point in run:
            if point not in moved:
                x, y = rng.normal(0, _CONTROL_JITTER, 2).tolist()
                moved[point] = (point[0] + x, point[1] + y)
    return [[moved[point] for point in run] for run in stroke]


def _curve(stroke: StrokeRuns) -> PointArray:
    """Return the (N, 2) points of a stroke: each run smooth, corners between them."""
    parts = [_spline(run) for run in stroke]
    return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])


def _spline(run: Run) -> PointArray:
    """Return points of the centripetal Catmull-Rom spline through a run's points."""
    points = np.array(run, np.float64)
    chords = np.sqrt(((np.diff(points, axis=0)) ** 2).sum(axis=1))
    knots = np.concatenate([[0.0], np.cumsum(np.sqrt(np.maximum(chords, 1e-9)))])
    tangents = np.gradient(points, knots, axis=0)
    pieces = len(points) - 1
    position = np.linspace(0, pieces, pieces * _POINTS_A_PIECE + 1)
    piece = np.minimum(position.astype(np.intp), pieces - 1)
    t = (position - piece)[:, np.newaxis]
    span = np.diff(knots)[piece][:, np.newaxis]
    # Cubic Hermite: value and tangent at both ends of each piece.
    curve: PointArray = (
        (1 + 2 * t) * (1 - t) ** 2 * points[piece]
        + t * (1 - t) ** 2 * span * tangents[piece]
        + t**2 * (3 - 2 * t) * points[piece + 1]
        - t**2 * (1 - t) * span * tangents[piece + 1]
    )
    return curve


def _warped(line: PointArray, warp: PointArray) -> PointArray:
    """Bend the whole digit: every stroke by the same smooth field, so that they still meet."""
    x, y = line[:, 0] - _MIDDLE_X, line[:, 1]
    half, whole = np.sin(np.pi * y), np.sin(2 * np.pi * y)
    across = warp[0] * half + warp[1] * whole + 2 * warp[2] * x * (2 * y - 1)
    down = warp[3] * whole * 0.8 + 3 * warp[4] * (x**2 - 0.05) + 2 * warp[5] * x * (1 - y)
    return np.stack([line[:, 0] + across, y + down], axis=1)


def _reaching(line: PointArray, rng: np.random.Generator) -> PointArray:
    """Let both ends overshoot, or fall short."""
    for _ in range(2):
        line = line[::-1]
        reach = float(rng.normal(0, _END_REACH))
        way = _length(line)
        if reach < 0:
            kept = way > min(-reach, way[-1] / 8)
            line = line[kept]
        else:
            step = line[0] - line[3]
            step *= reach / max(float(np.hypot(*step)), 1e-9)
            line = np.concatenate([[line[0] + step], line])
    return line


def _length(line: PointArray) -> PointArray:
    """Return the way from the start to each point."""
    steps = np.sqrt((np.diff(line, axis=0) ** 2).sum(axis=1))
    return np.concatenate([[0.0], np.cumsum(steps)])


def _lean(rng: np.random.Generator, slant_deg: float) -> PointArray:
    """Return the (2, 2) map for proportions, slant and a slight turn."""
    width = float(np.exp(np.clip(rng.normal(0, _ASPECT), -2 * _ASPECT, 2 * _ASPECT)))
    turn = np.radians(np.clip(rng.normal(0, _TURN_DEG), -2 * _TURN_DEG, 2 * _TURN_DEG))
    shear = np.array([[1.0, -np.tan(np.radians(slant_deg))], [0.0, 1.0]])
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    result: PointArray = rotation @ shear @ np.diag([width, 1.0])
    return result


def _by_hand(line: PointArray, rng: np.random.Generator, speed: float) -> PointArray:
    """Sample a line as a device does: a slow hand trembles, a fast one cuts corners."""
    way = _length(line)
    dense = np.linspace(0, way[-1], max(8, int(way[-1] * _SLOW_POINTS)))
    path = np.stack([np.interp(dense, way, line[:, axis]) for axis in (0, 1)], axis=1)
    path = _smoothed(path, round(_CORNER_CUT * speed * rng.uniform(0.3, 1.0) * _SLOW_POINTS))
    tremor = rng.normal(0, 1, path.shape)
    path += _smoothed(tremor, 2) * _TREMOR * (1.2 - speed) * rng.uniform(0, 2)
    points_a_height = _SLOW_POINTS * (_FAST_POINTS / _SLOW_POINTS) ** speed
    count = max(3, round(way[-1] * points_a_height))
    times = np.linspace(0, len(path) - 1, count)
    times[1:-1] += rng.uniform(-0.3, 0.3, count - 2) * (len(path) - 1) / count
    index = np.round(times).astype(np.intp)
    return path[index]


def _smoothed(path: PointArray, reach: int) -> PointArray:
    """Average each point with `reach` neighbours on both sides; the ends stay."""
    if reach < 1:
        return path
    reach = min(reach, (len(path) - 1) // 2)
    sums = np.cumsum(np.concatenate([np.zeros((1, 2)), path]), axis=0)
    middle = np.arange(len(path))
    near = np.minimum(np.minimum(middle, len(path) - 1 - middle), reach)
    result: PointArray = (sums[middle + near + 1] - sums[middle - near]) / (2 * near + 1)[:, None]
    return result


def _placed(
    lines: list[PointArray],
    rng: np.random.Generator,
    canvas: tuple[float, float],
    manner: _Manner,
) -> list[PointArray]:
    """Scale the digit and put it anywhere on the canvas."""
    left, top, right, bottom = extent_of(np.concatenate(lines))
    extent = np.array([right - left, bottom - top])
    scale = manner.size * min(canvas) / float(extent.max())
    room = np.array(canvas) - extent * scale
    margin = np.clip(manner.pen_px / 2, 0, np.maximum(room, 0) / 2)
    origin = rng.uniform(margin, np.maximum(room - margin, margin))
    placed = [(line - (left, top)) * scale + origin for line in lines]
    # Mice report whole pixels, tablets fractions.
    return [np.round(line) for line in placed] if rng.random() < 0.5 else placed
