from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.unit.training.bars import CONFIG, bars_data
from viewer.core.errors import UserError
from viewer.core.training.config import OPTIMISERS
from viewer.core.training.freezing import freeze
from viewer.core.training.loop import Trainer, TrainingData

FROZEN = ("conv1", "norm1", "norm3")
EVERYTHING = ("conv1", "norm1", "conv2", "norm2", "conv3", "norm3", "dense")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return bars_data()


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_frozen_layers_stay_to_the_last_bit_and_others_learn(
    optimiser: str, data: TrainingData
) -> None:
    config = replace(CONFIG, optimiser=optimiser, frozen=FROZEN, weight_decay=0.5, ema=0.0)
    trainer = Trainer(config, data)
    before = trainer.snapshot().weights
    list(trainer.events())  # three epochs, with evaluations between
    for name, value in trainer.snapshot().weights.items():
        is_frozen = name.split(".")[0] in FROZEN
        assert torch.equal(value, before[name]) == is_frozen, name


def test_a_frozen_normalisation_uses_the_statistics_it_has() -> None:
    network = nn.Sequential(nn.BatchNorm1d(2, affine=True), nn.Linear(2, 2)).train()
    freeze(network, ("0",))
    x = torch.randn(16, 2) + 5
    torch.testing.assert_close(network[0](x), x, rtol=1e-4, atol=1e-4)  # mean 0, variance 1
    assert network[1].training


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (("conv9",), r"no layer 'conv9' to freeze: there are conv1, norm1, .*dense\.$"),
        (("",), "no layer '' to freeze"),
        (EVERYTHING, "Every layer is frozen"),
    ],
)
def test_what_cannot_be_frozen(layers: tuple[str, ...], message: str, data: TrainingData) -> None:
    with pytest.raises(UserError, match=message):
        Trainer(replace(CONFIG, frozen=layers), data)
