"""``convnet-viewer screenshot``: a PNG of the real window, without a display."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.unit.cli.running import run_process
from viewer.cli.screenshot import selection, size

pytestmark = pytest.mark.slow


@pytest.fixture
def strokes(tmp_path: Path) -> Path:
    path = tmp_path / "seven.jsonl"
    points = [[80, 60], [200, 60], [130, 230]]
    path.write_text(json.dumps({"canvas": [280, 280], "strokes": [points]}) + "\n", "utf-8")
    return path


def _shot(path: Path, *arguments: str | Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Take a screenshot and return (H, W, 3)."""
    result = run_process("screenshot", *arguments, "-o", path)
    assert (result.code, result.out, result.err) == (0, "", "")
    with Image.open(path) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def test_the_size_is_the_one_asked_for(tmp_path: Path, strokes: Path) -> None:
    pixels = _shot(tmp_path / "window.png", strokes, "--size", "1200x800")
    assert pixels.shape == (800, 1200, 3)
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 200, "hardly anything is drawn"


def test_a_drawing_and_the_answers_to_it_are_in_the_picture(tmp_path: Path, strokes: Path) -> None:
    empty = _shot(tmp_path / "empty.png")
    drawn = _shot(tmp_path / "drawn.png", strokes)
    changed = (empty != drawn).any(axis=2)
    height, width = changed.shape
    assert (width, height) == (1440, 900)
    left, middle = changed[:, : width // 4], changed[:, width // 4 : 3 * width // 4]
    assert left.sum() > 1_000  # the pad and the bars
    assert middle.sum() > 50_000  # the layers


def test_of_several_drawings_the_first_is_shown(tmp_path: Path, strokes: Path) -> None:
    strokes.write_text(2 * strokes.read_text("utf-8"), "utf-8")
    pixels = _shot(tmp_path / "window.png", strokes)
    assert (pixels != _shot(tmp_path / "empty.png")).any(axis=2).sum() > 50_000


def test_dark_is_dark_and_light_is_light(tmp_path: Path) -> None:
    light = _shot(tmp_path / "light.png", "--theme", "light", "--model", "mlp")
    dark = _shot(tmp_path / "dark.png", "--theme", "dark", "--model", "mlp")
    assert np.median(light) > 200
    assert np.median(dark) < 60


def test_a_screen_of_twice_the_resolution(tmp_path: Path) -> None:
    pixels = _shot(tmp_path / "window.png", "--size", "1024x640", "--scale", "2")
    assert pixels.shape == (1280, 2048, 3)


def test_a_selected_map_changes_the_inspector(tmp_path: Path, strokes: Path) -> None:
    plain = _shot(tmp_path / "plain.png", strokes)
    selected = _shot(tmp_path / "selected.png", strokes, "--select", "conv1:3")
    changed = (plain != selected).any(axis=2)
    assert changed[:, 1150:].sum() > 5_000


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--select", "conv99:0"], ["conv99", "conv1"]),
        (["--select", "conv1:999"], ["999"]),
        (["--model", "resnet9000"], ["resnet9000"]),
    ],
)
def test_what_is_not_there_is_one_sentence_and_no_file(
    arguments: list[str], words: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "window.png"
    run_process("screenshot", *arguments, "-o", path).assert_one_sentence(*words)
    assert not path.exists()


def test_a_broken_input_is_one_sentence_and_no_file(tmp_path: Path) -> None:
    broken, path = tmp_path / "broken.png", tmp_path / "window.png"
    broken.write_bytes(b"no picture")
    run_process("screenshot", broken, "-o", path).assert_one_sentence("broken.png")
    assert not path.exists()


def test_sizes_and_selections_are_read() -> None:
    assert size("1440x900") == size("1440×900") == (1440, 900)
    assert selection("features.conv1:12") == ("features.conv1", 12)
