from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler

from viewer.core.training.config import OPTIMISERS, TrainingConfig
from viewer.core.training.optimisation import WeightAverage, adjust_optimiser, build_optimiser
from viewer.core.training.schedule import learning_rate

STEPS, STEPS_PER_EPOCH = 60, 6


def rates(config: TrainingConfig, steps: int = STEPS) -> list[float]:
    return [learning_rate(config, step, steps, STEPS_PER_EPOCH) for step in range(steps)]


def torch_rates(build: type | object, steps: int = STEPS, **settings: object) -> list[float]:
    optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.2)
    scheduler = build(optimiser, **settings)  # type: ignore[operator]  # a class of torch's
    found = []
    for _ in range(steps):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return found


def test_constant() -> None:
    assert rates(TrainingConfig(schedule="constant", lr=0.2)) == [0.2] * STEPS


def test_cosine_is_torchs() -> None:
    found = rates(TrainingConfig(schedule="cosine", lr=0.2))
    assert found == pytest.approx(torch_rates(lr_scheduler.CosineAnnealingLR, T_max=STEPS))
    assert found[STEPS // 2] == pytest.approx(0.1)  # half of the way, half of the rate


def test_step_is_torchs() -> None:
    config = TrainingConfig(schedule="step", lr=0.2, step_epochs=2, step_factor=0.3)
    wanted = torch_rates(lr_scheduler.StepLR, step_size=2 * STEPS_PER_EPOCH, gamma=0.3)
    assert rates(config) == pytest.approx(wanted)
    assert rates(config)[24] == pytest.approx(0.2 * 0.09)


@pytest.mark.parametrize("steps", [10, 60, 61])
def test_one_cycle_is_torchs(steps: int) -> None:
    found = rates(TrainingConfig(schedule="onecycle", lr=0.2), steps)
    # One step fewer is taken: torch refuses the last scheduler step, which nobody uses.
    wanted = torch_rates(
        lr_scheduler.OneCycleLR, steps - 1, max_lr=0.2, total_steps=steps, cycle_momentum=False
    )
    assert found[:-1] == pytest.approx(wanted)
    assert found[0] == pytest.approx(0.2 / 25)
    assert found[-1] == pytest.approx(0.2 / 25 / 1e4)


@pytest.mark.parametrize("schedule", ["constant", "step", "cosine", "onecycle"])
@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_the_shortest_trainings_have_a_rate(schedule: str, steps: int) -> None:
    found = rates(TrainingConfig(schedule=schedule, lr=0.2), steps)
    assert all(0 < rate <= 0.2 for rate in found)


REFERENCES: dict[str, Callable[[Any], torch.optim.Optimizer]] = {
    "sgd": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True, weight_decay=0.5),
    "adam": lambda p: torch.optim.Adam(p, 0.1, weight_decay=0.5),
    "adamw": lambda p: torch.optim.AdamW(p, 0.1, weight_decay=0.5),
}


@pytest.mark.parametrize("name", OPTIMISERS)
def test_the_optimiser_is_torchs(name: str) -> None:
    config = TrainingConfig(optimiser=name, lr=0.1, weight_decay=0.5)
    ours, plain = nn.Linear(3, 2, bias=False), nn.Linear(3, 2, bias=False)
    plain.load_state_dict(ours.state_dict())
    reference: torch.optim.Optimizer = REFERENCES[name](plain.parameters())
    optimisers = build_optimiser(ours, config), reference
    for seed in range(3):
        gradient = torch.randn(2, 3, generator=torch.Generator().manual_seed(seed))
        for layer, optimiser in zip((ours, plain), optimisers, strict=True):
            layer.weight.grad = gradient.clone()
            optimiser.step()
    torch.testing.assert_close(ours.weight, plain.weight, rtol=1e-5, atol=1e-6)


def test_biases_and_norms_do_not_decay() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 2))
    groups = build_optimiser(network, TrainingConfig(weight_decay=0.1)).param_groups
    decay = {id(p): group["weight_decay"] for group in groups for p in group["params"]}
    found = {name: decay[id(p)] for name, p in network.named_parameters()}
    assert found == {
        "0.weight": 0.1,
        "0.bias": 0.0,
        "1.weight": 0.0,
        "1.bias": 0.0,
        "3.weight": 0.1,
        "3.bias": 0.0,
    }


def test_sgd_without_momentum_needs_no_nesterov() -> None:
    config = replace(TrainingConfig(), optimiser="sgd", momentum=0.0)
    assert build_optimiser(nn.Linear(2, 2), config).param_groups[0]["nesterov"] is False


def test_momentum_that_was_switched_off_starts_anew() -> None:
    layer = nn.Linear(1, 1, bias=False)
    layer.weight.data.fill_(0.0)
    config = TrainingConfig(optimiser="sgd", lr=1.0, momentum=0.5, nesterov=False)
    optimiser = build_optimiser(layer, config)
    for momentum, gradient, wanted in (
        (0.5, 1.0, -1.0),
        (0.5, 1.0, -2.5),
        (0.0, 1.0, -3.5),
        (0.5, 0.0, -3.5),  # with the momentum of before it would be -4.25
    ):
        adjust_optimiser(optimiser, replace(config, momentum=momentum))
        layer.weight.grad = torch.full((1, 1), gradient)
        optimiser.step()
        assert layer.weight.item() == pytest.approx(wanted)


def test_changed_weight_decay_is_for_weights_alone() -> None:
    optimiser = build_optimiser(nn.Linear(2, 2), TrainingConfig())
    adjust_optimiser(optimiser, TrainingConfig(weight_decay=0.3))
    assert [group["weight_decay"] for group in optimiser.param_groups] == [0.3, 0.0]


def test_the_average_by_hand() -> None:
    layer = nn.Linear(1, 1, bias=False)
    layer.weight.data.fill_(0.0)
    live = nn.Sequential(layer)
    average = WeightAverage(live, 0.9)
    layer.weight.data.fill_(1.0)
    average.update(1)  # decay is (1 + 1) / (10 + 1) while young
    assert average.network.get_parameter("0.weight").item() == pytest.approx(1 - 2 / 11)
    average.update(1000)
    assert average.network.get_parameter("0.weight").item() == pytest.approx(1 - 0.9 * 2 / 11)
    assert layer.weight.item() == 1.0


def test_the_average_takes_statistics_and_counts() -> None:
    live = nn.Sequential(nn.BatchNorm1d(2))
    average = WeightAverage(live, 0.5)
    live(torch.randn(8, 2) + 3)
    average.update(10_000)
    state, own = live.state_dict(), average.network.state_dict()
    assert int(own["0.num_batches_tracked"]) == 1
    torch.testing.assert_close(own["0.running_mean"], state["0.running_mean"] / 2)
