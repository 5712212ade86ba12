from __future__ import annotations

import numpy as np
import pytest

from viewer.core.data import mnist_corner
from viewer.core.data.dataset import pixel_mean_std
from viewer.core.data.mnist import load_mnist
from viewer.core.data.mnist_corner import in_corner, load_corner


def test_four_pixels_become_one_in_the_corner() -> None:
    images = np.zeros((1, 28, 28), np.uint8)
    images[0, 0:2, 0:2] = [[10, 20], [30, 41]]  # 25.25
    images[0, 26:28, 26:28] = 255
    found = in_corner(images)
    assert found.shape == images.shape and found.dtype == np.uint8
    assert found[0, 12, 12] == 25
    assert found[0, 25, 25] == 255
    assert np.count_nonzero(found) == 2


def test_everything_else_is_paper() -> None:
    test = load_corner("test")
    assert (test.name, len(test), test.input_shape) == ("mnist-corner", 10_000, (1, 28, 28))
    assert np.array_equal(test.labels, load_mnist("test").labels)
    around = test.images.copy()
    around[:, 12:26, 12:26] = 0
    assert not around.any()


def test_paper_stays_0_and_the_deviation_from_it_is_1() -> None:
    ((mean,), (std,)) = pixel_mean_std(load_corner("train").images)
    assert mnist_corner.MEAN == 0
    assert pytest.approx(np.hypot(mean, std), abs=5e-5) == mnist_corner.STD
