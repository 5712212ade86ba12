"""Files of somebody's own on the command line: trusted, sized, named."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import models  # type: ignore[import-untyped]  # no stubs

from tests.unit.nets.foreign import PROGRAMS
from tests.unit.nets.test_unknown_size import SHAPE, OfOneSize
from viewer.cli import main
from viewer.cli.model_options import input_size
from viewer.core.nets.profile import Profile


@pytest.mark.parametrize(
    ("text", "shape"),
    [("224", (3, 224, 224)), ("160x224", (3, 160, 224)), ("1x28×28", (1, 28, 28))],
)
def test_sizes(text: str, shape: tuple[int, int, int]) -> None:
    assert input_size(text) == shape


@pytest.mark.parametrize("text", ["", "x", "3x3x3x3", "224x", "-3", "12345"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        input_size(text)


@pytest.fixture
def weights(tmp_path: Path) -> str:
    torch.manual_seed(0)
    module = models.squeezenet1_1(num_classes=3)
    path = tmp_path / "mine.pth"
    torch.save(module.state_dict(), path)
    return str(path)


def test_a_state_dict_is_asked_about_a_photograph(
    weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = tmp_path / "names.txt"
    names.write_text("cat\ndog\nbird\n")
    picture = tmp_path / "photo.png"
    rng = np.random.default_rng(1)
    Image.fromarray(rng.integers(0, 256, (80, 100, 3), np.uint8)).save(picture)
    options = ["--model", weights, "--input-size", "64", "--classes", str(names)]
    code = main(["predict", "--json", *options, str(picture)])
    answer = json.loads(capsys.readouterr().out)
    assert code == 0
    assert list(answer["probabilities"]) == ["cat", "dog", "bird"]
    assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-5)


def test_inspect_shows_the_size_that_was_said(
    weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", weights, "--json", "--input-size", "96x64"]) == 0
    assert json.loads(capsys.readouterr().out)["input_shape"] == [3, 96, 64]


class Calls:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.system, (f"touch '{self.path}'",)


def test_nothing_is_run_without_trust(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    touched, path = tmp_path / "touched", tmp_path / "runs.pt"
    torch.save(Calls(touched), path)
    assert main(["inspect", str(path)]) == 1
    assert "posix.system" in capsys.readouterr().err and not touched.exists()
    assert main(["inspect", str(path), "--trust"]) == 1  # it is no network, all the same
    assert touched.exists()


def test_what_was_guessed_is_told_in_one_line_beside_the_answer(
    weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", weights, "--json"]) == 0
    found = capsys.readouterr()
    assert json.loads(found.out)["input_shape"] == [3, 224, 224]
    assert found.err.startswith(f"convnet-viewer: {weights}: ")
    assert "guessed" in found.err and found.err.count("\n") == 1
    assert main(["inspect", "mlp", "--json"]) == 0
    assert capsys.readouterr().err == ""


def test_the_window_is_told_what_the_options_say(
    weights: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from viewer import app
    from viewer.core import diagnostics

    names, asked = tmp_path / "names.txt", MagicMock(return_value=0)
    names.write_text("cat\ndog\nbird\n")
    monkeypatch.setattr(app, "run_window", asked)
    monkeypatch.setattr(diagnostics, "display_problem", lambda: None)
    monkeypatch.setattr("atexit.register", lambda _: None)
    assert main([weights, "--input-size", "20x30", "--classes", str(names)]) == 0
    assert asked.call_args.kwargs["profile"] == Profile(
        input_shape=(3, 20, 30), class_names=("cat", "dog", "bird")
    )


def test_a_size_without_a_file_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--input-size", "20"]) == 1
    assert "name the file" in capsys.readouterr().err


def test_a_screenshot_of_a_network_whose_size_was_said(tmp_path: Path) -> None:
    path, picture = tmp_path / "odd.pt", tmp_path / "window.png"
    PROGRAMS["scripted"](OfOneSize(), SHAPE, path)
    command = ["-m", "viewer", "screenshot", "--model", str(path), "-o", str(picture)]
    for options, code in (([], 1), (["--input-size", "20"], 0)):
        done = subprocess.run(
            [sys.executable, *command, *options], capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        assert picture.exists() == (code == 0)
        assert ("say its input size" in done.stderr) == (code == 1)
