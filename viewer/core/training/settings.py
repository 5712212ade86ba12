"""Which settings may change while a training runs, and what changed. No torch here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from viewer.core.errors import UserError
from viewer.core.training.config import Augmentation, TrainingConfig

ADJUSTABLE = ("lr", "momentum", "weight_decay", "augmentation")


def adjusted(config: TrainingConfig, changes: Mapping[str, Any]) -> TrainingConfig:
    """Return `config` with some of the `ADJUSTABLE` settings changed.

    Raises
    ------
    UserError
        If a value is out of range, or has no meaning for this training.
    """
    found = replace(config, **changes)
    if found.momentum != config.momentum and config.optimiser != "sgd":
        raise UserError(f"The optimiser {config.optimiser} has no momentum: it is sgd's.")
    if found.augmentation.simulated != config.augmentation.simulated:
        raise UserError(
            "The share of simulated drawings can't change while a training runs: start a new run."
        )
    return found


def description(before: TrainingConfig, after: TrainingConfig) -> str:
    """Return in a few words what is different (``lr 0.001 → 0.0005``)."""
    return ", ".join(_differences(before, after)) or "no change"


def same_run(first: TrainingConfig, second: TrainingConfig) -> bool:
    """Return whether they are the same but for what may change, and for where it is computed."""
    return _fixed(first) == _fixed(second)


def _fixed(config: TrainingConfig) -> TrainingConfig:
    plain = TrainingConfig()
    augmentation = Augmentation(simulated=config.augmentation.simulated)
    names = ("lr", "momentum", "weight_decay", "device", "threads")
    return replace(
        config, augmentation=augmentation, **{name: getattr(plain, name) for name in names}
    )


def _differences(before: TrainingConfig, after: TrainingConfig) -> Iterator[str]:
    pairs: list[tuple[str, Any, Any]] = [
        (name, getattr(before, name), getattr(after, name)) for name in ADJUSTABLE[:-1]
    ]
    for item in fields(Augmentation):
        owners = before.augmentation, after.augmentation
        pairs.append((item.name, *(getattr(owner, item.name) for owner in owners)))
    for name, old, new in pairs:
        if old != new:
            yield f"{name} {old:g} → {new:g}"
