"""The runs here are real and tiny, or sequences of numbers as real runs give them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from viewer.core.data.registry import load_dataset
from viewer.core.training.config import Augmentation, TrainingConfig, load_recipe, recipe_names
from viewer.core.training.events import (
    BatchFinished,
    Diverged,
    EpochFinished,
    Event,
    LayersMeasured,
    LayerStatistic,
)
from viewer.core.training.loop import Trainer, TrainingData
from viewer.core.training.metrics import Evaluation
from viewer.core.training.monitor import Monitor, Trouble, TroubleKind

CHANCE = math.log(10)
CONFIG = TrainingConfig(
    architecture="mlp",
    hyper={"units1": 32, "units2": 32},
    schedule="constant",
    batch_size=32,
    threads=1,
)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data() -> TrainingData:
    part = load_dataset("mnist", "train").select(np.arange(400))
    return TrainingData(part, part.select(np.arange(50)))


def watch(monitor: Monitor, events: Iterable[Event]) -> list[Trouble]:
    return [trouble for event in events for trouble in monitor.feed(event)]


def trouble_of(trainer: Trainer) -> list[Trouble]:
    return watch(Monitor(trainer.config, 10, trainer.steps), trainer.events())


def batches(losses: Iterable[float], first_step: int = 1) -> list[BatchFinished]:
    return [
        BatchFinished(step, 1, loss, 0.1, 1e-3, 32) for step, loss in enumerate(losses, first_step)
    ]


def noisy(means: Sequence[float], noise: float = 0.15) -> list[BatchFinished]:
    rng = np.random.default_rng(0)
    return batches([mean * math.exp(rng.normal(0, noise)) for mean in means])


def epochs(pairs: Iterable[tuple[float, float]], n: int = 6000) -> list[EpochFinished]:
    return [
        EpochFinished(100 * i, i, training, 0.9, Evaluation(validation, 0, n))
        for i, (training, validation) in enumerate(pairs, 1)
    ]


def measured(step: int, *shares: float | None, ratio: float = 1e-3) -> LayersMeasured:
    layers = (LayerStatistic(f"dense{i}", 1.0, ratio, s) for i, s in enumerate(shares, 1))
    return LayersMeasured(step, tuple(layers))


def monitor(config: TrainingConfig = CONFIG, steps: int = 10_000) -> Monitor:
    return Monitor(config, 10, steps)


# Real runs -----------------------------------------------------------------------------------


def test_a_real_run_with_far_too_large_steps(data: TrainingData) -> None:
    config = replace(CONFIG, optimiser="sgd", lr=1e3, epochs=10)
    trouble = trouble_of(Trainer(config, data))
    first = trouble[0]
    assert first.kind in (TroubleKind.DIVERGED, TroubleKind.EXPLODING)
    assert first.good_step <= 1
    assert first.remedy.changes == {"lr": pytest.approx(333, rel=0.02)}
    assert first.remedy.go_back_to == "last_good"


def test_a_real_run_that_stands_still(data: TrainingData) -> None:
    config = replace(CONFIG, optimiser="sgd", lr=1e-9, epochs=20)
    (trouble,) = trouble_of(Trainer(config, data, statistics_every=10))
    assert trouble.kind is TroubleKind.NOT_FALLING
    assert "no better than pure guessing (2.30)" in trouble.sentence
    assert trouble.remedy.changes == {"lr": 1e-2}
    assert trouble.remedy.go_back_to is None


def test_a_real_run_with_a_dead_layer(data: TrainingData) -> None:
    config = replace(CONFIG, epochs=2)
    weights = Trainer(config, data).snapshot().weights
    start = {**weights, "dense1.bias": torch.full_like(weights["dense1.bias"], -1e3)}
    trouble = trouble_of(Trainer(config, data, start=start, statistics_every=2))
    assert trouble[0].kind is TroubleKind.DEAD
    assert trouble[0].sentence.startswith("All of the units of dense1 answer 0")
    assert trouble[0].good_step == 0


def test_a_real_run_that_learns_by_heart(data: TrainingData) -> None:
    few = TrainingData(data.train.select(np.arange(200)), data.test)
    config = replace(CONFIG, lr=0.01, epochs=40, validation=0.5, hyper={})
    events = list(Trainer(config, few).events())
    watcher = monitor(config)
    (trouble,) = watch(watcher, events)
    assert trouble.kind is TroubleKind.OVERFITTING
    losses = {
        e.step: e.validation.loss for e in events if isinstance(e, EpochFinished) if e.validation
    }
    assert (
        trouble.good_step
        == min((loss, step) for step, loss in losses.items() if step <= trouble.step)[1]
    )
    assert trouble.remedy.changes["augmentation"].moves
    assert trouble.remedy.go_back_to == "best"


@pytest.mark.parametrize("name", recipe_names())
def test_recipes_raise_no_alarm(data: TrainingData, name: str) -> None:
    config = replace(load_recipe(name), epochs=6, validation=0.2, batch_size=32, threads=1)
    hyper = {"maps1": 8, "maps2": 8, "maps3": 8} if name == "digits" else {}
    config = replace(config, hyper={**config.hyper, **hyper})
    assert trouble_of(Trainer(config, data, statistics_every=3)) == []


@pytest.mark.parametrize("lr", [1e-4, 1e-3, 1e-2])
@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
def test_usual_settings_raise_no_alarm(data: TrainingData, optimiser: str, lr: float) -> None:
    if optimiser == "sgd":
        lr *= 10
    config = replace(CONFIG, optimiser=optimiser, lr=lr, epochs=8)
    assert trouble_of(Trainer(config, data, statistics_every=5)) == []


def test_fine_tuning_raises_no_alarm(data: TrainingData) -> None:
    trainer = Trainer(replace(CONFIG, epochs=10), data)
    list(trainer.events())
    sure_and_wrong = {name: 3 * value for name, value in trainer.snapshot().weights.items()}
    assert trouble_of(Trainer(replace(CONFIG, epochs=10), data, start=sure_and_wrong)) == []


# Sequences -----------------------------------------------------------------------------------


def test_divergence_names_the_layer() -> None:
    config = replace(CONFIG, lr=0.3)
    events: list[Event] = [*batches([2.3, 1.9, 1.7, 90.0, 4e8])]
    events.append(Diverged(5, "dense2", "output"))
    (trouble,) = watch(monitor(config), events)
    assert trouble.kind is TroubleKind.DIVERGED
    assert "the output of dense2 is no longer a finite number" in trouble.sentence
    assert trouble.remedy.changes == {"lr": 0.1}
    assert (trouble.step, trouble.good_step) == (5, 2)


def test_divergence_in_the_loss_alone() -> None:
    (trouble,) = watch(monitor(), [Diverged(0, "output", "loss")])
    assert "the loss is no longer" in trouble.sentence
    assert trouble.good_step == 0


def test_a_loss_that_grows_and_calms_down() -> None:
    watcher = monitor()
    told = watch(watcher, noisy([1.0] * 50 + [40.0] * 40))
    assert [t.kind for t in told] == [TroubleKind.EXPLODING]
    assert told[0].good_step == 49
    assert "far above the 2.30 of pure guessing" in told[0].sentence
    watch(watcher, noisy([1.0] * 40))
    assert watcher.active == {}
    assert len(watch(watcher, noisy([40.0] * 40))) == 1  # told again once it is back


def test_a_loss_that_goes_back_to_guessing() -> None:
    falling = list(np.linspace(CHANCE, 0.5, 200))
    (trouble,) = watch(monitor(), noisy([*falling, *[CHANCE] * 400], 0.03))
    assert trouble.kind is TroubleKind.NOT_FALLING
    assert "has lost what it had learned" in trouble.sentence
    assert 190 <= trouble.good_step <= 250
    assert trouble.remedy.go_back_to == "last_good"


def test_a_standstill_with_large_steps_wants_smaller_ones() -> None:
    watcher = monitor(replace(CONFIG, lr=0.5))
    watcher.feed(measured(1, 0.1, ratio=0.3))
    (trouble,) = watch(watcher, noisy([CHANCE * 1.01] * 300, 0.02))
    assert trouble.remedy.changes == {"lr": 0.17}
    assert trouble.good_step == 0


def test_a_slow_fall_is_a_fall() -> None:
    assert watch(monitor(), noisy(list(np.linspace(2.35, 2.2, 400)), 0.03)) == []


def test_it_is_told_once_until_it_goes_away() -> None:
    watcher = monitor()
    assert len(watch(watcher, noisy([CHANCE] * 1000, 0.01))) == 1
    watcher.set_config(CONFIG)
    assert watcher.active == {}
    assert len(watch(watcher, noisy([CHANCE] * 1000, 0.01))) == 1


def test_dead_units_must_stay_dead() -> None:
    watcher = monitor()
    assert watch(watcher, [measured(i, 0.95 if i % 3 else 0.5) for i in range(30)]) == []
    told = watch(
        watcher, [measured(40, 0.3, None), *(measured(i, 0.2, 0.97) for i in range(50, 60))]
    )
    assert [t.kind for t in told] == [TroubleKind.DEAD]
    assert told[0].sentence.startswith("97 % of the units of dense2")
    assert told[0].good_step == 40
    watcher.feed(measured(70, 0.2, 0.8))
    assert TroubleKind.DEAD in watcher.active
    watcher.feed(measured(80, 0.2, 0.6))
    assert TroubleKind.DEAD not in watcher.active


def test_overfitting_goes_away() -> None:
    watcher = monitor()
    pairs = [(0.5, 0.4), (0.3, 0.3), (0.2, 0.36), (0.15, 0.4), (0.1, 0.45)]
    (trouble,) = watch(watcher, epochs(pairs))
    assert (trouble.step, trouble.good_step) == (500, 200)
    assert "risen from 0.3 to 0.45 in 3 epochs" in trouble.sentence
    watch(watcher, epochs([(0.1, 0.29)]))
    assert watcher.active == {}


@pytest.mark.parametrize(
    "pairs",
    [
        [(0.5, 0.3), *[(0.2, 0.3 + 0.01 * (i % 3)) for i in range(10)]],  # noise
        [(0.5, 0.3), (0.6, 0.4), (0.7, 0.5), (0.8, 0.6)],  # both rise: no overfitting
        [(0.3, 0.2), (0.1, 0.3), (0.05, 0.21), (0.04, 0.3), (0.03, 0.2)],  # up and down
    ],
)
def test_what_is_no_overfitting(pairs: list[tuple[float, float]]) -> None:
    assert watch(monitor(), epochs(pairs)) == []


def test_few_validation_images_prove_little() -> None:
    pairs = [(0.5, 0.3), (0.3, 0.38), (0.2, 0.39), (0.1, 0.4)]
    assert watch(monitor(), epochs(pairs, n=50)) == []
    assert len(watch(monitor(), epochs(pairs, n=6000))) == 1


@pytest.mark.parametrize(
    ("config", "changes"),
    [
        (replace(CONFIG, augmentation=Augmentation(shift_px=1)), {"weight_decay": 0.01}),
        (
            replace(CONFIG, augmentation=Augmentation(shift_px=1), weight_decay=0.1),
            {"weight_decay": pytest.approx(0.3)},
        ),
        (replace(CONFIG, augmentation=Augmentation(shift_px=1), weight_decay=5.0), {}),
    ],
)
def test_remedies_for_overfitting(config: TrainingConfig, changes: dict[str, object]) -> None:
    pairs = [(0.5, 0.3), (0.3, 0.4), (0.2, 0.5), (0.1, 0.6)]
    (trouble,) = watch(monitor(config), epochs(pairs))
    assert dict(trouble.remedy.changes) == changes
    assert trouble.remedy.go_back_to == "best"


def test_remedies_are_settings_that_are_possible(data: TrainingData) -> None:
    for lr in (1e-9, 1e3):
        watcher = monitor(replace(CONFIG, lr=lr))
        for trouble in watch(watcher, [*noisy([CHANCE] * 300, 0.01), Diverged(301, "a", "loss")]):
            trainer = Trainer(replace(CONFIG, lr=lr), data)
            trainer.adjust(**trouble.remedy.changes)
            assert isinstance(trainer.network, nn.Module)


@pytest.mark.parametrize(
    ("rates", "remedy"),
    [
        ((0.5,), (0.01, "a learning rate of 0.01")),  # the one that was good
        ((0.5, 1e-9), (0.01, "a learning rate of 0.01")),  # lowered too late
        ((0.02,), (0.0067, "a third of the learning rate (0.0067)")),
        ((1e-9,), (0.0033, "a learning rate of 0.0033")),
        ((), (0.0033, "a third of the learning rate (0.0033)")),
    ],
)
def test_the_lower_rate_is_lower_than_the_one_that_did_the_harm(
    rates: tuple[float, ...], remedy: tuple[float, str]
) -> None:
    config = replace(CONFIG, lr=0.01)
    watcher = monitor(config)
    watch(watcher, noisy([1.0] * 50))
    for rate in rates:
        watcher.set_config(replace(config, lr=rate))
        watcher.feed(batches([90.0], first_step=51)[0])
    (trouble,) = watch(watcher, [Diverged(51, "dense2", "output")])
    lr, words = remedy
    assert trouble.remedy.changes == {"lr": lr}
    assert trouble.remedy.text == f"Go back to the last good step with {words}"


def test_a_rate_that_is_far_too_low_is_raised_to_one_that_moves_something() -> None:
    watcher = monitor(replace(CONFIG, lr=1e-9))
    (trouble,) = watch(watcher, noisy([CHANCE] * 300, 0.02))
    assert trouble.remedy.changes == {"lr": 1e-4}
    assert trouble.remedy.text == "Go on with a learning rate of 0.0001"
    watcher = monitor(replace(CONFIG, lr=5e-5))
    (trouble,) = watch(watcher, noisy([CHANCE] * 300, 0.02))
    assert trouble.remedy.text == "Go on with ten times the learning rate (0.0005)"
