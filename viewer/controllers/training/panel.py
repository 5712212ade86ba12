"""Training in the window: builds the dock when it is first asked for, and joins its parts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QSettings, Qt, pyqtSignal

from viewer.controllers.training.dock import OPEN_KEY, TrainingDockHeight
from viewer.controllers.training.following import AT_REST, FollowingController, end_sentence
from viewer.services.evaluation import EvaluationJob, NetworkSource
from viewer.services.training import OldRun, OpenedRun

if TYPE_CHECKING:
    from viewer.controllers.inputs import InputController
    from viewer.controllers.training.comparison import ComparisonController
    from viewer.controllers.training.comparison_training import ComparisonTraining
    from viewer.controllers.training.evaluation import EvaluationController
    from viewer.controllers.training.new_runs import NewRuns
    from viewer.controllers.training.run import RunController
    from viewer.controllers.training.runs import RunsController
    from viewer.controllers.training.setup import SetupController
    from viewer.controllers.training.time_machine import TimeMachine
    from viewer.core.records import Drawing, NetworkRecord, Picture
    from viewer.core.training.progress import Until
    from viewer.services.all import Services
    from viewer.services.runs import RunNumbers
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme
    from viewer.widgets.training.panel import TrainingPanel
    from viewer.widgets.window.docks import Dock
    from viewer.widgets.window.main_window import MainWindow

EVALUATION, COMPARISON = "Evaluation", "Dense and convolutional"
# What a sentence is about: it goes as soon as that is tried again.
ABOUT_TRAINING, ABOUT_EVALUATION, ABOUT_COMPARISON = "training", "evaluation", "comparison"


class TrainingController(QObject):
    """The training dock and everything behind it.

    Attributes
    ----------
    panel : TrainingPanel or None
        None until it is first shown.
    run, setup, runs, time, new_runs : controllers of its parts
        There once the panel is.

    Signals
    -------
    told(str, str)
        One sentence, and what it is about.
    tried_again(str)
        What was said about this is of no use any more.
    hinted(str)
        One sentence on what has to be done first.
    step_shown(object)
        Step of the run that the views show (int), or None.
    built()
        The dock and the controllers of its parts are there; it isn't shown yet.
    """

    told = pyqtSignal(str, str)
    tried_again = pyqtSignal(str)
    hinted = pyqtSignal(str)
    step_shown = pyqtSignal(object)
    built = pyqtSignal()

    run: RunController
    setup: SetupController
    runs: RunsController
    time: TimeMachine
    new_runs: NewRuns
    evaluation: EvaluationController
    comparison: ComparisonController
    _comparison_training: ComparisonTraining

    def __init__(
        self,
        window: MainWindow,
        services: Services,
        settings: QSettings,
        root: Path,
        network_source: Callable[[], tuple[NetworkRecord | None, str]],
        inputs: InputController,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._services = services
        self._inputs = inputs
        self._training = services.training
        self._runs_service = services.runs
        self._augmentation = services.samples
        self._inference = services.inference
        self._settings = settings
        self._root = root
        self._network_source = network_source
        self.following = FollowingController(window, services.runs, services.training, self)
        self.following.found.connect(self._on_run_found)
        self.following.ended.connect(self._on_process_ended)
        services.runs.failed.connect(partial(self._tell, ABOUT_TRAINING))
        self._theme: Theme | None = None
        self._icons: IconSet | None = None
        self._network_wanted = False  # was one asked for after the newest run?
        self._run_waits = False  # to be shown, until that network is there or doesn't come
        self._given_up: Path | None = None  # the run that was asked for, and is not wanted any more
        self.panel: TrainingPanel | None = None
        self.dock: Dock | None = None

    def closing_question(self) -> str:
        """Return what is to be asked before the window closes; empty for nothing."""
        if not self._training.is_active:
            return ""
        return (
            "A training is running. Save it and close? It goes on from there "
            "whenever you resume it."
        )

    def show(self) -> None:
        """Show the dock."""
        if self.dock is None:
            self._build()
        assert self.dock is not None
        self.dock.show()
        self.dock.raise_()

    def toggle(self) -> None:
        """Show the dock or hide it."""
        if self.dock is not None and self.dock.isVisible():
            self.dock.hide()
        else:
            self.show()

    def restore(self) -> None:
        """Show the dock if it was open when the window was closed last."""
        if self._settings.value(OPEN_KEY, False, bool):
            self.show()

    def toggle_run(self) -> None:
        """Start, pause or continue; the dock is shown."""
        self.show()
        self.run.toggle()

    def go(self, until: Until) -> None:
        """Train one batch or epoch, from rest or from a pause; the dock is shown."""
        self.show()
        self.run.go(until)

    def give_up_asked(self) -> None:
        """Stop the run that was asked for as soon as it is there, and don't show it."""
        if self.panel is not None and self.run.asked is not None:
            self._given_up = self.run.asked
            self._training.stop()

    def set_theme(self, theme: Theme) -> None:
        """Give the dock the theme's colours."""
        self._theme = theme
        if self.panel is not None:
            self.panel.set_theme(theme)
            self.evaluation.set_theme(theme)
            self.comparison.set_theme(theme)
            self.downloads.set_theme(theme)
            if self._icons is not None:
                self.panel.set_icons(self._icons, theme)

    def set_icons(self, icons: IconSet) -> None:
        """Give the dock its icons, now or when it is built."""
        self._icons = icons
        if self.panel is not None and self._theme is not None:
            self.panel.set_icons(icons, self._theme)

    def close(self) -> None:
        """Remember the settings; look at nothing any more."""
        if self.panel is not None and self.dock is not None:
            self._settings.setValue(OPEN_KEY, not self.dock.isHidden())
            self.setup.save()
            self.time.stop()

    def _build(self) -> None:
        # Only now: its modules need not delay the start, and torch is there by then.
        from viewer.controllers.architecture import ArchitectureController
        from viewer.controllers.downloads import DownloadController
        from viewer.controllers.training.curves_memory import CurvesMemory
        from viewer.controllers.training.keep_limit import KeepLimitController
        from viewer.controllers.training.new_runs import NewRuns
        from viewer.controllers.training.run import RunController
        from viewer.controllers.training.runs import RunsController
        from viewer.controllers.training.setup import SetupController
        from viewer.controllers.training.time_machine import TimeMachine
        from viewer.widgets.training.panel import TrainingPanel
        from viewer.widgets.window.docks import as_page

        panel = self.panel = TrainingPanel()
        self.setup = SetupController(
            panel, self._augmentation, self._settings, self._network_source, self
        )
        self.architecture = ArchitectureController(
            self._window, self.setup, lambda: (self._theme, self._icons), self
        )
        self.architecture.failed.connect(partial(self._tell, ABOUT_TRAINING))
        self.downloads = DownloadController(
            self._window, self.setup, self._services.downloads, self
        )
        self.run = RunController(
            panel, self._training, lambda until: self.new_runs.from_setup(until), self
        )
        self.runs = RunsController(
            panel, self._runs_service, self._root, is_open=self._is_open, parent=self
        )
        self.time = TimeMachine(
            panel.time, self._runs_service, self._training, self._inference, self
        )
        self.new_runs = NewRuns(self._root, self.setup, self.run, self.runs, self.time, self)
        self.new_runs.told.connect(partial(self._tell, ABOUT_TRAINING))
        self.new_runs.hinted.connect(self.hinted)
        self.following.set_transport(panel.transport, self.new_runs.name_of)
        self.keep_limit = KeepLimitController(
            panel.time, self.time, self._training, self._settings, self
        )
        CurvesMemory(panel.curves, self._settings, self)
        self._connect_signals(panel)
        self._add_evaluation(panel)
        self._add_comparison(panel)
        area = Qt.DockWidgetArea.BottomDockWidgetArea
        self.dock = self._window.add_dock("training", "Training", as_page(panel), area)
        if self._theme is not None:
            self.set_theme(self._theme)
        self.dock_height = TrainingDockHeight(self._window, self.dock, panel, self._settings, self)
        self.runs.refresh()
        self.built.emit()

    def _add_evaluation(self, panel: TrainingPanel) -> None:
        from viewer.controllers.training.evaluation import EvaluationController
        from viewer.widgets.evaluation.view import EvaluationView
        from viewer.widgets.window.docks import scrolling

        view = EvaluationView()
        self.evaluation = EvaluationController(
            view, self._services.evaluation, self._evaluation_job, self._inputs.show_source, self
        )
        self.evaluation.begun.connect(partial(self.tried_again.emit, ABOUT_EVALUATION))
        self.evaluation.failed.connect(partial(self._tell, ABOUT_EVALUATION))
        self._inputs.source_changed.connect(self.evaluation.set_source)
        panel.add_page(EVALUATION, scrolling(view))

    def _add_comparison(self, panel: TrainingPanel) -> None:
        from viewer.controllers.training.comparison import ComparisonController
        from viewer.controllers.training.comparison_training import ComparisonTraining
        from viewer.widgets.evaluation.comparison import ComparisonView
        from viewer.widgets.window.docks import scrolling

        view = ComparisonView()
        services = self._services
        self.comparison = ComparisonController(view, services.comparison, services.robustness, self)
        for begun in (self.comparison.begun, self.comparison.train_requested):
            begun.connect(partial(self.tried_again.emit, ABOUT_COMPARISON))
        self.comparison.failed.connect(partial(self._tell, ABOUT_COMPARISON))
        self._inputs.source_changed.connect(self._give_to_comparison)
        self._comparison_training = ComparisonTraining(
            self.run, self.runs, self.setup, self.comparison, self._training, self._root, self
        )
        panel.add_page(COMPARISON, scrolling(view))
        panel.page_changed.connect(self._on_page_changed)
        self._give_to_comparison(self._inputs.source)

    def _give_to_comparison(self, source: Drawing | Picture) -> None:
        self.comparison.set_source(source, raw=self._inputs.raw)

    def _on_page_changed(self, page: str) -> None:
        self.comparison.set_active(page == COMPARISON)

    def network_source(self) -> NetworkSource | None:
        """Return the network on screen for another thread; None while there is none."""
        job = self._evaluation_job()
        return None if job is None else job.network

    def _evaluation_job(self) -> EvaluationJob | None:
        """Return what to evaluate: whatever is on screen."""
        snapshot = self._inference.snapshot
        if snapshot is not None:
            title = f"{snapshot.title}, step {snapshot.step:,}"
            source = NetworkSource(title, metadata=snapshot.metadata, weights=snapshot.weights)
            return EvaluationJob(source, snapshot.metadata.dataset or "")
        network, model = self._network_source()
        if network is None or not model:  # a run's, whose place another network is taking now
            return None
        opened = self._inference.opened
        source = NetworkSource(
            network.title,
            model=model,
            trust=opened is not None and opened.trust,
            profile=None if opened is None else opened.profile,
        )
        return EvaluationJob(source)

    def _connect_signals(self, panel: TrainingPanel) -> None:
        for failing in (self.setup.failed, self.run.told):
            failing.connect(partial(self._tell, ABOUT_TRAINING))
        self.run.done.connect(self._window.status.set_timing_text)
        self.run.opened_changed.connect(self._on_opened)
        self.run.history_changed.connect(self._on_history_changed)
        self.run.ended.connect(self.runs.refresh)
        self.run.asked_changed.connect(self.runs.set_busy)
        self.run.asked_changed.connect(self._on_run_asked)
        opening = self._inference.opening
        opening.began.connect(self._on_opening_began)
        opening.opened.connect(self._on_network_opened)
        opening.cancelled.connect(self._on_opening_over)
        opening.refused.connect(self._on_opening_over)
        self.runs.hinted.connect(self.hinted)
        self.runs.resume_requested.connect(self.run.begin)
        self.runs.chosen.connect(self._on_run_chosen)
        self._runs_service.deleted.connect(self._on_run_deleted)
        self.time.step_shown.connect(self._on_step_shown)
        self.time.numbers_ready.connect(self._on_numbers_ready)
        self._runs_service.numbers_ready.connect(self.run.take_numbers)
        panel.curves.step_clicked.connect(self.time.go_to)
        panel.layers.step_clicked.connect(self.time.go_to)

    def _on_opened(self, opened: OpenedRun) -> None:
        if opened.resumed:
            self._runs_service.read(opened.path)
        self.following.set_numbers(None)
        # Shown is what was asked for last: the run, or a network since then.
        given_up = opened.path == self._given_up
        self._run_waits = self._network_wanted and not given_up
        self.time.set_run(opened.path, show=not (self._network_wanted or given_up))
        self.runs.refresh()

    def _tell(self, about: str, sentence: str) -> None:
        self.told.emit(sentence, about)

    def _on_run_asked(self, path: Path | None) -> None:
        self._given_up = None
        if path is not None:
            self.following.give_up()
            self.tried_again.emit(ABOUT_TRAINING)
            self._network_wanted = self._run_waits = False

    def _on_opening_began(self) -> None:
        self.following.give_up()
        self._network_wanted = True

    def _on_network_opened(self) -> None:
        self._run_waits = False

    def _on_opening_over(self) -> None:
        """Show the run after all: the network that was asked for after it doesn't come."""
        if self._inference.opening.request is not None:
            return  # but another one
        self._network_wanted = False
        if self._run_waits:
            self._run_waits = False
            self.time.go_live()

    def _on_history_changed(self) -> None:
        opened = self.run.opened
        if opened is not None:
            self.runs.set_current(opened.path, self.run.history, opened.title)

    def _on_run_chosen(self, path: Path) -> None:
        self.following.give_up()
        self.run.withdraw()
        self.time.set_run(path)
        opened = self.run.opened
        if opened is not None and opened.path == path:
            self.runs.set_current(path, self.run.history, opened.title)
            self.following.set_numbers(None)  # the bar tells of it already
        self.panel_shown("Curves")

    def _on_run_found(self, numbers: RunNumbers) -> None:
        """Show a run that somebody asked for by its folder."""
        self.show()
        self._on_run_chosen(numbers.path)
        self._on_numbers_ready(numbers)

    def _on_process_ended(self, numbers: RunNumbers) -> None:
        """Offer to go on here with a run that nobody trains any more."""
        self.run.offer(end_sentence(numbers), "Continue here", OldRun(numbers.path))

    def _is_open(self, path: Path) -> bool:
        return self._training.path == path and self._training.state not in AT_REST

    def _on_run_deleted(self, path: Path) -> None:
        self.runs.forget(path)
        self.run.forget(path)
        self.new_runs.forget(path)
        if self.time.path == path:
            self.time.leave()
            self.following.set_numbers(None)

    def panel_shown(self, page: str) -> None:
        """Bring a page of the dock to the front."""
        if self.panel is not None:
            self.panel.show_page(page)

    def _on_numbers_ready(self, numbers: RunNumbers) -> None:
        opened = self.run.opened
        at_hand = opened is not None and opened.path == numbers.path
        self.following.set_numbers(None if at_hand else numbers)
        told, read = self.run.history.batches, numbers.history.batches
        goes_on_elsewhere = self._training.state in AT_REST and len(read) > len(told)
        if at_hand and not goes_on_elsewhere:
            self.runs.show_progress()
            return  # its numbers come from the training itself
        self.runs.set_current(numbers.path, numbers.history, numbers.info.name)

    def _on_step_shown(self, step: int | None) -> None:
        if self.panel is not None:
            self.panel.curves.set_cursor(None if self.time.live else step)
            self.panel.layers.set_cursor(None if self.time.live else step)
        self.step_shown.emit(step)
