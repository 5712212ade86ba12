from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from viewer.core.imaging.raster import area_average, paint


def distance_to(line: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return each pixel's distance from a polyline, the plain way."""
    y, x = np.indices(shape) + 0.5
    distance = np.full(shape, np.inf)
    for a, b in pairwise(line):
        step = b - a
        t = np.clip(((x - a[0]) * step[0] + (y - a[1]) * step[1]) / (step @ step), 0, 1)
        distance = np.minimum(distance, np.hypot(x - a[0] - t * step[0], y - a[1] - t * step[1]))
    return distance


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("radius", [3.0, 10.0, 25.0])
def test_paint_is_all_within_the_pen_of_the_line(seed: int, radius: float) -> None:
    line = np.random.default_rng(seed).uniform(-20, 220, (6, 2))
    shape = (200, 180)
    painted = paint([line], shape, [radius])
    distance = distance_to(line, shape)
    # A fine pixel of doubt on either side of the outline: rows are whole.
    assert painted[distance < radius - 1].all()
    assert not painted[distance > radius + 1].any()
    exact = distance < radius
    assert painted.sum() == pytest.approx(exact.sum(), rel=0.03)


def test_lines_are_not_joined_with_each_other() -> None:
    left, right = np.array([[5.0, 5], [5, 35]]), np.array([[35.0, 5], [35, 35]])
    painted = paint([left, right], (40, 40), [2.0, 4.0])
    assert not painted[:, 10:29].any()
    assert painted[20, 3:7].all()
    assert painted[20, 31:39].all()


def test_a_point_paints_a_disc() -> None:
    painted = paint([np.array([[20.0, 20.5]])], (40, 40), [10.0])
    assert painted.sum() == pytest.approx(np.pi * 100, rel=0.03)


def test_area_average_worked_by_hand() -> None:
    ink = np.zeros((4, 4), np.bool_)
    ink[0, :2] = ink[1, 0] = True  # three of the first four pixels
    ink[2:, 2:] = True
    assert np.array_equal(area_average(ink, 2), np.array([[0.75, 0], [0, 1]], np.float32))


@pytest.mark.parametrize("factor", [2, 28, 300])
def test_area_average_of_full_blocks_is_one_whatever_their_size(factor: int) -> None:
    ink = np.zeros((2 * factor, 3 * factor), np.bool_)
    ink[:factor, factor : 2 * factor] = True
    assert area_average(ink, factor).tolist() == [[0, 1, 0], [0, 0, 0]]
