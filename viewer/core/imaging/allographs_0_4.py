"""How people write 0 to 4; see `viewer.core.imaging.allographs`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from viewer.core.imaging.allograph_pieces import (
    Allograph,
    Point,
    Run,
    StrokeRuns,
    arc,
    between,
)

# --- 0 -----------------------------------------------------------------------------------


def _zero(rng: np.random.Generator) -> list[StrokeRuns]:
    radii = (between(rng, 0.2, 0.44), 0.5)
    way = -1 if rng.random() < 0.8 else 1
    turn = between(rng, 345, 400)
    return [[arc((0.35, 0.5), radii, between(rng, -115, -50), way * turn)]]


def _zero_open(rng: np.random.Generator) -> list[StrokeRuns]:
    """Leave the top open, the two ends passing each other."""
    run = arc((0.35, 0.5), (between(rng, 0.22, 0.38), 0.5), between(rng, -80, -60), -335)
    lean = between(rng, -0.02, 0.1)
    run[0] = (run[0][0] + lean, run[0][1] + between(rng, 0.0, 0.06))
    run.append((run[0][0] + between(rng, -0.2, -0.05), run[0][1] + between(rng, -0.1, 0.06)))
    return [[run]]


# --- 1 -----------------------------------------------------------------------------------


def _stem(rng: np.random.Generator) -> Run:
    bend = float(rng.normal(0, 0.015))
    return [(0.3, 0.0), (0.3 + bend, 0.5), (0.3 + float(rng.normal(0, 0.02)), 1.0)]


def _one_plain(rng: np.random.Generator) -> list[StrokeRuns]:
    run = _stem(rng)
    return [[run if rng.random() < 0.9 else run[::-1]]]


def _one_flagged(rng: np.random.Generator) -> list[StrokeRuns]:
    # Flatter than about 35 degrees, a flag is the bar of a 7.
    reach = between(rng, 0.08, 0.3)
    drop = reach * between(rng, 0.75, 1.6)
    bend = between(rng, -0.02, 0.03)
    flag = [(0.3 - reach, drop), (0.3 - reach / 2, drop / 2 + bend), (0.3, 0.0)]
    return [[flag, _stem(rng)]]


def _foot(rng: np.random.Generator, x: float) -> StrokeRuns:
    left, right = between(rng, 0.12, 0.3), between(rng, 0.12, 0.3)
    level = 1.0 + between(rng, -0.02, 0.01)
    return [[(x - left, level + float(rng.normal(0, 0.012))), (x + right, level)]]


def _one_footed(rng: np.random.Generator) -> list[StrokeRuns]:
    strokes = _one_flagged(rng)
    return [*strokes, _foot(rng, strokes[0][-1][-1][0])]


def _one_plain_footed(rng: np.random.Generator) -> list[StrokeRuns]:
    """Put a foot under the stem, and a short serif on top so that it isn't a ⊥."""
    stem = _stem(rng)
    reach = between(rng, 0.06, 0.14)
    serif = [(0.3 - reach, between(rng, 0.03, 0.09)), (0.3, 0.0)]
    return [[serif, stem], _foot(rng, stem[-1][0])]


# --- 2 -----------------------------------------------------------------------------------


def _two_head(rng: np.random.Generator, width: float) -> Run:
    start = (between(rng, 0.0, 0.1), between(rng, 0.14, 0.32))
    top = (width * between(rng, 0.42, 0.58), 0.0)
    right = (width * between(rng, 0.88, 1.0), between(rng, 0.2, 0.32))
    return [start, (start[0] + 0.06, start[1] * 0.45), top, right]


def _two_plain(rng: np.random.Generator) -> list[StrokeRuns]:
    width = between(rng, 0.52, 0.75)
    head = _two_head(rng, width)
    down = [*head, (width * between(rng, 0.55, 0.72), 0.6), (between(rng, -0.02, 0.08), 0.97)]
    end = (width + between(rng, -0.05, 0.12), between(rng, 0.92, 1.02))
    wave = between(rng, -0.04, 0.02)
    return [[down, [down[-1], ((down[-1][0] + end[0]) / 2, 0.96 + wave), end]]]


def _two_looped(rng: np.random.Generator) -> list[StrokeRuns]:
    width = between(rng, 0.52, 0.72)
    head = _two_head(rng, width)
    low, size = between(rng, 0.92, 1.0), between(rng, 0.07, 0.13)
    left = between(rng, 0.0, 0.06)
    loop = [
        (width * 0.6, 0.58),
        (left + 0.14, low - 0.04),
        (left, low),
        (left - 0.03, low - size),
        (left + 0.1, low - size * 1.3),
        (left + 0.3, low - 0.05),
        (width + between(rng, 0.0, 0.12), low + between(rng, -0.06, 0.02)),
    ]
    return [[head + loop]]


def _two_swan(rng: np.random.Generator) -> list[StrokeRuns]:
    """Write one flowing line, its lower corner rounded."""
    width = between(rng, 0.52, 0.72)
    head = _two_head(rng, width)
    left = between(rng, 0.0, 0.06)
    tail = [
        (width * 0.64, 0.55),
        (left + 0.12, 0.86),
        (left + 0.03, 0.97),
        (left + 0.16, between(rng, 0.93, 0.99)),
        (width + between(rng, -0.02, 0.1), between(rng, 0.93, 1.02)),
    ]
    return [[head + tail]]


# --- 3 -----------------------------------------------------------------------------------


def _three_bowl(rng: np.random.Generator, start: Point, width: float) -> Run:
    right = width * between(rng, 0.92, 1.08)
    return [
        start,
        (right * 0.8, start[1] + 0.08),
        (right, between(rng, 0.66, 0.76)),
        (right * 0.55, 1.0),
        (between(rng, -0.03, 0.06), between(rng, 0.8, 0.93)),
    ]


def _three_round(rng: np.random.Generator) -> list[StrokeRuns]:
    width, waist = between(rng, 0.48, 0.66), between(rng, 0.4, 0.5)
    notch = (width * between(rng, 0.3, 0.55), waist)
    upper = [
        (between(rng, 0.0, 0.1), between(rng, 0.06, 0.2)),
        (width * 0.48, 0.0),
        (width * between(rng, 0.82, 0.98), between(rng, 0.16, 0.24)),
        (width * 0.72, waist * 0.85),
        notch,
    ]
    return [[upper, _three_bowl(rng, notch, width)]]


def _three_looped(rng: np.random.Generator) -> list[StrokeRuns]:
    width, waist = between(rng, 0.5, 0.64), between(rng, 0.42, 0.5)
    upper = [
        (between(rng, 0.0, 0.1), between(rng, 0.08, 0.2)),
        (width * 0.48, 0.0),
        (width * 0.88, 0.2),
        (width * 0.6, waist - 0.04),
        (width * between(rng, 0.22, 0.4), waist + 0.04),
        (width * 0.4, waist + between(rng, -0.06, -0.02)),
    ]
    return [[upper + _three_bowl(rng, (width * 0.6, waist + 0.03), width)[1:]]]


def _three_flat(rng: np.random.Generator) -> list[StrokeRuns]:
    width = between(rng, 0.5, 0.66)
    corner = (width * between(rng, 0.85, 1.0), between(rng, -0.02, 0.03))
    notch = (width * between(rng, 0.35, 0.55), between(rng, 0.36, 0.44))
    bar = [(between(rng, 0.0, 0.1), between(rng, 0.0, 0.05)), corner]
    return [[bar, [corner, notch], _three_bowl(rng, notch, width)]]


# --- 4 -----------------------------------------------------------------------------------


def _four_open(rng: np.random.Generator) -> list[StrokeRuns]:
    level, stem = between(rng, 0.46, 0.62), between(rng, 0.42, 0.54)
    corner = (between(rng, 0.0, 0.08), level + between(rng, -0.02, 0.03))
    start = (corner[0] + between(rng, 0.02, 0.16), between(rng, 0.0, 0.08))
    end = (stem + between(rng, 0.08, 0.24), level + between(rng, -0.05, 0.03))
    top = (stem + between(rng, -0.02, 0.06), between(rng, 0.0, 0.2))
    right = [[top, (stem, level), (stem + float(rng.normal(-0.02, 0.03)), 1.0)]]
    return [[[start, corner], [corner, end]], right]


def _four_cup(rng: np.random.Generator) -> list[StrokeRuns]:
    """Write an open one, its left half a rounded cup."""
    level, stem = between(rng, 0.46, 0.6), between(rng, 0.46, 0.58)
    cup = [
        (between(rng, 0.02, 0.12), between(rng, 0.0, 0.08)),
        (between(rng, -0.02, 0.04), level * 0.62),
        (0.12, level),
        (stem * 0.7, level - between(rng, 0.0, 0.05)),
        (stem + between(rng, 0.0, 0.14), level - between(rng, 0.02, 0.1)),
    ]
    right = [[(stem + 0.03, between(rng, 0.0, 0.14)), (stem, level), (stem - 0.03, 1.0)]]
    return [[cup], right]


def _four_closed(rng: np.random.Generator) -> list[StrokeRuns]:
    level, stem = between(rng, 0.55, 0.72), between(rng, 0.4, 0.52)
    corner, top = (between(rng, -0.02, 0.06), level), (stem, 0.0)
    end = (stem + between(rng, 0.1, 0.24), level + between(rng, -0.03, 0.03))
    start = (stem + float(rng.normal(0, 0.015)), float(rng.normal(0.0, 0.015)))
    return [[[top, corner], [corner, end]], [[start, (stem + float(rng.normal(0, 0.02)), 1.0)]]]


def _four_one_stroke(rng: np.random.Generator) -> list[StrokeRuns]:
    """Never lift the pen: down, across, up to the right, and down the stem."""
    level, stem = between(rng, 0.42, 0.56), between(rng, 0.48, 0.62)
    across = [
        (between(rng, 0.04, 0.14), between(rng, 0.02, 0.12)),
        (between(rng, 0.0, 0.05), level * 0.7),
        (between(rng, 0.1, 0.18), level),
        (stem * 0.7, level * 0.88),
        (stem + 0.03, between(rng, 0.0, 0.12)),
    ]
    return [[across, [across[-1], (stem - 0.02, level), (stem - between(rng, 0.02, 0.1), 1.0)]]]


# Digit -> its allographs and how often each is written.
ZERO_TO_FOUR: Mapping[int, tuple[tuple[float, Allograph], ...]] = MappingProxyType(
    {
        0: ((0.75, _zero), (0.25, _zero_open)),
        1: (
            (0.4, _one_plain),
            (0.33, _one_flagged),
            (0.2, _one_footed),
            (0.07, _one_plain_footed),
        ),
        2: ((0.45, _two_plain), (0.25, _two_looped), (0.3, _two_swan)),
        3: ((0.55, _three_round), (0.2, _three_looped), (0.25, _three_flat)),
        4: ((0.3, _four_open), (0.2, _four_cup), (0.3, _four_closed), (0.2, _four_one_stroke)),
    }
)
