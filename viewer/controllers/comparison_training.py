"""Trains a dense and a convolutional network one after the other, to be compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from viewer.core.training.comparison import comparison_configs
from viewer.core.training.library import new_run_path
from viewer.core.training.progress import RunState
from viewer.core.training.run_info import NETWORK_NAME
from viewer.services.evaluation import NetworkSource
from viewer.services.training import NewRun

if TYPE_CHECKING:
    from viewer.controllers.comparison import ComparisonController
    from viewer.controllers.runs import RunsController
    from viewer.controllers.training_run import RunController
    from viewer.controllers.training_setup import SetupController
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
        comparison.train_requested.connect(self.start)
        training.state_changed.connect(self._on_state_changed)

    def start(self) -> None:
        """Begin with the dense network."""
        shape, classes = self._setup.input_of_dataset()
        configs = comparison_configs(self._setup.config(), shape, classes)
        self._waiting, self._done = [], []
        for config, title in zip(configs, ("dense", "convolutional"), strict=True):
            path = new_run_path(self._root, f"{title} run")
            self._waiting.append(NewRun(path, config, path.name.replace("-", " ")))
        self._next()

    def _next(self) -> None:
        self._at_work = self._waiting.pop(0)
        self._run.begin(self._at_work)

    def _on_state_changed(self, state: RunState) -> None:
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
