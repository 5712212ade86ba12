"""Networks whose input is no image: each is told as what it takes, not as one of another size."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import VisionTransformer  # type: ignore[import-untyped]  # no stubs

from tests.unit.nets.foreign import PROGRAMS
from viewer.core.capture import capture
from viewer.core.errors import UserError
from viewer.core.nets.formats.errors import UnknownSize
from viewer.core.nets.opening import network_of_module, open_network
from viewer.core.nets.profile import Profile


class Scores(nn.Module):
    """A layer, and scores of what it gives on average."""

    def __init__(self, layer: nn.Module, features: int) -> None:
        super().__init__()
        self.layer = layer
        self.scores = nn.Linear(features, 3)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.scores(self.layer(x).flatten(2).mean(-1))
        return found


class Words(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10, 8)
        self.scores = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.scores(self.embedding(x).mean(1))
        return found


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(12, 8, batch_first=True)
        self.scores = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.scores(self.lstm(x)[0][:, -1])
        return found


class Rows(nn.Module):
    """A network of images that reads their rows with a recurrent layer."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(8, 4, batch_first=True)
        self.scores = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.scores(self.gru(x.mean(1))[0][:, -1])
        return found


class Two(nn.Module):
    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return a + b


class Without(nn.Module):
    def forward(self) -> Tensor:
        return torch.zeros(1, 3)


MADE: dict[str, tuple[Callable[[], nn.Module], str, Tensor]] = {
    "words": (Words, "whole numbers", torch.zeros(1, 5, dtype=torch.long)),
    "recurrent": (Recurrent, "sequences", torch.zeros(1, 5, 12)),
    "1-d convolution": (lambda: Scores(nn.Conv1d(2, 4, 3), 4), "sequences", torch.zeros(1, 2, 9)),
    "3-d convolution": (
        lambda: Scores(nn.Conv3d(1, 4, 3), 4),
        "volumes",
        torch.zeros(1, 1, 8, 8, 8),
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_a_module_of_other_inputs_is_told_as_such(name: str) -> None:
    made, words, _ = MADE[name]
    network = made()
    with pytest.raises(UserError, match=f"takes {words}.*only networks of one image") as error:
        capture(network, torch.zeros(1, 3, 8, 8))
    assert not isinstance(error.value, UnknownSize)
    assert not any(part._forward_pre_hooks for part in network.modules())


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("way", ["scripted", "traced"])
def test_a_script_of_other_inputs_is_told_as_such(tmp_path: Path, name: str, way: str) -> None:
    made, words, example = MADE[name]
    module = made().eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's, of what is to replace it
        compiled: Any = {"scripted": torch.jit.script, "traced": torch.jit.trace}[way]
        script = compiled(module) if way == "scripted" else compiled(module, example)
        torch.jit.save(script, tmp_path / "x.pt")
    with pytest.raises(UserError, match=f"takes {words}.*only networks of one image") as error:
        open_network(str(tmp_path / "x.pt"))
    assert not isinstance(error.value, UnknownSize)


@pytest.mark.parametrize(
    ("module", "words"), [(Two(), r"takes 2 inputs \(a, b\)"), (Without(), "takes no input")]
)
def test_a_module_of_several_inputs_or_none_is_told_as_such(module: nn.Module, words: str) -> None:
    with pytest.raises(UserError, match=words):
        capture(module, torch.zeros(1, 3, 8, 8))


def test_an_image_may_become_a_sequence() -> None:
    loaded = network_of_module(Rows(), "rows", "rows", Profile(input_shape=(3, 8, 8)))
    assert loaded.metadata.input_shape == (3, 8, 8)


def of_grey() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(4 * 26 * 26, 3))


def test_other_channels_are_said_with_those_that_it_takes() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    with pytest.raises(UnknownSize) as error:
        capture(network, torch.zeros(1, 1, 20, 20), title="mine")
    assert str(error.value) == (
        "mine takes an image of 3 × 20 × 20 (channels, height, width), and was given 1 × 20 × 20: "
        "give an image of 3 channels."
    )


@pytest.mark.parametrize("given", [(1, 30, 30), (3, 30, 30)])
def test_another_size_is_said_with_one_that_it_takes(given: tuple[int, int, int]) -> None:
    with pytest.raises(
        UnknownSize, match=r"takes an image of 1 × 28 × 28 .* was given . × 30 × 30"
    ):
        capture(of_grey(), torch.zeros(1, *given))


def test_a_script_says_the_size_that_it_takes(tmp_path: Path) -> None:
    PROGRAMS["scripted"](of_grey(), (1, 28, 28), tmp_path / "x")
    with pytest.raises(UnknownSize, match=r"takes an image of 1 × 28 × 28 .*: give one of that"):
        open_network(str(tmp_path / "x"), profile=Profile(input_shape=(1, 30, 30)))


def test_a_scripted_transformer_opens(tmp_path: Path) -> None:
    """Its attention has a way in one operator, of which nothing would be seen."""
    torch.manual_seed(0)
    network = VisionTransformer(32, 8, 1, 2, 16, 32, num_classes=5).eval()
    nn.init.normal_(network.heads.head.weight)
    PROGRAMS["scripted"](network, (3, 32, 32), tmp_path / "x.pt")
    loaded = open_network(str(tmp_path / "x.pt"), profile=Profile(input_shape=(3, 32, 32)))
    image = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(loaded.module(image), network(image))
