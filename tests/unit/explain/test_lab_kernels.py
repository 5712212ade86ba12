import numpy as np

from viewer.core.explain.lab_kernels import OWN_NAME, KernelSet
from viewer.core.explain.lab_presets import kernel_preset
from viewer.core.explain.lab_settings import MAX_KERNELS


def _edges(channels: int = 1) -> KernelSet:
    return KernelSet.from_preset(kernel_preset("four_edges"), channels)


def test_a_preset_is_the_same_in_every_channel() -> None:
    found = _edges(3)
    assert found.names[0] == "top edge"
    assert found.kernels.shape == (4, 3, 3, 3)
    np.testing.assert_array_equal(found.kernels[:, 0], found.kernels[:, 2])
    assert found.with_channels(1).kernels.shape == (4, 1, 3, 3)


def test_resizing_keeps_the_middle() -> None:
    grown = _edges().resized(5, 6)
    assert grown.size == (5, 6)
    np.testing.assert_array_equal(grown.kernels[:, :, 1:4, 1:4], _edges().kernels)
    assert abs(grown.kernels).sum() == abs(_edges().kernels).sum()
    np.testing.assert_array_equal(grown.resized(3, 3).kernels, _edges().kernels)


def test_a_weight_changes_and_the_old_set_stays() -> None:
    before = _edges(3)
    after = before.with_weight(2, 1, 0, 2, 7)
    assert after.kernels[2, 1, 0, 2] == 7
    assert before.kernels[2, 1, 0, 2] == 0
    assert after.names == ("top edge", "left edge", OWN_NAME, "right edge")
    assert after.with_weight(2, 1, 0, 2, 7) is after


def test_adding_takes_the_larger_size_and_stops_when_full() -> None:
    found = _edges().added("large", np.ones((1, 5, 5)))
    assert found.size == (5, 5)
    assert found.kernels[4].sum() == 25
    while len(found.names) < MAX_KERNELS:
        found = found.added("more", np.ones((1, 1, 1)))
    assert found.added("too many", np.ones((1, 1, 1))) is found
    assert found.kernels[-1, 0, 2, 2] == 1


def test_removing_leaves_the_last_one() -> None:
    found = _edges().removed(1)
    assert found.names == ("top edge", "bottom edge", "right edge")
    for _ in range(3):
        found = found.removed(0)
    assert found.names == ("right edge",)


def test_replacing_the_only_kernel_brings_its_size() -> None:
    found = _edges().replaced(0, "small", np.ones((1, 1, 1)))
    assert found.size == (3, 3)
    assert found.kernels[0, 0].tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    alone = KernelSet(("a",), np.ones((1, 3, 3, 3))).replaced(0, "b", np.ones((1, 2, 4)))
    assert alone.kernels.shape == (1, 3, 2, 4)
