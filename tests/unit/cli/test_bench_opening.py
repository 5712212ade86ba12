"""The parts of ``bench`` about networks that somebody brings: capture and opening."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from viewer.cli.benchmarks import capture, open_vgg16
from viewer.cli.benchmarks.parts import LARGE_NETWORKS, PARTS


def figures(name: str) -> set[str]:
    (part,) = (part for part in PARTS if part.name == name)
    return {figure.key for figure in part.figures}


def test_the_parts_have_the_figures_of_the_contract() -> None:
    whole = {f"{name}_whole" for name in LARGE_NETWORKS}
    assert figures("capture") == set(LARGE_NETWORKS) | whole
    assert figures("open_vgg16") == {"ratio", "window_ms", "script_ms"}


def test_the_ratio_of_capture_is_that_of_neighbours() -> None:
    # Everything is three times as slow from the third round on.
    samples = {
        "capture": [0.011, 0.011, 0.033],
        "bare": [0.010, 0.010, 0.030],
        "whole": [0.012, 0.012, 0.036],
    }
    found = capture.summary("net", samples)
    assert found["net"] == pytest.approx(1.1)
    assert found["net_whole"] == pytest.approx(1.2)
    assert found["net_capture_ms"] == pytest.approx(11)
    assert found["net_bare_ms"] == pytest.approx(10)


def test_the_result_of_a_capture_is_kept_until_the_next_is_there() -> None:
    alive: list[int] = []

    class Result:
        def __init__(self) -> None:
            alive.append(1)

        def __del__(self) -> None:
            alive.pop()

    during: list[int] = []

    def forward() -> Result:
        during.append(len(alive))
        return Result()

    sample = capture.keeping(forward)
    assert all(sample() >= 0 for _ in range(3))
    assert during == [0, 1, 1]


def test_the_ratio_of_opening_follows_from_its_samples() -> None:
    found = open_vgg16.summary({"window": [3.0, 1.2, 1.3], "script": [1.0, 0.9, 2.0]})
    assert found["ratio"] == pytest.approx(1.3)
    assert found["window_ms"] == pytest.approx(1300)
    assert found["script_ms"] == pytest.approx(1000)


def test_the_script_answers_with_the_weights_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tiny(_name: str) -> nn.Module:
        return nn.Sequential(nn.Conv2d(3, 2, 224), nn.Flatten())

    monkeypatch.setattr(open_vgg16, "build_torchvision", tiny)
    path = open_vgg16.saved(tmp_path)
    bias = torch.load(path, weights_only=True)["0.bias"]
    np.testing.assert_allclose(open_vgg16.bare(path)[0].numpy(), bias.numpy(), rtol=1e-6)
