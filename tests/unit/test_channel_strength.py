from __future__ import annotations

import numpy as np
import pytest

from viewer.core.channel_strength import Order, channel_order, kernel_order, strengths
from viewer.core.imaging.sliced_range import SlicedRange

MAPS = np.array([[[1, -9]], [[3, 3]], [[0, 0]], [[5, 0]], [[3, 3]]], np.float32)


def test_strengths_by_hand() -> None:
    assert strengths(MAPS, Order.MEAN).tolist() == [5, 3, 0, 2.5, 3]
    assert strengths(MAPS, Order.MAXIMUM).tolist() == [1, 3, 0, 5, 3]


def test_channels_in_each_order() -> None:
    assert channel_order(MAPS, Order.NUMBER, 5).tolist() == [0, 1, 2, 3, 4]
    assert channel_order(MAPS, Order.MEAN, 5).tolist() == [0, 1, 4, 3, 2]
    assert channel_order(MAPS, Order.MAXIMUM, 5).tolist() == [3, 1, 4, 0, 2]
    assert channel_order(None, Order.MEAN, 3).tolist() == [0, 1, 2]


def test_dead_channels_and_no_numbers_come_last() -> None:
    maps = MAPS.copy()
    maps[1, 0, 0] = np.nan
    assert channel_order(maps, Order.MEAN, 5, dead={0, 3}).tolist() == [4, 2, 1, 0, 3]
    assert channel_order(maps, Order.NUMBER, 5, dead={0}).tolist() == [0, 1, 2, 3, 4]


def test_large_layers_are_looked_at_in_parts() -> None:
    maps = np.random.default_rng(0).standard_normal((70, 80, 90), np.float32)
    expected = np.abs(maps).mean(axis=(1, 2), dtype=np.float64)
    assert strengths(maps, Order.MEAN) == pytest.approx(expected)


def test_a_range_is_found_in_slices() -> None:
    values = np.arange(-7, 15, dtype=np.float32).reshape(2, 11)
    found = SlicedRange(values)
    assert list(found.limits) == [0, 0]
    assert not found.look(10)
    assert list(found.limits) == [-7, 2]
    assert not found.look(10)
    assert found.look(10)
    assert found.done
    assert list(found.limits) == [-7, 14]


def test_what_is_not_finite_is_no_limit() -> None:
    values = np.array([np.nan, 2, np.inf, -3], np.float32)
    found = SlicedRange(values)
    while not found.look(1):
        pass
    assert list(found.limits) == [-3, 2]
    assert SlicedRange(np.empty(0, np.float32)).done


def test_kernels_are_sorted_by_their_norms() -> None:
    kernels = np.array([[[1, 2]], [[-3, 0]], [[2, 2]], [[np.nan, 9]], [[0, 3]]], np.float32)
    assert kernel_order(kernels).tolist() == [1, 4, 2, 0, 3]  # norms 3, 3, 2.83, 2.24, none
