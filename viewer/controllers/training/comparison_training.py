"""Trains a dense and a convolutional network one after the other, to be compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from viewer.controllers.training.following import AT_REST
from viewer.core.errors import UserError
from viewer.core.training.comparison import comparison_configs
from viewer.core.training.library import new_run_path
from viewer.core.training.progress import RunState
from viewer.core.training.run_info import NETWORK_NAME
from viewer.services.evaluation import NetworkSource
from viewer.services.training import NewRun

BUSY = "A run is under way: stop it first, then both networks can be trained."
# Something failed meanwhile, and it isn't known whether that was about this folder.
KNOWN_NOW = "The images to learn from are known now: choose “Train both” once more to begin."

if TYPE_CHECKING:
    from viewer.controllers.training.comparison import ComparisonController
    from viewer.controllers.training.run import RunController
    from viewer.controllers.training.runs import RunsController
    from viewer.controllers.training.setup import SetupController
    from viewer.core.training.config import TrainingConfig
    from viewer.services.training import TrainingService


class ComparisonTraining(QObject):
    """Two runs with the data, the budget and the seed of the set-up; then they are compared.

    Their curves are shown together.
    """

    def __init__(
        self,
        run: RunController,
        runs: RunsController,
        setup: SetupController,
        comparison: ComparisonController,
        training: TrainingService,
        root: Path,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._run = run
        self._runs = runs
        self._setup = setup
        self._comparison = comparison
        self._training = training
        self._root = root
        self._waiting: list[NewRun] = []
        self._done: list[NewRun] = []
        self._at_work: NewRun | None = None
        self._wanted = ""  # the folder of images that has to be looked into first
        self._doubted = False  # whether something has failed since
        comparison.train_requested.connect(self.start)
        setup.input_known.connect(self._on_input_known)
        setup.config_changed.connect(self._on_config_changed)
        setup.failed.connect(self._on_setup_failed)
        training.state_changed.connect(self._on_state_changed)
        run.asked_changed.connect(self._show_trainable)
        self._show_trainable()

    def start(self) -> None:
        """Begin with the dense network, once the size of the images and the classes are known.

        While a run is under way, that is told, and nothing else is done.
        """
        self._wanted = ""
        if self._is_busy():
            self._comparison.failed.emit(BUSY)
            return
        known = self._setup.input_of_dataset()
        if known is None:
            self._wanted, self._doubted = self._setup.config().dataset, False
            self._setup.ask_for_input()
            return
        try:
            configs = comparison_configs(self._setup.config(), *known)
        except UserError as error:
            self._comparison.failed.emit(str(error))
            return
        self._waiting, self._done = [], []
        for config, title in zip(configs, ("dense", "convolutional"), strict=True):
            path = new_run_path(self._root, f"{title} run")
            self._waiting.append(NewRun(path, config, path.name.replace("-", " ")))
        self._next()

    def _on_input_known(self) -> None:
        if not self._wanted or self._wanted != self._setup.config().dataset:
            return
        if self._doubted:
            self._wanted = ""
            self._comparison.failed.emit(KNOWN_NOW)
        else:
            self.start()

    def _on_setup_failed(self) -> None:
        self._doubted = True

    def _on_config_changed(self, config: TrainingConfig) -> None:
        if config.dataset != self._wanted:
            self._wanted = ""  # what was asked for was to train on the other one

    def _is_busy(self) -> bool:
        return self._run.asked is not None or self._training.state not in AT_REST

    def _show_trainable(self) -> None:
        self._comparison.set_trainable(BUSY if self._is_busy() else "")

    def _next(self) -> None:
        self._at_work = self._waiting.pop(0)
        self._run.begin(self._at_work)

    def _on_state_changed(self, state: RunState) -> None:
        self._show_trainable()
        run = self._at_work
        if run is None or state not in (RunState.FINISHED, RunState.IDLE):
            return
        if state is RunState.IDLE or self._training.path != run.path:
            self._at_work = None  # stopped, failed, or another run was started meanwhile
            return
        self._at_work = None
        self._done.append(run)
        self._runs.overlay(run.path)
        if self._waiting:
            self._next()
            return
        sources = [NetworkSource(r.name, model=str(r.path / NETWORK_NAME)) for r in self._done]
        self._comparison.set_networks(sources[0], sources[1], self._done[0].config.dataset)
