from pathlib import Path

import pytest
from tensorboard.backend.event_processing import (  # type: ignore[import-untyped]  # has none
    event_accumulator,
)

from viewer.core.errors import UserError
from viewer.core.training.events import (
    BatchFinished,
    EpochFinished,
    LayersMeasured,
    LayerStatistic,
)
from viewer.core.training.metrics import Evaluation
from viewer.core.training.tensorboard_log import TensorBoardLog


def read(folder: Path) -> event_accumulator.EventAccumulator:
    found = event_accumulator.EventAccumulator(str(folder / "tensorboard"))
    found.Reload()
    return found


def test_tensorboard_reads_what_is_written(tmp_path: Path) -> None:
    log = TensorBoardLog(tmp_path, 0)
    log.add(BatchFinished(1, 1, 0.5, 0.25, 0.1, 8))
    log.add(EpochFinished(4, 1, 0.75, 0.5, Evaluation(0.25, 3, 4)))
    log.add(LayersMeasured(4, (LayerStatistic("conv1", 2.0, 0.01, None),)))
    log.close()
    log.close()
    found = read(tmp_path)
    values = {
        tag: (s[0].step, s[0].value)
        for tag in found.Tags()["scalars"]
        for s in [found.Scalars(tag)]
    }
    assert values["batch/loss"] == (1, 0.5)
    assert values["epoch/validation_accuracy"] == (4, 0.75)
    assert values["gradient_norm/conv1"] == (4, 2.0)
    assert "dead_share/conv1" not in values


def test_steps_done_again_replace_those_before(tmp_path: Path) -> None:
    for from_step, loss in ((0, 1.0), (4, 0.5)):
        log = TensorBoardLog(tmp_path, from_step)
        for step in (from_step + 4, from_step + 8):
            log.add(EpochFinished(step, step // 4, loss, 0.5, None))
        log.close()
    scalars = read(tmp_path).Scalars("epoch/loss")
    assert [(s.step, s.value) for s in scalars] == [(4, 1.0), (8, 0.5), (12, 0.5)]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "tensorboard").write_text("in the way")
    log = TensorBoardLog(tmp_path, 0)
    with pytest.raises(UserError, match="can't be written"):
        log.add(EpochFinished(1, 1, 0.5, 0.5, None))
    log.close()
