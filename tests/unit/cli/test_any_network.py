"""The commands on networks of pictures, and on those that tell no classes apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from tests.unit.cli.running import run_here
from viewer.cli.predict import _by_name

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")


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
