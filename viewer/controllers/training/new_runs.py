"""New runs: from the set-up, or from a kept step of another run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.errors import UserError
from viewer.core.training.library import new_run_path
from viewer.core.training.progress import Until
from viewer.core.training.run_folder import RunFolder
from viewer.services.training import NewRun

if TYPE_CHECKING:
    from viewer.controllers.training.run import RunController
    from viewer.controllers.training.runs import RunsController
    from viewer.controllers.training.setup import SetupController
    from viewer.controllers.training.time_machine import TimeMachine
    from viewer.core.training.config import TrainingConfig


NO_STEP = "Show the step to branch from first: open the run and move the slider."
NO_PARENT = "The run to branch from was deleted: the settings are again as they were."


class _Branch(NamedTuple):
    """A branch that is being set up."""

    parent: Path
    step: int
    before: TrainingConfig  # what was set up until then


class NewRuns(QObject):
    """Names runs, gives them folders, and begins those that branch off.

    A branch is set up first, beginning with the settings of the run that it leaves; it is what
    the next start begins, until it is given up or a run has begun. One that can't begin leaves
    the set-up as it is, with the reason.

    Signals
    -------
    told(str)
        One sentence on what can't be done.
    hinted(str)
        One sentence on what has to be done first.
    """

    told = pyqtSignal(str)
    hinted = pyqtSignal(str)

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
        self._branch: _Branch | None = None
        run.go_back_requested.connect(self._on_go_back_requested)
        run.opened_changed.connect(self._leave_branch)
        runs.branch_requested.connect(self._on_branch_requested)
        runs.branch_bar.start_requested.connect(self._on_start_requested)
        runs.branch_bar.cancel_requested.connect(self._on_cancel_requested)

    def from_setup(self, until: Until) -> NewRun | None:
        """Return a run with what is set up; None, and say why, if there can be none."""
        problem = self._setup.problem()
        if problem:
            self.hinted.emit(problem)
            return None
        self._setup.save()
        config = self._setup.config()
        if self._branch is not None:
            return self._branched(self._branch.parent, self._branch.step, config, until)
        path = new_run_path(self._root, f"{config.architecture} run")
        return NewRun(path, config, path.name.replace("-", " "), until=until)

    def branch(self, path: Path, step: int, changes: Mapping[str, Any] | None = None) -> None:
        """Begin a new run at a kept step of another, with the settings of the set-up."""
        config = replace(self._setup.config(), **(changes or {}))
        self._run.begin(self._branched(path, step, config, Until.END))

    def forget(self, path: Path) -> None:
        """Give up a branch of a run that is gone."""
        if self._branch is not None and self._branch.parent == path:
            self._on_cancel_requested()
            self.hinted.emit(NO_PARENT)

    def _branched(self, path: Path, step: int, config: TrainingConfig, until: Until) -> NewRun:
        name = f"{self.name_of(path)} from step {step:,}"
        folder = new_run_path(self._root, name)
        return NewRun(folder, config, name, parent=path, parent_step=step, until=until)

    def name_of(self, path: Path) -> str:
        """Return what the run in a folder is called."""
        summary = self._runs.summary(path)
        return path.name if summary is None else summary.name

    def _on_branch_requested(self, path: Path) -> None:
        shown = self._time.step if self._time.path == path else None
        # The newest weights are shown far more often than they are kept.
        kept = [] if shown is None else [step for step in self._time.kept if step <= shown]
        if not kept:
            self.hinted.emit(NO_STEP)
            return
        try:
            config = RunFolder(path).config()
        except UserError as error:
            self.told.emit(str(error))
            return
        before = self._setup.config() if self._branch is None else self._branch.before
        self._branch = _Branch(path, kept[-1], before)
        self._setup.set_config(config)
        self._setup.set_parent(config)
        self._runs.branch_bar.show_branch(self.name_of(path), kept[-1], shown)
        self._runs.show_setup()

    def _on_start_requested(self) -> None:
        run = self.from_setup(Until.END)
        if run is not None:
            self._run.begin(run)

    def _on_cancel_requested(self) -> None:
        branch = self._leave_branch()
        if branch is not None:
            self._setup.set_config(branch.before)

    def _leave_branch(self) -> _Branch | None:
        branch, self._branch = self._branch, None
        self._setup.set_parent(None)
        self._runs.branch_bar.hide()
        return branch

    def _kept(self, path: Path) -> tuple[int, ...]:
        """Return the kept steps of a run; the slider knows those of the one that is shown."""
        if self._time.path == path:
            return self._time.kept
        try:
            return RunFolder(path).kept_steps().steps()
        except UserError:
            return ()

    def _on_go_back_requested(self, step: int, changes: dict[str, Any]) -> None:
        opened = self._run.opened
        kept = [] if opened is None else [kept for kept in self._kept(opened.path) if kept <= step]
        if opened is None or not kept:
            self.told.emit("No step from before is kept: start again with the set-up changed.")
            return
        self._leave_branch()
        self._setup.set_config(replace(opened.config, **changes))
        self.branch(opened.path, kept[-1])
