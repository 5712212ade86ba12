"""A training interrupted anywhere and resumed is, bit for bit, the one that never was."""

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.unit.training.bars import CONFIG, bars, bars_data, finished, only, same_weights
from viewer.core.errors import UserError
from viewer.core.training.config import Augmentation, TrainingConfig
from viewer.core.training.events import BatchFinished, EpochFinished, Event
from viewer.core.training.loop import Trainer, TrainingData
from viewer.core.training.state_file import read_state, state_parts

STEPS = 18  # three epochs of six
SMALL = {"maps1": 2, "maps2": 3, "maps3": 2, "kernel1": 3, "kernel2": 3, "kernel3": 3}
PLAIN = replace(CONFIG, hyper=SMALL, ema=0.0, augmentation=Augmentation(), validation=0.0)

VARIANTS: dict[str, TrainingConfig] = {
    "everything, AdamW": replace(CONFIG, schedule="onecycle"),
    "everything, Adam": replace(CONFIG, optimiser="adam", schedule="cosine"),
    "everything, SGD with momentum": replace(CONFIG, optimiser="sgd", momentum=0.9, lr=0.05),
    "SGD without momentum": replace(PLAIN, optimiser="sgd", momentum=0.0),
    "batch normalisation": replace(PLAIN, hyper={**SMALL, "batch_norm": True}),
    "dropout": replace(PLAIN, hyper={**SMALL, "dropout": 0.5}),
    "augmentation": replace(PLAIN, augmentation=CONFIG.augmentation),
    "average": replace(PLAIN, ema=0.9),
    "frozen layers": replace(CONFIG, frozen=("conv1", "norm1", "norm2")),
    "channels last": replace(CONFIG, channels_last=True),
    "own drawings": replace(PLAIN, drawings_share=0.2, schedule="step", step_epochs=1),
}


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return replace(bars_data(), extra=bars(5, 3, "train"))


Change = Callable[[Trainer], object]
Changes = dict[int, Change]  # by the number of steps done


def nothing(_: Trainer) -> None:
    """Change nothing."""


def play(trainer: Trainer, changes: Changes, stop_after: float = float("inf")) -> list[Event]:
    """Train, make each change once its step is done, and leave after a batch."""
    events: list[Event] = []
    if trainer.step == 0:
        changes.get(0, nothing)(trainer)
    for event in trainer.events():
        events.append(event)
        if isinstance(event, BatchFinished):
            changes.get(event.step, nothing)(trainer)
            if event.step >= stop_after:
                break
    return events


def stored(state: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return a state that has been on disk."""
    # A file keeps no memory layout.
    path.write_bytes(b"".join(state_parts(state)))
    return read_state(path)


@pytest.mark.parametrize("variant", VARIANTS)
def test_interrupted_at_random_equals_uninterrupted(
    variant: str, data: TrainingData, tmp_path: Path
) -> None:
    config = VARIANTS[variant]
    whole = play(Trainer(config, data), {})
    breaks = random.Random(variant).sample(range(1, STEPS), 3)  # a fixed choice, a new one each
    check_interrupted(config, {}, whole, sorted(breaks), data, tmp_path)


@pytest.mark.parametrize("at", [0, 1, 5, 6, 12, 17, 18])
def test_interrupted_at_the_edges(at: int, data: TrainingData, tmp_path: Path) -> None:
    config = VARIANTS["everything, AdamW"]
    check_interrupted(config, {}, play(Trainer(config, data), {}), [at], data, tmp_path)


CHANGES: dict[str, tuple[str, Changes]] = {
    "learning rate": ("everything, AdamW", {7: lambda t: t.adjust(lr=0.003)}),
    "before the first step": ("everything, AdamW", {0: lambda t: t.adjust(lr=0.003)}),
    "weight decay": ("everything, AdamW", {4: lambda t: t.adjust(weight_decay=0.5)}),
    "momentum": ("everything, SGD with momentum", {4: lambda t: t.adjust(momentum=0.3)}),
    "momentum off and on": (
        "everything, SGD with momentum",
        {4: lambda t: t.adjust(momentum=0.0), 11: lambda t: t.adjust(momentum=0.5)},
    ),
    "augmentation on": (
        "batch normalisation",
        {6: lambda t: t.adjust(augmentation=Augmentation(rotation_deg=10, gain_high=2))},
    ),
    "augmentation off": ("augmentation", {8: lambda t: t.adjust(augmentation=Augmentation())}),
    "all at once, twice": (
        "everything, SGD with momentum",
        {
            2: lambda t: t.adjust(lr=0.01, momentum=0.5, weight_decay=0.1),
            9: lambda t: t.adjust(lr=0.02, augmentation=Augmentation(shift_px=2)),
        },
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_with_settings_changed_on_the_way(case: str, data: TrainingData, tmp_path: Path) -> None:
    variant, changes = CHANGES[case]
    config = VARIANTS[variant]
    whole = play(Trainer(config, data), changes)
    unchanged = play(Trainer(config, data), {})
    assert not same_weights(finished(whole).network, finished(unchanged).network)
    check_interrupted(config, changes, whole, [3, 10, 13], data, tmp_path)


def check_interrupted(
    config: TrainingConfig,
    changes: Changes,
    whole: list[Event],
    breaks: list[int],
    data: TrainingData,
    folder: Path,
) -> None:
    """Break off at `breaks`, go on from disk with the first configuration, and compare."""
    events: list[Event] = []
    trainer = Trainer(config, data)
    for at in breaks:
        events += play(trainer, changes, stop_after=at) if at else []
        state = stored(trainer.state(), folder / f"{at}.pt")
        trainer = Trainer(config, data)
        trainer.restore(state)
        assert trainer.step == at
    events += play(trainer, changes)
    assert only(BatchFinished, events) == only(BatchFinished, whole)
    assert only(EpochFinished, events) == only(EpochFinished, whole)
    assert [epoch.epoch for epoch in only(EpochFinished, events)] == [1, 2, 3]  # each of them once
    assert same_weights(finished(events).network, finished(whole).network)
    assert finished(events).test == finished(whole).test


def test_a_restored_training_has_the_settings_it_was_left_with(data: TrainingData) -> None:
    first = Trainer(CONFIG, data)
    first.adjust(lr=0.004, weight_decay=0.3, augmentation=Augmentation(shift_px=2))
    second = Trainer(CONFIG, data)
    second.restore(first.state())
    assert second.config == first.config != CONFIG
    third = Trainer(second.config, data)  # the changed settings may be given as well
    third.restore(first.state())
    assert third.config == first.config


def test_device_and_threads_are_those_of_the_machine_at_hand(data: TrainingData) -> None:
    state = Trainer(CONFIG, data).state()
    elsewhere = Trainer(replace(CONFIG, threads=3), data)
    elsewhere.restore(state)
    assert elsewhere.config.threads == 3


@pytest.mark.parametrize("change", [{"seed": 9}, {"batch_size": 8}, {"frozen": ("conv1",)}])
def test_another_configuration_is_refused(change: dict[str, Any], data: TrainingData) -> None:
    with pytest.raises(UserError, match="another configuration"):
        Trainer(replace(CONFIG, **change), data).restore(Trainer(CONFIG, data).state())


def test_a_state_of_before_a_setting_existed_is_read(data: TrainingData) -> None:
    trainer = Trainer(CONFIG, data)
    list(itertools.islice(trainer.events(), 4))
    state = trainer.state()
    lines = [line for line in state["config"].splitlines() if '"start"' not in line]
    second = Trainer(CONFIG, data)
    second.restore(state | {"config": "\n".join(lines)})
    assert second.step == 4


def test_it_can_be_taken_back_while_it_runs(data: TrainingData) -> None:
    whole = play(Trainer(CONFIG, data), {})
    trainer = Trainer(CONFIG, data)
    events = trainer.events()
    list(itertools.islice(events, 4))
    state = trainer.state()
    list(itertools.islice(events, 9))
    trainer.restore(state)
    rest = list(events)
    assert only(BatchFinished, rest) == only(BatchFinished, whole)[4:]
    assert same_weights(finished(rest).network, finished(whole).network)
