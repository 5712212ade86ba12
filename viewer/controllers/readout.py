"""What is under the pointer, in one line."""

from __future__ import annotations

import numpy as np

from viewer.core.explain.channel_names import channel_name
from viewer.core.imaging.kernels import as_kernels, weights_matrix
from viewer.core.records import (
    ActivationRecord,
    Kind,
    NetworkRecord,
    Node,
    Selection,
    WeightsKind,
    WeightsRecord,
)

SEPARATOR = "  ·  "


def hover_text(
    hovered: Selection | None,
    network: NetworkRecord | None,
    weights: WeightsRecord | None,
    record: ActivationRecord | None,
) -> str:
    """Return name, place and value of what is under the pointer; empty for nothing.

    The value is written with every digit that float32 has.
    """
    if hovered is None or network is None:
        return ""
    if hovered.in_channel is not None:
        return _weight_text(hovered, network, weights)
    node = network.node(hovered.node)
    parts = [hovered.node]
    if len(node.output_shape) == 3:
        parts += [channel_name(node, hovered.channel), f"y {hovered.y}", f"x {hovered.x}"]
    elif _is_class(node, hovered, network):
        parts += [f"class {network.class_names[hovered.channel]}"]
    else:
        parts += [f"unit {hovered.channel}"]
    value = _value(hovered, record)
    if value is not None:
        parts.append(f"value {exact(value)}")
    if node.kind is Kind.INPUT and record is not None:
        pixels = record.image.pixels
        if node.output_shape[-2:] == pixels.shape[-2:]:  # it is a picture
            name = "ink" if network.preparation.digit else "pixel"
            value = record.image.pixel(hovered.channel, hovered.y, hovered.x)
            parts.append(f"{name} {exact(value)} before mean and std")
    return SEPARATOR.join(parts)


def _is_class(node: Node, hovered: Selection, network: NetworkRecord) -> bool:
    """Return whether a unit stands for a class that has a name."""
    last = node.kind is Kind.SOFTMAX or hovered.node == network.logits
    return last and hovered.channel < len(network.class_names)


def exact(value: float) -> str:
    """Return a float32 with as many digits as tell it from its neighbours."""
    text = np.format_float_positional(np.float32(value), unique=True, trim="-")
    if abs(value) < 1e-4 and value != 0:
        text = np.format_float_scientific(np.float32(value), unique=True, trim="-")
    return text.replace("-", "−")


def _weight_text(hovered: Selection, network: NetworkRecord, weights: WeightsRecord | None) -> str:
    array = None if weights is None else weights.weights.get(hovered.node)
    matrix = weights_matrix(network.node(hovered.node), {n.name: n for n in network.nodes})
    if array is None or matrix is None:
        return ""
    # A dense layer behind maps has kernels as large as these: its weights are seen in that shape.
    kernels = as_kernels(array, matrix)  # (out, in, height, width)
    place = [hovered.node, f"filter {hovered.channel}", f"input channel {hovered.in_channel}"]
    if matrix.height > 1 or matrix.width > 1:
        place += [f"y {hovered.y}", f"x {hovered.x}"]
    value = kernels[hovered.channel, hovered.in_channel or 0, hovered.y, hovered.x]
    noun = WeightsKind.WEIGHTS.noun if weights is None else weights.kind.noun
    return SEPARATOR.join([*place, f"{noun} {exact(float(value))}"])


def _value(hovered: Selection, record: ActivationRecord | None) -> float | None:
    values = None if record is None else record.outputs.get(hovered.node)
    if values is None:
        return None
    index = (hovered.channel, hovered.y, hovered.x) if values.ndim == 3 else (hovered.channel,)
    return float(values[index])
