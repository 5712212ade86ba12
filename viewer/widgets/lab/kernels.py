"""The kernels of the convolution lab: which there are, and the weights of one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent, QResizeEvent
from PyQt6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget
from typing_extensions import override

from viewer.core.explain.lab_kernels import OWN_NAME, KernelSet
from viewer.core.explain.lab_presets import DEFAULT_KERNELS, DEFAULT_ROW_KERNEL, kernel_preset
from viewer.core.explain.lab_settings import MAX_KERNEL, MAX_KERNELS
from viewer.core.imaging.color_scale import scale_for
from viewer.core.imaging.display import DisplaySettings
from viewer.widgets.keys import arrow
from viewer.widgets.lab.cells import CellCanvas
from viewer.widgets.lab.filter_channel import FilterChannel
from viewer.widgets.lab.filter_chooser import FilterChooser, FilterLayer
from viewer.widgets.lab.plates import Outline, Plate, Spot
from viewer.widgets.lab.preset_menu import PresetMenu
from viewer.widgets.switch import Switch
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font
from viewer.widgets.training.setting_editors import ChoiceBox, NumberBox

if TYPE_CHECKING:
    from viewer.core.explain.lab_settings import Array
    from viewer.widgets.theme import Theme

CHANNEL_NAMES = ("red", "green", "blue")
WEIGHT_LIMIT = 999
SIZE_BOX_PX, TOOL_PX, CHANNEL_PX = 40, 22, 22
FIRST_KEYS = "0123456789.-+"


class KernelCanvas(CellCanvas):
    """The weights of one kernel, walked by arrow keys.

    Signals
    -------
    walked(int, int)
        Cells down and to the right that an arrow key goes.
    typed(str)
        First key of a number.
    """

    walked = pyqtSignal(int, int)
    typed = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Weights of the kernel: arrow keys walk, digits change", 96, 72, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        key, text = event.key(), event.text()
        if (step := arrow(key)) is not None:
            self.walked.emit(*step)
        elif text and text in FIRST_KEYS:
            self.typed.emit(text)
        else:
            super().keyPressEvent(event)


class LabKernels(QWidget):
    """List of kernels, and an editor of the chosen one: by numbers or by painting.

    Signals
    -------
    kernels_changed()
        Weights, sizes or names are different, or another channel is looked at.
    network_filters_requested()
        The filters of the network are needed: `set_network_filters`.
    network_filter_chosen(str, int)
        One of them is to be put on the bench, by layer and number: `set_kernel`.
    selected_filter_chosen()
        So is the one that is selected.
    network_channel_chosen(int)
        So is its kernel for another input channel: `set_kernel`.
    """

    kernels_changed = pyqtSignal()
    network_filters_requested = pyqtSignal()
    network_filter_chosen = pyqtSignal(str, int)
    selected_filter_chosen = pyqtSignal()
    network_channel_chosen = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._display = DisplaySettings(signed="automatic")
        self._row = False
        self._sets = {
            False: KernelSet.from_preset(kernel_preset(DEFAULT_KERNELS)),
            True: KernelSet.from_preset(kernel_preset(DEFAULT_ROW_KERNEL)),
        }
        self._index, self._channel, self._cell = 0, 0, (0, 0)
        self._flip = False
        self._choice = ChoiceBox()
        self._add, self._remove = QToolButton(), QToolButton()
        self._presets = QToolButton()
        self.preset_menu = PresetMenu(self)
        self.chooser = FilterChooser(self)
        self._filter_channel = FilterChannel()
        self._height = NumberBox(1, MAX_KERNEL, whole=True)
        self._width = NumberBox(1, MAX_KERNEL, whole=True)
        self._times = QLabel("×")
        self._channels = tuple(QToolButton() for _ in CHANNEL_NAMES)
        self.canvas = KernelCanvas()
        self.flipped = CellCanvas("The kernel as it is laid on, turned by 180°", 64, 48)
        self._grids = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._weight = NumberBox(-WEIGHT_LIMIT, WEIGHT_LIMIT)
        self._paint = Switch("Paint")
        self._build()
        self._connect_signals()
        self._show()

    @property
    def kernel_set(self) -> KernelSet:
        """All kernels on the bench, for rows or for pictures."""
        return self._sets[self._row]

    @property
    def index(self) -> int:
        """Which kernel is chosen."""
        return self._index

    @property
    def channel(self) -> int:
        """Which of its channels is shown."""
        return self._channel

    @property
    def kernel(self) -> Array:
        """The chosen kernel, (C, kH, kW) float64."""
        kernel: Array = self.kernel_set.kernels[self._index]
        return kernel

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.canvas.set_theme(theme)
        self.flipped.set_theme(theme)
        self._paint.set_theme(theme)

    def set_display(self, display: DisplaySettings) -> None:
        """Colour the weights by these settings."""
        self._display = display
        self._show()

    def set_input(self, channels: int, *, row: bool) -> None:
        """Say what the kernels are for; gives no signal."""
        self._row = row
        self._sets[row] = self.kernel_set.with_channels(channels)
        self._show()

    def set_flip(self, flip: bool) -> None:
        """Show the kernel as it is laid on as well, turned by 180°."""
        self._flip = flip
        self._show()

    def set_kernels(self, kernels: KernelSet, index: int = 0) -> None:
        """Put other kernels on the bench."""
        channels = self.kernel_set.kernels.shape[1]
        self._sets[self._row] = kernels.with_channels(channels)
        self._index = index
        self._show()
        self.kernels_changed.emit()

    def set_preset(self, key: str) -> None:
        """Take a preset: one kernel in place of the chosen one, several in place of all."""
        preset = kernel_preset(key)
        if len(preset.names) > 1:
            self.set_kernels(KernelSet.from_preset(preset))
        else:
            self.set_kernel(preset.kernels, preset.names[0])

    def set_kernel(self, kernel: Array, name: str = OWN_NAME) -> None:
        """Put one kernel, (C, kH, kW), in place of the chosen one."""
        if self._row and kernel.shape[1] > 1:
            kernel = kernel[:, kernel.shape[1] // 2 :][:, :1]  # the middle row
        channels = self.kernel_set.kernels.shape[1]
        if len(kernel) == 1 and channels > 1:
            kernel = np.repeat(kernel, channels, axis=0)
        self.set_kernels(self.kernel_set.replaced(self._index, name, kernel), self._index)

    def set_network_filters(
        self, layers: Sequence[FilterLayer], selected: str, layer: str, index: int
    ) -> None:
        """Offer filters of the network; see `LabView.set_network_filters`."""
        self.preset_menu.set_selected_filter(selected)
        self.chooser.set_layers(layers, layer, index)

    def set_network_channels(self, name: str, channel: int, count: int) -> None:
        """Offer the other kernels of a filter while this one is chosen: `FilterChannel.offer`."""
        self._filter_channel.offer(name, channel, count)
        self._show()

    def set_weight(self, y: int, x: int, value: float) -> None:
        """Change one weight of the chosen kernel, in the channel that is shown."""
        changed = self.kernel_set.with_weight(self._index, self._channel, y, x, value)
        if changed is not self.kernel_set:
            self._sets[self._row] = changed
            self._show()
            self.kernels_changed.emit()

    def select(self, index: int) -> None:
        """Choose another kernel."""
        if index != self._index and index < len(self.kernel_set.names):
            self._index = index
            self._show()
            self.kernels_changed.emit()

    def _build(self) -> None:
        self._choice.setAccessibleName("Kernel")
        self._choice.setToolTip("The kernel that is edited")
        for button, text, tip in (
            (self._add, "+", "Add a kernel"),
            (self._remove, "−", "Remove this kernel"),
            (self._presets, "Presets…", "Kernels to begin with, and the filters of the network"),
        ):
            button.setText(text)
            button.setToolTip(tip)
            button.setFixedHeight(TOOL_PX)
            button.setFont(text_font(TextSize.SMALL))
        for button in (self._add, self._remove):
            button.setFixedWidth(TOOL_PX)
        self._presets.setMenu(self.preset_menu)
        self._presets.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        for box, name in ((self._height, "Height"), (self._width, "Width")):
            box.setFixedWidth(SIZE_BOX_PX)
            box.setToolTip(f"{name} of the kernels")
            box.setAccessibleName(f"{name} of the kernels")
        for button, name in zip(self._channels, CHANNEL_NAMES, strict=True):
            button.setText(name[0].upper())
            button.setToolTip(f"Weights for the {name} channel")
            button.setCheckable(True)
            button.setAutoExclusive(True)
            button.setFixedSize(CHANNEL_PX, TOOL_PX)
            button.setFont(text_font(TextSize.SMALL))
        self._weight.setToolTip("Weight of the selected cell; what “Paint” puts into cells")
        self._weight.setAccessibleName("Weight")
        self._paint.setFont(text_font(TextSize.SMALL))
        self._paint.setToolTip(
            "<p>Dragging over the cells puts the weight into them; the right button puts 0.</p>"
        )
        self._grids.setSpacing(GRID_PX)
        self._grids.addWidget(self.canvas, 1)
        self._grids.addWidget(self.flipped, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        layout.addLayout(_line(self._choice, self._add, self._remove, self._presets))
        layout.addWidget(self._filter_channel)
        sizes = _line(self._small("Size"), self._height, self._times, self._width)
        sizes.addStretch(1)
        for button in self._channels:
            sizes.addWidget(button)
        layout.addLayout(sizes)
        layout.addLayout(self._grids, 1)
        layout.addLayout(_line(self._small("Weight"), self._weight, self._paint))

    def _small(self, text: str) -> QLabel:
        label = QLabel(text)
        label.setFont(text_font(TextSize.SMALL))
        label.setObjectName("muted")
        return label

    def _connect_signals(self) -> None:
        self._choice.chosen.connect(self._on_choice)
        self._add.clicked.connect(self._on_add)
        self._remove.clicked.connect(self._on_remove)
        self._filter_channel.channel_chosen.connect(self.network_channel_chosen)
        self._height.number_changed.connect(self._on_size)
        self._width.number_changed.connect(self._on_size)
        self._weight.number_changed.connect(self._on_weight)
        self.canvas.pressed.connect(self._on_pressed)
        self.canvas.dragged.connect(self._on_dragged)
        self.canvas.walked.connect(self._on_walked)
        self.canvas.typed.connect(self._on_typed)
        for number, button in enumerate(self._channels):
            button.clicked.connect(lambda _, number=number: self._on_channel(number))
        menu = self.preset_menu
        menu.preset_chosen.connect(self.set_preset)
        menu.selected_filter_chosen.connect(self.selected_filter_chosen)
        menu.chooser_requested.connect(self.chooser.open)
        self.chooser.filter_chosen.connect(self.network_filter_chosen)
        self.chooser.finished.connect(lambda _: self.canvas.activateWindow())  # not the main one
        menu.network_filters_requested.connect(self.network_filters_requested)

    def _on_choice(self, key: str) -> None:
        self.select(int(key))

    def _on_add(self) -> None:
        height, width = self.kernel_set.size
        blank = np.zeros((self.kernel_set.kernels.shape[1], height, width))
        added = self.kernel_set.added(OWN_NAME, blank)
        self.set_kernels(added, len(added.names) - 1)

    def _on_remove(self) -> None:
        self.set_kernels(self.kernel_set.removed(self._index), max(0, self._index - 1))

    def _on_size(self) -> None:
        height = 1 if self._row else round(self._height.number())
        resized = self.kernel_set.resized(height, round(self._width.number()))
        self.set_kernels(resized, self._index)

    def _on_channel(self, channel: int) -> None:
        self._channel = channel
        self._show()
        self.kernels_changed.emit()

    def _on_weight(self, value: float) -> None:
        if not self._paint.isChecked():
            self.set_weight(*self._cell, value)

    def _on_pressed(self, spot: Spot, right: bool) -> None:
        self.canvas.setFocus()
        self._cell = (spot.y, spot.x)
        self._put(spot, right)
        self._show()

    def _on_dragged(self, spot: Spot, right: bool) -> None:
        self._put(spot, right)

    def _put(self, spot: Spot, right: bool) -> None:
        if right:
            self.set_weight(spot.y, spot.x, 0.0)
        elif self._paint.isChecked():
            self.set_weight(spot.y, spot.x, float(self._weight.number()))

    def _on_walked(self, down: int, right: int) -> None:
        height, width = self.kernel_set.size
        y, x = self._cell
        self._cell = (min(max(y + down, 0), height - 1), min(max(x + right, 0), width - 1))
        self._show()

    def _on_typed(self, text: str) -> None:
        self._paint.setChecked(False)
        self._weight.setFocus()
        line = self._weight.lineEdit()
        if line is not None:
            line.setText(text)

    def _show(self) -> None:
        bench = self.kernel_set
        count, channels, height, width = bench.kernels.shape
        self._index = min(self._index, count - 1)
        self._channel = min(self._channel, channels - 1)
        self._cell = (min(self._cell[0], height - 1), min(self._cell[1], width - 1))
        self._choice.set_choices([(str(i), f"{i} · {name}") for i, name in enumerate(bench.names)])
        self._choice.set_key(str(self._index))
        self._filter_channel.show_for(bench.names[self._index])
        self._add.setEnabled(count < MAX_KERNELS)
        self._remove.setEnabled(count > 1)
        self._height.set_number(height)
        self._width.set_number(width)
        self._height.setEnabled(not self._row)
        self.preset_menu.set_row(self._row)
        for number, button in enumerate(self._channels):
            button.setVisible(channels == len(CHANNEL_NAMES))
            button.setChecked(number == self._channel)
        if not self._paint.isChecked():
            self._weight.set_number(float(self.kernel[self._channel][self._cell]))
        self._show_weights()

    def _show_weights(self) -> None:
        weights = self.kernel[self._channel]
        scale = scale_for(
            self.kernel_set.kernels.astype(np.float32), signed=True, settings=self._display
        )
        y, x = self._cell
        title = "Kernel" if self._flip else ""
        self.canvas.set_plates((Plate(scale.apply(weights), weights, title),))
        self.canvas.set_outlines((Outline(0, y, x, y + 1, x + 1, selected=True),))
        turned = weights[::-1, ::-1]
        self.flipped.setVisible(self._flip)
        self.flipped.set_plates((Plate(scale.apply(turned), turned, "Laid on, flipped"),))

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        room = self.canvas.geometry().united(self.flipped.geometry())
        wide = room.width() >= room.height()
        directions = QBoxLayout.Direction
        self._grids.setDirection(directions.LeftToRight if wide else directions.TopToBottom)
        super().resizeEvent(event)


def _line(*widgets: QWidget) -> QHBoxLayout:
    layout = QHBoxLayout()
    layout.setSpacing(GRID_PX // 2)
    for widget in widgets:
        layout.addWidget(widget)
    return layout
