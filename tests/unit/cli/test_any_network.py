"""The commands on networks of pictures, and on those that tell no classes apart."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from tests.unit.cli.running import run_here
from viewer.cli.predict import _by_name

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")

IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # mean, std


def scripted(path: Path, *layers: nn.Module) -> Path:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), *layers).eval()
    torch.jit.save(torch.jit.trace(module, torch.rand(1, 3, 16, 16)), path)  # type: ignore[no-untyped-call]  # torch's own
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name in ("class_1", "Class 0"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(3):
            pixels = rng.integers(0, 256, (20, 30, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{i}.png")
    return tmp_path / "photos"


def test_a_network_without_classes(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = scripted(tmp_path / "maps.ts", nn.Conv2d(4, 2, 1))
    picture = folder / "class_1" / "0.png"
    result = run_here(capsys, "predict", "--model", network, picture)
    assert result.out == (
        f"{picture} [0]: maps tells no classes apart, so there is no prediction\n"
    )
    result = run_here(capsys, "evaluate", network, "--dataset", folder)
    result.assert_one_sentence("maps gives no scores of classes")


def test_evaluation_on_a_folder(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layers = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    network = scripted(tmp_path / "two.ts", *layers)
    result = run_here(capsys, "evaluate", network, "--dataset", folder)
    assert result.code == 0
    assert "of 6), " in result.out
    run_here(capsys, "evaluate", network).assert_one_sentence("doesn't say what it was trained on")
    (folder / "class_1").rename(folder / "cat")
    result = run_here(capsys, "evaluate", network, "--dataset", folder)
    result.assert_one_sentence("two has no class called cat")


def test_damaged_images_are_counted_and_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layers = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    network = scripted(tmp_path / "two.ts", *layers)
    (folder / "class_1" / "0.png").write_bytes(b"no picture")
    result = run_here(capsys, "evaluate", network, "--dataset", folder, "--json")
    assert result.code == 0
    found = json.loads(result.out)
    assert (found["n"], found["unreadable"]) == (5, 1)
    assert "1 of 6 files could not be read and was left out: 0.png is not a" in result.err


class Own(nn.Module):
    """A network whose class is nobody else's."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.score = nn.Conv2d(3, 4, 3), nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = self.score(self.conv(x).relu().mean((2, 3)))
        return scores


def test_a_pickle_is_evaluated_once_it_is_trusted(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    module, path = Own().eval(), tmp_path / "own.pt"
    torch.save(module, path)
    arguments = "evaluate", path, "--dataset", folder, "--input-size", "3x16x16", "--json"
    run_here(capsys, *arguments).assert_one_sentence("own.pt", "--trust")
    result = run_here(capsys, *arguments, "--trust")
    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert found["n"] == 6
    right = 0
    for label, name in enumerate(("Class 0", "class_1")):
        for file in sorted((folder / name).iterdir()):
            with Image.open(file) as image:
                middle = image.resize((24, 16), Image.Resampling.BILINEAR).crop((4, 0, 20, 16))
            x = torch.from_numpy(np.asarray(middle, np.float32) / 255).permute(2, 0, 1)[None]
            mean, std = (torch.tensor(v).view(3, 1, 1) for v in IMAGENET)
            with torch.no_grad():
                right += int(module((x - mean) / std).argmax()) == label
    assert found["correct"] == right


def test_two_classes_of_one_name() -> None:
    assert _by_name(("crane", "ox", "crane"), [0.6, 0.1, 0.3]) == {"crane": 0.6, "ox": 0.1}


class Tokens(nn.Module):
    """Turns maps, (N, C, H, W), into tokens, (N, H · W, C)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(2).transpose(1, 2)


def test_a_layer_of_tokens_is_one_picture(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layers = nn.MaxPool2d(4), Tokens(), nn.LayerNorm(4), nn.Flatten(), nn.Linear(64, 2)
    network, figure = scripted(tmp_path / "tokens.ts", *layers), tmp_path / "tokens.png"
    picture = folder / "class_1" / "0.png"
    numbers, size = tmp_path / "tokens.npz", ("--input-size", "3x16x16")
    for path in (figure, numbers):
        result = run_here(
            capsys, "export", "--model", network, picture, "--layer", "4", "-o", path, *size
        )
        assert result.code == 0, result.err
    with np.load(numbers, allow_pickle=False) as file:
        assert file["maps"].shape == (16, 4)
    with Image.open(figure) as image:
        assert min(image.size) > 16
