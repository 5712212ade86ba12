"""The pieces that allographs are made of."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Point = tuple[float, float]
Run = list[Point]
StrokeRuns = list[Run]
Allograph = Callable[[np.random.Generator], list[StrokeRuns]]


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """Return a number drawn evenly from an interval."""
    return float(rng.uniform(low, high))


def arc(centre: Point, radii: Point, start_deg: float, turn_deg: float) -> Run:
    """Return points of an ellipse; degrees run clockwise on the screen, 0 is to the right."""
    count = max(4, int(abs(turn_deg) / 40) + 1)
    angles = np.radians(np.linspace(start_deg, start_deg + turn_deg, count))
    return [
        (centre[0] + radii[0] * float(np.cos(a)), centre[1] + radii[1] * float(np.sin(a)))
        for a in angles
    ]
