"""Pinned drawings: prepared once, answered in one pass, with plain torch's numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from tests.few_digits import CONFIG, few_digits, snapshot_of, train_to
from viewer.core import pinned as pinned_module
from viewer.core.engine import Engine
from viewer.core.imaging.digit import digit
from viewer.core.live import LiveNetwork
from viewer.core.pinned import BATCH, Pinned, PinnedInputs
from viewer.core.records import DigitImage, Drawing, InferenceRequest, Legibility, Picture, Stroke
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

    def note(source: Drawing | Picture, *, size: int, raw: bool) -> DigitImage:
        found.append(source)
        return digit(source, size=size, raw=raw)

    monkeypatch.setattr(pinned_module, "digit", note)
    return found


def image(index: int) -> Picture:
    pixels = few_digits().test.images[index].astype(np.float32) / 255
    return Picture(pixels, f"test {index}", prepared=True)


def test_answers_are_those_of_the_pad() -> None:
    engine = Engine.open("digits")
    inputs = PinnedInputs()
    inputs.set((Pinned(4, DRAWN), Pinned(9, image(0)), Pinned(2, DRAWN, raw=True)))
    assert inputs.prepare(28)
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
    inputs.prepare(28)
    found = inputs.answer(Engine.open("mlp"))

    assert found[1] is None and found[2] is not None
    assert inputs.images[1].legibility is Legibility.BLANK


def test_nothing_is_prepared_twice(prepared: list[object]) -> None:
    inputs = PinnedInputs()
    first, second = Pinned(1, DRAWN), Pinned(2, image(3))
    inputs.set((first,))
    assert inputs.prepare(28)
    assert not inputs.prepare(28)
    inputs.set((first, second))
    assert inputs.prepare(28)
    assert prepared == [first.source, second.source]

    assert inputs.prepare(32)  # another network sees other images
    assert prepared[2:] == [first.source, second.source]
    assert inputs.images[1].pixels.shape == (32, 32)
    inputs.set((second,))
    assert inputs.prepare(32)
    assert list(inputs.images) == [2] and len(prepared) == 4


def test_more_than_a_batch_are_answered_each_with_its_own() -> None:
    inputs = PinnedInputs()
    count = few_digits().test.images.shape[0]
    assert count == BATCH
    inputs.set(tuple(Pinned(i, image(i % count)) for i in range(BATCH + 3)))
    inputs.prepare(28)
    found = inputs.answer(Engine.open("mlp"))

    assert list(found) == list(range(BATCH + 3))
    for i in range(3):
        np.testing.assert_allclose(found[BATCH + i], found[i], rtol=1e-5)  # type: ignore[arg-type]  # not None
    assert not np.allclose(found[0], found[1])  # type: ignore[arg-type]  # not None


def test_nothing_pinned_has_no_answers() -> None:
    inputs = PinnedInputs()
    inputs.prepare(28)
    assert dict(inputs.answer(Engine.open("mlp"))) == {}


def test_they_follow_the_weights() -> None:
    training = Trainer(CONFIG, few_digits())
    live = LiveNetwork(snapshot_of(training))
    inputs = PinnedInputs()
    inputs.set((Pinned(1, DRAWN),))
    inputs.prepare(28)
    before = inputs.answer(live)[1]
    live.take(snapshot_of(train_to(training, 8)))
    after = inputs.answer(live)[1]
    alone = live.run(InferenceRequest(1, DRAWN)).probabilities

    assert before is not None and after is not None and alone is not None
    assert not np.allclose(before, after)
    np.testing.assert_allclose(after, alone, rtol=1e-5, atol=1e-7)
