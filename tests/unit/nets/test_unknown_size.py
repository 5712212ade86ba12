"""Networks that take no image of a usual size: a refusal that a person can answer."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tests.unit.nets.foreign import PROGRAMS
from viewer.core.errors import UserError
from viewer.core.nets.formats.errors import UnknownSize
from viewer.core.nets.opening import network_of_module, open_network
from viewer.core.nets.profile import Profile
from viewer.core.nets.refusal import KINDS, SIZE, refusal_of
from viewer.core.nets.trial_run import Trial, TrialRefused

SHAPE = (3, 20, 20)


class OfOneSize(nn.Module):
    """Takes images of 20 × 20 pixels alone."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 5)
        self.fc = nn.Linear(4 * 16 * 16, 3)

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.fc(torch.flatten(self.conv(x), 1))
        return scores


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "odd.pt"
    PROGRAMS["scripted"](OfOneSize(), SHAPE, path)
    return str(path)


def test_a_script_of_an_unusual_size_asks_for_it_and_takes_it(script: str) -> None:
    with pytest.raises(UnknownSize, match=r"takes no image of a usual size .*: say its input size"):
        open_network(script)
    loaded = open_network(script, profile=Profile(input_shape=SHAPE))
    assert loaded.metadata.input_shape == SHAPE
    assert loaded.module(torch.zeros(1, *SHAPE)).shape == (1, 3)


def test_a_size_that_is_wrong_is_named(script: str) -> None:
    with pytest.raises(UnknownSize, match=r"takes no image of 3 × 21 × 20 .*: say another input"):
        open_network(script, profile=Profile(input_shape=(3, 21, 20)))


def test_a_module_of_an_unusual_size_asks_for_it() -> None:
    with pytest.raises(UnknownSize):
        network_of_module(OfOneSize(), "mine", "mine")
    given = network_of_module(OfOneSize(), "mine", "mine", Profile(input_shape=SHAPE))
    assert given.metadata.input_shape == SHAPE


def test_the_question_comes_out_of_the_other_process(script: str) -> None:
    with pytest.raises(TrialRefused) as error:
        Trial().run(script)
    assert error.value.refusal.kind == SIZE
    assert "say its input size" in error.value.refusal.sentence


def test_only_such_a_refusal_is_a_question_of_size() -> None:
    assert refusal_of(UnknownSize("mine", None, "")).kind == SIZE
    assert refusal_of(UserError("mine is empty: choose another.")).kind != SIZE
    assert SIZE in KINDS
    assert "it gives no tensor" in str(UnknownSize("mine", None, ""))
