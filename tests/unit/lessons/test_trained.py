"""What the lessons train learns what they say, in as many steps as they take."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch

from tests.few_digits import train_to
from viewer.core.data.mnist_corner import NAME as CORNER
from viewer.core.data.registry import load_parts
from viewer.core.lessons.trained import CONVOLUTIONAL, DENSE, TRAINED, training_config
from viewer.core.training.loop import Trainer, TrainingData

STEPS = 150  # of the lesson
IMAGES = 500
UP, LEFT = -10, -10  # pixels, as the lesson moves its 7


@cache
def data() -> TrainingData:
    return TrainingData(*load_parts(CORNER))


def accuracy(trainer: Trainer, pixels: torch.Tensor) -> float:
    """Return the share of the first test images that is right, (N, 1, 28, 28) in [0, 1]."""
    (std,) = data().train.mean_std()[1]
    labels = torch.from_numpy(data().test.labels[: len(pixels)].astype(np.int64))
    with torch.no_grad():
        logits = trainer.network.eval()(pixels / std)
    return float((logits.argmax(1) == labels).float().mean())


@pytest.mark.parametrize(("network", "least", "most"), [(DENSE, 0, 0.3), (CONVOLUTIONAL, 0.75, 1)])
def test_what_was_learned_lower_right_is_known_upper_left_by_convolutions_alone(
    network: str, least: float, most: float
) -> None:
    trainer = train_to(Trainer(training_config(network, CORNER), data()), STEPS)
    test = torch.from_numpy(data().test.images[:IMAGES].copy())[:, None] / 255  # (N, 1, 28, 28)
    assert accuracy(trainer, test) > 0.75
    moved = torch.roll(test, (UP, LEFT), dims=(2, 3))  # nothing but paper comes in again
    assert least <= accuracy(trainer, moved) <= most
    assert accuracy(trainer, test[:1]) == 1  # the 7 that the lesson shows


@pytest.mark.parametrize("network", TRAINED)
def test_a_dense_layer_alone_has_weights_that_no_example_changes(network: str) -> None:
    trainer = Trainer(training_config(network, CORNER), data())
    first = {name: p.detach().clone() for name, p in trainer.network.named_parameters()}
    train_to(trainer, 3)
    changed = {name: p.detach() != first[name] for name, p in trainer.network.named_parameters()}
    if network == DENSE:
        by_pixel = changed["dense1.weight"].any(0)  # (784,)
        assert not by_pixel[: 12 * 28].any()
        assert by_pixel[12 * 28 :].any()
    else:
        assert changed["conv1.weight"].float().mean() > 0.9
