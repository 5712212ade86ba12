"""The arithmetic that is written out below the sliding window."""

from __future__ import annotations

import numpy as np
import pytest

from tests.small_net import SmallNet, drawing, small_net
from viewer.core.explain.sliding import Slide, slide_of
from viewer.core.explain.sliding_values import Placement, placement
from viewer.core.imaging.numbers import format_number
from viewer.widgets.sliding.text import NO_BREAK, arithmetic, every_term, tap_text


@pytest.fixture(scope="module")
def net() -> SmallNet:
    return small_net()


def at(
    net: SmallNet, layer: str, cell: tuple[int, int], channel: int = 1, in_channel: int = 1
) -> tuple[Slide, Placement]:
    slide = slide_of(net.network, layer, channel)
    assert slide is not None
    item = placement(slide, net.weights, net.record(drawing(1)), cell, in_channel)
    assert item is not None
    return slide, item


def numbers(text: str) -> list[float]:
    """Return the numbers of a sum."""
    plain = text.replace(NO_BREAK, "").replace("−", "-").replace(" ", "").replace("+", " ")
    return [float(word) for word in plain.replace("-", " -").split()]


def test_nine_terms_are_written_out(net: SmallNet) -> None:
    slide, item = at(net, "conv2", (4, 5))
    terms, total, check = arithmetic(slide, item)
    left, right = terms.removeprefix("Channel 1:  ").split(" = ")
    products = left.split(" + ")
    assert len(products) == 9
    worked_out = 0.0
    for product in products:
        value, weight = (float(f.strip("()").replace("−", "-")) for f in product.split("·"))
        worked_out += value * weight
    shown = float(right.replace("−", "-"))
    assert shown == pytest.approx(item.channel_sum, rel=1e-3)
    assert worked_out == pytest.approx(shown, abs=0.05)
    assert "3 other channels".replace(" ", NO_BREAK) in total
    assert "bias" in total
    assert "torch" in check and "difference" in check


def test_more_terms_become_sums_of_rows_that_add_up(net: SmallNet) -> None:
    slide, item = at(net, "conv1", (9, 9), in_channel=0)
    terms, _, _ = arithmetic(slide, item)
    assert terms.startswith("Channel 0, row by row:")
    left, right = terms.split(":  ")[1].split(" = ")
    assert len(numbers(left)) == 5
    assert sum(numbers(left)) == pytest.approx(numbers(right)[0], abs=0.02)
    assert numbers(right)[0] == pytest.approx(item.channel_sum, rel=1e-3)


def test_the_total_line_adds_up(net: SmallNet) -> None:
    slide, item = at(net, "conv2", (4, 5))
    total = arithmetic(slide, item)[1].replace(NO_BREAK, " ").replace("−", "-")
    left, right = total.split("  = ")
    parts = [float(part.split(": ")[-1]) for part in left.split("  +  ")]
    assert len(parts) == 3
    assert sum(parts) == pytest.approx(float(right), abs=2e-3)
    assert float(right) == pytest.approx(item.value, rel=1e-3)


@pytest.mark.parametrize("layer", ["conv1", "conv2", "pool1"])
def test_nothing_is_given_away_while_it_is_to_be_predicted(net: SmallNet, layer: str) -> None:
    slide, item = at(net, layer, (4, 5), in_channel=0 if layer == "conv1" else 1)
    shown = arithmetic(slide, item)
    hidden = arithmetic(slide, item, hidden=True)
    result = shown[1].split("= ")[-1].split(":  ")[-1].split(",")[0]
    assert result in shown[1]
    for line in hidden[1:]:
        assert "?" in line
        assert result not in line
    if item.kernel is not None:
        assert hidden[0].endswith("= ?")
        assert format_number(item.channel_sum) in shown[0]
        assert format_number(item.channel_sum) not in "".join(hidden)


def test_maximum_says_where(net: SmallNet) -> None:
    slide, item = at(net, "pool1", (4, 5))
    values = net.record(drawing(1)).outputs["relu1"][1, 8:10, 10:12]
    row, column = np.unravel_index(values.argmax(), (2, 2))
    _, total, _ = arithmetic(slide, item)
    assert total.endswith(f"at y {8 + row}, x {10 + column} of the input")


def test_every_term_has_all_rows(net: SmallNet) -> None:
    slide, item = at(net, "conv1", (9, 9), in_channel=0)
    lines = every_term(slide, item).splitlines()
    assert len(lines) == 6
    assert all(line.count("·") == 5 for line in lines[1:])


def test_what_a_tap_holds(net: SmallNet) -> None:
    slide, item = at(net, "conv1", (0, 0), in_channel=0)
    assert tap_text(slide, item, (0, 0)).startswith("padding: 0  ×  weight 0, 0")
    assert tap_text(slide, item, (2, 3)).startswith("input y 0, x 1: ")
