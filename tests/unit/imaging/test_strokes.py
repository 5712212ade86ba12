from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tests.unit.imaging.drawn import drawing, ring
from viewer.core.imaging.strokes import (
    centre_lines,
    erase,
    ink_extent,
    transform,
    without_stray_marks,
)
from viewer.core.records import Drawing, Stroke


def test_extent_covers_all_strokes_without_the_pen() -> None:
    assert ink_extent(drawing([(10, 20), (30, 5)], [(50, 60)])) == (10, 5, 50, 60)


@pytest.mark.parametrize("empty", [Drawing(), drawing([]), drawing([(np.nan, 1)])])
def test_extent_of_nothing_is_none(empty: Drawing) -> None:
    assert ink_extent(empty) is None


def test_points_that_are_not_finite_are_left_out() -> None:
    lines = centre_lines(drawing([(1, 2), (np.inf, 3), (4, np.nan), (5, 6)]))
    assert np.array_equal(lines[0], [[1, 2], [5, 6]])


def test_eraser_cuts_a_line_exactly_at_its_circle() -> None:
    # By hand: a circle of radius 5 around (50, 3) meets the line y = 0 where
    # (x - 50)² = 25 - 9, so at 46 and 54.
    cut = erase(drawing([(0, 0), (100, 0)]), 50, 3, 5)
    assert len(cut.strokes) == 2
    assert np.allclose(cut.strokes[0].points, [[0, 0], [46, 0]])
    assert np.allclose(cut.strokes[1].points, [[54, 0], [100, 0]])


def test_eraser_keeps_the_points_of_what_it_leaves() -> None:
    cut = erase(drawing([(0, 0), (10, 0), (20, 0), (30, 0), (40, 0)]), 25, 0, 3)
    assert np.allclose(cut.strokes[0].points, [[0, 0], [10, 0], [20, 0], [22, 0]])
    assert np.allclose(cut.strokes[1].points, [[28, 0], [30, 0], [40, 0]])


def test_eraser_takes_ends_points_and_whole_strokes() -> None:
    original = drawing([(0, 0), (10, 0)], [(1, 1)], [(-2, 0), (2, 0)], [(50, 50)])
    cut = erase(original, 0, 0, 4)
    assert [stroke.points.tolist() for stroke in cut.strokes] == [
        [[4, 0], [10, 0]],
        [[50, 50]],
    ]


def test_eraser_that_misses_returns_the_same_drawing() -> None:
    original = drawing(ring((100, 100), 50), [(10, 10)])
    assert erase(original, 100, 100, 49) is original
    assert erase(original, 100, 100, 51) is not original


def test_eraser_survives_a_pen_that_stood_still() -> None:
    cut = erase(drawing([(0, 0), (0, 0), (0, 0), (10, 0), (10, 0)]), 0, 0, 2)
    assert len(cut.strokes) == 1
    assert np.allclose(cut.strokes[0].points, [[2, 0], [10, 0], [10, 0]])


def test_eraser_interpolates_pressure_at_the_cut() -> None:
    points = np.array([[0, 0], [10, 0]], np.float32)
    stroke = Stroke(points, 4.0, np.array([0.0, 1.0], np.float32))
    cut = erase(Drawing((stroke,)), 0, 0, 5).strokes[0]
    assert cut.pressure is not None
    assert np.allclose(cut.pressure, [0.5, 1.0])
    assert cut.width_px == 4.0


def test_what_the_eraser_leaves_is_outside_and_loses_no_length() -> None:
    rng = np.random.default_rng(0)
    line = rng.uniform(0, 100, (200, 2))
    cut = erase(drawing(line), 50, 50, 20)
    kept = 0.0
    for stroke in cut.strokes:
        steps = np.diff(stroke.points.astype(np.float64), axis=0)
        kept += float(np.hypot(*steps.T).sum())
        middles = stroke.points[:-1] + steps / 2
        assert np.hypot(*(middles - 50).T).min() > 20 - 1e-3
    # Independently: count finely sampled points outside the circle.
    fine = np.concatenate([np.linspace(a, b, 2000, endpoint=False) for a, b in pairwise(line)])
    lengths = np.repeat(np.hypot(*np.diff(line, axis=0).T) / 2000, 2000)
    outside = np.hypot(*(fine - 50).T) > 20
    assert kept == pytest.approx(float(lengths[outside].sum()), rel=1e-3)


def test_transform_moves_points_and_pen() -> None:
    moved = transform(drawing([(1, 2), (3, 4)]), np.array([[2.0, 0, 10], [0, 2, 20]]))
    assert np.allclose(moved.strokes[0].points, [[12, 24], [16, 28]])
    assert moved.strokes[0].width_px == 32


def test_a_far_speck_is_left_out_a_near_one_stays() -> None:
    circle = ring((100, 100), 50).astype(np.float64)
    far, near = np.array([[270.0, 270.0]]), np.array([[155.0, 100.0]])
    assert [len(line) for line in without_stray_marks([circle, far, near])] == [100, 1]


def test_a_speck_near_a_long_straight_segment_stays() -> None:
    # The nearest point of the line is far away, the line itself is not.
    line, dot = np.array([[0.0, 0.0], [100.0, 0.0]]), np.array([[50.0, 3.0]])
    assert len(without_stray_marks([line, dot])) == 2


def test_a_bar_far_from_the_rest_stays() -> None:
    body, bar = np.array([[0.0, 0.0], [0.0, 100.0]]), np.array([[50.0, 0.0], [62.0, 0.0]])
    assert len(without_stray_marks([body, bar])) == 2


def test_a_digit_made_of_dots_stays_whole() -> None:
    dots = [np.array([[x, y]]) for x, y in ring((50, 50), 40, 20).astype(np.float64).tolist()]
    assert len(without_stray_marks(dots)) == 20
