"""The arithmetic of one value of a convolution."""

from __future__ import annotations

import numpy as np

from viewer.core.explain.padding import copied_from, is_inside, padding_mode, window_places
from viewer.core.explain.trace_pointwise import post_steps
from viewer.core.explain.trace_question import Answer, Question, unexplained
from viewer.core.explain.trace_weighted import ConvolutionPart
from viewer.core.records import FloatArray, Window


def explain_convolution(question: Question) -> Answer:
    """Return the sum over channels and kernel of input times weight, and the bias."""
    node = question.node
    filters = question.weights.weights.get(node.name)
    if filters is None or node.window is None or filters.ndim != 4 or question.x.ndim != 3:
        return unexplained(
            question, f"Only two-dimensional convolutions are explained, not {node.type_name}."
        )
    return _explain(question, filters, node.window)


def explain_dense_of_maps(question: Question, matrix: FloatArray) -> Answer:
    """Return the same of a dense layer at each pixel of maps: a convolution of 1 × 1 kernels.

    Parameters
    ----------
    question : Question
    matrix : (outputs, inputs) float32
        Weights of the layer; the inputs are the channels of the maps.
    """
    window = Window(kernel_size=(1, 1), stride=(1, 1), padding=(0, 0), dilation=(1, 1))
    return _explain(question, matrix[:, :, np.newaxis, np.newaxis], window)


def _explain(question: Question, filters: FloatArray, window: Window) -> Answer:
    node, x = question.node, question.x
    channel, y, x_out = question.index
    first = channel // (len(filters) // window.groups) * filters.shape[1]
    mode = padding_mode(node)
    under = window_places(window, 0, y), window_places(window, 1, x_out)
    of_input = [is_inside(places, x.shape[axis + 1]) for axis, places in enumerate(under)]
    ys, xs = (copied_from(places, x.shape[i + 1], mode) for i, places in enumerate(under))
    inside_y, inside_x = is_inside(ys, x.shape[1]), is_inside(xs, x.shape[2])
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
        geometry=window,
        first_channel=first,
        ys=ys,
        xs=xs,
        inside=inside_y[:, None] & inside_x,
        on_padding=~(of_input[0][:, None] & of_input[1]),
        padding_mode=mode,
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
