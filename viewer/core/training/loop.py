"""The training loop: a generator of events, to be read from top to bottom.

Whoever iterates decides when the next step happens: to pause is not to call ``next()``, to
stop is to drop the generator. All randomness comes from (seed, purpose, step or epoch) and
never from what went before, so a run that is resumed from its state repeats an uninterrupted
one bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the field's own name for it

from viewer.core.data.dataset import ImageDataset
from viewer.core.data.registry import load_dataset
from viewer.core.errors import UserError
from viewer.core.nets.architectures import architectures
from viewer.core.nets.checkpoint import Metadata
from viewer.core.nets.folding import fold
from viewer.core.training.augment import augment
from viewer.core.training.config import TrainingConfig
from viewer.core.training.events import (
    BatchFinished,
    CheckpointDue,
    EpochFinished,
    Event,
    Finished,
    WeightsPublished,
)
from viewer.core.training.metrics import evaluate, evaluate_tensors, image_tensors
from viewer.core.training.optimisation import WeightAverage, build_optimiser, learning_rate
from viewer.core.training.simulated import add_simulated


class Purpose(IntEnum):
    """What random numbers are for: each purpose has its own stream."""

    WEIGHTS = 0
    ORDER = 1
    AUGMENTATION = 2
    DROPOUT = 3
    SPLIT = 4
    SIMULATION = 5


@dataclass(frozen=True, slots=True)
class TrainingData:
    """The parts of a data set that a training needs.

    Attributes
    ----------
    train : ImageDataset
        To learn from; validation images are split off it.
    test : ImageDataset
        Looked at once, at the end.
    """

    train: ImageDataset
    test: ImageDataset


def train(config: TrainingConfig, data: TrainingData | None = None) -> Iterator[Event]:
    """Train from the start to the end.

    Parameters
    ----------
    config : TrainingConfig
    data : TrainingData, optional
        Default: the data set that `config` names.

    Yields
    ------
    Event
        `BatchFinished` after each step, `EpochFinished` and `CheckpointDue` after each epoch,
        `WeightsPublished` before the first step and after each epoch, `Finished` last.

    Raises
    ------
    UserError
        If the settings don't fit together, or the loss is no longer finite.
    """
    return Trainer(config, data).events()


class Trainer:
    """A training and where it stands.

    Attributes
    ----------
    config : TrainingConfig
    network : torch.nn.Module
        As it is now, on the training's device.
    step, steps : int
        Steps done, steps in all.
    steps_per_epoch : int
    publish_every : int
        Steps between two `WeightsPublished`; 0 for one an epoch.
    """

    def __init__(
        self, config: TrainingConfig, data: TrainingData | None = None, *, publish_every: int = 0
    ) -> None:
        self.config = config
        self.publish_every = publish_every
        self._device = _device(config.device)
        self._architecture = architectures().get(config.architecture)
        self._hyper = self._architecture.complete(config.hyper)
        self._data = _load(config.dataset) if data is None else data
        self.network = self._build_network()
        self._split(self._data.train)
        self.steps_per_epoch = max(1, len(self._labels) // config.batch_size)
        self.steps = config.epochs * self.steps_per_epoch
        self.step = 0
        self._loss_sum, self._correct, self._seen = 0.0, 0, 0  # of the epoch so far
        self._optimiser = build_optimiser(self.network, config)
        self._average = WeightAverage(self.network, config.ema) if config.ema else None

    def events(self) -> Iterator[Event]:
        """Train from where it stands to the end; see `train` for what it yields."""
        # Small networks: more threads than asked for would take the window's core.
        torch.set_num_threads(self.config.threads)
        if self.step == 0:
            yield self._published()
        while self.step < self.steps:
            epoch, first = divmod(self.step, self.steps_per_epoch)
            order = self._order(epoch)
            for position in range(first, self.steps_per_epoch):
                start = position * self.config.batch_size
                yield self._train_batch(order[start : start + self.config.batch_size])
                if self.publish_every and self.step % self.publish_every == 0:
                    yield self._published()
            yield self._finish_epoch(epoch)
            if not self.publish_every:
                yield self._published()
            yield CheckpointDue(self.step)
        yield self._finish()

    def state(self) -> dict[str, Any]:
        """Return all that `restore` needs, as tensors and numbers; between two events only."""
        return {
            "config": self.config.to_json(),
            "step": self.step,
            "epoch_sums": [self._loss_sum, self._correct, self._seen],
            "network": _copied(self.network.state_dict()),
            "optimiser": _copied(self._optimiser.state_dict()),
            "average": _copied(self._average.network.state_dict()) if self._average else None,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to a state; UserError if it belongs to another configuration."""
        if state.get("config") != self.config.to_json():
            raise UserError("The stored state is of another configuration: start a new run.")
        try:
            self.network.load_state_dict(state["network"])
            self._optimiser.load_state_dict(state["optimiser"])
            if self._average is not None:
                self._average.network.load_state_dict(state["average"])
            self._loss_sum, self._correct, self._seen = state["epoch_sums"]
            self.step = int(state["step"])
        except (KeyError, TypeError, ValueError, RuntimeError, AttributeError):
            raise UserError("The stored state is damaged: start a new run.") from None

    def metadata(self, event: Finished, command: str) -> Metadata:
        """Return what is to be stored with the network of `event`, trained by `command`."""
        dataset = self._data.train
        return Metadata(
            architecture=self._architecture.name,
            hyper=event.hyper,
            input_shape=dataset.input_shape,
            mean=(dataset.mean,),
            std=(dataset.std,),
            class_names=dataset.class_names,
            dataset=dataset.name,
            test_accuracy=event.test.accuracy,
            training_command=command,
        )

    def _train_batch(self, indices: Tensor) -> BatchFinished:
        config, step = self.config, self.step
        lr = learning_rate(config, step, self.steps, self.steps_per_epoch)
        for group in self._optimiser.param_groups:
            group["lr"] = lr
        torch.manual_seed(_seed(config.seed, Purpose.DROPOUT, step))  # layers draw from here
        generator = _generator(config.seed, Purpose.AUGMENTATION, step)

        images, labels = self._images[indices], self._labels[indices]
        x = augment(images.float() / 255, config.augmentation, generator)  # (B, 1, H, W)
        x = (x - self._data.train.mean) / self._data.train.std
        logits = self.network(x)  # (B, K)
        loss = F.cross_entropy(logits, labels, label_smoothing=config.label_smoothing)
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
        loss_value = self._finite(loss)
        self._optimiser.step()

        self.step = step + 1
        if self._average is not None:
            self._average.update(self.step)
        correct = int((logits.argmax(1) == labels).sum())
        self._loss_sum += loss_value * len(labels)
        self._correct += correct
        self._seen += len(labels)
        epoch = step // self.steps_per_epoch + 1
        return BatchFinished(self.step, epoch, loss_value, correct / len(labels), lr, len(labels))

    def _finite(self, loss: Tensor) -> float:
        value = float(loss.detach())
        if math.isfinite(value):
            return value
        bad = (n for n, p in self.network.named_parameters() if not bool(torch.isfinite(p).all()))
        where = next(bad, None)
        layer = f" (first in {where})" if where else ""
        raise UserError(
            f"The loss is no longer a number after {self.step} steps{layer}: "
            "choose a lower learning rate."
        )

    def _finish_epoch(self, epoch: int) -> EpochFinished:
        network = self._average.network if self._average else self.network
        validation = None
        if len(self._validation_labels):
            mean, std = self._data.train.mean, self._data.train.std
            images, labels = self._validation_images, self._validation_labels
            validation = evaluate_tensors(network, images, labels, mean, std)
        loss, accuracy = self._loss_sum / self._seen, self._correct / self._seen
        self._loss_sum, self._correct, self._seen = 0.0, 0, 0
        return EpochFinished(self.step, epoch + 1, loss, accuracy, validation)

    def _finish(self) -> Finished:
        network = self._average.network if self._average else self.network
        # On the CPU from here: folding is done in float64, which not every device has.
        folded = fold(deepcopy(network).to("cpu")).requires_grad_(requires_grad=False)
        removed = {"batch_norm": False, "dropout": 0.0}
        hyper = self._hyper | {k: v for k, v in removed.items() if k in self._hyper}
        return Finished(self.step, folded, hyper, evaluate(folded, self._data.test))

    def _published(self) -> WeightsPublished:
        return WeightsPublished(self.step, _copied(self.network.state_dict()))

    def _build_network(self) -> nn.Sequential:
        torch.manual_seed(_seed(self.config.seed, Purpose.WEIGHTS, 0))
        shape, classes = self._data.train.input_shape, len(self._data.train.class_names)
        return self._architecture.build(self._hyper, shape, classes).to(self._device)

    def _split(self, dataset: ImageDataset) -> None:
        """Put the images on the device: those to learn from, and those kept for validation."""
        config = self.config
        generator = np.random.default_rng(_seed(config.seed, Purpose.SPLIT, 0))
        order = generator.permutation(len(dataset)).astype(np.int64)
        held = round(config.validation * len(dataset))
        if held == len(dataset) or not len(dataset):
            raise UserError("No image is left to learn from: lower the validation share.")
        kept, learned = dataset.select(order[:held]), dataset.select(np.sort(order[held:]))
        seed = _seed(config.seed, Purpose.SIMULATION, 0)
        learned = add_simulated(learned, config.augmentation.simulated, seed)
        self._images, self._labels = image_tensors(learned, self._device)
        self._validation_images, self._validation_labels = image_tensors(kept, self._device)

    def _order(self, epoch: int) -> Tensor:
        generator = _generator(self.config.seed, Purpose.ORDER, epoch)
        return torch.randperm(len(self._labels), generator=generator).to(self._device)


def _load(name: str) -> TrainingData:
    return TrainingData(load_dataset(name, "train"), load_dataset(name, "test"))


def _seed(seed: int, purpose: Purpose, index: int) -> int:
    """Return a seed of its own for each purpose and step."""
    return int(np.random.SeedSequence((seed, purpose, index)).generate_state(1, np.uint64)[0] >> 1)


def _generator(seed: int, purpose: Purpose, index: int) -> torch.Generator:
    return torch.Generator().manual_seed(_seed(seed, purpose, index))


def _device(name: str) -> torch.device:
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()  # "meta" is a device, but has no values
    except (RuntimeError, AssertionError, NotImplementedError):
        raise UserError(f"There is no device {name!r} on this machine: use cpu.") from None
    return device


def _copied(value: Any) -> Any:
    """Return a state dict with every tensor copied to the CPU."""
    if isinstance(value, Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return value
