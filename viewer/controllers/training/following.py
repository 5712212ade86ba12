"""Looking on while something else trains: which folder, and how far that run is."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.training.progress import Progress, RunState
from viewer.core.training.run_info import RunStatus
from viewer.widgets.folder_dialog import ask_for_folder

if TYPE_CHECKING:
    from viewer.services.runs import RunNumbers, RunsService
    from viewer.services.training import TrainingService
    from viewer.widgets.training.transport import Transport
    from viewer.widgets.window.main_window import MainWindow

AT_REST = (RunState.IDLE, RunState.FINISHED)


class FollowingController(QObject):
    """Opens the folder of a run that this window does not train; nothing in it is changed.

    Signals
    -------
    found(RunNumbers)
        A folder that was asked for holds a run: it is to be shown. For one that holds none,
        the service says so.
    ended(RunNumbers)
        The process that trained the run which is shown is no more, and the run isn't done.
    """

    found = pyqtSignal(object)
    ended = pyqtSignal(object)

    def __init__(
        self,
        window: MainWindow,
        runs: RunsService,
        training: TrainingService,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._runs = runs
        self._training = training
        self._transport: Transport | None = None
        self._name_of: Callable[[Path], str] = str
        self._wanted: Path | None = None
        self._numbers: RunNumbers | None = None  # of the run that is shown
        self._told: tuple[Path, int] | None = None  # which run's end was told, at which step
        runs.numbers_ready.connect(self._on_numbers_ready)

    def choose(self) -> None:
        """Ask for the folder of a run."""
        ask_for_folder(self._window, "Follow a run", self.follow)

    def follow(self, path: Path) -> None:
        """Look for a run in a folder; the answer comes as a signal."""
        # Without asking the disk, which may be another machine's.
        self._wanted = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() asks it
        self._runs.read(self._wanted)

    def give_up(self) -> None:
        """Look for no run any more: something else was asked for since."""
        self._wanted = None

    def set_transport(self, transport: Transport, name_of: Callable[[Path], str]) -> None:
        """Say on the bar how far the run is, while nothing is trained here.

        Of one that is trained here meanwhile, it says the name: `name_of` has it by the folder.
        """
        self._transport, self._name_of = transport, name_of
        self._training.state_changed.connect(self.show)
        self._runs.runs_listed.connect(self.show)  # it may be called something else

    def set_numbers(self, numbers: RunNumbers | None) -> None:
        """Tell of this run, which the views show; None for none."""
        if numbers is None or (self._told is not None and self._told[0] != numbers.path):
            self._told = None
        self._numbers = numbers
        self.show()

    def show(self) -> None:
        """Say how far the run is, unless the bar is needed for one of our own."""
        bar, numbers = self._transport, self._numbers
        if bar is None:
            return
        training = self._training
        other = None if numbers is None or numbers.path == training.path else numbers
        if other is None or training.state not in AT_REST:
            path = training.path
            bar.set_name("" if other is None or path is None else self._name_of(path))
            bar.set_message("")
            bar.set_progress(training.progress)
            return
        progress = progress_of(other)
        bar.set_message(_sentence(other, progress))
        bar.set_progress(progress)
        if was_killed(other) and self._told != (other.path, progress.step):
            self._told = other.path, progress.step
            self.ended.emit(other)

    def _on_numbers_ready(self, numbers: RunNumbers) -> None:
        if numbers.path == self._wanted:
            self._wanted = None
            self.found.emit(numbers)


def progress_of(numbers: RunNumbers) -> Progress:
    """Return how far a run is, by the newest of what its folder tells."""
    batches, epochs = numbers.history.batches, numbers.history.epochs
    newest = [numbers.info.step, *numbers.kept]
    newest += [int(batches.column("step")[-1])] if len(batches) else []
    step, steps = max(newest), numbers.info.steps
    # Its first epoch tells how long they are.
    each = int(epochs.column("step")[0]) if len(epochs) else 0
    return Progress(step, steps, each if 0 < each <= steps else max(steps, 1))


def was_killed(numbers: RunNumbers) -> bool:
    """Return whether the process that trained a run ended without saying so."""
    return numbers.info.status is RunStatus.RUNNING and numbers.status is RunStatus.STOPPED


def end_sentence(numbers: RunNumbers) -> str:
    """Return what there is to say about a run whose process ended."""
    progress = progress_of(numbers)
    return f"{numbers.info.name}: its process ended at step {progress.step:,}."


def _sentence(numbers: RunNumbers, progress: Progress) -> str:
    info = numbers.info
    if was_killed(numbers):
        return f"{end_sentence(numbers)[:-1]} of {progress.steps:,}"
    how_far = f"{info.name}: step {progress.step:,} of {progress.steps:,}"
    if info.status is RunStatus.RUNNING:
        return f"Following {how_far}"
    return f"Showing {how_far}, {info.status.value}"
