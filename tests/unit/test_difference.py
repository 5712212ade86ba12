"""Differences of records, with numbers worked out by hand."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest

from tests.small_net import small_net
from viewer.core.difference import difference_network, difference_record, difference_weights
from viewer.core.records import ActivationRecord, DigitImage, Legibility, WeightsRecord


def floats(*values: float) -> np.ndarray:
    array = np.array(values, np.float32)
    array.flags.writeable = False
    return array


def record(step: int, outputs: dict[str, np.ndarray], *, winner: float) -> ActivationRecord:
    image = DigitImage(np.ones((2, 2), np.float32), Legibility.OK)
    answer = floats(winner, 1 - winner)
    return ActivationRecord(7, step, image, MappingProxyType(outputs), answer)


def test_outputs_are_the_newer_minus_the_older() -> None:
    new = record(20, {"input": floats(1, 2), "fc": floats(0.5, -1)}, winner=0.75)
    old = record(5, {"input": floats(1, 2), "fc": floats(2, -4)}, winner=0.5)
    found = difference_record(new, old)

    assert found.outputs["input"].tolist() == [0, 0]
    assert found.outputs["fc"].tolist() == [-1.5, 3]
    assert found.outputs["fc"].dtype == np.float32
    assert found.probabilities is new.probabilities
    assert (found.generation, found.weights_step) == (7, 20)
    assert new.outputs["fc"].tolist() == [0.5, -1]  # as it was
    with pytest.raises(ValueError, match="read-only"):
        found.outputs["fc"][0] = 1


def test_what_only_one_of_them_has_is_left_out() -> None:
    new = record(2, {"fc": floats(1), "softmax": floats(1)}, winner=1)
    old = record(1, {"fc": floats(1), "other": floats(1)}, winner=1)

    assert list(difference_record(new, old).outputs) == ["fc"]


def test_weights_and_biases_are_the_newer_minus_the_older() -> None:
    new = WeightsRecord(9, {"fc": floats(1, 3)}, {"fc": floats(0.25)})
    old = WeightsRecord(4, {"fc": floats(4, 1)}, {"fc": floats(1)})
    found = difference_weights(new, old)

    assert found.step == 9
    assert found.weights["fc"].tolist() == [-3, 2]
    assert found.biases["fc"].tolist() == [-0.75]


def test_every_node_of_a_comparison_can_be_negative() -> None:
    network = small_net().network
    found = difference_network(network, 1200, 300)

    assert found.title == "small: step 1,200 minus step 300"
    assert all(node.signed for node in found.nodes)
    assert not all(node.signed for node in network.nodes)
    assert [node.name for node in found.nodes] == [node.name for node in network.nodes]
