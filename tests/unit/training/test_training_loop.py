import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.unit.training.bars import CONFIG, bars, bars_data, finished, only, same_weights
from viewer.core.data.dataset import ImageDataset
from viewer.core.errors import UserError
from viewer.core.nets.architectures import architectures
from viewer.core.training.config import Augmentation, TrainingConfig
from viewer.core.training.events import (
    BatchFinished,
    CheckpointDue,
    EpochFinished,
    Finished,
)
from viewer.core.training.loop import Trainer, TrainingData, train
from viewer.core.training.metrics import evaluate


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return bars_data()


def test_it_learns(data: TrainingData) -> None:
    events = list(train(replace(CONFIG, epochs=30), data))
    epochs = only(EpochFinished, events)
    assert epochs[-1].loss < 0.5 * epochs[0].loss
    assert epochs[-1].validation.accuracy > 0.9
    assert finished(events).test.accuracy > 0.9


def test_the_order_of_events(data: TrainingData) -> None:
    # 96 images to learn from: 6 batches of 16 an epoch.
    kinds = [type(event) for event in train(replace(CONFIG, epochs=2), data)]
    epoch = [BatchFinished] * 6 + [EpochFinished, CheckpointDue]
    assert kinds == [*epoch, *epoch, Finished]


def test_batches_are_counted(data: TrainingData) -> None:
    batches = only(BatchFinished, list(train(replace(CONFIG, epochs=2), data)))
    assert [batch.step for batch in batches] == list(range(1, 13))
    assert [batch.epoch for batch in batches] == [1] * 6 + [2] * 6
    assert {batch.images for batch in batches} == {16}


def test_an_epoch_reports_the_mean_of_its_batches(data: TrainingData) -> None:
    events = list(train(CONFIG, data))
    losses = [batch.loss for batch in only(BatchFinished, events)]
    accuracies = [batch.accuracy for batch in only(BatchFinished, events)]
    second = only(EpochFinished, events)[1]
    assert second.loss == pytest.approx(np.mean(losses[6:12]))
    assert second.accuracy == pytest.approx(np.mean(accuracies[6:12]))


def test_the_first_loss_is_plain_torchs(data: TrainingData) -> None:
    config = TrainingConfig(architecture="mlp", hyper={"units1": 4}, batch_size=128, epochs=1)
    trainer = Trainer(config, data)
    (batch,) = only(BatchFinished, list(itertools.islice(trainer.events(), 1)))
    network = Trainer(config, data).network
    x = torch.from_numpy(data.train.images.astype("float32")).unsqueeze(1) / 255
    logits = network((x - 0.1) / 0.25)
    labels = torch.from_numpy(data.train.labels.astype("int64"))
    loss = nn.functional.cross_entropy(logits, labels)
    assert batch.loss == pytest.approx(float(loss.detach()), rel=1e-5)


def test_one_step_of_plain_gradient_descent_by_hand(data: TrainingData) -> None:
    config = TrainingConfig(
        architecture="mlp",
        hyper={"units1": 4},
        batch_size=128,
        epochs=1,
        optimiser="sgd",
        momentum=0.0,
        schedule="constant",
        lr=0.5,
    )
    reference, trainer = Trainer(config, data).network, Trainer(config, data)
    list(itertools.islice(trainer.events(), 1))
    x = torch.from_numpy(data.train.images.astype("float32")).unsqueeze(1) / 255
    labels = torch.from_numpy(data.train.labels.astype("int64"))
    loss = nn.functional.cross_entropy(reference((x - 0.1) / 0.25), labels)
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
    for old, new in zip(reference.parameters(), trainer.network.parameters(), strict=True):
        assert old.grad is not None
        torch.testing.assert_close(new, old - 0.5 * old.grad, rtol=1e-4, atol=1e-6)


def test_the_same_seed_repeats_bit_for_bit(data: TrainingData) -> None:
    first, second = (list(train(CONFIG, data)) for _ in range(2))
    assert only(BatchFinished, first) == only(BatchFinished, second)
    assert same_weights(finished(first).network, finished(second).network)
    other = list(train(replace(CONFIG, seed=6), data))
    assert only(BatchFinished, first) != only(BatchFinished, other)


@pytest.mark.parametrize(
    "change",
    [
        {"hyper": {"units1": 4, "dropout": 0.5}},
        {"augmentation": Augmentation(rotation_deg=20, thickness=0.5)},
    ],
    ids=["dropout", "augmentation"],
)
def test_every_step_has_random_numbers_of_its_own(change: dict[str, Any]) -> None:
    image = bars(1, 1, "train")
    copies = image.select(np.zeros(16, np.int64))  # whatever the order, a batch is the same
    config = replace(TrainingConfig(architecture="mlp", epochs=3, batch_size=16, lr=1e-9), **change)
    batches = only(BatchFinished, list(train(config, TrainingData(copies, image))))
    losses = [batch.loss for batch in batches]
    assert len({round(loss, 4) for loss in losses}) == 3


def test_the_random_numbers_of_others_do_not_matter(data: TrainingData) -> None:
    plain = list(train(CONFIG, data))
    disturbed = []
    for event in train(CONFIG, data):
        torch.rand(3)
        disturbed.append(event)
    assert only(BatchFinished, plain) == only(BatchFinished, disturbed)


def test_a_state_is_a_copy(data: TrainingData) -> None:
    trainer = Trainer(CONFIG, data)
    events = trainer.events()
    list(itertools.islice(events, 3))
    state = trainer.state()
    before = {name: value.clone() for name, value in state["network"].items()}
    list(itertools.islice(events, 3))
    assert all(torch.equal(value, before[name]) for name, value in state["network"].items())


def test_a_state_of_another_configuration_is_refused(data: TrainingData) -> None:
    state = Trainer(CONFIG, data).state()
    with pytest.raises(UserError, match="another configuration"):
        Trainer(replace(CONFIG, seed=9), data).restore(state)


@pytest.mark.parametrize(
    "damage", [{"network": {}}, {"optimiser": None}, {"epoch_sums": []}, {"average": None}]
)
def test_a_damaged_state_is_refused(data: TrainingData, damage: dict[str, Any]) -> None:
    state = Trainer(CONFIG, data).state() | damage
    with pytest.raises(UserError, match="damaged"):
        Trainer(CONFIG, data).restore(state)


def test_a_snapshot_is_a_copy(data: TrainingData) -> None:
    trainer = Trainer(CONFIG, data)
    events = trainer.events()
    list(itertools.islice(events, 3))
    snapshot = trainer.snapshot()
    assert (snapshot.step, snapshot.gradients) == (3, None)
    before = {name: value.clone() for name, value in snapshot.weights.items()}
    assert before.keys() == trainer.network.state_dict().keys()
    list(events)
    assert all(torch.equal(value, before[name]) for name, value in snapshot.weights.items())


def test_a_snapshot_has_the_gradients_of_the_last_step(data: TrainingData) -> None:
    config = replace(
        CONFIG, optimiser="sgd", momentum=0.0, weight_decay=0.0, schedule="constant", lr=0.5
    )
    trainer = Trainer(config, data)
    assert trainer.snapshot(gradients=True).gradients == {}
    events = trainer.events()
    next(events)
    before = trainer.snapshot().weights
    next(events)
    after = trainer.snapshot(gradients=True)
    assert after.gradients is not None
    assert after.gradients.keys() == dict(trainer.network.named_parameters()).keys()
    for name, gradient in after.gradients.items():
        torch.testing.assert_close(after.weights[name], before[name] - 0.5 * gradient)


def test_the_result_is_plain_and_tested_as_it_is(data: TrainingData) -> None:
    result = finished(list(train(CONFIG, data)))
    names = [name for name, _ in result.network.named_children()]
    assert not [name for name in names if name.startswith(("norm", "dropout"))]
    plain = architectures().get("digits").build(result.hyper, (1, 12, 12), 2)
    plain.load_state_dict(result.network.state_dict())
    assert evaluate(plain, data.test) == result.test
    assert not any(p.requires_grad for p in result.network.parameters())


def test_folding_kept_the_accuracy(data: TrainingData) -> None:
    trainer = Trainer(replace(CONFIG, ema=0.0), data)
    result = finished(list(trainer.events()))
    unfolded = evaluate(trainer.network, data.test)
    assert result.test.loss == pytest.approx(unfolded.loss, rel=1e-5)
    assert result.test.correct == unfolded.correct


def test_validation_images_are_not_learned_from(data: TrainingData) -> None:
    trainer = Trainer(CONFIG, data)
    learned, kept = trainer._batches._images, trainer._batches.validation_images
    assert (len(learned), len(kept)) == (96, 32)

    def as_set(images: Tensor) -> set[bytes]:
        return {image.numpy().tobytes() for image in images}

    assert not as_set(learned) & as_set(kept)


def test_no_validation_no_figure(data: TrainingData) -> None:
    events = list(train(replace(CONFIG, validation=0.0, epochs=1), data))
    assert [event.validation for event in only(EpochFinished, events)] == [None]


def test_fewer_images_than_a_batch(data: TrainingData) -> None:
    batches = only(BatchFinished, list(train(replace(CONFIG, batch_size=1000), data)))
    assert [batch.images for batch in batches] == [96] * 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "cifar"}, "no data set 'cifar'"),
        ({"architecture": "vgg"}, "no architecture 'vgg'"),
        ({"hyper": {"maps1": 0}}, "maps1 of digits must be"),
        ({"device": "cuda:99"}, "no device 'cuda:99'"),
        ({"device": "teapot"}, "no device 'teapot'"),
        ({"device": "meta"}, "no device 'meta'"),
    ],
)
def test_settings_that_cannot_be_are_refused_at_once(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Trainer(replace(TrainingConfig(), **changes))


def test_the_metadata_tells_what_is_needed_to_use_the_network(data: TrainingData) -> None:
    trainer = Trainer(CONFIG, data)
    result = finished(list(trainer.events()))
    training = trainer.metadata()
    assert (training.hyper["batch_norm"], training.hyper["dropout"]) == (True, 0.2)
    assert (training.test_accuracy, training.training_command) == (None, None)
    architectures().get("digits").build(training.hyper, (1, 12, 12), 2).load_state_dict(
        dict(trainer.snapshot().weights)
    )
    metadata = trainer.result_metadata(result, "the command")
    assert (metadata.hyper["batch_norm"], metadata.hyper["dropout"]) == (False, 0.0)
    assert metadata.hyper["maps1"] == 3
    assert metadata.input_shape == (1, 12, 12)
    assert (metadata.mean, metadata.std) == ((0.1,), (0.25,))
    assert metadata.class_names == ("upright", "lying")
    assert metadata.test_accuracy == result.test.accuracy
    assert metadata.training_command == "the command"


def test_colour_images_are_learned_from_channel_by_channel(data: TrainingData) -> None:
    grey = data.train
    images = np.stack([grey.images, 255 - grey.images, np.zeros_like(grey.images)], axis=3)
    mean, std = (0.1, 0.9, 0.0), (0.25, 0.25, 1.0)
    colour = ImageDataset("colour", "train", images, grey.labels, grey.class_names, mean, std)
    trainer = Trainer(replace(CONFIG, epochs=30), TrainingData(colour, colour))
    assert trainer.network.get_parameter("conv1.weight").shape == (3, 3, 3, 3)
    result = finished(list(trainer.events()))
    assert result.test.accuracy > 0.9
    metadata = trainer.metadata()
    assert (metadata.input_shape, metadata.mean, metadata.std) == ((3, 12, 12), mean, std)
