"""From a state of one run to the beginning of another, with other settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from viewer.core.errors import UserError
from viewer.core.training.config import TrainingConfig

if TYPE_CHECKING:
    from viewer.core.training.loop import Trainer


def branch_off(trainer: Trainer, state: Mapping[str, Any]) -> None:
    """Let a new trainer go on from a state of another run, whose network has the same shape.

    With the same settings it goes on as the other run did, bit for bit. Else weights and step
    are taken over; the optimiser's memory if the optimiser is the same, its settings being the
    new ones; the average if there is one, or the weights as a new one; the sums of the epoch
    if its images are the same.

    Parameters
    ----------
    trainer : Trainer
        With the settings of the new run, not begun.
    state : mapping
        Of the other run's trainer, checked by `check_state`.

    Raises
    ------
    UserError
        If the state is damaged, or no steps are left to do.
    """
    own = trainer.state()
    try:
        before = TrainingConfig.from_json(state["config"])
        merged = {**own, "network": state["network"], "step": int(state["step"])}
        if own["average"] is not None:
            found = state["average"]
            merged["average"] = state["network"] if found is None else found
        if _same_optimiser(before, trainer.config):
            merged["optimiser"] = {**own["optimiser"], "state": state["optimiser"]["state"]}
        if _same_epoch(before, trainer.config):
            merged["epoch_sums"] = state["epoch_sums"]
    except (KeyError, TypeError, ValueError, UserError):
        raise UserError("The step to branch from is damaged: choose another step.") from None
    config = trainer.config
    same = replace(before, device=config.device, threads=config.threads) == config
    if merged["step"] >= trainer.steps and not same:
        raise UserError(
            f"The branch would begin at step {merged['step']} and end at step {trainer.steps}: "
            "choose more epochs."
        )
    trainer.restore(merged)


def _same_optimiser(one: TrainingConfig, other: TrainingConfig) -> bool:
    """Return whether one's memory is of use to the other, for the same parameters."""
    return (one.optimiser, one.frozen) == (other.optimiser, other.frozen)


def _same_epoch(one: TrainingConfig, other: TrainingConfig) -> bool:
    """Return whether an epoch of both has the same images, in the same order."""
    names = ("dataset", "batch_size", "validation", "seed", "drawings_share")
    simulated = one.augmentation.simulated == other.augmentation.simulated
    return simulated and all(getattr(one, name) == getattr(other, name) for name in names)
