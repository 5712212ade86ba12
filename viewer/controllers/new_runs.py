"""New runs: from the set-up, or from a kept step of another run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.training.library import new_run_path
from viewer.core.training.progress import Until
from viewer.services.training import NewRun

if TYPE_CHECKING:
    from viewer.controllers.runs import RunsController
    from viewer.controllers.time_machine import TimeMachine
    from viewer.controllers.training_run import RunController
    from viewer.controllers.training_setup import SetupController


class NewRuns(QObject):
    """Names runs, gives them folders, and begins those that branch off.

    Signals
    -------
    told(str)
        One sentence on what can't be done.
    """

    told = pyqtSignal(str)

    def __init__(
        self,
        root: Path,
        setup: SetupController,
        run: RunController,
        runs: RunsController,
        time: TimeMachine,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._root = root
        self._setup = setup
        self._run = run
        self._runs = runs
        self._time = time
        run.go_back_requested.connect(self._on_go_back_requested)
        runs.branch_requested.connect(self._on_branch_requested)

    def from_setup(self, until: Until) -> NewRun | None:
        """Return a run with what is set up; None, and say why, if there can be none."""
        problem = self._setup.problem()
        if problem:
            self.told.emit(problem)
            return None
        self._setup.save()
        config = self._setup.config()
        path = new_run_path(self._root, f"{config.architecture} run")
        return NewRun(path, config, path.name.replace("-", " "), until=until)

    def branch(self, path: Path, step: int, changes: Mapping[str, Any] | None = None) -> None:
        """Begin a new run at a kept step of another, with the settings of the set-up."""
        config = replace(self._setup.config(), **(changes or {}))
        summary = self._runs.summary(path)
        name = f"{path.name if summary is None else summary.name} from step {step:,}"
        folder = new_run_path(self._root, name)
        self._run.begin(NewRun(folder, config, name, parent=path, parent_step=step))

    def _on_branch_requested(self, path: Path) -> None:
        shown = self._time.step if self._time.path == path else None
        # The newest weights are shown far more often than they are kept.
        kept = [] if shown is None else [step for step in self._time.kept if step <= shown]
        if not kept:
            self.told.emit("Show the step to branch from first: open the run and move the slider.")
            return
        self.branch(path, kept[-1])

    def _on_go_back_requested(self, step: int, changes: dict[str, Any]) -> None:
        opened = self._run.opened
        kept = [kept for kept in self._time.kept if kept <= step]
        if opened is None or not kept:
            self.told.emit("No step from before is kept: start again with the set-up changed.")
            return
        self._setup.set_config(replace(opened.config, **changes))
        self.branch(opened.path, kept[-1])
