"""What a trace is made of: one frozen part for each kind of operation. Numpy only."""

from __future__ import annotations

import math
from dataclasses import dataclass

from viewer.core.explain.softmax_steps import SoftmaxSteps
from viewer.core.explain.trace_children import (
    Child,
    Children,
    DoubleArray,
    IntArray,
    children,
    joined,
)
from viewer.core.explain.trace_weighted import BoolArray, ConvolutionPart, DensePart
from viewer.core.records import Node, Selection

TOLERANCE = 1e-5  # of `Trace.relative_difference`; float32 sums of thousands stay below a tenth


@dataclass(frozen=True, slots=True, eq=False)
class PoolingPart:
    """Which value pooling took, or which it averaged.

    Attributes
    ----------
    kind : str
        ``max`` or ``average``.
    source : str
    channel : int
    ys, xs : (kH,), (kW,) intp
        Rows and columns of the input in the window; outside of the input on padding.
    inside : (kH, kW) bool
        False on padding, and where the last window reaches over the edge.
    values : (kH, kW) float64
        0 where not inside.
    winner : (row, column) or None
        Place in `values` of the maximum, the first of equals; None for an average.
    divisor : float
        What the sum is divided by; 1 for a maximum.
    """

    kind: str
    source: str
    channel: int
    ys: IntArray
    xs: IntArray
    inside: BoolArray
    values: DoubleArray
    winner: tuple[int, int] | None
    divisor: float

    @property
    def winner_place(self) -> tuple[int, int] | None:
        """(y, x) of the maximum in the input; None for an average."""
        if self.winner is None:
            return None
        return int(self.ys[self.winner[0]]), int(self.xs[self.winner[1]])

    @property
    def children(self) -> Children:
        """The maximum alone, or every value that is averaged."""
        if self.winner is not None:
            row, column = self.winner
            value = self.values[row, column].reshape(1)
            return children(self.source, self.channel, self.ys[row], self.xs[column], value)
        rows, columns = self.inside.nonzero()
        amounts = self.values[rows, columns] / self.divisor
        return children(self.source, self.channel, self.ys[rows], self.xs[columns], amounts)


@dataclass(frozen=True, slots=True)
class ActivationPart:
    """What an activation function makes of one value.

    Attributes
    ----------
    function : str
        ``ReLU``.
    formula : str
        With the number filled in, without the result: ``max(0, −0.5)``.
    source : Selection
    x : float
        The value it took.
    """

    function: str
    formula: str
    source: Selection
    x: float

    @property
    def children(self) -> Children:
        """The one value it took."""
        return joined((Child(self.source, self.x),))


@dataclass(frozen=True, slots=True)
class NormalisationPart:
    """(x − mean) / √(variance + eps) · gamma + beta.

    Attributes
    ----------
    formula : str
        With the numbers filled in, without the result.
    source : Selection
    x : float
        The value it took.
    mean, variance, eps, gamma, beta : float
        gamma is 1 and beta 0 where the layer has none.
    channels : (first, end) or None
        Channels of this input that mean and variance were taken over; None where they are
        fixed, from training.
    pixel : bool
        Whether they were taken at this pixel alone.
    """

    formula: str
    source: Selection
    x: float
    mean: float
    variance: float
    eps: float
    gamma: float
    beta: float
    channels: tuple[int, int] | None = None
    pixel: bool = False

    @property
    def children(self) -> Children:
        """The one value that is normalised."""
        return joined((Child(self.source, self.x),))


@dataclass(frozen=True, slots=True)
class IndexPart:
    """Where a flatten, or an operation that changes nothing, took the value from.

    Attributes
    ----------
    operation : str
        ``flatten``, ``dropout``, ``identity``, or ``moved`` where whole maps change places.
    source : Selection
    source_shape, shape : tuple of int
        Of the input and the output.
    flat : int
        Index in both when they are read row by row, channel by channel; of ``moved`` that in the
        input.
    formula : str
        Of the index, with numbers: ``(3 · 7 + 2) · 7 + 5 = 166``.
    x : float
        The value it took.
    """

    operation: str
    source: Selection
    source_shape: tuple[int, ...]
    shape: tuple[int, ...]
    flat: int
    formula: str
    x: float

    @property
    def children(self) -> Children:
        """The one value it took."""
        return joined((Child(self.source, self.x),))


@dataclass(frozen=True, slots=True)
class SoftmaxPart:
    """One probability, and the steps that lead to all of them.

    Attributes
    ----------
    source : str
        Name of the logits' node.
    unit : int
    steps : SoftmaxSteps
        At temperature 1: ``softmax_steps(part.steps.logits, t)`` shows another.
    """

    source: str
    unit: int
    steps: SoftmaxSteps

    @property
    def children(self) -> Children:
        """Every logit, with the share of its exponential in the sum."""
        units = range(len(self.steps.logits))
        return children(self.source, tuple(units), 0, 0, self.steps.probabilities)


@dataclass(frozen=True, slots=True)
class SumPart:
    """An addition of maps, as behind a residual connection.

    Attributes
    ----------
    addends : tuple of Child
        In the order of the sum.
    constant : float
        What is added besides; 0 if nothing is.
    """

    addends: tuple[Child, ...]
    constant: float

    @property
    def children(self) -> Children:
        """The addends."""
        return joined(self.addends)


@dataclass(frozen=True, slots=True)
class ProductPart:
    """A multiplication of maps, as that of squeeze-and-excitation.

    Attributes
    ----------
    factors : tuple of Child
        In the order of the product; the contribution is the factor.
    constant : float
        What they are multiplied with besides; 1 if nothing is.
    """

    factors: tuple[Child, ...]
    constant: float

    @property
    def children(self) -> Children:
        """The factors."""
        return joined(self.factors)


@dataclass(frozen=True, slots=True)
class ConcatenationPart:
    """Which of the joined maps a value comes from.

    Attributes
    ----------
    sources : tuple of str
        In the order that they are joined.
    sizes : tuple of int
        Channels, units, rows or columns of each, along the axis they are joined along.
    axis : int
        Of (channel, y, x).
    which : int
        Place in `sources`.
    source : Selection
    x : float
        The value it took.
    """

    sources: tuple[str, ...]
    sizes: tuple[int, ...]
    axis: int
    which: int
    source: Selection
    x: float

    @property
    def children(self) -> Children:
        """The one value it took."""
        return joined((Child(self.source, self.x),))


@dataclass(frozen=True, slots=True)
class InputPart:
    """The ink, or light, of one pixel: (pixel − mean) / std.

    Attributes
    ----------
    pixel : float
        In [0, 1].
    mean, std : float
        Of the channel.
    formula : str
        With the numbers filled in, without the result.
    """

    pixel: float
    mean: float
    std: float
    formula: str

    @property
    def children(self) -> Children:
        """None: there is nothing before the input."""
        return joined(())


@dataclass(frozen=True, slots=True)
class UnexplainedPart:
    """An operation whose arithmetic is not shown.

    Attributes
    ----------
    reason : str
        One sentence, for the user.
    """

    reason: str

    @property
    def children(self) -> Children:
        """None are known."""
        return joined(())


Part = (
    ConvolutionPart
    | DensePart
    | PoolingPart
    | ActivationPart
    | NormalisationPart
    | IndexPart
    | SoftmaxPart
    | SumPart
    | ProductPart
    | ConcatenationPart
    | InputPart
    | UnexplainedPart
)


@dataclass(frozen=True, slots=True)
class Trace:
    """The arithmetic of one value of a node's output, in float64.

    Attributes
    ----------
    node : Node
    index : (channel, y, x)
        (unit, 0, 0) in a vector.
    value : float
        What torch computed, in float32.
    total : float
        What the part's arithmetic gives; `value` where nothing is explained.
    scale : float
        What rounding in float32 is relative to: the largest of 1, the absolute value and
        the sum of the absolute terms.
    part : Part
        How the total comes about.
    """

    node: Node
    index: tuple[int, int, int]
    value: float
    total: float
    scale: float
    part: Part

    @property
    def difference(self) -> float:
        """`total` minus `value`."""
        return self.total - self.value

    @property
    def relative_difference(self) -> float:
        """Absolute difference over `scale`; NaN where the value is not finite."""
        return abs(self.difference) / self.scale

    @property
    def agrees(self) -> bool:
        """Whether torch's value is that of the arithmetic, up to rounding in float32.

        It is not if the outputs were computed with other weights than those given, or if
        differences or gradients are shown in their place.
        """
        if math.isfinite(self.total) and math.isfinite(self.value):
            return self.relative_difference <= TOLERANCE
        return self.total == self.value or (math.isnan(self.total) and math.isnan(self.value))

    @property
    def selection(self) -> Selection:
        """The value as a selection."""
        return Selection(self.node.name, *self.index)

    @property
    def children(self) -> Children:
        """The values one step down, the largest contribution first."""
        return self.part.children
