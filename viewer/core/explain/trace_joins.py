"""Operations that join the outputs of several nodes: addition and concatenation."""

from __future__ import annotations

import numpy as np

from viewer.core.explain.trace_children import Child
from viewer.core.explain.trace_parts import ConcatenationPart, SumPart
from viewer.core.explain.trace_question import Answer, Question, unexplained, value_at
from viewer.core.records import Selection

SUMS = frozenset({"add", "add_", "iadd"})
CONCATENATIONS = frozenset({"cat", "concat", "concatenate"})


def explain_sum(question: Question) -> Answer:
    """Return the sum of the values at the same place; of a map of one pixel, that one."""
    operands = _operands(question)
    rank = len(question.node.output_shape)
    if operands is None or any(question.record.outputs[n].ndim != rank for n in operands if n):
        return unexplained(question, "What this addition adds is not known.")
    addends: list[Child] = []
    for name in operands:
        if name:
            shape = question.record.outputs[name].shape
            channel, y, x = (
                0 if size == 1 else i
                for i, size in zip(question.index, (*shape, 1, 1)[:3], strict=True)
            )
            amount = value_at(question.record.outputs[name], (channel, y, x))
            addends.append(Child(Selection(name, channel, y, x), amount))
    constant = float(question.numbers["constants"].sum(dtype=np.float64))
    amounts = [addend.contribution for addend in addends]
    total = sum(amounts) + constant
    terms = sum(abs(amount) for amount in amounts) + abs(constant)
    return Answer(total, terms, SumPart(tuple(addends), constant))


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


def _operands(question: Question) -> tuple[str, ...] | None:
    """Return the names of what is joined, ``""`` for a constant; None if they are not known."""
    places = question.numbers.get("operands")
    if places is None or places.max(initial=-1) >= len(question.node.inputs):
        return None
    return tuple("" if place < 0 else question.node.inputs[int(place)] for place in places)
