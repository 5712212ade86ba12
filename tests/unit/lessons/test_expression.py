from __future__ import annotations

import numpy as np
import pytest

from viewer.core.lessons.expression import MAX_LENGTH, Expression, ExpressionError, Function

VALUES = np.arange(24.0).reshape(2, 3, 4)
FUNCTIONS: dict[str, Function] = {"values": lambda: VALUES, "half": lambda x: x / 2}
NAMES = frozenset(FUNCTIONS)


def value(text: str) -> object:
    return Expression(text, NAMES).evaluate(FUNCTIONS)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1 + 2 * 3", 7),
        ("-(2 ** 3)", -8),
        ("7 // 2 + 7 % 2", 4),
        ("values()[1, 2, 3]", 23.0),
        ("sum(values()[0, 0:2, 0])", 4.0),
        ("max(values())", 23.0),
        ("max(1, 5, 3)", 5),
        ("argmax(values())", 23),
        ("place(values()[1])", (2, 3)),
        ("shape(values())", (2, 3, 4)),
        ("count(values() > 20)", 3),
        ("half(9)", 4.5),
        ("relu(0 - 3)", 0),
        ("1 if 2 > 1 and not 3 < 2 else 0", 1),
        ("size(28, 5, 1, 2)", 28),
        ("size(14, 5)", 10),
        ("size(8, 3, 2)", 3),
        ("sum(patch(values()[0], -1, -1, 2, 2))", 0.0),
        ("sum(patch(values()[0], 1, 2, 2, 2))", 6.0 + 7 + 10 + 11),
        ("floor(7.9)", 7),
        ("round(2.345, 1)", 2.3),
    ],
)
def test_a_formula_has_its_value(text: str, wanted: object) -> None:
    assert value(text) == wanted


def test_flip_turns_by_half_a_circle() -> None:
    np.testing.assert_array_equal(value("flip(values())"), VALUES[:, ::-1, ::-1])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 +",
        "__import__('os')",
        "values",
        "values().shape",
        "values().__class__",
        "[x for x in values()]",
        "lambda: 1",
        "unknown(1)",
        "max(values(), key=1)",
        "f'{1}'",
        "b'1'",
        "None",
        "1 @ 2",
        "1 << 60",
        "(max)(1, 2) if max else 1",
        "'a' in 'abc'",
        "x := 1",
        "{1: 2}",
        "1" * (MAX_LENGTH + 1),
        "(" * 100 + "1" + ")" * 100 + "+" + "+".join(["1"] * 110),
    ],
)
def test_what_is_no_formula_is_refused_before_anything_is_computed(text: str) -> None:
    with pytest.raises(ExpressionError):
        Expression(text, NAMES)


@pytest.mark.parametrize(
    "text",
    [
        "1 / 0",
        "values()[5, 5, 5]",
        "9 ** 9 ** 9",
        "2 ** 99",
        "'a' * 9999",
        "shape(values()) * 9",
        "(9 ** 9) ** 9",
        "half('a')",
        "3[0]",
        "values()[0.5]",
        "max(values()[0:0])",
        "1 < 2 < 3",
        "patch(values()[0], 0, 0, 9999, 9999)",
        "place('a')",
        "exp(99999)",
    ],
)
def test_what_has_no_value_says_so(text: str) -> None:
    expression = Expression(text, NAMES)
    with pytest.raises(ExpressionError):
        expression.evaluate(FUNCTIONS)


def test_the_constants_of_calls_can_be_read() -> None:
    expression = Expression("1 + half(2) * half(3)", NAMES)
    assert sorted(expression.calls("half")) == [(2,), (3,)]
