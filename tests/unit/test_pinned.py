"""Pinned drawings: prepared once, answered in one pass, with plain torch's numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from tests.few_digits import CONFIG, few_digits, snapshot_of, train_to
from viewer.core import pinned as pinned_module
from viewer.core.engine import Engine
from viewer.core.imaging.preparation import prepare
from viewer.core.live import LiveNetwork
from viewer.core.pinned import BATCH, Pinned, PinnedInputs
from viewer.core.records import (
    DigitImage,
    Drawing,
    Fit,
    InferenceRequest,
    Legibility,
    NetworkRecord,
    Picture,
    Preparation,
    Stroke,
)
from viewer.core.training.loop import Trainer

SEVEN = np.array([(70, 62), (140, 59), (210, 62), (174, 140), (126, 238)], np.float32)
DRAWN = Drawing((Stroke(SEVEN),), canvas=(280.0, 280.0))
BLANK = Drawing(canvas=(280.0, 280.0))


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return what has been prepared since."""
    found: list[object] = []

    def note(source: Drawing | Picture, *values: Any, **settings: Any) -> DigitImage:
        found.append(source)
        return prepare(source, *values, **settings)

    monkeypatch.setattr(pinned_module, "prepare", note)
    return found


def network_for(*shape: int, **changes: Any) -> NetworkRecord:
    assert len(shape) == 3
    channels = shape[0]
    return NetworkRecord(
        "any",
        "any",
        (),
        "logits",
        shape,
        (0.5,) * channels,
        (0.5,) * channels,
        ("a", "b"),
        0,
        None,
        None,
        "here",
        **changes,
    )


DIGITS, LARGER = network_for(1, 28, 28), network_for(1, 32, 32)


def image(index: int) -> Picture:
    pixels = few_digits().test.images[index].astype(np.float32) / 255
    return Picture(pixels, f"test {index}", prepared=True)


def test_answers_are_those_of_the_pad() -> None:
    engine = Engine.open("digits")
    inputs = PinnedInputs()
    inputs.set((Pinned(4, DRAWN), Pinned(9, image(0)), Pinned(2, DRAWN, raw=True)))
    assert inputs.prepare(DIGITS)
    found = inputs.answer(engine)

    assert list(found) == [4, 9, 2]
    for pinned, source, raw in ((4, DRAWN, False), (9, image(0), False), (2, DRAWN, True)):
        alone, together = (
            engine.run(InferenceRequest(1, source, raw=raw)).probabilities,
            found[pinned],
        )
        assert alone is not None and together is not None
        np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-7)
    assert not np.allclose(found[4], found[2])  # type: ignore[arg-type]  # not None, as above


def test_what_can_not_be_read_has_no_answer() -> None:
    inputs = PinnedInputs()
    inputs.set((Pinned(1, BLANK), Pinned(2, DRAWN)))
    inputs.prepare(DIGITS)
    found = inputs.answer(Engine.open("mlp"))

    assert found[1] is None and found[2] is not None
    assert inputs.images[1].legibility is Legibility.BLANK


def test_nothing_is_prepared_twice(prepared: list[object]) -> None:
    inputs = PinnedInputs()
    first, second = Pinned(1, DRAWN), Pinned(2, image(3))
    inputs.set((first,))
    assert inputs.prepare(DIGITS)
    assert not inputs.prepare(DIGITS)
    inputs.set((first, second))
    assert inputs.prepare(DIGITS)
    assert prepared == [first.source, second.source]

    assert inputs.prepare(LARGER)  # another network sees other images
    assert prepared[2:] == [first.source, second.source]
    assert inputs.images[1].pixels.shape == (32, 32)
    inputs.set((second,))
    assert inputs.prepare(LARGER)
    assert list(inputs.images) == [2] and len(prepared) == 4


def test_more_than_a_batch_are_answered_each_with_its_own() -> None:
    inputs = PinnedInputs()
    count = few_digits().test.images.shape[0]
    assert count == BATCH
    inputs.set(tuple(Pinned(i, image(i % count)) for i in range(BATCH + 3)))
    inputs.prepare(DIGITS)
    found = inputs.answer(Engine.open("mlp"))

    assert list(found) == list(range(BATCH + 3))
    for i in range(3):
        np.testing.assert_allclose(found[BATCH + i], found[i], rtol=1e-5)  # type: ignore[arg-type]  # not None
    assert not np.allclose(found[0], found[1])  # type: ignore[arg-type]  # not None


def test_nothing_pinned_has_no_answers() -> None:
    inputs = PinnedInputs()
    inputs.prepare(DIGITS)
    assert dict(inputs.answer(Engine.open("mlp"))) == {}


def test_they_follow_the_weights() -> None:
    training = Trainer(CONFIG, few_digits())
    live = LiveNetwork(snapshot_of(training))
    inputs = PinnedInputs()
    inputs.set((Pinned(1, DRAWN),))
    inputs.prepare(DIGITS)
    before = inputs.answer(live)[1]
    live.take(snapshot_of(train_to(training, 8)))
    after = inputs.answer(live)[1]
    alone = live.run(InferenceRequest(1, DRAWN)).probabilities

    assert before is not None and after is not None and alone is not None
    assert not np.allclose(before, after)
    np.testing.assert_allclose(after, alone, rtol=1e-5, atol=1e-7)


def photograph(height: int, width: int) -> Picture:
    rgb = np.random.default_rng(height).integers(0, 256, (height, width, 3), np.uint8)
    return Picture(rgb.mean(axis=2).astype(np.float32) / 255, "photograph", rgb=rgb)


def test_coloured_pictures_are_answered_as_on_the_pad() -> None:
    engine = Engine.open("squeezenet1_1")
    inputs = PinnedInputs()
    first, second = photograph(40, 60), photograph(300, 260)
    inputs.set((Pinned(1, first), Pinned(2, DRAWN), Pinned(3, second), Pinned(4, BLANK)))
    assert inputs.prepare(engine.network)
    assert inputs.images[1].pixels.shape == (3, 224, 224)
    found = inputs.answer(engine)
    assert found[4] is None
    for pinned, source in ((1, first), (2, DRAWN), (3, second)):
        alone = engine.run(InferenceRequest(1, source)).probabilities
        together = found[pinned]
        assert alone is not None and together is not None
        np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-6)


def test_pictures_of_their_own_size_are_answered_each_at_its_own() -> None:
    engine = Engine.open("squeezenet1_1")
    native = replace(engine.network, preparation=Preparation(digit=False, fit=Fit.NATIVE))
    inputs = PinnedInputs()
    inputs.set((Pinned(1, photograph(64, 80)), Pinned(2, photograph(96, 64))))
    assert inputs.prepare(native)
    shapes = [image.pixels.shape for image in inputs.images.values()]
    assert shapes == [(3, 64, 80), (3, 96, 64)]
    resized = replace(native, input_shape=(3, 64, 80))
    assert not inputs.prepare(resized)  # the same network, with another picture on the pad
    for i, answer in inputs.answer(engine).items():
        pixels = inputs.images[i].pixels[np.newaxis]
        np.testing.assert_allclose(answer, engine.probabilities(pixels)[0], rtol=1e-4)  # type: ignore[arg-type]  # not None


def test_a_network_without_classes_has_no_answers() -> None:
    engine = Engine.open("mlp")
    engine.network = replace(engine.network, logits="", class_names=())
    inputs = PinnedInputs()
    inputs.set((Pinned(1, DRAWN),))
    inputs.prepare(engine.network)
    assert inputs.answer(engine) == {1: None}
