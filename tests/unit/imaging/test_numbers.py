from __future__ import annotations

import numpy as np
import pytest

from viewer.core.imaging.numbers import format_exact, format_number


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-0.12345, "−0.1235"),
        (12.3, "12.3"),
        (999.96, "1000"),
        (12345.6, "12350"),
        (0.001, "0.001"),
        (0.00099, "9.9e−4"),
        (-1.5e-7, "−1.5e−7"),
        (1e5, "1e5"),
        (123456.0, "1.235e5"),
        (float("nan"), "NaN"),
        (float("inf"), "∞"),
        (float("-inf"), "−∞"),
    ],
)
def test_numbers_have_at_most_four_significant_digits_and_a_true_minus(x: float, text: str) -> None:
    assert format_number(x) == text


def test_the_number_of_digits_can_be_chosen() -> None:
    assert format_number(-7.4541, 3) == "−7.45"
    assert format_number(0.04449, 2) == "0.044"
    assert format_number(999.6, 3) == "1000"
    assert format_number(-12345.6, 2) == "−12000"


@pytest.mark.parametrize("x", [0.1, -0.2948774, 3.0, 1e-8, 16777216.0, 1 / 3])
def test_all_digits_of_a_float32_read_back_as_the_same_number(x: float) -> None:
    single = np.float32(x)
    assert np.float32(format_exact(float(single)).replace("−", "-")) == single


def test_all_digits_are_not_more_than_needed() -> None:
    assert format_exact(float(np.float32(0.1))) == "0.1"
    assert format_exact(-2.0) == "−2"
    assert format_exact(float("nan")) == "NaN"
