"""From what is asked for to a run that can be worked on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from viewer.core.errors import UserError
from viewer.core.training.library import is_run
from viewer.core.training.progress import Progress
from viewer.services.training_commands import NewRun, OldRun, OpenedRun

if TYPE_CHECKING:
    from viewer.core.training.config import TrainingConfig
    from viewer.core.training.loop import TrainingData
    from viewer.core.training.session import RunSession

STATISTICS_EVERY = 50  # steps


def open_session(
    run: NewRun | OldRun,
    load_data: Callable[[TrainingConfig], TrainingData] | None,
    keep_bytes: int | None,
) -> RunSession:
    """Begin a run, or go on with one.

    Parameters
    ----------
    run : NewRun or OldRun
    load_data : callable or None
        From a configuration to its data; None: by the data set's name.
    keep_bytes : int or None
        Bound of the kept steps on disk; None for the default.

    Raises
    ------
    UserError
        If that can't be done; nothing of a new run is left then.
    """
    from viewer.core.training.kept_steps import DEFAULT_LIMIT_BYTES
    from viewer.core.training.session import RunSession

    keep_bytes = keep_bytes or DEFAULT_LIMIT_BYTES
    if isinstance(run, OldRun):
        if not is_run(run.path):
            raise UserError(f"{run.path} holds no training any more: choose another run.")
        return RunSession.resume(run.path, load_data=load_data, keep_bytes=keep_bytes)
    return RunSession.start(
        run.path,
        run.config,
        name=run.name,
        load_data=load_data,
        parent=run.parent,
        parent_step=run.parent_step,
        statistics_every=STATISTICS_EVERY,
        keep_bytes=keep_bytes,
    )


def opened_run(session: RunSession, *, resumed: bool) -> OpenedRun:
    """Return what there is to say about a run that has just been opened."""
    trainer = session.trainer
    progress = Progress(
        trainer.step,
        trainer.steps,
        trainer.steps_per_epoch,
        batch_size=trainer.config.batch_size,
    )
    return OpenedRun(
        session.folder.path,
        session.info.name,
        trainer.config,
        trainer.metadata(),
        progress,
        resumed=resumed,
        notice=trainer.notice,
    )
