from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from tests.unit.explain.networks import ACTIVATIONS
from viewer.core.explain.activation_functions import activation


@pytest.mark.parametrize("build", ACTIVATIONS, ids=lambda build: str(build()))
@pytest.mark.parametrize("x", [-1e4, -90.0, -7.5, -1.0, -1e-6, 0.0, 0.3, 2.9, 8.0, 100.0, 1e4])
def test_every_function_is_torchs(build: type[nn.Module], x: float) -> None:
    module = build().double()
    numbers = {
        name: value for name, value in vars(module).items() if isinstance(value, float | int)
    }
    numbers["tanh"] = getattr(module, "approximate", "none") == "tanh"
    for parameter in module.parameters():
        numbers["negative_slope"] = parameter.item()
    found = activation(type(module).__name__, x, lambda name, default: numbers.get(name, default))
    assert found is not None
    expected = module(torch.tensor([x], dtype=torch.float64)).item()
    assert found[0] == pytest.approx(expected, rel=1e-6, abs=1e-12)
    assert found[1]


def test_formulas_have_the_numbers_in_them() -> None:
    def formula(name: str, x: float) -> str:
        found = activation(name, x, lambda _, default: default)
        assert found is not None
        return found[1]

    assert formula("relu_", -0.5) == "max(0, −0.5)"
    assert formula("leaky_relu", -0.5) == "0.01 · (−0.5)"
    assert formula("Sigmoid", 2) == "1 / (1 + e^(−2))"
    assert formula("SiLU", -2) == "(−2) / (1 + e^2)"
    assert formula("ELU", -2) == "1 · (e^(−2) − 1)"
    assert formula("softplus", 30) == "30, for it is beyond 20"


def test_infinite_and_unknown() -> None:
    found = activation("tanh", math.nan, lambda _, default: default)
    assert found is not None
    assert math.isnan(found[0])
    for name in ("silu", "mish", "gelu", "hardswish"):
        found = activation(name, -math.inf, lambda _, default: default)
        assert found is not None
    assert activation("Hardshrink", 1, lambda _, default: default) is None
