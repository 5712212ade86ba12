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

from viewer.core.card_layout import tiles_shape
from viewer.core.imaging.display import DisplaySettings, Scope
from viewer.core.imaging.layer_scales import LayerScales
from viewer.core.records import Kind, Selection, same_nodes
from viewer.widgets.inspector.heading import InspectorHeading
from viewer.widgets.inspector.model import (
    cell_of,
    channel_of,
    exists,
    grid_of,
    kernels_of,
    output_of,
    readout,
    selection_in,
    value_at,
    values_title,
)
from viewer.widgets.inspector.parts import InspectorParts
from viewer.widgets.map_geometry import Pixel
from viewer.widgets.theme import GRID_PX, LIGHT

if TYPE_CHECKING:
    from viewer.core.imaging.color_scale import ColorScale
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
# Of the whole network's, to be looked at in one go: a few milliseconds.
LOOK_VALUES = 4_000_000
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
        self._scales = LayerScales()
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
        self._layout = layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._content)
        layout.addWidget(self._empty)

    def _connect_signals(self) -> None:
        parts = self.parts
        self.heading.step_requested.connect(self._on_step_requested)
        parts.map.hover_changed.connect(self._on_cell_hovered)
        parts.map.pixel_chosen.connect(self._on_cell_chosen)
        parts.browse.toggled.connect(self._show_record)
        parts.channels.channel_chosen.connect(self._on_channel_chosen)
        parts.channels.channel_opened.connect(self._on_channel_opened)
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
        self.parts.set_browse_icon(icons.icon("grid-four", self._theme))
        self.parts.channels.set_icons(icons, self._theme)
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
        self._scales.set(record, self._display)  # which lets go of the record before
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
        self._selection = selection if exists(self._network, selection) else None
        if channel_of(before) != channel_of(self._selection):
            if before is None or selection is None or before.node != selection.node:
                self._show_layer()
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

    def _gives_classes(self, node: Node) -> bool:
        network = self._network
        return network is not None and (node.kind is Kind.SOFTMAX or node.name == network.logits)

    def _show_layer(self) -> None:
        """Show the channels of another layer."""
        node = self._node()
        if node is not None:
            count = tiles_shape(node.output_shape)[0]
            self.parts.browse.setEnabled(count > 1 and not self._gives_classes(node))
            self.parts.channels.set_layer(count)

    def _show_selection(self) -> None:
        node, selection = self._node(), self._selection
        self._content.setVisible(node is not None)
        self._empty.setVisible(node is None)
        if node is None or selection is None:
            return
        self._hovered = None
        self.heading.set_node(node, selection.channel)
        self.parts.values.set_title(values_title(node, selection.channel))
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
        output = output_of(self._record, node)
        if self._gives_classes(node):
            self._show_classes()
        elif output is None:
            self.parts.show_waiting()
        else:
            self._show_map(node, output, selection.channel)
        if output is None:
            self.parts.channels.set_maps(None, None)
            self.parts.values.set_values(None)
        else:
            values = output[selection.channel] if output.ndim == 3 else output
            marked = selection.in_channel is None
            marker = float(value_at(output, selection)) if marked else None
            self.parts.values.set_values(values, marker)
        self._show_spot()

    def _show_map(self, node: Node, output: FloatArray, channel: int) -> None:
        scale = self._scale(node, output)
        if scale is None:  # the whole network's, which is not known yet: a little later
            self._pace.start(0)
            return
        if self._browses(node):
            self.parts.channels.set_maps(output.reshape(tiles_shape(output.shape)), scale)
            self.parts.show_channels()
            return
        if output.ndim == 3:
            self.parts.map.set_map(output[channel], scale.of_channel(channel))
        elif output.ndim == 2:
            self.parts.map.set_map(output, scale)
        else:
            self.parts.map.set_map(grid_of(output), scale, len(output))
        self.parts.show_map()

    def _scale(self, node: Node, output: FloatArray) -> ColorScale | None:
        """Return the colours of a layer, those that its card has; None if not known yet."""
        assert self._network is not None
        assert self._record is not None
        self._scales.set(self._record, self._display)
        if self._display.scope is Scope.NETWORK:
            self._scales.look(self._network.nodes, self._record.outputs.get, LOOK_VALUES)
        return self._scales.scale(node, output)

    def _browses(self, node: Node) -> bool:
        return self.parts.browse.isChecked() and tiles_shape(node.output_shape)[0] > 1

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
        self.parts.channels.set_selected(selection.channel)
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
        output = output_of(self._record, node)
        if output is None or self._network is None:
            self.parts.set_readout("")
        else:
            self.parts.set_readout(readout(self._network, node, selection, output))

    def _show_dead(self) -> None:
        selection = self._selection
        if selection is not None:
            dead = self._dead.get(selection.node, frozenset())
            self.parts.channels.set_dead(dead)
            self.parts.values.set_dead(selection.channel in dead, self._dead_drawings)

    def _choose(self, selection: Selection) -> None:
        self.set_selection(selection)
        self.selection_changed.emit(self._selection)

    def _on_step_requested(self, step: int) -> None:
        selection = self._selection
        if selection is None:
            return
        place = replace(selection, channel=selection.channel + step)
        if exists(self._network, place):
            self._choose(place)

    def _on_channel_chosen(self, channel: int) -> None:
        selection = self._selection
        if selection is not None:
            place = replace(selection, channel=channel, in_channel=None)
            self._choose(place if exists(self._network, place) else Selection(place.node, channel))

    def _on_channel_opened(self, channel: int) -> None:
        self._on_channel_chosen(channel)
        self.parts.browse.setChecked(False)

    def _on_cell_chosen(self, cell: Pixel) -> None:
        selection = selection_in(self._node(), self._selection, cell)
        if selection is not None:
            self._choose(selection)

    def _on_unit_chosen(self, unit: int) -> None:
        if self._selection is not None:
            self._choose(Selection(self._selection.node, unit))

    def _on_cell_hovered(self, cell: Pixel | None) -> None:
        self._hover(None if cell is None else selection_in(self._node(), self._selection, cell))

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

    @override
    def heightForWidth(self, width: int) -> int:
        # Before anything has to be scrolled away, the map gets smaller.
        return self._layout.minimumHeightForWidth(width)

    @override
    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self._show_record()  # records that came while hidden were only kept
