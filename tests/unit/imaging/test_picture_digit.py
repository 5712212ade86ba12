from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.unit.imaging.drawn import centre_of_mass, encoded, ink_box, likeness
from viewer.core.data.mnist import load_mnist
from viewer.core.imaging.digit import digit_from_drawing
from viewer.core.imaging.picture_digit import digit_from_picture
from viewer.core.imaging.pictures import picture_from_bytes
from viewer.core.imaging.raster import area_average, paint
from viewer.core.imaging.simulate import simulate_drawing
from viewer.core.imaging.strokes import centre_lines
from viewer.core.records import Drawing, FloatArray, Legibility, Picture

RNG_SEED = 11
Grid = NDArray[np.float64]


def rendered(drawing: Drawing) -> FloatArray:
    """Return the canvas as the pad would show it, ink 1: (280, 280)."""
    assert drawing.canvas is not None
    lines = [line * 2 for line in centre_lines(drawing)]
    shape = int(drawing.canvas[1]) * 2, int(drawing.canvas[0]) * 2
    return area_average(paint(lines, shape, [s.width_px for s in drawing.strokes]), 2)


def grid() -> tuple[Grid, Grid]:
    y, x = np.indices((280, 280)) / 280
    return x, y


def on_paper(ink: FloatArray, kind: str) -> bytes:
    """Return a picture file of some ink as a scanner, a phone or a blackboard shows it."""
    rng = np.random.default_rng(0)
    x, y = grid()
    noise = rng.normal(0, 1, ink.shape)
    lines = np.full(ink.shape, 0.92)
    lines[20::40], lines[:, 20::40] = 0.75, 0.75
    light = {
        "gradient": 1 - 0.4 * (0.5 * x + 0.8 * y),
        "vignette": 1 - 0.9 * ((x - 0.5) ** 2 + (y - 0.5) ** 2),
        "shadow": 1 - 0.45 / (1 + np.exp(-(x + 0.4 * y - 0.75) * 25)),
    }
    pages = {
        "black on white": 1 - ink,
        "white on black": ink,
        "bad JPEG": 0.9 - 0.75 * ink,
        "noise": 0.85 - 0.6 * ink + 0.08 * noise,
        "ruled": np.minimum(lines, 0.92 - 0.75 * ink),
        "chalk": 0.2 + 0.1 * x + 0.5 * ink + 0.03 * noise,
        "pencil": 0.9 - 0.25 * ink + 0.015 * noise,
        **{name: light[name] * (0.95 - 0.7 * ink) for name in light},
    }
    quality = 30 if kind == "bad JPEG" else 70
    form = "PNG" if " on " in kind else "JPEG"
    return encoded(pages[kind].astype(np.float32), form, quality)


KINDS = [
    "black on white",
    "white on black",
    "bad JPEG",
    "noise",
    "ruled",
    "chalk",
    "pencil",
    "gradient",
    "vignette",
    "shadow",
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pen_px", [6.0, 14.0, 28.0])
def test_pictures_are_read_as_the_strokes_they_show(kind: str, pen_px: float) -> None:
    rng = np.random.default_rng(RNG_SEED)
    alike = []
    for label in range(10):
        drawing = simulate_drawing(label, rng, size=0.6, pen_px=pen_px)
        image = digit_from_picture(picture_from_bytes(on_paper(rendered(drawing), kind), "a"))
        assert image.legibility is Legibility.OK
        alike.append(likeness(image.pixels, digit_from_drawing(drawing).pixels))
    # Under a broad pen, narrow gaps of a 4 or an 8 are closed on the paper already.
    assert float(np.median(alike)) > (0.95 if pen_px < 20 else 0.9)
    assert min(alike) > (0.8 if pen_px < 20 else 0.5)


def test_small_and_large_pictures_are_read_alike() -> None:
    drawing = simulate_drawing(2, np.random.default_rng(4), size=0.7, pen_px=16)
    ink = rendered(drawing)
    wanted = digit_from_drawing(drawing).pixels
    small = ink.reshape(40, 7, 40, 7).mean(axis=(1, 3))
    large = np.kron(ink, np.ones((4, 4), np.float32))
    for pixels in (small, large):
        image = digit_from_picture(Picture(1 - pixels, "a"))
        assert likeness(image.pixels, wanted) > 0.95


def test_extent_and_centre_of_mass_are_mnists() -> None:
    drawing = simulate_drawing(5, np.random.default_rng(2), size=0.5, pen_px=14)
    pixels = digit_from_picture(Picture(1 - rendered(drawing), "a")).pixels
    left, top, right, bottom = ink_box(pixels)
    assert max(right - left, bottom - top) in (20, 21)
    assert centre_of_mass(pixels) == pytest.approx((14, 14), abs=0.1)


def test_a_prepared_picture_passes_unchanged() -> None:
    images = load_mnist("test").images[:5].astype(np.float32) / 255
    for pixels in images:
        image = digit_from_picture(Picture(pixels, "MNIST", prepared=True))
        assert np.array_equal(image.pixels, pixels)
        assert image.legibility is Legibility.OK
    larger = digit_from_picture(Picture(images[0], "MNIST", prepared=True), size=56)
    assert larger.pixels.shape == (56, 56)
    assert likeness(larger.pixels, np.kron(images[0], np.ones((2, 2), np.float32))) > 0.95


def test_an_mnist_image_from_a_file_passes_as_it_is() -> None:
    images = load_mnist("test").images[:200].astype(np.float32) / 255
    same = [np.array_equal(digit_from_picture(Picture(i, "a")).pixels, i) for i in images]
    assert np.mean(same) > 0.97


def test_an_inverted_or_displaced_mnist_image_is_put_right() -> None:
    pixels = load_mnist("test").images[0].astype(np.float32) / 255
    inverted = digit_from_picture(Picture(1 - pixels, "a")).pixels
    assert likeness(inverted, pixels) > 0.9
    displaced = np.zeros((60, 60), np.float32)
    displaced[30:58, 2:30] = pixels
    assert likeness(digit_from_picture(Picture(displaced, "a")).pixels, pixels) > 0.9


def test_blank_pages() -> None:
    x, y = grid()
    rng = np.random.default_rng(0)
    ruled = np.full(x.shape, 0.92)
    ruled[20::40] = 0.8
    pages = [
        np.ones((28, 28)),
        np.zeros((50, 80)),
        np.full((1, 1), 0.5),
        rng.random((1, 300)),
        0.8 + 0.03 * rng.normal(size=x.shape),
        0.8 + 0.15 * rng.normal(size=x.shape),
        0.3 + 0.6 * x,
        1 - 0.9 * ((x - 0.5) ** 2 + (y - 0.5) ** 2),
        0.9 - 0.4 / (1 + np.exp(-(x + 0.4 * y - 0.7) * 40)),
        ruled,
        np.full((300, 300), np.nan),
    ]
    for page in pages:
        image = digit_from_picture(Picture(np.clip(page, 0, 1).astype(np.float32), "a"))
        assert image.legibility is Legibility.BLANK
        assert not image.pixels.any()
    nothing = digit_from_picture(Picture(np.zeros((0, 5), np.float32), "a"))
    assert nothing.legibility is Legibility.BLANK


@pytest.mark.parametrize("radius", [0.012, 0.03, 0.1])
def test_a_dot_is_a_speck_and_stays_small(radius: float) -> None:
    x, y = grid()
    page = np.where((x - 0.4) ** 2 + (y - 0.6) ** 2 < radius**2, 0.1, 0.9).astype(np.float32)
    image = digit_from_picture(Picture(page, "a"))
    assert image.legibility is Legibility.SPECK
    left, top, right, bottom = ink_box(image.pixels)
    assert max(right - left, bottom - top) < 16


def test_specks_and_a_shadow_at_the_edge_are_dropped() -> None:
    drawing = simulate_drawing(3, np.random.default_rng(9), size=0.5, pen_px=14)
    page = 0.92 - 0.75 * rendered(drawing)
    clean = digit_from_picture(Picture(page, "a")).pixels
    dirty = page.copy()
    dirty[4:7, 4:7] = 0.2
    dirty[270:273, 30:33] = 0.3
    dirty[:, :9] = 0.35
    assert likeness(digit_from_picture(Picture(dirty, "a")).pixels, clean) > 0.98


@pytest.mark.parametrize("beside", ["shadow", "ruled line"])
def test_what_comes_in_from_outside_is_no_part_of_a_digit(beside: str) -> None:
    page = np.full((200, 200), 0.95, np.float32)
    page[60:140, 60:70] = page[130:140, 60:110] = 0.1
    clean = digit_from_picture(Picture(page, "a")).pixels
    if beside == "shadow":
        page[20:180, :35] = 0.3
    else:
        page[160:163] = 0.2
    assert likeness(digit_from_picture(Picture(page, "a")).pixels, clean) > 0.98


def test_a_bar_that_does_not_meet_its_five_stays() -> None:
    page = np.full((200, 200), 0.95, np.float32)
    page[60:140, 60:70] = page[130:140, 60:110] = 0.1
    without = digit_from_picture(Picture(page, "a")).pixels
    page[60:70, 80:110] = 0.1
    with_bar = digit_from_picture(Picture(page, "a")).pixels
    assert with_bar[:10].sum() > without[:10].sum() + 5


def test_raw_shows_the_whole_picture_with_its_polarity_turned() -> None:
    page = np.full((100, 200), 0.9, np.float32)
    page[10:30, 10:20] = 0.1
    pixels = digit_from_picture(Picture(page, "a"), raw=True).pixels
    assert pixels.shape == (28, 28)
    assert pixels[0, 0] == pytest.approx(0.1, abs=0.02)  # beside the picture: its paper
    column, row = np.unravel_index(pixels.argmax(), pixels.shape)[::-1]
    assert (column, row) == pytest.approx((1.6, 9.4), abs=1)
    assert pixels.max() > 0.7


@pytest.mark.parametrize("size", [16, 32, 64, 224])
def test_nets_of_other_sizes(size: int) -> None:
    drawing = simulate_drawing(6, np.random.default_rng(1), size=0.6, pen_px=14)
    image = digit_from_picture(Picture(1 - rendered(drawing), "a"), size=size)
    assert image.pixels.shape == (size, size)
    assert likeness(image.pixels, digit_from_drawing(drawing, size=size).pixels) > 0.95
