"""What the inspector says about a selected channel: texts, grids, and where its kernels are."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from viewer.core.card_layout import tiles_shape
from viewer.core.imaging.color_scale import ColorScale, scale_for
from viewer.core.imaging.display import DisplaySettings, Scope
from viewer.core.imaging.layer_scales import display_of
from viewer.core.imaging.numbers import format_exact
from viewer.core.records import Kind, Selection, WeightsKind

if TYPE_CHECKING:
    from viewer.core.records import (
        ActivationRecord,
        FloatArray,
        NetworkRecord,
        Node,
        WeightsRecord,
    )

# What goes in at a place comes out at the same channel, so the kernels are those of its input.
_CHANNEL_KEEPING = frozenset({Kind.ACTIVATION, Kind.NORMALISATION, Kind.POOLING, Kind.DROPOUT})
# The same for single values: behind these, a unit still stands for one pixel of a map.
_VALUE_KEEPING = frozenset({Kind.FLATTEN, Kind.DROPOUT, Kind.ACTIVATION})


@dataclass(frozen=True, slots=True)
class Kernels:
    """The weights that make one channel or unit.

    Attributes
    ----------
    node : str
        Name of the layer that they belong to.
    channel : int
        Which filter or unit of that layer.
    values : (K, kH, kW) float32
        One kernel for each input channel. A dense unit's weights are in the shape of the
        maps that they were flattened from, or else in rows of one grid, padded with NaN.
    all_weights : float32, any shape
        Those of the whole layer, for the scale of its colours.
    bias : float or None
    first_channel : int
        Input channel of the first kernel: not 0 in a grouped convolution.
    dense : bool
        Whether they are the weights of a dense unit.
    unit_inputs : int or None
        How many units a dense unit reads that has no maps behind it; None otherwise.
    source : str
        Name of the node that they read.
    kind : WeightsKind
        What the numbers are.
    """

    node: str
    channel: int
    values: FloatArray
    all_weights: FloatArray
    bias: np.float32 | None
    first_channel: int
    dense: bool
    unit_inputs: int | None
    source: str
    kind: WeightsKind = WeightsKind.WEIGHTS

    def input_name(self, kernel: int, y: int, x: int) -> str:
        """Return what a weight reads: ``channel 3, y 1, x 2`` or ``unit 17``."""
        if self.unit_inputs is not None:
            return f"unit {y * self.values.shape[2] + x}"
        return f"channel {self.first_channel + kernel}, y {y}, x {x}"

    def in_channel(self, kernel: int, y: int, x: int) -> int:
        """Return what `Selection.in_channel` is for a weight: its place in the filter."""
        return kernel if self.unit_inputs is None else y * self.values.shape[2] + x

    def spot_of(self, selection: Selection) -> tuple[int, int, int] | None:
        """Return (kernel, y, x) of a selected weight; None if it isn't one of these."""
        if selection.in_channel is None or selection.node != self.node:
            return None
        spot = (selection.in_channel, selection.y, selection.x)
        if self.unit_inputs is not None:
            spot = (0, *divmod(selection.in_channel, self.values.shape[2]))
        inside = all(0 <= i < n for i, n in zip(spot, self.values.shape, strict=True))
        return spot if inside and selection.channel == self.channel else None

    def strongest(self, count: int) -> list[tuple[str, np.float32]]:
        """Return the `count` weights of largest magnitude, each with what it reads."""
        flat = np.nan_to_num(np.abs(self.values.ravel()), nan=-1.0)
        order = np.argsort(-flat, kind="stable")[: min(count, self._size())]
        found = []
        for place in order:
            kernel, y, x = (int(i) for i in np.unravel_index(place, self.values.shape))
            found.append((self.input_name(kernel, y, x), self.values[kernel, y, x]))
        return found

    def _size(self) -> int:
        return self.values.size if self.unit_inputs is None else self.unit_inputs


def heading(node: Node, channel: int) -> str:
    """Return ``channel 5 of 32`` or ``unit 3 of 10``; channels count from 0 as in PyTorch."""
    if len(node.output_shape) == 2:
        return f"{node.output_shape[0]} tokens of {node.output_shape[1]}"
    noun = "channel" if len(node.output_shape) == 3 else "unit"
    return f"{noun} {channel} of {node.output_shape[0]}"


def exists(network: NetworkRecord | None, selection: Selection | None) -> bool:
    """Return whether a network has what is selected."""
    if network is None or selection is None:
        return False
    shapes = {node.name: node.output_shape for node in network.nodes}
    shape = shapes.get(selection.node)
    if shape is None:
        return False
    channels, height, width = tiles_shape(shape)
    if selection.in_channel is not None or len(shape) == 1:
        return 0 <= selection.channel < channels
    inside = 0 <= selection.y < height and 0 <= selection.x < width
    return inside and 0 <= selection.channel < channels


def values_title(node: Node, channel: int) -> str:
    """Return what the values are of, of which statistics are shown."""
    if len(node.output_shape) == 3:
        return f"Values of channel {channel}"
    count = node.output_shape[0]
    return f"Values of all {count} {'units' if len(node.output_shape) == 1 else 'tokens'}"


def channel_of(selection: Selection | None) -> tuple[str, int] | None:
    """Return the layer and the channel of a selection."""
    return None if selection is None else (selection.node, selection.channel)


def description(node: Node) -> str:
    """Return type, output shape, parameters and settings of a node in one line."""
    parts = [node.type_name, " × ".join(map(str, node.output_shape))]
    if node.parameters:
        parts.append(f"{node.parameters:,} parameters")
    parts += [f"{key} {value}" for key, value in node.settings.items()]
    return " · ".join(parts)


def percent(share: float) -> str:
    """Return a share of 1 as a percentage that never rounds something to nothing or all."""
    if not math.isfinite(share):
        return "NaN"
    if 0 < share < 0.00005:
        return "< 0.01 %"
    if 0.99995 <= share < 1:
        return "> 99.99 %"
    return f"{share * 100:.{0 if share in (0, 1) else 2}f} %"


def scale_of(
    network: NetworkRecord,
    record: ActivationRecord,
    node: Node,
    channel: int,
    display: DisplaySettings,
) -> ColorScale:
    """Return the colours of a channel: those that its layer's card has.

    Parameters
    ----------
    network : NetworkRecord
    record : ActivationRecord
        Has an output of `node`.
    node : Node
    channel : int
    display : DisplaySettings
    """
    output = record.outputs[node.name]
    display, limits = display_of(network, record, node, display)
    own = display.scope is Scope.CHANNEL and output.ndim == 3
    values = output[channel] if own else output
    layer_wide = replace(display, scope=Scope.LAYER)
    return scale_for(values, signed=node.signed, settings=layer_wide, limits=limits)


def value_at(output: FloatArray, selection: Selection) -> np.float32:
    """Return the selected value of a layer's output, (C, H, W), (L, D) or (N,)."""
    if output.ndim == 2:
        token: np.float32 = output[selection.y, selection.x]
        return token
    if output.ndim == 3:
        found: np.float32 = output[selection.channel, selection.y, selection.x]
        return found
    unit: np.float32 = output[selection.channel]
    return unit


def readout(network: NetworkRecord, node: Node, selection: Selection, output: FloatArray) -> str:
    """Return where the selected value of `output` is, and the value with all its digits."""
    value = format_exact(float(value_at(output, selection)))
    if output.ndim == 2:
        return f"token {selection.y}, value {selection.x}: {value}"
    if output.ndim == 3:
        return f"y {selection.y}, x {selection.x}: {value}"
    if node.kind is Kind.SOFTMAX:
        return f"probability of class {network.class_names[selection.channel]}: {value}"
    if node.name == network.logits:
        return f"logit of class {network.class_names[selection.channel]}: {value}"
    return f"unit {selection.channel}: {value}"


def cell_of(node: Node, selection: Selection) -> tuple[int, int] | None:
    """Return the selected cell of the map, (y, x); None for a weight, which is in no map."""
    if selection.in_channel is not None:
        return None
    if len(node.output_shape) >= 2:
        return selection.y, selection.x
    return divmod(selection.channel, grid_columns(node.output_shape[0]))


def unit_at(node: Node, cell: tuple[int, int]) -> int:
    """Return which unit of `node` a cell of its grid is."""
    return cell[0] * grid_columns(node.output_shape[0]) + cell[1]


def selection_in(
    node: Node | None, selection: Selection | None, cell: tuple[int, int]
) -> Selection | None:
    """Return what a cell of the map stands for: a pixel, or a unit of the layer."""
    if node is None or selection is None:
        return None
    if len(node.output_shape) >= 2:
        return Selection(node.name, selection.channel, *cell)
    return Selection(node.name, unit_at(node, cell))


def output_of(record: ActivationRecord | None, node: Node) -> FloatArray | None:
    """Return what the node answered, (C, H, W), (L, D) or (N,), if it is known and fits."""
    found = None if record is None else record.outputs.get(node.name)
    return None if found is None or found.shape != node.output_shape else found


def grid_columns(count: int) -> int:
    """Return how many columns a nearly square grid of `count` units has."""
    columns = min(count, max(1, math.ceil(math.sqrt(count))))
    # A full last row is worth a slightly longer grid: 128 units as 8 × 16.
    for candidate in range(columns, 2 * columns + 1):
        if count % candidate == 0:
            return candidate
    return columns


def grid_of(units: FloatArray) -> FloatArray:
    """Return units, (N,), in rows of a nearly square grid, (rows, columns), padded with NaN."""
    count, columns = len(units), grid_columns(len(units))
    rows = -(-count // columns)
    padded = np.full(rows * columns, np.nan, np.float32)
    padded[:count] = units
    return padded.reshape(rows, columns)


def kernels_of(
    network: NetworkRecord, weights: WeightsRecord, name: str, channel: int
) -> Kernels | None:
    """Return the kernels that make channel `channel` of node `name`; None if it has none.

    An activation, a pooling or a normalisation shows those of the layer that it follows.
    """
    found = _kernels_of(network, weights, name, channel)
    return None if found is None else replace(found, kind=weights.kind)


def _kernels_of(
    network: NetworkRecord, weights: WeightsRecord, name: str, channel: int
) -> Kernels | None:
    node = _maker(network, name)
    if node is None or node.name not in weights.weights:
        return None
    values = weights.weights[node.name]
    if not 0 <= channel < len(values):
        return None
    biases = weights.biases.get(node.name)
    bias = None if biases is None else biases[channel]
    source = node.inputs[0] if node.inputs else ""
    if node.kind is Kind.CONVOLUTION and values.ndim == 4:
        groups = node.window.groups if node.window else 1
        first = channel // (len(values) // groups) * values.shape[1]
        return Kernels(
            node.name, channel, values[channel], values, bias, first, False, None, source
        )
    if node.kind is Kind.DENSE and values.ndim == 2:
        return _dense_kernels(network, node, values, channel, bias)
    return None


def _dense_kernels(
    network: NetworkRecord, node: Node, values: FloatArray, unit: int, bias: np.float32 | None
) -> Kernels:
    source = _flattened_maps(network, node)
    row = values[unit]  # (in,)
    if source is not None and math.prod(source.output_shape) == row.size:
        maps = row.reshape(source.output_shape)  # (C, H, W)
        return Kernels(node.name, unit, maps, values, bias, 0, True, None, source.name)
    grid = grid_of(row)[np.newaxis]
    return Kernels(node.name, unit, grid, values, bias, 0, True, row.size, node.inputs[0])


def _maker(network: NetworkRecord, name: str) -> Node | None:
    """Return the convolution or dense layer whose channels those of node `name` are."""
    nodes = {node.name: node for node in network.nodes}
    node = nodes.get(name)
    while node is not None and node.kind in _CHANNEL_KEEPING | {Kind.SOFTMAX}:
        following = [nodes[i] for i in node.inputs if i in nodes]
        if len(following) != 1 or following[0].output_shape[:1] != node.output_shape[:1]:
            return None
        node = following[0]
    return node


def _flattened_maps(network: NetworkRecord, node: Node) -> Node | None:
    """Return the maps that a dense layer reads, flattened; None if it reads other units."""
    nodes = {item.name: item for item in network.nodes}
    before = nodes.get(node.inputs[0]) if node.inputs else None
    while before is not None and len(before.output_shape) == 1:
        keeps = before.kind in _VALUE_KEEPING and before.inputs
        before = nodes.get(before.inputs[0]) if keeps else None
    return before
