"""Tiny trainings for lessons: begun from random weights, stopped after so many steps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from viewer.core.errors import UserError
from viewer.core.lessons.trained import MNIST, SMALL, TRAINED, training_config
from viewer.core.training.library import new_run_path
from viewer.core.training.progress import RunState, Until
from viewer.services.training import NewRun

if TYPE_CHECKING:
    from viewer.controllers.main import MainController
    from viewer.services.all import Services

AT_REST = (RunState.IDLE, RunState.FINISHED)
DONE = (RunState.PAUSED, RunState.FINISHED)
AT_HAND = "A training is at hand: end it with Stop in the Train menu, then choose Again."


class LessonTraining:
    """Drives the trainings of a lesson; a person's own is never touched."""

    def __init__(self, main: MainController, services: Services, root: Path) -> None:
        self._main = main
        self._root = root
        self._service = services.training
        self._path: Path | None = None  # of the lesson's run
        self._what = ("", "")  # network and data of that run
        self._asked = 0  # steps that were asked for last
        self._target: int | None = None  # step to pause at

    def train(self, steps: int, network: str = SMALL, data: str = MNIST) -> None:
        """Train until so many steps are done: from the start, or on from where it stands.

        Parameters
        ----------
        steps : int
            Fewer than at the last call are those of a new run: its start is to be seen again.
        network : str
            Key of `TRAINED`. The curves of a run of another one stay beside its own.
        data : str
            Name of a data set.

        Raises
        ------
        UserError
            If a person's training is at hand.
        """
        training = self._main.training
        same = self._what == (network, data) and self._asked <= steps
        self._asked = steps
        if same and self._is_ours() and self._service.state is RunState.PAUSED:
            training.show()
            if self._step() < steps:
                self._target = steps
                self._service.go()
            else:
                self._service.show()
            return
        if self._service.state not in AT_REST and not self._is_ours():
            raise UserError(AT_HAND)
        training.show()
        if training.run.asked is not None:  # by a lesson that was left since, say
            raise UserError(AT_HAND)
        if self._path is not None and self._what != (network, data):
            training.runs.overlay(self._path)
        self._what = (network, data)
        self._path = new_run_path(self._root, TRAINED[network].title)
        self._target = steps
        until = Until.BATCH if steps == 1 else Until.END  # the first step, and not one more
        config = training_config(network, data)
        name = self._path.name.replace("-", " ").capitalize()
        training.run.begin(NewRun(self._path, config, name, until=until))

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
        training = self._main.training
        if self._path is not None and training.run.asked == self._path:
            training.give_up_asked()
        elif self._is_ours() and self._service.state not in AT_REST:
            self._service.stop()
        self._target = self._path = None
        self._what, self._asked = ("", ""), 0

    def _is_ours(self) -> bool:
        return self._path is not None and self._service.path == self._path

    def _step(self) -> int:
        progress = self._service.progress
        return 0 if progress is None else progress.step
