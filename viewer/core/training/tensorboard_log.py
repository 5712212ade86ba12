"""A run's numbers for TensorBoard, by torch's own writer of its event files."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from viewer.core.files import disk_error
from viewer.core.training.events import BatchFinished, EpochFinished, LayersMeasured

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

FOLDER_NAME = "tensorboard"
BATCH_INTERVAL_S = 0.1  # between two batches that are written: every one would cost 1 %
# The writer's own thread may not be the first to meet a full disk: it would end by a traceback.
_NEVER_S = 10**9
_QUEUE = 10_000  # events between two flushes, so that nobody waits for the writer's thread


class TensorBoardLog:
    """Event files in the folder of a run.

    Parameters
    ----------
    folder : pathlib.Path
        Of the run.
    from_step : int
        Steps done so far: what older event files say about later ones, TensorBoard drops.

    Raises
    ------
    UserError
        By every method, if the disk doesn't take it.
    """

    def __init__(self, folder: Path, from_step: int) -> None:
        self._path = folder / FOLDER_NAME
        self._from_step = from_step
        self._writer: SummaryWriter | None = None
        self._next_s = 0.0

    def add(self, event: BatchFinished | EpochFinished | LayersMeasured) -> None:
        """Write the numbers of an event; of batches ten a second at most."""
        if isinstance(event, BatchFinished):
            now_s = time.monotonic()
            if now_s < self._next_s:
                return
            self._next_s = now_s + BATCH_INTERVAL_S
            self._write(
                event.step,
                {"batch/loss": event.loss, "batch/accuracy": event.accuracy, "batch/lr": event.lr},
            )
        elif isinstance(event, EpochFinished):
            self._write(event.step, _epoch_numbers(event))
        else:
            self._write(event.step, _layer_numbers(event))

    def flush(self) -> None:
        """Bring everything to the disk."""
        if self._writer is not None:
            self._guarded(self._writer.flush)

    def close(self) -> None:
        """Bring everything to the disk and end the writer; again does nothing."""
        writer, self._writer = self._writer, None
        if writer is not None:
            self._guarded(writer.close)

    def _write(self, step: int, numbers: Mapping[str, float]) -> None:
        writer = self._writer or self._guarded(self._open)
        for tag, number in numbers.items():
            self._guarded(writer.add_scalar, tag, number, step)

    def _open(self) -> SummaryWriter:
        # Takes as long as a batch or two: only a run that is trained pays for it.
        from torch.utils.tensorboard import SummaryWriter

        purge = self._from_step + 1 if self._from_step else None
        self._writer = SummaryWriter(
            str(self._path), purge_step=purge, max_queue=_QUEUE, flush_secs=_NEVER_S
        )
        return self._writer

    def _guarded(self, action: Any, *arguments: Any) -> Any:
        try:
            return action(*arguments)
        except OSError as error:
            raise disk_error(self._path, error) from None


def _epoch_numbers(event: EpochFinished) -> dict[str, float]:
    numbers = {"epoch/loss": event.loss, "epoch/accuracy": event.accuracy}
    if event.validation is not None:
        numbers["epoch/validation_loss"] = event.validation.loss
        numbers["epoch/validation_accuracy"] = event.validation.accuracy
    return numbers


def _layer_numbers(event: LayersMeasured) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for layer in event.layers:
        numbers[f"gradient_norm/{layer.name}"] = layer.gradient_norm
        numbers[f"update_ratio/{layer.name}"] = layer.update_ratio
        if layer.dead_share is not None:
            numbers[f"dead_share/{layer.name}"] = layer.dead_share
    return numbers
