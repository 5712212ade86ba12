"""The run at hand: its controls, its numbers as they come, and what goes wrong in it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from viewer.core.errors import UserError
from viewer.core.training.config import Augmentation
from viewer.core.training.events import (
    BatchFinished,
    Diverged,
    EpochFinished,
    Event,
    Finished,
    LayersMeasured,
    SettingsChanged,
)
from viewer.core.training.history import History, Mark
from viewer.core.training.monitor import Monitor, Trouble
from viewer.core.training.progress import RunState, Until
from viewer.services.training import NewRun, OldRun, OpenedRun
from viewer.widgets.training.panel import CURVES, SETUP

if TYPE_CHECKING:
    from viewer.core.training.config import TrainingConfig
    from viewer.services.runs import RunNumbers
    from viewer.services.training import TrainingService
    from viewer.widgets.training.panel import TrainingPanel

REFRESH_MS = 200  # of figures and curves: often enough to look alive, at little cost
AT_WORK = (RunState.PREPARING, RunState.RUNNING, RunState.FINISHING)


class RunController(QObject):
    """Drives one run from the transport bar and shows its numbers.

    Attributes
    ----------
    opened : OpenedRun or None
        The run that the thread works on, or worked on last.
    history : History
        Its numbers.

    Signals
    -------
    opened_changed(OpenedRun)
    asked_changed(object)
        Folder of the run that the thread is about to take up, or None.
    history_changed()
        `history` is another object.
    ended()
        A run was paused, stopped or finished: the list of runs is to be read again.
    told(str)
        One sentence on what went wrong, or can't be done.
    done(str)
        What was reached, for the status bar.
    go_back_requested(int, dict)
        A new run from this step is wanted, with these settings changed.
    """

    opened_changed = pyqtSignal(object)
    asked_changed = pyqtSignal(object)
    history_changed = pyqtSignal()
    ended = pyqtSignal()
    told = pyqtSignal(str)
    done = pyqtSignal(str)
    go_back_requested = pyqtSignal(int, dict)

    def __init__(
        self,
        panel: TrainingPanel,
        service: TrainingService,
        new_run: Callable[[Until], NewRun | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._panel = panel
        self._service = service
        self._new_run = new_run
        self.opened: OpenedRun | None = None
        self.history = History()
        self._asked: Path | None = None  # folder of a run that the thread has not taken up yet
        self._from_setup = False  # was that page in front when it was asked for?
        self._since: list[Event] = []  # of the run at hand, until its earlier numbers are read
        self._waiting = False  # for the earlier numbers
        self._monitor: Monitor | None = None
        self._trouble: Trouble | None = None
        self._before: dict[str, Any] = {}  # what the remedy changed
        self._left: OldRun | None = None  # what a remedy has gone back in
        self._applied = ""  # what is to be said of it once the new run is there
        self._offered: OldRun | None = None  # what the strip offers to go on with
        self._config: TrainingConfig | None = None  # as it is now
        self._timer = QTimer(panel)  # ends with what it refreshes
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        self._connect_signals()

    @property
    def asked(self) -> Path | None:
        """Folder of a run that was asked for and that the thread has not taken up yet."""
        return self._asked

    def begin(self, run: NewRun | OldRun) -> None:
        """Train a run; the one at hand is saved and left, unless a new one can't begin.

        A second one that is asked for before the first is taken up is not begun.
        """
        if self._asked is not None:
            return
        self._asked = run.path
        # What was set up stays in sight until the run is there: it may be refused.
        self._from_setup = self._panel.page == SETUP
        self.asked_changed.emit(run.path)
        if not self._from_setup:
            self._panel.show_page(CURVES)
        self._panel.transport.set_state(RunState.PREPARING)
        self._service.begin(run)

    def offer(self, sentence: str, text: str, run: OldRun) -> None:
        """Say something about a run, with a button that goes on with it."""
        self._offered, self._trouble = run, None
        self._panel.trouble.show_trouble(sentence, text)

    def withdraw(self) -> None:
        """Take an offer back: another run is looked at."""
        if self._offered is not None:
            self._offered = None
            self._panel.trouble.clear()

    def forget(self, path: Path) -> None:
        """Offer nothing that a deleted run would be needed for."""
        if self._offered is not None and self._offered.path == path:
            self.withdraw()
        if self._left is not None and self._left.path == path:
            self._left = None
            self._panel.trouble.clear()

    def take_numbers(self, numbers: RunNumbers) -> None:
        """Show what a resumed run's folder tells before what has come since."""
        if self.opened is None or numbers.path != self.opened.path or not self._waiting:
            return
        self._waiting = False
        self.history = numbers.history
        self.history.cut(self.opened.progress.step)
        for event in self._since:
            self._note(event)
        self._since.clear()
        self.history_changed.emit()

    def toggle(self) -> None:
        """Start, pause or go on: what the first button of the bar does."""
        state = self._service.state
        if state is RunState.RUNNING:
            self._service.pause()
        elif state is RunState.PAUSED:
            self._service.go()
        else:
            self._start(Until.END)

    def refresh(self) -> None:
        """Take up what has happened since, and show it."""
        events = self._service.drain()
        for event in events:
            if isinstance(event, OpenedRun):
                self._take_run(event)
                continue
            if self._waiting:
                self._since.append(event)
            else:
                self._note(event)
            self._watch(event)
        progress = self._service.progress
        if progress is not None:
            self._panel.transport.set_progress(progress)
        if events:
            self._panel.curves.refresh()
            self._panel.layers.refresh()

    def _connect_signals(self) -> None:
        bar, service = self._panel.transport, self._service
        bar.start_requested.connect(lambda: self._start(Until.END))
        bar.continue_requested.connect(lambda: service.go(Until.END))
        bar.pause_requested.connect(service.pause)
        bar.stop_requested.connect(service.stop)
        bar.batch_requested.connect(lambda: self.go(Until.BATCH))
        bar.epoch_requested.connect(lambda: self.go(Until.EPOCH))
        bar.adjusted.connect(self._on_adjusted)
        service.state_changed.connect(self._on_state_changed)
        service.run_opened.connect(self.refresh)
        service.failed.connect(self._on_failed)
        strip = self._panel.trouble
        strip.remedy_requested.connect(self._on_remedy_requested)
        strip.undo_requested.connect(self._on_undo_requested)
        strip.dismissed.connect(self._on_dismissed)

    def go(self, until: Until) -> None:
        """Train so far: a new run, or the one at hand from its pause."""
        if self._service.state is RunState.PAUSED:
            self._service.go(until)
        else:
            self._start(until)

    def _start(self, until: Until) -> None:
        if self._asked is not None or self._service.state not in (RunState.IDLE, RunState.FINISHED):
            return
        run = self._new_run(until)
        if run is not None:
            self.begin(run)

    def _on_state_changed(self, state: RunState) -> None:
        # The newest is shown: this one may have waited behind others in the queue.
        state = self._service.state
        self._panel.transport.set_state(state)
        if state in AT_WORK:
            self._timer.start()
            return
        self._timer.stop()
        self.refresh()
        if state is not RunState.PAUSED:
            self._withdraw_remedy()
        self.ended.emit()

    def _on_failed(self, sentence: str) -> None:
        self._asked = None
        self.asked_changed.emit(None)
        self._panel.transport.set_state(self._service.state)
        self.told.emit(sentence)

    def _take_run(self, opened: OpenedRun) -> None:
        """Turn to another run: the events from now on are its own."""
        self._asked = None
        if self._from_setup:
            self._from_setup = False
            self._panel.show_page(CURVES)
        self._offered = None
        self.opened = opened
        self._config = opened.config
        self.history = History()
        self._since.clear()
        self._waiting = opened.resumed
        self._monitor = Monitor(
            opened.config, len(opened.metadata.class_names), opened.progress.steps
        )
        self._trouble = None
        self._panel.trouble.clear()
        if self._applied:
            self._panel.trouble.show_applied(self._applied)
            self._applied = ""
        else:
            self._left = None
        self._show_live(opened.config)
        self.opened_changed.emit(opened)
        if opened.notice:
            self.told.emit(opened.notice)
        self.asked_changed.emit(None)
        self.history_changed.emit()

    def _note(self, event: Event) -> None:
        """Add an event to the history."""
        history = self.history
        if isinstance(event, BatchFinished):
            history.batches.append(event.step, event.loss, event.accuracy, event.lr)
        elif isinstance(event, EpochFinished):
            checked = event.validation
            history.epochs.append(
                event.step,
                event.loss,
                event.accuracy,
                checked.loss if checked else math.nan,
                checked.accuracy if checked else math.nan,
            )
        elif isinstance(event, LayersMeasured):
            for layer in event.layers:
                dead = math.nan if layer.dead_share is None else layer.dead_share
                history.add_layer(
                    layer.name, event.step, layer.gradient_norm, layer.update_ratio, dead
                )
        elif isinstance(event, SettingsChanged):
            history.marks.append(Mark(event.step, event.text))

    def _watch(self, event: Event) -> None:
        if isinstance(event, Finished):
            accuracy = f"{100 * event.test.accuracy:.2f} %"
            self.done.emit(f"Training finished: {accuracy} of the test images are right")
        troubles = () if self._monitor is None else self._monitor.feed(event)
        for trouble in troubles:
            self._trouble, self._offered, self._before = trouble, None, {}
            self._panel.trouble.show_trouble(trouble.sentence, trouble.remedy.text)
        if isinstance(event, Diverged) and not troubles:
            self.told.emit(f"A number in {event.layer} is not finite any more.")

    def _on_adjusted(self, changes: dict[str, Any]) -> None:
        if self._config is None:
            return
        changes = dict(changes)
        wanted = changes.get("augmentation")
        if isinstance(wanted, bool):
            # Switched on again: as the run was set up. Simulated drawings are in the data already.
            configured = self.opened.config.augmentation if self.opened else Augmentation()
            none = Augmentation(simulated=configured.simulated)
            changes["augmentation"] = configured if wanted else none
        self._adjust(changes)

    def _adjust(self, changes: dict[str, Any]) -> None:
        assert self._config is not None
        try:
            self._config = replace(self._config, **changes)
        except UserError as error:
            self.told.emit(str(error))
            return
        if self._monitor is not None:
            self._monitor.set_config(self._config)
        self._service.adjust(changes)

    def _on_remedy_requested(self) -> None:
        offered = self._offered
        if offered is not None:
            self.withdraw()
            self.begin(offered)
            return
        trouble = self._trouble
        if trouble is None or self._config is None:
            return
        changes = dict(trouble.remedy.changes)
        if trouble.remedy.go_back_to is not None:
            self._panel.trouble.clear()
            if self.opened is not None:
                self._left = OldRun(self.opened.path, Until.BATCH)
                self._applied = f"Done: {trouble.remedy.text}, in a run of its own."
            self.go_back_requested.emit(trouble.good_step, changes)
            if self._asked is None:  # there was nothing to go back to
                self._left, self._applied = None, ""
            return
        self._before = {name: getattr(self._config, name) for name in changes}
        self._adjust(changes)
        self._show_live(self._config)
        self._panel.trouble.show_applied(f"Done: {trouble.remedy.text}.")

    def _on_dismissed(self) -> None:
        self._offered = None

    def _withdraw_remedy(self) -> None:
        """Offer no change of settings, and no way back from one: the run is over."""
        strip, trouble = self._panel.trouble, self._trouble
        if trouble is None or trouble.remedy.go_back_to is not None or not strip.text:
            return
        if self._before:  # it was applied, and that can't be undone any more
            self._before = {}
            strip.clear()
        else:
            strip.show_trouble(trouble.sentence, "")

    def _on_undo_requested(self) -> None:
        if self._left is not None:
            left, self._left = self._left, None
            self.begin(left)
        elif self._before and self._config is not None:
            self._adjust(self._before)
            self._show_live(self._config)
            self._before = {}
        self._panel.trouble.clear()

    def _show_live(self, config: TrainingConfig) -> None:
        has_any = self.opened is not None and self.opened.config.augmentation.distorts
        self._panel.transport.set_live(
            config.lr,
            config.momentum if config.optimiser == "sgd" else None,
            config.weight_decay,
            augmentation=config.augmentation.distorts if has_any else None,
        )
