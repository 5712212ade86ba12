"""What a training reports: frozen events, in the order they happen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from torch import Tensor, nn

from viewer.core.training.metrics import Evaluation


@dataclass(frozen=True, slots=True)
class BatchFinished:
    """One step of the optimiser is done.

    Attributes
    ----------
    step : int
        Steps done so far.
    epoch : int
        Epoch it belongs to, from 1.
    loss : float
        Mean loss of the batch, before the step.
    accuracy : float
        Of the batch, [0, 1].
    lr : float
        Learning rate of the step.
    images : int
        In the batch.
    """

    step: int
    epoch: int
    loss: float
    accuracy: float
    lr: float
    images: int


@dataclass(frozen=True, slots=True)
class WeightsPublished:
    """A snapshot of the weights that training goes on from.

    Attributes
    ----------
    step : int
    weights : mapping of str to Tensor
        The network's state dict; copies on the CPU, free to keep.
    """

    step: int
    weights: Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class EpochFinished:
    """One pass over the training images is done.

    Attributes
    ----------
    step : int
    epoch : int
        From 1.
    loss, accuracy : float
        Means over the epoch's batches, as they were seen (augmented).
    validation : Evaluation or None
        On the images kept back, by the averaged weights if there are any.
    """

    step: int
    epoch: int
    loss: float
    accuracy: float
    validation: Evaluation | None


@dataclass(frozen=True, slots=True)
class CheckpointDue:
    """A good moment to store ``Trainer.state()``.

    Attributes
    ----------
    step : int
    """

    step: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The training is over.

    Attributes
    ----------
    step : int
    network : torch.nn.Module
        The result on the CPU: averaged if asked for, normalisation and dropout taken out.
    hyper : mapping of str to bool, int or float
        The hyper-parameters of `network` as it is now.
    test : Evaluation
        On the test images, seen only now.
    """

    step: int
    network: nn.Module
    hyper: Mapping[str, bool | int | float]
    test: Evaluation


Event: TypeAlias = BatchFinished | WeightsPublished | EpochFinished | CheckpointDue | Finished
