"""What a branch takes over of the run that it leaves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.few_digits import CONFIG, STEPS_PER_EPOCH, few_digits, train_to
from viewer.core.training.branching import branch_off
from viewer.core.training.config import Augmentation, TrainingConfig
from viewer.core.training.loop import Trainer, TrainingData

MIDDLE = STEPS_PER_EPOCH // 2  # of the first epoch


def data() -> TrainingData:
    digits = few_digits()
    return TrainingData(digits.train, digits.test, digits.test)  # as if somebody had drawn them


@pytest.fixture(scope="module")
def state() -> dict[str, Any]:
    return train_to(Trainer(CONFIG, data()), MIDDLE).state()


def branch(config: TrainingConfig, state: dict[str, Any]) -> Trainer:
    trainer = Trainer(config, data(), start=state["network"])
    branch_off(trainer, state)
    return trainer


def test_the_same_images_leave_the_sums_of_the_epoch(state: dict[str, Any]) -> None:
    found = branch(replace(CONFIG, lr=0.01, augmentation=Augmentation(shift_px=1)), state)

    assert found.step == MIDDLE
    assert found.state()["epoch_sums"] == state["epoch_sums"]


@pytest.mark.parametrize(
    "changes",
    [{"drawings_share": 0.2}, {"augmentation": Augmentation(simulated=0.1)}, {"batch_size": 8}],
    ids=lambda changes: next(iter(changes)),
)
def test_other_images_begin_their_own_sums(
    state: dict[str, Any], changes: dict[str, object]
) -> None:
    config = replace(CONFIG, **changes)  # type: ignore[arg-type]  # each its own type
    fresh = Trainer(config, data()).state()["epoch_sums"]
    assert fresh != state["epoch_sums"]

    assert branch(config, state).state()["epoch_sums"] == fresh
