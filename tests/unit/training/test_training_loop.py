import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from viewer.core.data.dataset import ImageDataset
from viewer.core.errors import UserError
from viewer.core.nets.architectures import architectures
from viewer.core.training.config import Augmentation, TrainingConfig
from viewer.core.training.events import (
    BatchFinished,
    CheckpointDue,
    EpochFinished,
    Event,
    Finished,
    WeightsPublished,
)
from viewer.core.training.loop import Trainer, TrainingData, train
from viewer.core.training.metrics import evaluate

CONFIG = TrainingConfig(
    architecture="digits",
    hyper={
        "maps1": 3,
        "maps2": 4,
        "maps3": 4,
        "kernel1": 3,
        "kernel2": 3,
        "kernel3": 3,
        "batch_norm": True,
        "dropout": 0.2,
    },
    epochs=3,
    batch_size=16,
    lr=0.02,
    seed=5,
    ema=0.9,
    weight_decay=0.01,
    validation=0.25,
    augmentation=Augmentation(rotation_deg=5, shift_px=0.5, thickness=0.3, elastic_px=0.3),
)


def bars(n: int, seed: int, part: str) -> ImageDataset:
    """Return 12 × 12 images of a bar, upright or lying, anywhere, with some noise."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(n) % 2).astype(np.uint8)
    images = rng.integers(0, 40, (n, 12, 12), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        at = int(rng.integers(2, 10))
        (image[at] if label else image[:, at])[2:10] = 255
    return ImageDataset("bars", part, images, labels, ("upright", "lying"), 0.1, 0.25)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return TrainingData(bars(128, 1, "train"), bars(60, 2, "test"))


def only(kind: type, events: list[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def finished(events: list[Event]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


def same_weights(first: nn.Module, second: nn.Module) -> bool:
    pairs = zip(first.state_dict().items(), second.state_dict().items(), strict=True)
    return all(a == b and torch.equal(x, y) for (a, x), (b, y) in pairs)


def test_it_learns(data: TrainingData) -> None:
    events = list(train(replace(CONFIG, epochs=30), data))
    epochs = only(EpochFinished, events)
    assert epochs[-1].loss < 0.5 * epochs[0].loss
    assert epochs[-1].validation.accuracy > 0.9
    assert finished(events).test.accuracy > 0.9


def test_the_order_of_events(data: TrainingData) -> None:
    # 96 images to learn from: 6 batches of 16 an epoch.
    kinds = [type(event) for event in train(replace(CONFIG, epochs=2), data)]
    epoch = [BatchFinished] * 6 + [EpochFinished, WeightsPublished, CheckpointDue]
    assert kinds == [WeightsPublished, *epoch, *epoch, Finished]


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
    (batch,) = only(BatchFinished, list(itertools.islice(trainer.events(), 2)))
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
    list(itertools.islice(trainer.events(), 2))
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


@pytest.mark.parametrize("optimiser", ["sgd", "adam", "adamw"])
@pytest.mark.parametrize("stop_after", [0, 4, 6, 11, 18])
def test_resumed_equals_uninterrupted_bit_for_bit(
    data: TrainingData, optimiser: str, stop_after: int
) -> None:
    config = replace(CONFIG, optimiser=optimiser, schedule="onecycle")
    whole = list(train(config, data))
    first = Trainer(config, data)
    for event in first.events():
        if first.step == stop_after and (isinstance(event, BatchFinished) or not stop_after):
            break
    second = Trainer(config, data)
    second.restore(first.state())
    assert second.step == stop_after
    rest = list(second.events())
    batches, epochs = only(BatchFinished, whole), only(EpochFinished, whole)
    assert only(BatchFinished, rest) == batches[stop_after:]
    if stop_after < 18:  # of a finished epoch only the result is due
        assert only(EpochFinished, rest)[-1] == epochs[-1]
    assert same_weights(finished(rest).network, finished(whole).network)


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


def test_published_weights_are_copies(data: TrainingData) -> None:
    events = train(CONFIG, data)
    published = next(events)
    assert isinstance(published, WeightsPublished)
    assert published.step == 0
    before = {name: value.clone() for name, value in published.weights.items()}
    list(events)
    assert all(torch.equal(value, before[name]) for name, value in published.weights.items())


def test_weights_are_published_as_often_as_asked_for(data: TrainingData) -> None:
    trainer = Trainer(replace(CONFIG, epochs=2), data, publish_every=5)
    published = only(WeightsPublished, list(trainer.events()))
    assert [event.step for event in published] == [0, 5, 10]


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
    learned, kept = trainer._images, trainer._validation_images
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


def test_a_loss_that_is_no_number_stops_with_a_sentence(data: TrainingData) -> None:
    config = replace(CONFIG, optimiser="sgd", lr=1000.0, schedule="constant", hyper={})
    with pytest.raises(UserError, match=r"no longer a number after .* lower learning rate"):
        list(train(replace(config, epochs=50), data))


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
    metadata = trainer.metadata(result, "the command")
    assert metadata.hyper["batch_norm"] is False
    assert metadata.hyper["maps1"] == 3
    assert metadata.input_shape == (1, 12, 12)
    assert (metadata.mean, metadata.std) == ((0.1,), (0.25,))
    assert metadata.class_names == ("upright", "lying")
    assert metadata.test_accuracy == result.test.accuracy
    assert metadata.training_command == "the command"
