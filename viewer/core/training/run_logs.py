"""All that a run writes line by line: numbers of batches and layers, changes, TensorBoard."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from viewer.core.training.events import (
    BatchFinished,
    EpochFinished,
    LayersMeasured,
    SettingsChanged,
)
from viewer.core.training.history_reader import CHANGES_NAME, LAYERS_NAME
from viewer.core.training.run_info import BATCHES_NAME
from viewer.core.training.run_log import RunLog, first_number
from viewer.core.training.tensorboard_log import TensorBoardLog

BATCH_HEADER = "step,epoch,loss,accuracy,lr"
LAYER_HEADER = "step,gradient_norm,update_ratio,dead_share,layer"
FLUSH_INTERVAL_S = 1.0  # what somebody who follows the folder sees is at most so old


class RunLogs:
    """The growing files of one run; every method raises a UserError if the disk is full.

    Parameters
    ----------
    folder : pathlib.Path
    step : int
        Where the training stands; what the files say about later steps is dropped.
    """

    def __init__(self, folder: Path, step: int) -> None:
        self._batches = RunLog(folder / BATCHES_NAME, BATCH_HEADER)
        self._layers = RunLog(folder / LAYERS_NAME, LAYER_HEADER)
        self._changes = RunLog(folder / CHANGES_NAME)
        self._board = TensorBoardLog(folder, step)
        self._flushed_s = time.monotonic()
        for log in (self._batches, self._layers):
            log.cut(lambda line: 0 <= first_number(line) <= step)
        self._changes.cut(lambda line: _step_of_change(line) <= step)

    def add_batch(self, event: BatchFinished) -> None:
        """Add a batch; once a second everything is written."""
        self._batches.add(
            f"{event.step},{event.epoch},{event.loss:.6g},{event.accuracy:.6g},{event.lr:.6g}"
        )
        self._board.add(event)
        if time.monotonic() - self._flushed_s >= FLUSH_INTERVAL_S:
            self.flush()

    def add_layers(self, event: LayersMeasured) -> None:
        """Add the statistics of all layers."""
        for layer in event.layers:
            dead = "" if layer.dead_share is None else f"{layer.dead_share:.6g}"
            numbers = f"{layer.gradient_norm:.6g},{layer.update_ratio:.6g},{dead}"
            self._layers.add(f"{event.step},{numbers},{layer.name}")
        self._board.add(event)

    def add_epoch(self, event: EpochFinished) -> None:
        """Add an epoch, for TensorBoard: its line in the metrics is written elsewhere."""
        self._board.add(event)

    def add_change(self, event: SettingsChanged, changes: Mapping[str, Any]) -> None:
        """Add a change of settings; written at once."""
        values = {"step": event.step, "text": event.text, "settings": dict(changes)}
        self._changes.add(json.dumps(values, ensure_ascii=False))
        self._changes.flush()

    def flush(self) -> None:
        """Write everything that waits."""
        self._flushed_s = time.monotonic()
        for log in (self._batches, self._layers, self._changes, self._board):
            log.flush()

    def close(self) -> None:
        """Write everything that waits, and let go of the files."""
        try:
            self.flush()
        finally:
            self._board.close()


def _step_of_change(line: str) -> float:
    """Return the step of a change, infinity for a line that is none."""
    try:
        step = json.loads(line)["step"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return float("inf")
    return step if isinstance(step, int) else float("inf")
