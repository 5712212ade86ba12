"""``convnet-viewer export`` through the networks in the box."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.unit.cli.running import run_here
from viewer.core.engine import Engine
from viewer.core.inputs import open_inputs
from viewer.core.records import InferenceRequest

STROKES = [[[20, 10], [80, 10], [45, 90]]]


@pytest.fixture
def seven(tmp_path: Path) -> Path:
    path = tmp_path / "seven.jsonl"
    lines = [{"canvas": [100, 100], "strokes": []}, {"canvas": [100, 100], "strokes": STROKES}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_maps_are_those_of_the_engine(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, seven: Path
) -> None:
    out = tmp_path / "maps.npz"
    done = run_here(capsys, "export", "--layer", "conv1", seven, "--index", "1", "-o", out)
    assert (done.code, done.out, done.err) == (0, "", "")
    record = Engine.open("digits").run(InferenceRequest(0, open_inputs(seven)[1]))
    with np.load(out) as file:
        np.testing.assert_array_equal(file["maps"], record.outputs["conv1"])


@pytest.mark.parametrize("name", ["a.png", "a.svg", "a.npz"])
def test_filters_need_no_input(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    arguments = ("export", "--layer", "conv1", "--what", "filters", "--dark", "--scope", "channel")
    assert run_here(capsys, *arguments, "-o", tmp_path / name).code == 0
    assert (tmp_path / name).stat().st_size > 500


def test_scale_and_colours_reach_the_figure(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, seven: Path
) -> None:
    sizes = []
    for scale in ("2", "4"):
        out = tmp_path / f"{scale}.png"
        arguments = ("--layer", "relu1", "--index", "1", "--scale", scale, "--colors", "grey")
        assert run_here(capsys, "export", *arguments, seven, "-o", out).code == 0
        with Image.open(out) as picture:
            sizes.append(picture.size)
            colors = np.asarray(picture).reshape(-1, 3)
    assert sizes[1][1] - sizes[0][1] == 2 * _mosaic_px("relu1")
    assert (np.ptp(colors.astype(int), axis=1) < 20).all()  # nothing but greys


def _mosaic_px(layer: str) -> int:
    channels, height, _ = Engine.open("digits").network.node(layer).output_shape
    rows = next(n for n in range(1, channels + 1) if n * n >= channels)
    return rows * height + rows - 1


def test_bad_input_is_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, seven: Path
) -> None:
    out = tmp_path / "a.png"

    def refused(*arguments: str | Path) -> str:
        done = run_here(capsys, "export", *arguments)
        done.assert_one_sentence()
        return done.err

    assert "no layer called 'nope'" in refused("--layer", "nope", seven, "-o", out)
    assert "conv1" in refused("--layer", "nope", "--what", "filters", "-o", out)
    assert "something to look at" in refused("--layer", "conv1", "-o", out)
    assert "0 to 1" in refused("--layer", "conv1", seven, "--index", "9", "-o", out)
    assert "colours" in refused("--layer", "conv1", seven, "--colors", "x", "-o", out)
    assert "no filters" in refused("--layer", "relu1", "--what", "filters", "-o", out)
    assert "ending" in refused("--layer", "conv1", seven, "-o", tmp_path / "a.bmp")
    assert "folder" in refused("--layer", "conv1", seven, "-o", tmp_path / "no" / "a.png")
    assert "Nothing is drawn" in refused("--layer", "softmax", seven, "-o", out)
    assert not out.exists()


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_here(capsys, "export").code == 2
    done = run_here(capsys, "export", "--help")
    assert done.code == 0
    assert "example:" in done.out
