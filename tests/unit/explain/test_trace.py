"""What a trace says: by hand, part by part, and what it refuses."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.unit.explain.networks import Explained, Joined, Residual, explained
from viewer.core.explain.receptive_field import receptive_field
from viewer.core.explain.trace import trace
from viewer.core.explain.trace_parts import (
    ActivationPart,
    ConcatenationPart,
    IndexPart,
    InputPart,
    NormalisationPart,
    PoolingPart,
    SoftmaxPart,
    SumPart,
    UnexplainedPart,
)
from viewer.core.explain.trace_weighted import ConvolutionPart, DensePart
from viewer.core.records import Selection, WeightsKind, WeightsRecord

ONE_TO_NINE = np.arange(1, 10, dtype=np.float32).reshape(3, 3) / 10


def by_hand() -> Explained:
    """Two convolutions on 3 × 3 pixels from 0.1 to 0.9, with easy weights."""
    module = nn.Sequential(
        nn.Conv2d(1, 2, 1),
        nn.Conv2d(2, 1, 3, padding=1),
        nn.BatchNorm2d(1),
        nn.ReLU(),
        nn.MaxPool2d(2, stride=1),
        nn.Flatten(),
        nn.Dropout(),
        nn.Linear(4, 2),
    )
    fill(module, "0.weight", [[[[1.0]]], [[[-1.0]]]])
    fill(module, "0.bias", [0.0, 2.0])
    line, point = [[1.0, 0.0, -1.0]] * 3, [[0.0, 0, 0], [0, 2, 0], [0, 0, 0]]
    fill(module, "1.weight", [[line, point]])
    fill(module, "1.bias", 0.5)
    for name, value in (("running_mean", 1), ("running_var", 4), ("weight", 3), ("bias", -0.25)):
        fill(module, f"2.{name}", value)
    fill(module, "7.weight", [[1.0, 2, 3, 4], [-1, 0, 1, 0]])
    fill(module, "7.bias", [0.0, 1.0])
    # Normalised, these pixels are 0.1 to 0.9.
    pixels = (ONE_TO_NINE * np.float32(0.3081) + np.float32(0.1307)).astype(np.float32)
    return explained(module, (1, 3, 3), pixels=pixels)


def fill(module: nn.Module, name: str, values: object) -> None:
    """Set a parameter or buffer; the values broadcast."""
    module.state_dict()[name].copy_(torch.tensor(values))


def test_a_convolution_by_hand() -> None:
    case = by_hand()
    # What conv 0 gives: the pixels p, and 2 − p. At (0, 0) of conv 1 the left column and the
    # top row of the window lie on padding.
    # channel 0: −(0.2 + 0.5) = −0.7; channel 1: 2 · (2 − 0.1) = 3.8; bias 0.5: 3.6.
    found = case.trace("1", 0, 0, 0)
    part = found.part
    assert isinstance(part, ConvolutionPart)
    assert found.total == pytest.approx(3.6, abs=1e-6)
    assert part.sums == pytest.approx([-0.7, 3.8], abs=1e-6)
    assert part.order.tolist() == [1, 0]
    assert part.running == pytest.approx([4.3, 3.6], abs=1e-6)
    assert (part.bias, part.has_bias, part.source) == (0.5, True, "0")
    assert part.ys.tolist() == part.xs.tolist() == [-1, 0, 1]
    assert part.inside.tolist() == [[False] * 3, [False, True, True], [False, True, True]]
    first, second = part.terms
    assert (first.channel, second.channel) == (1, 0)
    assert second.window == pytest.approx(np.array([[0, 0, 0], [0, 0.1, 0.2], [0, 0.4, 0.5]]))
    assert second.kernel.tolist() == [[1, 0, -1]] * 3
    assert second.sum == pytest.approx(-0.7, abs=1e-6)
    assert first.products.sum() == pytest.approx(3.8, abs=1e-6)
    # Batch normalisation: (3.6 − 1) / √4 · 3 − 0.25 = 3.65; ReLU leaves it.
    norm, relu = part.post
    assert (norm.name, norm.type_name) == ("2", "BatchNorm2d")
    assert norm.value == pytest.approx(3.65, abs=1e-4)
    assert norm.formula == "(3.6 − 1) / √(4 + 1e−5) · 3 + (−0.25)"
    assert relu.value == norm.value
    assert relu.formula == "max(0, 3.65)"
    assert abs(relu.difference) < 1e-5
    # The strongest value one step down is the middle of channel 1.
    child = found.children[0]
    assert child.selection == Selection("0", 1, 0, 0)
    assert child.contribution == pytest.approx(3.8, abs=1e-6)
    assert len(found.children) == 8  # four pixels on each of two channels, no padding
    assert found.agrees


def test_the_rest_of_the_way_by_hand() -> None:
    case = by_hand()
    relu = case.record.outputs["3"][0]  # (3, 3)
    pool = case.trace("4", 0, 1, 0)
    assert isinstance(pool.part, PoolingPart)
    assert pool.part.kind == "max"
    assert pool.part.values.tolist() == relu[1:3, 0:2].tolist()
    assert pool.part.winner_place is not None
    assert relu[pool.part.winner_place] == pool.value == relu[1:3, 0:2].max()
    assert [child.selection for child in pool.children] == [
        Selection("3", 0, *pool.part.winner_place)
    ]
    flat = case.trace("5", 2)
    assert isinstance(flat.part, IndexPart)
    assert flat.part.source == Selection("4", 0, 1, 0)
    assert flat.part.formula == "(0 · 2 + 1) · 2 + 0 = 2"
    dropped = case.trace("6", 2)
    assert isinstance(dropped.part, IndexPart)
    assert (dropped.part.operation, dropped.part.source) == ("dropout", Selection("5", 2))
    dense = case.trace("7", 1)
    part = dense.part
    assert isinstance(part, DensePart)
    values = case.record.outputs["6"]
    assert dense.total == pytest.approx(-values[0] + values[2] + 1, rel=1e-6)
    assert part.largest(3, positive=True).tolist() == [2]
    assert part.largest(3, positive=False).tolist() == [0]
    assert (part.maps_source, part.maps_shape, part.source) == ("4", (1, 2, 2), "6")
    maps = part.as_maps(part.weights)
    assert maps is not None
    assert maps.tolist() == [[[-1, 0], [1, 0]]]
    assert part.place(2) == (2, 0, 0)
    softmax = case.trace("softmax", 1)
    assert isinstance(softmax.part, SoftmaxPart)
    logits = case.record.outputs["7"].astype(float)
    assert softmax.total == pytest.approx(1 / (1 + math.exp(logits[0] - logits[1])), rel=1e-9)
    assert len(softmax.children) == 2
    ink = case.trace("input", 0, 1, 2)
    assert isinstance(ink.part, InputPart)
    assert ink.part.pixel == pytest.approx(0.6 * 0.3081 + 0.1307)
    assert ink.part.formula == "(0.3156 − 0.1307) / 0.3081"
    assert not len(ink.children)


def test_post_steps_end_where_the_network_branches() -> None:
    module = nn.Sequential(nn.Conv2d(1, 1, 3), Residual(nn.ReLU()), nn.Flatten(), nn.Linear(4, 2))
    part = explained(module, (1, 4, 4)).trace("0", 0).part
    assert isinstance(part, ConvolutionPart)
    assert part.post == ()


@pytest.mark.parametrize("included", [True, False])
@pytest.mark.parametrize("divisor", [None, 3])
def test_average_pooling_with_padding_and_windows_over_the_edge(
    included: bool, divisor: int | None
) -> None:
    pool = nn.AvgPool2d(3, 2, 1, True, count_include_pad=included, divisor_override=divisor)
    case = explained(nn.Sequential(pool, nn.Flatten(), nn.Linear(16, 2)), (1, 6, 7))
    for y, x in np.ndindex(case.record.outputs["0"].shape[1:]):
        found = case.trace("0", 0, y, x)
        assert found.difference == pytest.approx(0, abs=1e-6)
        assert isinstance(found.part, PoolingPart)
        assert found.children.contributions.sum() == pytest.approx(found.total)


def test_maximum_pooling_takes_the_first_of_equals_as_torch_does() -> None:
    x = torch.zeros(1, 1, 4, 4)
    _, index = functional.max_pool2d(x, 2, return_indices=True)
    module = nn.Sequential(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4, 2))
    part = explained(module, (1, 4, 4), pixels=np.zeros((4, 4), np.float32)).trace("0", 0).part
    assert isinstance(part, PoolingPart)
    assert part.winner_place == divmod(int(index[0, 0, 0, 0]), 4)


def test_maximum_pooling_never_takes_padding() -> None:
    module = nn.Sequential(nn.MaxPool2d(3, 2, padding=1), nn.Flatten(), nn.Linear(4, 2))
    found = explained(module, (1, 4, 4), pixels=np.zeros((4, 4), np.float32)).trace("0", 0)
    assert found.value < 0  # blank paper, normalised
    assert found.difference == 0


@pytest.mark.parametrize(
    "norm",
    [
        nn.GroupNorm(2, 4),
        nn.InstanceNorm2d(4, affine=True),
        nn.InstanceNorm2d(4, track_running_stats=True),
        nn.BatchNorm2d(4, track_running_stats=False),
        nn.LayerNorm([4, 10, 10]),
    ],
    ids=str,
)
def test_statistics_of_the_input(norm: nn.Module) -> None:
    for parameter in norm.parameters():
        nn.init.normal_(parameter)
    module = nn.Sequential(nn.Conv2d(1, 4, 3), norm, nn.Flatten(), nn.Linear(400, 2))
    case = explained(module)
    for channel in range(4):
        found = case.trace("1", channel, 3, 7)
        assert isinstance(found.part, NormalisationPart)
        assert found.relative_difference < 1e-5


def test_layer_normalisation_of_a_vector() -> None:
    module = nn.Sequential(nn.Flatten(), nn.LayerNorm(144), nn.Linear(144, 2))
    found = explained(module).trace("1", 100)
    assert isinstance(found.part, NormalisationPart)
    assert found.relative_difference < 1e-5


class Functional(nn.Module):
    """Everything by functions, some with their arguments by name."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = functional.leaky_relu(self.conv(x), 0.3)
        y = functional.elu(y, alpha=0.5)
        y = functional.max_pool2d(y, (3, 2), stride=(2, 1), padding=(1, 0))
        y = functional.avg_pool2d(y, 2, 2, 1, count_include_pad=False)
        y = functional.gelu(y, approximate="tanh")
        y = y + y
        y = y.add_(1.5)
        y = torch.cat([y, y], 1)
        y = functional.adaptive_avg_pool2d(y, 2)
        y = functional.softplus(y, 2, 1)
        return torch.softmax(torch.flatten(y, 1), dim=1)


def test_functions() -> None:
    case = explained(Functional())
    names = {node.name for node in case.network.nodes}
    assert {"leaky_relu", "elu", "max_pool2d", "avg_pool2d", "gelu", "add", "add_", "cat"} <= names
    for node in case.network.nodes:
        rng = np.random.default_rng(0)
        for _ in range(30):
            found = case.trace(node.name, *case.random_index(node.name, rng))
            assert not isinstance(found.part, UnexplainedPart), found.part
            assert found.relative_difference < 1e-5, node
    part = case.trace("add", 1, 1, 2).part
    assert isinstance(part, SumPart)
    assert [child.selection for child in part.addends] == [Selection("gelu", 1, 1, 2)] * 2
    shifted = case.trace("add_", 1, 1, 2).part
    assert isinstance(shifted, SumPart)
    assert shifted.constant == 1.5


def test_a_concatenation_says_where_a_map_comes_from() -> None:
    join = Joined(nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(1, 3, 1))
    case = explained(nn.Sequential(join, nn.Flatten(), nn.Linear(864, 2)))
    part = case.trace("0.cat", 4, 5, 6).part
    assert isinstance(part, ConcatenationPart)
    assert part.sources == ("0.left", "input", "0.right")
    assert (part.sizes, part.axis, part.which) == ((2, 1, 3), 0, 2)
    assert part.source == Selection("0.right", 1, 5, 6)


def test_rows_can_be_concatenated_too() -> None:
    class Rows(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.cat((x, functional.relu(x)), dim=-2).flatten(1)

    part = explained(Rows()).trace("cat", 0, 13, 6).part
    assert isinstance(part, ConcatenationPart)
    assert (part.axis, part.source) == (1, Selection("relu", 0, 1, 6))


def test_a_learned_slope_belongs_to_its_channel() -> None:
    module = nn.Sequential(nn.Conv2d(1, 2, 1), nn.PReLU(2), nn.Flatten(), nn.Linear(288, 2))
    fill(module, "1.weight", [0.5, -0.25])
    fill(module, "0.weight", 0.0)
    fill(module, "0.bias", -2.0)
    found = explained(module).trace("1", 1, 3, 3)
    assert isinstance(found.part, ActivationPart)
    assert found.total == 0.5
    assert found.part.formula == "−0.25 · (−2)"


class Odd(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.circular = nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular")
        self.transposed = nn.ConvTranspose2d(1, 1, 3)
        self.rows = nn.Linear(14, 5)

    def forward(self, x: Tensor) -> Tensor:
        y = self.rows(self.transposed(self.circular(x)))
        y = torch.add(y, y, alpha=2)
        return y.neg().flatten(2).flatten(1)


def test_what_is_not_explained_says_so_in_a_sentence() -> None:
    case = explained(Odd())
    reasons = {}
    for name in ("transposed", "rows", "add", "neg", "flatten", "flatten_1"):
        found = case.trace(name, 0)
        assert isinstance(found.part, UnexplainedPart), name
        assert found.difference == 0
        assert not len(found.children)
        reasons[name] = found.part.reason
    assert "ConvTranspose2d" in reasons["transposed"]
    assert all(reason.endswith(".") and reason.count(". ") == 0 for reason in reasons.values())


def test_other_pooling_is_not_taken_for_a_maximum() -> None:
    case = explained(nn.Sequential(nn.LPPool2d(2, 2), nn.Flatten(), nn.Linear(36, 2)))
    assert isinstance(case.trace("0", 0).part, UnexplainedPart)


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_what_stands_in_the_padding_is_a_copy(mode: Any) -> None:
    module = nn.Sequential(
        nn.Conv2d(1, 1, 3, padding=2, padding_mode=mode), nn.Flatten(), nn.Linear(196, 2)
    )
    case = explained(module)
    part = case.trace("0", 0, 0, 13).part
    assert isinstance(part, ConvolutionPart)
    # Rows −2, −1, 0 and columns 11, 12, 13 of 12 × 12 pixels.
    rows = {"reflect": [2, 1, 0], "replicate": [0, 0, 0], "circular": [10, 11, 0]}[mode]
    columns = {"reflect": [11, 10, 9], "replicate": [11, 11, 11], "circular": [11, 0, 1]}[mode]
    assert (part.ys.tolist(), part.xs.tolist()) == (rows, columns)
    assert part.on_padding.tolist() == [[True] * 3, [True] * 3, [False, True, True]]
    assert part.inside.all()
    x = case.record.outputs["input"][0]
    assert np.array_equal(part.windows[0], x[np.ix_(rows, columns)].astype(np.float64))
    assert len(part.children) == 9
    found = receptive_field(case.network, "0", 0, 13)["input"]
    expected = np.zeros((12, 12), np.bool_)
    expected[np.ix_(rows, columns)] = True
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("shape", [(7, 5, 4), (7, 5), (7,), (3, 12, 12)], ids=str)
def test_what_is_no_picture_has_no_ink(shape: tuple[int, ...]) -> None:
    case = explained(nn.Sequential(nn.Flatten(), nn.Linear(144, 2)))
    other = replace(case.network, mean=(), std=(), logits="")  # of tokens, say
    record = replace(case.record, outputs={"input": np.zeros(shape, np.float32)})
    found = trace(other, case.weights, record, Selection("input", 2))
    assert found is not None
    assert isinstance(found.part, UnexplainedPart)
    assert found.part.reason.endswith(".")
    assert found.part.reason.count(". ") == 0


def test_an_activation_that_is_not_known() -> None:
    case = explained(nn.Sequential(nn.Hardshrink(), nn.Flatten(), nn.Linear(144, 2)))
    assert isinstance(case.trace("0", 0).part, UnexplainedPart)


def test_without_weights_sums_are_not_explained() -> None:
    case = by_hand()
    for node in ("1", "2", "7"):
        found = trace(case.network, None, case.record, Selection(node, 0))
        assert found is not None
        assert isinstance(found.part, UnexplainedPart)


@pytest.mark.parametrize("kind", [WeightsKind.GRADIENTS, WeightsKind.DIFFERENCES])
def test_gradients_and_differences_are_no_arithmetic(kind: WeightsKind) -> None:
    case = by_hand()
    record = replace(case.weights, kind=kind)
    found = trace(case.network, record, case.record, Selection("1", 0, 1, 1))
    assert found is not None
    assert isinstance(found.part, UnexplainedPart)
    assert kind.value in found.part.reason


def test_weights_of_another_step_do_not_agree() -> None:
    case = by_hand()
    other = MappingProxyType({name: -array for name, array in case.weights.weights.items()})
    record = WeightsRecord(0, other, case.weights.biases)
    found = trace(case.network, record, case.record, Selection("1", 0, 1, 1))
    assert found is not None
    assert not found.agrees


def test_values_that_are_not_numbers() -> None:
    case = by_hand()
    outputs = {name: array.copy() for name, array in case.record.outputs.items()}
    outputs["0"][:] = np.nan
    outputs["1"][:] = np.nan
    outputs["3"][:] = np.inf
    record = replace(case.record, outputs=outputs)
    found = trace(case.network, case.weights, record, Selection("1", 0, 1, 1))
    assert found is not None
    assert math.isnan(found.total)
    assert found.agrees
    assert trace(case.network, case.weights, record, Selection("3", 0, 1, 1)) is not None


def test_what_is_not_there_has_no_trace() -> None:
    case = by_hand()
    wrong = [
        Selection("nothing", 0),
        Selection("1", 1),
        Selection("1", 0, 3, 0),
        Selection("1", 0, 0, -1),
        Selection("7", 0, 0, 1),
        Selection("1", 0, 0, 0, in_channel=0),
    ]
    for selection in wrong:
        assert trace(case.network, case.weights, case.record, selection) is None
    blank = {name: array for name, array in case.record.outputs.items() if name != "softmax"}
    record = replace(case.record, outputs=blank)
    assert trace(case.network, case.weights, record, Selection("softmax", 0)) is None
