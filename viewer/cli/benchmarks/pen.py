"""A hand that draws: the path of a pen, and stroke files for the program to open."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

UnitPoint = tuple[float, float]  # (x, y) in [0, 1], y downwards

CANVAS_PX = 280
_TURN = 1.25 * math.pi  # what each bow of a 3 sweeps


def three(n: int) -> list[UnitPoint]:
    """Return the path of a 3, drawn from the top in one stroke.

    Parameters
    ----------
    n : int
        How many points, at least 2.

    Returns
    -------
    list of (x, y)
        On a square of side 1, the ink about two thirds of it high.
    """
    return [_three_at(i / (n - 1)) for i in range(n)]


def _three_at(part: float) -> UnitPoint:
    if part < 0.5:
        centre_y, radius, along = 0.34, 0.16, 2 * part
        angle = -0.75 * math.pi + along * _TURN  # from the upper left, clockwise, to the waist
    else:
        centre_y, radius, along = 0.68, 0.18, 2 * part - 1
        angle = -0.5 * math.pi + along * _TURN  # from the waist, clockwise, to the lower left
    return 0.5 + radius * math.cos(angle), centre_y + radius * math.sin(angle)


def write_stroke_file(path: Path, points: Sequence[UnitPoint]) -> None:
    """Write one drawing of one stroke as JSON Lines."""
    stroke = [[round(x * CANVAS_PX, 2), round(y * CANVAS_PX, 2)] for x, y in points]
    line = {"canvas": [CANVAS_PX, CANVAS_PX], "strokes": [stroke], "label": "3"}
    path.write_text(json.dumps(line) + "\n", encoding="utf-8")
