"""The recipes still train what they trained when the networks in the box were made."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.unit.training.bars import only
from viewer.core.data.mnist import load_mnist
from viewer.core.training.config import load_recipe
from viewer.core.training.events import BatchFinished
from viewer.core.training.loop import TrainingData, train

# Losses of every seventh step, by the program that made the networks in the box. Another order
# of the random draws, or of the operations, changes them by far more than another machine does.
LOSSES = {
    "digits": (2.297031, 1.320282, 0.630039, 0.268488, 0.56606, 0.178594, 0.324246),
    "lenet5": (2.322639, 2.178463, 1.491971, 1.101776, 0.693517, 0.905113, 0.755101),
    "mlp": (2.303785, 2.004459, 1.333334, 0.843345, 0.571866, 0.649567, 0.665372),
}


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data() -> TrainingData:
    first = np.arange(640)
    return TrainingData(load_mnist("train").select(first), load_mnist("test").select(first[:100]))


@pytest.mark.parametrize("name", LOSSES)
def test_a_recipe_trains_as_ever(name: str, data: TrainingData) -> None:
    config = replace(load_recipe(name), epochs=4, batch_size=64)
    losses = [batch.loss for batch in only(BatchFinished, list(train(config, data)))]
    assert losses[::7] == pytest.approx(LOSSES[name], rel=0.01)
