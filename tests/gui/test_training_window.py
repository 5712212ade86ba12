"""Training in the whole program: what a person does with the window, right and wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import torch
from PyQt6.QtCore import QPointF, QSettings, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QAbstractButton, QApplication, QMessageBox, QWidget
from pytestqt.qtbot import QtBot
from typing_extensions import override

from tests.few_digits import CONFIG, STEPS_PER_EPOCH, load_few, plain_outputs
from tests.gui.training_desk import LONG, WAIT_MS, finished_run
from tests.gui.training_desk import Desk as TrainingDesk
from viewer.controllers.training.dock import SHARE
from viewer.controllers.training.runs import delete_dialog
from viewer.controllers.training.setup import CONFIG_KEY
from viewer.core.errors import UserError
from viewer.core.nets.architectures import architectures
from viewer.core.records import ActivationRecord, FloatArray, Selection
from viewer.core.training.config import TrainingConfig
from viewer.core.training.events import BatchFinished, Event
from viewer.core.training.history_reader import HistoryReader
from viewer.core.training.kept_steps import KeptSteps
from viewer.core.training.library import list_runs
from viewer.core.training.loop import TrainingData
from viewer.core.training.monitor import Remedy, Trouble, TroubleKind
from viewer.core.training.progress import RunState
from viewer.core.training.run_folder import RunFolder
from viewer.core.training.run_info import RunInfo
from viewer.services import runs as runs_module
from viewer.services.runs import RunNumbers, RunsService
from viewer.services.training import OldRun
from viewer.widgets.inputs.ink_surface import Tool
from viewer.widgets.training.panel import RUNS, SETUP
from viewer.widgets.training.run_tree import STEPS
from viewer.widgets.window.dialogs import ClosingDialog

KEYS: Any = QTest  # its stubs give its static methods a `self`
SEVEN = np.array([(70, 62), (140, 59), (210, 62), (174, 140), (126, 238)], np.float32)


class Desk(TrainingDesk):
    """The program, and what a person does with it, by its buttons and keys."""

    @property
    def step(self) -> int:
        return self.own_step

    @property
    def path(self) -> Path:
        """Folder of the run at hand."""
        assert self.training.run.opened is not None
        return self.training.run.opened.path

    @property
    def record(self) -> ActivationRecord | None:
        return self.controller.views.record

    def settled(self, *states: RunState) -> None:
        """Wait for a state of the training that the bar shows as well."""
        bar = self.panel.transport
        self.wait(lambda: self.state in states and bar.state.value == self.state.value)

    def click(self, name: str, where: QWidget | None = None) -> None:
        """Click a button by its name, if it can be clicked."""
        button(where or self.panel.transport, name).click()

    @override
    def start(self, config: TrainingConfig = LONG, *, step: int = 3) -> None:
        """Train, and wait for some batches."""
        self.training.show()
        self.training.setup.set_config(config)
        self.click("Start")
        self.wait(lambda: self.training.run.opened is not None and self.step >= step)

    def pause(self) -> None:
        self.click("Pause")
        self.settled(RunState.PAUSED)

    def key(self, key: Qt.Key) -> None:
        """Press a key with Ctrl."""
        QTest.keyClick(self.application.window, key, Qt.KeyboardModifier.ControlModifier)  # type: ignore[call-overload]  # the stub has a self too many

    def draw(self) -> None:
        pad = self.application.window.pad_panel.pad
        side, corner = pad.square.width() / 280, QPointF(pad.square.topLeft())
        pad.begin(corner + QPointF(*SEVEN[0]) * side, Tool.PEN)
        for point in SEVEN[1:]:
            pad.extend(corner + QPointF(*point) * side)
        pad.finish()
        self.wait(lambda: self.controller.is_shown)

    def shown(self) -> tuple[int, int] | None:
        """Return the steps of the answer and of the weights on screen."""
        record, weights = self.record, self.controller.views.weights
        return None if record is None or weights is None else (record.weights_step, weights.step)

    def go_to(self, step: int) -> None:
        self.training.time.go_to(step)
        self.wait(lambda: self.shown() == (step, step) and self.training.time.step == step)

    def kept(self) -> tuple[int, ...]:
        return KeptSteps(self.path).steps()


def button(where: QWidget, name: str) -> QAbstractButton:
    found = where.findChildren(QAbstractButton)
    (wanted,) = (b for b in found if name in (b.accessibleName(), b.text().strip()))
    return wanted


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def desk(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    """Start the program, with few digits to learn from."""
    desk = Desk(qapp, tmp_path, qtbot)
    desk.wait(lambda: desk.controller.is_shown)
    yield desk
    desk.close()
    # An exception in a slot fails the test by itself; this is what a person would have read.
    assert [text for text in desk.sentences if "Something went wrong" in text] == []
    assert "training" not in {thread.name for thread in threading.enumerate()}


def answers(desk: Desk, path: Path, step: int, pixels: FloatArray) -> dict[str, FloatArray]:
    """Return what plain torch answers with the weights of a kept step."""
    metadata = RunFolder(path).metadata()
    build = architectures().get(metadata.architecture).build
    module = build(metadata.hyper, metadata.input_shape, len(metadata.class_names))
    return plain_outputs(KeptSteps(path).weights(step), module, pixels)


def info(path: Path) -> RunInfo:
    return RunFolder(path).info()


def test_the_panel_comes_and_goes_by_its_key(desk: Desk) -> None:
    assert desk.training.panel is None  # built when it is first asked for
    desk.key(Qt.Key.Key_T)
    assert desk.panel.isVisible()
    assert desk.panel.page == "Set-up"

    desk.key(Qt.Key.Key_T)
    assert not desk.panel.isVisible()


def test_a_start_fills_curves_and_slider(desk: Desk) -> None:
    desk.start()
    desk.wait(lambda: len(desk.training.run.history.batches) >= 10)
    desk.wait(lambda: len(desk.training.time.kept) >= 4)

    assert desk.panel.page == "Curves"
    assert desk.training.setup.config() == LONG
    steps = desk.training.run.history.batches.column("step").tolist()
    assert steps == list(range(1, len(steps) + 1))
    assert desk.training.time.kept[:4] == (0, 1, 2, 4)
    (run,) = list_runs(desk.root)
    assert (run.path, run.status) == (desk.path, "running")
    desk.wait(lambda: desk.training.runs.summary(desk.path) is not None)
    assert desk.sentences == []

    desk.pause()
    numbers = RunFolder(desk.path).history()
    shown = desk.training.run.history
    np.testing.assert_allclose(
        shown.batches.column("loss"), numbers.batches.column("loss"), rtol=1e-5
    )
    assert len(shown.batches) == desk.step == info(desk.path).step
    np.testing.assert_array_equal(shown.epochs.column("step"), numbers.epochs.column("step"))


def test_the_views_follow_the_training(desk: Desk) -> None:
    desk.draw()
    desk.start()
    desk.wait(lambda: "mlp" in desk.application.window.windowTitle())
    desk.wait(lambda: desk.record is not None and desk.record.weights_step >= 5)
    first = desk.record
    assert first is not None
    desk.wait(lambda: desk.record is not None and desk.record.weights_step >= 30)
    desk.pause()
    desk.wait(lambda: desk.shown() == (desk.step, desk.step))

    assert desk.training.time.live
    record = desk.record
    assert record is not None and record.generation == first.generation
    # The newest weights are the stored ones.
    state = RunFolder(desk.path).load_state()
    assert state is not None
    metadata = RunFolder(desk.path).metadata()
    module = architectures().get("mlp").build(metadata.hyper, metadata.input_shape, 10)
    wanted = plain_outputs(dict(state["network"]), module, record.image.pixels)
    for name, values in wanted.items():
        np.testing.assert_array_equal(record.outputs[name], values, err_msg=name)


def test_a_kept_step_is_shown_by_every_view(desk: Desk) -> None:
    desk.draw()
    desk.start(step=20)
    desk.wait(lambda: len(desk.training.time.kept) >= 4)
    step = desk.training.time.kept[3]
    desk.go_to(step)

    record, weights = desk.record, desk.controller.views.weights
    assert record is not None and weights is not None
    wanted = answers(desk, desk.path, step, record.image.pixels)
    assert set(record.outputs) == {"input", *wanted}
    for name, values in wanted.items():
        np.testing.assert_array_equal(record.outputs[name], values, err_msg=name)
    kept = KeptSteps(desk.path).weights(step)
    for name in ("dense1", "dense2", "dense3"):
        np.testing.assert_array_equal(weights.weights[name], kept[f"{name}.weight"].numpy())
        np.testing.assert_array_equal(weights.biases[name], kept[f"{name}.bias"].numpy())
    assert not desk.training.time.live
    assert desk.panel.time.step() == step

    # The training goes on, and moves nothing on screen.
    begun = desk.step
    desk.wait(lambda: desk.step > begun + 20)
    assert desk.shown() == (step, step)
    assert desk.state is RunState.RUNNING


def test_the_nearest_kept_step_is_shown(desk: Desk) -> None:
    desk.start(step=20)
    desk.wait(lambda: len(desk.training.time.kept) >= 4)
    desk.training.time.go_to(-50)
    # The network that was there before has the step 0, too.
    desk.wait(lambda: desk.training.time.step is not None and not desk.training.time.live)
    desk.wait(lambda: desk.shown() == (0, 0))

    assert desk.training.time.step == 0


def test_live_shows_the_newest_weights_again(desk: Desk) -> None:
    desk.draw()
    desk.start(step=20)
    desk.wait(lambda: len(desk.training.time.kept) >= 4)
    desk.go_to(1)
    desk.click("Live", desk.panel.time)
    begun = desk.step
    desk.wait(lambda: desk.record is not None and desk.record.weights_step >= begun)
    later = desk.step + 10
    desk.wait(lambda: desk.record is not None and desk.record.weights_step >= later)

    assert desk.training.time.live


def test_two_steps_are_compared(desk: Desk) -> None:
    desk.draw()
    desk.start(step=20)
    desk.pause()
    desk.wait(lambda: desk.training.time.kept == desk.kept())
    step = desk.kept()[4]
    desk.go_to(step)
    single = desk.record
    desk.click("Compare", desk.panel.time)
    desk.wait(lambda: desk.record is not single and desk.controller.is_shown)

    record, weights = desk.record, desk.controller.views.weights
    assert record is not None and weights is not None
    assert (record.weights_step, weights.step) == (step, step)
    new = answers(desk, desk.path, step, record.image.pixels)
    old = answers(desk, desk.path, 0, record.image.pixels)
    for name, values in new.items():
        np.testing.assert_array_equal(record.outputs[name], values - old[name], err_msg=name)
    kept = KeptSteps(desk.path)
    difference = kept.weights(step)["dense1.weight"] - kept.weights(0)["dense1.weight"]
    np.testing.assert_array_equal(weights.weights["dense1"], difference.numpy())
    assert f"step {step} minus step 0" in desk.application.window.windowTitle()

    desk.click("Compare", desk.panel.time)
    desk.wait(lambda: "minus" not in desk.application.window.windowTitle())
    desk.wait(lambda: desk.shown() == (step, step) and desk.controller.is_shown)
    assert desk.record is not None
    np.testing.assert_array_equal(desk.record.outputs["dense3"], new["dense3"])


def test_the_film_ends_at_the_last_step(desk: Desk) -> None:
    desk.start(step=20)
    desk.pause()
    desk.wait(lambda: desk.training.time.kept == desk.kept())
    seen: list[object] = []
    desk.training.step_shown.connect(seen.append)
    desk.panel.time.speed.setCurrentIndex(2)
    desk.panel.time.set_playing(True)
    desk.wait(lambda: not desk.panel.time.playing)
    last = desk.kept()[-1]
    desk.wait(lambda: desk.shown() == (last, last))

    steps = [step for step in seen if isinstance(step, int)]
    assert steps == sorted(steps)
    assert set(steps) <= set(desk.kept())
    assert len(set(steps)) >= 3


def test_a_network_that_is_opened_leaves_the_training_alone(desk: Desk) -> None:
    desk.draw()
    desk.start(step=10)
    desk.wait(lambda: desk.training.time.live and desk.training.time.step is not None)
    desk.application.window.network_chosen.emit("lenet5")
    desk.wait(lambda: "lenet5" in desk.application.window.windowTitle())
    desk.wait(lambda: desk.controller.is_shown)
    begun = desk.step
    desk.wait(lambda: desk.step > begun + 20)

    assert desk.state is RunState.RUNNING
    assert "lenet5" in desk.application.window.windowTitle()
    assert desk.controller.networks.model == "lenet5"
    network, record = desk.controller.views.network, desk.record
    assert network is not None and record is not None
    assert network.architecture == "lenet5"
    assert set(record.outputs) == {node.name for node in network.nodes}
    assert desk.training.time.step is None

    desk.click("Live", desk.panel.time)
    desk.wait(lambda: "mlp" in desk.application.window.windowTitle())
    later = desk.step + 5
    desk.wait(lambda: desk.record is not None and desk.record.weights_step >= later)
    assert "dense1" in desk.record.outputs if desk.record else False
    assert desk.training.time.live


def test_live_is_pressed_before_the_network_is_open(desk: Desk) -> None:
    desk.start(step=10)
    desk.wait(lambda: desk.training.time.live and desk.training.time.step is not None)
    loaded: list[str] = []
    inference = desk.application.services.inference
    inference.network_loaded.connect(lambda name: loaded.append(name))
    desk.application.window.network_chosen.emit("lenet5")
    desk.training.time.go_live()
    assert inference.opening.request is None  # it is not wanted any more
    later = desk.step + 5
    desk.wait(lambda: desk.record is not None and desk.record.weights_step >= later)

    desk.wait(lambda: len(desk.training.time.kept) > 0)  # before, there is nothing to press
    assert loaded == []
    assert desk.training.time.live
    assert desk.panel.time.live.isChecked()
    assert "mlp" in desk.application.window.windowTitle()


def test_a_file_that_is_no_network_leaves_the_views_on_the_training(
    desk: Desk, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no")
    desk.start(step=10)
    desk.wait(lambda: desk.training.time.live and desk.training.time.step is not None)
    title = desk.application.window.windowTitle()
    desk.application.window.files_dropped.emit([str(broken)])
    desk.wait(lambda: any("broken" in sentence for sentence in desk.sentences))
    later = desk.step + 10
    desk.wait(lambda: desk.record is not None and desk.record.weights_step >= later)

    assert desk.application.window.windowTitle() == title
    chooser = desk.application.window.tool_bar.chooser
    assert chooser.currentText() in title


def test_a_branch_goes_on_from_the_step_on_screen(desk: Desk) -> None:
    desk.start(step=20)
    desk.pause()
    parent = desk.path
    desk.wait(lambda: desk.training.time.kept == desk.kept())
    step = desk.kept()[4]
    desk.go_to(step)
    desk.training.setup.set_config(replace(LONG, lr=0.7))
    desk.wait(lambda: desk.training.runs.summary(parent) is not None)
    desk.panel.show_page("Runs")
    desk.panel.runs.branch_requested.emit(info(parent).id)
    bar = desk.training.runs.branch_bar
    assert desk.panel.page == "Set-up"
    assert info(parent).name in bar.text and f"step {step:,}:" in bar.text
    assert desk.training.setup.config() == RunFolder(parent).config()  # to begin with
    assert desk.state is RunState.PAUSED  # nothing has begun yet
    desk.training.setup.set_config(replace(LONG, lr=0.004))
    bar.start.click()
    desk.wait(lambda: desk.path != parent and desk.step > step + 5)
    assert bar.text == ""
    desk.pause()

    found = info(desk.path)
    assert found.parent is not None
    assert (found.parent.id, found.parent.step) == (info(parent).id, step)
    assert str(step) in found.name
    assert RunFolder(desk.path).config().lr == 0.004
    steps = desk.training.run.history.batches.column("step").tolist()
    assert steps == list(range(step + 1, desk.step + 1))
    assert set(desk.training.run.history.batches.column("lr")) == {0.004}
    assert info(parent).status == "stopped"
    desk.wait(lambda: desk.training.runs.summary(desk.path) is not None)
    # Back on the parent: its own steps again.
    desk.panel.runs.run_chosen.emit(info(parent).id)
    desk.wait(lambda: desk.training.time.kept == KeptSteps(parent).steps())


def test_a_branch_from_nowhere_is_told(desk: Desk) -> None:
    desk.start()
    desk.pause()
    desk.wait(lambda: desk.training.runs.summary(desk.path) is not None)
    desk.application.window.network_chosen.emit("lenet5")
    desk.wait(lambda: "lenet5" in desk.application.window.windowTitle())
    desk.panel.runs.branch_requested.emit(info(desk.path).id)

    assert desk.sentences[-1].startswith("Show the step to branch from first")
    assert len(list_runs(desk.root)) == 1


def test_a_stopped_run_is_resumed_from_the_tree(desk: Desk) -> None:
    desk.start(step=20)
    desk.click("Stop")
    desk.settled(RunState.IDLE)
    path, stopped = desk.path, info(desk.path)
    assert stopped.status == "stopped"
    desk.wait(
        lambda: (run := desk.training.runs.summary(path)) is not None and run.step == stopped.step
    )
    desk.panel.runs.resume_requested.emit(stopped.id)
    desk.wait(lambda: desk.step > stopped.step + 10)
    desk.pause()
    desk.wait(lambda: len(desk.training.run.history.batches) == desk.step)

    assert desk.path == path
    steps = desk.training.run.history.batches.column("step").tolist()
    assert steps == list(range(1, desk.step + 1))  # of before, and of now
    assert len(list_runs(desk.root)) == 1


def test_a_stopped_run_stays_at_the_step_it_ended_with(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[RunNumbers] = []
    asked: list[int] = []
    monkeypatch.setattr(RunsService, "show", lambda _self, _path, step, _other: asked.append(step))
    desk.draw()
    desk.start(step=20)
    desk.training.time.numbers_ready.connect(read.append)
    desk.click("Stop")
    desk.settled(RunState.IDLE)
    last = info(desk.path).step
    desk.wait(lambda: desk.shown() == (last, last))
    desk.wait(lambda: any(n.info.status == "stopped" for n in read))
    # Older, kept weights are not fetched in place of the last ones.
    assert all(step >= last for step in asked)
    assert f"{last:,} of {last:,}" in desk.panel.time.text()


def test_a_run_that_is_stopped_at_once_stays_at_the_step_it_ended_with(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[RunNumbers] = []
    asked: list[int] = []
    looks: list[Path] = []
    look = RunsService.look
    monkeypatch.setattr(RunsService, "show", lambda _self, _path, step, _other: asked.append(step))
    monkeypatch.setattr(RunsService, "look", lambda _self, path: looks.append(path))
    desk.start(step=20)
    desk.training.time.numbers_ready.connect(read.append)
    desk.click("Stop")
    desk.settled(RunState.IDLE)
    last = info(desk.path).step
    desk.wait(lambda: desk.shown() == (last, last))
    assert looks and not read
    # What is told only now was read while it trained: the last step is not among it.
    numbers = runs_module._numbers

    def read_before(reader: HistoryReader) -> RunNumbers:
        found = numbers(reader)
        return replace(found, kept={s: size for s, size in found.kept.items() if s < last})

    monkeypatch.setattr(runs_module, "_numbers", read_before)
    monkeypatch.setattr(RunsService, "look", look)
    desk.training.time.look()
    desk.wait(lambda: bool(read))
    assert 0 < desk.training.time.kept[-1] < last
    assert asked == []


def test_the_list_of_runs_tells_how_far_the_one_at_hand_is(desk: Desk) -> None:
    desk.start(step=20)
    desk.panel.show_page("Runs")
    desk.wait(lambda: desk.training.runs.summary(desk.path) is not None)
    desk.pause()
    desk.wait(lambda: len(desk.training.run.history.batches) == desk.step)
    desk.training.runs.show_progress()
    tree = desk.panel.runs.tree
    item = tree.topLevelItem(0)
    assert item is not None
    assert item.text(STEPS).startswith(f"{desk.step:,} of")


def test_a_second_run_has_curves_of_its_own(desk: Desk) -> None:
    desk.start(step=30)
    desk.click("Stop")
    desk.settled(RunState.IDLE)
    first = desk.path
    desk.click("Start")
    desk.wait(lambda: desk.path != first and desk.step >= 5)
    desk.pause()
    desk.wait(lambda: len(desk.training.run.history.batches) == desk.step)

    steps = desk.training.run.history.batches.column("step").tolist()
    assert steps == list(range(1, desk.step + 1))
    assert len(list_runs(desk.root)) == 2
    desk.wait(lambda: desk.training.runs.summary(first) is not None)
    desk.panel.runs.run_chosen.emit(info(first).id)
    desk.wait(lambda: desk.training.time.kept == KeptSteps(first).steps())
    desk.panel.runs.run_chosen.emit(info(desk.path).id)
    desk.wait(lambda: desk.training.time.kept == desk.kept())


def test_a_run_left_while_it_runs_gives_none_of_its_numbers_to_the_next(desk: Desk) -> None:
    desk.start(step=30)
    first = desk.path
    desk.wait(lambda: bool(desk.training.time.kept))
    # The window is too busy to take its numbers: they wait with those of the next.
    desk.training.run._timer.stop()
    begun = desk.step
    desk.wait(lambda: desk.step > begun + 20)
    desk.training.new_runs.branch(first, 0)
    desk.wait(lambda: desk.path != first and desk.step < begun)
    desk.wait(lambda: len(desk.training.run.history.batches) > 5)

    steps = desk.training.run.history.batches.column("step").tolist()
    assert steps == list(range(1, len(steps) + 1))


def test_the_same_run_is_chosen_again(desk: Desk) -> None:
    desk.start(CONFIG)
    desk.settled(RunState.FINISHED)
    desk.wait(lambda: desk.training.time.kept == desk.kept())
    desk.wait(lambda: desk.training.runs.summary(desk.path) is not None)
    last = desk.kept()[-1]
    for _ in range(2):
        desk.go_to(0)
        desk.panel.runs.run_chosen.emit(info(desk.path).id)
        desk.wait(lambda: desk.shown() == (last, last))

    assert desk.training.time.kept == desk.kept()
    assert len(desk.training.run.history.batches) == 2 * STEPS_PER_EPOCH


def test_a_finished_run_says_how_good_it_is(desk: Desk) -> None:
    desk.start(CONFIG)
    desk.settled(RunState.FINISHED)
    accuracy = info(desk.path).test_accuracy

    assert accuracy is not None
    said = desk.application.window.status.timing.text()
    assert said == f"Training finished: {100 * accuracy:.2f} % of the test images are right"
    assert not desk.sentences
    assert desk.training.closing_question() == ""
    assert button(desk.panel.transport, "Start").isEnabled()


class StubMonitor:
    """Finds one trouble at the next batch."""

    def __init__(self, trouble: Trouble) -> None:
        self._troubles = [trouble]
        self.configs: list[TrainingConfig] = []

    def feed(self, event: Event) -> tuple[Trouble, ...]:
        if not isinstance(event, BatchFinished) or not self._troubles:
            return ()
        return (self._troubles.pop(),)

    def set_config(self, config: TrainingConfig) -> None:
        self.configs.append(config)


def trouble(remedy: Remedy, good_step: int = 0) -> Trouble:
    return Trouble(TroubleKind.NOT_FALLING, "The loss does not fall.", remedy, 20, good_step)


def feed(desk: Desk, found: Trouble) -> None:
    monitor = StubMonitor(found)
    desk.training.run._monitor = monitor  # type: ignore[assignment]  # all of it that is used
    desk.wait(lambda: desk.panel.trouble.text == found.sentence)


def test_a_remedy_is_applied_by_a_click_and_undone_by_another(desk: Desk) -> None:
    desk.start()
    remedy = Remedy("Go on with ten times the learning rate (0.5)", MappingProxyType({"lr": 0.5}))
    feed(desk, trouble(remedy))
    strip, history = desk.panel.trouble, desk.training.run.history
    assert strip.remedy.text() == remedy.text

    strip.remedy.click()
    desk.wait(lambda: len(history.marks) == 1)
    assert history.marks[0].text == "lr 0.05 → 0.5"
    assert remedy.text in strip.text and not strip.undo.isHidden()
    desk.wait(lambda: history.batches.column("lr")[-1] == 0.5)

    strip.undo.click()
    desk.wait(lambda: len(history.marks) == 2)
    assert history.marks[1].text == "lr 0.5 → 0.05"
    assert strip.text == ""
    desk.wait(lambda: history.batches.column("lr")[-1] == 0.05)
    desk.pause()
    assert RunFolder(desk.path).history().marks == history.marks


def test_a_remedy_that_goes_back_branches_from_the_good_step(desk: Desk) -> None:
    desk.start(step=30)
    first = desk.path
    desk.wait(lambda: len(desk.training.time.kept) >= 5)
    kept = desk.training.time.kept
    remedy = Remedy("Go back", MappingProxyType({"lr": 0.01}), "last_good")
    feed(desk, trouble(remedy, good_step=kept[4] - 1))
    desk.panel.trouble.remedy.click()
    desk.wait(lambda: desk.path != first and desk.step > kept[3] + 3)

    parent = info(desk.path).parent
    assert parent is not None
    assert (parent.id, parent.step) == (info(first).id, kept[3])
    assert RunFolder(desk.path).config() == replace(LONG, lr=0.01)
    assert remedy.text in desk.panel.trouble.text

    desk.panel.trouble.undo.click()
    desk.wait(lambda: desk.path == first)
    desk.settled(RunState.PAUSED)
    assert desk.panel.trouble.text == ""


def test_a_remedy_goes_back_in_its_run_whatever_the_views_show(desk: Desk) -> None:
    finished = finished_run(desk.root / "other", "Other")
    last = info(finished).step
    desk.start(step=last + 30)
    first = desk.path
    desk.look()
    desk.wait(lambda: desk.training.time.kept[-1:] > (last + 20,))
    good_step = desk.training.time.kept[-1]
    remedy = Remedy("Go back", MappingProxyType({"lr": 0.01}), "last_good")
    feed(desk, trouble(remedy, good_step))
    desk.wait(lambda: desk.training.runs.summary(finished) is not None)
    desk.panel.runs.run_chosen.emit(info(finished).id)
    desk.wait(lambda: desk.training.time.path == finished and bool(desk.training.time.kept))
    desk.panel.trouble.remedy.click()
    desk.wait(lambda: desk.path != first)

    parent = info(desk.path).parent
    assert parent is not None
    assert (parent.id, parent.step) == (info(first).id, good_step)
    assert desk.sentences == []


@pytest.mark.parametrize("applied", [True, False])
def test_a_run_that_is_over_is_offered_no_other_settings(desk: Desk, applied: bool) -> None:
    desk.start()
    found = trouble(Remedy("Go on faster", MappingProxyType({"lr": 0.5})))
    feed(desk, found)
    strip = desk.panel.trouble
    if applied:
        strip.remedy.click()
    desk.click("Stop")
    desk.settled(RunState.IDLE)
    # What is wrong can be read still; a click would change nothing.
    assert strip.text == ("" if applied else found.sentence)
    assert not strip.remedy.isVisible() and not strip.undo.isVisible()


def test_a_diverged_run_is_told_with_a_way_out(desk: Desk) -> None:
    desk.start(replace(CONFIG, lr=1e3, weight_decay=10.0), step=1)
    desk.settled(RunState.PAUSED)
    desk.wait(lambda: "finite" in desk.panel.trouble.text)
    first = desk.path
    assert info(first).status == "diverged"
    desk.wait(lambda: bool(desk.training.time.kept))
    desk.panel.trouble.remedy.click()
    desk.wait(lambda: desk.path != first)

    assert RunFolder(desk.path).config().lr == pytest.approx(1e3 / 3, rel=0.01)


def test_a_setting_changed_on_the_bar_is_marked(desk: Desk) -> None:
    desk.start()
    desk.panel.transport.adjusted.emit({"lr": 0.02})
    history = desk.training.run.history
    desk.wait(lambda: len(history.marks) == 1)
    assert history.marks[0].text == "lr 0.05 → 0.02"

    desk.panel.transport.adjusted.emit({"lr": -1.0})
    assert "lr must be" in desk.sentences[-1]
    begun = desk.step
    desk.wait(lambda: desk.step > begun + 5)
    assert desk.state is RunState.RUNNING


def closing(desk: Desk) -> ClosingDialog:
    desk.application.window.close()
    (dialog,) = desk.application.window.findChildren(ClosingDialog)
    desk.wait(dialog.isVisible)
    return dialog


def test_closing_while_it_trains_asks_and_stay_stays(desk: Desk) -> None:
    desk.start()
    dialog = closing(desk)
    assert desk.application.window.isVisible()
    desk.click("Stay", dialog)
    desk.wait(lambda: not desk.application.window.findChildren(ClosingDialog))
    begun = desk.step
    desk.wait(lambda: desk.step > begun + 10)

    assert desk.application.window.isVisible()
    assert desk.state is RunState.RUNNING
    desk.wait(lambda: len(desk.training.run.history.batches) > begun)  # it is still looked at


def test_closing_twice_asks_once(desk: Desk) -> None:
    desk.start()
    dialog = closing(desk)
    desk.application.window.close()
    assert desk.application.window.findChildren(ClosingDialog) == [dialog]
    desk.click("Stay", dialog)
    desk.wait(lambda: not desk.application.window.findChildren(ClosingDialog))

    closing(desk)  # it asks again
    desk.click("Stay", closing(desk))


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Escape])
def test_the_plainest_answer_to_the_question_is_to_stay(desk: Desk, key: Qt.Key) -> None:
    desk.start()
    QTest.keyClick(closing(desk), key)  # type: ignore[call-overload]  # as above
    desk.wait(lambda: not desk.application.window.findChildren(ClosingDialog))

    assert desk.application.window.isVisible()
    assert desk.state is RunState.RUNNING


def test_save_and_close_ends_with_a_run_that_goes_on(desk: Desk) -> None:
    desk.start(step=20)
    path = desk.path
    desk.click("Save and close", closing(desk))
    desk.wait(lambda: not desk.application.window.isVisible())
    assert desk.application.shutdown()

    found = info(path)
    assert found.status == "stopped" and found.step >= 20
    state = RunFolder(path).load_state()
    assert state is not None and state["step"] == found.step


def test_closing_at_rest_asks_nothing(desk: Desk) -> None:
    desk.start()
    desk.pause()
    desk.application.window.close()

    assert not desk.application.window.isVisible()
    assert desk.application.window.findChildren(ClosingDialog) == []


def test_the_set_up_is_there_the_next_time(desk: Desk, tmp_path: Path) -> None:
    desk.training.show()
    desk.training.setup.set_config(replace(LONG, lr=0.123))
    desk.application.window.close()

    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    assert TrainingConfig.from_json(settings.value(CONFIG_KEY)) == replace(LONG, lr=0.123)


ACTIONS = ("train_batch", "train_epoch", "train_stop", "train_toggle")


def test_everything_in_the_wrong_order_before_a_start(desk: Desk) -> None:
    desk.training.show()
    bar, time = desk.panel.transport, desk.panel.time
    for signal in (bar.pause_requested, bar.stop_requested, bar.continue_requested):
        signal.emit()
    bar.adjusted.emit({"lr": 0.1, "augmentation": True})
    time.step_chosen.emit(7)
    time.live_requested.emit()
    time.compare_requested.emit(3)
    time.compare_requested.emit(None)
    time.set_playing(True)
    time.set_playing(False)
    desk.training.time.look()
    desk.training.time.go_to(3)
    desk.panel.trouble.remedy_requested.emit()
    desk.panel.trouble.undo_requested.emit()
    for signal in (
        desk.panel.runs.run_chosen,
        desk.panel.runs.resume_requested,
        desk.panel.runs.branch_requested,
        desk.panel.runs.delete_requested,
        desk.panel.runs.reveal_requested,
    ):
        signal.emit("nobody")
    desk.panel.runs.rename_requested.emit("nobody", "somebody")
    desk.application.window.action_set["train_stop"].trigger()
    desk.start()  # and then it trains as ever

    assert desk.sentences == []
    assert desk.state is RunState.RUNNING


def test_two_clicks_on_start_are_one_run(desk: Desk) -> None:
    desk.training.show()
    bar = desk.panel.transport
    bar.start_requested.emit()
    bar.start_requested.emit()
    bar.epoch_requested.emit()
    desk.training.toggle_run()
    desk.wait(lambda: desk.step >= 5)

    assert desk.state is RunState.RUNNING
    assert len(list_runs(desk.root)) == 1
    assert desk.sentences == []


def test_stopped_while_it_prepares(desk: Desk) -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(config: TrainingConfig) -> TrainingData:
        entered.set()
        assert leave.wait(WAIT_MS / 1000)
        return load_few(config)

    desk.application.services.training._load_data = slow
    desk.training.show()
    desk.click("Start")
    assert entered.wait(WAIT_MS / 1000)
    desk.click("Stop")
    desk.click("Stop")
    desk.training.toggle_run()
    leave.set()
    desk.settled(RunState.IDLE)

    assert len(desk.training.run.history.batches) == 0
    assert desk.sentences == []
    desk.start()


def test_closed_while_it_prepares(desk: Desk) -> None:
    desk.training.show()
    desk.click("Start")
    window = desk.application.window
    window.close()
    for dialog in window.findChildren(ClosingDialog):  # none while the thread is on its way still
        desk.wait(dialog.isVisible)
        desk.click("Save and close", dialog)
    desk.wait(lambda: not window.isVisible())

    assert desk.application.shutdown()


def test_a_set_up_that_fails_is_told_and_start_works_again(desk: Desk) -> None:
    def no_data(config: TrainingConfig) -> TrainingData:
        raise UserError(f"The data set {config.dataset} is not here: download it.")

    service = desk.application.services.training
    service._load_data = no_data
    desk.training.show()
    desk.click("Start")
    desk.wait(lambda: bool(desk.sentences))
    desk.settled(RunState.IDLE)

    assert desk.sentences == ["The data set mnist is not here: download it."]
    assert list_runs(desk.root) == []
    service._load_data = load_few
    desk.start()


def test_the_run_that_is_trained_can_not_be_deleted(desk: Desk) -> None:
    desk.start()
    desk.training.runs._confirm = lambda _question: True
    desk.wait(lambda: desk.training.runs.summary(desk.path) is not None)
    desk.panel.runs.delete_requested.emit(info(desk.path).id)
    desk.wait(lambda: any("is being trained" in text for text in desk.sentences))
    begun = desk.step
    desk.wait(lambda: desk.step > begun + 10)

    assert desk.state is RunState.RUNNING


def test_a_run_that_is_paused_here_can_not_be_deleted(desk: Desk) -> None:
    desk.start()
    desk.pause()
    asked: list[str] = []

    def refuse_it(question: str) -> bool:
        asked.append(question)
        return False

    desk.training.runs._confirm = refuse_it
    desk.wait(lambda: desk.training.runs.summary(desk.path) is not None)
    name = info(desk.path).name
    desk.panel.runs.delete_requested.emit(info(desk.path).id)
    assert desk.sentences == [f"{name} is being trained: stop that training first."]
    assert asked == []  # nobody is asked about what can't be done
    desk.click("Stop")
    desk.settled(RunState.IDLE)
    desk.panel.runs.delete_requested.emit(info(desk.path).id)
    assert len(asked) == 1


def test_a_run_is_named_as_it_is_called(desk: Desk) -> None:
    dialog = delete_dialog("Delete the run “<b>a</b>”?", desk.window)
    assert dialog.textFormat() is Qt.TextFormat.PlainText


def test_a_branch_of_a_run_that_is_deleted_is_given_up(desk: Desk) -> None:
    desk.start(step=20)
    desk.click("Stop")
    desk.settled(RunState.IDLE)
    first, key = desk.path, info(desk.path).id
    desk.wait(lambda: desk.training.runs.summary(first) is not None)
    desk.look()
    desk.wait(lambda: bool(desk.training.time.kept))
    mine = replace(LONG, lr=0.7)
    desk.training.setup.set_config(mine)
    desk.panel.runs.branch_requested.emit(key)
    assert desk.training.runs.branch_bar.text
    desk.training.runs._confirm = lambda _question: True
    desk.panel.runs.delete_requested.emit(key)
    desk.wait(lambda: desk.training.runs.branch_bar.text == "")
    assert "was deleted" in desk.sentences[-1]
    assert desk.training.setup.config() == mine
    desk.click("Start")
    desk.wait(lambda: desk.state is RunState.RUNNING)
    own = info(desk.path)  # in the folder that is free again
    assert own.id != key and own.parent is None


def test_a_deleted_run_is_gone_from_tree_and_slider(desk: Desk) -> None:
    desk.start(CONFIG)
    desk.settled(RunState.FINISHED)
    path, key = desk.path, info(desk.path).id
    desk.wait(lambda: desk.training.runs.summary(path) is not None)
    asked: list[str] = []

    def agree(question: str) -> bool:
        asked.append(question)
        return True

    desk.training.runs._confirm = agree
    desk.panel.runs.delete_requested.emit(key)
    desk.wait(lambda: not path.exists() and desk.training.runs.summary(path) is None)
    desk.wait(lambda: desk.training.time.kept == ())
    desk.training.time.go_to(3)
    desk.training.time.go_live()
    desk.panel.runs.resume_requested.emit(key)
    desk.training.run.begin(OldRun(path))  # chosen just before the list was new
    desk.wait(lambda: bool(desk.sentences) and "no training" in desk.sentences[-1])

    assert len(asked) == 1 and info_size_named(asked[0])
    desk.start()  # another one


def test_what_is_asked_of_a_run_that_is_being_deleted_is_dropped(desk: Desk) -> None:
    desk.start(CONFIG)
    desk.settled(RunState.FINISHED)
    path, key = desk.path, info(desk.path).id
    desk.wait(lambda: desk.training.runs.summary(path) is not None)
    desk.wait(lambda: len(desk.training.time.kept) > 3)
    step = desk.training.time.kept[1]
    desk.training.runs._confirm = lambda _question: True
    tree = desk.panel.runs
    # In one go, before the window has heard of the end of the run.
    tree.delete_requested.emit(key)
    tree.delete_requested.emit(key)
    tree.resume_requested.emit(key)
    tree.run_chosen.emit(key)
    tree.branch_requested.emit(key)
    desk.training.time.go_to(step)
    tree.rename_requested.emit(key, "Too late")
    desk.wait(lambda: not path.exists() and desk.training.runs.summary(path) is None)
    desk.start()  # another one, and everything before has been done
    desk.settled(RunState.RUNNING)

    assert desk.sentences == []
    assert [run.status for run in list_runs(desk.root)] == ["running"]


def test_a_run_that_could_not_be_deleted_is_there_to_be_used(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.start()
    desk.click("Stop")
    desk.settled(RunState.IDLE)
    path, key = desk.path, info(desk.path).id
    desk.wait(lambda: desk.training.runs.summary(path) is not None)
    desk.training.runs._confirm = lambda _question: True
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        desk.panel.runs.delete_requested.emit(key)
        desk.wait(lambda: bool(desk.sentences))
    assert "can't be deleted" in desk.sentences[0]
    desk.wait(lambda: not desk.training.runs._leaving)
    desk.panel.runs.resume_requested.emit(key)
    desk.wait(lambda: desk.state is RunState.RUNNING)


def test_runs_that_are_made_elsewhere_come_into_the_list(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.training.show()
    runs = desk.training.runs
    runs._rescan.setInterval(20)
    finished_run(desk.root / "first", "First")
    assert not runs._rescan.isActive()
    desk.panel.show_page(RUNS)
    desk.wait(lambda: runs.summary(desk.root / "first") is not None)
    finished_run(desk.root / "second", "Second")
    desk.wait(lambda: runs.summary(desk.root / "second") is not None)
    assert runs._rescan.isActive()
    desk.panel.show_page(SETUP)
    assert not runs._rescan.isActive()


def test_the_question_before_a_run_is_deleted_is_answered_no_by_return_and_esc(
    desk: Desk,
) -> None:
    dialog = delete_dialog("Delete it?", desk.window)
    role = QMessageBox.ButtonRole
    buttons = {dialog.buttonRole(button): button for button in dialog.buttons()}
    assert buttons[role.DestructiveRole].text() == "Delete"
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Escape):
        dialog.open()
        KEYS.keyClick(dialog, key)
        assert not dialog.isVisible()
        assert dialog.clickedButton() is buttons[role.RejectRole]
    dialog.open()
    buttons[role.DestructiveRole].click()
    assert dialog.buttonRole(dialog.clickedButton()) is role.DestructiveRole


@pytest.mark.parametrize(("width", "height"), [(1024, 640), (1440, 900)])
def test_a_selection_moves_no_dock(desk: Desk, width: int, height: int) -> None:
    desk.window.resize(width, height)
    desk.training.show()
    dock = desk.training.dock
    assert dock is not None
    # It has been given its share once all is laid out.
    share_px = round(SHARE * desk.window.height())
    desk.wait(lambda: desk.panel.isVisible())
    around_px = dock.height() - desk.panel.height()
    desk.wait(lambda: dock.height() == max(share_px, desk.panel.needed_px() + around_px))
    network = desk.controller.views.network
    assert network is not None
    QApplication.processEvents()
    before = dock.geometry()
    for node in network.nodes:
        desk.controller.views.select(Selection(node.name, 0))
        QApplication.processEvents()
        assert dock.geometry() == before, node.name
        assert not desk.window.inspector_dock.geometry().intersects(before)


def refuse(*_: object, **__: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_a_run_that_is_about_to_be_resumed_can_not_be_deleted(desk: Desk) -> None:
    desk.start()
    desk.click("Stop")
    desk.settled(RunState.IDLE)
    path, key = desk.path, info(desk.path).id
    desk.wait(lambda: desk.training.runs.summary(path) is not None)
    tree = desk.panel.runs
    tree.select(key)
    desk.wait(lambda: tree.actions_of_run["delete"].isEnabled())
    tree.actions_of_run["resume"].trigger()

    assert not tree.actions_of_run["delete"].isEnabled()
    assert not tree.actions_of_run["resume"].isEnabled()
    desk.wait(lambda: desk.state is RunState.RUNNING)
    assert desk.sentences == []


def test_a_key_for_what_a_finished_run_can_not_do_says_what_it_can(desk: Desk) -> None:
    desk.start(CONFIG)
    desk.settled(RunState.FINISHED)
    desk.wait(lambda: desk.training.runs.summary(desk.path) is not None)
    desk.panel.show_page("Runs")
    tree = desk.panel.runs
    tree.select(info(desk.path).id)
    desk.wait(lambda: tree._rows[info(desk.path).id].status == "finished")
    tree.tree.setFocus()
    QTest.keyClick(tree.tree, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)  # type: ignore[call-overload]  # as above

    assert desk.sentences == [
        f"{info(desk.path).name} has done all of its 28 steps: to train it further, set more "
        "epochs and branch from its last step."
    ]


def test_a_run_that_was_stopped_is_branched_from_where_it_stood(desk: Desk) -> None:
    desk.start(step=200)
    desk.click("Stop")
    desk.settled(RunState.IDLE)
    first, step = desk.path, desk.step
    desk.wait(lambda: desk.training.runs.summary(first) is not None)
    desk.look()
    desk.wait(lambda: desk.training.time.kept[-1:] == (step,))
    desk.panel.runs.branch_requested.emit(info(first).id)
    desk.click("Start")  # the bar's own button begins it, too
    desk.wait(lambda: desk.path != first)

    parent = info(desk.path).parent
    assert parent is not None and (parent.id, parent.step) == (info(first).id, step)


def test_a_branch_that_is_given_up_leaves_the_settings_as_they_were(desk: Desk) -> None:
    desk.start(step=20)
    desk.click("Stop")
    desk.settled(RunState.IDLE)
    first = desk.path
    desk.wait(lambda: desk.training.runs.summary(first) is not None)
    desk.look()
    desk.wait(lambda: bool(desk.training.time.kept))
    mine = replace(LONG, lr=0.7)
    desk.training.setup.set_config(mine)
    for _ in range(2):  # asking twice is no second branch
        desk.panel.runs.branch_requested.emit(info(first).id)
    assert desk.training.setup.config() == RunFolder(first).config() != mine
    desk.training.runs.branch_bar.cancel.click()
    assert desk.training.runs.branch_bar.text == ""
    assert desk.training.setup.config() == mine
    desk.click("Start")
    desk.wait(lambda: desk.path != first)
    assert info(desk.path).parent is None


@pytest.mark.parametrize("paused", [True, False])
def test_a_branch_that_can_not_start_touches_nothing(desk: Desk, paused: bool) -> None:
    desk.start(step=20)
    if paused:
        desk.pause()
    first = desk.path
    desk.wait(lambda: desk.training.runs.summary(first) is not None)
    desk.look()
    desk.wait(lambda: bool(desk.training.time.kept) and desk.training.time.step is not None)
    desk.panel.runs.branch_requested.emit(info(first).id)
    bar, offered = desk.training.runs.branch_bar, desk.training.runs.branch_bar.text
    # A branch's network can't be changed by hand; a folder or a kept step can be at fault, too.
    wrong = replace(LONG, lr=0.02, hyper={"units1": 17, "units2": 8})
    desk.training.setup.set_config(wrong)
    bar.start.click()
    desk.wait(lambda: bool(desk.sentences))

    assert "of the shape" in desk.sentences[-1]
    assert desk.panel.page == "Set-up"
    assert bar.text == offered != ""
    assert desk.training.setup.config() == wrong
    desk.settled(RunState.PAUSED if paused else RunState.RUNNING)
    assert desk.path == first and len(list_runs(desk.root)) == 1
    if paused:
        desk.click("Continue")
    later = desk.step + 5
    desk.wait(lambda: desk.step > later)  # of the same run, which goes on
    desk.training.setup.set_config(replace(LONG, lr=0.02))
    bar.start.click()
    desk.wait(lambda: desk.path != first)
    assert bar.text == ""
    assert desk.panel.page == "Curves"


def test_a_branch_keeps_the_network_of_its_parent(desk: Desk) -> None:
    desk.start(step=20)
    desk.pause()
    first = desk.path
    desk.wait(lambda: desk.training.runs.summary(first) is not None)
    desk.look()
    desk.wait(lambda: bool(desk.training.time.kept))

    def network() -> list[QWidget]:
        names = {"Architecture", "Start from", "Units of dense1", "Units of dense2"}
        setup = desk.panel.setup
        found = [w for w in setup.findChildren(QWidget) if w.accessibleName() in names]
        return [w for w in found if w.isVisibleTo(setup)]  # others are about to be deleted

    assert len(network()) == 4 and all(part.isEnabled() for part in network())
    before = [part.toolTip() for part in network()]
    desk.panel.runs.branch_requested.emit(info(first).id)
    assert not any(part.isEnabled() for part in network())
    assert all("it has the same network" in part.toolTip() for part in network())
    desk.panel.setup.preset_chosen.emit("standard")  # which is of another architecture
    assert desk.training.setup.config().architecture == LONG.architecture
    assert desk.training.setup.config().hyper == LONG.hyper
    desk.training.runs.branch_bar.cancel.click()
    assert all(part.isEnabled() for part in network())
    assert [part.toolTip() for part in network()] == before


def test_a_branch_from_a_step_that_is_not_kept_says_which_one_it_begins_with(desk: Desk) -> None:
    desk.start(step=20)
    desk.pause()
    first = desk.path
    desk.wait(lambda: desk.training.runs.summary(first) is not None)
    desk.look()
    desk.wait(lambda: desk.training.time.kept == desk.kept())
    time = desk.training.time
    time.kept = tuple(step for step in time.kept if step < desk.step)  # as while it runs
    desk.wait(lambda: time.step == desk.step)
    desk.panel.runs.branch_requested.emit(info(first).id)

    told = f"from step {time.kept[-1]:,}, the last kept step before {desk.step:,}:"
    assert told in desk.training.runs.branch_bar.text


def test_a_branch_has_the_whole_slider(desk: Desk) -> None:
    desk.start(step=200)
    desk.click("Stop")
    desk.settled(RunState.IDLE)
    first, step = desk.path, desk.step
    desk.wait(lambda: desk.training.runs.summary(first) is not None)
    desk.look()
    desk.wait(lambda: desk.training.time.kept[-1:] == (step,))
    desk.panel.runs.branch_requested.emit(info(first).id)
    desk.training.runs.branch_bar.start.click()
    desk.wait(lambda: desk.path != first and desk.step > step + 5)
    desk.pause()
    desk.look()
    desk.wait(lambda: desk.training.time.kept == desk.kept())

    line = desk.panel.time.track.timeline
    assert (line.share(step), line.share(line.last)) == (0.0, 1.0)
    assert desk.panel.curves.loss.frame().x.low == step


def test_live_is_not_pressed_while_another_network_is_on_screen(desk: Desk) -> None:
    desk.training.show()
    desk.training.setup.set_config(LONG)
    desk.click("Start")
    desk.application.window.network_chosen.emit("lenet5")
    desk.wait(lambda: desk.training.run.opened is not None and desk.step > 10)
    desk.wait(lambda: "lenet5" in desk.application.window.windowTitle())
    slider = desk.panel.time
    desk.look()
    desk.wait(lambda: bool(desk.training.time.kept) and slider.live.isEnabled())

    assert not slider.live.isChecked()
    assert slider.text() == "Not on screen"
    desk.click("Live", slider)
    desk.wait(lambda: "mlp" in desk.application.window.windowTitle())
    desk.wait(lambda: slider.text().startswith("Step "))
    assert slider.live.isChecked()


def test_a_message_makes_room_for_itself_and_gives_it_back(desk: Desk) -> None:
    desk.window.resize(1024, 900)
    desk.training.show()
    dock = desk.training.dock
    assert dock is not None
    share_px = round(SHARE * desk.window.height())
    desk.wait(lambda: dock.height() == share_px)
    before = dock.height()
    desk.panel.trouble.show_trouble(40 * "It goes wrong. ", "Do something else altogether")
    desk.wait(lambda: dock.height() > before + 30)
    desk.panel.trouble.clear()
    desk.wait(lambda: dock.height() == before)


def info_size_named(question: str) -> bool:
    return " MB?" in question and question.endswith("This can't be undone.")


def test_a_run_gets_the_name_that_is_typed(desk: Desk) -> None:
    desk.start(CONFIG)
    desk.settled(RunState.FINISHED)
    desk.wait(lambda: desk.training.runs.summary(desk.path) is not None)
    desk.panel.runs.rename_requested.emit(info(desk.path).id, "Monday")

    def renamed() -> bool:
        run = desk.training.runs.summary(desk.path)
        return run is not None and run.name == "Monday"

    desk.wait(renamed)


def test_every_action_at_any_time(desk: Desk) -> None:
    window = desk.application.window
    for _ in range(3):
        for name in ACTIONS:
            window.action_set[name].trigger()
            QApplication.processEvents()
    desk.wait(lambda: desk.state in (RunState.RUNNING, RunState.PAUSED, RunState.IDLE))

    assert desk.sentences == []


@pytest.mark.parametrize("name", ["train_batch", "train_epoch"])
def test_one_batch_or_epoch_is_nothing_to_ask_of_a_run_that_runs(desk: Desk, name: str) -> None:
    desk.start()
    desk.application.window.action_set[name].trigger()
    begun = desk.step
    desk.wait(lambda: desk.step > begun + 2 * STEPS_PER_EPOCH)

    assert desk.state is RunState.RUNNING
    assert len(list_runs(desk.root)) == 1
