"""A training in the window under measurement: let go and held, watched and drawn beside."""

from __future__ import annotations

import time
from collections.abc import Callable

from PyQt6.QtCore import QEventLoop, QTimer

from viewer.cli.benchmarks.sampling import MS_PER_S
from viewer.cli.benchmarks.session import Session
from viewer.core.errors import UserError
from viewer.core.training.config import Augmentation, TrainingConfig
from viewer.core.training.progress import RunState

LOOK_MS = 5
TIMEOUT_S = 60.0
SETTLE_S = 0.5  # after a pause: what it had to store is stored, the views are at full speed


class WindowTraining:
    """Trains in the window of a session, as if somebody pressed the buttons.

    Parameters
    ----------
    session : Session
    config : TrainingConfig
        Long enough for all that is to be measured.

    Attributes
    ----------
    frames : int
        Steps of the training that the view of the network has shown.
    """

    def __init__(self, session: Session, config: TrainingConfig) -> None:
        self._config = config
        self._service = session.application.services.training
        self._controller = session.controller.training
        self._views = session.controller.views
        self._shown_step = -1
        self.frames = 0
        self._controller.show()
        self._controller.setup.set_config(config)
        session.controller.flow.record_painted.connect(self._on_record_painted)

    def begin(self) -> None:
        """Start the training and wait until it runs."""
        self._controller.toggle_run()
        self._wait(lambda: self._service.state is RunState.RUNNING)

    def go(self) -> None:
        """Go on after a pause."""
        self._service.go()
        self._wait(lambda: self._service.state is RunState.RUNNING)
        spin(SETTLE_S)

    def pause(self) -> None:
        """Hold the training; its thread does nothing from now on."""
        self._service.pause()
        self._wait(lambda: self._service.state is RunState.PAUSED)

    def set_augmentation(self, augmentation: Augmentation) -> None:
        """Distort the images so from the next batch on."""
        self._service.adjust({"augmentation": augmentation})

    def stretch(self, duration_s: float) -> tuple[float, float]:
        """Train for a while, from a pause to a pause.

        Returns
        -------
        images_per_s : float
        frames_per_s : float
            Steps that the view of the network showed.
        """
        self.go()
        steps, frames, start = self._steps(), self.frames, time.perf_counter()
        spin(duration_s)
        steps, frames = self._steps() - steps, self.frames - frames
        taken_s = time.perf_counter() - start
        self.pause()
        return steps * self._config.batch_size / taken_s, frames / taken_s

    def _steps(self) -> int:
        progress = self._service.progress
        return 0 if progress is None else progress.step

    def _wait(self, is_so: Callable[[], bool]) -> None:
        end = time.monotonic() + TIMEOUT_S
        while not is_so():
            if time.monotonic() > end:
                raise UserError(
                    f"The training did not get on within {TIMEOUT_S:.0f} s: try again on a "
                    "machine that is less busy."
                )
            spin(LOOK_MS / MS_PER_S)

    def _on_record_painted(self, _generation: int) -> None:
        record = self._views.record
        if record is not None and record.weights_step != self._shown_step:
            self._shown_step = record.weights_step
            self.frames += 1


def spin(duration_s: float) -> None:
    """Let the window live for a while."""
    loop = QEventLoop()
    QTimer.singleShot(int(duration_s * MS_PER_S), loop.quit)
    loop.exec()
