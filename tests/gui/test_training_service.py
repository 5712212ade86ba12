"""The training thread: what it is told takes effect within one batch, and nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
import torch
from pytestqt.qtbot import QtBot

from tests.few_digits import CONFIG, STEPS_PER_EPOCH, few_digits, load_few
from viewer.core.errors import UserError
from viewer.core.live import Snapshot
from viewer.core.training.config import Augmentation, TrainingConfig
from viewer.core.training.events import (
    BatchFinished,
    Diverged,
    EpochFinished,
    Finished,
    LayersMeasured,
    SettingsChanged,
    StepKept,
)
from viewer.core.training.history_reader import HistoryReader
from viewer.core.training.loop import Trainer, TrainingData
from viewer.core.training.progress import RunState, Until
from viewer.core.training.run_folder import RunFolder
from viewer.core.training.session import RunSession
from viewer.services import training as training_module
from viewer.services import training_live
from viewer.services.training import NewRun, OldRun, OpenedRun, TrainingService, live_origin

WAIT_MS = 20_000
WAIT_S = WAIT_MS / 1000
STEPS = 2 * STEPS_PER_EPOCH
LONG = replace(CONFIG, epochs=2000)  # of which no test sees the end
T = TypeVar("T")


class Bench:
    """A service, and everything that it says."""

    def __init__(self, load: Callable[[TrainingConfig], TrainingData] = load_few) -> None:
        self.snapshots: list[Snapshot] = []
        self.service = TrainingService(self.snapshots.append, load)
        self.service.live_interval_s = 1e9  # only where a test wants it
        self.states: list[RunState] = []
        self.sentences: list[str] = []
        self.opened: list[OpenedRun] = []
        self.events: list[Any] = []
        self.service.state_changed.connect(self.states.append)
        self.service.failed.connect(self.sentences.append)
        self.service.run_opened.connect(self.opened.append)
        self.service.start()

    def drain(self) -> list[Any]:
        """Return the events that are new, without the `OpenedRun` between them."""
        new = [e for e in self.service.drain() if not isinstance(e, OpenedRun)]
        self.events += new
        return new

    def of(self, kind: type[T]) -> list[T]:
        self.drain()
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def step(self) -> int:
        progress = self.service.progress
        return 0 if progress is None else progress.step


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def make() -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def build(**options: Any) -> Bench:
        bench = Bench(**options)
        made.append(bench)
        return bench

    yield build
    for bench in made:
        assert bench.service.shutdown(WAIT_S)


@pytest.fixture
def bench(make: Callable[..., Bench]) -> Bench:
    return make()


def reach(bench: Bench, qtbot: QtBot, *states: RunState) -> None:
    """Wait until the state is one of these, and everybody was told of it."""

    def reached() -> bool:
        return bench.service.state in states and bench.states[-1:] == [bench.service.state]

    qtbot.waitUntil(reached, timeout=WAIT_MS)


def run_to(bench: Bench, qtbot: QtBot, step: int) -> None:
    qtbot.waitUntil(lambda: bench.step >= step, timeout=WAIT_MS)


def begin(bench: Bench, qtbot: QtBot, path: Path, config: TrainingConfig = LONG) -> None:
    """Train, and wait for some batches."""
    bench.service.begin(NewRun(path, config))
    run_to(bench, qtbot, 3)


def begin_paused(bench: Bench, qtbot: QtBot, path: Path, config: TrainingConfig = LONG) -> None:
    """Train one batch."""
    bench.service.begin(NewRun(path, config, until=Until.BATCH))
    reach(bench, qtbot, RunState.PAUSED)


def weights_of(path: Path) -> dict[str, torch.Tensor]:
    state = RunFolder(path).load_state()
    assert state is not None
    return dict(state["network"])


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def bare_weights(config: TrainingConfig, step: int) -> dict[str, torch.Tensor]:
    """Return the weights of a training of its own, after so many steps."""
    trainer = Trainer(config, few_digits())
    for event in trainer.events():
        if isinstance(event, BatchFinished) and event.step == step:
            break
    return dict(trainer.network.state_dict())


def test_a_run_goes_from_its_start_to_its_end(bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    bench.service.begin(NewRun(tmp_path / "run", CONFIG, "Tuesday"))
    reach(bench, qtbot, RunState.FINISHED)

    states = ["preparing", "running", "finishing", "finished"]
    assert [state.value for state in bench.states] == states
    assert [batch.step for batch in bench.of(BatchFinished)] == list(range(1, STEPS + 1))
    assert [epoch.step for epoch in bench.of(EpochFinished)] == [STEPS_PER_EPOCH, STEPS]
    assert len(bench.of(Finished)) == 1
    assert bench.sentences == []
    (opened,) = bench.opened
    assert (opened.path, opened.title, opened.resumed) == (tmp_path / "run", "Tuesday", False)
    assert (opened.config, opened.progress.steps) == (CONFIG, STEPS)
    assert bench.service.path == tmp_path / "run"
    assert not bench.service.is_active
    info = RunFolder(tmp_path / "run").info()
    assert (info.status, info.step, info.name) == ("finished", STEPS, "Tuesday")
    assert same(weights_of(tmp_path / "run"), bare_weights(CONFIG, STEPS))


def test_progress_tells_where_it_stands(bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    bench.service.begin(NewRun(tmp_path / "run", CONFIG, until=Until.EPOCH))
    reach(bench, qtbot, RunState.PAUSED)
    progress = bench.service.progress
    assert progress is not None
    last = bench.of(BatchFinished)[-1]

    assert (progress.step, progress.steps) == (STEPS_PER_EPOCH, STEPS)
    assert (progress.epoch, progress.epochs, progress.batch_size) == (1, 2, 16)
    assert (progress.loss, progress.accuracy) == (last.loss, last.accuracy)
    assert progress.images_per_s > 0


class Gate:
    """Lets a publisher hold the thread within a batch, for a command to arrive meanwhile."""

    def __init__(self) -> None:
        self.entered, self.leave = threading.Event(), threading.Event()

    def publish(self, snapshot: Snapshot) -> None:
        if snapshot.step == 5:
            self.entered.set()
            assert self.leave.wait(WAIT_S)


@pytest.mark.parametrize(
    ("command", "state"), [("pause", RunState.PAUSED), ("stop", RunState.IDLE)]
)
def test_a_command_takes_effect_after_the_batch_at_hand(
    bench: Bench, qtbot: QtBot, tmp_path: Path, command: str, state: RunState
) -> None:
    gate = Gate()
    bench.service.live_interval_s = 0.0
    bench.service._live.publish = gate.publish
    bench.service.begin(NewRun(tmp_path / "run", LONG))
    assert gate.entered.wait(WAIT_S)  # the thread is in batch 6, whose start shows 5
    getattr(bench.service, command)()
    gate.leave.set()
    reach(bench, qtbot, state)

    # What follows a batch without being one, a kept step say, isn't counted.
    assert [batch.step for batch in bench.of(BatchFinished)] == [1, 2, 3, 4, 5, 6]
    assert RunFolder(tmp_path / "run").info().step == 6
    assert same(weights_of(tmp_path / "run"), bare_weights(LONG, 6))


@pytest.mark.parametrize(
    ("command", "state"), [("pause", RunState.PAUSED), ("stop", RunState.IDLE)]
)
def test_at_any_moment_at_most_one_batch_follows_a_command(
    bench: Bench, qtbot: QtBot, tmp_path: Path, command: str, state: RunState
) -> None:
    begin(bench, qtbot, tmp_path / "run")
    getattr(bench.service, command)()
    told = bench.step
    reach(bench, qtbot, state)

    # One may have been counted between the command and the look at the step.
    assert bench.of(BatchFinished)[-1].step <= told + 2


def test_a_paused_run_stands_still_and_is_saved(bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    begin(bench, qtbot, tmp_path / "run")
    bench.service.pause()
    reach(bench, qtbot, RunState.PAUSED)
    bench.drain()
    bench.service.pause()
    bench.service.show()
    shown = len(bench.snapshots)
    qtbot.waitUntil(lambda: len(bench.snapshots) > shown, timeout=WAIT_MS)

    assert bench.drain() == []
    assert bench.states[-1] is RunState.PAUSED
    assert not bench.service.is_active
    info = RunFolder(tmp_path / "run").info()
    assert (info.status, info.step) == ("paused", bench.step)


def test_one_batch_is_one_batch(bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    begin_paused(bench, qtbot, tmp_path / "run")
    assert [batch.step for batch in bench.of(BatchFinished)] == [1]

    for step in (2, 3):
        bench.states.clear()
        bench.service.go(Until.BATCH)
        reach(bench, qtbot, RunState.PAUSED)
        assert bench.of(BatchFinished)[-1].step == step
    assert [state.value for state in bench.states] == ["running", "paused"]


def test_one_epoch_ends_with_the_epoch(bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    begin_paused(bench, qtbot, tmp_path / "run")
    for epoch in (1, 2):
        bench.states.clear()
        bench.service.go(Until.EPOCH)
        reach(bench, qtbot, RunState.PAUSED)
        assert bench.of(BatchFinished)[-1].step == epoch * STEPS_PER_EPOCH
        assert bench.of(EpochFinished)[-1].epoch == epoch


def test_the_last_batch_can_be_a_single_one(bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    config = replace(CONFIG, epochs=1)
    bench.service.begin(NewRun(tmp_path / "run", config, until=Until.EPOCH))
    reach(bench, qtbot, RunState.PAUSED)
    bench.service.go(Until.BATCH)
    reach(bench, qtbot, RunState.FINISHED)

    assert len(bench.of(BatchFinished)) == STEPS_PER_EPOCH
    assert len(bench.of(Finished)) == 1


def test_after_a_pause_it_goes_on_to_the_end_as_if_there_was_none(
    bench: Bench, qtbot: QtBot, tmp_path: Path
) -> None:
    begin_paused(bench, qtbot, tmp_path / "run", CONFIG)
    bench.service.go()
    reach(bench, qtbot, RunState.FINISHED)

    assert [batch.step for batch in bench.of(BatchFinished)] == list(range(1, STEPS + 1))
    assert same(weights_of(tmp_path / "run"), bare_weights(CONFIG, STEPS))


def test_a_change_holds_from_the_next_batch_on_and_is_marked(
    bench: Bench, qtbot: QtBot, tmp_path: Path
) -> None:
    begin_paused(bench, qtbot, tmp_path / "run")
    bench.service.adjust({"lr": 0.01, "augmentation": Augmentation(shift_px=1)})
    bench.service.go(Until.BATCH)
    qtbot.waitUntil(lambda: len(bench.of(BatchFinished)) == 2, timeout=WAIT_MS)
    reach(bench, qtbot, RunState.PAUSED)

    (change,) = bench.of(SettingsChanged)
    assert (change.step, change.text) == (1, "lr 0.05 → 0.01, shift_px 0 → 1")
    assert [batch.lr for batch in bench.of(BatchFinished)] == [0.05, 0.01]
    order = [type(e) for e in bench.events if isinstance(e, BatchFinished | SettingsChanged)]
    assert order == [BatchFinished, SettingsChanged, BatchFinished]
    reader = HistoryReader(tmp_path / "run")
    reader.update()
    assert [(mark.step, mark.text) for mark in reader.history.marks] == [(1, change.text)]


def test_a_change_while_it_runs_takes_effect_within_a_batch(
    bench: Bench, qtbot: QtBot, tmp_path: Path
) -> None:
    begin(bench, qtbot, tmp_path / "run")
    bench.service.adjust({"momentum": 0.5, "lr": 0.02})
    told = bench.step
    qtbot.waitUntil(lambda: bool(bench.of(SettingsChanged)), timeout=WAIT_MS)
    bench.service.stop()
    reach(bench, qtbot, RunState.IDLE)

    (change,) = bench.of(SettingsChanged)
    assert change.step <= told + 2
    for batch in bench.of(BatchFinished):
        assert batch.lr == (0.05 if batch.step <= change.step else 0.02)


@pytest.mark.parametrize("paused", [False, True])
def test_a_change_that_is_refused_leaves_the_run_as_it_is(
    bench: Bench, qtbot: QtBot, tmp_path: Path, paused: bool
) -> None:
    begin(bench, qtbot, tmp_path / "run")
    if paused:
        bench.service.pause()
        reach(bench, qtbot, RunState.PAUSED)
    bench.service.adjust({"lr": -1.0})
    qtbot.waitUntil(lambda: bool(bench.sentences), timeout=WAIT_MS)

    assert bench.sentences == ["The setting lr must be 1e-09 to 1000, not -1.0."]
    assert bench.service.state is (RunState.PAUSED if paused else RunState.RUNNING)
    if not paused:
        run_to(bench, qtbot, bench.step + 2)
    assert bench.of(SettingsChanged) == []


def test_numbers_wait_for_as_long_as_nobody_takes_them(
    bench: Bench, qtbot: QtBot, tmp_path: Path
) -> None:
    begin(bench, qtbot, tmp_path / "run")
    run_to(bench, qtbot, 300)
    bench.service.stop()
    reach(bench, qtbot, RunState.IDLE)
    events = bench.service.drain()

    assert isinstance(events[0], OpenedRun)
    steps = [event.step for event in events if isinstance(event, BatchFinished)]
    assert steps == list(range(1, bench.step + 1))
    assert len(steps) >= 300
    measured = [event.step for event in events if isinstance(event, LayersMeasured)]
    assert measured == list(range(50, bench.step + 1, 50))
    assert any(isinstance(event, StepKept) for event in events)
    assert bench.service.drain() == []


def test_numbers_taken_while_they_come_are_complete(
    bench: Bench, qtbot: QtBot, tmp_path: Path
) -> None:
    bench.service.begin(NewRun(tmp_path / "run", replace(CONFIG, epochs=20)))
    qtbot.waitUntil(lambda: bool(bench.of(Finished)), timeout=WAIT_MS)
    reach(bench, qtbot, RunState.FINISHED)

    steps = [batch.step for batch in bench.of(BatchFinished)]
    assert steps == list(range(1, 20 * STEPS_PER_EPOCH + 1))


def test_the_events_of_two_runs_are_told_apart(bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    begin(bench, qtbot, tmp_path / "first")
    bench.service.begin(NewRun(tmp_path / "second", LONG, until=Until.BATCH))
    reach(bench, qtbot, RunState.PAUSED)
    events = bench.service.drain()

    places = [place for place, event in enumerate(events) if isinstance(event, OpenedRun)]
    assert [events[place] for place in places] == bench.opened
    assert [opened.path.name for opened in bench.opened] == ["first", "second"]
    first, second = events[: places[1]], events[places[1] :]
    assert [e.step for e in second if isinstance(e, BatchFinished)] == [1]
    last = [e.step for e in first if isinstance(e, BatchFinished)][-1]
    # The one that was left is saved where it stood.
    info = RunFolder(tmp_path / "first").info()
    assert (info.status, info.step) == ("stopped", last)


WRONG = (
    (replace(CONFIG, hyper={"units1": 0}), "units1"),
    (replace(CONFIG, architecture="no such"), "no such"),
    (replace(CONFIG, device="cuda:99"), "cuda:99"),
    (replace(CONFIG, frozen=("no such",)), "no such"),
)


@pytest.mark.parametrize(("config", "what"), WRONG, ids=[what for _, what in WRONG])
def test_a_configuration_that_can_not_be_trained_is_one_sentence(
    bench: Bench, qtbot: QtBot, tmp_path: Path, config: TrainingConfig, what: str
) -> None:
    bench.service.begin(NewRun(tmp_path / "run", config))
    qtbot.waitUntil(lambda: bool(bench.sentences), timeout=WAIT_MS)

    (sentence,) = bench.sentences
    assert what in sentence and sentence.endswith(".")
    assert [state.value for state in bench.states] == ["preparing", "idle"]
    assert bench.opened == []
    assert not (tmp_path / "run").exists()
    begin_paused(bench, qtbot, tmp_path / "other")  # and the next one is trained


def test_data_that_can_not_be_loaded_is_one_sentence(
    make: Callable[..., Bench], qtbot: QtBot, tmp_path: Path
) -> None:
    def no_data(config: TrainingConfig) -> TrainingData:
        raise UserError(f"The data set {config.dataset} is not here: download it.")

    bench = make(load=no_data)
    bench.service.begin(NewRun(tmp_path / "run", CONFIG))
    qtbot.waitUntil(lambda: bool(bench.sentences), timeout=WAIT_MS)

    assert bench.sentences == ["The data set mnist is not here: download it."]
    assert bench.service.state is RunState.IDLE


def test_a_folder_that_is_in_use_is_left_alone(bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    other = RunSession.start(tmp_path / "run", CONFIG, data=few_digits())
    try:
        for run in (NewRun(tmp_path / "run", CONFIG), OldRun(tmp_path / "run")):
            bench.sentences.clear()
            bench.service.begin(run)
            qtbot.waitUntil(lambda: bool(bench.sentences), timeout=WAIT_MS)
            assert str(tmp_path / "run") in bench.sentences[0]
            assert bench.service.state is RunState.IDLE
    finally:
        other.close()


def test_what_is_no_run_can_not_be_resumed(bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    bench.service.begin(OldRun(tmp_path / "nothing"))
    qtbot.waitUntil(lambda: bool(bench.sentences), timeout=WAIT_MS)

    assert len(bench.sentences) == 1
    assert bench.service.state is RunState.IDLE
    assert not (tmp_path / "nothing").exists()


def test_an_error_in_the_middle_is_told_and_the_run_can_be_resumed(
    bench: Bench,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    original = Trainer._train_batch

    def train_batch(self: Trainer) -> BatchFinished | Diverged:
        if self.step == 5:
            raise RuntimeError("out of memory")
        return original(self)

    monkeypatch.setattr(Trainer, "_train_batch", train_batch)
    bench.service.begin(NewRun(tmp_path / "run", CONFIG))
    reach(bench, qtbot, RunState.IDLE)
    qtbot.waitUntil(lambda: bench.sentences != [])  # it is told after the state
    assert bench.sentences == ["The training stopped: RuntimeError: out of memory."]
    assert "out of memory" in capfd.readouterr().err
    assert RunFolder(tmp_path / "run").info().step == 5

    monkeypatch.undo()
    bench.service.begin(OldRun(tmp_path / "run"))
    reach(bench, qtbot, RunState.FINISHED)
    assert same(weights_of(tmp_path / "run"), bare_weights(CONFIG, STEPS))


@pytest.mark.parametrize("command", ["pause", "stop", "batch"])
def test_a_full_disk_pauses_the_run_and_later_it_can_be_saved(
    bench: Bench, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    begin(bench, qtbot, tmp_path / "run")
    original, full = RunSession.save, threading.Event()
    full.set()

    def save(self: RunSession) -> None:
        if full.is_set():
            raise UserError("The disk is full: make room.")
        original(self)

    monkeypatch.setattr(RunSession, "save", save)
    if command == "batch":
        full.clear()
        bench.service.pause()
        reach(bench, qtbot, RunState.PAUSED)
        full.set()
        bench.service.go(Until.BATCH)
    else:
        getattr(bench.service, command)()
    qtbot.waitUntil(lambda: bool(bench.sentences), timeout=WAIT_MS)
    reach(bench, qtbot, RunState.PAUSED)
    assert bench.sentences == ["The disk is full: make room."]

    full.clear()
    bench.service.stop()
    reach(bench, qtbot, RunState.IDLE)
    assert RunFolder(tmp_path / "run").info().step == bench.of(BatchFinished)[-1].step


def test_a_diverged_run_is_paused_and_tells_where(
    bench: Bench, qtbot: QtBot, tmp_path: Path
) -> None:
    bench.service.begin(NewRun(tmp_path / "run", replace(CONFIG, lr=1e3, weight_decay=10.0)))
    reach(bench, qtbot, RunState.PAUSED)

    (diverged,) = bench.of(Diverged)
    assert diverged.step == bench.step
    assert diverged.layer
    assert bench.sentences == []
    assert RunFolder(tmp_path / "run").info().status == "diverged"
    # The weights are those of before the step: finite.
    assert all(bool(value.isfinite().all()) for value in weights_of(tmp_path / "run").values())
    assert bench.snapshots[-1].step == diverged.step
    bench.service.stop()
    reach(bench, qtbot, RunState.IDLE)
    assert RunFolder(tmp_path / "run").info().status == "diverged"


def test_going_on_after_a_divergence_tries_again_and_is_never_called_finished(
    bench: Bench, qtbot: QtBot, tmp_path: Path
) -> None:
    bench.service.begin(NewRun(tmp_path / "run", replace(CONFIG, lr=1e3, weight_decay=10.0)))
    reach(bench, qtbot, RunState.PAUSED)
    step = bench.step
    bench.states.clear()
    bench.service.go()
    reach(bench, qtbot, RunState.PAUSED)

    assert [state.value for state in bench.states] == ["running", "paused"]
    assert [event.step for event in bench.of(Diverged)] == [step, step]
    assert RunFolder(tmp_path / "run").info().status == "diverged"
    assert RunFolder(tmp_path / "run").kept_steps().steps()[-1] == step


def test_going_on_after_a_divergence_with_a_lower_rate_goes_to_the_end(
    bench: Bench, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Trainer._train_batch

    def train_batch(self: Trainer) -> BatchFinished | Diverged:
        if self.step == 5 and self.config.lr > 0.01:
            return Diverged(5, "conv1", "weight")
        return original(self)

    monkeypatch.setattr(Trainer, "_train_batch", train_batch)
    bench.service.begin(NewRun(tmp_path / "run", CONFIG))
    reach(bench, qtbot, RunState.PAUSED)
    bench.service.adjust({"lr": 0.01})
    bench.service.go()
    reach(bench, qtbot, RunState.FINISHED)

    assert len(bench.of(Finished)) == 1
    info = RunFolder(tmp_path / "run").info()
    assert (info.status, info.step) == ("finished", STEPS)


@pytest.mark.parametrize("command", ["pause", "stop"])
def test_the_step_that_a_run_is_left_at_is_kept(
    bench: Bench, qtbot: QtBot, tmp_path: Path, command: str
) -> None:
    begin(bench, qtbot, tmp_path / "run")
    run_to(bench, qtbot, 200)  # kept steps are far apart by now
    getattr(bench.service, command)()
    reach(bench, qtbot, RunState.PAUSED if command == "pause" else RunState.IDLE)

    kept = RunFolder(tmp_path / "run").kept_steps()
    assert kept.steps()[-1] == bench.step
    assert same(kept.weights(bench.step), weights_of(tmp_path / "run"))


def test_a_resumed_run_is_bit_for_bit_the_one_that_was_never_stopped(
    make: Callable[..., Bench], qtbot: QtBot, tmp_path: Path
) -> None:
    config = replace(
        CONFIG, epochs=20, ema=0.9, hyper={**CONFIG.hyper, "dropout": 0.2, "batch_norm": True}
    )
    bench = make()
    begin(bench, qtbot, tmp_path / "run", config)
    assert bench.service.shutdown(WAIT_S)
    stopped = RunFolder(tmp_path / "run").info()
    assert stopped.status == "stopped" and 0 < stopped.step < 20 * STEPS_PER_EPOCH

    other = make()
    other.service.begin(OldRun(tmp_path / "run"))
    reach(other, qtbot, RunState.FINISHED)

    (opened,) = other.opened
    assert opened.resumed
    assert opened.progress.step == stopped.step
    steps = [batch.step for batch in other.of(BatchFinished)]
    assert steps == list(range(stopped.step + 1, 20 * STEPS_PER_EPOCH + 1))
    assert same(weights_of(tmp_path / "run"), bare_weights(config, 20 * STEPS_PER_EPOCH))


def test_a_branch_begins_at_the_kept_step(bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    bench.service.begin(NewRun(tmp_path / "parent", CONFIG))
    reach(bench, qtbot, RunState.FINISHED)
    kept = RunFolder(tmp_path / "parent").kept_steps()
    step = kept.steps()[3]
    config = replace(CONFIG, lr=0.001)
    bench.snapshots.clear()
    bench.drain()
    bench.events.clear()
    bench.service.begin(
        NewRun(
            tmp_path / "branch",
            config,
            "Branch",
            parent=tmp_path / "parent",
            parent_step=step,
            until=Until.BATCH,
        )
    )
    reach(bench, qtbot, RunState.PAUSED)

    assert [batch.step for batch in bench.of(BatchFinished)] == [step + 1]
    assert bench.snapshots[0].step == step
    assert same(dict(bench.snapshots[0].weights), kept.weights(step))
    parent = RunFolder(tmp_path / "branch").info().parent
    assert parent is not None
    assert (parent.id, parent.step) == (RunFolder(tmp_path / "parent").info().id, step)


def test_the_weights_are_published_with_their_origin(
    bench: Bench, qtbot: QtBot, tmp_path: Path
) -> None:
    bench.service.live_interval_s = 0.0
    bench.service.begin(NewRun(tmp_path / "run", CONFIG, "Tuesday"))
    reach(bench, qtbot, RunState.FINISHED)

    steps = [snapshot.step for snapshot in bench.snapshots]
    assert steps == list(range(STEPS + 1))  # the start, and every step once
    assert {snapshot.origin for snapshot in bench.snapshots} == {live_origin(tmp_path / "run")}
    assert {snapshot.title for snapshot in bench.snapshots} == {"Tuesday"}
    assert all(snapshot.gradients is None for snapshot in bench.snapshots)
    for step in (0, 7, STEPS):
        wanted = (
            bare_weights(CONFIG, step)
            if step
            else dict(Trainer(CONFIG, few_digits()).network.state_dict())
        )
        assert same(dict(bench.snapshots[step].weights), wanted)


def test_gradients_come_along_on_demand(bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    bench.service.wants_gradients = True
    begin_paused(bench, qtbot, tmp_path / "run")
    found = bench.snapshots[-1].gradients

    assert found is not None
    assert set(found) == {f"dense{i}.{kind}" for i in (1, 2, 3) for kind in ("weight", "bias")}


class Clock:
    """Stands in for the clock: it only moves when it is told to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def perf_counter(self) -> float:
        return self.now_s


def stop_clocks(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    for module in (training_module, training_live):
        monkeypatch.setattr(module, "time", clock)


def test_weights_are_published_no_more_often_than_the_interval(
    bench: Bench, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    stop_clocks(monkeypatch, clock)
    bench.service.live_interval_s = 1 / 30
    bench.service.begin(NewRun(tmp_path / "run", CONFIG, until=Until.BATCH))
    reach(bench, qtbot, RunState.PAUSED)
    assert [snapshot.step for snapshot in bench.snapshots] == [0, 1]  # a pause shows the newest

    bench.service.go(Until.EPOCH)
    bench.states.clear()
    reach(bench, qtbot, RunState.PAUSED)
    # No time has passed for the thread: nothing until the pause.
    assert [snapshot.step for snapshot in bench.snapshots] == [0, 1, STEPS_PER_EPOCH]

    clock.now_s += 0.02
    bench.states.clear()
    bench.service.go(Until.BATCH)
    reach(bench, qtbot, RunState.PAUSED)
    clock.now_s += 0.05
    bench.states.clear()
    bench.service.go(Until.EPOCH)
    reach(bench, qtbot, RunState.PAUSED)
    later = [snapshot.step for snapshot in bench.snapshots][3:]
    assert later == [STEPS_PER_EPOCH + 1, STEPS_PER_EPOCH + 2, STEPS]


def test_weights_are_published_while_the_next_gradients_are_computed(
    bench: Bench, qtbot: QtBot, tmp_path: Path
) -> None:
    found: list[tuple[int, int, bool]] = []

    def publish(snapshot: Snapshot) -> None:
        session = bench.service._session
        assert session is not None
        trainer = session.trainer
        has_gradients = any(p.grad is not None for p in trainer.network.parameters())
        found.append((snapshot.step, trainer.step, has_gradients))

    bench.service.live_interval_s = 0.0
    bench.service._live.publish = publish
    bench.service.begin(NewRun(tmp_path / "run", CONFIG, until=Until.EPOCH))
    reach(bench, qtbot, RunState.PAUSED)

    # Of the step before, and at the very beginning: no gradient is there yet.
    inner = [(step, step, False) for step in range(1, STEPS_PER_EPOCH)]
    assert found[1:-1] == inner


def test_once_frames_are_acknowledged_each_is_waited_for(
    bench: Bench, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_clocks(monkeypatch, Clock())  # its patience never ends
    steps: list[int] = []

    def publish(snapshot: Snapshot) -> None:
        steps.append(snapshot.step)
        if snapshot.step <= 3:
            bench.service.acknowledge(snapshot.step)

    bench.service.live_interval_s = 0.0
    bench.service._live.publish = publish
    bench.service.begin(NewRun(tmp_path / "run", CONFIG))
    reach(bench, qtbot, RunState.FINISHED)

    assert steps == [0, 1, 2, 3, 4, STEPS]  # the last one is shown in any case


def test_shown_again_on_demand(bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    bench.service.show()  # of no run: nothing
    begin_paused(bench, qtbot, tmp_path / "run")
    bench.service.show()
    qtbot.waitUntil(lambda: len(bench.snapshots) == 3, timeout=WAIT_MS)

    assert [snapshot.step for snapshot in bench.snapshots] == [0, 1, 1]


def test_a_bound_of_the_kept_steps_holds_at_once(
    bench: Bench, qtbot: QtBot, tmp_path: Path
) -> None:
    bench.service.begin(NewRun(tmp_path / "run", CONFIG, until=Until.EPOCH))
    reach(bench, qtbot, RunState.PAUSED)
    before = RunFolder(tmp_path / "run").kept_steps()
    limit = before.bytes_used() // 2
    bench.service.set_keep_limit(limit)
    bench.service.stop()
    reach(bench, qtbot, RunState.IDLE)

    after = RunFolder(tmp_path / "run").kept_steps()
    assert 0 < after.bytes_used() <= limit
    assert set(after.steps()) < set(before.steps())


@pytest.mark.parametrize("command", ["go", "pause", "stop", "show", "adjust", "set_keep_limit"])
def test_without_a_run_a_command_means_nothing(
    bench: Bench, qtbot: QtBot, tmp_path: Path, command: str
) -> None:
    arguments = {"adjust": ({"lr": 1.0},), "set_keep_limit": (1 << 20,)}.get(command, ())
    getattr(bench.service, command)(*arguments)
    begin_paused(bench, qtbot, tmp_path / "run")

    assert bench.sentences == []
    assert [state.value for state in bench.states] == ["preparing", "running", "paused"]
    assert bench.of(SettingsChanged) == []


def test_stopped_while_it_prepares_it_never_trains(
    make: Callable[..., Bench], qtbot: QtBot, tmp_path: Path
) -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(config: TrainingConfig) -> TrainingData:
        entered.set()
        assert leave.wait(WAIT_S)
        return load_few(config)

    bench = make(load=slow)
    bench.service.begin(NewRun(tmp_path / "run", LONG))
    assert entered.wait(WAIT_S)
    assert bench.service.state is RunState.PREPARING
    bench.service.stop()
    leave.set()
    reach(bench, qtbot, RunState.IDLE)

    assert bench.of(BatchFinished) == []
    assert bench.sentences == []


@pytest.mark.parametrize("moment", ["idle", "preparing", "running", "paused", "finished"])
def test_it_ends_at_any_moment_and_what_was_trained_is_saved(
    make: Callable[..., Bench], qtbot: QtBot, tmp_path: Path, moment: str
) -> None:
    entered = threading.Event()

    def load(config: TrainingConfig) -> TrainingData:
        entered.set()
        return load_few(config)

    bench = make(load=load)
    if moment == "preparing":
        bench.service.begin(NewRun(tmp_path / "run", LONG))
        assert entered.wait(WAIT_S)
    elif moment == "running":
        begin(bench, qtbot, tmp_path / "run")
    elif moment == "paused":
        begin_paused(bench, qtbot, tmp_path / "run")
    elif moment == "finished":
        bench.service.begin(NewRun(tmp_path / "run", CONFIG))
        reach(bench, qtbot, RunState.FINISHED)

    assert bench.service.shutdown()
    assert "training" not in {thread.name for thread in threading.enumerate()}
    if moment != "idle":
        info = RunFolder(tmp_path / "run").info()
        assert info.status == ("finished" if moment == "finished" else "stopped")
        batches = bench.of(BatchFinished)
        assert info.step == (batches[-1].step if batches else 0)
        wanted = bare_weights(LONG, info.step) if info.step else None
        if wanted is not None and moment != "finished":
            assert same(weights_of(tmp_path / "run"), wanted)


def test_a_service_that_was_never_started_ends_too() -> None:
    service = TrainingService(lambda _: None)

    assert service.progress is None
    assert service.shutdown()
