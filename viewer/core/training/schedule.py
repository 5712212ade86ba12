"""Course of the learning rate: a pure function of the configuration, without torch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from viewer.core.training.config import TrainingConfig

# Of the one-cycle schedule (Smith, Topin 2018), as in torch.optim.lr_scheduler.OneCycleLR.
WARM_UP_SHARE = 0.3
START_DIVISOR = 25.0
END_DIVISOR = 1e4


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
