"""One filter of a convolution, or one window of a pooling layer, sliding over its input."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from viewer.core.explain.padding import PaddingMode, is_inside, padding_mode, window_places
from viewer.core.explain.pooling_window import is_average, is_maximum
from viewer.core.records import Kind, NetworkRecord, Node

# What goes in at a place comes out there: these show the layer that makes their maps.
_PLACE_KEEPING = frozenset({Kind.ACTIVATION, Kind.NORMALISATION, Kind.DROPOUT})


class Operation(StrEnum):
    """What is done with the values under the window."""

    CONVOLUTION = "convolution"
    MAXIMUM = "maximum"
    AVERAGE = "average"


@dataclass(frozen=True, slots=True)
class Footprint:
    """Where the window lies for one cell of the map.

    Attributes
    ----------
    rows : (kH,) int
        Rows of the input that it covers; below 0 or beyond the last one for padding.
    columns : (kW,) int
    inside : (kH, kW) bool
        False where it covers padding.
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    inside: NDArray[np.bool_]

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """Top, left, bottom and right; the ends are not included, the gaps are."""
        rows, columns = self.rows, self.columns
        return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


@dataclass(frozen=True, slots=True)
class Slide:
    """How one filter slides: all that does not depend on values.

    Attributes
    ----------
    node : Node
        The convolution or pooling layer.
    source : Node
        The layer whose output it slides over.
    channel : int
        Filter: channel of the map that it makes.
    in_channels : range
        Input channels that the filter reads: those of its group; of pooling, its own.
    operation : Operation
    """

    node: Node
    source: Node
    channel: int
    in_channels: range
    operation: Operation

    @property
    def input_shape(self) -> tuple[int, int]:
        """Height and width of the input, without padding."""
        return self.source.output_shape[1], self.source.output_shape[2]

    @property
    def map_shape(self) -> tuple[int, int]:
        """Height and width of the map."""
        return self.node.output_shape[1], self.node.output_shape[2]

    @property
    def count(self) -> int:
        """Number of positions of the window."""
        return math.prod(self.map_shape)

    @property
    def stride(self) -> tuple[int, int]:
        """Cells from one position to the next; (1, 1) for adaptive pooling, which varies."""
        return (1, 1) if self.node.window is None else self.node.window.stride

    @property
    def dilation(self) -> tuple[int, int]:
        """Distance of neighbouring taps."""
        return (1, 1) if self.node.window is None else self.node.window.dilation

    @property
    def padding(self) -> tuple[int, int]:
        """Cells of padding above and to the left."""
        return (0, 0) if self.node.window is None else self.node.window.padding

    def cell(self, position: int) -> tuple[int, int]:
        """Return (y, x) of the map's cell number `position`, counted row by row."""
        y, x = divmod(position, self.map_shape[1])
        return y, x

    def position(self, y: int, x: int) -> int:
        """Return the number of a cell of the map."""
        return y * self.map_shape[1] + x

    @property
    def padding_mode(self) -> PaddingMode:
        """What stands in the padding of a convolution."""
        return padding_mode(self.node)

    def footprint(self, y: int, x: int) -> Footprint:
        """Return where the window lies for the cell (y, x) of the map."""
        height, width = self.input_shape
        rows, columns = self._taps(0, y), self._taps(1, x)
        return Footprint(
            rows, columns, is_inside(rows, height)[:, None] & is_inside(columns, width)
        )

    def nearest(self, row: float, column: float) -> tuple[int, int]:
        """Return the cell of the map whose window has its middle nearest to a place.

        Parameters
        ----------
        row, column : float
            In cells of the input; the middle of the first cell is 0.5.
        """
        best = []
        for axis, place in enumerate((row, column)):
            ends = [self._taps(axis, i)[[0, -1]] for i in range(self.map_shape[axis])]
            best.append(min(range(len(ends)), key=lambda i: abs(ends[i].sum() + 1 - 2 * place)))
        return best[0], best[1]

    @property
    def extent(self) -> tuple[int, int, int, int]:
        """Top, left, bottom, right of the input with its padding; the ends are not included.

        The last window may reach beyond it ("same" of an even kernel, pooling that rounds
        up): then the extent does too.
        """
        height, width = self.input_shape
        last = self.footprint(self.map_shape[0] - 1, self.map_shape[1] - 1).bounds
        down, across = self.padding
        return -down, -across, max(last[2], height + down), max(last[3], width + across)

    def _taps(self, axis: int, i: int) -> NDArray[np.intp]:
        window = self.node.window
        if window is not None:
            return window_places(window, axis, i)
        # Adaptive pooling: the input in as many, nearly equal parts as there are outputs.
        length, parts = self.input_shape[axis], self.map_shape[axis]
        return np.arange(math.floor(i * length / parts), math.ceil((i + 1) * length / parts))


def slidable(network: NetworkRecord) -> tuple[Node, ...]:
    """Return the layers whose windows can be shown sliding, in order of execution."""
    shapes = {node.name: node.output_shape for node in network.nodes}
    return tuple(node for node in network.nodes if _slides(node, shapes))


def _slides(node: Node, shapes: dict[str, tuple[int, ...]]) -> bool:
    if node.kind is not Kind.CONVOLUTION and node.kind is not Kind.POOLING:
        return False
    if len(node.inputs) != 1 or len(node.output_shape) != 3:
        return False
    return len(shapes[node.inputs[0]]) == 3 and (
        node.window is not None if node.kind is Kind.CONVOLUTION else _is_known(node)
    )


def _is_known(node: Node) -> bool:
    return is_average(node) or is_maximum(node)


def slide_of(network: NetworkRecord, name: str, channel: int) -> Slide | None:
    """Return how the filter slides that makes a map.

    Parameters
    ----------
    network : NetworkRecord
    name : str
        Of a convolution or pooling layer; of an activation, a normalisation or a dropout the
        layer before it is taken.
    channel : int
        Channel of the map.

    Returns
    -------
    Slide or None
        None if nothing slides there.
    """
    nodes = {node.name: node for node in network.nodes}
    can = {node.name for node in slidable(network)}
    node = nodes.get(name)
    while node is not None and node.kind in _PLACE_KEEPING and len(node.inputs) == 1:
        node = nodes.get(node.inputs[0])
    if node is None or node.name not in can or not 0 <= channel < node.output_shape[0]:
        return None
    source = nodes[node.inputs[0]]
    if node.kind is Kind.CONVOLUTION:
        channels = _group(node, source, channel)
        return Slide(node, source, channel, channels, Operation.CONVOLUTION)
    operation = Operation.AVERAGE if is_average(node) else Operation.MAXIMUM
    return Slide(node, source, channel, range(channel, channel + 1), operation)


def _group(node: Node, source: Node, channel: int) -> range:
    groups = 1 if node.window is None else node.window.groups
    each = source.output_shape[0] // groups
    first = channel // (node.output_shape[0] // groups) * each
    return range(first, first + each)
