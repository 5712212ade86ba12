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
    """The weights that training goes on from; what ``Trainer.snapshot()`` returns.

    Attributes
    ----------
    step : int
    weights : mapping of str to Tensor
        The network's state dict; copies on the CPU, free to keep.
    gradients : mapping of str to Tensor, or None
        Of the last step's loss by parameter, where asked for; copies on the CPU. Frozen
        parameters have none, and nothing has before the first step.
    """

    step: int
    weights: Mapping[str, Tensor]
    gradients: Mapping[str, Tensor] | None = None


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
    hyper : mapping of str to bool, int, float or str
        The hyper-parameters of `network` as it is now.
    test : Evaluation
        On the test images, seen only now.
    """

    step: int
    network: nn.Module
    hyper: Mapping[str, bool | int | float | str]
    test: Evaluation


@dataclass(frozen=True, slots=True)
class LayerStatistic:
    """How one layer with weights learns.

    Attributes
    ----------
    name : str
        Of the layer, as the network names it.
    gradient_norm : float
        Euclidean norm of the gradient of its parameters; 0 where it is frozen.
    update_ratio : float
        Norm of the step's change of its weight over the norm of the weight before.
    dead_share : float or None
        Share of the units (feature maps, or neurons of a dense layer) behind the activation
        that follows it that answered 0 to the whole batch, [0, 1]; None where no activation
        with a zero follows.
    """

    name: str
    gradient_norm: float
    update_ratio: float
    dead_share: float | None


@dataclass(frozen=True, slots=True)
class LayersMeasured:
    """Statistics of every layer with weights, now and then.

    Attributes
    ----------
    step : int
    layers : tuple of LayerStatistic
        In order of execution.
    """

    step: int
    layers: tuple[LayerStatistic, ...]


@dataclass(frozen=True, slots=True)
class SettingsChanged:
    """Settings were changed while the training ran; they hold from the next step on.

    Attributes
    ----------
    step : int
        Steps done with the settings of before.
    text : str
        In a few words, for the curves (``lr 0.001 → 0.0005``).
    """

    step: int
    text: str


@dataclass(frozen=True, slots=True)
class StepKept:
    """The state after a step was stored, to be visited again.

    Attributes
    ----------
    step : int
    """

    step: int


@dataclass(frozen=True, slots=True)
class Diverged:
    """A number is not finite any more; the weights are those before the step. The last event.

    Attributes
    ----------
    step : int
        Steps done.
    layer : str
        The one in which it arose: the first in order of execution that has it, which for a
        gradient is the order of the backward pass.
    what : str
        ``output``, ``loss``, ``gradient`` or ``weight``.
    """

    step: int
    layer: str
    what: str


Event: TypeAlias = (
    BatchFinished
    | LayersMeasured
    | SettingsChanged
    | StepKept
    | EpochFinished
    | CheckpointDue
    | Diverged
    | Finished
)
