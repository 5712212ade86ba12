"""Operations that change values one by one: activation, normalisation, nothing at all."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from viewer.core.explain.activation_functions import activation
from viewer.core.explain.trace_parts import ActivationPart, IndexPart, NormalisationPart
from viewer.core.explain.trace_question import (
    Answer,
    Question,
    in_formula,
    unexplained,
)
from viewer.core.explain.trace_weighted import PostStep
from viewer.core.imaging.numbers import MINUS, format_number
from viewer.core.records import Kind, Selection

IDENTITY = "Identity"  # nn.Identity, and what a Lambda of nothing is called


@dataclass(frozen=True, slots=True)
class _Statistics:
    """What a normalisation subtracts and divides by, and scales and shifts with."""

    mean: float
    variance: float
    eps: float
    gamma: float
    beta: float
    channels: tuple[int, int] | None
    pixel: bool = False

    def of(self, x: float) -> tuple[float, str]:
        """Return the normalised value, and the formula with the numbers filled in."""
        value = (x - self.mean) / math.sqrt(self.variance + self.eps) * self.gamma + self.beta
        numbers = (in_formula(n) for n in (x, self.mean, self.variance, self.eps))
        x_text, mean, variance, eps = numbers
        fraction = f"({x_text} {MINUS} {mean}) / √({variance} + {eps})"
        return value, f"{fraction} · {in_formula(self.gamma)} + {in_formula(self.beta)}"

    @property
    def gain(self) -> float:
        return self.gamma / math.sqrt(self.variance + self.eps)


def explain_activation(question: Question) -> Answer:
    """Return the activation function's value."""
    source, x = question.same_place()
    found = _activation_of(question, x)
    if found is None:
        return unexplained(
            question, f"The formula of {question.node.type_name} is not among those shown."
        )
    total, formula = found
    return Answer(total, abs(x), ActivationPart(question.node.type_name, formula, source, x))


def explain_normalisation(question: Question) -> Answer:
    """Return the normalised value."""
    source, x = question.same_place()
    statistics = _statistics(question)
    if statistics is None:
        return unexplained(
            question, f"The mean and variance of this {question.node.type_name} are not known."
        )
    total, formula = statistics.of(x)
    part = NormalisationPart(
        formula,
        source,
        x,
        statistics.mean,
        statistics.variance,
        statistics.eps,
        statistics.gamma,
        statistics.beta,
        statistics.channels,
        statistics.pixel,
    )
    terms = (abs(x) + abs(statistics.mean)) * abs(statistics.gain) + abs(statistics.beta)
    return Answer(total, terms, part)


def explain_index(question: Question) -> Answer:
    """Return the value that a flatten or an operation that does nothing takes."""
    if question.x.size != math.prod(question.node.output_shape):
        return unexplained(
            question, f"Where {question.node.type_name} takes its values from is not known."
        )
    source, x = question.same_place()
    flat, formula = _flat(question, source)
    part = IndexPart(
        "identity" if question.node.kind is Kind.OTHER else question.node.kind.value,
        source,
        question.x.shape,
        question.node.output_shape,
        flat,
        formula,
        x,
    )
    return Answer(x, abs(x), part)


def explain_move(question: Question) -> Answer:
    """Return the value at the same pixel of the map that this one is."""
    channel, y, x = question.index
    source = int(question.numbers["channels"][channel])
    value = float(question.x[source, y, x])
    shape = question.x.shape
    part = IndexPart(
        "identity" if source == channel else "moved",
        Selection(question.source, source, y, x),
        shape,
        question.node.output_shape,
        (source * shape[1] + y) * shape[2] + x,
        f"channel {channel} is channel {source} of {question.source}",
        value,
    )
    return Answer(value, abs(value), part)


def post_steps(question: Question, total: float) -> tuple[PostStep, ...]:
    """Return what the nodes right behind make of a total, as long as they are alone there."""
    steps: list[PostStep] = []
    asked, value = question, total
    while (following := _only_pointwise_reader(asked)) is not None:
        asked = following
        found = _step_of(asked, value)
        if found is None:
            break
        value, formula = found
        node = asked.node
        steps.append(PostStep(node.name, node.type_name, formula, value, asked.value))
    return tuple(steps)


def _only_pointwise_reader(question: Question) -> Question | None:
    """Return the question about the same place of the one node that reads this one's output."""
    readers = [node for node in question.network.nodes if question.node.name in node.inputs]
    if len(readers) != 1 or len(readers[0].inputs) != 1:
        return None
    (node,) = readers
    one_by_one = node.kind in (Kind.ACTIVATION, Kind.NORMALISATION, Kind.DROPOUT)
    if not one_by_one or node.output_shape != question.node.output_shape:
        return None
    return replace(question, node=node) if node.name in question.record.outputs else None


def _step_of(question: Question, x: float) -> tuple[float, str] | None:
    if question.node.kind is Kind.DROPOUT:
        return x, format_number(x)
    if question.node.kind is Kind.ACTIVATION:
        return _activation_of(question, x)
    statistics = _statistics(question)
    return None if statistics is None or statistics.channels is not None else statistics.of(x)


def _activation_of(question: Question, x: float) -> tuple[float, str] | None:
    slopes = question.weights.weights.get(question.node.name)  # of a PReLU

    def number(name: str, default: float) -> float:
        if slopes is not None and name == "negative_slope":
            return float(slopes[question.index[0] if slopes.size > 1 else 0])
        return question.number(name, default)

    return activation(question.node.type_name, x, number)


def _statistics(question: Question) -> _Statistics | None:
    """Return the fixed statistics of a normalisation, or those that it takes of this input."""
    numbers, channel = question.numbers, question.index[0]
    if "eps" not in numbers:
        return None  # a function, or gradients and differences in place of weights
    eps = float(numbers["eps"])
    if "running_mean" in numbers:
        mean, variance = numbers["running_mean"][channel], numbers["running_var"][channel]
        gamma, beta = _scale_and_shift(question, (channel,))
        return _Statistics(float(mean), float(variance), eps, gamma, beta, None)
    if "pixelwise" in numbers and question.x.ndim == 3:
        values = question.x[(slice(None), *question.index[1:])].astype(np.float64)
        gamma, beta = _scale_and_shift(question, (channel,))
        mean, variance, end = float(values.mean()), float(values.var()), len(values)
        return _Statistics(mean, variance, eps, gamma, beta, (0, end), pixel=True)
    if question.x.ndim != 3:
        name = question.node.type_name
        first, end = (0, question.x.size) if name == "LayerNorm" else (channel, channel + 1)
        if name != "LayerNorm":
            return None
    else:
        found = _channels(question)
        if found is None:
            return None
        first, end = found
    values = question.x[first:end].astype(np.float64)
    place = question.index[: question.x.ndim] if "normalized_shape" in numbers else (channel,)
    gamma, beta = _scale_and_shift(question, place)
    return _Statistics(float(values.mean()), float(values.var()), eps, gamma, beta, (first, end))


def _channels(question: Question) -> tuple[int, int] | None:
    """Return the channels of a map that mean and variance are taken over, first and end."""
    channel, count, name = question.index[0], len(question.x), question.node.type_name
    if name in ("InstanceNorm2d", "BatchNorm2d"):
        return channel, channel + 1
    if name == "GroupNorm":
        size = count // int(question.number("num_groups", 1))
        return channel // size * size, channel // size * size + size
    whole = name == "LayerNorm" and question.numbers["normalized_shape"].size == question.x.ndim
    return (0, count) if whole else None


def _scale_and_shift(question: Question, place: tuple[int, ...]) -> tuple[float, float]:
    gamma = question.weights.weights.get(question.node.name)
    beta = question.weights.biases.get(question.node.name)
    return (
        1.0 if gamma is None else float(gamma[place]),
        0.0 if beta is None else float(beta[place]),
    )


def _flat(question: Question, source: Selection) -> tuple[int, str]:
    """Return the index when maps are read row by row, and how it is computed."""
    shape = question.x.shape if question.x.ndim == 3 else question.node.output_shape
    index = (source.channel, source.y, source.x) if question.x.ndim == 3 else question.index
    if len(shape) != 3:
        return index[0], str(index[0])
    channel, y, x = index
    flat = (channel * shape[1] + y) * shape[2] + x
    return flat, f"({channel} · {shape[1]} + {y}) · {shape[2]} + {x} = {flat}"
