"""What a set of a node's outputs depends on in each of its inputs, one node back.

Masks here are (C, H, W) bool for maps, or (1, H, W) where all channels are alike, and (N,) for
vectors.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from viewer.core.explain.padding import PaddingMode, copied_from, is_inside, padding_mode
from viewer.core.explain.pooling_window import (
    adaptive_span,
    has_number,
    is_spatial_mean,
    pooling_window,
)
from viewer.core.explain.trace_joins import CONCATENATIONS
from viewer.core.records import Kind, Node, WeightsRecord, Window

BoolArray = NDArray[np.bool_]
Shape = tuple[int, ...]

# Kinds whose output at a place depends on their inputs at that place alone; so does arithmetic.
_POINTWISE = frozenset({Kind.ACTIVATION, Kind.DROPOUT})
_ARITHMETIC = frozenset(
    {"Identity", "add", "add_", "iadd", "sub", "sub_", "isub", "mul", "mul_", "imul"}
    | {"truediv", "itruediv", "div", "div_", "neg", "abs", "maximum", "minimum", "clamp"}
)


def upstream(
    node: Node, mask: BoolArray, shapes: Mapping[str, Shape], weights: WeightsRecord | None
) -> Iterator[tuple[str, BoolArray]]:
    """Yield each source of a node with the mask of what `mask` of its output depends on.

    Parameters
    ----------
    node : Node
    mask : (C, H, W) or (N,) bool
        Of its output; C is 1 where it is the same for all channels.
    shapes : mapping of node name to shape
        Of the outputs of all nodes.
    weights : WeightsRecord or None
        See `receptive_field`.

    Yields
    ------
    (source, mask)
        Name of a source, and the mask of its output, as `mask`.
    """
    if node.type_name in CONCATENATIONS:
        yield from _joined(node, mask, shapes, weights)
        return
    for source in node.inputs:
        yield source, _below(node, mask, shapes[source], weights)


def axis_links(
    window: Window,
    axis: int,
    outputs: int,
    inputs: int,
    mode: PaddingMode = PaddingMode.ZEROS,
) -> BoolArray:
    """Return which rows (axis 0) or columns of its input a window takes.

    Returns
    -------
    (outputs, inputs) bool
    """
    starts = np.arange(outputs) * window.stride[axis] - window.padding[axis]
    taps = np.arange(window.kernel_size[axis]) * window.dilation[axis]
    places = copied_from(starts[:, None] + taps, inputs, mode)  # (outputs, taps)
    links = np.zeros((outputs, inputs), np.bool_)
    rows, columns = is_inside(places, inputs).nonzero()
    links[rows, places[rows, columns]] = True
    return links


def adaptive_links(outputs: int, inputs: int) -> BoolArray:
    """Return which rows or columns of its input adaptive pooling takes.

    Returns
    -------
    (outputs, inputs) bool
    """
    links = np.zeros((outputs, inputs), np.bool_)
    for position in range(outputs):
        links[position, slice(*adaptive_span(position, outputs, inputs))] = True
    return links


def _below(node: Node, mask: BoolArray, shape: Shape, weights: WeightsRecord | None) -> BoolArray:
    if not mask.any():
        return np.zeros(shape, np.bool_)
    if node.kind is Kind.CONVOLUTION and node.window is not None and len(shape) == 3:
        return _under_convolution(node, node.window, mask, shape)
    if node.kind is Kind.POOLING and len(shape) == 3 and mask.ndim == 3:
        return _under_pooling(node, mask, shape, weights)
    if node.kind is Kind.FLATTEN and math.prod(shape) == math.prod(node.output_shape):
        return np.broadcast_to(mask, node.output_shape).reshape(shape)
    if has_number(node, weights, "pixelwise"):  # all channels at the same pixel
        return any_along(mask, 0)
    if has_number(node, weights, "channels") and weights is not None:
        return _moved(mask, weights.buffers[node.name]["channels"].astype(np.intp), shape)
    if is_spatial_mean(node, weights):
        touched = any_along(mask.reshape(len(mask), -1), 1)[:, :, None]  # (C, 1, 1)
        return np.broadcast_to(touched, (len(mask), *shape[1:]))
    if node.kind is Kind.NORMALISATION and shape == node.output_shape:
        return _under_normalisation(node, mask, shape, weights)
    if node.kind in _POINTWISE or node.type_name in _ARITHMETIC:
        return _at_the_same_place(mask, node.output_shape, shape)
    return np.ones(shape, np.bool_)


def _under_convolution(node: Node, window: Window, mask: BoolArray, shape: Shape) -> BoolArray:
    sizes = zip((0, 1), node.output_shape[1:], shape[1:], strict=True)
    mode = padding_mode(node)
    rows, columns = (axis_links(window, axis, out, inner, mode) for axis, out, inner in sizes)
    if window.groups == 1 or len(mask) == 1:
        return _through(rows, any_along(mask, 0), columns)
    grouped = any_along(mask.reshape(window.groups, -1, *mask.shape[1:]), 1)[:, 0]  # (groups, H, W)
    return _through(rows, grouped, columns).repeat(shape[0] // window.groups, axis=0)


def _under_pooling(
    node: Node, mask: BoolArray, shape: Shape, weights: WeightsRecord | None
) -> BoolArray:
    sizes = tuple(zip(node.output_shape[1:], shape[1:], strict=True))
    if "adaptive" in node.type_name.lower():
        rows, columns = (adaptive_links(*size) for size in sizes)
        return _through(rows, mask, columns)
    window = pooling_window(node, weights)
    if window is None:
        return np.ones(shape, np.bool_)
    rows, columns = (axis_links(window, axis, *size) for axis, size in enumerate(sizes))
    return _through(rows, mask, columns)


def _moved(mask: BoolArray, channels: NDArray[np.intp], shape: Shape) -> BoolArray:
    """Return the mask of maps that change places; `channels` are those of the source."""
    if len(mask) == 1 and len(channels) > 1:
        return mask  # all channels are alike
    below = np.zeros(shape, np.bool_)
    np.logical_or.at(below, channels, mask)
    return below


def _through(rows: BoolArray, mask: BoolArray, columns: BoolArray) -> BoolArray:
    """Return Rᵀ M C of Boolean matrices, for each channel: (C, H, W) of the input."""
    found = rows.T.astype(np.float32) @ mask.astype(np.float32) @ columns.astype(np.float32)
    return np.asarray(found > 0)


def _under_normalisation(
    node: Node, mask: BoolArray, shape: Shape, weights: WeightsRecord | None
) -> BoolArray:
    if has_fixed_statistics(node, weights):
        return mask
    name = _plain_name(node)
    if name == "localresponsenorm":  # channels at the same pixel
        return any_along(mask, 0)
    if len(shape) == 3 and name.startswith(("batchnorm", "instancenorm")):
        return np.broadcast_to(any_along(mask, (1, 2)), (len(mask), *shape[1:]))
    if len(shape) == 3 and name == "groupnorm" and len(mask) > 1:
        groups = int(node.settings.get("num_groups", "1"))
        touched = any_along(mask.reshape(groups, -1), 1)[:, 0].repeat(shape[0] // groups)
        return np.broadcast_to(touched[:, None, None], shape)
    return np.ones(shape, np.bool_)


def has_fixed_statistics(node: Node, weights: WeightsRecord | None) -> bool:
    """Return whether a normalisation's mean and variance come from training, not this input."""
    name = _plain_name(node)
    if name.startswith("batchnorm"):
        return node.settings.get("track_running_stats") != "False"  # see `module_settings`
    numbers = {} if weights is None else weights.buffers.get(node.name, {})
    return "running_mean" in numbers


def is_local(node: Node, weights: WeightsRecord | None) -> bool:
    """Return whether a node's output at a pixel depends on its inputs at that pixel alone."""
    if has_number(node, weights, "pixelwise") or has_number(node, weights, "channels"):
        return True
    if node.kind is Kind.NORMALISATION:
        fixed = has_fixed_statistics(node, weights)
        return fixed or _plain_name(node) == "localresponsenorm"
    named = node.type_name in _ARITHMETIC or node.type_name in CONCATENATIONS
    return node.kind in _POINTWISE or named


def any_along(mask: BoolArray, axis: int | tuple[int, ...]) -> BoolArray:
    """Return whether any of a mask, of any shape, is set along axes, which stay with length 1."""
    return np.asarray(np.any(mask, axis=axis, keepdims=True))


def _plain_name(node: Node) -> str:
    return node.type_name.lower().replace("_", "")


def _at_the_same_place(mask: BoolArray, shape: Shape, source: Shape) -> BoolArray:
    """Return the mask for a source of the same shape, or one that is broadcast to it."""
    if source == shape:
        return mask
    if len(source) != len(shape):
        return np.ones(source, np.bool_)
    for axis, size in enumerate(source):
        if size == 1:
            mask = any_along(mask, axis)
    return mask


def _joined(
    node: Node, mask: BoolArray, shapes: Mapping[str, Shape], weights: WeightsRecord | None
) -> Iterator[tuple[str, BoolArray]]:
    numbers = {} if weights is None else weights.buffers.get(node.name, {})
    names: tuple[str, ...] = node.inputs
    if "operands" in numbers:  # the same source may be joined twice
        names = tuple(node.inputs[int(place)] for place in numbers["operands"])
    shape = node.output_shape
    axis = _joined_axis(shape, [shapes[name] for name in names])
    if axis is None:
        for name in node.inputs:
            yield name, np.ones(shapes[name], np.bool_)
        return
    full = np.broadcast_to(mask, shape)
    ends = np.cumsum([shapes[name][axis] for name in names])
    for name, part in zip(names, np.split(full, ends[:-1], axis=axis), strict=True):
        yield name, part


def _joined_axis(shape: Shape, parts: list[Shape]) -> int | None:
    """Return the axis along which the parts add up to a shape; None if they don't."""
    for axis, size in enumerate(shape):
        rest = {part[:axis] + part[axis + 1 :] for part in parts if len(part) == len(shape)}
        alike = rest == {shape[:axis] + shape[axis + 1 :]}
        if alike and sum(part[axis] for part in parts) == size:
            return axis
    return None
