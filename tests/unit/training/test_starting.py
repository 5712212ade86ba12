from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.unit.training.bars import CONFIG, bars_data, finished
from viewer.core.data.dataset import ImageDataset
from viewer.core.errors import UserError
from viewer.core.nets.checkpoint import load_checkpoint, save_checkpoint
from viewer.core.nets.shipped import resolve_model
from viewer.core.training.config import TrainingConfig
from viewer.core.training.loop import Trainer, TrainingData

PLAIN = replace(CONFIG, hyper={**CONFIG.hyper, "batch_norm": False}, epochs=1)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return bars_data()


@pytest.fixture(scope="module")
def result(data: TrainingData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a trained network."""
    path = tmp_path_factory.mktemp("runs") / "network.safetensors"
    trainer = Trainer(CONFIG, data)
    event = finished(list(trainer.events()))
    save_checkpoint(path, event.network, trainer.result_metadata(event, "the command"))
    return path


def test_from_the_result_of_another_run(data: TrainingData, result: Path) -> None:
    trainer = Trainer(replace(PLAIN, start=str(result)), data)
    stored = load_checkpoint(result).module.state_dict()
    for name, value in trainer.snapshot().weights.items():
        assert torch.equal(value, stored[name])


def test_the_average_starts_there_too(data: TrainingData, result: Path) -> None:
    state = Trainer(replace(PLAIN, start=str(result), ema=0.9), data).state()
    for name, value in state["network"].items():
        assert torch.equal(value, state["average"][name])


def test_from_a_network_in_the_box() -> None:
    images = np.zeros((20, 28, 28), np.uint8)
    labels = np.zeros(20, np.uint8)
    digits = ImageDataset("d", "train", images, labels, tuple("0123456789"), 0.1, 0.3)
    config = TrainingConfig(architecture="lenet5", start="lenet5")
    trainer = Trainer(config, TrainingData(digits, digits))
    stored = load_checkpoint(resolve_model("lenet5")).module.state_dict()
    assert all(torch.equal(v, stored[n]) for n, v in trainer.network.state_dict().items())


def test_from_weights_at_hand_in_place_of_a_file(data: TrainingData) -> None:
    weights = Trainer(replace(CONFIG, seed=77), data).snapshot().weights
    trainer = Trainer(replace(CONFIG, start="no longer there"), data, start=weights)
    for name, value in trainer.network.state_dict().items():
        assert torch.equal(value, weights[name])
        assert value.data_ptr() != weights[name].data_ptr()


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ("nowhere", "no model 'nowhere'"),
        ("mlp", "mlp is of the architecture mlp, not digits"),
        (
            "digits",
            r"digits has conv1.weight of the shape \[16, 1, 5, 5\], .* needs \[3, 1, 3, 3\]",
        ),
    ],
)
def test_a_network_that_does_not_fit(start: str, message: str, data: TrainingData) -> None:
    with pytest.raises(UserError, match=message) as caught:
        Trainer(replace(PLAIN, start=start), data)
    assert str(caught.value).count(". ") == 0


def test_a_network_without_what_the_settings_ask_for(data: TrainingData, result: Path) -> None:
    with pytest.raises(UserError, match=r"has conv1.bias, which .* doesn't have: choose"):
        Trainer(replace(CONFIG, start=str(result)), data)
    weights = dict(Trainer(CONFIG, data).snapshot().weights)
    del weights["norm2.running_mean"]
    with pytest.raises(UserError, match=r"lacks norm2.running_mean, which .* needs"):
        Trainer(CONFIG, data, start=weights)
