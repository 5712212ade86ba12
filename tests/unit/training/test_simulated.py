from dataclasses import replace

import numpy as np
import pytest

from viewer.core.data.mnist import load_mnist
from viewer.core.errors import UserError
from viewer.core.training.simulated import add_simulated, simulated_digits

FEW = load_mnist("test").select(np.arange(85))


def test_drawings_look_like_the_data_set() -> None:
    drawn = simulated_digits(FEW, 200, seed=1)
    assert drawn.images.shape == (200, 28, 28)
    assert np.bincount(drawn.labels).tolist() == [20] * 10
    ink = drawn.images.mean(axis=(1, 2)) / 255
    assert 0.05 < ink.mean() < 0.2  # MNIST: 0.065 to 0.21
    assert drawn.images.max() > 200
    y, x = np.mgrid[0:28, 0:28]
    weight = drawn.images / drawn.images.sum(axis=(1, 2), keepdims=True)
    for axis in (y, x):
        assert (weight * axis).sum(axis=(1, 2)).mean() == pytest.approx(14, abs=0.5)


def test_the_seed_decides() -> None:
    first, second, other = (simulated_digits(FEW, 20, seed).images for seed in (1, 1, 2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_the_share_is_that_of_the_whole() -> None:
    mixed = add_simulated(FEW, 0.15, seed=1)
    assert len(mixed) == 100
    assert np.array_equal(mixed.images[:85], FEW.images)


def test_no_share_changes_nothing() -> None:
    assert add_simulated(FEW, 0.0, seed=1) is FEW


@pytest.mark.parametrize(
    "other",
    [
        replace(FEW, class_names=tuple("abcdefghij")),
        replace(FEW, images=FEW.images[:, :, :20]),
    ],
)
def test_only_square_digits_can_be_simulated(other: object) -> None:
    with pytest.raises(UserError, match="not for mnist"):
        simulated_digits(other, 1, seed=1)  # type: ignore[arg-type]  # replace() keeps the type
