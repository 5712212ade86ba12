"""The folder of a training: what was asked for, where it ran, how it went, what came out.

``run.json`` (name, status, where it branched off), ``config.json`` (as it was begun),
``environment.json``, ``network.json`` (what network it trains), ``metrics.csv`` (one line an
epoch), ``batches.csv``, ``layers.csv`` (statistics of each layer), ``changes.jsonl`` (settings
changed while it ran), ``tensorboard/``, ``steps/`` (kept steps), ``checkpoint.pt`` (state to
resume from), ``network.safetensors`` (the result).
"""

from __future__ import annotations

import csv
import io
import json
import platform
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch

from viewer import __version__
from viewer.core.errors import UserError
from viewer.core.files import replace_file
from viewer.core.nets.checkpoint import Metadata, parse_metadata, save_checkpoint
from viewer.core.training.config import TrainingConfig, load_config
from viewer.core.training.events import EpochFinished, Finished
from viewer.core.training.history import History
from viewer.core.training.history_reader import METRICS_NAME, HistoryReader
from viewer.core.training.kept_steps import DEFAULT_LIMIT_BYTES, KeptSteps
from viewer.core.training.run_info import (
    CONFIG_NAME,
    NETWORK_NAME,
    RunInfo,
    folder_title,
    new_info,
    read_info,
    write_info,
)

COLUMNS = ("epoch", "step", "loss", "accuracy", "validation_loss", "validation_accuracy")
MAX_METADATA_BYTES = 1 << 20  # ours has about 500


class RunFolder:
    """A folder on disk that belongs to one training.

    Parameters
    ----------
    path : pathlib.Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.network_path = path / NETWORK_NAME
        self._config_path = path / CONFIG_NAME
        self._metadata_path = path / "network.json"
        self._state_path = path / "checkpoint.pt"
        self._metrics_path = path / METRICS_NAME

    def make(self) -> None:
        """Make an empty folder for a new training.

        Raises
        ------
        UserError
            If it holds a training already, or can't be made.
        """
        self.refuse_if_used()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or error
            raise UserError(f"{self.path} can't be made ({reason}): choose another.") from None

    def create(
        self,
        config: TrainingConfig,
        *,
        info: RunInfo | None = None,
        metadata: Metadata | None = None,
        state: Mapping[str, Any] | None = None,
    ) -> None:
        """Make the folder for a new training.

        Parameters
        ----------
        config : TrainingConfig
        info : RunInfo, optional
            Default: of a run that is named after the folder.
        metadata : Metadata, optional
            Of the network that it trains.
        state : mapping, optional
            Of the trainer, as it begins.

        Raises
        ------
        UserError
            If it holds a training already, or can't be written.
        """
        self.make()
        environment = json.dumps(_environment(), indent=2) + "\n"
        replace_file(self.path / "environment.json", environment.encode())
        self._write_rows([])
        if metadata is not None:
            replace_file(self._metadata_path, metadata.to_json().encode())
        if state is not None:
            self.save_state(state)
        write_info(self.path, info or new_info(folder_title(self.path), None, 0))
        # Last: it makes the folder a run's, which can be resumed from now on.
        replace_file(self._config_path, config.to_json().encode())

    def refuse_if_used(self) -> None:
        """Raise a UserError if the folder holds a training already."""
        if self._config_path.exists():
            raise UserError(
                f"{self.path} holds a training already: go on with --resume, "
                "or choose another folder."
            )

    def config(self) -> TrainingConfig:
        """Return what the training was begun with; UserError if there is none."""
        if not self._config_path.is_file():
            raise UserError(f"{self.path} holds no training: leave --resume out to start one.")
        return load_config(self._config_path)

    def info(self) -> RunInfo:
        """Return what the run says about itself; UserError if there is none or it is damaged."""
        return read_info(self.path)

    def update_info(self, **changes: Any) -> RunInfo:
        """Change fields of `RunInfo`; the others stay as they are on disk now.

        Raises
        ------
        UserError
            If the file is damaged, or can't be written.
        """
        info = replace(read_info(self.path), **changes)
        write_info(self.path, info)
        return info

    def metadata(self) -> Metadata:
        """Return what network the run trains, as it was when it began.

        Raises
        ------
        UserError
            If it is damaged, or the run is of a program that didn't store it.
        """
        path = self._metadata_path
        try:
            with path.open("rb") as file:
                content = file.read(MAX_METADATA_BYTES)
        except OSError as error:
            reason = error.strerror or error
            raise UserError(f"{path} can't be read ({reason}): resume the run once.") from None
        return parse_metadata(path, content.decode(errors="replace"))

    def save_metadata(self, metadata: Metadata) -> None:
        """Store what network the run trains."""
        replace_file(self._metadata_path, metadata.to_json().encode())

    def kept_steps(self, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> KeptSteps:
        """Return the steps that can be visited again."""
        return KeptSteps(self.path, limit_bytes=limit_bytes)

    def history(self) -> History:
        """Return all the numbers of the run so far."""
        reader = HistoryReader(self.path)
        reader.update()
        return reader.history

    def save_state(self, state: Mapping[str, Any]) -> None:
        """Store a trainer's state in place of the one before."""
        buffer = io.BytesIO()
        torch.save(dict(state), buffer)
        replace_file(self._state_path, buffer.getvalue(), durable=True)

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

    def cut_epochs(self, step: int) -> None:
        """Drop the lines of the metrics after `step`."""
        lines = self.metrics()
        kept = [line for line in lines if int(line["step"]) <= step]
        if len(kept) < len(lines):
            self._write_rows([[line[c] for c in COLUMNS] for line in kept])

    def metrics(self) -> list[dict[str, str]]:
        """Return the lines of the metrics, one an epoch; UserError if it is damaged."""
        try:
            with self._metrics_path.open(newline="", encoding="utf-8") as file:
                lines = list(csv.DictReader(file))
        except (OSError, ValueError, csv.Error):
            lines = [{}]
        if not all(_is_metrics_line(line) for line in lines):
            raise UserError(f"{self._metrics_path} is damaged: start a new run.")
        return lines

    def save_result(self, event: Finished, metadata: Metadata) -> None:
        """Write the trained network."""
        save_checkpoint(self.network_path, event.network, metadata)

    def _write_rows(self, rows: list[list[Any]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
        replace_file(self._metrics_path, text.getvalue().encode())


def _is_metrics_line(line: dict[str, str]) -> bool:
    return tuple(line) == COLUMNS and all((line[name] or "").isdecimal() for name in COLUMNS[:2])


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
