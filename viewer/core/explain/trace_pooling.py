"""Which value pooling took, or what it averaged."""

from __future__ import annotations

import numpy as np

from viewer.core.explain.padding import window_places
from viewer.core.explain.pooling_window import (
    adaptive_span,
    average_divisor,
    is_average,
    is_maximum,
    is_spatial_mean,
    pooling_window,
)
from viewer.core.explain.trace_children import IntArray
from viewer.core.explain.trace_parts import PoolingPart
from viewer.core.explain.trace_question import Answer, Question, unexplained


def explain_pooling(question: Question) -> Answer:
    """Return the maximum of the window, or its average."""
    x, name = question.x, question.node.type_name
    if is_spatial_mean(question.node, question.weights) and x.ndim == 3:
        return _explain_mean(question)
    if not (is_average(question.node) or is_maximum(question.node)):
        return unexplained(question, f"The arithmetic of {name} is not shown.")
    if x.ndim != 3 or len(question.node.output_shape) != 3:
        return unexplained(question, "Only two-dimensional pooling is explained.")
    found = _places(question)
    if found is None:
        return unexplained(question, f"The window of this {name} is not known.")
    ys, xs = found
    inside_y, inside_x = (ys >= 0) & (ys < x.shape[1]), (xs >= 0) & (xs < x.shape[2])
    inside = inside_y[:, None] & inside_x
    values = np.zeros(inside.shape)
    values[inside] = x[question.index[0], ys[inside_y][:, None], xs[inside_x]].ravel()
    winner, divisor = None, 1.0
    if is_average(question.node):
        size = x.shape[1], x.shape[2]
        divisor = average_divisor(question.node, question.weights, (ys, xs), size)
        total = float(values.sum()) / divisor
    else:
        flat = int(np.argmax(np.where(inside, values, -np.inf)))
        winner = (flat // len(xs), flat % len(xs))
        total = float(values[winner])
    part = PoolingPart(
        kind="average" if winner is None else "max",
        source=question.source,
        channel=question.index[0],
        ys=ys,
        xs=xs,
        inside=inside,
        values=values,
        winner=winner,
        divisor=divisor,
    )
    return Answer(total, float(np.abs(values).sum()) / divisor, part)


def _explain_mean(question: Question) -> Answer:
    """Return the average of a whole map, as ``x.mean((2, 3))`` takes it."""
    channel = question.index[0]
    values = question.x[channel].astype(np.float64)
    ys, xs = (np.arange(size) for size in values.shape)
    part = PoolingPart(
        kind="average",
        source=question.source,
        channel=channel,
        ys=ys,
        xs=xs,
        inside=np.ones(values.shape, np.bool_),
        values=values,
        winner=None,
        divisor=float(values.size),
    )
    return Answer(float(values.mean()), float(np.abs(values).mean()), part)


def _places(question: Question) -> tuple[IntArray, IntArray] | None:
    node, size = question.node, question.x.shape[1:]
    _, y, x = question.index
    if "adaptive" in node.type_name.lower():
        spans = (
            adaptive_span(position, parts, length)
            for position, parts, length in zip((y, x), node.output_shape[1:], size, strict=True)
        )
        ys, xs = (np.arange(*span) for span in spans)
        return ys, xs
    window = pooling_window(node, question.weights)
    if window is None:
        return None
    return window_places(window, 0, y), window_places(window, 1, x)
