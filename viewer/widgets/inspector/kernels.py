"""The weights behind the selected channel: kernels, bias, the strongest of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QToolButton, QVBoxLayout, QWidget
from typing_extensions import override

from viewer.core.channel_strength import kernel_order
from viewer.core.imaging.color_scale import scale_for
from viewer.core.imaging.display import DisplaySettings, Scope
from viewer.core.imaging.numbers import format_exact, format_number
from viewer.core.imaging.sliced_range import SlicedRange
from viewer.core.records import Selection, WeightsKind
from viewer.widgets.color_bar import ColorBar
from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.kernel_view import KernelSpot, KernelView
from viewer.widgets.pager import span
from viewer.widgets.theme import GRID_PX, TextSize

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PyQt6.QtGui import QIcon

    from viewer.core.imaging.color_scale import ColorScale, Limits
    from viewer.core.records import FloatArray
    from viewer.widgets.inspector.model import Kernels
    from viewer.widgets.theme import Theme

STRONGEST = 3
_RANKS = ("Strongest:", "Second:", "Third:")
ALL_STRONGEST_FROM_PX = 240  # below, the weights themselves need the room
# A layer with more weights is looked at in parts of so many: a few milliseconds each.
LOOK_WEIGHTS = 4_000_000
SORTED_FROM = 16  # kernels; fewer are seen at a glance
SORT_MS = 1000  # between two orders of weights that change: faster ones can't be followed
BY_NUMBER, BY_STRENGTH = "By number", "By strength"
SORT_TIP = "Sort the kernels; strength is the square root of the sum of the squared weights"


class KernelPanel(QWidget):
    """Kernels with a colour bar of their own, the bias, and pages where there are many.

    Sorted by strength, kernels keep their places while weights change, but for once a second.

    Attributes
    ----------
    view : KernelView
    kernels : Kernels or None
        What is shown.

    Signals
    -------
    readout_changed(str)
        The weight under the mouse in words, to full precision; or an empty string.
    hover_changed(object), weight_chosen(object)
        Selection of the weight under the mouse, or None; and of the one that was clicked.
    """

    readout_changed = pyqtSignal(str)
    hover_changed = pyqtSignal(object)
    weight_chosen = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kernels: Kernels | None = None
        self._display = DisplaySettings()
        self._weights_range: SlicedRange | None = None  # of a very large layer's weights
        self._look = QTimer(self)
        self._look.setSingleShot(True)
        self._look.timeout.connect(self._look_on)
        self._order: NDArray[np.intp] | None = None  # of the kernels; None for their numbers
        self._resort = QTimer(self)
        self._resort.setSingleShot(True)
        self._resort.setInterval(SORT_MS)
        self._by = QComboBox(self)
        self._title = ElidedLabel("Kernels", self, size_pt=TextSize.BODY, bold=True)
        self._bias = ElidedLabel("", self, fixed=True)
        self.view = KernelView(self)
        self._strongest = tuple(ElidedLabel("", self) for _ in range(STRONGEST))
        self._bar = ColorBar(self)
        self._back = _pager_button("<", "Kernels before these", self)
        self._range = ElidedLabel("", self)
        self._on = _pager_button(">", "Kernels after these", self)
        self._pager = QWidget(self)
        self._build_layout()
        self._connect_signals()

    def _build_layout(self) -> None:
        self._by.addItems((BY_NUMBER, BY_STRENGTH))
        self._by.setToolTip(SORT_TIP)
        self._by.setAccessibleName("Sort the kernels")
        top = QHBoxLayout()
        top.addWidget(self._title, 1)
        top.addWidget(self._bias, 0, Qt.AlignmentFlag.AlignBottom)
        pager = QHBoxLayout(self._pager)
        pager.setContentsMargins(0, 0, 0, 0)
        pager.setSpacing(GRID_PX // 2)
        pager.addWidget(self._by)
        pager.addWidget(self._range, 1)
        pager.addWidget(self._back)
        pager.addWidget(self._on)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        layout.addLayout(top)
        layout.addWidget(self._bar)
        layout.addWidget(self.view, 1)
        layout.addWidget(self._pager)
        for label in self._strongest:
            layout.addWidget(label)

    def _connect_signals(self) -> None:
        self._resort.timeout.connect(self._sort)
        self._by.currentIndexChanged.connect(self._on_order_chosen)
        self._back.clicked.connect(lambda: self.view.turn(-1))
        self._on.clicked.connect(lambda: self.view.turn(1))
        self.view.page_changed.connect(self._on_page_changed)
        self.view.hover_changed.connect(self._on_weight_hovered)
        self.view.spot_chosen.connect(self._on_weight_chosen)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self.view.set_theme(theme)
        self._bar.set_theme(theme)
        self._title.set_color(theme.color("text"))
        self._bias.set_color(theme.color("text_muted"))
        self._range.set_color(theme.color("text_muted"))
        for label in self._strongest:
            label.set_color(theme.color("text_muted"))

    def set_icons(self, back: QIcon, on: QIcon) -> None:
        """Use icons on the buttons that turn pages."""
        for button, icon in ((self._back, back), (self._on, on)):
            button.setIcon(icon)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)

    def set_display(self, display: DisplaySettings) -> None:
        """Colour the kernels as `display` says."""
        self._display = display
        self._show_kernels()

    def set_kernels(self, kernels: Kernels | None) -> None:
        """Show the kernels of one filter; None says that there are none."""
        same = _is_same_filter(self.kernels, kernels)
        self.kernels = kernels
        if not same:
            self._resort.stop()
            self._order = self._wanted_order()
        elif self._order is not None and not self._resort.isActive():
            self._resort.start()
        self._show_kernels()
        self._title.set_text(_title(kernels))
        self._bias.set_text(_bias(kernels))
        bias = None if kernels is None else kernels.bias
        self._bias.setToolTip("" if bias is None else f"bias {format_exact(float(bias))}")
        found = kernels.strongest(STRONGEST) if kernels is not None and kernels.dense else []
        for rank, label in enumerate(self._strongest):
            text = (
                f"{format_number(float(found[rank][1]))} on {found[rank][0]}"
                if rank < len(found)
                else ""
            )
            label.set_text(f"{_RANKS[rank]} {text}")
        self._show_strongest()

    def set_selected(self, selection: Selection | None) -> None:
        """Outline a weight, if it is one of these kernels'."""
        found = self.kernels
        spot = found.spot_of(selection) if found is not None and selection is not None else None
        self.view.set_selected(None if spot is None else KernelSpot(*spot))

    @property
    def title(self) -> str:
        """What the panel is called now: also the name of its tab."""
        if self.kernels is not None and self.kernels.kind is not WeightsKind.WEIGHTS:
            return self.kernels.kind.capitalize()
        return "Weights" if self.kernels is not None and self.kernels.dense else "Kernels"

    def _show_strongest(self) -> None:
        dense = self.kernels is not None and self.kernels.dense
        count = STRONGEST if self.height() >= ALL_STRONGEST_FROM_PX else 1
        for rank, label in enumerate(self._strongest):
            label.setVisible(dense and rank < count)

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._show_strongest()

    def _scale(self, kernels: Kernels) -> ColorScale:
        """Return the colours: those of the whole layer, if that is wanted, once it is looked at."""
        display = self._display
        if kernels.kind is WeightsKind.GRADIENTS:
            display = display.for_gradients()
        layer_wide = replace(display, scope=Scope.LAYER)
        weights, limits = kernels.values, None
        if display.scope is not Scope.CHANNEL:
            if kernels.all_weights.size <= LOOK_WEIGHTS:
                weights = kernels.all_weights
            else:
                limits = self._limits(kernels.all_weights)
        return scale_for(weights, signed=True, settings=layer_wide, limits=limits)

    def _limits(self, weights: FloatArray) -> Limits | None:
        """Return the limits of a very large layer's weights; None until they are known."""
        if self._weights_range is None or self._weights_range.of is not weights:
            self._weights_range = SlicedRange(weights)
            self._look.start()
        if not self._weights_range.done:
            return None
        largest = max(abs(limit) for limit in self._weights_range.limits)
        return -largest, largest

    def _look_on(self) -> None:
        """Look at some more weights of a very large layer; other events come in between."""
        if self._weights_range is None or self._weights_range.done:
            return
        if self._weights_range.look(LOOK_WEIGHTS):
            self._show_kernels()
        else:
            self._look.start()

    def _show_kernels(self) -> None:
        if self.kernels is None:
            self._weights_range = None
        scale = None if self.kernels is None else self._scale(self.kernels)
        found = self.kernels
        values, cells = (None, None) if found is None else (found.values, found.unit_inputs)
        self.view.set_kernels(values, scale, cells, self._order)
        self._bar.set_scale(scale)
        if self.view.hover is not None:  # the same place has another weight now
            self._on_weight_hovered(self.view.hover)

    def _on_page_changed(self, first: int, end: int, count: int) -> None:
        paged = end - first < count
        self._by.setVisible(count > 1)
        for button, is_on in ((self._back, first > 0), (self._on, end < count)):
            button.setVisible(paged)
            button.setEnabled(is_on)
        # How many there are, the title says.
        text = span("kernel", first, end, by_number=self._order is None)
        self._range.set_text(text if paged else "")
        # Last: its room is taken from the kernels, which may tell another page at once.
        self._pager.setVisible(paged or count >= SORTED_FROM)

    def _on_order_chosen(self) -> None:
        self._sort()
        self.view.turn(-self.view.pages)

    def _sort(self) -> None:
        self._order = self._wanted_order()
        self._show_kernels()

    def _wanted_order(self) -> NDArray[np.intp] | None:
        found = self.kernels
        by_number = self._by.currentText() == BY_NUMBER
        return None if found is None or by_number else kernel_order(found.values)

    def _on_weight_hovered(self, spot: KernelSpot | None) -> None:
        self.hover_changed.emit(self._selection(spot))
        if spot is None or self.kernels is None:
            self.readout_changed.emit("")
            return
        weight = self.kernels.values[spot.kernel, spot.y, spot.x]
        name = self.kernels.input_name(spot.kernel, spot.y, spot.x)
        noun = "" if self.kernels.kind is WeightsKind.WEIGHTS else f", {self.kernels.kind.noun}"
        self.readout_changed.emit(f"{name}{noun}: {format_exact(float(weight))}")

    def _on_weight_chosen(self, spot: KernelSpot) -> None:
        self.weight_chosen.emit(self._selection(spot))

    def _selection(self, spot: KernelSpot | None) -> Selection | None:
        found = self.kernels
        if spot is None or found is None:
            return None
        in_channel = found.in_channel(spot.kernel, spot.y, spot.x)
        y, x = (spot.y, spot.x) if found.unit_inputs is None else (0, 0)
        return Selection(found.node, found.channel, y, x, in_channel)


def _is_same_filter(one: Kernels | None, other: Kernels | None) -> bool:
    if one is None or other is None:
        return False
    return (one.node, one.channel, one.kind, one.values.shape) == (
        other.node,
        other.channel,
        other.kind,
        other.values.shape,
    )


def _title(kernels: Kernels | None) -> str:
    if kernels is None:
        return "No kernels: this layer has no weights"
    if kernels.dense:
        return f"{kernels.kind.capitalize()} of {kernels.node} on {kernels.source}"
    if kernels.kind is not WeightsKind.WEIGHTS:
        return f"{kernels.kind.capitalize()} of {kernels.node}"
    count = len(kernels.values)
    return f"Kernel of {kernels.node}" if count == 1 else f"{count} kernels of {kernels.node}"


def _bias(kernels: Kernels | None) -> str:
    if kernels is None:
        return ""
    if kernels.bias is None:
        return "no bias" if kernels.kind is WeightsKind.WEIGHTS else ""
    noun = "" if kernels.kind is WeightsKind.WEIGHTS else f" {kernels.kind.noun}"
    return f"bias{noun} {format_number(float(kernels.bias))}"


def _pager_button(text: str, tip: str, parent: QWidget) -> QToolButton:
    button = QToolButton(parent)
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    return button
