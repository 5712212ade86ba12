from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.unit.training.bars import CONFIG, bars_data, finished, only, same_weights
from viewer.core.training.config import TrainingConfig
from viewer.core.training.events import BatchFinished, LayersMeasured
from viewer.core.training.layer_statistics import LayerStatistics
from viewer.core.training.loop import Trainer, TrainingData


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return bars_data()


def test_every_so_many_steps_right_after_the_batch(data: TrainingData) -> None:
    trainer = Trainer(replace(CONFIG, epochs=2), data, statistics_every=5)
    events = list(trainer.events())
    measured = only(LayersMeasured, events)
    assert [event.step for event in measured] == [5, 10]
    for event in measured:
        before = events[events.index(event) - 1]
        assert isinstance(before, BatchFinished)
        assert before.step == event.step


def test_measuring_changes_nothing(data: TrainingData) -> None:
    plain = list(Trainer(CONFIG, data).events())
    measured = list(Trainer(CONFIG, data, statistics_every=1).events())
    assert len(only(LayersMeasured, measured)) == 18
    assert not only(LayersMeasured, plain)
    assert only(BatchFinished, plain) == only(BatchFinished, measured)
    assert same_weights(finished(plain).network, finished(measured).network)


def test_the_numbers_are_plain_torchs(data: TrainingData) -> None:
    trainer = Trainer(CONFIG, data, statistics_every=1)
    events = trainer.events()
    before = trainer.snapshot().weights
    next(events)
    measured = next(events)
    assert isinstance(measured, LayersMeasured)
    after = trainer.snapshot(gradients=True)
    assert after.gradients is not None
    names = ["conv1", "norm1", "conv2", "norm2", "conv3", "norm3", "dense"]
    assert [layer.name for layer in measured.layers] == names
    for layer in measured.layers:
        gradients = [g for n, g in after.gradients.items() if n.startswith(f"{layer.name}.")]
        norm = torch.cat([gradient.flatten() for gradient in gradients]).norm()
        assert layer.gradient_norm == pytest.approx(float(norm), rel=1e-5)
        old, new = (weights[f"{layer.name}.weight"] for weights in (before, after.weights))
        assert layer.update_ratio == pytest.approx(float((new - old).norm() / old.norm()), rel=1e-5)
        assert (layer.dead_share is None) == (layer.name == "dense")


def test_dead_units_by_hand() -> None:
    network = nn.Sequential(
        nn.Conv2d(1, 4, 1),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        nn.Linear(16, 3),
        nn.Tanh(),
        nn.Linear(3, 2),
    )
    statistics = LayerStatistics(network)
    bias = network.get_parameter("0.bias").data
    network.get_parameter("0.weight").data.fill_(1)
    bias.copy_(torch.tensor([-2.0, 0.5, -0.25, -9.0]))  # the third answers where x > 0.25
    images = torch.zeros(5, 1, 2, 2)
    images[3, 0, 1, 1] = 0.5
    with statistics.watching():
        network(images).sum().backward()
    statistics.begin()
    layers = statistics.result(1).layers
    assert [(layer.name, layer.dead_share) for layer in layers] == [
        ("0", 0.5),  # two of four feature maps
        ("3", None),  # tanh is 0 at one point only
        ("5", None),
    ]
    assert not any(module._forward_hooks for module in network.modules())


def test_the_units_behind_a_pooling_count_too() -> None:
    network = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Dropout(0.1), nn.ReLU())
    with LayerStatistics(network).watching():
        pass
    network.get_parameter("1.weight").data.zero_()
    network.get_parameter("1.bias").data.copy_(torch.tensor([1.0, -1, -1, -1]))
    statistics = LayerStatistics(network)
    with statistics.watching():
        network(torch.randn(8, 2))
    statistics.begin()
    assert [layer.dead_share for layer in statistics.result(1).layers] == [0.75, 0.75]


def test_a_frozen_layer_has_no_gradient_and_no_update(data: TrainingData) -> None:
    config = TrainingConfig(
        architecture="mlp",
        hyper={"units1": 4, "units2": 4},
        batch_size=32,
        epochs=1,
        frozen=("dense1",),
    )
    trainer = Trainer(config, data, statistics_every=2)
    first, *others = only(LayersMeasured, list(trainer.events()))[0].layers
    assert (first.name, first.gradient_norm, first.update_ratio) == ("dense1", 0.0, 0.0)
    assert all(layer.gradient_norm > 0 and layer.update_ratio > 0 for layer in others)
