from __future__ import annotations

import time

import numpy as np
import pytest

from tests.unit.imaging.drawn import centre_of_mass, drawing, ink_box, likeness, ring
from viewer.core.data.mnist import load_mnist
from viewer.core.imaging.digit import (
    CENTRE_OF_MASS_PX,
    digit,
    digit_from_drawing,
)
from viewer.core.imaging.simulate import simulate_drawing
from viewer.core.imaging.strokes import transform
from viewer.core.records import Drawing, Legibility, Stroke


def test_the_constants_are_mnists() -> None:
    images = load_mnist("test").images.astype(np.float64) / 255
    centres = np.array([centre_of_mass(image) for image in images[:2000]])
    # MNIST's mean is 14.0 as an index: half a pixel beyond the middle of the frame.
    assert np.allclose(centres.mean(axis=0), CENTRE_OF_MASS_PX - 0.5, atol=0.02)
    sides = [max(np.subtract(ink_box(image)[2:], ink_box(image)[:2])) for image in images[:2000]]
    assert np.mean(np.array(sides) == 20) > 0.99


def test_a_horizontal_line_worked_by_hand() -> None:
    # 100 px long: scaled to 17.5 px, with a pen of 2.5 px it is 20 × 2.5 px of ink. Its
    # centre of mass goes to 14.5 px from the edges, so the ink spans x from 4.5 to 24.5
    # and y from 13.25 to 15.75: row 13 is covered 0.75, row 14 whole, row 15 0.75.
    pixels = digit_from_drawing(drawing([(50, 100), (150, 100)])).pixels
    assert pixels[:, 14] == pytest.approx([0] * 13 + [0.75, 1, 0.75] + [0] * 12, abs=0.13)
    assert pixels[14, 4] == pytest.approx(0.5, abs=0.13)
    assert pixels[14, 5:24] == pytest.approx(np.ones(19), abs=1e-6)
    assert pixels[14, 24] == pytest.approx(0.5, abs=0.13)
    assert ink_box(pixels) == (4, 13, 25, 16)
    # Area of the pen's path: 17.5 × 2.5 and a disc of diameter 2.5.
    assert float(pixels.sum()) == pytest.approx(17.5 * 2.5 + np.pi * 1.25**2, rel=0.03)


@pytest.mark.parametrize("label", range(10))
def test_longest_side_and_centre_of_mass_of_any_digit(label: int) -> None:
    rng = np.random.default_rng(label)
    for _ in range(20):
        pixels = digit_from_drawing(simulate_drawing(label, rng)).pixels
        left, top, right, bottom = ink_box(pixels)
        assert max(right - left, bottom - top) in (20, 21)  # 21: 20 px, not on the grid
        x, y = centre_of_mass(pixels)
        # Ink that would be pushed out stays inside, so a lopsided digit may be off.
        assert abs(x - 14) < 0.1 or left == 0 or right == 28
        assert abs(y - 14) < 0.1 or top == 0 or bottom == 28


def test_ink_is_never_pushed_out() -> None:
    # Nearly all ink at the left end of a long line: its centre of mass is there.
    blob = [(x, y) for x in range(0, 22, 2) for y in (0, 100)]
    whole = digit_from_drawing(drawing([(0, 50), (100, 50)], blob)).pixels
    left, _, right, _ = ink_box(whole)
    assert right - left in (20, 21)
    assert right == 28
    assert whole[:, -1].max() > 0


@pytest.mark.parametrize("scale", [0.25, 0.5, 1.0])
@pytest.mark.parametrize("shift", [0.0, 40.0])
def test_size_and_place_on_the_canvas_make_no_difference(scale: float, shift: float) -> None:
    big = simulate_drawing(3, np.random.default_rng(5), size=0.8)
    moved = transform(big, np.array([[scale, 0, shift], [0, scale, shift]]))
    a, b = digit_from_drawing(big), digit_from_drawing(moved)
    assert b.legibility is Legibility.OK
    assert likeness(a.pixels, b.pixels) > 0.995


def test_the_pens_width_makes_no_difference() -> None:
    thin = simulate_drawing(8, np.random.default_rng(1), pen_px=4)
    thick = simulate_drawing(8, np.random.default_rng(1), pen_px=4, canvas=(280.0, 280.0))
    wide = Drawing(tuple(Stroke(s.points, 56.0) for s in thick.strokes), thick.canvas)
    assert np.array_equal(digit_from_drawing(thin).pixels, digit_from_drawing(wide).pixels)


def test_blank() -> None:
    for empty in (Drawing(), Drawing((), (280.0, 280.0)), drawing([]), drawing([(np.nan, 0)])):
        image = digit_from_drawing(empty)
        assert image.legibility is Legibility.BLANK
        assert image.pixels.shape == (28, 28)
        assert image.pixels.dtype == np.float32
        assert not image.pixels.any()


@pytest.mark.parametrize("line", [[(140, 140)], [(140, 140), (143, 141)], ring((50, 50), 8)])
def test_a_speck_is_not_blown_up(line: object) -> None:
    image = digit_from_drawing(drawing(np.array(line)))
    assert image.legibility is Legibility.SPECK
    left, top, right, bottom = ink_box(image.pixels)
    # 16 of 280 px is 0.71 of the smallest digit: at most 0.71 × 17.5 + 2.5 = 15 px.
    assert max(right - left, bottom - top) <= 16


def test_without_a_canvas_only_a_point_is_a_speck() -> None:
    tiny = [(0, 0), (0.001, 0.002)]
    assert digit_from_drawing(drawing(tiny, canvas=None)).legibility is Legibility.OK
    assert digit_from_drawing(drawing([(5, 5)], canvas=None)).legibility is Legibility.SPECK
    twice = drawing([(5, 5), (5, 5)], canvas=None)
    assert digit_from_drawing(twice).legibility is Legibility.SPECK


@pytest.mark.parametrize("size", [16, 20, 28, 32, 64, 96, 224])
def test_nets_of_other_sizes(size: int) -> None:
    pixels = digit_from_drawing(drawing(ring((100, 90), 60)), size=size).pixels
    assert pixels.shape == (size, size)
    left, top, right, bottom = ink_box(pixels)
    assert max(right - left, bottom - top) == pytest.approx(size * 20 / 28, abs=1.6)
    expected = 14.5 * size / 28 - 0.5
    assert centre_of_mass(pixels) == pytest.approx((expected, expected), abs=0.1 * size / 28 + 0.05)


def test_an_accidental_speck_does_not_set_the_scale() -> None:
    circle = ring((100, 100), 50)
    clean = digit_from_drawing(drawing(circle)).pixels
    assert np.array_equal(digit_from_drawing(drawing(circle, [(275, 275)])).pixels, clean)


def test_bars_of_a_five_and_a_seven_stay() -> None:
    body, bar = [(50, 50), (45, 120), (90, 130), (80, 180), (45, 190)], [(60, 45), (72, 44)]
    with_bar = digit_from_drawing(drawing(body, bar)).pixels
    without = digit_from_drawing(drawing(body)).pixels
    assert likeness(with_bar, without) < 0.99


@pytest.mark.parametrize(
    "line",
    [
        [(1e30, 1e30), (0, 0), (140, 140)],
        [(-1e38, 5), (1e38, 5)],
        [(np.inf, 0), (100, 100), (200, 150)],
        [(1e-30, 1e-30), (2e-30, 3e-30)],
        [(1e9, 1e9), (1e9 + 64, 1e9)],
        np.random.default_rng(0).uniform(0, 280, (2000, 2)),
        np.repeat([[140.0, 140.0]], 2000, axis=0),
    ],
)
@pytest.mark.parametrize("canvas", [(280.0, 280.0), None, (0.0, 0.0), (np.nan, 5.0), (-1.0, 9.0)])
@pytest.mark.parametrize("raw", [False, True])
def test_absurd_coordinates_never_crash(
    line: object, canvas: tuple[float, float] | None, raw: bool
) -> None:
    image = digit_from_drawing(drawing(np.array(line), canvas=canvas), raw=raw)
    assert image.pixels.shape == (28, 28)
    assert np.isfinite(image.pixels).all()
    assert 0 <= image.pixels.min() <= image.pixels.max() <= 1


def test_a_hundred_thousand_points_are_bearable() -> None:
    line = np.random.default_rng(0).uniform(0, 280, (100_000, 2))
    started = time.perf_counter()
    assert digit_from_drawing(drawing(line)).pixels.mean() > 0.3
    assert time.perf_counter() - started < 10


def test_raw_is_the_canvas_itself() -> None:
    # A line down the left edge stays there; pen 28 of 280 px is 2.8 px.
    line = Drawing((Stroke(np.array([[14, 0], [14, 280]], np.float32), 28.0),), (280.0, 280.0))
    pixels = digit_from_drawing(line, raw=True).pixels
    assert pixels[10] == pytest.approx([1, 1, 0.8] + [0] * 25, abs=0.13)
    assert centre_of_mass(pixels)[0] < 2


def test_raw_letterboxes_a_canvas_that_is_not_square() -> None:
    full = Stroke(np.array([[0, 50], [400, 50]], np.float32), 100.0)
    pixels = digit_from_drawing(Drawing((full,), (400.0, 100.0)), raw=True).pixels
    assert ink_box(pixels)[1::2] == (10, 18)  # 7 px high, in the middle: 10.5 to 17.5


def test_raw_keeps_each_strokes_own_width() -> None:
    thin = Stroke(np.array([[0, 70], [280, 70]], np.float32), 10.0)
    thick = Stroke(np.array([[0, 210], [280, 210]], np.float32), 40.0)
    column = digit_from_drawing(Drawing((thin, thick), (280.0, 280.0)), raw=True).pixels[:, 14]
    assert float(column[:14].sum()) == pytest.approx(1.0, abs=0.13)
    assert float(column[14:].sum()) == pytest.approx(4.0, abs=0.13)


def test_digit_takes_drawings_and_pictures() -> None:
    from viewer.core.records import Picture

    line = drawing([(0, 0), (9, 9)])
    assert np.array_equal(digit(line).pixels, digit_from_drawing(line).pixels)
    mnist = load_mnist("test").images[0].astype(np.float32) / 255
    assert np.array_equal(digit(Picture(mnist, "MNIST test 0", prepared=True)).pixels, mnist)


@pytest.mark.slow
def test_one_pen_movement_is_quick() -> None:
    line = drawing(ring((140, 140), 100, 400))
    times = []
    for _ in range(200):
        started = time.perf_counter()
        digit_from_drawing(line)
        times.append(time.perf_counter() - started)
    # 0.4 ms where measured; the bound leaves room for a slower, busy machine.
    assert float(np.median(times)) < 2e-3
