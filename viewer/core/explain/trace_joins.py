"""Operations that join the outputs of several nodes: sum, product and concatenation."""

from __future__ import annotations

import math

import numpy as np

from viewer.core.explain.trace_children import Child
from viewer.core.explain.trace_parts import ConcatenationPart, ProductPart, SumPart
from viewer.core.explain.trace_question import Answer, Question, unexplained, value_at
from viewer.core.records import Selection

SUMS = frozenset({"add", "add_", "iadd"})
PRODUCTS = frozenset({"mul", "mul_", "imul"})
CONCATENATIONS = frozenset({"cat", "concat", "concatenate"})


def explain_sum(question: Question) -> Answer:
    """Return the sum of the values at the same place; of a map of one pixel, that one."""
    addends = _at_the_same_place(question, _operands(question))
    if addends is None:
        return unexplained(question, "What this addition adds is not known.")
    constant = float(question.numbers["constants"].sum(dtype=np.float64))
    amounts = [addend.contribution for addend in addends]
    total = sum(amounts) + constant
    terms = sum(abs(amount) for amount in amounts) + abs(constant)
    return Answer(total, terms, SumPart(addends, constant))


def explain_product(question: Question) -> Answer:
    """Return the product of the values at the same place; of a map of one pixel, that one."""
    numbers = question.numbers
    if "factor" in numbers:  # a parameter, one number a channel or for all
        factor = numbers["factor"]
        factors = _at_the_same_place(question, question.node.inputs[:1])
        constant = float(factor[question.index[0] if factor.size > 1 else 0])
    else:
        operands = _operands(question)
        factors = _at_the_same_place(question, operands)
        pairs = zip(operands or (), numbers.get("constants", ()), strict=False)
        constant = math.prod(float(value) for name, value in pairs if not name)
    if factors is None:
        return unexplained(question, "What this multiplication multiplies is not known.")
    total = math.prod(child.contribution for child in factors) * constant
    return Answer(total, abs(total), ProductPart(factors, constant))


def explain_concatenation(question: Question) -> Answer:
    """Return the value of the one source that this place comes from."""
    operands = _operands(question)
    rank = len(question.node.output_shape)
    axis = int(question.number("dim", 0))
    axis = axis - 1 if axis > 0 else axis + rank  # torch counts the batch
    if operands is None or not all(operands) or not 0 <= axis < rank:
        return unexplained(question, "What this concatenation joins is not known.")
    sizes = tuple(question.record.outputs[name].shape[axis] for name in operands)
    which, before = 0, 0
    while question.index[axis] >= before + sizes[which]:
        before += sizes[which]
        which += 1
    place = list(question.index)
    place[axis] -= before
    source = Selection(operands[which], *place)
    x = value_at(question.record.outputs[operands[which]], (place[0], place[1], place[2]))
    return Answer(x, abs(x), ConcatenationPart(operands, sizes, axis, which, source, x))


def _at_the_same_place(
    question: Question, operands: tuple[str, ...] | None
) -> tuple[Child, ...] | None:
    """Return the operands' values at the place in question; None if they have no such place."""
    if operands is None:
        return None
    shape = question.record.outputs[question.node.name].shape
    found: list[Child] = []
    for name in filter(None, operands):
        values = question.record.outputs[name]
        if values.ndim != len(shape) or any(
            size not in (1, whole) for size, whole in zip(values.shape, shape, strict=True)
        ):
            return None  # presented with its axes in another order, as in attention
        channel, y, x = (
            0 if size == 1 else i
            for i, size in zip(question.index, (*values.shape, 1, 1)[:3], strict=True)
        )
        found.append(Child(Selection(name, channel, y, x), value_at(values, (channel, y, x))))
    return tuple(found)


def _operands(question: Question) -> tuple[str, ...] | None:
    """Return the names of what is joined, ``""`` for a constant; None if they are not known."""
    places = question.numbers.get("operands")
    if places is None or places.max(initial=-1) >= len(question.node.inputs):
        return None
    return tuple("" if place < 0 else question.node.inputs[int(place)] for place in places)
