"""A data set that is learned in a blink, a training of it, and what its events are asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from viewer.core.data.dataset import ImageDataset
from viewer.core.training.config import Augmentation, TrainingConfig
from viewer.core.training.events import Event, Finished
from viewer.core.training.loop import TrainingData

CONFIG = TrainingConfig(
    architecture="digits",
    hyper={
        "maps1": 3,
        "maps2": 4,
        "maps3": 4,
        "kernel1": 3,
        "kernel2": 3,
        "kernel3": 3,
        "batch_norm": True,
        "dropout": 0.2,
    },
    epochs=3,
    batch_size=16,
    lr=0.02,
    seed=5,
    ema=0.9,
    weight_decay=0.01,
    validation=0.25,
    augmentation=Augmentation(rotation_deg=5, shift_px=0.5, thickness=0.3, elastic_px=0.3),
)


def bars(n: int, seed: int, part: str) -> ImageDataset:
    """Return 12 × 12 images of a bar, upright or lying, anywhere, with some noise."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(n) % 2).astype(np.uint8)
    images = rng.integers(0, 40, (n, 12, 12), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        at = int(rng.integers(2, 10))
        (image[at] if label else image[:, at])[2:10] = 255
    return ImageDataset("bars", part, images, labels, ("upright", "lying"), 0.1, 0.25)


def bars_data() -> TrainingData:
    """Return 128 images to learn from and 60 to test with."""
    return TrainingData(bars(128, 1, "train"), bars(60, 2, "test"))


def only(kind: type, events: list[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def finished(events: list[Event]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


def same_weights(first: nn.Module, second: nn.Module) -> bool:
    pairs = zip(first.state_dict().items(), second.state_dict().items(), strict=True)
    return all(a == b and torch.equal(x, y) for (a, x), (b, y) in pairs)
