"""Looking on in the window while something else writes a run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from PyQt6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from tests.gui.training_desk import Desk, Writer, finished_run
from viewer.controllers.training.following import progress_of
from viewer.core.training.library import rename_run
from viewer.core.training.progress import RunState
from viewer.core.training.run_folder import RunFolder

# Trains in another process: as many batches as each line that it reads says.
ELSEWHERE = """
import sys
from pathlib import Path
import torch
from tests.gui.training_desk import Writer
torch.set_num_threads(1)
writer = Writer(Path(sys.argv[1]))
for line in sys.stdin:
    writer.train(int(line))
    print(writer.newest, flush=True)
writer.close()
"""


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def start(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    desks: list[Desk] = []

    def begin(run: Path | None = None) -> Desk:
        desks.append(Desk(qapp, tmp_path, qtbot, run))
        return desks[-1]

    yield begin
    for desk in desks:
        desk.close()


@pytest.fixture
def desk(start: Callable[..., Desk]) -> Desk:
    return start()


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    writer = Writer(tmp_path / "share" / "far-away")
    writer.train(5)
    yield writer
    writer.close()


def files(folder: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of everything in a folder."""
    found = {path: path.stat() for path in [folder, *folder.rglob("*")]}
    return {str(path): (seen.st_size, seen.st_mtime_ns) for path, seen in found.items()}


def batches(desk: Desk) -> int:
    """Return of how many batches the strongest curve tells."""
    current = desk.training.runs._current
    return 0 if current is None else len(current[1].batches)


def test_a_run_is_followed_as_it_grows(desk: Desk, writer: Writer) -> None:
    desk.follow(writer.path)
    desk.wait(lambda: desk.shows(writer.newest) and batches(desk) == 5)
    assert desk.training.dock is not None and desk.training.dock.isVisible()
    assert desk.panel.page == "Curves"
    assert desk.bar_text == "Following Far away: step 5 of 70,000"
    assert desk.training.time.live
    assert "Far away" in desk.window.windowTitle()
    network = desk.controller.views.network
    assert network is not None and network.title == "Far away"
    first = desk.training.time.kept

    writer.train(20)
    desk.look()
    desk.wait(lambda: desk.shows(writer.newest) and batches(desk) == 25)
    assert set(first) < set(desk.training.time.kept)
    assert desk.bar_text.startswith("Following Far away: step 25 of")
    assert desk.state is RunState.IDLE  # nothing is trained here


def test_steps_of_a_followed_run_are_visited_while_it_goes_on(desk: Desk, writer: Writer) -> None:
    desk.follow(writer.path)
    desk.wait(lambda: desk.shows(writer.newest))
    desk.training.time.go_to(2)
    desk.wait(lambda: desk.shows(2))

    writer.train(20)
    desk.look()
    desk.wait(lambda: batches(desk) == 25)
    assert desk.shows(2) and not desk.training.time.live  # it stays where it was put
    desk.training.time.go_live()
    desk.wait(lambda: desk.shows(writer.newest))


def test_nothing_in_the_folder_is_changed(desk: Desk, writer: Writer) -> None:
    before = files(writer.path)
    desk.follow(writer.path)
    desk.wait(lambda: desk.shows(writer.newest))
    desk.training.time.go_to(1)
    desk.wait(lambda: desk.shows(1))
    desk.training.time._on_compare_requested(0)
    desk.wait(desk.compares)
    desk.training.keep_limit.set_limit(1)
    desk.training.time.go_live()
    desk.wait(lambda: desk.shows(writer.newest) and not desk.compares())

    assert files(writer.path) == before
    writer.train(3)  # and its lock is still its own
    assert RunFolder(writer.path).info().name == "Far away"


def test_a_run_of_another_process_is_followed(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere"
    command = [sys.executable, "-c", ELSEWHERE, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None

        def train(count: int) -> int:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(f"{count}\n")
            process.stdin.flush()
            return int(process.stdout.readline())

        newest = train(4)
        desk.follow(path)
        desk.wait(lambda: desk.shows(newest) and batches(desk) == 4)
        newest = train(10)
        desk.wait(lambda: desk.shows(newest) and batches(desk) == 14)  # by its own looking
        process.stdin.close()
        assert process.wait() == 0
    desk.wait(lambda: "stopped" in desk.bar_text)
    assert desk.bar_text == "Showing Far away: step 14 of 70,000, stopped"


def test_a_followed_run_whose_process_was_killed_is_told_and_can_go_on_here(
    desk: Desk, tmp_path: Path
) -> None:
    path = tmp_path / "elsewhere"
    command = [sys.executable, "-c", ELSEWHERE, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("9\n")
        process.stdin.flush()
        process.stdout.readline()
        desk.follow(path)
        desk.wait(lambda: desk.bar_text == "Following Far away: step 9 of 70,000")
        assert desk.panel.trouble.text == ""
        process.kill()
        process.wait()
    desk.wait(lambda: desk.panel.trouble.text != "")  # by its own looking
    assert desk.panel.trouble.text == "Far away: its process ended at step 9."
    assert desk.bar_text == "Far away: its process ended at step 9 of 70,000"

    desk.panel.trouble.remedy.click()
    desk.wait(lambda: desk.state is RunState.RUNNING)
    desk.wait(lambda: desk.training.run.opened is not None)  # the thread is ahead of the window
    opened = desk.training.run.opened
    assert opened is not None and (opened.path, opened.resumed) == (path, True)
    assert desk.panel.trouble.text == ""
    assert desk.sentences == []


def test_the_offer_to_go_on_is_withdrawn_with_its_run(desk: Desk, writer: Writer) -> None:
    desk.follow(writer.path)
    desk.wait(lambda: desk.bar_text.startswith("Following"))
    writer.session._lock.release()  # as for a process that is killed
    desk.look()
    desk.wait(lambda: desk.panel.trouble.text != "")
    desk.training._on_run_chosen(finished_run(desk.root / "mine"))
    assert desk.panel.trouble.text == ""
    desk.wait(lambda: "Done" in desk.bar_text)

    desk.training._on_run_chosen(writer.path)
    desk.wait(lambda: "process ended" in desk.panel.trouble.text)


def test_another_run_is_followed_while_one_is_trained(desk: Desk, writer: Writer) -> None:
    desk.start()
    own = desk.training.time.path
    assert own is not None
    desk.follow(writer.path)
    desk.wait(lambda: desk.shows(writer.newest) and batches(desk) == 5)
    begun = desk.own_step
    desk.wait(lambda: desk.own_step > begun + 20)
    assert desk.shows(writer.newest)  # the views have left the training, which goes on
    assert "Far away" not in desk.bar_text and "loss" in desk.bar_text  # its figures are shown

    writer.train(10)
    desk.look()
    desk.wait(lambda: desk.shows(writer.newest) and batches(desk) == 15)

    desk.training._on_run_chosen(own)
    desk.wait(lambda: desk.training.time.step is not None and desk.training.time.step > begun)
    desk.training.run._service.stop()
    desk.wait(lambda: desk.state is RunState.IDLE)
    assert "Far away" not in desk.bar_text


def test_the_bar_names_the_run_that_is_trained_while_another_is_shown(
    desk: Desk, writer: Writer
) -> None:
    desk.start()
    desk.training.run._service.pause()
    desk.wait(lambda: desk.state is RunState.PAUSED)
    own = desk.training.time.path
    assert own is not None
    desk.wait(lambda: desk.bar_text.startswith("Paused"))
    desk.follow(writer.path)
    desk.wait(lambda: desk.bar_text.startswith(f"{RunFolder(own).info().name} · Paused"))
    rename_run(own, "A <b>new</b> name")
    desk.training.runs.refresh()
    desk.wait(lambda: desk.bar_text.startswith("A <b>new</b> name · Paused"))
    desk.training._on_run_chosen(own)
    desk.wait(lambda: desk.bar_text.startswith("Paused"))


def test_a_training_that_ends_leaves_the_bar_to_the_run_that_is_followed(
    desk: Desk, writer: Writer
) -> None:
    desk.start()
    desk.follow(writer.path)
    desk.wait(lambda: desk.shows(writer.newest))
    desk.training.run._service.stop()

    desk.wait(lambda: desk.bar_text == "Following Far away: step 5 of 70,000")


def test_a_training_that_is_started_takes_over(desk: Desk, writer: Writer) -> None:
    desk.follow(writer.path)
    desk.wait(lambda: "Far away" in desk.bar_text)
    desk.start()

    assert desk.training.time.path != writer.path
    desk.wait(lambda: "loss" in desk.bar_text)
    desk.wait(lambda: (desk.training.time.step or 0) > 3)


@pytest.mark.parametrize("what", ["empty", "gone", "damaged"])
def test_a_folder_that_is_no_run_is_one_sentence(desk: Desk, tmp_path: Path, what: str) -> None:
    path = tmp_path / what
    if what != "gone":
        path.mkdir()
    if what == "damaged":
        (path / "run.json").write_text("{")
    desk.training.following.follow(path)

    desk.wait(lambda: desk.window.messages.text != "")
    text = desk.window.messages.text
    assert ("is damaged" if what == "damaged" else "holds no training") in text
    assert text.endswith(".") and text.count(".") <= 2  # one of them in run.json
    assert desk.training.panel is None


def test_a_run_dropped_on_the_window_is_followed(desk: Desk, tmp_path: Path) -> None:
    path = finished_run(tmp_path / "done")
    desk.window.files_dropped.emit([str(path)])

    desk.wait(lambda: desk.training.panel is not None and desk.shows(28))
    assert desk.bar_text == "Showing Done: step 28 of 28, finished"


def test_a_run_named_on_the_command_line_is_followed(
    start: Callable[..., Desk], writer: Writer
) -> None:
    desk = start(writer.path)

    desk.wait(lambda: desk.training.panel is not None and desk.shows(writer.newest))
    assert desk.training.time.live
    assert desk.window.messages.text == ""


def test_the_action_asks_for_a_folder(desk: Desk, writer: Writer) -> None:
    desk.window.action_set["follow_run"].trigger()
    (dialog,) = desk.window.findChildren(QFileDialog)
    assert dialog.fileMode() is QFileDialog.FileMode.Directory
    dialog.filesSelected.emit([str(writer.path)])
    dialog.reject()

    desk.wait(lambda: desk.training.panel is not None and desk.shows(writer.newest))


def test_how_far_a_run_is_by_the_newest_that_is_known(desk: Desk, writer: Writer) -> None:
    desk.follow(writer.path)
    writer.train(30)
    desk.look()
    desk.wait(lambda: batches(desk) == 35)
    numbers = desk.training.following._numbers
    assert numbers is not None
    progress = progress_of(numbers)

    assert (progress.step, progress.steps) == (35, 70_000)
    assert (progress.epoch, progress.steps_per_epoch) == (3, 14)
