"""From a configuration to the images that a training learns from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from viewer.core.data.folders import drawings_file
from viewer.core.data.registry import load_parts

if TYPE_CHECKING:
    from viewer.core.training.config import TrainingConfig
    from viewer.core.training.loop import TrainingData


def load_training_data(config: TrainingConfig, drawings: Path | None = None) -> TrainingData:
    """Read the data set of a configuration, and the user's own drawings where they have a share.

    Parameters
    ----------
    config : TrainingConfig
    drawings : pathlib.Path, optional
        Stroke file of labelled drawings; default: where the window keeps them.

    Raises
    ------
    UserError
        If the data set is unknown or not on this machine, or there are no drawings to mix in.
    """
    from viewer.core.training.loop import TrainingData

    train, test = load_parts(config.dataset)
    extra = None
    if config.drawings_share:
        from viewer.core.data.drawings import DrawingStore

        extra = DrawingStore(drawings or drawings_file()).dataset(train)
    return TrainingData(train, test, extra)
