from __future__ import annotations

import numpy as np
import pytest
from torch import nn

from tests.unit.explain.networks import explained
from viewer.core.explain.exciting_patches import Excitation, StrongestExcitations, input_patch

RNG = np.random.default_rng(0)


def expected(answers: np.ndarray, count: int, *, one_an_image: bool) -> list[Excitation]:
    found = [Excitation(n, y, x, float(value)) for (n, y, x), value in np.ndenumerate(answers)]
    found.sort(key=lambda item: (-item.value, item.image, item.y, item.x))
    if one_an_image:
        found = list({e.image: e for e in reversed(found)}.values())
        found.sort(key=lambda item: (-item.value, item.image))
    return found[:count]


@pytest.mark.parametrize("one_an_image", [True, False])
@pytest.mark.parametrize("batch", [1, 7, 40])
def test_batches_give_what_all_at_once_would(batch: int, one_an_image: bool) -> None:
    answers = RNG.integers(0, 30, (40, 5, 6)).astype(np.float32)  # many equals
    strongest = StrongestExcitations(9, one_an_image=one_an_image)
    starts = list(range(0, 40, batch))
    for start in reversed(starts):
        strongest.add(answers[start : start + batch], start)
    assert list(strongest.excitations) == expected(answers, 9, one_an_image=one_an_image)


def test_units_have_no_place() -> None:
    strongest = StrongestExcitations(2)
    strongest.add(np.array([0.5, np.nan, 2, -1, np.inf], np.float32), 10)
    assert strongest.excitations == (Excitation(12, 0, 0, 2.0), Excitation(10, 0, 0, 0.5))


def test_nothing_yet_and_nothing_right() -> None:
    strongest = StrongestExcitations()
    strongest.add(np.empty((0, 3, 3), np.float32), 0)
    assert strongest.excitations == ()
    with pytest.raises(ValueError, match="answers of one map"):
        strongest.add(np.zeros((2, 3), np.float32), 0)
    with pytest.raises(ValueError, match="at least 1"):
        StrongestExcitations(0)


def test_patches_are_cut_out_and_padded_with_zeros() -> None:
    module = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32, 2)
    )
    network = explained(module, (1, 8, 8)).network
    pixels = RNG.random((8, 8), np.float32)
    assert np.array_equal(
        input_patch(network, "1", Excitation(0, 1, 2, 1), pixels), pixels[1:5, 3:7]
    )
    corner = input_patch(network, "1", Excitation(0, 0, 3, 1), pixels)
    assert corner.shape == (4, 4)
    assert np.array_equal(corner[1:, :3], pixels[:3, 5:])
    assert not corner[0].any()
    assert not corner[:, 3].any()
    colour = np.stack((pixels, pixels, pixels))
    assert input_patch(network, "1", Excitation(0, 0, 3, 1), colour).shape == (3, 4, 4)
    assert np.array_equal(input_patch(network, "3", Excitation(0, 0, 0, 1), pixels), pixels)
