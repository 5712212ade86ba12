"""How people write 5 to 9; see `viewer.core.imaging.allographs`."""

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

# --- 5 -----------------------------------------------------------------------------------


def _five_bowl(rng: np.random.Generator, neck: Point) -> Run:
    right = between(rng, 0.5, 0.68)
    return [
        neck,
        (right * 0.58, neck[1] - between(rng, 0.02, 0.09)),
        (right, between(rng, 0.6, 0.7)),
        (right * 0.6, between(rng, 0.95, 1.0)),
        (between(rng, -0.04, 0.06), between(rng, 0.84, 0.97)),
    ]


def _five_neck(rng: np.random.Generator) -> tuple[Point, Point, Point]:
    """Return the bar's right end, the upper left corner, and where the bowl begins."""
    corner = (between(rng, 0.06, 0.16), between(rng, 0.0, 0.04))
    bar_end = (between(rng, 0.46, 0.68), between(rng, -0.05, 0.05))
    return bar_end, corner, (corner[0] - between(rng, 0.0, 0.08), between(rng, 0.36, 0.48))


def _five_two_strokes(rng: np.random.Generator) -> list[StrokeRuns]:
    bar_end, corner, neck = _five_neck(rng)
    lift = (corner[0] + float(rng.normal(0.01, 0.02)), corner[1] + float(rng.normal(-0.01, 0.02)))
    return [[[corner, neck], _five_bowl(rng, neck)], [[lift, bar_end]]]


def _five_one_stroke(rng: np.random.Generator) -> list[StrokeRuns]:
    bar_end, corner, neck = _five_neck(rng)
    return [[[bar_end, corner], [corner, neck], _five_bowl(rng, neck)]]


def _five_flowing(rng: np.random.Generator) -> list[StrokeRuns]:
    """Run from the neck into the bowl without a corner: an S with a flat top."""
    bar_end, corner, neck = _five_neck(rng)
    return [
        [[bar_end, corner], [corner, (neck[0] + 0.02, neck[1] - 0.06), *_five_bowl(rng, neck)[1:]]]
    ]


# --- 6 -----------------------------------------------------------------------------------


def _six_curved(rng: np.random.Generator) -> list[StrokeRuns]:
    right, loop = between(rng, 0.46, 0.64), between(rng, 0.46, 0.6)
    return [
        [
            [
                (between(rng, 0.3, 0.6), 0.0),
                (between(rng, 0.14, 0.24), between(rng, 0.22, 0.32)),
                (0.02, 0.66),
                (right * 0.45, 1.0),
                (right, between(rng, 0.7, 0.8)),
                (right * 0.6, loop),
                (0.06, between(rng, 0.68, 0.82)),
            ]
        ]
    ]


def _six_straight(rng: np.random.Generator) -> list[StrokeRuns]:
    """Close the loop on a nearly straight back."""
    right, loop = between(rng, 0.44, 0.6), between(rng, 0.5, 0.62)
    top = (between(rng, 0.1, 0.3), 0.0)
    return [
        [
            [
                top,
                (top[0] * 0.6, 0.34),
                (0.03, 0.7),
                (right * 0.35, 0.98),
                (right * 0.92, 0.88),
                (right * 0.9, loop + 0.06),
                (right * 0.5, loop),
                (0.08, loop + between(rng, 0.08, 0.2)),
            ]
        ]
    ]


def _six_curled(rng: np.random.Generator) -> list[StrokeRuns]:
    """End the loop inside, as a curl."""
    right, loop = between(rng, 0.48, 0.64), between(rng, 0.5, 0.6)
    return [
        [
            [
                (between(rng, 0.36, 0.6), between(rng, 0.0, 0.06)),
                (0.16, 0.28),
                (0.02, 0.68),
                (right * 0.5, 1.0),
                (right, 0.78),
                (right * 0.7, loop),
                (right * between(rng, 0.28, 0.4), loop + 0.1),
                (right * 0.3, loop + between(rng, 0.18, 0.26)),
            ]
        ]
    ]


# --- 7 -----------------------------------------------------------------------------------


def _seven_parts(rng: np.random.Generator) -> tuple[Run, Run]:
    # A short bar that rises is the flag of a 1.
    corner = (between(rng, 0.52, 0.7), between(rng, 0.0, 0.06))
    bar = [
        (between(rng, -0.02, 0.06), between(rng, 0.0, 0.06)),
        (0.3, between(rng, 0.0, 0.06)),
        corner,
    ]
    foot = (between(rng, 0.06, 0.34), 1.0)
    bend = between(rng, -0.09, 0.02)
    middle = ((corner[0] + foot[0]) / 2 + bend, 0.52)
    return bar, [corner, middle, foot]


def _seven_plain(rng: np.random.Generator) -> list[StrokeRuns]:
    return [list(_seven_parts(rng))]


def _cross(rng: np.random.Generator, down: Run) -> StrokeRuns:
    x, y = down[1][0], down[1][1] + between(rng, -0.06, 0.06)
    tilt = float(rng.normal(0, 0.03))
    left, right = between(rng, 0.13, 0.24), between(rng, 0.13, 0.24)
    return [[(x - left, y + tilt), (x + right, y - tilt)]]


def _seven_crossed(rng: np.random.Generator) -> list[StrokeRuns]:
    bar, down = _seven_parts(rng)
    return [[bar, down], _cross(rng, down)]


def _seven_serif(rng: np.random.Generator) -> list[StrokeRuns]:
    bar, down = _seven_parts(rng)
    serif = [
        (bar[0][0] + float(rng.normal(0, 0.015)), bar[0][1] + between(rng, 0.07, 0.2)),
        bar[0],
    ]
    strokes: list[StrokeRuns] = [[serif, bar, down]]
    return [*strokes, _cross(rng, down)] if rng.random() < 0.3 else strokes


def _seven_round(rng: np.random.Generator) -> list[StrokeRuns]:
    """Round the corner and wave the bar."""
    bar, down = _seven_parts(rng)
    x, y = bar[-1]
    wave = (bar[1][0] - 0.1, bar[1][1] + between(rng, -0.02, 0.05))
    corner = [(x - 0.03, y), (x - 0.02, y + 0.09)]
    return [[[bar[0], wave, *corner, *down[1:]]]]


# --- 8 -----------------------------------------------------------------------------------


def _eight_figure(rng: np.random.Generator) -> list[StrokeRuns]:
    """Cross one line with itself at the waist, from the upper right."""
    top, low, waist = between(rng, 0.2, 0.3), between(rng, 0.24, 0.36), between(rng, 0.42, 0.52)
    run = [
        (0.3 + top * between(rng, 0.5, 0.95), between(rng, 0.06, 0.16)),
        (0.3, 0.0),
        (0.3 - top, waist * 0.5),
        (0.3, waist),
        (0.3 + low, (1 + waist) * 0.5),
        (0.3, 1.0),
        (0.3 - low, (1 + waist) * 0.5),
        (0.3 + between(rng, -0.02, 0.05), waist),
        (0.3 + top, waist * 0.5),
        (0.3 + top * between(rng, 0.3, 0.85), between(rng, 0.02, 0.1)),
    ]
    if rng.random() < 0.2:
        run = [(0.6 - x, y) for x, y in run]
    return [[run]]


def _eight_rings(rng: np.random.Generator) -> list[StrokeRuns]:
    """Set one ring on the other."""
    waist = between(rng, 0.42, 0.52)
    upper = (between(rng, 0.18, 0.28), waist / 2)
    lower = (between(rng, 0.24, 0.36), (1 - waist) / 2 + 0.01)
    x = 0.3 + float(rng.normal(0, 0.02))
    first = arc((x, waist / 2), upper, between(rng, 60, 110), -between(rng, 350, 385))
    second = arc((0.3, (1 + waist) / 2), lower, between(rng, -115, -65), -between(rng, 350, 385))
    return [[first], [second]]


# --- 9 -----------------------------------------------------------------------------------


def _nine_loop(rng: np.random.Generator, right: float) -> Run:
    low = between(rng, 0.4, 0.52)
    return [
        (right * between(rng, 0.9, 1.02), between(rng, 0.1, 0.2)),
        (right * between(rng, 0.45, 0.6), 0.0),
        (between(rng, 0.0, 0.05), low * 0.52),
        (right * 0.42, low),
        (right * 0.85, low * 0.72),
        (right, between(rng, 0.12, 0.2)),
    ]


def _nine_straight(rng: np.random.Generator) -> list[StrokeRuns]:
    right = between(rng, 0.42, 0.58)
    loop = _nine_loop(rng, right)
    return [[loop, [loop[-1], (right - 0.01, 0.5), (right - between(rng, -0.03, 0.14), 1.0)]]]


def _nine_hooked(rng: np.random.Generator) -> list[StrokeRuns]:
    """End the tail in a hook to the left, like a g."""
    right = between(rng, 0.42, 0.56)
    loop = _nine_loop(rng, right)
    tail = [
        loop[-1],
        (right + 0.01, 0.5),
        (right * 0.96, between(rng, 0.78, 0.84)),
        (right * between(rng, 0.48, 0.62), 1.0),
        (between(rng, -0.02, 0.1), between(rng, 0.85, 0.96)),
    ]
    return [[loop, tail]]


def _nine_curved(rng: np.random.Generator) -> list[StrokeRuns]:
    """Write one flowing line, a 6 upside down."""
    right = between(rng, 0.44, 0.58)
    loop = _nine_loop(rng, right)
    tail = [(right * 0.98, 0.42), (right * 0.8, 0.74), (between(rng, 0.06, 0.3), 1.0)]
    return [[loop + tail]]


def _nine_two_strokes(rng: np.random.Generator) -> list[StrokeRuns]:
    right, half = between(rng, 0.42, 0.56), between(rng, 0.2, 0.26)
    ring = arc((right / 2, half), (right / 2, half), between(rng, -60, 0), -between(rng, 350, 390))
    top = (right + float(rng.normal(0, 0.015)), between(rng, 0.0, 0.16))
    return [[ring], [[top, (right, 0.5), (right - between(rng, -0.03, 0.1), 1.0)]]]


# Digit -> its allographs and how often each is written.
FIVE_TO_NINE: Mapping[int, tuple[tuple[float, Allograph], ...]] = MappingProxyType(
    {
        5: ((0.45, _five_two_strokes), (0.35, _five_one_stroke), (0.2, _five_flowing)),
        6: ((0.5, _six_curved), (0.25, _six_straight), (0.25, _six_curled)),
        7: (
            (0.35, _seven_plain),
            (0.3, _seven_crossed),
            (0.17, _seven_serif),
            (0.18, _seven_round),
        ),
        8: ((0.75, _eight_figure), (0.25, _eight_rings)),
        9: (
            (0.3, _nine_straight),
            (0.27, _nine_hooked),
            (0.25, _nine_curved),
            (0.18, _nine_two_strokes),
        ),
    }
)
