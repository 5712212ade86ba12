"""Every number of a network that is shown while it learns is plain torch's."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.few_digits import CONFIG, few_digits, plain_outputs, snapshot_of, train_to
from viewer.core.live import LiveNetwork, Snapshot
from viewer.core.records import ActivationRecord, Drawing, InferenceRequest, Stroke
from viewer.core.training.config import TrainingConfig
from viewer.core.training.evaluation import build_network
from viewer.core.training.loop import Trainer

SEVEN = np.array([(70, 62), (140, 59), (210, 62), (174, 140), (126, 238)], np.float32)
REQUEST = InferenceRequest(4, Drawing((Stroke(SEVEN),), canvas=(280.0, 280.0)))
BLANK = InferenceRequest(5, Drawing(canvas=(280.0, 280.0)))
NORMED = replace(CONFIG, hyper={**CONFIG.hyper, "batch_norm": True, "dropout": 0.5})


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def trainer(config: TrainingConfig = CONFIG) -> Trainer:
    return Trainer(config, few_digits())


def check_outputs(record: ActivationRecord, snapshot: Snapshot, like: Trainer) -> None:
    pixels = record.image.pixels
    wanted = plain_outputs(dict(snapshot.weights), deepcopy(like.network), pixels)
    assert set(record.outputs) == {"input", *wanted}
    for name, values in wanted.items():
        np.testing.assert_array_equal(record.outputs[name], values, err_msg=name)
    assert record.probabilities is not None
    np.testing.assert_array_equal(record.probabilities, wanted["softmax"])


@pytest.mark.parametrize("config", [CONFIG, NORMED], ids=["plain", "norm and dropout"])
def test_it_answers_with_the_weights_of_the_snapshot(config: TrainingConfig) -> None:
    training = train_to(trainer(config), 5)
    first = snapshot_of(training)
    live = LiveNetwork(first)
    check_outputs(live.run(REQUEST), first, training)
    assert (live.weights.step, live.run(REQUEST).weights_step) == (5, 5)

    second = snapshot_of(train_to(training, 9))
    live.take(second)
    record = live.run(REQUEST)
    check_outputs(record, second, training)
    assert (record.generation, record.weights_step, live.weights.step) == (4, 9, 9)
    assert not np.array_equal(
        record.outputs["dense3"], LiveNetwork(first).run(REQUEST).outputs["dense3"]
    )


def test_the_weights_shown_are_those_of_the_step() -> None:
    training = train_to(trainer(), 3)
    live = LiveNetwork(snapshot_of(training))
    before = live.weights
    kept = {name: values.copy() for name, values in before.weights.items()}
    train_to(training, 6)
    live.take(snapshot_of(training))

    assert set(live.weights.weights) == set(live.weights.biases) == {"dense1", "dense2", "dense3"}
    for name, values in live.weights.weights.items():
        np.testing.assert_array_equal(values, training.network.get_parameter(f"{name}.weight").data)
    for name, values in live.weights.biases.items():
        np.testing.assert_array_equal(values, training.network.get_parameter(f"{name}.bias").data)
    for name, values in kept.items():  # a record that went to the window never changes
        np.testing.assert_array_equal(before.weights[name], values)


def test_what_the_sender_does_with_its_tensors_changes_nothing() -> None:
    snapshot = snapshot_of(train_to(trainer(), 2))
    live = LiveNetwork(snapshot)
    wanted = live.run(REQUEST)
    shown = live.weights.weights["dense1"].copy()
    for tensor in snapshot.weights.values():
        tensor.zero_()

    np.testing.assert_array_equal(live.run(REQUEST).outputs["dense3"], wanted.outputs["dense3"])
    np.testing.assert_array_equal(live.weights.weights["dense1"], shown)


def test_the_network_is_told_as_it_trains() -> None:
    training = trainer(NORMED)
    network = LiveNetwork(snapshot_of(training, "Tuesday")).network

    assert (network.title, network.architecture, network.source) == ("Tuesday", "mlp", "training")
    assert [node.name for node in network.nodes][1:4] == ["flatten", "dense1", "norm1"]
    assert "dropout1" in [node.name for node in network.nodes]
    assert network.test_accuracy is None
    assert (network.mean, network.std) == few_digits().train.mean_std()
    assert network.parameters == sum(p.numel() for p in training.network.parameters())


def test_gradients_stand_in_for_the_weights() -> None:
    training = train_to(trainer(), 4)
    snapshot = snapshot_of(training, gradients=True)
    assert snapshot.gradients is not None
    live = LiveNetwork(snapshot)

    for name in ("dense1", "dense2", "dense3"):
        gradient = training.network.get_parameter(f"{name}.weight").grad
        assert gradient is not None and bool(gradient.any())
        np.testing.assert_array_equal(live.weights.weights[name], gradient)
        gradient = training.network.get_parameter(f"{name}.bias").grad
        np.testing.assert_array_equal(live.weights.biases[name], gradient)
    assert live.weights.step == 4
    check_outputs(live.run(REQUEST), snapshot, training)  # the answer is that of the weights


def test_frozen_layers_have_no_gradients() -> None:
    training = train_to(trainer(replace(CONFIG, frozen=("dense1",))), 2)
    live = LiveNetwork(snapshot_of(training, gradients=True))

    assert set(live.weights.weights) == {"dense2", "dense3"}


def test_before_the_first_step_nothing_has_a_gradient() -> None:
    training = trainer()
    snapshot = snapshot_of(training, gradients=True)
    live = LiveNetwork(snapshot)

    assert dict(live.weights.weights) == dict(live.weights.biases) == {}
    check_outputs(live.run(REQUEST), snapshot, training)


def compared() -> tuple[Snapshot, Snapshot, Trainer]:
    training = train_to(trainer(), 1)
    before = snapshot_of(training)
    after = snapshot_of(train_to(training, 8))
    return replace(after, reference=before), before, training


def test_a_comparison_shows_exact_differences() -> None:
    after, before, training = compared()
    live = LiveNetwork(after)
    record = live.run(REQUEST)

    pixels = record.image.pixels
    new = plain_outputs(dict(after.weights), deepcopy(training.network), pixels)
    old = plain_outputs(dict(before.weights), deepcopy(training.network), pixels)
    for name in new:
        np.testing.assert_array_equal(record.outputs[name], new[name] - old[name], err_msg=name)
        assert not record.outputs[name].flags.writeable
    assert not record.outputs["input"].any()
    # The prediction is that of the newer step.
    assert record.probabilities is not None
    np.testing.assert_array_equal(record.probabilities, new["softmax"])
    for name, values in live.weights.weights.items():
        key = f"{name}.weight"
        np.testing.assert_array_equal(values, (after.weights[key] - before.weights[key]).numpy())
    assert live.weights.step == record.weights_step == 8
    assert live.network.title == "few: step 8 minus step 1"
    assert all(node.signed for node in live.network.nodes)


def test_a_comparison_on_a_blank_pad_has_no_prediction() -> None:
    record = LiveNetwork(compared()[0]).run(BLANK)

    assert record.probabilities is None
    assert "softmax" not in record.outputs
    assert "dense3" in record.outputs


def test_what_fits_is_the_same_network_of_the_same_run() -> None:
    training = train_to(trainer(), 1)
    snapshot = snapshot_of(training)
    live = LiveNetwork(snapshot)
    metadata = snapshot.metadata
    others = [
        replace(snapshot, title="another"),
        replace(snapshot, reference=snapshot),
        *(
            replace(snapshot, metadata=replace(metadata, **changes))
            for changes in (
                {"architecture": "lenet5"},
                {"hyper": {**metadata.hyper, "units1": 13}},
                {"input_shape": (1, 32, 32)},
                {"class_names": tuple("abcdefghij")},
                {"mean": (0.5,)},  # another data set: the same input is another one then
                {"std": (0.5,)},
                {"dataset": "kmnist"},
            )
        ),
    ]

    assert live.fits(snapshot_of(train_to(training, 2)))
    assert [other for other in others if live.fits(other)] == []


def test_a_comparison_fits_its_own_two_steps_only() -> None:
    after, before, training = compared()
    live = LiveNetwork(after)
    later = snapshot_of(train_to(training, 9))

    assert live.fits(after)
    assert not live.fits(replace(after, reference=None))
    assert not live.fits(replace(later, reference=before))  # the title names the steps
    assert not live.fits(replace(after, reference=later))


def test_a_network_is_built_without_a_random_number() -> None:
    learner = trainer(NORMED)
    snapshot = snapshot_of(train_to(learner, 3))
    before = torch.get_rng_state()
    LiveNetwork(replace(snapshot, reference=snapshot))
    build_network("few", snapshot.metadata, snapshot.weights)

    assert torch.equal(torch.get_rng_state(), before)  # a training's dropout draws from it
