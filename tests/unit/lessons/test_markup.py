from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest

from viewer.core.lessons.formula import FormulaError, Fraction, Script, Sum, Text, parse
from viewer.core.lessons.live import Live
from viewer.core.lessons.markup import BlockKind, blocks, filled_in, live_parts, rich, value_text

LIVE = Live(kept=MappingProxyType({"x": -0.123456, "n": 12544, "row": np.array([0.0, 1, 1])}))


def test_blocks_have_their_kinds() -> None:
    found = blocks("One\ntwo.\n\n$ n + 1\n\n- a\n- b\n\nEnd", LIVE)
    assert [block.kind for block in found] == [
        BlockKind.PARAGRAPH,
        BlockKind.FORMULA,
        BlockKind.ENTRY,
        BlockKind.ENTRY,
        BlockKind.PARAGRAPH,
    ]
    assert found[0].text == "One two."
    assert found[1].text == "n + 1"


def test_live_values_are_filled_in() -> None:
    text = 'x {=kept("x")}, {=kept("x"):2}; n {=kept("n")}; {=kept("row")}; {=kept("gone")}'
    assert filled_in(text, LIVE) == "x −0.1235, −0.12; n 12,544; 0, 1, 1; …"
    assert next(live_parts(text)) == 'kept("x")'


def test_rich_text_is_escaped_and_marked() -> None:
    assert rich("a < b & **c** x_{1}^{2}") == ("a &lt; b &amp; <b>c</b> x<sub>1</sub><sup>2</sup>")


def test_large_arrays_are_counted() -> None:
    assert value_text(np.zeros((5, 5))) == "25 numbers"
    assert value_text(True) == "yes"


def test_a_formula_is_a_tree() -> None:
    fraction, sign, one = parse(r"\frac{n - 1}{s} + 1")
    assert isinstance(fraction, Fraction)
    assert fraction.above == (Text("n", italic=True), Text("−", spaced=True), Text("1"))
    assert sign == Text("+", spaced=True)
    assert one == Text("1")


def test_an_integral_is_a_sign_with_or_without_limits() -> None:
    sign, *_, differential, variable = parse(r"\int f(τ) ~ g(t - τ) ~ dτ")
    assert sign == Sum("∫")
    assert (differential, variable) == (Text("d", italic=True), Text("τ", italic=True))
    (both,) = parse(r"\int_{0}^{T}")
    assert both == Script(Sum("∫"), (Text("0"),), (Text("T", italic=True),))


def test_a_sum_has_its_limits_and_an_index_its_exponent() -> None:
    (both,) = parse(r"\sum_{i}^{k}")
    assert both == Script(Sum(), (Text("i", italic=True),), (Text("k", italic=True),))
    assert parse(r"\sum") == (Sum("∑"),)
    (power,) = parse("x_{i}^{2}")
    assert power == Script(Text("x", italic=True), (Text("i", italic=True),), (Text("2"),))


@pytest.mark.parametrize(
    "source", [r"\frac{1}", r"\foo{1}", "{1}", "1}", "_{1}", r"\frac{1}{2", r"\frac{" * 20]
)
def test_a_wrong_formula_says_so(source: str) -> None:
    with pytest.raises(FormulaError):
        parse(source)
