import numpy as np

from viewer.core.explain.lab_image import fit_image


def test_a_small_picture_is_left_as_it_is() -> None:
    pixels = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.testing.assert_array_equal(fit_image(pixels), pixels[np.newaxis])


def test_a_large_picture_becomes_means_and_keeps_its_proportions() -> None:
    pixels = np.arange(8 * 4, dtype=np.float64).reshape(8, 4)
    small = fit_image(pixels, side=4)
    assert small.shape == (1, 4, 2)
    assert small[0, 0, 0] == pixels[:2, :2].mean()
    assert fit_image(np.ones((300, 201)), side=64).shape == (1, 64, 43)


def test_colours_may_stand_first_or_last() -> None:
    first = np.random.default_rng(0).random((3, 10, 12))
    np.testing.assert_array_equal(fit_image(first), first)
    last = np.concatenate((first, np.ones((1, 10, 12)))).transpose(1, 2, 0)  # with opacity
    np.testing.assert_array_equal(fit_image(last), first)
