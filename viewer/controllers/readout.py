"""What is under the pointer, in one line."""

from __future__ import annotations

import numpy as np

from viewer.core.records import (
    ActivationRecord,
    FloatArray,
    Kind,
    NetworkRecord,
    Selection,
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
        return _weight_text(hovered, weights)
    node = network.node(hovered.node)
    parts = [hovered.node]
    if len(node.output_shape) == 3:
        parts += [f"channel {hovered.channel}", f"y {hovered.y}", f"x {hovered.x}"]
    elif node.kind is Kind.SOFTMAX or hovered.node == network.logits:
        parts += [f"class {network.class_names[hovered.channel]}"]
    else:
        parts += [f"unit {hovered.channel}"]
    value = _value(hovered, record)
    if value is not None:
        parts.append(f"value {exact(value)}")
    if node.kind is Kind.INPUT and record is not None:
        ink = float(record.image.pixels[hovered.y, hovered.x])
        parts.append(f"ink {exact(ink)} before mean and std")
    return SEPARATOR.join(parts)


def exact(value: float) -> str:
    """Return a float32 with as many digits as tell it from its neighbours."""
    text = np.format_float_positional(np.float32(value), unique=True, trim="-")
    if abs(value) < 1e-4 and value != 0:
        text = np.format_float_scientific(np.float32(value), unique=True, trim="-")
    return text.replace("-", "−")


def _weight_text(hovered: Selection, weights: WeightsRecord | None) -> str:
    if weights is None or hovered.node not in weights.weights:
        return ""
    array: FloatArray = weights.weights[hovered.node]
    place = [hovered.node, f"filter {hovered.channel}", f"input channel {hovered.in_channel}"]
    index: tuple[int, ...] = (hovered.channel, hovered.in_channel or 0)
    if array.ndim == 4:
        place += [f"y {hovered.y}", f"x {hovered.x}"]
        index += (hovered.y, hovered.x)
    return SEPARATOR.join([*place, f"weight {exact(float(array[index]))}"])


def _value(hovered: Selection, record: ActivationRecord | None) -> float | None:
    values = None if record is None else record.outputs.get(hovered.node)
    if values is None:
        return None
    index = (hovered.channel, hovered.y, hovered.x) if values.ndim == 3 else (hovered.channel,)
    return float(values[index])
