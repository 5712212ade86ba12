"""Optimiser, running average of weights."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn

from viewer.core.training.config import TrainingConfig

EMA_WARM_UP_STEPS = 10  # a young average forgets faster: decay is at most (1 + t) / (10 + t)


def build_optimiser(network: nn.Module, config: TrainingConfig) -> torch.optim.Optimizer:
    """Return the optimiser that `config` asks for.

    Weight decay is for weights alone: one-dimensional parameters, biases and the gains of
    normalisations, are left out. Parameters that need no gradient are left alone altogether.
    """
    parameters = [p for p in network.parameters() if p.requires_grad]
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


def adjust_optimiser(optimiser: torch.optim.Optimizer, config: TrainingConfig) -> None:
    """Take up the momentum and the weight decay of `config`, from the next step on."""
    decays, plain = optimiser.param_groups
    decays["weight_decay"], plain["weight_decay"] = config.weight_decay, 0.0
    if not isinstance(optimiser, torch.optim.SGD):
        return
    for group in optimiser.param_groups:
        group["momentum"] = config.momentum
        group["nesterov"] = config.nesterov and config.momentum > 0
        if not config.momentum:  # what was gathered must not come back if there is one again
            for parameter in group["params"]:
                optimiser.state.get(parameter, {}).pop("momentum_buffer", None)


class WeightAverage:
    """Exponential running average of a network's weights (Polyak, Juditsky 1992).

    Attributes
    ----------
    network : torch.nn.Module
        Has the averaged weights; statistics of normalisations are averaged too.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
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
