"""Histogram and statistics of the selected channel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PyQt6.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from viewer.core.imaging.numbers import format_number
from viewer.core.statistics import ChannelStatistics, Histogram, channel_statistics, histogram
from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.histogram import HistogramView
from viewer.widgets.inspector.model import percent
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from viewer.core.records import FloatArray
    from viewer.widgets.theme import Theme

BINS = 32
ROWS, COLUMNS = 3, 2
LINE_PX = 18


class StatisticsTable(QWidget):
    """Six figures in fixed places; painted, so that a new number never moves another."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._figures: tuple[tuple[str, str], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(ROWS * LINE_PX)
        self.setAccessibleName("Statistics")

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_statistics(self, statistics: ChannelStatistics | None, count: int) -> None:
        """Show `statistics` of `count` values; None clears them."""
        self._figures = () if statistics is None else _figures(statistics, count)
        self.update()

    def figures(self) -> dict[str, str]:
        """Return what is shown, by name."""
        return dict(self._figures)

    @override
    def sizeHint(self) -> QSize:
        return QSize(276, ROWS * LINE_PX)

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setFont(text_font(TextSize.SMALL))
        gap = 2 * GRID_PX
        width = (self.width() - gap * (COLUMNS - 1)) / COLUMNS
        middle = Qt.AlignmentFlag.AlignVCenter
        muted, plain = self._theme.color("text_muted"), self._theme.color("text")
        for place, (name, text) in enumerate(self._figures):
            column, row = divmod(place, ROWS)
            cell = QRectF(column * (width + gap), row * LINE_PX, width, LINE_PX)
            painter.setPen(muted)
            painter.drawText(cell, Qt.AlignmentFlag.AlignLeft | middle, name)
            painter.setPen(plain)
            painter.drawText(cell, Qt.AlignmentFlag.AlignRight | middle, text)


def _figures(statistics: ChannelStatistics, count: int) -> tuple[tuple[str, str], ...]:
    bad = statistics.nan_count + statistics.inf_count
    last = ("NaN or ∞", f"{bad:,} of {count:,}") if bad else ("Values", f"{count:,}")
    return (
        ("Minimum", _number(statistics.min)),
        ("Maximum", _number(statistics.max)),
        ("Zeros", percent(statistics.zero_share)),
        ("Mean", _number(statistics.mean)),
        ("Std. deviation", _number(statistics.std)),
        last,
    )


def _number(value: float) -> str:
    return "–" if math.isnan(value) else format_number(value)


class ValuesPanel(QWidget):
    """Histogram with a switch of its count axis, statistics, and the mark of a dead channel.

    Signals
    -------
    readout_changed(str)
        The bin under the mouse in words, or an empty string.
    """

    readout_changed = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._histogram: Histogram | None = None
        self._bin: int | None = None  # under the mouse
        self._title = ElidedLabel("Values", self, size_pt=TextSize.BODY, bold=True)
        self._linear = _scale_button("Linear", "Count linearly", self)
        self._log = _scale_button(
            "Log", "Count logarithmically, so that single values stay in sight", self
        )
        self._view = HistogramView(self)
        self._table = StatisticsTable(self)
        self._life = ElidedLabel("", self)
        self._build_layout()
        self._log.toggled.connect(self._view.set_log)
        self._view.hover_changed.connect(self._on_bin_hovered)

    def _build_layout(self) -> None:
        group = QButtonGroup(self)
        top = QHBoxLayout()
        top.addWidget(self._title, 1)
        for button in (self._linear, self._log):
            group.addButton(button)
            top.addWidget(button)
        self._linear.setChecked(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        layout.addLayout(top)
        layout.addWidget(self._view, 1)
        layout.addWidget(self._table)
        layout.addWidget(self._life)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._view.set_theme(theme)
        self._table.set_theme(theme)
        self._title.set_color(theme.color("text"))
        self._life.set_color(theme.color("warning"))

    def set_title(self, title: str) -> None:
        """Say what the values are of."""
        self._title.set_text(title)

    def set_values(self, values: FloatArray | None, marker: float | None = None) -> None:
        """Show the distribution of `values`, any shape; `marker` is the selected one."""
        self._histogram = None if values is None else histogram(values, BINS)
        self._view.set_histogram(self._histogram, marker)
        statistics = None if values is None else channel_statistics(values)
        self._table.set_statistics(statistics, 0 if values is None else values.size)
        if self._bin is not None:  # the same bin has another count now
            self._on_bin_hovered(self._bin)

    def set_dead(self, dead: bool, drawings: int) -> None:
        """Say that the channel was 0 everywhere over the last `drawings` drawings."""
        self._life.set_text(f"Dead: 0 everywhere over the last {drawings} drawings" if dead else "")

    def figures(self) -> dict[str, str]:
        """Return the statistics as shown, by name."""
        return self._table.figures()

    def life(self) -> str:
        """Return what is said about the channel's life."""
        return self._life.text()

    def _on_bin_hovered(self, index: int | None) -> None:
        self._bin, found = index, self._histogram
        if index is None or found is None:
            self.readout_changed.emit("")
            return
        low, high = format_number(found.edges[index]), format_number(found.edges[index + 1])
        count = int(found.counts[index])
        noun = "value" if count == 1 else "values"
        self.readout_changed.emit(f"{count:,} {noun} from {low} to {high}")


def _scale_button(text: str, tip: str, parent: QWidget) -> QToolButton:
    button = QToolButton(parent)
    button.setText(text)
    button.setFont(text_font(TextSize.SMALL))
    button.setCheckable(True)
    button.setToolTip(tip)
    return button
