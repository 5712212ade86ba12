"""``convnet-viewer [MODEL] [INPUT]``: what the arguments mean; tests of the window are in gui."""

from __future__ import annotations

from pathlib import Path

import pytest

from viewer.cli.window import sort_out
from viewer.core.errors import UserError


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "seven.png"
    path.touch()
    return path


def test_nothing_is_named() -> None:
    assert sort_out(None, None) == (None, None)


@pytest.mark.parametrize("model", ["lenet5", "own.safetensors", "own.pt", "folder/own.PTH"])
def test_a_network_alone(model: str) -> None:
    assert sort_out(model, None) == (model, None)


def test_an_input_alone(picture: Path) -> None:
    assert sort_out(str(picture), None) == (None, picture)


def test_a_network_and_an_input(picture: Path) -> None:
    assert sort_out("mlp", picture) == ("mlp", picture)


@pytest.mark.parametrize("model", [None, "mlp"])
def test_an_input_that_is_not_there(model: str | None, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"There is no file .*gone\.png: check the path"):
        sort_out(model, tmp_path / "gone.png")
