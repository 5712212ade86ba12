"""A run after its end: looked at, renamed, deleted, saved as a network."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PyQt6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from tests.few_digits import CONFIG, few_digits
from tests.gui.training_desk import Desk, finished_run
from viewer.controllers.training.dock import OPEN_KEY
from viewer.core.live import Snapshot
from viewer.core.nets.checkpoint import load_checkpoint
from viewer.core.nets.table_rows import LayerRow, rows_to_json
from viewer.core.training.kept_steps import KeptSteps
from viewer.core.training.loop import Trainer
from viewer.core.training.progress import RunState
from viewer.core.training.run_folder import RunFolder
from viewer.services.files import FileService
from viewer.services.runs import RunsService

WAIT_MS = 20_000


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def start(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Callable[[], Desk]]:
    desks: list[Desk] = []

    def begin() -> Desk:
        desks.append(Desk(qapp, tmp_path, qtbot))
        return desks[-1]

    yield begin
    for desk in desks:
        desk.close()


@pytest.fixture
def desk(start: Callable[[], Desk]) -> Desk:
    return start()


def listed(desk: Desk, path: Path, name: str | None = None) -> bool:
    run = desk.training.runs.summary(path)
    return run is not None and name in (None, run.name)


def opened(desk: Desk, path: Path) -> None:
    """Open a run by a double click in the tree."""
    desk.training.show()
    desk.wait(lambda: listed(desk, path))
    desk.panel.runs.run_chosen.emit(RunFolder(path).info().id)


def curve_names(desk: Desk) -> list[str]:
    return [run.name for run in desk.panel.curves._runs()]


def test_a_finished_run_is_opened_from_the_tree(desk: Desk) -> None:
    path = finished_run(desk.root / "done")
    opened(desk, path)
    desk.wait(lambda: desk.shows(28) and curve_names(desk) == ["Done"])
    current = desk.training.runs._current
    assert current is not None and len(current[1].batches) == 28
    assert desk.bar_text == "Showing Done: step 28 of 28, finished"
    assert desk.training.time.kept == KeptSteps(path).steps()

    for step in (0, 4, 14):
        desk.training.time.go_to(step)
        desk.wait(lambda step=step: desk.shows(step))  # type: ignore[misc]  # bound now
    job = desk.training._evaluation_job()
    assert job is not None and job.network.title == "Done, step 14"
    assert job.network.weights is not None
    wanted = KeptSteps(path).weights(14)
    assert all(torch.equal(job.network.weights[name], wanted[name]) for name in wanted)
    desk.training.time.go_live()
    desk.wait(lambda: desk.shows(28))


def hold_reading(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """Let no run be read before the second event."""
    begun, let_through = threading.Event(), threading.Event()
    read = RunsService._read

    def held(service: RunsService, path: Path) -> None:
        begun.set()
        assert let_through.wait(WAIT_MS / 1000)
        read(service, path)

    monkeypatch.setattr(RunsService, "_read", held)
    return begun, let_through


def test_a_folder_that_takes_its_time_does_not_push_aside_what_was_chosen_since(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    far, near = finished_run(desk.root / "far"), finished_run(desk.root / "near")
    desk.training.show()
    desk.wait(lambda: listed(desk, near))
    begun, let_through = hold_reading(monkeypatch)
    desk.training.following.follow(far)
    desk.wait(begun.is_set)
    opened(desk, near)
    with desk.qtbot.waitSignal(desk.application.services.runs.numbers_ready, timeout=WAIT_MS):
        let_through.set()
    desk.wait(lambda: desk.shows(28))
    assert desk.training.time.path == near


def test_curves_that_come_too_late_are_read_anew(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = finished_run(desk.root / "done")
    desk.training.show()
    desk.wait(lambda: listed(desk, path))
    begun, let_through = hold_reading(monkeypatch)
    key, tree = RunFolder(path).info().id, desk.panel.runs
    tree.overlay_changed.emit(frozenset({key}))
    desk.wait(begun.is_set)
    tree.overlay_changed.emit(frozenset())
    runs = desk.application.services.runs
    with desk.qtbot.waitSignal(runs.numbers_ready, timeout=WAIT_MS):
        let_through.set()
    # By then the run may have gone on.
    with desk.qtbot.waitSignal(runs.numbers_ready, timeout=WAIT_MS):
        tree.overlay_changed.emit(frozenset({key}))
    assert curve_names(desk) == ["Done"]


def test_weights_of_another_run_are_no_step_of_the_one_at_hand(desk: Desk) -> None:
    one, other = finished_run(desk.root / "one"), finished_run(desk.root / "other")
    opened(desk, one)
    desk.wait(lambda: desk.shows(28))
    time, inference = desk.training.time, desk.application.services.inference
    weights, snapshot = desk.controller.views.weights, inference.snapshot
    assert weights is not None and snapshot is not None
    # The other one has begun, but a network was asked for since.
    time.set_run(other, show=False)
    inference.weights_changed.emit(weights)  # what the first still had to say
    assert (time.step, time.live) == (None, False)

    time.set_run(one)
    desk.wait(lambda: desk.shows(28))
    inference.follow("kept elsewhere")
    inference.show(replace(snapshot, origin="kept elsewhere", step=12))
    desk.wait(lambda: desk.controller.views.weights.step == 12)  # type: ignore[union-attr]  # there are some
    assert (time.step, time.live) == (None, False)


@pytest.mark.parametrize("ends", ["finished", "stopped"])
def test_a_training_that_has_ended_is_looked_back_on(desk: Desk, ends: str) -> None:
    if ends == "finished":
        desk.training.show()
        desk.training.setup.set_config(CONFIG)
    desk.start()
    path = desk.training.time.path
    assert path is not None
    if ends == "stopped":
        desk.training.run._service.stop()
    desk.wait(lambda: desk.state in (RunState.FINISHED, RunState.IDLE))
    steps = KeptSteps(path).steps()
    desk.wait(lambda: desk.training.time.kept == steps)
    desk.training.time.go_to(2)
    desk.wait(lambda: desk.shows(2))
    desk.training.time.go_live()
    desk.wait(lambda: desk.shows(steps[-1]))

    shown = desk.training.runs._current
    assert shown is not None and shown[1] is desk.training.run.history
    assert "Showing" not in desk.bar_text  # its own figures stay


def test_a_run_goes_on_elsewhere_after_it_was_stopped_here(desk: Desk) -> None:
    desk.start()
    path = desk.training.time.path
    assert path is not None
    desk.training.run._service.stop()
    desk.wait(lambda: desk.state is RunState.IDLE)
    told = len(desk.training.run.history.batches)
    from viewer.core.training.session import RunSession

    session = RunSession.resume(path, data=few_digits())
    events = session.events()
    for _ in range(40):
        next(events)
    events.close()
    session.close()
    desk.look()

    desk.wait(lambda: len(desk.training.runs._current[1].batches) > told)  # type: ignore[index]  # there is one
    desk.wait(lambda: desk.shows(KeptSteps(path).steps()[-1]))


def test_a_new_name_is_shown_everywhere(desk: Desk) -> None:
    path = finished_run(desk.root / "done")
    opened(desk, path)
    desk.wait(lambda: desk.shows(28) and curve_names(desk) == ["Done"])
    desk.training.time.go_to(4)
    desk.wait(lambda: desk.shows(4))
    desk.panel.runs.rename_requested.emit(RunFolder(path).info().id, "Monday")
    desk.wait(lambda: listed(desk, path, "Monday") and curve_names(desk) == ["Monday"])
    desk.look()

    desk.wait(lambda: "Monday" in desk.window.windowTitle())
    assert desk.shows(4)  # the same step
    desk.wait(lambda: desk.bar_text.startswith("Showing Monday"))


def test_a_run_that_is_trained_is_shown_by_its_new_name(desk: Desk) -> None:
    desk.start()
    path = desk.training.time.path
    assert path is not None
    desk.wait(lambda: listed(desk, path))
    desk.panel.runs.rename_requested.emit(RunFolder(path).info().id, "Monday")
    desk.wait(lambda: listed(desk, path, "Monday"))
    desk.training.run._service.pause()
    desk.wait(lambda: desk.state is RunState.PAUSED)
    desk.training.run._service.go()  # stored, and with it read, by then

    desk.wait(lambda: "Monday" in desk.window.windowTitle())


def test_a_deleted_run_leaves_curves_slider_and_bar(desk: Desk) -> None:
    path = finished_run(desk.root / "done")
    opened(desk, path)
    desk.wait(lambda: desk.shows(28) and curve_names(desk) == ["Done"])
    desk.training.runs._confirm = lambda _question: True
    desk.panel.runs.delete_requested.emit(RunFolder(path).info().id)
    desk.wait(lambda: desk.training.time.path is None)

    assert curve_names(desk) == []
    assert desk.training.time.kept == ()
    assert desk.panel.time.text() == "No steps are kept yet"
    assert "Done" not in desk.bar_text
    desk.look()  # asks for nothing
    desk.training.time.go_live()
    desk.training.time.go_to(3)
    assert desk.window.messages.text == ""


def test_the_dock_is_open_again_if_it_was(start: Callable[[], Desk]) -> None:
    first = start()
    assert first.training.panel is None
    first.training.show()
    first.close()
    second = start()
    second.wait(lambda: second.training.dock is not None and second.training.dock.isVisible())
    second.training.toggle()
    second.close()
    third = start()
    third.wait(lambda: not third.controller._is_first_network)
    QApplication.processEvents()

    assert third.settings.value(OPEN_KEY, type=bool) is False
    assert third.training.panel is None  # not even built


def saved(desk: Desk, name: str) -> None:
    """Choose `name` in the dialog of the action."""
    desk.window.action_set["save_network"].trigger()
    (dialog,) = desk.window.findChildren(QFileDialog)
    dialog.fileSelected.emit(name)
    dialog.reject()
    dialog.deleteLater()


def test_a_step_is_saved_as_a_network_and_opened_again(desk: Desk, tmp_path: Path) -> None:
    path = finished_run(desk.root / "done")
    opened(desk, path)
    desk.wait(lambda: desk.shows(28))
    desk.training.time.go_to(4)
    desk.wait(lambda: desk.shows(4))
    file = tmp_path / "mine.safetensors"
    saved(desk, str(file))
    desk.wait(lambda: file.exists())
    loaded = load_checkpoint(file)
    wanted = KeptSteps(path).weights(4)
    found = loaded.module.state_dict()
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    assert loaded.metadata == RunFolder(path).metadata()

    desk.controller.networks.open(str(file))
    desk.wait(lambda: desk.controller.networks.model == str(file))
    network = desk.controller.views.network
    assert network is not None and network.title == "mine"
    assert desk.window.messages.text == ""


def test_a_network_from_a_file_needs_no_saving(desk: Desk) -> None:
    desk.window.action_set["save_network"].trigger()

    assert "is a file already" in desk.window.messages.text
    assert desk.window.findChildren(QFileDialog) == []


def test_a_place_that_takes_no_network_is_told(desk: Desk, tmp_path: Path) -> None:
    path = finished_run(desk.root / "done")
    opened(desk, path)
    desk.wait(lambda: desk.shows(28))
    saved(desk, str(tmp_path / "gone" / "mine.safetensors"))

    desk.wait(lambda: "can't be written" in desk.window.messages.text)


ROWS = (
    LayerRow("convolution", {"filters": 3}),
    LayerRow("batch_norm"),
    LayerRow("activation"),
    LayerRow("dropout"),
    LayerRow("dense", {"units": 10}),
)


def test_what_trains_with_norms_and_dropout_is_saved_as_it_is(qtbot: QtBot, tmp_path: Path) -> None:
    config = replace(CONFIG, architecture="table", hyper={"layers": rows_to_json(ROWS)}, epochs=1)
    trainer = Trainer(config, few_digits())
    for _ in trainer.events():
        pass
    found = trainer.snapshot()
    service = FileService()
    service.start()
    file = tmp_path / "norms.safetensors"
    with qtbot.waitSignal(service.exported, timeout=WAIT_MS):
        snapshot = Snapshot("live", "Norms", trainer.metadata(), found.step, found.weights)
        service.save_network(file, snapshot)
    assert service.shutdown()
    loaded = load_checkpoint(file).module

    module = trainer.network.eval()
    x = torch.from_numpy(np.random.default_rng(0).random((4, 1, 28, 28), dtype=np.float32))
    with torch.inference_mode():
        assert torch.equal(loaded(x), module(x))
