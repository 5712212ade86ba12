"""Training on a thread of its own: it is told what to do between two batches."""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.errors import UserError
from viewer.core.live import Snapshot
from viewer.core.training.progress import Progress, RunState, Speedometer, Until
from viewer.services.training_commands import (
    Adjust,
    Close,
    Command,
    Go,
    KeepLimit,
    NewRun,
    OldRun,
    OpenedRun,
    Pause,
    Show,
    Stop,
)
from viewer.services.training_live import LiveWeights, live_origin
from viewer.services.training_opening import open_session, opened_run

if TYPE_CHECKING:
    from viewer.core.training.config import TrainingConfig
    from viewer.core.training.events import BatchFinished, Event
    from viewer.core.training.loop import TrainingData
    from viewer.core.training.session import RunSession

__all__ = ["NewRun", "OldRun", "OpenedRun", "TrainingService", "live_origin"]

SHUTDOWN_TIMEOUT_S = 2.0


class TrainingService(QObject):
    """Runs one training at a time; every command takes effect before the next batch.

    Numbers are never lost: they wait in a buffer until `drain` takes them, however busy the
    window is. Weights are shown latest-only: `publish` gets them on the training's thread, at
    most 30 times a second, and must return at once. Where what is shown is acknowledged, the
    rate adapts, so that showing costs little of the training.

    Parameters
    ----------
    publish : callable
        Gets `Snapshot`.
    load_data : callable, optional
        From a configuration to its data; default: by the data set's name.

    Signals
    -------
    state_changed(RunState)
    run_opened(OpenedRun)
        Before its first event.
    failed(str)
        One sentence; the run, if there is one, is paused or stays as it was.
    """

    state_changed = pyqtSignal(object)
    run_opened = pyqtSignal(object)
    failed = pyqtSignal(str)

    def __init__(
        self,
        publish: Callable[[Snapshot], None],
        load_data: Callable[[TrainingConfig], TrainingData] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._load_data = load_data
        self._commands: SimpleQueue[Command] = SimpleQueue()
        self._events: deque[Event | OpenedRun] = deque()
        # A daemon: a library call that can't be interrupted never keeps the process.
        self._thread = threading.Thread(target=self._run, name="training", daemon=True)
        self._live = LiveWeights(publish)
        # Both are written by the worker's thread alone.
        self.state = RunState.IDLE
        self.path: Path | None = None  # of the run at hand, or the last one
        self._progress: Progress | None = None
        # From here on the worker's thread alone.
        self._session: RunSession | None = None
        self._iterator: Iterator[Event] = iter(())
        self._until: Until | None = None
        self._keep_bytes: int | None = None  # bound of the kept steps; None for the default
        self._speed = Speedometer()

    def start(self) -> None:
        """Start the thread; nothing heavy is imported before the first run."""
        self._thread.start()

    def begin(self, run: NewRun | OldRun) -> None:
        """Train; a run at hand is saved and left, unless a new one can't begin."""
        self._commands.put(run)

    def go(self, until: Until = Until.END) -> None:
        """Go on after a pause: for one batch, one epoch, or to the end.

        After a number that was not finite, the batch in which it arose is tried again.
        """
        self._commands.put(Go(until))

    def pause(self) -> None:
        """Stop after the batch at hand, and save."""
        self._commands.put(Pause())

    def stop(self) -> None:
        """Save after the batch at hand and leave the run."""
        self._commands.put(Stop())

    def adjust(self, changes: Mapping[str, Any]) -> None:
        """Change settings from the next batch on: lr, momentum, weight_decay, augmentation."""
        self._commands.put(Adjust(dict(changes)))

    def set_keep_limit(self, limit_bytes: int) -> None:
        """Bound the disk space of the kept steps, of this run and of those that come later."""
        self._commands.put(KeepLimit(limit_bytes))

    def show(self) -> None:
        """Publish the weights as they are now, again if need be."""
        self._commands.put(Show())

    @property
    def live_interval_s(self) -> float:
        """Shortest time between two steps that are shown."""
        return self._live.interval_s

    @live_interval_s.setter
    def live_interval_s(self, seconds: float) -> None:
        self._live.interval_s = seconds

    @property
    def wants_gradients(self) -> bool:
        """Whether what is shown comes with gradients."""
        return self._live.wants_gradients

    @wants_gradients.setter
    def wants_gradients(self, wanted: bool) -> None:
        self._live.wants_gradients = wanted

    def acknowledge(self, step: int) -> None:
        """Say that the views show this step now: the rate adapts to it."""
        self._live.acknowledge(step)

    def drain(self) -> list[Event | OpenedRun]:
        """Return the events since the last call, in order, without losing one.

        An `OpenedRun` stands before the first event of its run.
        """
        found: list[Event | OpenedRun] = []
        while self._events:
            found.append(self._events.popleft())
        return found

    @property
    def progress(self) -> Progress | None:
        """Where the run stands; None before the first."""
        return self._progress

    @property
    def is_active(self) -> bool:
        """Whether closing would interrupt a training."""
        return self.state in (RunState.PREPARING, RunState.RUNNING, RunState.FINISHING)

    def shutdown(self, timeout_s: float = SHUTDOWN_TIMEOUT_S) -> bool:
        """Save and end the thread; call before any receiver of the signals is deleted.

        Returns
        -------
        bool
            Whether it ended in time.
        """
        self._commands.put(Close())
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            try:
                command = self._commands.get(block=self._until is None)
            except Empty:
                self._guarded(self._advance, trains=True)
                continue
            if isinstance(command, Close):
                break
            self._guarded(lambda: self._obey(command))  # noqa: B023 - called at once
        self._guarded(self._leave)

    def _obey(self, command: Command) -> None:
        if isinstance(command, NewRun | OldRun):
            self._open(command)
        elif isinstance(command, KeepLimit):
            self._set_limit(command.limit_bytes)
        elif self._session is None:
            return  # whatever was meant is over already
        elif isinstance(command, Go):
            if self.state is RunState.PAUSED:
                self._until = command.until
                self._set_state(RunState.RUNNING)
        elif isinstance(command, Pause):
            self._pause()
        elif isinstance(command, Show):
            self._live.show(again=True)
        elif isinstance(command, Stop):
            self._leave()
            self._set_state(RunState.IDLE)
        elif isinstance(command, Adjust):
            self._events.append(self._session.adjust(**command.changes))

    def _open(self, run: NewRun | OldRun) -> None:
        if isinstance(run, OldRun):
            self._leave()  # it may be the one at hand, which is locked
        before = self.state
        self._set_state(RunState.PREPARING)
        try:
            session = open_session(run, self._load_data, self._keep_bytes)
        except Exception:
            if self._session is not None:
                self._set_state(before)  # it goes on as if nothing had been asked for
            raise
        try:
            self._leave()
        except Exception:
            session.close()
            raise
        self._session = session
        self._iterator = session.events()
        self._speed = Speedometer()
        opened = opened_run(session, resumed=isinstance(run, OldRun))
        self.path, self._progress = opened.path, opened.progress
        self._live.attach(session, opened)
        self._events.append(opened)
        self.run_opened.emit(opened)
        self._live.show()
        self._until = run.until
        self._set_state(RunState.RUNNING)

    def _advance(self) -> None:
        from viewer.core.training.events import BatchFinished, Diverged, EpochFinished, Finished

        start_s = time.perf_counter()
        event = next(self._iterator, None)
        if event is None:
            self._finish()
            return
        self._events.append(event)
        if isinstance(event, BatchFinished):
            self._on_batch(event, start_s)
            if self._until is Until.BATCH:
                self._pause()
        elif isinstance(event, Diverged):
            self._pause_at_trouble()
        elif isinstance(event, EpochFinished) and self._until is Until.EPOCH:
            self._pause()
        elif isinstance(event, Finished):
            self._finish()

    def _on_batch(self, event: BatchFinished, start_s: float) -> None:
        now_s = time.perf_counter()
        self._speed.add(now_s, now_s - start_s, event.images)
        assert self._progress is not None
        self._progress = replace(
            self._progress,
            step=event.step,
            loss=event.loss,
            accuracy=event.accuracy,
            images_per_s=self._speed.images_per_s,
        )
        self._live.after_batch(now_s, now_s - start_s)
        if self._progress.step == self._progress.steps:
            self._set_state(RunState.FINISHING)

    def _pause(self) -> None:
        if self._until is None or self._session is None:
            return
        self._until = None
        self._live.show()
        self._session.save()
        self._set_state(RunState.PAUSED)

    def _pause_at_trouble(self) -> None:
        """Wait where a number was not finite: the weights are those of the step before.

        The events end with that, but the training doesn't: with a lower rate, say, it goes on.
        """
        assert self._session is not None
        self._iterator = self._session.events()
        self._pause()

    def _finish(self) -> None:
        self._live.show(last=True)
        self._until = None
        self._drop_session()
        self._set_state(RunState.FINISHED)

    def _leave(self) -> None:
        """Save the run at hand and let go of it."""
        self._until = None
        self._live.publish_held()
        if self._session is not None:
            self._live.show(last=True)
            self._session.save()
            self._drop_session()

    def _drop_session(self) -> None:
        session, self._session, self._iterator = self._session, None, iter(())
        self._live.detach()
        if session is not None:
            session.close()

    def _set_limit(self, limit_bytes: int) -> None:
        self._keep_bytes = limit_bytes
        if self._session is not None:
            self._session.kept.set_limit(limit_bytes)

    def _set_state(self, state: RunState) -> None:
        self.state = state
        self.state_changed.emit(state)

    def _guarded(self, step: Callable[[], None], *, trains: bool = False) -> None:
        try:
            step()
        except Exception as error:  # noqa: BLE001 - a worker reports and lives on
            self._on_error(error, trains=trains)

    def _on_error(self, error: Exception, *, trains: bool) -> None:
        if not isinstance(error, UserError):
            traceback.print_exception(error)
        if trains and self._until is not None:
            # The generator is gone with its error: the run goes on from its last checkpoint.
            self._until = None
            self._guarded_close()
        if self._session is None:
            self._set_state(RunState.IDLE)
        elif self._until is None and self.state is not RunState.PAUSED:
            self._set_state(RunState.PAUSED)  # it could not be saved, or left
        if isinstance(error, UserError):
            self.failed.emit(str(error))
        else:
            self.failed.emit(f"The training stopped: {type(error).__name__}: {error}.")

    def _guarded_close(self) -> None:
        try:
            self._drop_session()
        except Exception as error:  # noqa: BLE001 - the first error is the one to tell
            traceback.print_exception(error)
