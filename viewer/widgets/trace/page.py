"""From a trace to the blocks that show it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import singledispatchmethod
from typing import TYPE_CHECKING

from viewer.core.explain.channel_names import channel_name
from viewer.core.explain.padding import PaddingMode
from viewer.core.explain.softmax_steps import softmax_steps
from viewer.core.explain.trace_parts import (
    ActivationPart,
    ConcatenationPart,
    IndexPart,
    InputPart,
    NormalisationPart,
    PoolingPart,
    ProductPart,
    SoftmaxPart,
    SumPart,
    Trace,
    UnexplainedPart,
)
from viewer.core.explain.trace_weighted import ConvolutionPart, DensePart
from viewer.core.imaging.color_scale import ColorScale, scale_for
from viewer.core.imaging.display import Scope
from viewer.core.imaging.numbers import format_number
from viewer.core.records import Selection
from viewer.widgets.inspector.model import scale_of
from viewer.widgets.sliding.numbers import CellNumbers
from viewer.widgets.trace.arrays import PoolingBlock
from viewer.widgets.trace.blocks import Block, Line, MoreBlock, Row, TableBlock, TextBlock
from viewer.widgets.trace.convolution import TermsBlock
from viewer.widgets.trace.dense import dense_blocks
from viewer.widgets.trace.text import exact, place_name, post_line, product_text, sum_text

if TYPE_CHECKING:
    from viewer.core.explain.trace_parts import Part
    from viewer.core.explain.trace_weighted import PostStep
    from viewer.core.imaging.display import DisplaySettings
    from viewer.core.records import ActivationRecord, NetworkRecord

TERMS = 48  # channels of a convolution shown at first, and added with each step
_DISAGREES = (
    "The arithmetic does not give torch's value: the values on screen were not computed with the"
    " weights on screen."
)
_COPIES = {
    PaddingMode.REFLECT: "mirrors the input",
    PaddingMode.REPLICATE: "repeats the edge",
    PaddingMode.CIRCULAR: "goes on at the other side",
}
_SAME = "Nothing is changed here: same index, same value."
_MOVED = "Whole maps change places here: same pixel, same value."
_UNCHANGED = {
    "dropout": "Dropout changes nothing once a network is trained: same index, same value."
}


@dataclass(slots=True)
class Page:
    """Makes the blocks of one trace.

    Attributes
    ----------
    network : NetworkRecord
    record : ActivationRecord
        That the trace was made of.
    trace : Trace
    display : DisplaySettings
    temperature : float
        Of a softmax.
    numbers : (CellNumbers, CellNumbers, CellNumbers)
        For windows, kernels, products: each keeps the numbers of one size.
    terms : int
        How many channels of a convolution are shown at most; the rest is one line.
    """

    network: NetworkRecord
    record: ActivationRecord
    trace: Trace
    display: DisplaySettings
    temperature: float
    numbers: tuple[CellNumbers, CellNumbers, CellNumbers]
    terms: int = TERMS
    _scales: dict[tuple[str, int], ColorScale] = field(default_factory=dict)

    def blocks(self) -> tuple[Block, ...]:
        """Return what to show, from top to bottom."""
        part = self.trace.part
        notice: tuple[Block, ...] = ()
        if not self.trace.agrees and not isinstance(part, UnexplainedPart):
            notice = (TextBlock((Line(_DISAGREES, "warning"),)),)
        return (*notice, *self._of(part))

    @singledispatchmethod
    def _of(self, part: Part) -> tuple[Block, ...]:
        raise TypeError(f"nothing shows {type(part)}")

    @_of.register
    def _(self, part: UnexplainedPart) -> tuple[Block, ...]:
        return (TextBlock((Line(part.reason, "warning"),)),)

    @_of.register
    def _(self, part: InputPart) -> tuple[Block, ...]:
        drawn = self.network.preparation.digit
        what, name = ("drawing", "ink") if drawn else ("picture", "pixel")
        value = f"Ink {exact(part.pixel)}, from 0 for paper to 1"
        if not drawn:
            value = f"Pixel {exact(part.pixel)}, from 0 to 1"
        lines = (
            Line(f"This is the {what} itself: nothing comes before it.", "text_muted"),
            Line(value),
            Line(f"Mean {format_number(part.mean)}, standard deviation {format_number(part.std)}"),
            Line(f"({name} − mean) / standard deviation", "text_muted"),
            Line(f"{part.formula} = {format_number(self.trace.total)}", bold=True),
        )
        return (TextBlock(lines),)

    @_of.register
    def _(self, part: ConvolutionPart) -> tuple[Block, ...]:
        geometry, count = part.geometry, len(part.order)
        pairs = (geometry.kernel_size, geometry.stride, geometry.padding, geometry.dilation)
        size, stride, padding, dilation = (f"{a} × {b}" for a, b in pairs)
        about = f"Kernel {size}, stride {stride}, padding {padding}"
        if part.padding_mode is not PaddingMode.ZEROS:
            about += f" that {_COPIES[part.padding_mode]}"
        if max(geometry.dilation) > 1:
            about += f", dilation {dilation}"
        if geometry.groups > 1:
            about += f", {geometry.groups} groups"
        sums = "sum of 1 channel" if count == 1 else f"sums of {count} channels"
        lines = [
            Line(about, "text_muted"),
            *self._total(part.sums.sum(), sums, part.bias, part.has_bias),
            *_post_lines(part.post),
            Line(
                f"Window of {part.source} × kernel = products, the largest sum first",
                "text_muted",
            ),
        ]
        kernels = scale_for(part.kernels.ravel(), signed=True, settings=self.display)
        products = scale_for(part.products.ravel(), signed=True, settings=self.display)

        def source_scale(channel: int) -> ColorScale:
            return self._scale(part.source, channel)

        source = self.network.node(part.source)

        def name(channel: int) -> str:
            return channel_name(source, channel)

        terms = TermsBlock(part, source_scale, kernels, products, self.numbers, name, self.terms)
        rest = count - self.terms
        return TextBlock(lines), terms, *((_rest_of(part, rest),) if rest > 0 else ())

    @_of.register
    def _(self, part: DensePart) -> tuple[Block, ...]:
        what = f"{len(part.products):,} products"
        lines = (
            *self._total(part.products.sum(), what, part.bias, part.has_bias),
            *_post_lines(part.post),
        )
        return TextBlock(lines), *dense_blocks(self.network, part, self.display)

    @_of.register
    def _(self, part: PoolingPart) -> tuple[Block, ...]:
        value = format_number(self.trace.total)
        if part.winner_place is not None:
            y, x = part.winner_place
            text = f"The largest of {int(part.inside.sum())}: {value}, from y {y}, x {x}"
        else:
            total = format_number(float(part.values.sum()))
            text = f"The mean: {total} / {format_number(part.divisor)} = {value}"
        lines = (
            Line(f"Window of {part.source}, channel {part.channel}", "text_muted"),
            Line(text, bold=True),
        )
        scale = self._scale(part.source, part.channel)
        return TextBlock(lines), PoolingBlock(part, scale, self.numbers[0])

    @_of.register
    def _(self, part: ActivationPart) -> tuple[Block, ...]:
        lines = (
            Line(part.function, "text_muted"),
            Line(f"{part.formula} = {format_number(self.trace.total)}", bold=True),
        )
        return TextBlock(lines), self._sources("x")

    @_of.register
    def _(self, part: NormalisationPart) -> tuple[Block, ...]:
        taken = "fixed, from training"
        if part.channels is not None:
            where = " at this pixel" if part.pixel else ""
            taken = f"of channels {part.channels[0]} to {part.channels[1] - 1} of this input{where}"
        lines = (
            Line("(x − mean) / √(variance + eps) · gamma + beta", "text_muted"),
            Line(f"{part.formula} = {format_number(self.trace.total)}", bold=True),
            Line(f"mean {exact(part.mean)}, variance {exact(part.variance)}: {taken}"),
            Line(f"gamma {exact(part.gamma)}, beta {exact(part.beta)}, eps {exact(part.eps)}"),
        )
        return TextBlock(lines), self._sources("x")

    @_of.register
    def _(self, part: IndexPart) -> tuple[Block, ...]:
        if part.operation == "flatten":
            before, after = (" × ".join(map(str, s)) for s in (part.source_shape, part.shape))
            lines = [
                Line(f"{before} becomes {after}: (channel · height + y) · width + x", "text_muted"),
                Line(part.formula, bold=True),
            ]
        elif part.operation == "moved":
            source = part.source
            where = f"Channel {self.trace.index[0]} is channel {source.channel} of {source.node}."
            lines = [Line(_MOVED, "text_muted"), Line(where, bold=True)]
        else:
            sentence = _UNCHANGED.get(part.operation, _SAME)
            lines = [Line(sentence)]
            if "=" in part.formula:
                lines.append(Line(part.formula, "text_muted"))
        return TextBlock(lines), self._sources("taken from")

    @_of.register
    def _(self, part: SumPart) -> tuple[Block, ...]:
        amounts = [child.contribution for child in part.addends]
        text = sum_text(amounts + ([part.constant] if part.constant else []))
        line = Line(f"{text} = {format_number(self.trace.total)}", bold=True)
        return TextBlock((line,)), self._sources("addends")

    @_of.register
    def _(self, part: ProductPart) -> tuple[Block, ...]:
        factors = [child.contribution for child in part.factors]
        text = product_text(factors + ([part.constant] if part.constant != 1 else []))
        line = Line(f"{text} = {format_number(self.trace.total)}", bold=True)
        return TextBlock((line,)), self._sources("factors")

    @_of.register
    def _(self, part: ConcatenationPart) -> tuple[Block, ...]:
        joined = ", ".join(f"{n} ({s})" for n, s in zip(part.sources, part.sizes, strict=True))
        along = ("channels", "rows", "columns")[part.axis]
        lines = (
            Line(f"Joined one after the other, {along}: {joined}", "text_muted"),
            Line(f"This one comes from {part.sources[part.which]}.", bold=True),
        )
        return TextBlock(lines), self._sources("taken from")

    @_of.register
    def _(self, part: SoftmaxPart) -> tuple[Block, ...]:
        steps = softmax_steps(part.steps.logits, self.temperature)
        unit = part.unit
        share = format_number(float(steps.probabilities[unit]))
        at = "" if self.temperature == 1 else f" at temperature {format_number(self.temperature)}"
        lines = [
            Line("e^(logit / T − maximum) / sum of all of them", "text_muted"),
            Line(
                f"{format_number(float(steps.exponentials[unit]))} /"
                f" {format_number(steps.total)} = {share}{at}",
                bold=True,
            ),
            Line(f"maximum {exact(steps.maximum)}, sum {exact(steps.total)}"),
        ]
        arrays = (
            steps.logits,
            steps.scaled,
            steps.shifted,
            steps.exponentials,
            steps.probabilities,
        )
        columns = ("logit", "÷ T", "− max", "e^…", "÷ sum")
        names = self.network.class_names

        def row(number: int) -> Row:
            values = [float(array[number]) for array in arrays]
            label = names[number] if number < len(names) else str(number)
            text = "  ".join(f"{c} {exact(v)}" for c, v in zip(columns, values, strict=True))
            target = Selection(part.source, number)
            cells = tuple(map(format_number, values))
            return Row(label, cells, f"class {label}: {text}", target, number == unit)

        table = TableBlock("class", columns, len(steps.logits), row, (4, 0, 3, 2, 1))
        return TextBlock(lines), table

    def _total(self, amount: float, what: str, bias: float, has_bias: bool) -> tuple[Line, ...]:
        total = format_number(self.trace.total)
        if has_bias:
            text = f"bias {format_number(bias)} + {what} {format_number(float(amount))} = {total}"
        else:
            text = f"no bias, {what} = {total}"
        return (Line(text, bold=True),)

    def _sources(self, title: str) -> TableBlock:
        """Return the values one step down as rows."""
        children = self.trace.children

        def row(number: int) -> Row:
            child = children[number]
            name = place_name(self.network, child.selection)
            text = f"{name}: {exact(child.contribution)}"
            return Row(name, (format_number(child.contribution),), text, child.selection)

        return TableBlock(title, ("value",), len(children), row)

    def _scale(self, source: str, channel: int) -> ColorScale:
        """Return the colours of a map: those that all other views show it in."""
        key = source, channel if self.display.scope is Scope.CHANNEL else 0
        if key not in self._scales:
            node = self.network.node(source)
            self._scales[key] = scale_of(self.network, self.record, node, key[1], self.display)
        return self._scales[key]


def _rest_of(part: ConvolutionPart, rest: int) -> MoreBlock:
    """Return the line for the channels that add least, which are not shown."""
    amount = format_number(float(part.sums[part.order[-rest:]].sum()))
    channels = "channel" if rest == 1 else "channels"
    more = min(rest, TERMS)
    text = f"and {rest:,} more {channels}: sum {amount}. Click here, or press +, for {more} more"
    return MoreBlock(Line(text, bold=True))


def _post_lines(steps: tuple[PostStep, ...]) -> list[Line]:
    return [Line(f"then {post_line(step)}") for step in steps]
