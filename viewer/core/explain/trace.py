"""Why is this number what it is? The arithmetic of one value of a layer's output.

In float64 on the float32 values that torch computed, so that its total differs from torch's
value only by what torch itself rounded. Numpy only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from viewer.core.explain.softmax_steps import softmax_steps
from viewer.core.explain.trace_convolution import explain_convolution
from viewer.core.explain.trace_dense import explain_dense
from viewer.core.explain.trace_joins import (
    CONCATENATIONS,
    PRODUCTS,
    SUMS,
    explain_concatenation,
    explain_product,
    explain_sum,
)
from viewer.core.explain.trace_parts import InputPart, SoftmaxPart, Trace
from viewer.core.explain.trace_pointwise import (
    IDENTITY,
    explain_activation,
    explain_index,
    explain_move,
    explain_normalisation,
)
from viewer.core.explain.trace_pooling import explain_pooling
from viewer.core.explain.trace_question import Answer, Question, in_formula, unexplained
from viewer.core.imaging.numbers import MINUS, format_number
from viewer.core.records import (
    ActivationRecord,
    Kind,
    NetworkRecord,
    Selection,
    WeightsKind,
    WeightsRecord,
)


def trace(
    network: NetworkRecord,
    weights: WeightsRecord | None,
    record: ActivationRecord,
    selection: Selection,
) -> Trace | None:
    """Explain one value of a node's output.

    Parameters
    ----------
    network : NetworkRecord
    weights : WeightsRecord or None
        Those that the record was computed with.
    record : ActivationRecord
    selection : Selection
        A pixel of a map, a unit, or a class.

    Returns
    -------
    Trace or None
        None if there is no such value: the selection is a weight, the node is not of this
        network or has no output (softmax of a blank canvas), or the place is not on its map.
        An operation that can't be explained gives a trace whose part says why.
    """
    node = next((node for node in network.nodes if node.name == selection.node), None)
    if node is None or selection.in_channel is not None:
        return None
    index = (selection.channel, selection.y, selection.x)
    values = record.outputs.get(node.name)
    if values is None or not _on_map(index, values.shape):
        return None
    no_weights = WeightsRecord(record.weights_step, {}, {})
    question = Question(network, weights or no_weights, record, node, index)
    answer = _answer(question)
    scale = max(1.0, abs(question.value), answer.terms)
    return Trace(node, index, question.value, answer.total, scale, answer.part)


def _on_map(index: tuple[int, int, int], shape: tuple[int, ...]) -> bool:
    if not all(0 <= i < size for i, size in zip(index, shape, strict=False)):
        return False
    return not any(index[len(shape) :])


def _answer(question: Question) -> Answer:
    node, kind = question.node, question.weights.kind
    if kind is not WeightsKind.WEIGHTS:
        return unexplained(
            question, f"Show weights in place of {kind.value} to see the arithmetic."
        )
    if question.record.outputs[node.name].ndim not in (1, 3):
        return _of_other_rank(question)
    if node.kind is Kind.INPUT:
        return _explain_input(question)
    if not node.inputs or any(name not in question.record.outputs for name in node.inputs):
        return unexplained(question, f"What {node.name} takes as its input is not known.")
    if any(question.record.outputs[name].ndim not in (1, 3) for name in node.inputs):
        return _of_other_rank(question)
    return _explainer(question)(question)


def _explainer(question: Question) -> Callable[[Question], Answer]:
    node, numbers = question.node, question.numbers
    if "channels" in numbers:
        return explain_move
    if "spatial_mean" in numbers:
        return explain_pooling
    if node.type_name in SUMS:
        return explain_sum
    if node.type_name in PRODUCTS:
        return explain_product
    if node.type_name in CONCATENATIONS:
        return explain_concatenation
    if node.type_name == IDENTITY:
        return explain_index
    return _EXPLAINERS.get(node.kind, _of_unknown_kind)


def _explain_input(question: Question) -> Answer:
    channel, y, x = question.index
    network = question.network
    pixels = question.record.image.pixels
    if question.record.outputs[question.node.name].shape[-2:] != pixels.shape[-2:] or (
        channel >= len(network.mean)
    ):
        return unexplained(question, "This input is no picture: there is no ink behind it.")
    mean, std = network.mean[channel], network.std[channel]
    pixel = question.record.image.pixel(channel, y, x)
    formula = f"({format_number(pixel)} {MINUS} {in_formula(mean)}) / {in_formula(std)}"
    total = (pixel - mean) / std
    return Answer(total, (abs(pixel) + abs(mean)) / std, InputPart(pixel, mean, std, formula))


def _explain_softmax(question: Question) -> Answer:
    if question.x.ndim != 1:
        return unexplained(question, "Only a softmax over a vector is explained.")
    unit, steps = question.index[0], softmax_steps(question.x)
    part = SoftmaxPart(question.source, unit, steps)
    return Answer(float(steps.probabilities[unit]), 1.0, part)


def _of_unknown_kind(question: Question) -> Answer:
    return unexplained(question, f"The arithmetic of {question.node.type_name} is not shown.")


def _of_other_rank(question: Question) -> Answer:
    return unexplained(question, "Only maps of two dimensions and vectors are explained.")


_EXPLAINERS: Mapping[Kind, Callable[[Question], Answer]] = MappingProxyType(
    {
        Kind.CONVOLUTION: explain_convolution,
        Kind.DENSE: explain_dense,
        Kind.POOLING: explain_pooling,
        Kind.ACTIVATION: explain_activation,
        Kind.NORMALISATION: explain_normalisation,
        Kind.DROPOUT: explain_index,
        Kind.FLATTEN: explain_index,
        Kind.SOFTMAX: _explain_softmax,
    }
)
