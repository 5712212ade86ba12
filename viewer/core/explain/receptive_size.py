"""Where receptive fields lie, on padding too: arithmetic on intervals.

Araujo, Norris and Sim (2019), "Computing Receptive Fields of Convolutional Neural Networks",
Distill, for a chain; at a join the largest of the branches.
"""

from __future__ import annotations

from viewer.core.explain.pooling_window import adaptive_span, pooling_window
from viewer.core.explain.receptive_field import Bounds
from viewer.core.explain.receptive_links import is_local
from viewer.core.records import Kind, NetworkRecord, Node, WeightsRecord, Window


def padded_bounds(
    network: NetworkRecord, node: str, y: int, x: int, weights: WeightsRecord | None = None
) -> Bounds:
    """Return the rectangle of the input around what a pixel depends on, padding included.

    Parameters
    ----------
    network : NetworkRecord
    node : str
        Its name.
    y, x : int
        0 for a unit.
    weights : WeightsRecord, optional
        See `receptive_field`.

    Returns
    -------
    Bounds
        In pixels of the input; it may begin below 0 and end beyond the input. The size is the
        same for all pixels of a node, unless pooling is adaptive. The whole input where a
        layer between depends on the whole of its input. What padding copies (reflect,
        replicate, circular) may come from outside.
    """
    bounds = _padded(network, node, y, x, weights)
    return Bounds(0, 0, *network.input_shape[1:]) if bounds is None else bounds


def _padded(
    network: NetworkRecord, node: str, y: int, x: int, weights: WeightsRecord | None
) -> Bounds | None:
    """Return the bounds on the input; None if they are all of it."""
    found: dict[str, Bounds] = {node: Bounds(y, x, y + 1, x + 1)}
    shapes = {item.name: item.output_shape for item in network.nodes}
    for item in reversed(network.nodes):
        bounds = found.get(item.name)
        if bounds is None or not item.inputs:
            continue
        for source in item.inputs:
            below = _below(item, bounds, shapes[source], weights)
            if below is None:
                return None
            before = found.get(source)
            found[source] = below if before is None else _around(before, below)
    return found.get(network.nodes[0].name)


def _below(
    node: Node, bounds: Bounds, shape: tuple[int, ...], weights: WeightsRecord | None
) -> Bounds | None:
    if len(shape) != 3 or len(node.output_shape) != 3:
        return None
    if node.kind is Kind.CONVOLUTION and node.window is not None:
        return _under(node.window, bounds)
    if node.kind is Kind.POOLING:
        if "adaptive" in node.type_name.lower():
            return _under_adaptive(node, bounds, shape)
        window = pooling_window(node, weights)
        return None if window is None else _under(window, bounds)
    alike = shape[1:] == node.output_shape[1:]
    return bounds if alike and is_local(node, weights) else None


def _under(window: Window, bounds: Bounds) -> Bounds:
    (top, bottom), (left, right) = (
        (
            first * window.stride[axis] - window.padding[axis],
            (end - 1) * window.stride[axis]
            - window.padding[axis]
            + window.dilation[axis] * (window.kernel_size[axis] - 1)
            + 1,
        )
        for axis, (first, end) in enumerate(
            ((bounds.top, bounds.bottom), (bounds.left, bounds.right))
        )
    )
    return Bounds(top, left, bottom, right)


def _under_adaptive(node: Node, bounds: Bounds, shape: tuple[int, ...]) -> Bounds:
    spans = [
        (adaptive_span(first, parts, length)[0], adaptive_span(end - 1, parts, length)[1])
        for first, end, parts, length in zip(
            (bounds.top, bounds.left),
            (bounds.bottom, bounds.right),
            node.output_shape[1:],
            shape[1:],
            strict=True,
        )
    ]
    return Bounds(spans[0][0], spans[1][0], spans[0][1], spans[1][1])


def _around(a: Bounds, b: Bounds) -> Bounds:
    return Bounds(
        min(a.top, b.top), min(a.left, b.left), max(a.bottom, b.bottom), max(a.right, b.right)
    )
