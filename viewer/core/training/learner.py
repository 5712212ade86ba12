"""A network and its optimiser: one step, undone where a number is not finite."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the field's own name for it
from torch.nn.modules.dropout import _DropoutNd

from viewer.core.training.config import TrainingConfig
from viewer.core.training.distributed import Team
from viewer.core.training.divergence import (
    find_bad_gradient,
    find_bad_weight,
    find_trouble,
    last_layer,
)
from viewer.core.training.events import Diverged, LayersMeasured
from viewer.core.training.layer_statistics import LayerStatistics
from viewer.core.training.optimisation import WeightAverage, adjust_optimiser, build_optimiser
from viewer.core.training.randomness import seed_layers

# Where the optimiser could carry a weight beyond float32 in one step, it is looked after.
MAX_SAFE_UPDATE = 1e30


@dataclass(frozen=True, slots=True)
class Learned:
    """What a step came to.

    Attributes
    ----------
    loss : float
        Mean over the batch, before the step.
    correct : int
        Images of the batch classified rightly.
    layers : LayersMeasured or None
        Where asked for.
    """

    loss: float
    correct: int
    layers: LayersMeasured | None


class Learner:
    """A network in training, its optimiser, and the running average of its weights.

    Attributes
    ----------
    network : torch.nn.Module
    average : WeightAverage or None

    Parameters
    ----------
    network : torch.nn.Module
        On the training's device; frozen layers need no gradient.
    config : TrainingConfig
    team : Team
    """

    def __init__(self, network: nn.Module, config: TrainingConfig, team: Team) -> None:
        self.network = network
        self.average = WeightAverage(network, config.ema) if config.ema else None
        self._team = team
        self._seed = config.seed
        self._label_smoothing = config.label_smoothing
        self._optimiser = build_optimiser(network, config)
        self._weight_decay = config.weight_decay
        self._parameters = [p for p in network.parameters() if p.requires_grad]
        self._buffers = list(network.buffers())  # statistics of normalisations
        self._device = self._parameters[0].device
        self._forward = team.joined(network)
        self._has_dropout = any(_draws(module) for module in network.modules())
        self._statistics = LayerStatistics(network)

    @property
    def result(self) -> nn.Module:
        """What is tested: the averaged weights if there are any."""
        return self.average.network if self.average else self.network

    def adjust(self, config: TrainingConfig) -> None:
        """Take up momentum and weight decay, from the next step on."""
        adjust_optimiser(self._optimiser, config)
        self._weight_decay = config.weight_decay

    def learn(
        self, x: Tensor, labels: Tensor, *, batch: int, step: int, lr: float, measures: bool
    ) -> Learned | Diverged:
        """Do one step of the optimiser; if a number is not finite all is as it was before.

        Parameters
        ----------
        x : (N, C, H, W) float32
            This process's share of the batch, as the network takes it.
        labels : (N,) int64
        batch : int
            Images in the whole batch.
        step : int
            Steps done before.
        lr : float
        measures : bool
            Whether to measure every layer.
        """
        for group in self._optimiser.param_groups:
            group["lr"] = lr
        buffers = [value.clone() for value in self._buffers]
        self._seed_dropout(step)
        with self._statistics.watching() if measures else nullcontext():
            logits = self._forward(x)  # (N, K)
        loss = F.cross_entropy(logits, labels, label_smoothing=self._label_smoothing)
        if self._team.size > 1:  # so that the processes' mean is that of the whole batch
            loss = loss * (len(labels) * self._team.size / batch)
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types

        correct = (logits.argmax(1) == labels).sum(dtype=loss.dtype)
        sums = torch.stack([loss.detach(), correct, *self._gradient_norms()])
        loss_value, right, *norms = self._team.mean(sums).tolist()  # waits once for a device
        norm = math.hypot(*norms)
        trouble = None
        if not (math.isfinite(loss_value) and math.isfinite(norm)):
            trouble = self._find_trouble(x, buffers, step, loss_is_finite=math.isfinite(loss_value))
        if measures:
            self._statistics.begin()
        trouble = trouble or self._update(lr, norm)
        if trouble is not None:
            self._put_back(buffers)
            self.forget_gradients()
            return Diverged(step, *trouble)
        if self.average is not None:
            self.average.update(step + 1)
        layers = self._statistics.result(step + 1) if measures else None
        return Learned(loss_value, round(right * self._team.size), layers)

    def forget_gradients(self) -> None:
        """Drop the gradients of the last step."""
        self._optimiser.zero_grad()

    def gradients(self) -> dict[str, Tensor]:
        """Return copies, on the CPU, of the last step's gradients by parameter."""
        named = self.network.named_parameters()
        return {name: copied(p.grad) for name, p in named if p.grad is not None}

    def state(self) -> dict[str, Any]:
        """Return copies, on the CPU, of all that decides the next steps."""
        return {
            "network": copied(self.network.state_dict()),
            "optimiser": copied(self._optimiser.state_dict()),
            "average": copied(self.average.network.state_dict()) if self.average else None,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take up a state; errors of many types if it is not of such a learner."""
        self.network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._lay_out()
        if self.average is not None:
            self.average.network.load_state_dict(state["average"])
        self.forget_gradients()

    def _lay_out(self) -> None:
        """Give what the optimiser keeps the memory layout of its parameter.

        A fused optimiser goes through both in the order of memory, and files have one order.
        """
        for parameter, kept in self._optimiser.state.items():
            for name, value in kept.items():
                if isinstance(value, Tensor) and value.shape == parameter.shape:
                    kept[name] = torch.empty_like(parameter).copy_(value)

    def _gradient_norms(self) -> list[Tensor]:
        """Return each gradient's norm: not finite if a number in it is not, or if it is huge."""
        grads = [p.grad for p in self._parameters if p.grad is not None]
        # What torch.nn.utils.get_total_norm (from torch 2.6 on) calls: one kernel for all.
        return list(torch._foreach_norm(grads))

    def _seed_dropout(self, step: int) -> None:
        if self._has_dropout:
            seed_layers(self._seed, step, self._team.rank, self._device)

    def _find_trouble(
        self, x: Tensor, buffers: list[Tensor], step: int, *, loss_is_finite: bool
    ) -> tuple[str, str] | None:
        """Return the layer and what is not finite in it; None where only a norm was too large."""
        if loss_is_finite:
            layer = find_bad_gradient(self.network)
            return None if layer is None else (layer, "gradient")
        self._put_back(buffers)
        self._seed_dropout(step)
        return find_trouble(self.network, x) or (last_layer(self.network), "loss")

    def _update(self, lr: float, gradient_norm: float) -> tuple[str, str] | None:
        """Step the optimiser; undo it if a weight becomes infinite, and return where."""
        if lr * gradient_norm < MAX_SAFE_UPDATE and lr * self._weight_decay < 1:
            self._optimiser.step()
            return None
        weights = [p.detach().clone() for p in self._parameters]
        state = deepcopy(self._optimiser.state_dict())
        self._optimiser.step()
        layer = find_bad_weight(self.network)
        if layer is None:
            return None
        with torch.no_grad():
            for parameter, before in zip(self._parameters, weights, strict=True):
                parameter.copy_(before)
        self._optimiser.load_state_dict(state)
        return layer, "weight"

    def _put_back(self, buffers: list[Tensor]) -> None:
        for value, before in zip(self._buffers, buffers, strict=True):
            value.copy_(before)


def _draws(module: nn.Module) -> bool:
    """Return whether a layer draws random numbers while it trains."""
    # By its name: torchvision, whose layer leaves out whole blocks, need not be imported for it.
    return isinstance(module, _DropoutNd) or type(module).__name__ == "StochasticDepth"


def copied(value: Any) -> Any:
    """Return a tensor, or a state dict, with every tensor copied to the CPU."""
    if isinstance(value, Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, Mapping):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copied(item) for item in value]
    return value
