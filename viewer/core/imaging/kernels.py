"""All kernels of a layer as one picture: a filter a row, its input channels side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from viewer.core.imaging.color_scale import NOT_FINITE_COLOR
from viewer.core.imaging.mosaic import GAP_PX, Colors, Grid, Mosaic
from viewer.core.records import Kind, Node

# Between filters side by side, in pixels of the kernels: more than between two kernels.
FILTER_GAP_PX = 3

# Of more weights than this an excerpt is drawn: nobody can look at them all, and a dense
# layer of VGG-16 alone has 103 million.
MAX_WEIGHTS = 262_144
MAX_KERNELS = 4096  # of a convolution, other than 1 × 1; an excerpt beyond
EXCERPT_PX = 256  # width and height of an excerpt's picture, in its own pixels
COLOR_CHANNELS = 3

# From pixels to pixels, each by itself.
_PIXEL_KEEPING = (Kind.NORMALISATION, Kind.OTHER, Kind.DROPOUT)

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
    total : (outputs, inputs) or None
        Of the whole layer, where this is an excerpt: its first filters and input channels.
    color : bool
        Whether the three kernels of a filter are shown as one, in red, green and blue.
    """

    outputs: int
    inputs: int
    height: int
    width: int
    columns: int = 1
    total: tuple[int, int] | None = None
    color: bool = False

    @property
    def whole(self) -> tuple[int, int, int, int]:
        """Shape that all the layer's weights are seen in: (out, in, height, width)."""
        inputs = COLOR_CHANNELS if self.color else self.inputs
        return (*(self.total or (self.outputs, inputs)), self.height, self.width)

    @property
    def note(self) -> str:
        """What is shown of what there is; empty for all of it."""
        if self.total is None:
            return ""
        outputs, inputs = self.total
        noun = "rows" if self.height == self.width == 1 else "filters"
        filters = f"first {self.outputs:,} of {outputs:,} {noun}"
        if self.color or self.inputs == inputs:
            return filters
        return f"{filters}, {self.inputs:,} of {inputs:,} inputs"

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
        return y, x + (0 if self.color else in_channel) * (self.width + self.gap)

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


def card_matrix(node: Node, nodes: Mapping[str, Node]) -> KernelMatrix | None:
    """Return how the weights of a node are laid out on its card.

    Of a layer with too many weights to look at, that is an excerpt; kernels that read the
    three channels of a colour image are shown in colour.

    Parameters
    ----------
    node : Node
    nodes : mapping of name to Node
        The whole network.
    """
    matrix = weights_matrix(node, nodes)
    if matrix is None:
        return None
    if node.kind is Kind.CONVOLUTION and _reads_colors(node, nodes):
        most = EXCERPT_PX**2 // ((matrix.height + matrix.gap) * (matrix.width + matrix.gap))
        total = (matrix.outputs, matrix.inputs) if matrix.outputs > most else None
        return replace(matrix, outputs=min(matrix.outputs, most), inputs=1, color=True, total=total)
    if not _is_too_much(matrix, node.kind):
        return matrix
    # Of a convolution half as high as wide: the maps are more worth the room.
    down_px = EXCERPT_PX // 2 if node.kind is Kind.CONVOLUTION else EXCERPT_PX
    outputs = min(matrix.outputs, max(1, down_px // (matrix.height + matrix.gap)))
    inputs = min(matrix.inputs, max(1, EXCERPT_PX // (matrix.width + matrix.gap)))
    total = matrix.outputs, matrix.inputs
    return replace(matrix, outputs=outputs, inputs=inputs, total=total)


def _is_too_much(matrix: KernelMatrix, kind: Kind) -> bool:
    """Return whether the kernels would take more room than the maps that they make."""
    if math.prod(kernel_shape(matrix)) > MAX_WEIGHTS:
        return True
    single = matrix.height == matrix.width == 1
    many = EXCERPT_PX**2 if single else MAX_KERNELS
    return kind is Kind.CONVOLUTION and matrix.outputs * matrix.inputs > many


def _reads_colors(node: Node, nodes: Mapping[str, Node]) -> bool:
    """Return whether a layer's input is a colour image, normalised or not."""
    source = nodes[node.inputs[0]]
    while source.output_shape[0] == COLOR_CHANNELS and source.kind in _PIXEL_KEEPING:
        if not source.inputs or source.inputs[0] not in nodes:
            break
        source = nodes[source.inputs[0]]
    ungrouped = node.window is not None and node.window.groups == 1
    return ungrouped and source.kind is Kind.INPUT and source.output_shape[0] == COLOR_CHANNELS


def color_kernels(weights: NDArray[np.float32], *, own_scale: bool = False) -> Colors:
    """Return kernels that read red, green and blue as pictures in these colours.

    Zero is the middle grey; the largest magnitude is full colour or none.

    Parameters
    ----------
    weights : (out, 3, height, width) float32
    own_scale : bool
        Whether the largest magnitude is each filter's own, in place of all filters'.

    Returns
    -------
    (out, 1, height, width) uint32, 0xFFRRGGBB
        What is not finite is magenta, as on every scale of colours.
    """
    finite = np.isfinite(weights)
    magnitudes = np.where(finite, np.abs(weights), 0)
    largest = magnitudes.max(axis=(1, 2, 3), keepdims=True) if own_scale else magnitudes.max()
    largest = np.maximum(largest, np.finfo(np.float32).tiny)
    shares = np.where(finite, weights, 0) / largest  # -1 to 1
    red, green, blue = np.round((shares + 1) * 127.5).astype(np.uint32).transpose(1, 0, 2, 3)
    colors: Colors = 0xFF000000 | red << 16 | green << 8 | blue  # (out, height, width)
    colors[~finite.all(axis=1)] = NOT_FINITE_COLOR
    return colors[:, np.newaxis]


def kernel_shape(matrix: KernelMatrix) -> tuple[int, int, int, int]:
    """Return the shape that the weights of a layer are seen in: (out, in, height, width)."""
    return matrix.outputs, matrix.inputs, matrix.height, matrix.width


def as_kernels(weights: NDArray[np.float32], matrix: KernelMatrix) -> NDArray[np.float32]:
    """Return the part of `weights` that is shown, a view.

    Parameters
    ----------
    weights : (out, in, height, width) float32
        Or (out, in · height · width), of a dense layer.
    matrix : KernelMatrix

    Returns
    -------
    (out, in, height, width) float32
        Of the filters and channels that are shown; kernels in colour have all three channels.
    """
    inputs = COLOR_CHANNELS if matrix.color else matrix.inputs
    return weights.reshape(matrix.whole)[: matrix.outputs, :inputs]


def _flattened_shape(node: Node, nodes: Mapping[str, Node]) -> tuple[int, int, int]:
    source = nodes[node.inputs[0]]
    units = math.prod(source.output_shape)
    while len(source.output_shape) == 1 and source.kind in _ORDER_KEEPING and source.inputs:
        source = nodes[source.inputs[0]]
    if len(source.output_shape) == 3 and math.prod(source.output_shape) == units:
        channels, height, width = source.output_shape
        return channels, height, width
    return units, 1, 1
