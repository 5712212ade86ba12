"""How each layer trains: norm of its gradient, size of its steps, share of dead units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from viewer.widgets.plot_style import depth_colors
from viewer.widgets.theme import GRID_PX, LIGHT
from viewer.widgets.training.curves_axis import Range, ValueAxis
from viewer.widgets.training.curves_legend import Entry, Legend
from viewer.widgets.training.curves_lines import PERCENT, epoch_at
from viewer.widgets.training.curves_paint import Band, Line, Strength
from viewer.widgets.training.curves_plot import Plot
from viewer.widgets.training.curves_series import Trace

if TYPE_CHECKING:
    from viewer.core.training.history import Columns, History
    from viewer.widgets.theme import Theme

EMPTY_TEXT = "Start a training to see the gradients of its layers"
GRADIENT, RATIO, DEAD = "gradient_norm", "update_ratio", "dead_share"
AXES = {
    GRADIENT: ValueAxis("gradient norm, smoothed", log=True, least_span=1.0),
    RATIO: ValueAxis("update / weight, smoothed", log=True, least_span=2.0),
    DEAD: ValueAxis("dead units (%)", floor=0.0, ceiling=100.0, least_span=10.0, decimals=1),
}
SMOOTHING = 0.9  # ten measurements: norms of single batches would hide each other
TIPS = {
    GRADIENT: "Length of the loss's gradient with respect to the layer's weights",
    RATIO: "Length of a step over the length of the weights it changes",
    DEAD: "Units or channels that answer no image of the batch",
}
# Where learning rates that work well usually put it: A. Karpathy, CS231n notes,
# "Neural networks part 3", ratio of weights to updates: about 1e-3.
HEALTHY = Band(
    3e-4,
    3e-3,
    "About 0.001 is healthy.\nFar above: the rate is too high.\nFar below: it learns too slowly.",
)


class LayerCurves(QWidget):
    """Three plots over the same steps, a line a layer, light to dark along the depth.

    Signals
    -------
    step_clicked(int)
        A step was clicked: the views are to show it.
    """

    step_clicked = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._history: History | None = None
        self._traces: dict[str, dict[str, Trace]] = {}  # by layer, by column
        self.plots = {name: Plot(axis, self) for name, axis in AXES.items()}
        for name, plot in self.plots.items():
            plot.setAccessibleDescription(TIPS[name])
        self.legend = Legend(self, mode=Qt.TextElideMode.ElideLeft)
        self._empty = QLabel(EMPTY_TEXT, self)
        self._empty.setObjectName("muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pages = QStackedWidget(self)
        self._build_layout()
        self._connect_signals()
        self.set_theme(LIGHT)

    def _build_layout(self) -> None:
        plots = QHBoxLayout()
        plots.setSpacing(GRID_PX)
        for plot in self.plots.values():
            plots.addWidget(plot)
        page = QWidget(self)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(GRID_PX, GRID_PX // 2, GRID_PX // 2, GRID_PX // 2)
        layout.setSpacing(GRID_PX // 2)
        layout.addWidget(self.legend)
        layout.addLayout(plots, 1)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._pages)

    def _connect_signals(self) -> None:
        for plot in self.plots.values():
            plot.hovered.connect(self._on_hovered)
            plot.step_clicked.connect(self.step_clicked)
            plot.range_changed.connect(self._on_range_changed)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.legend.set_theme(theme)
        for plot in self.plots.values():
            plot.set_theme(theme)
        self._show_lines()

    def set_history(self, history: History | None) -> None:
        """Show another run; none if None."""
        self._history, self._traces = history, {}
        self._show_lines()
        self.refresh()

    def refresh(self) -> None:
        """Draw what the history holds now; costs nothing where nothing changed."""
        layers = {} if self._history is None else self._history.layers
        if list(layers) != list(self._traces):
            self._traces = {
                layer: {name: _trace(columns, name) for name in AXES}
                for layer, columns in layers.items()
            }
            self._show_lines()
        traces = [trace for by_name in self._traces.values() for trace in by_name.values()]
        changed = [trace.update() for trace in traces]  # each of them
        if any(changed):
            for plot in self.plots.values():
                plot.redraw()
        self._pages.setCurrentIndex(int(bool(layers)))

    def set_cursor(self, step: int | None) -> None:
        """Show a line at the step that the views show; none if None."""
        for plot in self.plots.values():
            plot.set_cursor(step)

    def empty_text(self) -> str | None:
        """Return what is said in place of curves; None while there are some."""
        return self._empty.text() if self._pages.currentIndex() == 0 else None

    def _show_lines(self) -> None:
        colors = dict(zip(self._traces, depth_colors(len(self._traces), self._theme), strict=True))
        for name, plot in self.plots.items():
            lines = [
                Line(traces[name], layer, colors[layer], Strength.NORMAL)
                for layer, traces in self._traces.items()
            ]
            plot.set_lines(lines, HEALTHY if name == RATIO else None)
        self.legend.set_entries([Entry(layer, color) for layer, color in colors.items()])

    def _on_hovered(self, step: int | None) -> None:
        heading = ""
        if step is not None and self._history is not None:
            epoch = epoch_at(self._history, step)
            heading = f"step {step:,}" + ("" if epoch is None else f" · epoch {epoch}")
        for plot in self.plots.values():
            plot.set_hover(step, heading)

    def _on_range_changed(self, steps: Range | None) -> None:
        for plot in self.plots.values():
            plot.set_range(steps)


def _trace(columns: Columns, name: str) -> Trace:
    if name == DEAD:
        return Trace(columns, name, scale=PERCENT)
    return Trace(columns, name, smoothing=SMOOTHING)
