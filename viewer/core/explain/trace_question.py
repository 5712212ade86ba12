"""One value of one node that somebody asks about, with all that its answer needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from viewer.core.explain.trace_parts import Part, UnexplainedPart
from viewer.core.explain.trace_weighted import place_of
from viewer.core.imaging.numbers import MINUS, format_number
from viewer.core.records import (
    ActivationRecord,
    FloatArray,
    NetworkRecord,
    Node,
    Selection,
    WeightsRecord,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an explanation comes to.

    Attributes
    ----------
    total : float
    terms : float
        Sum of the absolute values of what was added up.
    part : Part
    """

    total: float
    terms: float
    part: Part


@dataclass(frozen=True, slots=True)
class Question:
    """One value, and the records that it is explained from.

    Attributes
    ----------
    network : NetworkRecord
    weights : WeightsRecord
    record : ActivationRecord
    node : Node
    index : (channel, y, x)
        (unit, 0, 0) in a vector; in range.
    """

    network: NetworkRecord
    weights: WeightsRecord
    record: ActivationRecord
    node: Node
    index: tuple[int, int, int]

    @property
    def value(self) -> float:
        """What torch computed."""
        return value_at(self.record.outputs[self.node.name], self.index)

    @property
    def numbers(self) -> Mapping[str, FloatArray]:
        """Running statistics and numbers of the node."""
        return self.weights.buffers.get(self.node.name, {})

    def number(self, name: str, default: float) -> float:
        """Return one number of the node."""
        found = self.numbers.get(name)
        return default if found is None or found.ndim else float(found)

    @property
    def source(self) -> str:
        """Name of the first node whose output it takes."""
        return self.node.inputs[0]

    @property
    def x(self) -> FloatArray:
        """Output of `source`, (C, H, W) or (N,)."""
        return self.record.outputs[self.source]

    def same_place(self) -> tuple[Selection, float]:
        """Return the value of the source at the same index when read row by row."""
        shape = self.x.shape
        flat = int(np.ravel_multi_index(within(self.index, self.node), self.node.output_shape))
        place = tuple(int(i) for i in place_of(flat, shape))
        return Selection(self.source, *place), float(self.x.flat[flat])


def within(index: tuple[int, int, int], node: Node) -> tuple[int, ...]:
    """Return the index of a node's value in its array."""
    return index[: len(node.output_shape)]


def value_at(values: FloatArray, index: tuple[int, int, int]) -> float:
    """Return one value of a map (C, H, W) or a vector (N,)."""
    return float(values[index[: values.ndim]])


def unexplained(question: Question, reason: str) -> Answer:
    """Return the answer that there is none, and why, in one sentence."""
    return Answer(question.value, 0.0, UnexplainedPart(reason))


def in_formula(x: float) -> str:
    """Return a number for the middle of a formula: a negative one in parentheses."""
    text = format_number(x)
    return f"({text})" if text.startswith(MINUS) else text
