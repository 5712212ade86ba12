"""A tiny training for a lesson: begun from random weights, stopped after so many steps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from viewer.core.errors import UserError
from viewer.core.training.config import TrainingConfig
from viewer.core.training.library import new_run_path
from viewer.core.training.progress import RunState, Until
from viewer.services.training import NewRun

if TYPE_CHECKING:
    from viewer.controllers.main import MainController
    from viewer.services.all import Services

NAME = "Lesson"
HYPER = {"maps1": 8, "maps2": 16, "maps3": 32, "kernel2": 3, "kernel3": 3}
AT_REST = (RunState.IDLE, RunState.FINISHED)
DONE = (RunState.PAUSED, RunState.FINISHED)


def lesson_config() -> TrainingConfig:
    """Return what a lesson trains: a small network that shows something within seconds."""
    return TrainingConfig(
        architecture="digits",
        hyper=HYPER,
        epochs=2,
        batch_size=64,
        lr=0.003,
        schedule="constant",
        validation=0.0,
    )


class LessonTraining:
    """Drives the training of a lesson; a person's own is never touched."""

    def __init__(self, main: MainController, services: Services, root: Path) -> None:
        self._main = main
        self._root = root
        self._service = services.training
        self._path: Path | None = None  # of the lesson's run
        self._target: int | None = None  # step to pause at

    def train(self, steps: int) -> None:
        """Train until so many steps are done: from the start, or on from where it stands.

        Raises
        ------
        UserError
            If a person's training is at hand.
        """
        training = self._main.training
        if self._is_ours() and self._service.state is RunState.PAUSED:
            training.show()
            if self._step() < steps:
                self._target = steps
                self._service.go()
            else:
                self._service.show()
            return
        if self._service.state not in AT_REST:
            raise UserError(
                "A training is at hand: end it with Stop in the Train menu, then choose Again."
            )
        training.show()
        self._path = new_run_path(self._root, NAME)
        self._target = steps
        until = Until.BATCH if steps == 1 else Until.END  # the first step, and not one more
        training.run.begin(NewRun(self._path, lesson_config(), self._path.name, until=until))

    def on_record(self) -> None:
        """Pause once the views show the step that was asked for."""
        if self._target is None or not self._is_ours():
            return
        if self._step() >= self._target and self._service.state is RunState.RUNNING:
            self._service.pause()

    def settled(self) -> bool:
        """Return whether the step that was asked for is on screen."""
        if self._target is None:
            return True
        views = self._main.views
        if not self._is_ours() or self._service.state not in DONE:
            return False
        # It goes on a moment after it was told to: a pause before the step is an old one.
        if self._service.state is RunState.PAUSED and self._step() < self._target:
            return False
        if views.record is None or views.weights is None:
            return False
        shown = (views.record.weights_step, views.weights.step)
        if shown != (self._step(), self._step()):
            return False
        self._target = None
        return True

    def fail(self) -> bool:
        """Give up; return whether there was anything to give up."""
        waiting, self._target = self._target is not None, None
        return waiting

    def leave(self) -> None:
        """End the lesson's run; it stays in the list of runs."""
        if self._is_ours() and self._service.state not in AT_REST:
            self._service.stop()
        self._target = self._path = None

    def _is_ours(self) -> bool:
        return self._path is not None and self._service.path == self._path

    def _step(self) -> int:
        progress = self._service.progress
        return 0 if progress is None else progress.step
