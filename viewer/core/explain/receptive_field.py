"""Which values of every layer before, down to the ink, one value depends on: exactly.

A window, of a convolution, of pooling or of adaptive pooling, links rows of its output to rows
of its input, and columns to columns: two Boolean matrices R and C. What a set of pixels M of
the output depends on is Rᵀ M C. Following that back through the graph is exact for stride,
padding, dilation, overlapping windows, branches and groups.

Dependence is that of the architecture: on a value that any weights could make use of. Of
maximum pooling it is the whole window, whichever cell won this time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewer.core.explain.receptive_links import any_along, upstream
from viewer.core.records import NetworkRecord, WeightsRecord

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Part of a map, in its pixels; the ends are not included."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.bottom - self.top, self.right - self.left


def receptive_field(
    network: NetworkRecord,
    node: str,
    y: int,
    x: int,
    *,
    channel: int | None = None,
    weights: WeightsRecord | None = None,
) -> dict[str, BoolArray]:
    """Return what one pixel of a node's output, or one unit, depends on.

    Parameters
    ----------
    network : NetworkRecord
    node : str
        Its name.
    y, x : int
        0 for a unit.
    channel : int, optional
        Map or unit; None means all maps at that pixel, or the whole vector. It matters for the
        units of a flatten, behind a concatenation, and for groups.
    weights : WeightsRecord, optional
        Its buffers tell the windows of functional pooling (``max_pool2d``) and the order of a
        concatenation; without them such nodes depend on the whole of their input.

    Returns
    -------
    mapping of node name to (H, W) or (N,) bool
        For the node itself and all before it, the input included: the pixels of the maps that
        it depends on, whichever the channel, or the units of a vector; none where only padding
        is seen. Operations that are not known depend on the whole of their input.

    Raises
    ------
    KeyError
        If there is no such node.
    IndexError
        If the pixel or unit is not on its map.
    """
    masks: dict[str, BoolArray] = {node: _start(network, node, y, x, channel)}
    shapes = {item.name: item.output_shape for item in network.nodes}
    for item in reversed(network.nodes):
        mask = masks.get(item.name)
        if mask is None:
            continue
        for source, below in upstream(item, mask, shapes, weights):
            before = masks.get(source)
            masks[source] = below if before is None else before | below
    return {
        name: any_along(mask, 0)[0] if mask.ndim == 3 else mask
        for name, mask in reversed(masks.items())
    }


def _start(network: NetworkRecord, node: str, y: int, x: int, channel: int | None) -> BoolArray:
    """Return the mask of one pixel or unit, as `upstream` takes it."""
    shape = network.node(node).output_shape
    index = (0 if channel is None else channel, y, x)
    sizes = (*shape, 1, 1)[:3]
    if any(not 0 <= i < size for i, size in zip(index, sizes, strict=True)):
        raise IndexError(f"{index} is not on {node}, whose shape is {shape}")
    if len(shape) != 3:
        if channel is None:
            return np.ones(shape, np.bool_)
        mask = np.zeros(shape, np.bool_)
        mask[channel] = True
        return mask
    mask = np.zeros((1 if channel is None else shape[0], *shape[1:]), np.bool_)
    mask[index] = True
    return mask
