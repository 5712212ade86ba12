"""The arithmetic of one value of a convolution."""

from __future__ import annotations

import numpy as np

from viewer.core.explain.trace_children import IntArray
from viewer.core.explain.trace_pointwise import post_steps
from viewer.core.explain.trace_question import Answer, Question, unexplained
from viewer.core.explain.trace_weighted import ConvolutionPart
from viewer.core.records import Window


def window_places(window: Window, axis: int, position: int) -> IntArray:
    """Return the input's rows (axis 0) or columns under the window; some may be padding."""
    start = position * window.stride[axis] - window.padding[axis]
    return start + np.arange(window.kernel_size[axis]) * window.dilation[axis]


def explain_convolution(question: Question) -> Answer:
    """Return the sum over channels and kernel of input times weight, and the bias."""
    node, x = question.node, question.x
    filters = question.weights.weights.get(node.name)
    if filters is None or node.window is None or filters.ndim != 4 or x.ndim != 3:
        return unexplained(
            question, f"Only two-dimensional convolutions are explained, not {node.type_name}."
        )
    if "padding_mode" in node.settings:  # see `kinds.module_settings`
        return unexplained(
            question,
            f"This convolution pads by {node.settings['padding_mode']}, and only padding with "
            "zeros is explained.",
        )
    channel, y, x_out = question.index
    first = channel // (len(filters) // node.window.groups) * filters.shape[1]
    ys, xs = window_places(node.window, 0, y), window_places(node.window, 1, x_out)
    inside_y, inside_x = (ys >= 0) & (ys < x.shape[1]), (xs >= 0) & (xs < x.shape[2])
    windows = np.zeros(filters.shape[1:])  # (C, kH, kW)
    windows[:, inside_y.nonzero()[0][:, None], inside_x.nonzero()[0]] = x[
        first : first + filters.shape[1], ys[inside_y][:, None], xs[inside_x]
    ]
    kernels = filters[channel].astype(np.float64)
    products = windows * kernels
    sums = products.sum(axis=(1, 2))
    order = np.argsort(-np.abs(sums), kind="stable")
    biases = question.weights.biases.get(node.name)
    bias = 0.0 if biases is None else float(biases[channel])
    running = bias + np.cumsum(sums[order])
    total = float(running[-1])
    part = ConvolutionPart(
        source=question.source,
        geometry=node.window,
        first_channel=first,
        ys=ys,
        xs=xs,
        inside=inside_y[:, None] & inside_x,
        windows=windows,
        kernels=kernels,
        products=products,
        sums=sums,
        bias=bias,
        has_bias=biases is not None,
        order=order,
        running=running,
        post=post_steps(question, total),
    )
    return Answer(total, float(np.abs(products).sum()) + abs(bias), part)
