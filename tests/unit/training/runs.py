"""Small trainings for the tests of what is stored of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from viewer.core.data.dataset import ImageDataset
from viewer.core.training.config import TrainingConfig
from viewer.core.training.events import Event
from viewer.core.training.loop import TrainingData
from viewer.core.training.session import RunSession

# 48 images to learn from: 6 steps an epoch, 18 in all.
CONFIG = TrainingConfig(
    architecture="mlp",
    hyper={"units1": 5, "units2": 4},
    epochs=3,
    batch_size=8,
    lr=0.05,
    ema=0.9,
    validation=0.25,
    seed=3,
)
STEPS = 18


def noise(n: int, seed: int) -> ImageDataset:
    """Return 6 × 6 images of noise; the upper half of class 1 is brighter."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(n) % 2).astype(np.uint8)
    images = rng.integers(0, 120, (n, 6, 6), dtype=np.uint8)
    images[labels == 1, :3] += 80
    return ImageDataset("noise", "train", images, labels, ("a", "b"), 0.3, 0.2)


def data() -> TrainingData:
    return TrainingData(noise(64, 1), noise(20, 2))


def start(path: Path, config: TrainingConfig = CONFIG, **options: Any) -> RunSession:
    return RunSession.start(path, config, data=data(), **{"statistics_every": 4, **options})


def resume(path: Path, **options: Any) -> RunSession:
    return RunSession.resume(path, data=data(), **{"statistics_every": 4, **options})


def train_to(session: RunSession, step: int) -> list[Event]:
    """Train until the batch `step` is done, or to the end; return the events."""
    found: list[Event] = []
    for event in session.events():
        found.append(event)
        if session.trainer.step >= step and session.trainer.step < session.trainer.steps:
            break
    return found


def whole(path: Path, config: TrainingConfig = CONFIG, **options: Any) -> RunSession:
    """Train to the end, and close."""
    session = start(path, config, **options)
    list(session.events())
    session.close()
    return session


def weights(session: RunSession) -> dict[str, torch.Tensor]:
    return dict(session.trainer.network.state_dict())


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)
