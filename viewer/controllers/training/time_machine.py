"""Which step of a run the views show: the newest, a kept one, or what two of them differ in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from viewer.core.training.progress import RunState
from viewer.services.runs import kept_origin
from viewer.services.training import live_origin
from viewer.widgets.training.time_slider import TimeMark

if TYPE_CHECKING:
    from viewer.core.records import NetworkRecord, WeightsRecord
    from viewer.services.inference import InferenceService
    from viewer.services.runs import RunNumbers, RunsService
    from viewer.services.training import TrainingService
    from viewer.widgets.training.time_slider import TimeSlider

LOOK_MS = 1000  # how often a run's folder is looked at
BYTES_PER_MB = 1e6


class TimeMachine(QObject):
    """Moves every view to a kept step, or lets them follow the training.

    Attributes
    ----------
    path : pathlib.Path or None
        Run that the slider belongs to.
    live : bool
        Whether the views follow the newest weights.
    step : int or None
        The step that is shown; None if none of a run is.
    kept : tuple of int
        Steps that can be shown, growing.

    Signals
    -------
    step_shown(object)
        The step (int) that the views show, or None.
    numbers_ready(RunNumbers)
        Of the run, whenever its folder has something new.
    """

    step_shown = pyqtSignal(object)
    numbers_ready = pyqtSignal(object)

    def __init__(
        self,
        slider: TimeSlider,
        runs: RunsService,
        training: TrainingService,
        inference: InferenceService,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._slider = slider
        self._runs = runs
        self._training = training
        self._inference = inference
        self.path: Path | None = None
        self.live = True
        self.step: int | None = None
        self.limit_bytes = 0
        self.kept: tuple[int, ...] = ()
        self._reference: int | None = None
        self._name = ""  # of the run, as it was shown last
        self._numbers: RunNumbers | None = None
        self._look = QTimer(slider)  # ends with what shows what it finds
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self.look)
        slider.step_chosen.connect(self.go_to)
        slider.live_requested.connect(self.go_live)
        slider.compare_requested.connect(self._on_compare_requested)
        inference.run_shown.connect(self._on_run_shown)
        inference.weights_changed.connect(self._on_weights_changed)
        inference.network_loaded.connect(self._on_network_loaded)
        runs.followed.connect(self._on_followed)
        runs.failed.connect(self._on_failed)

    def set_run(self, path: Path, *, show: bool = True) -> None:
        """Belong to another run: show its newest weights, if wanted, and look at its folder."""
        if path != self.path:  # what is known of the same one is told only where it changes
            self.path = path
            self._forget()
            self._runs.follow(path)
        else:
            self.look()
        self._look.start()
        if show:
            self.go_live()
        else:
            self._stay_away()

    def leave(self) -> None:
        """Belong to no run any more; what the views show stays."""
        self._look.stop()
        self.path = None
        self._forget()
        self.live = True
        self.step = None
        self.step_shown.emit(None)

    def set_limit(self, limit_bytes: int) -> None:
        """Say beside the slider how much room kept steps may take; 0 for no bound."""
        self.limit_bytes = limit_bytes
        self._show_storage()
        self.look()

    def go_live(self) -> None:
        """Follow the newest weights."""
        if self.path is None:
            return
        self.live = True
        self._reference = None
        self._slider.set_reference(None)
        if self._trains_here:
            self._inference.follow(live_origin(self.path))
            self._training.show()
        elif self.kept:
            self._show(self.kept[-1])
        else:
            self._inference.follow(kept_origin(self.path))

    def go_to(self, step: int) -> None:
        """Show the kept step nearest to `step`."""
        if self.path is None or not self.kept:
            return
        self.live = False
        self._show(min(self.kept, key=lambda kept: abs(kept - step)))

    def look(self) -> None:
        """Look whether the run's folder has anything new."""
        if self.path is not None:
            self._runs.look(self.path)

    def stop(self) -> None:
        """Look no more: the window closes."""
        self._look.stop()

    @property
    def _trains_here(self) -> bool:
        state = self._training.state
        working = state not in (RunState.IDLE, RunState.FINISHED)
        return working and self._training.path == self.path

    @property
    def _last_step_here(self) -> int:
        """The step that a training in this window ended with: its weights are shown already."""
        progress = self._training.progress
        return -1 if progress is None or self._training.path != self.path else progress.step

    def _forget(self) -> None:
        self.kept = ()
        self._reference = None
        self._name = ""
        self._numbers = None
        self._slider.clear()

    def _show_storage(self) -> None:
        if self._numbers is not None:
            self._slider.set_storage(_storage(self._numbers, self.limit_bytes))

    def _show(self, step: int) -> None:
        assert self.path is not None
        self._inference.follow(kept_origin(self.path))
        reference = self._reference if self._reference in self.kept else None
        self._runs.show(self.path, step, None if reference == step else reference)

    def _on_compare_requested(self, reference: int | None) -> None:
        self._reference = reference
        if not self.kept or self.path is None:
            return
        step = self.step if self.step is not None else self.kept[-1]
        if reference is None and self.live:
            self.go_live()
        else:
            self.go_to(step)

    def _on_run_shown(self, _network: NetworkRecord, weights: WeightsRecord) -> None:
        self._on_weights_changed(weights)

    def _on_weights_changed(self, weights: WeightsRecord) -> None:
        snapshot = self._inference.snapshot
        if snapshot is None or self.path is None:
            return  # a filter of a network that belongs to no run was replaced
        ours = live_origin(self.path), kept_origin(self.path)
        if snapshot.origin not in ours:
            # The run before says its last words, or it is shown in place of this one.
            if not any(map(self._inference.is_following, ours)):
                self._stay_away()
            return
        self.step = weights.step
        self._slider.set_shown(weights.step, self.live)
        self.step_shown.emit(weights.step)

    def _on_network_loaded(self) -> None:
        if self._inference.follows:
            return  # the run was asked for again meanwhile
        # A network was opened: the run goes on, but the views have left it.
        self._stay_away()

    def _stay_away(self) -> None:
        self.step = None
        self.live = False
        self._slider.set_away()
        self.step_shown.emit(None)

    def _on_followed(self, numbers: RunNumbers) -> None:
        if numbers.path != self.path:
            return
        first = not self.kept
        self.kept = tuple(numbers.kept)
        self._slider.set_steps(self.kept)
        branched = numbers.info.parent
        begun = 0 if branched is None else branched.step
        self._slider.set_range(max(numbers.info.step, *(self.kept or (0,))), begun)
        marks = [
            TimeMark(step, kind, _mark_text(numbers, step, kind))
            for step, kinds in numbers.marks.items()
            for kind in sorted(kinds)
        ]
        self._slider.set_marks(tuple(marks))
        self._numbers = numbers
        self._show_storage()
        renamed = self._name not in ("", numbers.info.name)
        self._name = numbers.info.name
        self.numbers_ready.emit(numbers)
        if not self._trains_here:
            self._show_again(first=first, renamed=renamed)

    def _show_again(self, *, first: bool, renamed: bool) -> None:
        """Show the newest step if that is wanted, or the one at hand by its run's new name.

        The last weights of a training in this window are on screen without having been kept.
        """
        wanted = self.step
        if self.live and self.kept and self.path is not None:
            wanted = self.kept[-1]
            ended_here = self._inference.is_following(live_origin(self.path))
            known = wanted <= self._last_step_here and (ended_here or not first)
            if known and not renamed:
                return
        if wanted in self.kept and (first or renamed or wanted != self.step):
            self._show(wanted)

    def _on_failed(self, _sentence: str) -> None:
        self._slider.set_playing(False)


def _mark_text(numbers: RunNumbers, step: int, kind: str) -> str:
    if kind != "change":
        return ""
    return "; ".join(mark.text for mark in numbers.history.marks if mark.step == step)


def _storage(numbers: RunNumbers, limit_bytes: int) -> str:
    count, used = len(numbers.kept), sum(numbers.kept.values())
    text = f"{count:,} step{'' if count == 1 else 's'}, {used / BYTES_PER_MB:.1f} MB"
    # A run that is trained elsewhere has a bound of its own.
    known = used <= limit_bytes
    return f"{text} of {limit_bytes / BYTES_PER_MB:,.0f} MB" if known else text
