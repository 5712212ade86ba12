"""The arithmetic of one unit of a dense layer."""

from __future__ import annotations

import math

import numpy as np

from viewer.core.explain.trace_convolution import explain_dense_of_maps
from viewer.core.explain.trace_pointwise import post_steps
from viewer.core.explain.trace_question import Answer, Question, unexplained
from viewer.core.explain.trace_weighted import DensePart
from viewer.core.records import Kind, NetworkRecord, Node

# Kinds that move values or change them one by one: the inputs can still be shown as maps.
_KEEPING = frozenset({Kind.FLATTEN, Kind.DROPOUT, Kind.ACTIVATION, Kind.NORMALISATION})


def explain_dense(question: Question) -> Answer:
    """Return the sum of input times weight, and the bias."""
    node, x = question.node, question.x
    matrix = question.weights.weights.get(node.name)
    if matrix is not None and x.ndim == 3 and "pixelwise" in question.numbers:
        return explain_dense_of_maps(question, matrix)
    if matrix is None or matrix.ndim != 2 or x.ndim != 1 or matrix.shape[1] != x.size:
        return unexplained(question, "Only dense layers that take a vector are explained.")
    unit = question.index[0]
    inputs, weights = x.astype(np.float64), matrix[unit].astype(np.float64)
    products = inputs * weights
    order = np.argsort(-np.abs(products), kind="stable")
    biases = question.weights.biases.get(node.name)
    bias = 0.0 if biases is None else float(biases[unit])
    running = bias + np.cumsum(products[order])
    total = float(running[-1])
    maps = maps_before(question.network, node)
    part = DensePart(
        source=question.source,
        source_shape=x.shape,
        maps_source=question.source if maps is None else maps.name,
        maps_shape=None if maps is None else _three(maps.output_shape),
        inputs=inputs,
        weights=weights,
        products=products,
        bias=bias,
        has_bias=biases is not None,
        order=order,
        running=running,
        post=post_steps(question, total),
    )
    return Answer(total, float(np.abs(products).sum()) + abs(bias), part)


def maps_before(network: NetworkRecord, node: Node) -> Node | None:
    """Return the nearest node before whose maps, flattened, are the inputs of a dense layer."""
    nodes = {item.name: item for item in network.nodes}
    size = math.prod(nodes[node.inputs[0]].output_shape)
    while len(node.inputs) == 1:
        node = nodes[node.inputs[0]]
        if len(node.output_shape) == 3:
            return node if math.prod(node.output_shape) == size else None
        if node.kind not in _KEEPING:
            return None
    return None


def _three(shape: tuple[int, ...]) -> tuple[int, int, int]:
    channels, height, width = shape
    return channels, height, width
