"""What each of the processes does that ``torchrun`` starts in the tests; also run in one.

``python -m torch.distributed.run … in_processes.py FOLDER``: each process writes
``whole.RANK.pt`` and ``stopped.RANK.pt``, what it has seen of a training and where it ended.
"""

from __future__ import annotations

import sys
from dataclasses import astuple
from pathlib import Path

import numpy as np
import torch

from viewer.core.data.dataset import ImageDataset
from viewer.core.training.config import Augmentation, TrainingConfig
from viewer.core.training.distributed import Team, team_of_processes
from viewer.core.training.events import BatchFinished, EpochFinished, Finished
from viewer.core.training.loop import Trainer, TrainingData

STOP_AFTER = 3  # steps

CONFIG = TrainingConfig(
    architecture="lenet5",
    epochs=2,
    batch_size=15,  # shares of 7 and 8
    optimiser="sgd",
    lr=0.05,
    weight_decay=0.01,
    label_smoothing=0.1,
    validation=0.25,
    ema=0.5,
    augmentation=Augmentation(rotation_deg=10, elastic_px=0.5, thickness=0.3, gain_high=1.5),
)


def blots(n: int, seed: int) -> ImageDataset:
    """Return 28 × 28 images of a blot in one of three corners."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(n) % 3).astype(np.uint8)
    images = rng.integers(0, 40, (n, 28, 28), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        y, x = 4 + 14 * (label // 2) + rng.integers(0, 3), 4 + 14 * (label % 2)
        image[y : y + 6, x : x + 6] = 255
    return ImageDataset("blots", "train", images, labels, ("a", "b", "c"), 0.1, 0.25)


def work(team: Team, path: Path, stop_after: int | None = None) -> None:
    """Train, and write what this process has seen."""
    trainer = Trainer(CONFIG, TrainingData(blots(80, 1), blots(20, 2)), team=team)
    batches, epochs, finished = [], [], 0
    events = trainer.events()
    for event in events:
        if isinstance(event, BatchFinished):
            batches.append(astuple(event))
        elif isinstance(event, EpochFinished):
            assert event.validation is not None
            epochs.append((event.loss, event.accuracy, event.validation.loss))
        finished += isinstance(event, Finished)
        if trainer.step == stop_after:
            break
    events.close()
    found = {"batches": batches, "epochs": epochs, "finished": finished, "step": trainer.step}
    torch.save(found | {"state": trainer.state()}, path)


if __name__ == "__main__":
    torch.set_num_threads(1)
    with team_of_processes() as members:
        folder = Path(sys.argv[1])
        work(members, folder / f"whole.{members.rank}.pt")
        work(members, folder / f"stopped.{members.rank}.pt", STOP_AFTER)
