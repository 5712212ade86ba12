"""The convolution lab: any kernel on any small input, with every setting and every number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from viewer.core.explain import lab, lab_cell
from viewer.core.explain.lab_kernels import OWN_NAME, KernelSet
from viewer.core.imaging.numbers import format_number
from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.lab.input import EMPTY_TEXTS, LabInput
from viewer.widgets.lab.kernels import CHANNEL_NAMES, LabKernels
from viewer.widgets.lab.maps import COMBINED_TITLES, LabMaps
from viewer.widgets.lab.network_bar import LabNetworkBar
from viewer.widgets.lab.plates import Outline, Spot
from viewer.widgets.lab.readout import LabReadout
from viewer.widgets.lab.settings_bar import LabSettingsBar
from viewer.widgets.theme import GRID_PX, TextSize, text_font
from viewer.widgets.training.setting_editors import outline

if TYPE_CHECKING:
    from viewer.core.explain.lab import LabResult
    from viewer.core.explain.lab_settings import LabSettings
    from viewer.core.imaging.display import DisplaySettings
    from viewer.widgets.lab.filter_chooser import FilterLayer
    from viewer.widgets.theme import Theme

MIN_WIDTH_PX, MIN_HEIGHT_PX = 704, 464
STEPS_TIP = "Let the chosen kernel slide over the input, cell by cell"
COVERED_TIP = "It would show the maps: answer the question first"
HINT = "Point at a cell of a map to see its arithmetic; click to keep it while you edit."


class LabView(QWidget):
    """Input, kernels and maps side by side; settings, formula and arithmetic below.

    Everything is computed at once and here: the lab refuses what would take longer than a
    frame.

    Attributes
    ----------
    input : LabInput
    kernels : LabKernels
    maps : LabMaps
    settings_bar : LabSettingsBar
    readout : LabReadout

    Signals
    -------
    source_changed(str)
        Key of the input that was chosen: one of ``lab_input.SOURCES``.
    next_image_requested()
        Another image of the data set: `set_image`.
    picture_requested()
        A picture is to be opened: `set_image`.
    network_filters_requested()
        The filters of the network are needed: `set_network_filters`.
    network_filter_chosen(str, int)
        One of them is to be put on the bench, by layer and number: `set_kernel`.
    selected_filter_chosen()
        So is the one that is selected.
    network_channel_chosen(int)
        So is its kernel for another input channel: `set_kernel`, `set_network_channels`.
    kernel_applied(object, int)
        (C, kH, kW) float32 that is to replace this filter of the first convolution.
    kernel_undo_requested()
        The network is to have its own filters back.
    steps_requested()
        The result is to be gone through cell by cell.
    result_changed()
        `result` is another one, or None.
    """

    source_changed = pyqtSignal(str)
    next_image_requested = pyqtSignal()
    picture_requested = pyqtSignal()
    network_filters_requested = pyqtSignal()
    network_filter_chosen = pyqtSignal(str, int)
    selected_filter_chosen = pyqtSignal()
    network_channel_chosen = pyqtSignal(int)
    kernel_applied = pyqtSignal(object, int)
    kernel_undo_requested = pyqtSignal()
    steps_requested = pyqtSignal()
    result_changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.input = LabInput()
        self.kernels = LabKernels()
        self.maps = LabMaps()
        self.settings_bar = LabSettingsBar()
        self.readout = LabReadout()
        self._network_bar = LabNetworkBar()
        self._formula = (ElidedLabel(), ElidedLabel())
        self._steps = QPushButton("Step through")
        self._covered = False
        self._result: LabResult | None = None
        self._problem: str | None = None
        self._pinned: Spot | None = None
        self._build()
        self._connect_signals()
        self._on_image_changed()

    @property
    def result(self) -> LabResult | None:
        """What is on screen; None where the settings are impossible."""
        return self._result

    @property
    def problem(self) -> str | None:
        """Why there is no result."""
        return self._problem

    @property
    def pinned(self) -> Spot | None:
        """The cell of a map whose arithmetic is kept on screen."""
        return self._pinned

    @property
    def settings(self) -> LabSettings:
        """What is set, kernels included."""
        kernels = self.kernels.kernel_set.kernels
        return self.settings_bar.settings(kernels, row=self.input.is_row)

    def formula(self) -> str:
        """Return the sizes as they stand on screen."""
        return "\n".join(line.text() for line in self._formula if line.text())

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        for part in (self.input, self.kernels, self.maps, self.settings_bar, self.readout):
            part.set_theme(theme)
        outline(self, theme)

    def set_display(self, display: DisplaySettings) -> None:
        """Colour weights and maps by these settings."""
        self.kernels.set_display(display)
        self.maps.set_display(display)
        self.readout.set_display(display)
        self._show_cell()

    def set_source(self, source: str) -> None:
        """Choose an input: one of ``lab_input.SOURCES``."""
        self.input.set_source(source)

    def set_image(self, source: str, pixels: NDArray[np.floating] | None, title: str = "") -> None:
        """Give one of the inputs what it holds; shown if it is the chosen one.

        Parameters
        ----------
        source : str
            One of ``lab_input.SOURCES``.
        pixels : (H, W), (C, H, W) or (H, W, 3) float, [0, 1], or None for nothing
        title : str
        """
        self.input.set_image(source, pixels, title)

    def set_preset(self, key: str) -> None:
        """Take a kernel preset."""
        self.kernels.set_preset(key)

    def set_kernel(self, kernel: NDArray[np.floating], name: str = OWN_NAME) -> None:
        """Put one kernel, (kH, kW) or (C, kH, kW), in place of the chosen one."""
        values = np.array(kernel, np.float64)
        self.kernels.set_kernel(values if values.ndim == 3 else values[np.newaxis], name)

    def set_kernels(self, kernels: NDArray[np.floating], names: Sequence[str]) -> None:
        """Put kernels (n, C, kH, kW) in place of all."""
        self.kernels.set_kernels(KernelSet(tuple(names), np.array(kernels, np.float64)))

    def change_settings(self, **changes: object) -> None:
        """Change settings by their names in `LabSettings`, as if a person had."""
        self.settings_bar.change(self.settings, **changes)

    def set_network_filters(
        self, layers: Sequence[FilterLayer], selected: str = "", layer: str = "", index: int = 0
    ) -> None:
        """Offer filters of the network.

        Parameters
        ----------
        layers : sequence of FilterLayer
        selected : str
            What the filter or kernel is called that is selected; empty for none.
        layer, index : str and int
            The filter that is proposed.
        """
        self.kernels.set_network_filters(layers, selected, layer, index)

    def set_network_channels(self, name: str, channel: int, count: int) -> None:
        """Offer the other kernels of a filter; see `LabKernels.set_network_channels`."""
        self.kernels.set_network_channels(name, channel, count)

    def set_network_target(
        self, filters: int, shape: tuple[int, int, int] | None, *, replaced: bool = False
    ) -> None:
        """Say what the network's first convolution is like.

        Parameters
        ----------
        filters : int
            0 if there is none.
        shape : (C, kH, kW) or None
        replaced : bool
            Whether a kernel of the lab is in it: it can be taken out then.
        """
        self._network_bar.set_target(filters, shape)
        self._network_bar.set_replaced(replaced)
        self._show_target()

    def pin(self, spot: Spot | None) -> None:
        """Keep the arithmetic of a cell of a map on screen; None for none."""
        self._pinned = spot
        self._show_cell()

    def set_covered(self, covered: bool) -> None:
        """Say whether the maps are covered: they can't be stepped through then."""
        if covered != self._covered:
            self._covered = covered
            self._show_steps()

    def _show_steps(self) -> None:
        self._steps.setEnabled(self._result is not None and not self._covered)
        self._steps.setToolTip(COVERED_TIP if self._covered else STEPS_TIP)

    def _build(self) -> None:
        kernels = QWidget()
        column = QVBoxLayout(kernels)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID_PX // 2)
        column.addWidget(self.kernels, 1)
        column.addWidget(self._network_bar)
        columns = QHBoxLayout()
        columns.setSpacing(2 * GRID_PX)
        for part, share in ((self.input, 5), (kernels, 5), (self.maps, 7)):
            columns.addWidget(part, share)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID_PX, GRID_PX, GRID_PX, GRID_PX)
        layout.setSpacing(GRID_PX)
        layout.addLayout(columns, 4)
        layout.addWidget(self.settings_bar)
        lines = QVBoxLayout()
        lines.setSpacing(0)
        for line in self._formula:
            line.setObjectName("muted")
            lines.addWidget(line)
        self._steps.setToolTip(STEPS_TIP)
        self._steps.setFont(text_font(TextSize.SMALL))
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addLayout(lines, 1)
        row.addWidget(self._steps, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(row)
        layout.addWidget(self.readout, 1)

    def _connect_signals(self) -> None:
        self.input.image_changed.connect(self._on_image_changed)
        self.input.source_changed.connect(self.source_changed)
        self.input.next_image_requested.connect(self.next_image_requested)
        self.input.picture_requested.connect(self.picture_requested)
        self.kernels.kernels_changed.connect(self._update)
        self.kernels.network_filters_requested.connect(self.network_filters_requested)
        self.kernels.network_filter_chosen.connect(self.network_filter_chosen)
        self.kernels.selected_filter_chosen.connect(self.selected_filter_chosen)
        self.kernels.network_channel_chosen.connect(self.network_channel_chosen)
        self.settings_bar.settings_changed.connect(self._update)
        self.maps.cell_hovered.connect(self._show_cell)
        self.maps.cell_chosen.connect(self._on_cell_chosen)
        self._network_bar.apply_requested.connect(self._on_apply)
        self._network_bar.undo_requested.connect(self.kernel_undo_requested)
        self._steps.clicked.connect(self.steps_requested)

    def _on_image_changed(self) -> None:
        image = self.input.image()
        if image is not None:
            self.kernels.set_input(len(image), row=self.input.is_row)
        self._update()

    def _update(self) -> None:
        image, settings = self.input.image(), self.settings
        self._result, self._problem = None, None
        if image is None:
            self._problem = EMPTY_TEXTS.get(self.input.source(), "")
            self._set_formula("")
        else:
            self._problem = lab.problem(settings, image.shape)
            self._set_formula(lab.size_text(settings, image.shape))
            if self._problem is None:
                self._result = lab.run(image, settings)
        self.input.set_result(self._result)
        self.kernels.set_flip(settings.flip)
        self.maps.set_result(self._result, self.kernels.kernel_set.names)
        self._show_steps()
        self._show_target()
        self._show_cell()
        self.result_changed.emit()

    def _set_formula(self, text: str) -> None:
        texts = [*text.split("\n"), ""]
        for line, part in zip(self._formula, texts, strict=False):
            line.set_text(part)

    def _show_target(self) -> None:
        channels, height, width = self.kernels.kernel.shape
        self._network_bar.set_kernel_shape((channels, height, width))

    def _on_cell_chosen(self, spot: Spot) -> None:
        if spot.plate < len(self.kernels.kernel_set.names):
            self.kernels.select(spot.plate)
        self.pin(None if spot == self._pinned else spot)

    def _on_apply(self, index: int) -> None:
        self.kernel_applied.emit(self.kernels.kernel.astype(np.float32), index)

    def _show_cell(self) -> None:
        result = self._result
        if result is None:
            self.input.set_window(None)
            self.maps.set_pinned(None)
            self.readout.set_sentence(self._problem or "", warning=self.input.image() is not None)
            return
        if self._pinned is not None and not _exists(result, self._pinned):
            self._pinned = None
        self.maps.set_pinned(self._pinned)
        spot = self.maps.canvas.hover or self._pinned
        if spot is None or not _exists(result, spot):
            self.input.set_window(None)
            self.readout.set_sentence(HINT)
            return
        self._explain(result, spot)

    def _explain(self, result: LabResult, spot: Spot) -> None:
        count = len(result.maps)
        index = spot.plate
        if index == count:  # of all maps together: by way of the one that counts most
            index = int(np.abs(result.maps[:, spot.y, spot.x]).argmax())
        pooled = lab_cell.pooled_cell(result, index, spot.y, spot.x)
        cell = lab_cell.cell(result, index, *pooled.winner)
        self.input.set_window(cell, _reach(result, pooled))
        name = self.kernels.kernel_set.names[index]
        if spot.plate == count:
            assert result.combined is not None
            name, value = COMBINED_TITLES[result.settings.combination], result.combined
        else:
            value = result.maps[index]
        where = f"row {spot.y}, column {spot.x}"
        heading = f"{name}, {where}: {format_number(float(value[spot.y, spot.x]), 6)}"
        one_of_many = spot.plate == count and count > 1
        kernel_name = f"{self.kernels.kernel_set.names[index]}: " if one_of_many else ""
        lines = [kernel_name + lab_cell.sum_text(cell)]
        channel_names = CHANNEL_NAMES if len(cell.channel_sums) > 1 else ()
        notes = (
            lab_cell.channels_text(cell, channel_names),
            lab_cell.activation_text(cell, result.settings.activation),
            lab_cell.pooling_text(result, index, spot.y, spot.x),
            lab_cell.combination_text(result, spot.y, spot.x) if spot.plate == count else "",
            lab_cell.matches_text(cell),
        )
        lines += [" · ".join(note for note in notes if note)]
        self.readout.set_cell(cell, self.kernels.channel, heading, [line for line in lines if line])

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(MIN_WIDTH_PX, MIN_HEIGHT_PX)


def _exists(result: LabResult, spot: Spot) -> bool:
    count, height, width = result.maps.shape
    plates = count if result.combined is None else count + 1
    return bool(spot.plate < plates and spot.y < height and spot.x < width)


def _reach(result: LabResult, pooled: lab_cell.PooledCell) -> Outline | None:
    """Return all of the padded input that a pooled value was made of; None without pooling."""
    if pooled.bottom - pooled.top == 1 and pooled.right - pooled.left == 1:
        return None
    down, across = result.axes
    return Outline(
        0,
        pooled.top * down.stride,
        pooled.left * across.stride,
        (pooled.bottom - 1) * down.stride + down.reach,
        (pooled.right - 1) * across.stride + across.reach,
    )
