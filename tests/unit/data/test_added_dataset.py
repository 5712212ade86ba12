"""A data set in colour that somebody registers is trained on, judged and answered about."""

import json
from pathlib import Path

import pytest
from PIL import Image

from tests import color_squares
from viewer import cli
from viewer.core.data.registry import DatasetEntry, dataset_infos, dataset_title, is_drawn
from viewer.core.nets.checkpoint import load_checkpoint

TRAINING = (
    *("--dataset", color_squares.NAME, "--arch", "digits", "--epochs", "8"),
    *("--hyper", "maps1=4", "--hyper", "maps2=4", "--hyper", "maps3=4", "--batch-size", "10"),
)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    color_squares.register(monkeypatch)


def test_it_is_listed(tmp_path: Path) -> None:
    info = dataset_infos(tmp_path)[-1]
    assert (info.name, info.title, info.ready) == ("squares", "Coloured squares", True)
    assert (info.input_shape, info.counts, info.download_bytes) == ((3, 32, 32), (120, 30), 0)
    assert dataset_title("squares") == "Coloured squares"
    assert not is_drawn("squares")
    assert is_drawn("mnist")


def test_its_network_answers_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    assert cli.main(["train", *TRAINING, "-o", str(run)]) == 0
    network = run / "network.safetensors"
    preparation = load_checkpoint(network).metadata.preparation
    assert not preparation.digit
    for name, color in (("red", (230, 30, 20)), ("blue", (10, 20, 200))):
        Image.new("RGB", (50, 40), color).save(tmp_path / f"{name}.png")
    capsys.readouterr()
    files = [str(tmp_path / f"{name}.png") for name in ("red", "blue")]
    assert cli.main(["predict", "--model", str(network), "--json", *files]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["prediction"] for answer in answers] == ["red", "blue"]
    assert cli.main(["evaluate", str(network), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] == 1


def test_ink_has_one_channel() -> None:
    with pytest.raises(ValueError, match="Photographs has 3 channels, and ink has one"):
        DatasetEntry(
            "photographs",
            "Photographs",
            drawn=True,
            counts=(2, 2),
            input_shape=(3, 8, 8),
            class_names=("a", "b"),
            load=color_squares.load_squares,
        )
