"""A training of a small network on few digits, for the tests of what runs one."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import nn

from viewer.core.data.registry import load_dataset
from viewer.core.live import Snapshot
from viewer.core.records import FloatArray
from viewer.core.training.config import TrainingConfig
from viewer.core.training.events import BatchFinished
from viewer.core.training.loop import Trainer, TrainingData

TRAIN, TEST = 256, 64
STEPS_PER_EPOCH = 14  # of 224 images, 16 at a time; 32 are for validation

CONFIG = TrainingConfig(
    architecture="mlp",
    hyper={"units1": 12, "units2": 8},
    epochs=2,
    batch_size=16,
    optimiser="sgd",
    schedule="constant",
    lr=0.05,
    validation=0.125,
    seed=3,
)


@cache
def few_digits() -> TrainingData:
    """Return images of MNIST: `TRAIN` to learn from and `TEST` others."""
    whole = load_dataset("mnist", "test")
    return TrainingData(
        whole.select(np.arange(TRAIN)), whole.select(np.arange(TRAIN, TRAIN + TEST))
    )


def load_few(config: TrainingConfig) -> TrainingData:
    """Stand in for what loads the data of a configuration."""
    del config
    return few_digits()


def train_to(trainer: Trainer, step: int) -> Trainer:
    """Train until the batch `step` is done."""
    for event in trainer.events():
        if isinstance(event, BatchFinished) and event.step == step:
            break
    return trainer


def snapshot_of(trainer: Trainer, title: str = "few", *, gradients: bool = False) -> Snapshot:
    found = trainer.snapshot(gradients=gradients)
    return Snapshot(
        "live few", title, trainer.metadata(), found.step, found.weights, found.gradients
    )


def plain_outputs(
    weights: dict[str, torch.Tensor], module: nn.Module, pixels: FloatArray
) -> dict[str, FloatArray]:
    """Return what every layer answers to pixels, (28, 28) in [0, 1], by plain torch."""
    mean, std = few_digits().train.mean_std()
    module.load_state_dict(weights)
    module.eval()
    found: dict[str, FloatArray] = {}
    with torch.no_grad():
        x = ((torch.from_numpy(pixels.copy()) - mean[0]) / std[0])[None, None]  # (1, 1, 28, 28)
        for name, layer in module.named_children():
            x = layer(x)
            found[name] = x[0].numpy()
        found["softmax"] = x.softmax(-1)[0].numpy()
    return found
