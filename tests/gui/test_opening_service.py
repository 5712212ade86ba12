"""Opening beside the network on screen: it answers until the new one is there, or for good."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pytestqt.qtbot import QtBot

from viewer.core.engine import Engine
from viewer.core.nets import opening as opening_module
from viewer.core.nets.checkpoint import LoadedNetwork
from viewer.core.nets.formats.errors import AmbiguousNetwork, UntrustedPickle
from viewer.core.nets.profile import Profile
from viewer.core.nets.refusal import AMBIGUOUS, PLAIN, UNTRUSTED
from viewer.core.nets.shipped import resolve_model
from viewer.core.records import (
    Drawing,
    Fit,
    InferenceRequest,
    NetworkRecord,
    Picture,
    Preparation,
    Stroke,
)
from viewer.services import thread_counts
from viewer.services.inference import InferenceService
from viewer.services.inference_thread import InferenceThread
from viewer.services.opening import LEAVE_S, PATIENCE_S, Opened, OpenRequest

WAIT_MS = 20_000
LINE = Drawing((Stroke(np.array([[50, 20], [50, 90]], np.float32)),), (100.0, 100.0))
open_for_real = opening_module.open_network


class Gate:
    """Opens networks; of those in `held`, only once they are let through."""

    def __init__(self) -> None:
        self.held: set[str] = set()
        self.begun, self.let_through = threading.Event(), threading.Event()
        self.asked: list[tuple[str, bool, Profile | None]] = []
        self.fails: dict[str, Exception] = {}

    def __call__(
        self, model: str, *, trust: bool = False, profile: Profile | None = None
    ) -> LoadedNetwork:
        self.asked.append((model, trust, profile))
        if model in self.fails:
            raise self.fails[model]
        if model in self.held:
            self.begun.set()
            assert self.let_through.wait(60)
        return open_for_real(model)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate()
    monkeypatch.setattr(opening_module, "open_network", gate)
    yield gate
    gate.let_through.set()


@pytest.fixture
def inference(gate: Gate, qtbot: QtBot) -> Iterator[InferenceService]:
    service = InferenceService(hangs_after_s=0.2)
    service.start()
    yield service
    gate.let_through.set()
    service.shutdown()


def load(inference: InferenceService, qtbot: QtBot, model: str) -> None:
    with qtbot.waitSignal(inference.network_loaded, timeout=WAIT_MS) as loaded:
        inference.open_network(model)
    assert loaded.args[0] == model


def answer(inference: InferenceService, qtbot: QtBot, generation: int) -> Any:
    with qtbot.waitSignal(inference.record_ready, timeout=WAIT_MS) as ready:
        inference.submit(InferenceRequest(generation, LINE))
    return ready.args[0]


def test_the_network_on_screen_answers_while_another_is_opened(
    inference: InferenceService, gate: Gate, qtbot: QtBot
) -> None:
    load(inference, qtbot, "digits")
    layers = set(answer(inference, qtbot, 1).outputs)
    gate.held.add("mlp")
    inference.open_network("mlp")
    qtbot.waitUntil(gate.begun.is_set, timeout=WAIT_MS)
    assert set(answer(inference, qtbot, 2).outputs) == layers
    with qtbot.waitSignal(inference.network_loaded, timeout=WAIT_MS):
        gate.let_through.set()
    assert set(answer(inference, qtbot, 3).outputs) != layers


def test_many_that_hang_hold_up_the_end_no_longer_than_one(
    inference: InferenceService, gate: Gate, qtbot: QtBot
) -> None:
    load(inference, qtbot, "digits")
    gate.held.add("mlp")
    for number in range(1, 9):
        inference.open_network("mlp")
        qtbot.waitUntil(lambda: gate.asked.count(gate.asked[-1]) == number, timeout=WAIT_MS)  # noqa: B023 - of this turn
        inference.opening.cancel()
    began = time.monotonic()
    assert not inference.opening.shutdown(0.5)
    assert time.monotonic() - began < 8 * 0.5 / 2


@pytest.mark.parametrize("patience_s", [LEAVE_S, PATIENCE_S])
def test_closing_waits_for_a_network_that_is_still_read_as_long_as_it_may(
    inference: InferenceService,
    gate: Gate,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    patience_s: float,
) -> None:
    inference.patience_s = patience_s
    gate.held.add("mlp")
    inference.open_network("mlp")
    qtbot.waitUntil(gate.begun.is_set, timeout=WAIT_MS)
    waited: list[float] = []
    (thread,) = inference.opening._threads
    monkeypatch.setattr(thread, "join", waited.append)
    assert not inference.shutdown()
    assert sum(waited) == pytest.approx(patience_s, abs=0.01)
    gate.let_through.set()
    threading.Thread.join(thread, WAIT_MS / 1000)


def test_a_cancelled_network_never_comes(
    inference: InferenceService, gate: Gate, qtbot: QtBot
) -> None:
    load(inference, qtbot, "digits")
    loaded: list[str] = []
    inference.network_loaded.connect(lambda model, *_: loaded.append(model))
    gate.held.add("mlp")
    request = OpenRequest("mlp")
    inference.open(request)
    qtbot.waitUntil(gate.begun.is_set, timeout=WAIT_MS)
    with qtbot.waitSignal(inference.opening.cancelled, timeout=WAIT_MS) as cancelled:
        inference.opening.cancel()
    assert cancelled.args == [request] and inference.opening.request is None
    gate.let_through.set()
    load(inference, qtbot, "lenet5")  # the one that was cancelled would have come before
    assert loaded == ["lenet5"]


def test_the_newest_of_two_is_shown(inference: InferenceService, gate: Gate, qtbot: QtBot) -> None:
    loaded: list[str] = []
    inference.network_loaded.connect(lambda model, *_: loaded.append(model))
    gate.held.add("mlp")
    inference.open_network("mlp")
    qtbot.waitUntil(gate.begun.is_set, timeout=WAIT_MS)
    load(inference, qtbot, "lenet5")
    gate.let_through.set()
    answer(inference, qtbot, 1)
    assert loaded == ["lenet5"]


@pytest.mark.parametrize(
    ("error", "kind", "names"),
    [
        (UntrustedPickle("a would run code.", ("posix.system",)), UNTRUSTED, "posix.system"),
        (AmbiguousNetwork("a fits two: choose one.", ("one", "two")), AMBIGUOUS, "one two"),
        (ZeroDivisionError("what"), PLAIN, ""),
    ],
)
def test_refusals_say_what_a_person_can_do(
    inference: InferenceService, gate: Gate, qtbot: QtBot, error: Exception, kind: str, names: str
) -> None:
    gate.fails["a"] = error
    with qtbot.waitSignal(inference.opening.refused, timeout=WAIT_MS) as refused:
        inference.open_network("a")
    request, refusal = refused.args
    assert (request.model, refusal.kind, refusal.names) == ("a", kind, tuple(names.split()))
    assert refusal.sentence.endswith(".")


def test_trust_and_profile_reach_the_opening(
    inference: InferenceService, gate: Gate, qtbot: QtBot
) -> None:
    profile = Profile(class_names=("a", "b"))
    with qtbot.waitSignal(inference.network_loaded, timeout=WAIT_MS):
        inference.open(OpenRequest("mlp", trust=True, profile=profile))
    assert gate.asked == [("mlp", True, profile)]


class Calls:
    def __reduce__(self) -> Any:
        return os.abort, ()


def test_a_network_whose_code_ends_the_process_is_only_a_sentence(
    inference: InferenceService, gate: Gate, qtbot: QtBot, tmp_path: Path
) -> None:
    load(inference, qtbot, "digits")
    path = str(tmp_path / "aborts.pt")
    torch.save(Calls(), path)
    gate.asked.clear()
    with qtbot.waitSignal(inference.network_failed, timeout=60_000) as failed:
        inference.open(OpenRequest(path, trust=True))
    assert failed.args[0] == path and "SIGABRT" in failed.args[1]
    assert gate.asked == []  # it never came to this process
    assert answer(inference, qtbot, 1).probabilities is not None


def hold_answers(monkeypatch: pytest.MonkeyPatch, gate: Gate) -> None:
    run = Engine.run

    def held(self: Engine, request: InferenceRequest) -> Any:
        if self.network.title == "mlp":
            gate.begun.set()
            assert gate.let_through.wait(60)
        return run(self, request)

    monkeypatch.setattr(Engine, "run", held)


def test_a_network_that_hangs_is_given_up_for_the_one_before(
    inference: InferenceService, gate: Gate, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_answers(monkeypatch, gate)
    load(inference, qtbot, "lenet5")
    load(inference, qtbot, "mlp")
    records: list[Any] = []
    inference.record_ready.connect(records.append)
    with qtbot.waitSignal(inference.hanging, timeout=WAIT_MS) as hangs:
        inference.submit(InferenceRequest(1, LINE))
    assert hangs.args == [True]
    with qtbot.waitSignals(
        [inference.hanging, inference.network_loaded], timeout=WAIT_MS, order="strict"
    ) as told:
        inference.give_up()
    assert [signal.args[0] for signal in told.all_signals_and_args] == [False, "lenet5"]
    assert answer(inference, qtbot, 2).generation == 2
    assert not inference.shutdown()  # the thread that was given up is still in the network
    gate.let_through.set()
    qtbot.waitUntil(inference.shutdown, timeout=WAIT_MS)
    assert [record.generation for record in records] == [2]  # the old answer was never told


def test_what_waits_for_a_busy_network_has_not_answered_yet(
    inference: InferenceService, gate: Gate, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_answers(monkeypatch, gate)
    trusted = OpenRequest("lenet5", trust=True, profile=Profile(class_names=tuple("abcdefghij")))
    load(inference, qtbot, "mlp")
    inference.submit(InferenceRequest(1, LINE))
    qtbot.waitUntil(gate.begun.is_set, timeout=WAIT_MS)
    with qtbot.waitSignal(inference.opening.opened, timeout=WAIT_MS):
        inference.open(trusted)
    # What was said about the one that waits is not said of the one that answers.
    assert inference.opened == OpenRequest("mlp")
    with qtbot.waitSignal(inference.network_loaded, timeout=WAIT_MS):
        gate.let_through.set()
    assert inference.opened == trusted


def test_a_filter_is_replaced_in_the_network_that_is_meant(
    inference: InferenceService,
    gate: Gate,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    other = tmp_path / "other.safetensors"  # with layers of the same names
    shutil.copy(resolve_model("digits"), other)
    take = InferenceThread._take

    def held(thread: InferenceThread, opened: Opened) -> None:
        if opened.request.model == str(other):
            gate.begun.set()
            assert gate.let_through.wait(60)
        take(thread, opened)

    monkeypatch.setattr(InferenceThread, "_take", held)
    replaced: list[bool] = []
    inference.filters_replaced.connect(replaced.append)
    kernel = np.ones((1, 5, 5), np.float32)
    load(inference, qtbot, "digits")
    answer(inference, qtbot, 1)
    inference.open_network(str(other))
    qtbot.waitUntil(gate.begun.is_set, timeout=WAIT_MS)
    inference.replace_filter("conv1", 0, kernel)  # of digits, which is on screen
    with qtbot.waitSignal(inference.network_loaded, timeout=WAIT_MS):
        gate.let_through.set()
    answer(inference, qtbot, 2)
    assert replaced == []
    inference.replace_filter("conv1", 0, kernel)
    qtbot.waitUntil(lambda: replaced == [True], timeout=WAIT_MS)


def test_a_network_that_hangs_is_given_up_for_the_one_that_waits(
    inference: InferenceService, gate: Gate, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_answers(monkeypatch, gate)
    load(inference, qtbot, "digits")
    load(inference, qtbot, "mlp")
    inference.submit(InferenceRequest(1, LINE))
    qtbot.waitUntil(gate.begun.is_set, timeout=WAIT_MS)
    with qtbot.waitSignal(inference.opening.opened, timeout=WAIT_MS):
        inference.open_network("lenet5")
    with qtbot.waitSignal(inference.network_loaded, timeout=WAIT_MS) as loaded:
        inference.give_up()
    assert loaded.args[0] == "lenet5"
    gate.let_through.set()
    qtbot.waitUntil(inference.shutdown, timeout=WAIT_MS)


def test_a_slow_answer_is_told_and_taken_back(
    inference: InferenceService, gate: Gate, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_answers(monkeypatch, gate)
    load(inference, qtbot, "mlp")
    with qtbot.waitSignal(inference.hanging, timeout=WAIT_MS):
        inference.submit(InferenceRequest(1, LINE))
    with qtbot.waitSignals([inference.record_ready, inference.hanging], timeout=WAIT_MS) as told:
        gate.let_through.set()
    assert [False] in [list(signal.args) for signal in told.all_signals_and_args]


def test_shutdown_ends_a_trial(inference: InferenceService, qtbot: QtBot, tmp_path: Path) -> None:
    class Hangs:
        def __reduce__(self) -> Any:
            return eval, ("[0 for _ in iter(int, 1)]",)

    path = str(tmp_path / "hangs.pt")
    torch.save(Hangs(), path)
    inference.open(OpenRequest(path, trust=True))
    assert inference.shutdown()


def test_a_picture_of_another_size_describes_the_network_anew(
    inference: InferenceService, qtbot: QtBot
) -> None:
    load(inference, qtbot, "squeezenet1_1")
    pixels = np.random.default_rng(0).random((80, 96), np.float32)
    native = Preparation(digit=False, fit=Fit.NATIVE)
    request = InferenceRequest(1, Picture(pixels, "a picture"), preparation=native)
    with qtbot.waitSignals(
        [inference.network_resized, inference.record_ready], timeout=WAIT_MS, order="strict"
    ) as told:
        inference.submit(request)
    network, record = (signal.args[0] for signal in told.all_signals_and_args)
    assert network.input_shape == (3, 80, 96)
    assert all(record.outputs[n.name].shape == n.output_shape for n in network.nodes)
    with qtbot.assertNotEmitted(inference.network_resized):
        answer_of = replace(request, generation=2)
        with qtbot.waitSignal(inference.record_ready, timeout=WAIT_MS):
            inference.submit(answer_of)


@pytest.mark.parametrize(
    ("shape", "first", "live"), [((1, 28, 28), 1, 1), ((3, 64, 64), 1, 1), ((3, 224, 224), 8, 4)]
)
def test_large_images_are_computed_by_several_threads(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, int, int], first: int, live: int
) -> None:
    monkeypatch.setattr(thread_counts, "processors", lambda: 8)
    zeros, ones = (0.0,) * shape[0], (1.0,) * shape[0]
    network = NetworkRecord("a", "a", (), "", shape, zeros, ones, (), 0, None, None, "here")
    assert thread_counts.first_threads(network) == first
    assert thread_counts.live_threads(network) == live
    monkeypatch.setattr(thread_counts, "processors", lambda: 1)
    assert thread_counts.live_threads(network) == 1
