"""Predictions: what counts as right."""

from __future__ import annotations

import math

import pytest

from viewer.core.explain.sliding_prediction import is_right, read_answer, tolerance


@pytest.mark.parametrize(
    ("answer", "value", "right"),
    [
        (2.4, 2.4137, True),
        (2.41, 2.4137, True),
        (2.45, 2.449, True),  # rounds to 2.5, but is nearer than any number of two digits
        (2.5, 2.4137, False),
        (-2.4, 2.4137, False),
        (240, 241.9, True),
        (230, 241.9, False),
        (0, 0.0, True),
        (0.01, 0.0, False),
        (0, 0.0049, True),  # two decimals are enough
        (0.02, 0.0049, False),
        (0.15, 0.1, False),
        (1, math.nan, False),
        (math.inf, math.inf, False),
    ],
)
def test_right_or_wrong(answer: float, value: float, right: bool) -> None:
    assert is_right(answer, value) is right


def test_the_very_edge_is_right() -> None:
    assert is_right(1.25, 1.2)
    assert not is_right(1.2501, 1.2)


def test_tolerance_is_half_a_unit() -> None:
    assert tolerance(2.4) == pytest.approx(0.05)
    assert tolerance(-24.0) == pytest.approx(0.5)
    assert tolerance(0.001) == pytest.approx(0.005)


@pytest.mark.parametrize(
    ("text", "number"),
    [("1.5", 1.5), (" 1,5 ", 1.5), ("−0.52", -0.52), ("-3", -3), ("2e1", 20)],
)
def test_how_a_number_may_be_typed(text: str, number: float) -> None:
    assert read_answer(text) == number


@pytest.mark.parametrize("text", ["", "two", "1.2.3", "nan", "inf", "1 2"])
def test_what_is_no_number(text: str) -> None:
    assert read_answer(text) is None
