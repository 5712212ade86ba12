"""Training on a thread of its own: it is told what to do between two batches."""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeAlias

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.errors import UserError
from viewer.core.live import Snapshot
from viewer.core.training.live_rate import LiveRate
from viewer.core.training.progress import Progress, RunState, Speedometer, Until

if TYPE_CHECKING:
    from torch import Tensor

    from viewer.core.nets.checkpoint import Metadata
    from viewer.core.training.config import TrainingConfig
    from viewer.core.training.events import BatchFinished, Event, WeightsPublished
    from viewer.core.training.loop import TrainingData
    from viewer.core.training.session import RunSession

SHUTDOWN_TIMEOUT_S = 2.0
STATISTICS_EVERY = 50  # steps
LIVE_INTERVAL_S = 1 / 30


@dataclass(frozen=True, slots=True)
class NewRun:
    """A training from its start.

    Attributes
    ----------
    path : pathlib.Path
        Folder of the run; made by it.
    config : TrainingConfig
    name : str
        To show; empty for the folder's.
    parent : pathlib.Path or None
        Run that it branches from.
    parent_step : int or None
        Kept step of `parent` that it begins with.
    until : Until
        How far to go at first.
    """

    path: Path
    config: TrainingConfig
    name: str = ""
    parent: Path | None = None
    parent_step: int | None = None
    until: Until = Until.END


@dataclass(frozen=True, slots=True)
class OldRun:
    """A training that goes on from its last checkpoint."""

    path: Path
    until: Until = Until.END


@dataclass(frozen=True, slots=True)
class OpenedRun:
    """The run that the thread works on from now on.

    Attributes
    ----------
    path : pathlib.Path
    title : str
    config : TrainingConfig
    metadata : Metadata
        Of the network as it trains.
    progress : Progress
    resumed : bool
        Whether there are numbers of it already.
    """

    path: Path
    title: str
    config: TrainingConfig
    metadata: Metadata
    progress: Progress
    resumed: bool


@dataclass(frozen=True, slots=True)
class _Go:
    until: Until


@dataclass(frozen=True, slots=True)
class _Pause:
    pass


@dataclass(frozen=True, slots=True)
class _Stop:
    pass


@dataclass(frozen=True, slots=True)
class _Adjust:
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _KeepLimit:
    limit_bytes: int


@dataclass(frozen=True, slots=True)
class _Show:
    pass


@dataclass(frozen=True, slots=True)
class _Close:
    pass


_Command: TypeAlias = NewRun | OldRun | _Go | _Pause | _Stop | _Adjust | _KeepLimit | _Show | _Close


def live_origin(path: Path) -> str:
    """Return the origin of the snapshots of the run at `path` while it trains."""
    return f"live {path}"


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
        self._publish = publish
        self._load_data = load_data
        self._commands: SimpleQueue[_Command] = SimpleQueue()
        self._events: deque[Event | OpenedRun] = deque()
        # A daemon: a library call that can't be interrupted never keeps the process.
        self._thread = threading.Thread(target=self._run, name="training", daemon=True)
        self._painted = (-1, 0.0)  # newest step on screen, and since when
        self.wants_gradients = False
        # Both are written by the worker's thread alone.
        self.state = RunState.IDLE
        self.path: Path | None = None  # of the run at hand, or the last one
        self._progress: Progress | None = None
        # From here on the worker's thread alone.
        self._session: RunSession | None = None
        self._opened: OpenedRun | None = None
        self._iterator: Iterator[Event] = iter(())
        self._until: Until | None = None
        self._keep_bytes: int | None = None  # bound of the kept steps; None for the default
        self._speed = Speedometer()
        self._rate = LiveRate(LIVE_INTERVAL_S)
        self._published_step = -1
        self._held: Snapshot | None = None  # to be published at the next good moment

    def start(self) -> None:
        """Start the thread; nothing heavy is imported before the first run."""
        self._thread.start()

    def begin(self, run: NewRun | OldRun) -> None:
        """Train; a run at hand is saved and left first."""
        self._commands.put(run)

    def go(self, until: Until = Until.END) -> None:
        """Go on after a pause: for one batch, one epoch, or to the end."""
        self._commands.put(_Go(until))

    def pause(self) -> None:
        """Stop after the batch at hand, and save."""
        self._commands.put(_Pause())

    def stop(self) -> None:
        """Save after the batch at hand and leave the run."""
        self._commands.put(_Stop())

    def adjust(self, changes: Mapping[str, Any]) -> None:
        """Change settings from the next batch on: lr, momentum, weight_decay, augmentation."""
        self._commands.put(_Adjust(dict(changes)))

    def set_keep_limit(self, limit_bytes: int) -> None:
        """Bound the disk space of the kept steps, of this run and of those that come later."""
        self._commands.put(_KeepLimit(limit_bytes))

    def show(self) -> None:
        """Publish the weights as they are now, again if need be."""
        self._commands.put(_Show())

    @property
    def live_interval_s(self) -> float:
        """Shortest time between two steps that are shown."""
        return self._rate.shortest_s

    @live_interval_s.setter
    def live_interval_s(self, seconds: float) -> None:
        self._rate.shortest_s = seconds

    def acknowledge(self, step: int) -> None:
        """Say that the views show this step now: the rate adapts to it."""
        self._painted = (step, time.perf_counter())

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
        self._commands.put(_Close())
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
            if isinstance(command, _Close):
                break
            self._guarded(lambda: self._obey(command))  # noqa: B023 - called at once
        self._guarded(self._leave)

    def _obey(self, command: _Command) -> None:
        if isinstance(command, NewRun | OldRun):
            self._open(command)
        elif isinstance(command, _KeepLimit):
            self._set_limit(command.limit_bytes)
        elif self._session is None:
            return  # whatever was meant is over already
        elif isinstance(command, _Go):
            if self.state is RunState.PAUSED:
                self._until = command.until
                self._set_state(RunState.RUNNING)
        elif isinstance(command, _Pause):
            self._pause()
        elif isinstance(command, _Show):
            self._published_step = -1
            self._show()
        elif isinstance(command, _Stop):
            self._leave()
            self._set_state(RunState.IDLE)
        elif isinstance(command, _Adjust):
            self._events.append(self._session.adjust(**command.changes))

    def _open(self, run: NewRun | OldRun) -> None:
        from viewer.core.training.kept_steps import DEFAULT_LIMIT_BYTES
        from viewer.core.training.session import RunSession

        self._leave()
        self._set_state(RunState.PREPARING)
        keep_bytes = self._keep_bytes or DEFAULT_LIMIT_BYTES
        if isinstance(run, OldRun):
            session = RunSession.resume(run.path, load_data=self._load_data, keep_bytes=keep_bytes)
        else:
            session = RunSession.start(
                run.path,
                run.config,
                name=run.name,
                load_data=self._load_data,
                parent=run.parent,
                parent_step=run.parent_step,
                statistics_every=STATISTICS_EVERY,
                keep_bytes=keep_bytes,
            )
        trainer = session.trainer
        self._session = session
        self.path = session.folder.path
        self._iterator = session.events()
        self._speed = Speedometer()
        self._rate.reset()
        self._published_step = -1
        # A plain function, which may be copied with the network.
        trainer.network.register_forward_hook(lambda _module, _x, y: self._on_forward(y))
        self._progress = Progress(
            trainer.step,
            trainer.steps,
            trainer.steps_per_epoch,
            batch_size=trainer.config.batch_size,
        )
        self._opened = OpenedRun(
            session.folder.path,
            session.info.name,
            trainer.config,
            trainer.metadata(),
            self._progress,
            resumed=isinstance(run, OldRun),
        )
        self._events.append(self._opened)
        self.run_opened.emit(self._opened)
        self._show()
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
        elif isinstance(event, Diverged) or (
            isinstance(event, EpochFinished) and self._until is Until.EPOCH
        ):
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
        step, painted_s = self._painted
        if self._held is None and step == self._published_step:
            self._rate.end(painted_s)
        self._rate.add_step(now_s - start_s)
        if self._rate.due(now_s):
            self._hold()
        if self._progress.step == self._progress.steps:
            self._set_state(RunState.FINISHING)

    def _show(self, *, last: bool = False) -> None:
        """Give away the weights as they are now, at once; the last time without gradients."""
        self._publish_held()
        if last and self.wants_gradients:
            self._published_step = -1
        snapshot = self._snapshot(gradients=self.wants_gradients and not last)
        if snapshot is not None:
            self._rate.begin(time.perf_counter(), due=False)
            self._publish(snapshot)

    def _hold(self) -> None:
        """Take the weights as they are now, to be published with the next batch.

        They wait until its gradients are computed, all in one call that leaves the interpreter
        to others: inference and painting fall into it.
        """
        self._publish_held()
        self._held = self._snapshot(gradients=self.wants_gradients)

    def _on_forward(self, logits: Tensor) -> None:
        if self._held is None:
            return
        if logits.requires_grad:
            # torch leaves it without types
            logits.register_hook(lambda _: self._publish_held())  # type: ignore[no-untyped-call]
        else:
            self._publish_held()

    def _publish_held(self) -> None:
        snapshot, self._held = self._held, None
        if snapshot is not None:
            self._rate.begin(time.perf_counter())
            self._publish(snapshot)

    def _snapshot(self, *, gradients: bool) -> Snapshot | None:
        """Return the weights as they are now; None if they have been given away."""
        session, opened = self._session, self._opened
        if session is None or opened is None or session.trainer.step == self._published_step:
            return None
        found: WeightsPublished = session.trainer.snapshot(gradients=gradients)
        self._published_step = found.step
        return Snapshot(
            live_origin(opened.path),
            session.info.name,  # it may have been changed since
            opened.metadata,
            found.step,
            found.weights,
            found.gradients,
        )

    def _pause(self) -> None:
        if self._until is None or self._session is None:
            return
        self._until = None
        self._show()
        self._session.save()
        self._set_state(RunState.PAUSED)

    def _finish(self) -> None:
        self._show(last=True)
        self._until = None
        self._drop_session()
        self._set_state(RunState.FINISHED)

    def _leave(self) -> None:
        """Save the run at hand and let go of it."""
        self._until = None
        self._publish_held()
        if self._session is not None:
            self._show(last=True)
            self._session.save()
            self._drop_session()

    def _drop_session(self) -> None:
        session, self._session, self._iterator = self._session, None, iter(())
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
