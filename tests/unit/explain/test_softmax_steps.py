from __future__ import annotations

import numpy as np
import pytest
import torch

from viewer.core.explain.softmax_steps import softmax_steps


def test_by_hand() -> None:
    steps = softmax_steps([0.0, np.log(3.0), np.log(4.0)])
    assert steps.maximum == pytest.approx(np.log(4))
    assert steps.exponentials == pytest.approx([0.25, 0.75, 1])
    assert steps.total == pytest.approx(2)
    assert steps.probabilities == pytest.approx([0.125, 0.375, 0.5])


@pytest.mark.parametrize("temperature", [0.1, 1, 5])
def test_as_torch_divides_by_the_temperature(temperature: float) -> None:
    logits = np.array([900.0, -3.5, 2.0, 899.0], np.float32)
    expected = torch.softmax(torch.from_numpy(logits).double() / temperature, 0).numpy()
    steps = softmax_steps(logits, temperature)
    assert steps.probabilities == pytest.approx(expected, rel=1e-12)
    assert steps.scaled == pytest.approx(logits / temperature)
    assert steps.shifted.max() == 0


def test_what_it_refuses() -> None:
    for temperature in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="temperature"):
            softmax_steps([1.0], temperature)
    with pytest.raises(ValueError, match="vector"):
        softmax_steps([])
