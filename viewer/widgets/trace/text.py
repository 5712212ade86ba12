"""Words and numbers of a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from viewer.core.explain.channel_names import channel_name
from viewer.core.imaging.numbers import MINUS, format_exact, format_number
from viewer.core.records import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.core.explain.trace_parts import Trace
    from viewer.core.explain.trace_weighted import PostStep
    from viewer.core.records import NetworkRecord, Selection


def exact(x: float) -> str:
    """Return all the digits of a number: of a float32 those that tell it from its neighbours."""
    if not np.isfinite(x) or float(np.float32(x)) == x:
        return format_exact(x)
    return repr(float(x)).replace("-", MINUS)


def place_name(network: NetworkRecord, selection: Selection, *, node: bool = True) -> str:
    """Return where a value is: ``conv2 · channel 5 · y 7, x 9``."""
    found = network.node(selection.node)
    parts = [selection.node] if node else []
    if found.kind is Kind.SOFTMAX and selection.channel < len(network.class_names):
        parts.append(f"class {network.class_names[selection.channel]}")
    elif len(found.output_shape) == 1:
        parts.append(f"unit {selection.channel}")
    else:
        parts += [channel_name(found, selection.channel), f"y {selection.y}, x {selection.x}"]
    return " · ".join(parts)


def short_place(network: NetworkRecord, selection: Selection) -> str:
    """Return where a value is, for a crumb: ``conv2 5 (7, 9)``."""
    found = network.node(selection.node)
    if len(found.output_shape) == 1:
        return f"{selection.node} {selection.channel}"
    return f"{selection.node} {selection.channel} ({selection.y}, {selection.x})"


def heading(network: NetworkRecord, trace: Trace) -> str:
    """Return what is explained, and its value."""
    return f"{place_name(network, trace.selection)} = {format_number(trace.value)}"


def comparison(trace: Trace) -> str:
    """Return our total beside torch's value."""
    difference = format_number(abs(trace.difference), 2)
    return (
        f"arithmetic {format_number(trace.total, 8)} · torch {format_exact(trace.value)}"
        f" · difference {difference}"
    )


def sum_text(amounts: Sequence[float]) -> str:
    """Return numbers with signs between them: ``0.16 − 1.1``."""
    text = ""
    for amount in amounts:
        number = format_number(amount)
        if not text:
            text = number
        elif number.startswith(MINUS):
            text += f" {MINUS} {number.removeprefix(MINUS)}"
        else:
            text += f" + {number}"
    return text


def product_text(factors: Sequence[float]) -> str:
    """Return numbers with signs of multiplication: ``0.16 · (−1.1)``."""
    numbers = [format_number(factor) for factor in factors]
    inner = [f"({n})" if n.startswith(MINUS) else n for n in numbers[1:]]
    return " · ".join(numbers[:1] + inner)


def post_line(step: PostStep) -> str:
    """Return what one step behind makes of the total."""
    return (
        f"{step.name} ({step.type_name}): {step.formula} = {format_number(step.value)}"
        f"  ·  torch {format_exact(step.torch_value)},"
        f" difference {format_number(abs(step.difference), 2)}"
    )
