"""Other ways to ask the same: answered beside the live requests, with the network's own numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from viewer.core.engine import Engine
from viewer.core.imaging.preparation_steps import switched
from viewer.core.records import Drawing, Fit, InferenceRequest, Preparation, Step, Stroke
from viewer.services.inference import InferenceService

WAIT_MS = 30_000
SEVEN = np.array([(70, 62), (140, 59), (210, 62), (174, 140), (126, 238)], np.float32)
DRAWN = Drawing((Stroke(SEVEN),), canvas=(280.0, 280.0))
PICTURES = Preparation(digit=False)


@pytest.fixture
def service(qtbot: QtBot) -> Iterator[InferenceService]:
    service = InferenceService()
    service.start()
    with qtbot.waitSignal(service.network_loaded, timeout=WAIT_MS):
        service.open_network("digits")
    yield service
    assert service.shutdown()


def variants(generation: int) -> tuple[InferenceRequest, ...]:
    """Return three ways that the network can be asked, and one that it can't."""
    ways = (
        PICTURES,
        switched(PICTURES, Step.INVERT),
        switched(PICTURES, Step.NORMALISE),
        replace(PICTURES, fit=Fit.NATIVE),
    )
    return tuple(InferenceRequest(generation, DRAWN, preparation=way) for way in ways)


def test_variants_are_answered_as_if_they_were_asked(
    service: InferenceService, qtbot: QtBot
) -> None:
    found: list[tuple[int, int, object]] = []
    service.compared.connect(lambda *values: found.append(values))
    with qtbot.waitSignal(service.record_ready, timeout=WAIT_MS):
        service.submit(InferenceRequest(1, DRAWN))
    with qtbot.assertNotEmitted(service.network_resized):
        service.compare(variants(1))
        qtbot.waitUntil(lambda: len(found) == 4, timeout=WAIT_MS)
    assert [(generation, place) for generation, place, _ in found] == [(1, i) for i in range(4)]
    engine = Engine.open("digits")
    for (_, _, answer), request in zip(found[:3], variants(1), strict=False):
        expected = engine.run(request).probabilities
        assert expected is not None
        np.testing.assert_array_equal(np.asarray(answer), expected)
    assert found[3][2] is None  # a dense layer takes no other size
    assert not np.array_equal(np.asarray(found[0][2]), np.asarray(found[1][2]))


def test_variants_of_what_is_gone_are_not_answered(service: InferenceService, qtbot: QtBot) -> None:
    found: list[int] = []
    service.compared.connect(lambda generation, _place, _answer: found.append(generation))
    for generation in (1, 2):
        with qtbot.waitSignal(service.record_ready, timeout=WAIT_MS):
            service.submit(InferenceRequest(generation, DRAWN))
    service.compare(variants(1))
    service.compare(variants(2))
    qtbot.waitUntil(lambda: len(found) >= 4, timeout=WAIT_MS)
    assert set(found) == {2}


def test_a_blank_pad_has_no_answer_either_way(service: InferenceService, qtbot: QtBot) -> None:
    with qtbot.waitSignal(service.record_ready, timeout=WAIT_MS):
        service.submit(InferenceRequest(1, Drawing()))
    with qtbot.waitSignal(service.compared, timeout=WAIT_MS) as signal:
        service.compare((InferenceRequest(1, Drawing(), preparation=PICTURES),))
    assert signal.args == [1, 0, None]
