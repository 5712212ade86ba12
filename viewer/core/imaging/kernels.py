"""All kernels of a layer as one picture: a filter a row, its input channels side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewer.core.imaging.mosaic import GAP_PX, Colors, Grid, Mosaic
from viewer.core.records import Kind, Node

# Between filters side by side, in pixels of the kernels: more than between two kernels.
FILTER_GAP_PX = 3

# Weights beyond this many are not drawn: nobody can look at them, and a dense layer of
# VGG-16 alone has 103 million.
MAX_WEIGHTS = 262_144

# From one map to a vector without another order of the values.
_ORDER_KEEPING = (Kind.FLATTEN, Kind.DROPOUT, Kind.ACTIVATION)


@dataclass(frozen=True, slots=True)
class KernelMatrix:
    """Where each kernel of a layer is in the picture of its weights.

    Attributes
    ----------
    outputs, inputs : int
        Filters, and kernels (input channels) in each.
    height, width : int
        Of a kernel.
    columns : int
        Filters side by side; with one, rows are filters and columns input channels.
    """

    outputs: int
    inputs: int
    height: int
    width: int
    columns: int = 1

    @property
    def gap(self) -> int:
        """Pixels between kernels; none between single weights."""
        return GAP_PX if self.height > 1 or self.width > 1 else 0

    @property
    def grid(self) -> Grid:
        """The filters as tiles; each a strip of kernels."""
        strip = self.inputs * (self.width + self.gap) - self.gap
        gap_x = FILTER_GAP_PX if self.inputs > 1 else self.gap
        return Grid(self.outputs, self.height, strip, self.columns, self.gap, gap_x)

    def origin(self, channel: int, in_channel: int) -> tuple[int, int]:
        """Return the (y, x) of a kernel's top left pixel in the picture."""
        y, x = self.grid.origin(channel)
        return y, x + in_channel * (self.width + self.gap)

    def at(self, y: int, x: int) -> tuple[int, int, int, int] | None:
        """Return (channel, in_channel, ky, kx) of the weight at a pixel; None in a gap."""
        found = self.grid.at(y, x)
        if found is None:
            return None
        channel, ky, strip_x = found
        in_channel, kx = divmod(strip_x, self.width + self.gap)
        return None if kx >= self.width else (channel, in_channel, ky, kx)

    def mosaic(self, colors: Colors, gap_color: int, empty_color: int) -> Mosaic:
        """Return the picture.

        Parameters
        ----------
        colors : (outputs, inputs, height, width) uint32, 0xFFRRGGBB
        gap_color, empty_color : int
            As of `Mosaic`.
        """
        mosaic = Mosaic(self.grid, gap_color, empty_color)
        padded = np.full(
            (self.outputs, self.height, self.inputs, self.width + self.gap), gap_color, np.uint32
        )
        padded[..., : self.width] = colors.transpose(0, 2, 1, 3)
        strips = padded.reshape(self.outputs, self.height, -1)  # (outputs, height, strip + gap)
        mosaic.fill(strips[:, :, : self.grid.width])
        return mosaic


def kernel_matrix(node: Node, nodes: Mapping[str, Node]) -> KernelMatrix | None:
    """Return how the weights of a node are laid out, one filter in a row.

    A dense layer behind maps that were flattened has kernels too: as large as those maps.

    Parameters
    ----------
    node : Node
    nodes : mapping of name to Node
        The whole network.

    Returns
    -------
    KernelMatrix or None
        None for a node without kernels, or with too many to look at.
    """
    matrix = weights_matrix(node, nodes)
    if matrix is None or math.prod(kernel_shape(matrix)) > MAX_WEIGHTS:
        return None
    return matrix


def weights_matrix(node: Node, nodes: Mapping[str, Node]) -> KernelMatrix | None:
    """Return how the weights of a node are seen, as `kernel_matrix`, however many there are."""
    if not node.inputs or node.inputs[0] not in nodes or not node.parameters:
        return None
    if node.kind is Kind.CONVOLUTION and node.window is not None and len(node.output_shape) == 3:
        in_channels = nodes[node.inputs[0]].output_shape[0] // node.window.groups
        return KernelMatrix(node.output_shape[0], in_channels, *node.window.kernel_size)
    if node.kind is Kind.DENSE and len(node.output_shape) == 1:
        return KernelMatrix(node.output_shape[0], *_flattened_shape(node, nodes))
    return None


def kernel_shape(matrix: KernelMatrix) -> tuple[int, int, int, int]:
    """Return the shape that the weights of a layer are seen in: (out, in, height, width)."""
    return matrix.outputs, matrix.inputs, matrix.height, matrix.width


def as_kernels(weights: NDArray[np.float32], matrix: KernelMatrix) -> NDArray[np.float32]:
    """Return `weights` as (out, in, height, width), a view."""
    return weights.reshape(kernel_shape(matrix))


def _flattened_shape(node: Node, nodes: Mapping[str, Node]) -> tuple[int, int, int]:
    source = nodes[node.inputs[0]]
    units = math.prod(source.output_shape)
    while len(source.output_shape) == 1 and source.kind in _ORDER_KEEPING and source.inputs:
        source = nodes[source.inputs[0]]
    if len(source.output_shape) == 3 and math.prod(source.output_shape) == units:
        channels, height, width = source.output_shape
        return channels, height, width
    return units, 1, 1
