"""Runs on disk, looked after by a thread of their own."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pytestqt.qtbot import QtBot

from tests.few_digits import CONFIG, STEPS_PER_EPOCH, few_digits
from viewer.core.live import Snapshot
from viewer.core.training.events import BatchFinished, EpochFinished, Finished
from viewer.core.training.history_reader import HistoryReader
from viewer.core.training.kept_steps import KeptSteps
from viewer.core.training.library import RunSummary
from viewer.core.training.run_folder import RunFolder
from viewer.core.training.session import RunSession
from viewer.services.runs import RunNumbers, RunsService, kept_origin

WAIT_MS = 20_000
STEPS = 2 * STEPS_PER_EPOCH


class Desk:
    """A service, and everything that it says."""

    def __init__(self) -> None:
        self.snapshots: list[Snapshot] = []
        self.service = RunsService(self.snapshots.append)
        self.lists: list[list[RunSummary]] = []
        self.numbers: list[RunNumbers] = []
        self.followed: list[RunNumbers] = []
        self.changes = 0
        self.sentences: list[str] = []
        self.service.runs_listed.connect(self.lists.append)
        self.service.numbers_ready.connect(self.numbers.append)
        self.service.followed.connect(self.followed.append)
        self.service.changed.connect(self._on_changed)
        self.service.failed.connect(self.sentences.append)

    def _on_changed(self) -> None:
        self.changes += 1


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    desk.service.start()
    yield desk
    assert desk.service.shutdown()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished run, not to be changed."""
    path = tmp_path_factory.mktemp("runs") / "trained"
    session = RunSession.start(path, CONFIG, name="Trained", data=few_digits(), statistics_every=5)
    list(session.events())
    session.close()
    return path


def copied(trained: Path, path: Path, name: str = "") -> Path:
    shutil.copytree(trained, path)
    folder = RunFolder(path)
    folder.update_info(id=path.name, name=name or path.name)
    return path


def wait_for(qtbot: QtBot, found: list[Any], count: int = 1) -> Any:
    qtbot.waitUntil(lambda: len(found) >= count, timeout=WAIT_MS)
    return found[-1]


def advance(session: RunSession, events: Iterator[Any], step: int) -> None:
    """Train until the batch `step` is done, and store it."""
    for event in events:
        if isinstance(event, BatchFinished) and event.step == step:
            break
    session.save()


def test_all_runs_below_a_folder_are_listed(
    desk: Desk, qtbot: QtBot, tmp_path: Path, trained: Path
) -> None:
    desk.service.list_runs(tmp_path)
    assert wait_for(qtbot, desk.lists) == []

    copied(trained, tmp_path / "one", "First")
    (tmp_path / "no run").mkdir()
    desk.service.list_runs(tmp_path)
    (run,) = wait_for(qtbot, desk.lists, 2)
    assert (run.name, run.status, run.step, run.steps) == ("First", "finished", STEPS, STEPS)
    assert run.path == tmp_path / "one"
    desk.service.list_runs(tmp_path / "gone")
    assert wait_for(qtbot, desk.lists, 3) == []


def test_the_numbers_of_a_run_are_those_of_its_training(
    desk: Desk, qtbot: QtBot, tmp_path: Path
) -> None:
    session = RunSession.start(tmp_path / "run", CONFIG, data=few_digits(), statistics_every=5)
    events = list(session.events())
    session.close()
    desk.service.read(tmp_path / "run")
    numbers = wait_for(qtbot, desk.numbers)

    assert (numbers.path, numbers.info.status) == (tmp_path / "run", "finished")
    batches = [event for event in events if isinstance(event, BatchFinished)]
    column = numbers.history.batches.column
    assert column("step").tolist() == [batch.step for batch in batches]
    np.testing.assert_allclose(column("loss"), [batch.loss for batch in batches], rtol=1e-5)
    epochs = [event for event in events if isinstance(event, EpochFinished)]
    assert numbers.history.epochs.column("step").tolist() == [epoch.step for epoch in epochs]
    assert set(numbers.history.layers) == {"dense1", "dense2", "dense3"}
    assert numbers.history.layers["dense1"].column("step").tolist() == [5, 10, 15, 20, 25]
    (finished,) = (event for event in events if isinstance(event, Finished))
    assert numbers.info.test_accuracy == finished.test.accuracy
    kept = KeptSteps(tmp_path / "run")
    assert tuple(numbers.kept) == kept.steps()
    assert sum(numbers.kept.values()) == kept.bytes_used()
    assert numbers.marks == kept.marks()
    assert "start" in numbers.marks[0]


def test_all_that_are_asked_for_at_once_are_read(
    qtbot: QtBot, tmp_path: Path, trained: Path
) -> None:
    desk = Desk()  # not started: everything is asked before it looks
    paths = [copied(trained, tmp_path / name) for name in ("one", "two", "three")]
    for path in [*paths[:1], tmp_path / "gone", *paths[1:]]:
        desk.service.read(path)
    desk.service.start()
    wait_for(qtbot, desk.numbers, 3)

    assert [numbers.path for numbers in desk.numbers] == paths
    assert len(desk.sentences) == 1
    assert desk.service.shutdown()


def test_a_run_that_another_one_writes_is_followed(
    desk: Desk, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    session = RunSession.start(path, CONFIG, data=few_digits(), statistics_every=5)
    events = session.events()
    try:
        advance(session, events, 4)
        desk.service.look(path)
        first = wait_for(qtbot, desk.followed)
        assert first.history.batches.column("step").tolist() == [1, 2, 3, 4]
        assert (first.info.status, first.info.step) == ("paused", 4)
        assert desk.sentences == []

        advance(session, events, 9)
        desk.service.look(path)
        second = wait_for(qtbot, desk.followed, 2)
        assert second.history.batches.column("step").tolist() == list(range(1, 10))
        assert second.info.step == 9
        assert set(first.kept) < set(second.kept)
        # What was given away is not touched any more.
        assert first.history.batches.column("step").tolist() == [1, 2, 3, 4]
    finally:
        events.close()
        session.close()


def test_where_nothing_is_new_nothing_is_told(
    desk: Desk, qtbot: QtBot, tmp_path: Path, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Path] = []
    update = HistoryReader.update

    def noted(self: HistoryReader) -> bool:
        try:
            return update(self)
        finally:
            looks.append(self.path)

    monkeypatch.setattr(HistoryReader, "update", noted)
    other = copied(trained, tmp_path / "other")
    asked = [tmp_path / "gone", trained, trained, other]
    for count, path in enumerate(asked, start=1):
        desk.service.look(path)
        wait_for(qtbot, looks, count)
    wait_for(qtbot, desk.followed, 2)

    assert [numbers.path for numbers in desk.followed] == [trained, other]
    desk.service.look(trained)  # another run again: from its start
    assert len(wait_for(qtbot, desk.followed, 3).history.batches) == STEPS
    assert desk.sentences == []


def test_following_changes_nothing_in_the_folder(desk: Desk, qtbot: QtBot, trained: Path) -> None:
    def seen() -> dict[str, tuple[int, int]]:
        return {
            str(p): (p.stat().st_size, p.stat().st_mtime_ns) for p in [trained, *trained.rglob("*")]
        }

    before = seen()
    desk.service.look(trained)
    wait_for(qtbot, desk.followed)
    desk.service.read(trained)
    wait_for(qtbot, desk.numbers)
    desk.service.show(trained, 0)
    wait_for(qtbot, desk.snapshots)

    assert seen() == before


def test_a_kept_step_is_shown_with_its_weights(desk: Desk, qtbot: QtBot, trained: Path) -> None:
    kept = KeptSteps(trained)
    for count, step in enumerate(kept.steps()[:3], start=1):
        desk.service.show(trained, step)
        snapshot = wait_for(qtbot, desk.snapshots, count)
        assert (snapshot.step, snapshot.title) == (step, "Trained")
        assert snapshot.origin == kept_origin(trained)
        assert snapshot.reference is None and snapshot.gradients is None
        wanted = kept.weights(step)
        assert set(snapshot.weights) == set(wanted)
        assert all(torch.equal(snapshot.weights[name], wanted[name]) for name in wanted)
        assert snapshot.metadata == RunFolder(trained).metadata()


def test_a_step_is_shown_beside_another(desk: Desk, qtbot: QtBot, trained: Path) -> None:
    steps = KeptSteps(trained).steps()
    desk.service.show(trained, steps[4], reference=steps[1])
    snapshot = wait_for(qtbot, desk.snapshots)

    assert snapshot.step == steps[4]
    assert snapshot.reference is not None and snapshot.reference.step == steps[1]
    wanted = KeptSteps(trained).weights(steps[1])
    assert all(torch.equal(snapshot.reference.weights[name], wanted[name]) for name in wanted)


def test_of_many_steps_the_last_is_shown(qtbot: QtBot, trained: Path) -> None:
    desk = Desk()
    steps = KeptSteps(trained).steps()
    for step in steps:
        desk.service.show(trained, step)
    desk.service.start()
    wait_for(qtbot, desk.snapshots)
    assert desk.service.shutdown()

    assert [snapshot.step for snapshot in desk.snapshots] == [steps[-1]]


@pytest.mark.parametrize("reference", [None, 0])
def test_in_place_of_a_step_that_is_kept_no_more_the_nearest_is_shown(
    desk: Desk, qtbot: QtBot, trained: Path, reference: int | None
) -> None:
    newest = KeptSteps(trained).steps()[-1]
    desk.service.show(trained, 10_000, reference)  # as when it was dropped a moment ago
    shown = wait_for(qtbot, desk.snapshots)

    assert shown.step == newest
    assert (None if shown.reference is None else shown.reference.step) == reference
    assert desk.sentences == []


def test_a_run_gets_another_name(desk: Desk, qtbot: QtBot, tmp_path: Path, trained: Path) -> None:
    path = copied(trained, tmp_path / "run")
    desk.service.rename(path, "  Wednesday ")
    qtbot.waitUntil(lambda: desk.changes == 1, timeout=WAIT_MS)
    assert RunFolder(path).info().name == "Wednesday"

    desk.service.rename(path, "two\nlines")
    assert "name" in wait_for(qtbot, desk.sentences)
    assert RunFolder(path).info().name == "Wednesday"
    assert desk.changes == 1


def test_a_run_is_deleted(desk: Desk, qtbot: QtBot, tmp_path: Path, trained: Path) -> None:
    path = copied(trained, tmp_path / "run")
    desk.service.delete(path)
    qtbot.waitUntil(lambda: desk.changes == 1, timeout=WAIT_MS)
    assert not path.exists()

    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep")
    desk.service.delete(tmp_path / "mine")
    assert "nothing was deleted" in wait_for(qtbot, desk.sentences)
    assert (tmp_path / "mine" / "letter.txt").read_text() == "keep"


def test_a_run_that_is_trained_in_is_not_deleted(desk: Desk, qtbot: QtBot, tmp_path: Path) -> None:
    session = RunSession.start(tmp_path / "run", CONFIG, data=few_digits())
    try:
        desk.service.delete(tmp_path / "run")
        assert "stop that training first" in wait_for(qtbot, desk.sentences)
        assert desk.changes == 0
    finally:
        session.close()
    assert RunFolder(tmp_path / "run").load_state() is not None


def test_what_is_asked_for_at_once_is_all_done(qtbot: QtBot, tmp_path: Path, trained: Path) -> None:
    desk = Desk()
    paths = [copied(trained, tmp_path / name) for name in ("one", "two", "three", "four")]
    desk.service.rename(paths[0], "First")
    desk.service.rename(tmp_path / "gone", "Nobody")  # the others are done all the same
    desk.service.rename(paths[1], "Second")
    desk.service.delete(paths[2])
    desk.service.delete(paths[3])
    desk.service.start()
    qtbot.waitUntil(lambda: desk.changes == 4, timeout=WAIT_MS)
    assert desk.service.shutdown()

    assert [RunFolder(path).info().name for path in paths[:2]] == ["First", "Second"]
    assert not paths[2].exists() and not paths[3].exists()
    assert len(desk.sentences) == 1


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no info": lambda path: shutil.rmtree(path),
    "info": lambda path: (path / "run.json").write_text("{"),
    "network": lambda path: (path / "network.json").write_text("[]"),
    "step": lambda path: (path / "steps" / "00000000.safetensors").write_bytes(b"x"),
}


@pytest.mark.parametrize("what", list(DAMAGE))
def test_a_damaged_run_is_one_sentence_and_the_thread_lives_on(
    desk: Desk, qtbot: QtBot, tmp_path: Path, trained: Path, what: str
) -> None:
    path = copied(trained, tmp_path / "run")
    DAMAGE[what](path)
    desk.service.show(path, 0)
    sentence = wait_for(qtbot, desk.sentences)
    assert sentence.endswith(".") and "Error" not in sentence
    assert desk.snapshots == []

    desk.service.show(trained, 0)
    assert wait_for(qtbot, desk.snapshots).title == "Trained"


def test_damaged_runs_are_listed_as_such_and_can_not_be_read(
    desk: Desk, qtbot: QtBot, tmp_path: Path, trained: Path
) -> None:
    path = copied(trained, tmp_path / "run")
    DAMAGE["info"](path)
    desk.service.list_runs(tmp_path)
    (run,) = wait_for(qtbot, desk.lists)
    assert (run.status, run.name) == ("damaged", "run")

    desk.service.read(path)
    assert "run.json" in wait_for(qtbot, desk.sentences)
    assert desk.numbers == []


def test_an_unexpected_error_is_one_sentence_too(
    desk: Desk,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def fail(_path: Path, _name: str) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr("viewer.core.training.library.rename_run", fail)
    desk.service.rename(tmp_path / "run", "x")

    sentence = wait_for(qtbot, desk.sentences)
    assert sentence == "The run can't be used: RuntimeError: a mistake."
    assert "a mistake" in capfd.readouterr().err


def test_what_is_asked_of_a_run_after_it_was_deleted_is_dropped(
    desk: Desk, qtbot: QtBot, tmp_path: Path, trained: Path
) -> None:
    path = copied(trained, tmp_path / "run")
    desk.service.look(path)
    assert wait_for(qtbot, desk.followed).kept
    desk.service.delete(path)
    qtbot.waitUntil(lambda: desk.changes == 1, timeout=WAIT_MS)
    told = len(desk.followed)
    # What the window asked before it heard of that.
    desk.service.look(path)
    desk.service.show(path, 0)
    desk.service.read(path)
    desk.service.rename(path, "Too late")
    desk.service.delete(path)
    desk.service.read(trained)
    qtbot.waitUntil(lambda: any(n.path == trained for n in desk.numbers), timeout=WAIT_MS)

    assert desk.sentences == []
    assert desk.snapshots == []
    assert len(desk.followed) == told
    assert not path.exists()


def test_a_run_in_the_folder_of_a_deleted_one_is_another_run(
    desk: Desk, qtbot: QtBot, tmp_path: Path, trained: Path
) -> None:
    path = copied(trained, tmp_path / "run")
    desk.service.delete(path)
    qtbot.waitUntil(lambda: desk.changes == 1, timeout=WAIT_MS)
    copied(trained, path, "Another")
    desk.service.show(path, 0)

    assert wait_for(qtbot, desk.snapshots).title == "Another"


def test_a_killed_run_is_told_to_be_stopped_while_it_is_followed(
    desk: Desk, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    session = RunSession.start(path, CONFIG, data=few_digits())
    next(session.events())
    desk.service.look(path)
    assert wait_for(qtbot, desk.followed).status == "running"
    session._lock.release()  # as the system does for a process that is killed
    desk.service.look(path)

    found = wait_for(qtbot, desk.followed, 2)
    assert (found.status, found.info.status) == ("stopped", "running")


def test_a_renamed_run_is_shown_by_its_new_name(
    desk: Desk, qtbot: QtBot, tmp_path: Path, trained: Path
) -> None:
    path = copied(trained, tmp_path / "run", "Old")
    desk.service.rename(path, "New")
    qtbot.waitUntil(lambda: desk.changes == 1, timeout=WAIT_MS)
    desk.service.show(path, 0)

    assert wait_for(qtbot, desk.snapshots).title == "New"


def test_the_thread_ends(trained: Path) -> None:
    desk = Desk()
    desk.service.start()
    desk.service.read(trained)

    assert desk.service.shutdown()
    assert "runs" not in {thread.name for thread in threading.enumerate()}


def test_a_branch_tells_its_parent(desk: Desk, qtbot: QtBot, tmp_path: Path, trained: Path) -> None:
    parent = copied(trained, tmp_path / "parent")
    step = KeptSteps(parent).steps()[2]
    session = RunSession.start(
        tmp_path / "branch",
        replace(CONFIG, lr=0.001),
        data=few_digits(),
        parent=parent,
        parent_step=step,
    )
    session.close()
    desk.service.list_runs(tmp_path)

    runs = {run.name: run for run in wait_for(qtbot, desk.lists)}
    assert (runs["branch"].parent_id, runs["branch"].parent_step) == (runs["parent"].id, step)


def test_a_rescan_lists_only_what_another_process_has_changed(
    desk: Desk, trained: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    root = tmp_path / "runs"
    desk.service.rescan(root)
    assert wait_for(qtbot, desk.lists) == []  # there is no such folder yet
    copied(trained, root / "one")
    desk.service.rescan(root)
    assert [run.name for run in wait_for(qtbot, desk.lists, 2)] == ["one"]
    desk.service.rescan(root)
    desk.service.read(root / "one")
    wait_for(qtbot, desk.numbers)
    desk.service.look(root / "one")  # after the rescan, in the worker's order
    wait_for(qtbot, desk.followed)
    assert len(desk.lists) == 2
    RunFolder(root / "one").update_info(name="done elsewhere")
    desk.service.rescan(root)
    assert [run.name for run in wait_for(qtbot, desk.lists, 3)] == ["done elsewhere"]


def test_a_run_that_is_followed_again_is_told_again(
    desk: Desk, trained: Path, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    shutil.copytree(trained, other)
    desk.service.follow(trained)
    qtbot.waitUntil(lambda: len(desk.followed) == 1, timeout=WAIT_MS)
    begun, let_through = threading.Event(), threading.Event()

    def held(_service: RunsService, _root: Path, _times: object) -> None:
        begun.set()
        assert let_through.wait(WAIT_MS / 1000)

    monkeypatch.setattr(RunsService, "_list", held)
    desk.service.list_runs(tmp_path)
    qtbot.waitUntil(begun.is_set, timeout=WAIT_MS)
    desk.service.follow(other)  # for a moment: the thread never sees it
    desk.service.follow(trained)
    desk.service.look(trained)
    let_through.set()
    qtbot.waitUntil(lambda: len(desk.followed) == 2, timeout=WAIT_MS)
    assert [numbers.path for numbers in desk.followed] == [trained, trained]
    assert desk.followed[1].kept == desk.followed[0].kept
