"""The folder of a training: what was asked for, where it ran, how it went, what came out.

``config.json``, ``environment.json``, ``metrics.csv`` (one line an epoch), ``checkpoint.pt``
(state after the last epoch, to resume from), ``network.safetensors`` (the result).
"""

from __future__ import annotations

import csv
import io
import json
import platform
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch

from viewer import __version__
from viewer.core.errors import UserError
from viewer.core.nets.checkpoint import Metadata, save_checkpoint, write_atomically
from viewer.core.training.config import TrainingConfig, load_config
from viewer.core.training.events import EpochFinished, Finished

COLUMNS = ("epoch", "step", "loss", "accuracy", "validation_loss", "validation_accuracy")


class RunFolder:
    """A folder on disk that belongs to one training.

    Parameters
    ----------
    path : pathlib.Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.network_path = path / "network.safetensors"
        self._config_path = path / "config.json"
        self._state_path = path / "checkpoint.pt"
        self._metrics_path = path / "metrics.csv"

    def create(self, config: TrainingConfig) -> None:
        """Make the folder for a new training.

        Raises
        ------
        UserError
            If it holds a training already, or can't be written.
        """
        self.refuse_if_used()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or error
            raise UserError(f"{self.path} can't be made ({reason}): choose another.") from None
        environment = json.dumps(_environment(), indent=2) + "\n"
        write_atomically(self.path / "environment.json", environment.encode())
        self._write_rows([])
        write_atomically(self._config_path, config.to_json().encode())

    def refuse_if_used(self) -> None:
        """Raise a UserError if the folder holds a training already."""
        if self._config_path.exists():
            raise UserError(
                f"{self.path} holds a training already: go on with --resume, "
                "or choose another folder."
            )

    def config(self) -> TrainingConfig:
        """Return the configuration of the training in the folder; UserError if there is none."""
        if not self._config_path.is_file():
            raise UserError(f"{self.path} holds no training: leave --resume out to start one.")
        return load_config(self._config_path)

    def save_state(self, state: dict[str, Any]) -> None:
        """Store a trainer's state in place of the one before."""
        buffer = io.BytesIO()
        torch.save(state, buffer)
        write_atomically(self._state_path, buffer.getvalue())

    def load_state(self) -> dict[str, Any] | None:
        """Return the last state stored, None before the first.

        Raises
        ------
        UserError
            If the file is damaged.
        """
        if not self._state_path.exists():
            return None
        try:
            # weights_only: no code in the file is ever run.
            state = torch.load(self._state_path, map_location="cpu", weights_only=True)
        except (OSError, EOFError, RuntimeError, ValueError, KeyError, UnpicklingError):
            state = None
        if not isinstance(state, dict):
            raise UserError(f"{self._state_path} is damaged: start a new run.")
        return state

    def add_epoch(self, event: EpochFinished) -> None:
        """Add a line to the metrics; lines of this epoch and later ones, from before, go."""
        checked = event.validation
        row = [event.epoch, event.step, f"{event.loss:.6f}", f"{event.accuracy:.6f}"]
        row += [f"{checked.loss:.6f}", f"{checked.accuracy:.6f}"] if checked else ["", ""]
        earlier = [old for old in self.metrics() if int(old["epoch"]) < event.epoch]
        self._write_rows([*([old[c] for c in COLUMNS] for old in earlier), row])

    def metrics(self) -> list[dict[str, str]]:
        """Return the lines of the metrics, one an epoch; UserError if it is damaged."""
        try:
            with self._metrics_path.open(newline="", encoding="utf-8") as file:
                lines = list(csv.DictReader(file))
        except (OSError, ValueError, csv.Error):
            lines = [{}]
        if not all(tuple(line) == COLUMNS and line["epoch"].isdecimal() for line in lines):
            raise UserError(f"{self._metrics_path} is damaged: start a new run.")
        return lines

    def save_result(self, event: Finished, metadata: Metadata) -> None:
        """Write the trained network."""
        save_checkpoint(self.network_path, event.network, metadata)

    def _write_rows(self, rows: list[list[Any]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
        write_atomically(self._metrics_path, text.getvalue().encode())


def _environment() -> dict[str, str | int]:
    """Return the versions that a repetition to the last bit would need."""
    return {
        "convnet-viewer": __version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "platform": platform.platform(terse=True),
        "machine": platform.machine(),
    }
