"""Optimiser, course of the learning rate, running average of weights."""

from __future__ import annotations

import math
from copy import deepcopy

import torch
from torch import Tensor, nn

from viewer.core.training.config import TrainingConfig

# Of the one-cycle schedule (Smith, Topin 2018), as in torch.optim.lr_scheduler.OneCycleLR.
WARM_UP_SHARE = 0.3
START_DIVISOR = 25.0
END_DIVISOR = 1e4

EMA_WARM_UP_STEPS = 10  # a young average forgets faster: decay is at most (1 + t) / (10 + t)


def build_optimiser(network: nn.Module, config: TrainingConfig) -> torch.optim.Optimizer:
    """Return the optimiser that `config` asks for.

    Weight decay is for weights alone: one-dimensional parameters, biases and the gains of
    normalisations, are left out.
    """
    parameters = list(network.parameters())
    groups = [
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0},
    ]
    if config.optimiser == "sgd":
        nesterov = config.nesterov and config.momentum > 0
        return torch.optim.SGD(
            groups, lr=config.lr, momentum=config.momentum, nesterov=nesterov, fused=True
        )
    kind = torch.optim.Adam if config.optimiser == "adam" else torch.optim.AdamW
    return kind(groups, lr=config.lr, fused=True)  # one kernel for all, 10 times the speed


def learning_rate(config: TrainingConfig, step: int, steps: int, steps_per_epoch: int) -> float:
    """Return the learning rate of a step: a function of the step alone, so nothing to resume.

    Parameters
    ----------
    config : TrainingConfig
    step : int
        0 for the first.
    steps : int
        In the whole training.
    steps_per_epoch : int
    """
    if config.schedule == "step":
        drops = step // (config.step_epochs * steps_per_epoch)
        return config.lr * config.step_factor**drops
    if config.schedule == "cosine":
        return _cosine(config.lr, 0.0, step / steps)
    if config.schedule == "onecycle":
        start = config.lr / START_DIVISOR
        peak = WARM_UP_SHARE * steps - 1
        if step <= peak:
            return _cosine(start, config.lr, step / peak if peak else 1.0)
        return _cosine(config.lr, start / END_DIVISOR, (step - peak) / (steps - 1 - peak))
    return config.lr


def _cosine(start: float, end: float, share: float) -> float:
    """Return the point at `share` of half a cosine wave from `start` to `end`."""
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))


class WeightAverage:
    """Exponential running average of a network's weights (Polyak, Juditsky 1992).

    Attributes
    ----------
    network : torch.nn.Module
        Has the averaged weights; statistics of normalisations are averaged too.
    """

    def __init__(self, network: nn.Sequential, decay: float) -> None:
        self.network = deepcopy(network).eval().requires_grad_(requires_grad=False)
        self._decay = decay
        pairs = zip(self.network.state_dict().values(), network.state_dict().values(), strict=True)
        floats: list[tuple[Tensor, Tensor]] = []
        counts: list[tuple[Tensor, Tensor]] = []
        for own, new in pairs:
            (floats if own.is_floating_point() else counts).append((own, new))
        self._floats, self._counts = floats, counts

    def update(self, step: int) -> None:
        """Take up the network's weights after `step` steps."""
        decay = min(self._decay, (1 + step) / (EMA_WARM_UP_STEPS + step))
        with torch.no_grad():
            for own, new in self._floats:
                own.lerp_(new, 1 - decay)
            for own, new in self._counts:
                own.copy_(new)
