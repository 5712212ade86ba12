"""What the views show of a training: pinned drawings, gradients, locks, the same place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PyQt6.QtCore import QPointF, QSettings, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.few_digits import CONFIG, few_digits, load_few
from viewer.app import Application
from viewer.controllers.main import MainController
from viewer.controllers.training.freezing import freezable
from viewer.core.engine import Engine
from viewer.core.records import Drawing, InferenceRequest, Picture, Selection, WeightsKind
from viewer.core.training.config import TrainingConfig
from viewer.core.training.progress import RunState
from viewer.widgets.flow.locks import Locks
from viewer.widgets.inputs.ink_surface import Tool
from viewer.widgets.inputs.pinned_view import PinnedView

SEVEN = np.array([(70, 62), (140, 59), (210, 62), (174, 140), (126, 238)], np.float32)
WAIT_MS = 20_000
LONG = replace(CONFIG, epochs=5000)  # of which no test sees the end
LAYERS = ("dense1", "dense2", "dense3")


class Desk:
    """The program, and what a person does with it."""

    def __init__(self, application: Application, qtbot: QtBot) -> None:
        self.application = application
        self.window = application.window
        self.training = application.services.training
        self.wait: Callable[[Callable[[], bool]], None] = lambda condition: qtbot.waitUntil(
            condition, timeout=WAIT_MS
        )

    @property
    def controller(self) -> MainController:
        assert self.application.controller is not None
        return self.application.controller

    @property
    def pinned(self) -> PinnedView:
        view = self.controller.pinned.view
        assert view is not None
        return view

    @property
    def kind(self) -> WeightsKind:
        weights = self.controller.views.weights
        assert weights is not None
        return weights.kind

    def act(self, name: str) -> None:
        self.window.action_set[name].trigger()

    def key(self, key: Qt.Key) -> None:
        QTest.keyClick(self.window, key, Qt.KeyboardModifier.ControlModifier)  # type: ignore[call-overload]  # the stub has a self too many

    def draw(self) -> None:
        pad = self.window.pad_panel.pad
        side, corner = pad.square.width() / 280, QPointF(pad.square.topLeft())
        pad.begin(corner + QPointF(*SEVEN[0]) * side, Tool.PEN)
        for point in SEVEN[1:]:
            pad.extend(corner + QPointF(*point) * side)
        pad.finish()
        self.wait(lambda: self.controller.is_shown)

    def show_digit(self, index: int) -> Picture:
        test = few_digits().test
        pixels = test.images[index].astype(np.float32) / 255
        picture = Picture(pixels, f"test {index}", True, str(int(test.labels[index])))
        self.controller.inputs.show_source(picture)
        return picture

    def train(self, config: TrainingConfig = LONG, step: int = 3) -> None:
        training = self.controller.training
        training.show()
        training.setup.set_config(config)
        self.act("train_toggle")
        self.wait(lambda: training.time.step is not None and training.time.step >= step)

    def pause(self) -> None:
        self.training.pause()
        self.wait(lambda: self.training.state is RunState.PAUSED)
        step = self.training.progress
        assert step is not None
        self.wait(lambda: self.controller.training.time.step == step.step)

    def answered(self) -> bool:
        """Whether every pinned drawing has an answer."""
        return all(self.pinned.texts(p.id)[0] != "…" for p in self.controller.pinned.pinned)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def desk(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    application = Application(qapp, settings, runs_root=tmp_path / "runs")
    application.services.training._load_data = load_few
    desk = Desk(application, qtbot)
    application.window.resize(1200, 900)
    application.start()
    application.complete()
    desk.wait(lambda: desk.controller.is_shown)
    yield desk
    assert application.close()


# Pinned drawings


def test_nothing_is_pinned_from_an_empty_pad(desk: Desk) -> None:
    desk.key(Qt.Key.Key_P)
    assert desk.controller.pinned.pinned == ()
    assert desk.controller.pinned.view is None
    assert "nothing to pin" in desk.window.messages.text


def test_pinned_drawings_have_the_answers_of_the_pad(desk: Desk) -> None:
    desk.draw()
    desk.key(Qt.Key.Key_P)
    picture = desk.show_digit(4)
    desk.act("pin")
    desk.wait(lambda: len(desk.controller.pinned.pinned) == 2 and desk.answered())

    engine = Engine.open("digits")
    for pinned in desk.controller.pinned.pinned:
        alone = engine.run(InferenceRequest(1, pinned.source)).probabilities
        assert alone is not None
        shown = desk.pinned._answers[pinned.id]
        assert shown is not None and shown.winner == str(alone.argmax())
        assert shown.probability == pytest.approx(float(alone.max()), rel=1e-5)
    read = desk.pinned.texts(2)[0]
    verdict = "✓ right" if read == picture.label else f"✗ is {picture.label}"
    assert desk.pinned.texts(2)[2] == verdict
    assert desk.pinned.summary().endswith("1 labelled right")  # and of no step
    desk.wait(lambda: set(desk.pinned._images) == {1, 2})


def test_another_network_answers_them_anew(desk: Desk) -> None:
    desk.draw()
    desk.act("pin")
    desk.wait(desk.answered)
    before = desk.pinned._answers[1]
    desk.controller.networks.open("mlp")
    desk.wait(lambda: desk.pinned._answers[1] != before)

    alone = Engine.open("mlp").run(InferenceRequest(1, desk.controller.inputs.source))
    assert alone.probabilities is not None
    shown = desk.pinned._answers[1]
    assert shown is not None
    assert shown.probability == pytest.approx(float(alone.probabilities.max()), rel=1e-5)


def test_they_follow_the_training_step_by_step(desk: Desk) -> None:
    for index in range(5):
        desk.show_digit(index)
        desk.act("pin")
    desk.train()
    desk.wait(lambda: desk.pinned._step is not None and desk.pinned._step > 20)
    desk.pause()
    progress = desk.training.progress
    assert progress is not None
    desk.wait(lambda: desk.pinned._step == progress.step)

    record = desk.controller.views.record  # of the last of them, which is on the pad
    assert record is not None and record.probabilities is not None
    shown = desk.pinned._answers[5]
    assert shown is not None
    assert shown.probability == pytest.approx(float(record.probabilities.max()), rel=1e-4)
    assert desk.pinned.summary().startswith(f"step {progress.step:,} · ")
    desk.wait(lambda: 1 in desk.controller.training.time.kept)
    desk.controller.training.time.go_to(1)
    desk.wait(lambda: desk.pinned._step == 1)


def test_one_is_put_back_and_one_removed(desk: Desk) -> None:
    desk.draw()
    desk.act("pin")
    desk.show_digit(4)
    desk.act("pin")
    desk.wait(desk.answered)
    desk.pinned.chosen.emit(1)
    assert isinstance(desk.controller.inputs.source, Drawing)
    assert len(desk.controller.inputs.source.strokes) == 1

    desk.pinned.removed.emit(1)
    assert [pinned.id for pinned in desk.controller.pinned.pinned] == [2]
    desk.wait(lambda: set(desk.pinned._answers) == {2})
    desk.act("pin")
    assert [pinned.id for pinned in desk.controller.pinned.pinned] == [2, 3]


def test_the_dock_comes_and_goes_with_its_switch(desk: Desk) -> None:
    switch = desk.window.action_set["pinned"]
    for shown in (True, False, True):
        switch.trigger()
        assert (desk.pinned.isVisible(), switch.isChecked()) == (shown, shown)
    dock = desk.controller.pinned._dock
    assert dock is not None
    dock.close()
    assert not switch.isChecked()


def test_a_dock_behind_another_is_brought_to_the_front(desk: Desk) -> None:
    switch = desk.window.action_set["pinned"]
    switch.trigger()
    dock = desk.controller.pinned._dock
    assert dock is not None
    desk.window.tabifyDockWidget(dock, desk.window.prediction_dock)
    desk.window.prediction_dock.raise_()
    desk.wait(lambda: desk.pinned.visibleRegion().isEmpty())
    switch.trigger()
    desk.wait(lambda: not desk.pinned.visibleRegion().isEmpty())
    assert switch.isChecked()


# Gradients


def test_gradients_are_shown_while_a_run_is_at_hand(desk: Desk) -> None:
    switch = desk.window.action_set["gradients"]
    assert not switch.isEnabled()
    desk.train()
    assert switch.isEnabled()
    switch.trigger()
    desk.wait(lambda: desk.kind is WeightsKind.GRADIENTS)
    desk.pause()
    views, service = desk.controller.views, desk.application.services.inference
    assert views.weights is not None and service.snapshot is not None
    for name in LAYERS:
        gradients = service.snapshot.gradients
        assert gradients is not None
        np.testing.assert_array_equal(views.weights.weights[name], gradients[f"{name}.weight"])
    assert f"gradients of step {views.weights.step:,}" in desk.window.caption.details.text()

    switch.trigger()
    desk.wait(lambda: desk.kind is WeightsKind.WEIGHTS)
    assert desk.training.state is RunState.PAUSED
    assert "gradients" not in desk.window.caption.details.text()
    np.testing.assert_array_equal(
        views.weights.weights["dense1"], service.snapshot.weights["dense1.weight"]
    )


def test_a_kept_step_has_no_gradients(desk: Desk) -> None:
    desk.train()
    desk.act("gradients")
    desk.wait(lambda: desk.kind is WeightsKind.GRADIENTS)
    desk.pause()
    time = desk.controller.training.time
    desk.wait(lambda: 1 in time.kept)
    time.go_to(1)
    desk.wait(lambda: time.step == 1)
    assert desk.kind is WeightsKind.WEIGHTS
    time.go_live()
    desk.wait(lambda: desk.kind is WeightsKind.GRADIENTS)


@pytest.mark.parametrize("stopped", [True, False], ids=["stopped", "finished"])
def test_a_run_that_is_over_shows_weights(desk: Desk, stopped: bool) -> None:
    desk.train(LONG if stopped else replace(CONFIG, epochs=12))
    desk.act("gradients")
    if stopped:
        desk.wait(lambda: desk.kind is WeightsKind.GRADIENTS)
        desk.act("train_stop")
    switch = desk.window.action_set["gradients"]
    desk.wait(lambda: not switch.isEnabled())
    assert not switch.isChecked() and not desk.training.wants_gradients
    desk.wait(lambda: desk.kind is WeightsKind.WEIGHTS)


# Locks


def test_locks_are_offered_for_the_network_to_be_trained_alone(desk: Desk) -> None:
    flow, setup = desk.controller.flow, desk.controller.training
    desk.train()
    desk.wait(lambda: flow._locks.offered == LAYERS)
    setup.setup.set_config(replace(LONG, hyper={"units1": 13, "units2": 8}))
    assert flow._locks.offered == ()
    setup.setup.set_config(replace(LONG, frozen=("dense2",)))
    assert flow._locks == Locks(LAYERS, frozenset({"dense2"}))
    setup.toggle()  # the dock is closed
    desk.wait(lambda: flow._locks.offered == ())
    setup.toggle()
    desk.wait(lambda: flow._locks.offered == LAYERS)
    desk.controller.networks.open("digits")
    desk.wait(lambda: flow._locks.offered == ())


def test_a_lock_freezes_in_the_next_run(desk: Desk) -> None:
    flow, training = desk.controller.flow, desk.controller.training
    desk.train()
    desk.wait(lambda: flow._locks.offered == LAYERS)
    flow._toggle_lock("dense1")
    assert training.setup.config().frozen == ("dense1",)
    desk.act("train_stop")
    desk.wait(lambda: desk.training.state is RunState.IDLE)
    first = training.time.path
    desk.act("train_toggle")
    desk.wait(lambda: training.time.path != first and (training.time.step or 0) >= 3)
    assert training.run.opened is not None
    assert training.run.opened.config.frozen == ("dense1",)


def test_what_can_be_frozen_has_weights_and_the_same_hyper_parameters() -> None:
    network = Engine.open("mlp").network
    config = TrainingConfig(architecture="mlp", hyper=dict(network.hyper))
    assert freezable(network, config) == LAYERS
    assert freezable(network, replace(config, hyper={**network.hyper, "units1": 7})) == ()
    assert freezable(network, TrainingConfig(architecture="lenet5")) == ()
    assert freezable(None, config) == ()


# The same place


def test_selection_and_place_stay_while_steps_are_visited(desk: Desk) -> None:
    desk.train()
    desk.pause()
    training, views, flow = desk.controller.training, desk.controller.views, desk.controller.flow
    desk.wait(lambda: {1, 4} <= set(training.time.kept))
    desk.window.resize(1000, 620)
    flow.set_zoom(6)
    views.select(Selection("dense2", 3))
    bar = flow.verticalScrollBar()
    assert bar is not None and bar.maximum() > 11
    bar.setValue(11)

    training.time.go_to(4)
    desk.wait(lambda: training.time.step == 4)
    title = desk.window.caption.title.text()
    assert title.endswith("· step 4")
    training.time._on_compare_requested(1)
    desk.wait(lambda: desk.kind is WeightsKind.DIFFERENCES)
    assert "step 4 minus step 1" in desk.window.caption.title.text()
    assert "what changed" in desk.window.caption.details.text()
    training.time._on_compare_requested(None)
    desk.wait(lambda: desk.kind is WeightsKind.WEIGHTS)
    assert desk.window.caption.title.text() == title
    assert (views.selection, flow._selection, bar.value()) == (
        Selection("dense2", 3),
        Selection("dense2", 3),
        11,
    )
    assert desk.controller.inspector.heading.text().startswith("dense2")
