"""A training and its folder: the one engine of the window and of ``convnet-viewer train``.

Whoever iterates over `RunSession.events` trains; meanwhile everything is stored that is needed
to look at the run, to go back in it, and to go on with it after the process was killed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from viewer.core.errors import UserError
from viewer.core.files import remove_leftovers
from viewer.core.nets.checkpoint import Metadata
from viewer.core.training.branching import branch_off
from viewer.core.training.command import training_command
from viewer.core.training.config import Augmentation, TrainingConfig
from viewer.core.training.distributed import Team
from viewer.core.training.events import (
    BatchFinished,
    CheckpointDue,
    Diverged,
    EpochFinished,
    Event,
    Finished,
    LayersMeasured,
    SettingsChanged,
)
from viewer.core.training.kept_index import BEST, CHANGE, EPOCH, STEPS_NAME
from viewer.core.training.kept_steps import DEFAULT_LIMIT_BYTES, KeptSteps
from viewer.core.training.loop import Trainer, TrainingData
from viewer.core.training.run_folder import RunFolder
from viewer.core.training.run_info import Parent, RunInfo, RunStatus, folder_title, new_info
from viewer.core.training.run_lock import RunLock
from viewer.core.training.run_logs import RunLogs
from viewer.core.training.state_file import check_state, network_of
from viewer.core.training.step_keeper import StepKeeper

CHECKPOINT_S = 10.0  # so many seconds of training are lost at most by a kill
EPOCH_CHECKPOINT_S = 3.0  # an epoch that ends sooner after a checkpoint has none of its own
STATISTICS_EVERY = 50  # steps

LoadData = Callable[[TrainingConfig], TrainingData]


class RunSession:
    """One training that is worked on; made by `start` or `resume`, ended by `close`.

    All of it belongs to one thread.

    Attributes
    ----------
    trainer : Trainer
    folder : RunFolder
    kept : KeptSteps
    """

    def __init__(
        self,
        folder: RunFolder,
        trainer: Trainer,
        lock: RunLock,
        *,
        keep_bytes: int,
        checkpoint_s: float,
    ) -> None:
        self.folder = folder
        self.trainer = trainer
        self._lock = lock
        self._checkpoint_s = checkpoint_s
        for place in (folder.path, folder.path / STEPS_NAME):
            remove_leftovers(place)
        self.kept: KeptSteps = folder.kept_steps(keep_bytes)
        self.kept.cut(trainer.step)
        folder.cut_epochs(trainer.step)
        self._logs = RunLogs(folder.path, trainer.step)
        self._info = folder.info()
        self._best = _best_validation(folder)
        self._keeper = StepKeeper(self.kept, trainer)
        self._saved_step = trainer.step
        self._unsaved = False
        self._saved_s = time.monotonic()
        self._closed = False

    @classmethod
    def start(
        cls,
        path: Path,
        config: TrainingConfig,
        *,
        name: str = "",
        data: TrainingData | None = None,
        load_data: LoadData | None = None,
        parent: Path | None = None,
        parent_step: int | None = None,
        start: Mapping[str, Tensor] | None = None,
        statistics_every: int = STATISTICS_EVERY,
        keep_bytes: int = DEFAULT_LIMIT_BYTES,
        checkpoint_s: float = CHECKPOINT_S,
        team: Team | None = None,
    ) -> RunSession:
        """Begin a new run.

        Parameters
        ----------
        path : pathlib.Path
            Its folder, made by it.
        config : TrainingConfig
        name : str
            To show; default: the folder's.
        data : TrainingData, optional
            Default: what `load_data` returns for the configuration, or the data set's own.
        load_data : callable, optional
        parent : pathlib.Path, optional
            Folder of the run to branch from, at its kept step `parent_step`: weights,
            step, and as far as they fit optimiser and average go on from there. With the
            same settings, that gives the weights that the other run had, bit for bit.
        parent_step : int, optional
        start : mapping of str to Tensor, optional
            State dict to start from, in place of random weights.
        statistics_every : int
            Steps between two measurements of the layers, 0 for none.
        keep_bytes : int
            Bound of the kept steps on disk.
        checkpoint_s : float
            Seconds of training between two checkpoints.
        team : Team, optional
            Processes that train together; this one leads.

        Raises
        ------
        UserError
            If the settings don't fit together, or the folder holds a run or can't be written.
        """
        folder = RunFolder(path)
        folder.refuse_if_used()
        branch, state = _branch(parent, parent_step)
        if state is not None:
            start = network_of(state)
        if data is None and load_data is not None:
            data = load_data(config)
        # All of it is checked before anything is written.
        trainer = Trainer(config, data, start=start, statistics_every=statistics_every, team=team)
        if state is not None:
            check_state(state, trainer.network)
            branch_off(trainer, state)
        info = new_info(name or folder_title(path), branch, trainer.steps)
        folder.make()
        lock = RunLock(path)
        try:
            folder.create(
                config,
                info=info,
                metadata=trainer.metadata(),
                state=trainer.state(),
            )
            return cls(folder, trainer, lock, keep_bytes=keep_bytes, checkpoint_s=checkpoint_s)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def resume(
        cls,
        path: Path,
        *,
        data: TrainingData | None = None,
        load_data: LoadData | None = None,
        statistics_every: int = STATISTICS_EVERY,
        keep_bytes: int = DEFAULT_LIMIT_BYTES,
        checkpoint_s: float = CHECKPOINT_S,
        team: Team | None = None,
    ) -> RunSession:
        """Go on with a run from its last checkpoint; for the parameters see `start`.

        Raises
        ------
        UserError
            If there is no run, it is damaged, or another process trains in it.
        """
        folder = RunFolder(path)
        config = folder.config()
        lock = RunLock(path)
        try:
            state = folder.load_state()
            if data is None and load_data is not None:
                data = load_data(config)
            start = None if state is None else network_of(state)
            trainer = Trainer(
                config, data, start=start, statistics_every=statistics_every, team=team
            )
            if state is not None:
                check_state(state, trainer.network)
                trainer.restore(state)
            _complete(folder, trainer)
            return cls(folder, trainer, lock, keep_bytes=keep_bytes, checkpoint_s=checkpoint_s)
        except BaseException:
            lock.release()
            raise

    @property
    def info(self) -> RunInfo:
        """What the run says about itself, as it was stored last."""
        return self._info

    def events(self) -> Generator[Event, None, None]:
        """Train from where it stands to the end, and store what is worth it.

        Yields
        ------
        Event
            Those of the trainer, and `StepKept`.

        Raises
        ------
        UserError
            If the disk doesn't take something: after room was made, call it again.
        """
        self._set_status(RunStatus.RUNNING)
        yield from self._keeper.keep_marked()  # the start
        events = self.trainer.events()
        try:
            for event in events:
                self._record(event)
                yield event
                if not self._between_epochs(event):
                    yield from self._keeper.keep_due(event)
                    yield from self._keeper.keep_marked()  # changed while the event was looked at
        finally:
            if isinstance(events, Generator):  # stops the other processes of a team
                events.close()

    def adjust(self, **changes: Any) -> SettingsChanged:
        """Change settings from the next step on, see `Trainer.adjust`; stored at once."""
        event = self.trainer.adjust(**changes)
        plain = {
            name: asdict(value) if isinstance(value, Augmentation) else value
            for name, value in changes.items()
        }
        self._logs.add_change(event, plain)
        self._keeper.mark(CHANGE)
        self._unsaved = True
        self._checkpoint(self._info.status)
        return event

    def save(self) -> None:
        """Store everything now: the run is paused, or about to be left.

        The step that it stands at is kept, so that one can go back to it or branch from it.
        """
        done = self._info.status in (RunStatus.FINISHED, RunStatus.DIVERGED)
        self._checkpoint(self._info.status if done else RunStatus.PAUSED)
        self._keeper.keep_last()

    def close(self, status: RunStatus | None = None) -> None:
        """Store everything and let go of the folder; again does nothing.

        Parameters
        ----------
        status : RunStatus, optional
            Default: what became of it, ``stopped`` for one that isn't over.
        """
        if self._closed:
            return
        self._closed = True
        try:
            over = (RunStatus.FINISHED, RunStatus.DIVERGED)
            own = self._info.status if self._info.status in over else RunStatus.STOPPED
            self._checkpoint(status or own)
            self._keeper.keep_last()
        finally:
            try:
                self._logs.close()
            finally:
                self._lock.release()

    def _record(self, event: Event) -> None:
        match event:
            case BatchFinished():
                self._unsaved = True
                self._logs.add_batch(event)
                if time.monotonic() - self._saved_s >= self._checkpoint_s:
                    self._checkpoint(RunStatus.RUNNING)
                elif self._info.status is not RunStatus.RUNNING:
                    self._set_status(RunStatus.RUNNING)  # it was paused
            case LayersMeasured():
                self._logs.add_layers(event)
            case EpochFinished():
                self._on_epoch(event)
            case CheckpointDue():
                last = event.step == self.trainer.steps
                wait_s = min(EPOCH_CHECKPOINT_S, self._checkpoint_s)
                if last or time.monotonic() - self._saved_s >= wait_s:
                    self._checkpoint(RunStatus.RUNNING)
            case Finished():
                self.folder.save_result(event, self._result_metadata(event))
                self._set_status(RunStatus.FINISHED, test_accuracy=event.test.accuracy)
            case Diverged():
                self._checkpoint(RunStatus.DIVERGED)

    def _on_epoch(self, event: EpochFinished) -> None:
        self._unsaved = True  # the sums of the epoch are gone
        self.folder.add_epoch(event)
        self._logs.add_epoch(event)
        self._keeper.mark(EPOCH)
        if event.validation is not None and event.validation.accuracy > self._best:
            self._best = event.validation.accuracy
            self._keeper.mark(BEST)

    def _between_epochs(self, event: Event) -> bool:
        """Return whether the last batch of an epoch is done, and the epoch isn't yet."""
        is_last = event.step % self.trainer.steps_per_epoch == 0
        return is_last and isinstance(event, BatchFinished | LayersMeasured | EpochFinished)

    def _checkpoint(self, status: RunStatus) -> None:
        """Store numbers, then the state that they lead to."""
        self._logs.flush()
        if self._unsaved:
            self.folder.save_state(self.trainer.state())
            self._unsaved = False
            self._saved_step = self.trainer.step
        self._saved_s = time.monotonic()
        if status is not self._info.status or self._info.step != self._saved_step:
            self._set_status(status)

    def _set_status(self, status: RunStatus, **changes: Any) -> None:
        self._info = self.folder.update_info(
            status=status, step=self._saved_step, steps=self.trainer.steps, **changes
        )

    def _result_metadata(self, event: Finished) -> Metadata:
        config = self.trainer.config
        metadata = self.trainer.result_metadata(event, training_command(config))
        if self._info.parent is not None or config != self.folder.config():
            # No single command repeats a branch, or settings that changed on the way.
            metadata = replace(metadata, training_command=None)
        return metadata


def _branch(
    parent: Path | None, parent_step: int | None
) -> tuple[Parent | None, dict[str, Any] | None]:
    """Return where a run branches off, and the state it begins with."""
    if parent is None or parent_step is None:
        return None, None
    info = RunFolder(parent).info()
    return Parent(info.id, parent_step), KeptSteps(parent).state(parent_step)


def _complete(folder: RunFolder, trainer: Trainer) -> None:
    """Write what the folder of an older program, or of one that was killed early, lacks."""
    try:
        folder.metadata()
    except UserError:
        folder.save_metadata(trainer.metadata())


def _best_validation(folder: RunFolder) -> float:
    """Return the best accuracy on validation images so far."""
    accuracies = folder.history().epochs.column("validation_accuracy")
    known = accuracies[~np.isnan(accuracies)]
    return float(known.max()) if len(known) else -1.0
