"""The runs on disk: the tree, whose curves are shown, and what is done to a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, Qt, QTimer, QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QMessageBox, QWidget

from viewer.core.training.history import History
from viewer.core.training.run_info import RunStatus
from viewer.services.training import OldRun
from viewer.widgets.training.curves import RunCurves
from viewer.widgets.training.panel import RUNS, SETUP
from viewer.widgets.training.run_tree import RunRow
from viewer.widgets.training.run_tree_branch import BranchBar

if TYPE_CHECKING:
    from viewer.core.training.library import RunSummary
    from viewer.services.runs import RunNumbers, RunsService
    from viewer.widgets.training.panel import TrainingPanel


DELETE_TEXT = "Delete"
RESCAN_MS = 3_000  # how soon a run that is made elsewhere is seen


class RunsController(QObject):
    """Lists the runs, overlays their curves, renames, reveals and deletes them.

    Attributes
    ----------
    branch_bar : BranchBar
        Above the set-up.

    Signals
    -------
    chosen(Path)
        A run is to be looked at.
    resume_requested(OldRun)
    branch_requested(Path)
    hinted(str)
        One sentence on what can't be done, and what can.
    """

    chosen = pyqtSignal(object)
    resume_requested = pyqtSignal(object)
    branch_requested = pyqtSignal(object)
    hinted = pyqtSignal(str)

    def __init__(
        self,
        panel: TrainingPanel,
        service: RunsService,
        root: Path,
        confirm: Callable[[str], bool] | None = None,
        *,
        is_open: Callable[[Path], bool] = lambda _path: False,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._panel = panel
        self._service = service
        self._root = root
        self._confirm = confirm or self._ask
        self._is_open = is_open  # whether a run is at hand here, be it paused
        self._runs: dict[str, RunSummary] = {}
        self._histories: dict[str, History] = {}
        self._overlaid: frozenset[str] = frozenset()
        self._current: tuple[Path, History] | None = None
        self._name = ""  # of it, as its folder says
        self._wanted: set[Path] = set()  # to be overlaid once they are listed
        self._leaving: set[Path] = set()  # to be deleted: nothing else is asked of them
        self._busy: Path | None = None  # about to be trained here
        self.branch_bar = BranchBar()
        panel.setup.add_heading(self.branch_bar)
        self._rescan = QTimer(self)  # while the list is in sight
        self._rescan.setInterval(RESCAN_MS)
        self._rescan.timeout.connect(lambda: service.rescan(root))
        panel.page_changed.connect(self._on_page_changed)
        tree = panel.runs
        tree.run_chosen.connect(lambda key: self._with_path(key, self.chosen.emit))
        tree.resume_requested.connect(self._on_resume_requested)
        tree.branch_requested.connect(lambda key: self._with_path(key, self.branch_requested.emit))
        tree.rename_requested.connect(self._on_rename_requested)
        tree.reveal_requested.connect(self._on_reveal_requested)
        tree.delete_requested.connect(self._on_delete_requested)
        tree.overlay_changed.connect(self._on_overlay_changed)
        tree.refused.connect(self.hinted)
        service.runs_listed.connect(self._on_runs_listed)
        service.numbers_ready.connect(self._on_numbers_ready)
        service.not_deleted.connect(self._on_not_deleted)
        service.changed.connect(self.refresh)

    def refresh(self) -> None:
        """Read the list of runs again."""
        self._service.list_runs(self._root)

    def _on_page_changed(self, page: str) -> None:
        if page == RUNS:
            self.refresh()
            self._rescan.start()
        else:
            self._rescan.stop()

    def show_progress(self) -> None:
        """Show how far the run at hand is, where anybody sees it."""
        if self._panel.runs.isVisible():
            self._show_rows()

    def set_current(self, path: Path, history: History, name: str) -> None:
        """Show the curves of the run at hand, strongest; `name` where it isn't in the list."""
        self._current, self._name = (path, history), name
        self._panel.layers.set_history(history)
        self._show_curves()

    def set_busy(self, path: Path | None) -> None:
        """Offer no second training in a run that is about to be trained, nor its end."""
        if path != self._busy:
            self._busy = path
            self._show_rows()

    def forget(self, path: Path) -> None:
        """Show a run that is gone no more."""
        self._leaving.discard(path)
        self._runs = {key: run for key, run in self._runs.items() if run.path != path}
        self._show_rows()
        if self._current is not None and self._current[0] == path:
            self._current = None
            self._panel.layers.set_history(History())
            self._show_curves()

    def show_setup(self) -> None:
        """Bring the set-up to the front."""
        self._panel.show_page(SETUP)

    def overlay(self, path: Path) -> None:
        """Show the curves of one more run, as soon as it is listed."""
        self._wanted.add(path)
        self.refresh()

    def summary(self, path: Path) -> RunSummary | None:
        """Return what is known of the run in a folder."""
        return next((run for run in self._runs.values() if run.path == path), None)

    def _with_path(self, key: str, use: Callable[[Path], None]) -> None:
        run = self._runs.get(key)
        if run is not None and run.path not in self._leaving:
            use(run.path)

    def _on_runs_listed(self, runs: list[RunSummary]) -> None:
        self._runs = {run.id: run for run in runs}
        found = {run.id for run in runs if run.path in self._wanted}
        if found:
            self._wanted.clear()
            new, self._overlaid = found - self._overlaid, self._overlaid | found
            self._read(new)
        self._show_rows()
        self._show_curves()

    def _show_rows(self) -> None:
        rows = tuple(
            RunRow(
                run.id,
                run.name,
                run.parent_id,
                run.parent_step,
                self._status_of(run),
                self._step_of(run),
                run.steps,
                run.accuracy,
                run.created,
                run.size_bytes,
                index,
                run.id in self._overlaid,
            )
            for index, run in enumerate(self._runs.values())
        )
        self._panel.runs.set_runs(rows)

    def _status_of(self, run: RunSummary) -> str:
        return (RunStatus.RUNNING if run.path == self._busy else run.status).value

    def _step_of(self, run: RunSummary) -> int:
        """Return the steps done: those of the run at hand are known before its folder has them."""
        if self._current is None or self._current[0] != run.path:
            return run.step
        done = self._current[1].batches.column("step")
        return max(run.step, int(done[-1])) if len(done) else run.step

    def _show_curves(self) -> None:
        shown: list[RunCurves] = []
        path = None if self._current is None else self._current[0]
        for index, run in enumerate(self._runs.values()):
            if run.path != path and run.id in self._overlaid and run.id in self._histories:
                shown.append(RunCurves(run.id, run.name, index, self._histories[run.id]))
        if self._current is not None:
            summary = self.summary(self._current[0])
            name = self._name if summary is None else summary.name
            index = len(self._runs)
            if summary is not None:
                index = list(self._runs).index(summary.id)
            key = str(self._current[0])
            shown.append(RunCurves(key, name, index, self._current[1], current=True))
        self._panel.curves.set_runs(shown)
        self._panel.curves.refresh()

    def _on_numbers_ready(self, numbers: RunNumbers) -> None:
        # Of others they would be out of date by the time that they are overlaid.
        if numbers.info.id in self._overlaid:
            self._histories[numbers.info.id] = numbers.history
            self._show_curves()

    def _on_overlay_changed(self, keys: frozenset[str]) -> None:
        new = keys - self._overlaid
        self._overlaid = keys
        self._histories = {k: h for k, h in self._histories.items() if k in keys}
        self._show_rows()
        self._show_curves()
        self._read(new)

    def _read(self, keys: Iterable[str]) -> None:
        """Ask for the numbers of runs that are to be overlaid."""
        for key in keys:
            if key not in self._histories:
                self._with_path(key, self._service.read)

    def _on_resume_requested(self, key: str) -> None:
        self._with_path(key, lambda path: self.resume_requested.emit(OldRun(path)))

    def _on_rename_requested(self, key: str, name: str) -> None:
        self._with_path(key, lambda path: self._service.rename(path, name))

    def _on_reveal_requested(self, key: str) -> None:
        self._with_path(key, _open_folder)

    def _on_delete_requested(self, key: str) -> None:
        run = self._runs.get(key)
        if run is None or run.path in self._leaving:
            return
        if self._is_open(run.path):
            self.hinted.emit(f"{run.name} is being trained: stop that training first.")
            return
        if self._confirm(
            f"Delete the run “{run.name}” with its {run.size_bytes / 1e6:.1f} MB? "
            "This can't be undone."
        ):
            self._leaving.add(run.path)
            self._service.delete(run.path)

    def _on_not_deleted(self, path: Path) -> None:
        self._leaving.discard(path)

    def _ask(self, question: str) -> bool:
        dialog = delete_dialog(question, self._panel.window())
        dialog.exec()
        role = dialog.buttonRole(dialog.clickedButton())
        dialog.deleteLater()
        return role is QMessageBox.ButtonRole.DestructiveRole


def delete_dialog(question: str, parent: QWidget | None) -> QMessageBox:
    """Return the question before something goes for good: Return and Esc leave it."""
    icon, role = QMessageBox.Icon.Question, QMessageBox.ButtonRole.DestructiveRole
    dialog = QMessageBox(icon, "Delete run", question, parent=parent)
    dialog.setTextFormat(Qt.TextFormat.PlainText)  # a run may be called anything
    dialog.addButton(DELETE_TEXT, role)
    stay = dialog.addButton(QMessageBox.StandardButton.Cancel)
    dialog.setDefaultButton(stay)
    dialog.setEscapeButton(stay)
    return dialog


def _open_folder(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
