"""Loss and accuracy of training runs, side by side over the steps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.switch import Switch
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font
from viewer.widgets.training.curves_axis import Range, ValueAxis
from viewer.widgets.training.curves_legend import Entry, Legend
from viewer.widgets.training.curves_lines import QUANTITIES, RunCurves, RunTraces, heading_at
from viewer.widgets.training.curves_plot import Plot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.widgets.theme import Theme

__all__ = ["CurvesView", "RunCurves"]

EMPTY_TEXT = "Start a training to see its loss and accuracy"
WAITING_TEXT = "No batch of this run is done yet"
LOSS_AXIS = ValueAxis("loss (nats)", from_zero=True, least_span=0.01)
LOG_LOSS_AXIS = ValueAxis("loss (nats)", log=True, least_span=0.3)
ACCURACY_AXIS = ValueAxis("accuracy (%)", floor=0.0, ceiling=100.0, least_span=2.0, decimals=2)
SMOOTHING_TOP = 100
DEFAULT_STEPS, MAX_STEPS = 20, 1_000  # the slider is logarithmic, from 1 on
SLIDER_PX = 96


class CurvesView(QWidget):
    """Two plots of any number of runs; draws what their histories hold when `refresh` is called.

    Signals
    -------
    step_clicked(int)
        A step was clicked in either plot: the views are to show it.
    log_changed(bool)
        Whether the loss is shown logarithmically.
    smoothing_changed(int)
        Steps that the training curves are averaged over.
    """

    step_clicked = pyqtSignal(int)
    log_changed = pyqtSignal(bool)
    smoothing_changed = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._traces: dict[str, RunTraces] = {}
        self._marks_seen: list[tuple[str, int]] = []
        self.loss = Plot(LOSS_AXIS, self)
        self.accuracy = Plot(ACCURACY_AXIS, self)
        self.legend = Legend(self)
        self._key = Legend(self)
        self._key.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.log = Switch("Log", self)
        self.log.setToolTip("Loss on a logarithmic scale: small losses stay apart")
        self.smoothing = self._build_smoothing()
        self._smoothing_text = ElidedLabel(_steps_text(SMOOTHING_TOP), fixed=True)
        self._fit = QToolButton(self)
        self._fit.setText("Fit")
        self._fit.setToolTip("Show all steps (double-click a plot does the same)")
        self._fit.setEnabled(False)
        self._empty = QLabel(EMPTY_TEXT, self)
        self._empty.setObjectName("muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pages = QStackedWidget(self)
        self._build_layout()
        self._connect_signals()
        self._smoothing_text.set_text(_steps_text(self.smoothing.value()))
        self.set_theme(LIGHT)

    def _build_smoothing(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal, self)
        slider.setRange(0, SMOOTHING_TOP)
        slider.setFixedWidth(SLIDER_PX)
        slider.setToolTip(
            "Over how many steps the training curves are averaged.\n"
            "More gives a calmer line that follows later."
        )
        slider.setAccessibleName("Smoothing of the training curves")
        slider.setValue(slider_value(DEFAULT_STEPS))
        return slider

    def _build_layout(self) -> None:
        header = QHBoxLayout()
        header.setSpacing(GRID_PX)
        header.addWidget(self.legend, 1)
        header.addWidget(self._key)
        header.addSpacing(GRID_PX)
        caption = QLabel("Smoothing", self)
        caption.setFont(text_font(TextSize.SMALL))
        caption.setObjectName("muted")
        for widget in (caption, self.smoothing, self._smoothing_text, self.log, self._fit):
            header.addWidget(widget)
        self.log.setFont(text_font(TextSize.SMALL))
        self._fit.setFont(text_font(TextSize.SMALL))
        plots = QHBoxLayout()
        plots.setSpacing(GRID_PX)
        plots.addWidget(self.loss)
        plots.addWidget(self.accuracy)
        page = QWidget(self)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(GRID_PX, GRID_PX // 2, GRID_PX // 2, GRID_PX // 2)
        layout.setSpacing(GRID_PX // 2)
        layout.addLayout(header)
        layout.addLayout(plots, 1)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._pages)

    def _connect_signals(self) -> None:
        for plot, other in ((self.loss, self.accuracy), (self.accuracy, self.loss)):
            plot.hovered.connect(self._on_hovered)
            plot.step_clicked.connect(self.step_clicked)
            plot.range_changed.connect(other.set_range)
            plot.range_changed.connect(self._on_range_changed)
        self.log.toggled.connect(self._on_log_toggled)
        self.smoothing.valueChanged.connect(self._on_smoothing_changed)
        self._fit.clicked.connect(self.fit)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        for part in (self.loss, self.accuracy, self.legend, self._key, self.log):
            part.set_theme(theme)
        self._smoothing_text.set_color(theme.color("text_muted"))
        self._show_lines()

    def set_runs(self, runs: Sequence[RunCurves]) -> None:
        """Show these runs, the order of the legend; what was known of them is kept."""
        kept: dict[str, RunTraces] = {}
        for run in runs:
            traces = self._traces.get(run.key)
            if traces is None or traces.run.history is not run.history:
                traces = RunTraces(run, self._smoothing())
            traces.run = run
            kept[run.key] = traces
        self._traces = kept
        for traces in kept.values():
            traces.update()
        self._show_lines()

    def refresh(self) -> None:
        """Draw what the histories hold now; costs nothing where nothing changed."""
        changed = [traces.update() for traces in self._traces.values()]
        if self._marks_seen != self._marks_now():
            self._show_marks()
        if any(changed):
            self.loss.redraw()
            self.accuracy.redraw()
        self._show_page()

    def set_cursor(self, step: int | None) -> None:
        """Show a line at the step that the views show; none if None."""
        self.loss.set_cursor(step)
        self.accuracy.set_cursor(step)

    def set_log(self, log: bool) -> None:
        """Show the loss logarithmically, or linearly."""
        self.log.setChecked(log)

    def set_smoothing(self, steps: int) -> None:
        """Average the training curves over so many steps, from 1 to `MAX_STEPS`."""
        self.smoothing.setValue(slider_value(steps))

    def fit(self) -> None:
        """Show all steps."""
        self.loss.fit()
        self.accuracy.fit()
        self._fit.setEnabled(False)

    def empty_text(self) -> str | None:
        """Return what is said in place of curves; None while there are some."""
        return self._empty.text() if self._pages.currentIndex() == 0 else None

    def _runs(self) -> list[RunCurves]:
        return [traces.run for traces in self._traces.values()]

    def _smoothing(self) -> float:
        return 1.0 - 1.0 / slider_steps(self.smoothing.value())

    def _show_lines(self) -> None:
        several = len(self._traces) > 1
        all_traces = list(self._traces.values())
        for quantity, plot in zip(QUANTITIES, (self.loss, self.accuracy), strict=True):
            plot.set_lines(
                [
                    line
                    for traces in all_traces
                    for line in traces.lines(quantity, self._theme, several=several)
                ]
            )
        self.legend.set_entries([t.entry(self._theme, several=several) for t in all_traces])
        muted = self._theme.color("text_muted")
        key = (Entry("training", muted), Entry("validation", muted, dots=True))
        self._key.set_entries(key)
        self._key.setFixedWidth(self._key.width_of(key))
        self._show_marks()
        self._show_page()

    def _show_marks(self) -> None:
        several = len(self._traces) > 1
        marks = [
            mark
            for traces in self._traces.values()
            for mark in traces.marks(self._theme, several=several)
        ]
        self._marks_seen = self._marks_now()
        self.loss.set_marks(marks)
        self.accuracy.set_marks(marks)

    def _marks_now(self) -> list[tuple[str, int]]:
        return [(mark.text, mark.step) for run in self._runs() for mark in run.history.marks]

    def _show_page(self) -> None:
        runs = self._runs()
        filled = any(len(run.history.batches) or len(run.history.epochs) for run in runs)
        self._empty.setText(WAITING_TEXT if any(run.current for run in runs) else EMPTY_TEXT)
        self._pages.setCurrentIndex(int(filled))

    def _on_hovered(self, step: int | None) -> None:
        heading = "" if step is None else heading_at(self._runs(), step)
        self.loss.set_hover(step, heading)
        self.accuracy.set_hover(step, heading)

    def _on_range_changed(self, steps: Range | None) -> None:
        self._fit.setEnabled(steps is not None)

    def _on_log_toggled(self, log: bool) -> None:
        self.loss.set_axis(LOG_LOSS_AXIS if log else LOSS_AXIS)
        self.log_changed.emit(log)

    def _on_smoothing_changed(self, value: int) -> None:
        self._smoothing_text.set_text(_steps_text(value))
        for traces in self._traces.values():
            traces.set_smoothing(self._smoothing())
            traces.update()
        self._show_lines()
        self.smoothing_changed.emit(slider_steps(value))


def slider_steps(value: int) -> int:
    """Return over how many steps a place of the slider averages."""
    return round(math.pow(MAX_STEPS, value / SMOOTHING_TOP))


def slider_value(steps: int) -> int:
    """Return the slider's place for so many steps."""
    return min(range(SMOOTHING_TOP + 1), key=lambda value: abs(slider_steps(value) - steps))


def _steps_text(value: int) -> str:
    steps = slider_steps(value)
    return "off" if steps == 1 else f"{steps:,} steps"
