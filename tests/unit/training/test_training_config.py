import json
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import pytest

from viewer.core.errors import UserError
from viewer.core.training.config import (
    Augmentation,
    TrainingConfig,
    load_config,
    load_recipe,
    recipe_names,
)


def test_json_and_back() -> None:
    config = TrainingConfig(
        architecture="mlp",
        hyper={"units1": 30, "batch_norm": True, "dropout": 0.25},
        epochs=3,
        optimiser="sgd",
        nesterov=False,
        lr=0.05,
        augmentation=Augmentation(rotation_deg=10, gain_low=0.5),
        frozen=("dense1", "norm1"),
        start="mlp",
        drawings_share=0.25,
    )
    assert TrainingConfig.from_json(config.to_json()) == config


def test_what_an_older_program_has_written_can_be_read() -> None:
    values = json.loads(TrainingConfig(epochs=7).to_json())
    for name in ("frozen", "start", "drawings_share"):
        del values[name]
    assert TrainingConfig.from_json(json.dumps(values)) == TrainingConfig(epochs=7)


def test_a_text_may_be_a_hyper_parameter() -> None:
    config = TrainingConfig(architecture="table", hyper={"layers": "[]"})
    assert TrainingConfig.from_json(config.to_json()) == config


def test_defaults_fill_what_is_left_out() -> None:
    config = TrainingConfig.from_json('{"epochs": 7, "augmentation": {"shear": 0.1}}')
    assert config == replace(TrainingConfig(), epochs=7, augmentation=Augmentation(shear=0.1))


def test_a_whole_number_stands_for_a_float() -> None:
    config = TrainingConfig.from_json('{"lr": 1}')
    assert isinstance(config.lr, float)
    assert config.to_json() == TrainingConfig(lr=1.0).to_json()


def test_it_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        TrainingConfig().epochs = 3  # type: ignore[misc]  # that is what the test is about


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "unknown setting": ({"colour": 1}, "no setting 'colour'"),
    "unknown in augmentation": ({"augmentation": {"colour": 1}}, "no setting 'colour'"),
    "augmentation a number": ({"augmentation": 3}, "augmentation must be an object"),
    "hyper a list": ({"hyper": [1]}, "hyper must be an object"),
    "epochs zero": ({"epochs": 0}, "epochs must be 1 to 10000, not 0"),
    "epochs a fraction": ({"epochs": 1.5}, "epochs must be a whole number"),
    "epochs true": ({"epochs": True}, "epochs must be a whole number"),
    "epochs beyond reason": ({"epochs": 10**400}, "epochs must be 1 to 10000"),
    "epochs null": ({"epochs": None}, "epochs must be a whole number"),
    "batch size zero": ({"batch_size": 0}, "batch_size must be 1 to"),
    "optimiser unknown": ({"optimiser": "lion"}, "one of sgd, adam, adamw, not 'lion'"),
    "schedule unknown": ({"schedule": "zigzag"}, "one of constant, step, cosine, onecycle"),
    "dataset a number": ({"dataset": 3}, "dataset must be a name, not 3"),
    "lr zero": ({"lr": 0}, "lr must be 1e-09 to 1000"),
    "lr negative": ({"lr": -0.1}, "lr must be"),
    "lr not a number": ({"lr": float("nan")}, "lr must be"),
    "lr infinite": ({"lr": float("inf")}, "lr must be"),
    "lr a text": ({"lr": "fast"}, "lr must be a number"),
    "momentum one": ({"momentum": 1}, "momentum must be 0 to 0.9999"),
    "nesterov a number": ({"nesterov": 1}, "nesterov must be true or false"),
    "weight decay negative": ({"weight_decay": -1}, "weight_decay must be"),
    "label smoothing one": ({"label_smoothing": 1}, "label_smoothing must be 0 to 0.9"),
    "validation one": ({"validation": 1}, "validation must be 0 to 0.9"),
    "ema one": ({"ema": 1}, "ema must be"),
    "seed negative": ({"seed": -1}, "seed must be"),
    "threads zero": ({"threads": 0}, "threads must be"),
    "device a number": ({"device": 0}, "device must be a name, not 0"),
    "rotation negative": ({"augmentation": {"rotation_deg": -1}}, "rotation_deg must be"),
    "thickness two": ({"augmentation": {"thickness": 2}}, "thickness must be 0 to 1"),
    "gain the wrong way": (
        {"augmentation": {"gain_low": 2, "gain_high": 1}},
        "gain_low must not be above gain_high",
    ),
    "frozen a name": ({"frozen": "conv1"}, "frozen must be a list of layers, not 'conv1'"),
    "frozen numbers": ({"frozen": [1]}, "frozen must be a list of layers"),
    "start a number": ({"start": 3}, "start must be a name, not 3"),
    "all drawings": ({"drawings_share": 1}, "drawings_share must be 0 to 0.9"),
    "all simulated": ({"augmentation": {"simulated": 1}}, "simulated must be 0 to 0.9"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_settings_are_refused_in_one_sentence(case: str) -> None:
    values, message = BAD[case]
    with pytest.raises(UserError, match=message) as caught:
        TrainingConfig.from_json(json.dumps(values), "mine.json")
    assert str(caught.value).startswith("mine.json: ")
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[1]", "3", "null", "[" * 100_000, b"\xff\xfe"])
def test_what_is_no_object_is_refused(text: str | bytes) -> None:
    with pytest.raises(UserError, match=r"mine\.json is not"):
        TrainingConfig.from_json(text, "mine.json")


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.json can't be read"):
        load_config(tmp_path / "gone.json")


def test_there_is_a_recipe_for_each_network_in_the_box() -> None:
    assert recipe_names() == ("digits", "lenet5", "mlp")
    for name in recipe_names():
        recipe = load_recipe(name)
        assert recipe.architecture == name
        assert recipe.validation == 0  # what is shipped has learned from all of the training part


def test_an_unknown_recipe_lists_what_there_is() -> None:
    with pytest.raises(UserError, match="no recipe 'soup': choose one of digits, lenet5, mlp"):
        load_recipe("soup")


def test_settings_load_no_torch() -> None:
    code = "import sys, viewer.core.training.config; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
