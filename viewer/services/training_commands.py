"""What the training's thread is told to do, and what it tells of the run that it works on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from viewer.core.training.progress import Progress, Until

if TYPE_CHECKING:
    from viewer.core.nets.checkpoint import Metadata
    from viewer.core.training.config import TrainingConfig


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
    notice : str
        One sentence on what was not taken up of the weights to start from; empty if all was.
    """

    path: Path
    title: str
    config: TrainingConfig
    metadata: Metadata
    progress: Progress
    resumed: bool
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Go:
    """Go on after a pause.

    Attributes
    ----------
    until : Until
        How far.
    """

    until: Until


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait after the batch at hand."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Leave the run."""


@dataclass(frozen=True, slots=True)
class Adjust:
    """Change settings.

    Attributes
    ----------
    changes : mapping of str to object
        New values by the settings' names.
    """

    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KeepLimit:
    """Bound the kept steps.

    Attributes
    ----------
    limit_bytes : int
        On disk, of a run.
    """

    limit_bytes: int


@dataclass(frozen=True, slots=True)
class Show:
    """Publish the weights as they are."""


@dataclass(frozen=True, slots=True)
class Close:
    """End the thread."""


Command: TypeAlias = NewRun | OldRun | Go | Pause | Stop | Adjust | KeepLimit | Show | Close
