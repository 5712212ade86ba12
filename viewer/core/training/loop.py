"""The training loop: a generator of events, to be read from top to bottom.

Whoever iterates decides when the next step happens: to pause is not to call ``next()``, to
stop is to drop the generator. All randomness comes from (seed, purpose, step or epoch) and
never from what went before, so a run that is resumed from its state repeats an uninterrupted
one bit for bit.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from viewer.core.data.dataset import ImageDataset
from viewer.core.data.dataset_picture import preparation_of_dataset
from viewer.core.data.registry import load_parts
from viewer.core.errors import UserError
from viewer.core.nets.architectures import architectures
from viewer.core.nets.checkpoint import Metadata
from viewer.core.nets.folding import fold
from viewer.core.training.batches import Batches
from viewer.core.training.config import Augmentation, TrainingConfig
from viewer.core.training.distributed import Team
from viewer.core.training.events import (
    BatchFinished,
    CheckpointDue,
    Diverged,
    EpochFinished,
    Event,
    Finished,
    LayersMeasured,
    SettingsChanged,
    WeightsPublished,
)
from viewer.core.training.freezing import freeze
from viewer.core.training.learner import Learner, copied
from viewer.core.training.metrics import evaluate, evaluate_tensors
from viewer.core.training.randomness import Purpose, stream_seed
from viewer.core.training.schedule import learning_rate
from viewer.core.training.settings import adjusted, description, same_run
from viewer.core.training.starting import starting_weights, take_up

_DAMAGED = (KeyError, TypeError, ValueError, RuntimeError, AttributeError)


@dataclass(frozen=True, slots=True)
class TrainingData:
    """The parts of a data set that a training needs.

    Attributes
    ----------
    train : ImageDataset
        To learn from; validation images are split off it.
    test : ImageDataset
        Looked at once, at the end.
    extra : ImageDataset or None
        The user's own drawings; `TrainingConfig.drawings_share` says how many are mixed in.
    """

    train: ImageDataset
    test: ImageDataset
    extra: ImageDataset | None = None


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
        `Finished` last; `Diverged` last if a number is no longer finite.

    Raises
    ------
    UserError
        If the settings don't fit together.
    """
    return Trainer(config, data).events()


class Trainer:
    """A training and where it stands; to be used by one thread.

    Dropout draws from torch's global generator, which is seeded anew for each step: no other
    thread may draw from it or seed it meanwhile.

    Attributes
    ----------
    config : TrainingConfig
        As it is now: `adjust` and `restore` replace it.
    network : torch.nn.Module
        As it is now, on the training's device.
    step, steps : int
        Steps done, steps in all.
    steps_per_epoch : int
    notice : str
        One sentence on what was not taken up of the weights to start from; empty if all was.

    Parameters
    ----------
    config : TrainingConfig
    data : TrainingData, optional
        Default: the data set that `config` names.
    start : mapping of str to Tensor, optional
        State dict to start from, in place of what ``config.start`` names. Pass that of the
        state to be restored and the file that the run once started from isn't needed.
    statistics_every : int
        Steps between two `LayersMeasured`; 0 for never.
    team : Team, optional
        The processes that train together; default: this one alone.

    Raises
    ------
    UserError
        If the settings don't fit together, or there is no such data set, device or network.
    """

    def __init__(
        self,
        config: TrainingConfig,
        data: TrainingData | None = None,
        *,
        start: Mapping[str, Tensor] | None = None,
        statistics_every: int = 0,
        team: Team | None = None,
    ) -> None:
        self.config = config
        self._team = Team() if team is None else team
        self._device = _device(self._team.device(config.device))
        self._architecture = architectures().get(config.architecture)
        self._hyper = self._architecture.complete(config.hyper)
        self._data = _load(config.dataset) if data is None else data
        self.notice = ""
        self.network = self._build_network(start)
        self._learner = Learner(self.network, config, self._team)
        self._batches = Batches(self._data.train, self._data.extra, config, self._device)
        self._share = self._team.share(self._batches.size)
        self.steps_per_epoch = self._batches.per_epoch
        self.steps = config.epochs * self.steps_per_epoch
        self.step = 0
        self._loss_sum, self._correct, self._seen = 0.0, 0, 0  # of the epoch so far
        self._every = statistics_every
        self._measured: LayersMeasured | None = None

    def events(self) -> Generator[Event, None, None]:
        """Train from where it stands to the end; see `train` for what it yields.

        With ``statistics_every``, `LayersMeasured` comes after its `BatchFinished`. In a team
        only the leading process yields events, and all stop when it closes the generator.
        """
        # Small networks: more threads than asked for would take the window's core.
        torch.set_num_threads(self.config.threads)
        event: Event | None = None
        try:
            for event in self._run():
                if self._team.leads:
                    yield event
        except GeneratorExit:
            if self.step < self.steps and not isinstance(event, Diverged):
                self._team.leave()  # the others wait to begin the next step
            raise

    def _run(self) -> Iterator[Event]:
        while True:
            if self._seen and self.step % self.steps_per_epoch == 0:
                yield self._finish_epoch()
                yield CheckpointDue(self.step)
            elif self.step >= self.steps:
                if self._team.leads:
                    yield self._finish()
                return
            elif not self._team.goes_on():
                return
            else:
                event = self._train_batch()
                yield event
                if isinstance(event, Diverged):
                    return
                if self._measured is not None:
                    yield self._measured

    def adjust(
        self,
        *,
        lr: float | None = None,
        momentum: float | None = None,
        weight_decay: float | None = None,
        augmentation: Augmentation | None = None,
    ) -> SettingsChanged:
        """Change settings between two events; they hold from the next step on.

        What is None stays. States from now on carry the changed settings, and `restore`
        takes them up.

        Raises
        ------
        UserError
            If a value is out of range, or can't be changed while a training runs.
        """
        changes = {
            "lr": lr,
            "momentum": momentum,
            "weight_decay": weight_decay,
            "augmentation": augmentation,
        }
        config = adjusted(self.config, {k: v for k, v in changes.items() if v is not None})
        text = description(self.config, config)
        self.config = config
        self._learner.adjust(config)
        return SettingsChanged(self.step, text)

    def snapshot(self, *, gradients: bool = False) -> WeightsPublished:
        """Return copies of the weights, on the CPU, and on demand of the last gradients."""
        found = self._learner.gradients() if gradients else None
        return WeightsPublished(self.step, copied(self.network.state_dict()), found)

    def state(self) -> dict[str, Any]:
        """Return all that `restore` needs, as tensors and numbers; between two events only."""
        return {
            "config": self.config.to_json(),
            "step": self.step,
            "epoch_sums": [self._loss_sum, self._correct, self._seen],
            **self._learner.state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to a state of this training, and on from there exactly.

        Its settings as adjusted until then hold again; device and threads stay as they are.

        Raises
        ------
        UserError
            If the state is damaged or belongs to another configuration.
        """
        config = _stored_config(state)
        if not same_run(config, self.config):
            raise UserError("The stored state is of another configuration: start a new run.")
        try:
            self._learner.load(state)
            self._loss_sum, self._correct, self._seen = state["epoch_sums"]
            self.step = int(state["step"])
        except _DAMAGED:
            raise UserError("The stored state is damaged: start a new run.") from None
        self.config = replace(config, device=self.config.device, threads=self.config.threads)
        self._learner.adjust(self.config)
        self._measured = None

    def metadata(
        self, *, test_accuracy: float | None = None, command: str | None = None
    ) -> Metadata:
        """Return what belongs to the network as it trains, with normalisation and dropout."""
        dataset = self._data.train
        mean, std = dataset.mean_std()
        return Metadata(
            architecture=self._architecture.name,
            hyper=self._hyper,
            input_shape=dataset.input_shape,
            mean=mean,
            std=std,
            class_names=dataset.class_names,
            dataset=dataset.name,
            test_accuracy=test_accuracy,
            training_command=command,
            preparation=preparation_of_dataset(dataset.name),
        )

    def result_metadata(self, event: Finished, command: str) -> Metadata:
        """Return what is to be stored with the network of `event`, trained by `command`."""
        plain = self.metadata(test_accuracy=event.test.accuracy, command=command)
        return replace(plain, hyper=event.hyper)

    def _train_batch(self) -> BatchFinished | Diverged:
        config, step, batch = self.config, self.step, self._batches.size
        x, labels = self._batches.batch(step, config.augmentation, self._share)
        lr = learning_rate(config, step, self.steps, self.steps_per_epoch)
        measures = self._every > 0 and (step + 1) % self._every == 0
        learned = self._learner.learn(x, labels, batch=batch, step=step, lr=lr, measures=measures)
        if isinstance(learned, Diverged):
            return learned
        self.step = step + 1
        self._measured = learned.layers
        self._loss_sum += learned.loss * batch
        self._correct += learned.correct
        self._seen += batch
        epoch = step // self.steps_per_epoch + 1
        accuracy = learned.correct / batch
        return BatchFinished(self.step, epoch, learned.loss, accuracy, lr, batch)

    def _finish_epoch(self) -> EpochFinished:
        validation, batches = None, self._batches
        if len(batches.validation_labels) and self._team.leads:
            images, labels = batches.validation_images, batches.validation_labels
            validation = evaluate_tensors(self._learner.result, images, labels, batches.normalise)
        loss, accuracy = self._loss_sum / self._seen, self._correct / self._seen
        self._loss_sum, self._correct, self._seen = 0.0, 0, 0
        return EpochFinished(
            self.step, self.step // self.steps_per_epoch, loss, accuracy, validation
        )

    def _finish(self) -> Finished:
        # On the CPU from here: folding is done in float64, which not every device has.
        folded = fold(deepcopy(self._learner.result).to("cpu")).requires_grad_(requires_grad=False)
        hyper = self._architecture.folded_hyper(self._hyper)
        return Finished(self.step, folded, hyper, evaluate(folded, self._data.test))

    def _build_network(self, start: Mapping[str, Tensor] | None) -> nn.Module:
        torch.manual_seed(stream_seed(self.config.seed, Purpose.WEIGHTS))
        shape, classes = self._data.train.input_shape, len(self._data.train.class_names)
        network = self._architecture.build(self._hyper, shape, classes)
        what = self.config.start or "The network to start from"
        if start is None and self.config.start:
            start = starting_weights(self.config.start, self.config.architecture)
        if start is not None:
            self.notice = take_up(network, start, what)
        freeze(network, self.config.frozen)
        if self.config.channels_last:
            network = network.to(memory_format=torch.channels_last)
        return network.to(self._device)


def _load(name: str) -> TrainingData:
    return TrainingData(*load_parts(name))


def _device(name: str) -> torch.device:
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()  # "meta" is a device, but has no values
    except (RuntimeError, AssertionError, NotImplementedError):
        raise UserError(f"There is no device {name!r} on this machine: use cpu.") from None
    return device


def _stored_config(state: Mapping[str, Any]) -> TrainingConfig:
    try:
        return TrainingConfig.from_json(state["config"])
    except (*_DAMAGED, UserError):
        raise UserError("The stored state is damaged: start a new run.") from None
