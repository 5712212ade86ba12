"""The parts of the benchmark that need a large network: their figures, without running one."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from tests.large_net import NETWORK, large_record
from viewer.cli.benchmarks import images, scroll_vgg16
from viewer.cli.benchmarks.parts import LARGE_NETWORKS, PARTS
from viewer.cli.benchmarks.scenes import scene


def figures(name: str) -> set[str]:
    (part,) = (part for part in PARTS if part.name == name)
    return {figure.key for figure in part.figures}


def test_scrolling_s_figures_follow_from_its_frames() -> None:
    outputs = {"a": np.zeros(1000, np.float32), "b": np.zeros((2, 3, 250), np.float32)}
    record = replace(large_record(), outputs=MappingProxyType(outputs))
    found = scroll_vgg16.summary([0.004] * 98 + [0.030, 0.100], 12_000, record)
    assert found["frame_p99_ms"] == pytest.approx(30)
    assert found["frame_median_ms"] == pytest.approx(4)
    assert found["frame_max_ms"] == pytest.approx(100)
    assert found["memory_ratio"] == pytest.approx(1.2)
    assert figures("scroll_vgg16") <= found.keys()


def test_maps_are_counted_by_the_network_s_convolutions() -> None:
    assert scroll_vgg16.convolution_maps(NETWORK) == 64 + 512


def test_the_images_figures_follow_from_the_gaps() -> None:
    gaps = dict.fromkeys(LARGE_NETWORKS, [1.0] * 98 + [19.0, 70.0])
    gaps["vgg16"] = [1.0] * 98 + [18.0, 75.0]
    found = images.summary(gaps, dict.fromkeys(LARGE_NETWORKS, 6.0))
    assert (found["gap_p99_ms"], found["gap_max_ms"]) == (19, 75)
    assert (found["resnet18_answers_per_s"], found["vgg16_max_ms"]) == (6, 75)
    assert figures("images") <= found.keys()


def test_scenes_are_pictures_in_colour_that_differ_but_can_be_had_again() -> None:
    one, other, again = scene(0), scene(1), scene(0)
    assert one.rgb is not None
    assert again.rgb is not None
    assert one.rgb.shape == (480, 640, 3)
    assert one.rgb.dtype == np.uint8
    assert one.pixels.shape == (480, 640)
    assert one.pixels.dtype == np.float32
    assert 0 <= one.pixels.min() < one.pixels.max() <= 1
    assert not np.array_equal(one.pixels, other.pixels)
    assert np.array_equal(one.rgb, again.rgb)
    assert float(one.pixels[5, 7]) == pytest.approx(
        float(one.rgb[5, 7] @ np.array([0.299, 0.587, 0.114]) / 255), abs=1e-5
    )
