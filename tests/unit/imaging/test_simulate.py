from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from viewer.core.imaging.allographs import ALLOGRAPHS
from viewer.core.imaging.simulate import simulate_drawing
from viewer.core.imaging.strokes import ink_extent
from viewer.core.records import Drawing


def extent(drawing: Drawing) -> tuple[float, float, float, float]:
    box = ink_extent(drawing)
    assert box is not None
    return box


@pytest.mark.parametrize("label", range(10))
def test_every_drawing_is_labelled_and_on_its_canvas(label: int) -> None:
    rng = np.random.default_rng(label)
    for _ in range(100):
        drawing = simulate_drawing(label, rng, canvas=(400.0, 300.0))
        assert drawing.label == str(label)
        left, top, right, bottom = extent(drawing)
        assert 0 <= left <= right <= 400
        assert 0 <= top <= bottom <= 300
        assert 0.24 * 300 <= max(right - left, bottom - top) <= 0.96 * 300
        for stroke in drawing.strokes:
            assert stroke.points.dtype == np.float32
            assert np.isfinite(stroke.points).all()
            assert 0.04 * 300 <= stroke.width_px <= 0.2 * 300


def test_the_same_state_draws_the_same() -> None:
    a, b = (simulate_drawing(4, np.random.default_rng(3)) for _ in range(2))
    assert len(a.strokes) == len(b.strokes)
    for left, right in zip(a.strokes, b.strokes, strict=True):
        assert np.array_equal(left.points, right.points)


def test_what_is_asked_for_is_drawn() -> None:
    drawing = simulate_drawing(0, np.random.default_rng(0), size=0.5, pen_px=11, speed=0.0)
    left, top, right, bottom = extent(drawing)
    assert max(right - left, bottom - top) == pytest.approx(140, abs=1)
    assert drawing.strokes[0].width_px == 11


def test_a_fast_hand_leaves_fewer_points() -> None:
    slow, fast = (
        sum(
            len(stroke.points)
            for seed in range(20)
            for stroke in simulate_drawing(8, np.random.default_rng(seed), speed=speed).strokes
        )
        for speed in (0.0, 1.0)
    )
    assert fast < slow / 4


def test_slant_leans_to_the_right() -> None:
    def lean(slant_deg: float) -> float:
        leans = []
        for seed in range(60):
            drawing = simulate_drawing(1, np.random.default_rng(seed), slant_deg=slant_deg)
            points = np.concatenate([stroke.points for stroke in drawing.strokes])
            top, bottom = points[points[:, 1].argmin()], points[points[:, 1].argmax()]
            leans.append((top[0] - bottom[0]) / (bottom[1] - top[1]))
        return float(np.degrees(np.arctan(np.median(leans))))

    assert lean(15) == pytest.approx(15, abs=3)
    assert lean(0) == pytest.approx(0, abs=3)
    assert lean(-15) == pytest.approx(-15, abs=3)


@pytest.mark.parametrize("label", range(10))
def test_shares_of_the_allographs_add_up(label: int) -> None:
    assert sum(share for share, _ in ALLOGRAPHS[label]) == pytest.approx(1)


@pytest.mark.parametrize("label", range(10))
def test_runs_of_a_stroke_meet(label: int) -> None:
    rng = np.random.default_rng(0)
    for _, allograph in ALLOGRAPHS[label]:
        for stroke in (stroke for _ in range(20) for stroke in allograph(rng)):
            for run, following in pairwise(stroke):
                assert run[-1] == following[0]
