"""The arithmetic of 1,000 random values of every network is torch's value.

The measure is the difference relative to the largest of 1, the absolute value and the sum of
the absolute terms: what rounding in float32 is relative to.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from tests.unit.explain.networks import Explained, explained, random_network
from viewer.core.engine import Engine
from viewer.core.explain.trace import trace
from viewer.core.explain.trace_parts import UnexplainedPart
from viewer.core.records import InferenceRequest, Picture, Selection

TOLERANCE = 1e-5
SHIPPED = ("digits", "lenet5", "mlp")
VALUES = 1000


def shipped(name: str) -> Explained:
    engine = Engine.open(name)
    pixels = np.zeros((28, 28), np.float32)
    pixels[4:24, 12:16] = np.random.default_rng(0).random((20, 4))
    record = engine.run(InferenceRequest(1, Picture(pixels, "a one", prepared=True)))
    return Explained(engine.network, engine.weights, record)


def check(case: Explained, node: str, index: tuple[int, int, int]) -> float:
    """Return the largest relative difference of a value and of what is behind it."""
    found = case.trace(node, *index)
    where = f"{node} {found.node.type_name} {index}: {found.total} is {found.value}"
    assert not isinstance(found.part, UnexplainedPart), found.part.reason
    assert found.value == case.record.outputs[node][index[: case.record.outputs[node].ndim]]
    assert found.relative_difference <= TOLERANCE, where
    assert found.agrees
    post = getattr(found.part, "post", ())
    for step in post:
        relative = abs(step.difference) / max(found.scale, abs(step.torch_value))
        assert relative <= TOLERANCE, f"{where}, {step}"
    return found.relative_difference


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_networks(name: str) -> None:
    case = shipped(name)
    rng = np.random.default_rng(1)
    names = [node.name for node in case.network.nodes]
    for i in range(VALUES):
        node = names[i % len(names)]  # all layers
        check(case, node, case.random_index(node, rng))


def test_random_networks() -> None:
    rng = np.random.default_rng(2)
    kinds: Counter[str] = Counter()
    modes: set[str] = set()
    for seed in range(50):
        case = explained(*random_network(seed), seed)
        names = [node.name for node in case.network.nodes]
        kinds.update({node.type_name for node in case.network.nodes})
        modes |= {node.settings.get("padding_mode", "zeros") for node in case.network.nodes}
        for i in range(VALUES):
            node = names[i % len(names)]
            check(case, node, case.random_index(node, rng))
    activations = {"ReLU", "ReLU6", "LeakyReLU", "PReLU", "ELU", "GELU", "SiLU", "Mish", "Tanh"}
    activations |= {"Sigmoid", "Hardswish", "Hardsigmoid", "Hardtanh", "Softplus"}
    pooling = {"MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d"}
    others = {"Conv2d", "BatchNorm2d", "BatchNorm1d", "Dropout", "Flatten", "Linear", "add", "cat"}
    assert modes == {"zeros", "reflect", "replicate", "circular"}
    assert kinds.keys() >= activations | pooling | others | {"Input", "Softmax"}


@pytest.mark.parametrize("name", SHIPPED)
def test_descent_always_ends_at_the_ink(name: str) -> None:
    case = shipped(name)
    rng = np.random.default_rng(3)
    for _ in range(20):
        found = case.trace(case.network.nodes[-1].name, int(rng.integers(10)))
        steps = 0
        while len(found.children):
            child = found.children[int(rng.integers(min(3, len(found.children))))]
            below = trace(case.network, case.weights, case.record, child.selection)
            assert below is not None
            found, steps = below, steps + 1
        assert found.node.name == "input"
        assert steps <= len(case.network.nodes)


def test_children_of_sums_add_up() -> None:
    case = shipped("digits")
    for node, index in (("conv3", (3, 2, 4)), ("dense", (7, 0, 0)), ("conv1", (1, 0, 27))):
        found = case.trace(node, *index)
        amounts = found.children.contributions
        assert (np.diff(np.abs(amounts)) <= 0).all()
        bias = case.weights.biases[node][index[0]]
        assert amounts.sum() + bias == pytest.approx(found.total, rel=1e-9)
        for child in found.children:
            assert isinstance(child.selection, Selection)
            case.trace(child.selection.node, child.selection.channel, child.selection.y)
            place = (child.selection.channel, child.selection.y, child.selection.x)
            source = case.record.outputs[child.selection.node]
            assert all(0 <= i < n for i, n in zip(place, (*source.shape, 1, 1), strict=False))
