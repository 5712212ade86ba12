"""The inspector: everything about one channel, large, with numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from PyQt6.QtCore import QElapsedTimer, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import QLabel, QVBoxLayout, QWidget
from typing_extensions import override

from viewer.core.imaging.display import DisplaySettings
from viewer.core.records import Kind, Selection, same_nodes
from viewer.widgets.inspector_heading import InspectorHeading
from viewer.widgets.inspector_model import (
    cell_of,
    grid_of,
    kernels_of,
    readout,
    scale_of,
    unit_at,
    value_at,
)
from viewer.widgets.inspector_parts import InspectorParts
from viewer.widgets.map_geometry import Pixel
from viewer.widgets.theme import GRID_PX, LIGHT

if TYPE_CHECKING:
    from viewer.core.records import (
        ActivationRecord,
        FloatArray,
        NetworkRecord,
        Node,
        WeightsRecord,
    )
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme

MARGIN_PX = 12
# Numbers that change faster can't be read, and the other views keep the time that they need.
PACE_MS = 33
NOTHING_SELECTED = "Click a map to see its values"


class Inspector(QWidget):
    """The selected channel: its map, its kernels, and how its values are spread.

    Takes records whole and cuts out what it shows; while hidden it only keeps them.

    Attributes
    ----------
    heading : InspectorHeading
    parts : InspectorParts

    Signals
    -------
    selection_changed(object)
        Selection that the person made here: a pixel, a weight, another channel.
    hover_changed(object)
        Selection under the mouse, or None.
    """

    selection_changed = pyqtSignal(object)
    hover_changed = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._icons: IconSet | None = None
        self._display = DisplaySettings()
        self._network: NetworkRecord | None = None
        self._weights: WeightsRecord | None = None
        self._record: ActivationRecord | None = None
        self._selection: Selection | None = None
        self._dead: Mapping[str, frozenset[int]] = MappingProxyType({})
        self._dead_drawings = 0
        self._hovered: Selection | None = None
        self._read_elsewhere = ""
        self._since = QElapsedTimer()  # since a record was shown
        self._pace = QTimer(self)
        self._pace.setSingleShot(True)
        self._pace.timeout.connect(self._show_newest)
        self.heading = InspectorHeading(self)
        self.parts = InspectorParts(self)
        self._content = QWidget(self)
        self._empty = QLabel(NOTHING_SELECTED, self)
        self._build_layout()
        self._connect_signals()
        self.set_theme(LIGHT)
        self._show_selection()

    def _build_layout(self) -> None:
        content = QVBoxLayout(self._content)
        content.setContentsMargins(MARGIN_PX, GRID_PX, MARGIN_PX, MARGIN_PX)
        content.setSpacing(GRID_PX)
        content.addWidget(self.heading)
        content.addWidget(self.parts, 1)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._content)
        layout.addWidget(self._empty)

    def _connect_signals(self) -> None:
        parts = self.parts
        self.heading.step_requested.connect(self._on_step_requested)
        parts.map.hover_changed.connect(self._on_cell_hovered)
        parts.map.pixel_chosen.connect(self._on_cell_chosen)
        parts.classes.class_chosen.connect(self._on_unit_chosen)
        parts.classes.hover_changed.connect(self._on_unit_hovered)
        parts.kernels.readout_changed.connect(self._on_readout_changed)
        parts.kernels.hover_changed.connect(self.hover_changed)
        parts.kernels.weight_chosen.connect(self._choose)
        parts.values.readout_changed.connect(self._on_readout_changed)

    def empty_text(self) -> str | None:
        """Return what stands in place of everything else; None if something is selected."""
        return None if self._node() is not None else self._empty.text()

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.heading.set_theme(theme)
        self.parts.set_theme(theme)
        palette = self._empty.palette()
        palette.setColor(self._empty.foregroundRole(), theme.color("text_muted"))
        self._empty.setPalette(palette)
        if self._icons is not None:
            self.set_icons(self._icons)

    def set_icons(self, icons: IconSet) -> None:
        """Use icons of `icons` on the buttons, text until then."""
        self._icons = icons
        back, on = (icons.icon(name, self._theme) for name in ("caret-left", "caret-right"))
        self.heading.set_icons(back, on, icons.icon("calculator", self._theme))
        self.parts.kernels.set_icons(back, on)

    def set_display(self, display: DisplaySettings) -> None:
        """Colour maps and kernels as `display` says."""
        self._display = display
        self.parts.kernels.set_display(display)
        self._show_record()

    def set_network(self, network: NetworkRecord) -> None:
        """Show another network: what was selected and known of the last one is gone.

        Where its nodes are the same as before, all stays until other values come.
        """
        stays = same_nodes(self._network, network)
        self._network = network
        self._dead = MappingProxyType({})
        self.parts.classes.set_names(network.class_names)
        if stays:
            self._show_dead()
        else:
            self._weights = self._record = self._selection = None
            self._show_selection()

    def set_weights(self, weights: WeightsRecord) -> None:
        """Show new weights."""
        self._weights = weights
        self._show_kernels()

    def set_record(self, record: ActivationRecord | None) -> None:
        """Show what the network answered; None if nothing is known."""
        self._record = record
        if not self.isVisible() or self._pace.isActive():
            return
        passed = self._since.elapsed() if self._since.isValid() else PACE_MS
        if self._selection is None or record is None or passed >= PACE_MS:
            self._show_newest()
        else:
            self._pace.start(PACE_MS - passed)

    def _show_newest(self) -> None:
        self._since.restart()
        self._show_record()

    def set_selection(self, selection: Selection | None) -> None:
        """Show another channel; one that the network doesn't have counts as None."""
        before = self._selection
        self._selection = selection if _exists(self._network, selection) else None
        if _channel_of(before) != _channel_of(self._selection):
            self._show_selection()
        else:
            self._show_spot()

    def set_dead(self, dead: Mapping[str, frozenset[int]], drawings: int) -> None:
        """Mark the channels that answered none of the last `drawings` drawings.

        Parameters
        ----------
        dead : mapping of node name to channels
            As `viewer.core.statistics.DeadChannels.dead` gives them.
        drawings : int
        """
        self._dead, self._dead_drawings = dead, drawings
        self._show_dead()

    def _node(self) -> Node | None:
        if self._network is None or self._selection is None:
            return None
        return self._network.node(self._selection.node)

    def _output(self, node: Node) -> FloatArray | None:
        """Return what the node answered, (C, H, W) or (N,), if it is known and fits."""
        found = None if self._record is None else self._record.outputs.get(node.name)
        return None if found is None or found.shape != node.output_shape else found

    def _gives_classes(self, node: Node) -> bool:
        network = self._network
        return network is not None and (node.kind is Kind.SOFTMAX or node.name == network.logits)

    def _show_selection(self) -> None:
        node, selection = self._node(), self._selection
        self._content.setVisible(node is not None)
        self._empty.setVisible(node is None)
        if node is None or selection is None:
            return
        self._hovered = None
        self.heading.set_node(node, selection.channel)
        is_map = len(node.output_shape) == 3
        self.parts.values.set_title(
            f"Values of channel {selection.channel}"
            if is_map
            else f"Values of all {node.output_shape[0]} units"
        )
        self._show_kernels()
        self._show_record()
        self._show_dead()

    def _show_kernels(self) -> None:
        selection, kernels = self._selection, None
        if selection is None or self._network is None:
            return
        if self._weights is not None:
            kernels = kernels_of(self._network, self._weights, selection.node, selection.channel)
        self.parts.set_kernels(kernels)
        self.parts.kernels.set_selected(selection)

    def _show_record(self) -> None:
        node, selection = self._node(), self._selection
        if node is None or selection is None:
            return
        output = self._output(node)
        if self._gives_classes(node):
            self._show_classes()
        elif output is None:
            self.parts.show_waiting()
        else:
            self._show_map(node, output, selection.channel)
        if output is None:
            self.parts.values.set_values(None)
        else:
            values = output[selection.channel] if output.ndim == 3 else output
            marked = selection.in_channel is None
            marker = float(value_at(output, selection)) if marked else None
            self.parts.values.set_values(values, marker)
        self._show_spot()

    def _show_map(self, node: Node, output: FloatArray, channel: int) -> None:
        assert self._network is not None
        assert self._record is not None
        scale = scale_of(self._network, self._record, node, channel, self._display)
        if output.ndim == 3:
            self.parts.map.set_map(output[channel], scale)
        else:
            self.parts.map.set_map(grid_of(output), scale, len(output))
        self.parts.show_map()

    def _show_classes(self) -> None:
        record, network = self._record, self._network
        assert network is not None
        logits = None if record is None else record.outputs.get(network.logits)
        probabilities = None if record is None else record.probabilities
        self.parts.classes.set_values(logits, probabilities)
        self.parts.show_classes()

    def _show_spot(self) -> None:
        """Outline the selected pixel, unit, class or weight, and say what is hovered."""
        node, selection = self._node(), self._selection
        if node is None or selection is None:
            return
        self.parts.classes.set_selected(selection.channel)
        self.parts.kernels.set_selected(selection)
        self.parts.map.set_selected(cell_of(node, selection))
        self._show_readout()

    def _show_readout(self) -> None:
        if self._read_elsewhere:  # a weight or a bin is under the mouse
            self.parts.set_readout(self._read_elsewhere)
            return
        node, selection = self._node(), self._hovered or self._selection
        if node is None or selection is None or selection.in_channel is not None:
            self.parts.set_readout("")
            return
        output = self._output(node)
        if output is None or self._network is None:
            self.parts.set_readout("")
        else:
            self.parts.set_readout(readout(self._network, node, selection, output))

    def _show_dead(self) -> None:
        selection = self._selection
        if selection is not None:
            dead = selection.channel in self._dead.get(selection.node, frozenset())
            self.parts.values.set_dead(dead, self._dead_drawings)

    def _choose(self, selection: Selection) -> None:
        self.set_selection(selection)
        self.selection_changed.emit(self._selection)

    def _on_step_requested(self, step: int) -> None:
        selection = self._selection
        if selection is None:
            return
        place = replace(selection, channel=selection.channel + step)
        if _exists(self._network, place):
            self._choose(place)

    def _on_cell_chosen(self, cell: Pixel) -> None:
        selection = self._at(cell)
        if selection is not None:
            self._choose(selection)

    def _on_unit_chosen(self, unit: int) -> None:
        if self._selection is not None:
            self._choose(Selection(self._selection.node, unit))

    def _on_cell_hovered(self, cell: Pixel | None) -> None:
        self._hover(None if cell is None else self._at(cell))

    def _on_unit_hovered(self, unit: int | None) -> None:
        known = self._selection
        self._hover(None if unit is None or known is None else Selection(known.node, unit))

    def _hover(self, selection: Selection | None) -> None:
        self._hovered = selection
        self._show_readout()
        self.hover_changed.emit(selection)

    def _on_readout_changed(self, text: str) -> None:
        self._read_elsewhere = text
        self._show_readout()

    def _at(self, cell: Pixel) -> Selection | None:
        """Return what a cell of the map stands for: a pixel, or a unit of the layer."""
        node, selection = self._node(), self._selection
        if node is None or selection is None:
            return None
        if len(node.output_shape) == 3:
            return Selection(node.name, selection.channel, *cell)
        return Selection(node.name, unit_at(node, cell))

    @override
    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self._show_record()  # records that came while hidden were only kept


def _exists(network: NetworkRecord | None, selection: Selection | None) -> bool:
    if network is None or selection is None:
        return False
    shapes = {node.name: node.output_shape for node in network.nodes}
    shape = shapes.get(selection.node)
    if shape is None or not 0 <= selection.channel < shape[0]:
        return False
    if selection.in_channel is not None or len(shape) != 3:
        return True
    return 0 <= selection.y < shape[1] and 0 <= selection.x < shape[2]


def _channel_of(selection: Selection | None) -> tuple[str, int] | None:
    return None if selection is None else (selection.node, selection.channel)
