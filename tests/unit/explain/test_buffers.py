"""What a record of weights keeps besides weights and biases, and what needs no torch."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from viewer.core.nets.graph import Graph
from viewer.core.nets.kinds import module_numbers, module_settings
from viewer.core.records import WeightsRecord

TIMEOUT_S = 60.0


def test_a_record_without_buffers_is_still_a_record() -> None:
    assert WeightsRecord(3, {}, {}).buffers == {}


def test_running_statistics_are_views_that_nobody_can_write() -> None:
    norm = nn.BatchNorm2d(2, eps=0.5)
    module = nn.Sequential(nn.Conv2d(1, 2, 3), norm, nn.Flatten(), nn.Linear(72, 2))
    graph = Graph(module, (1, 8, 8))
    buffers = graph.weights(0).buffers
    assert buffers.keys() == {"1"}
    assert buffers["1"]["running_var"].tolist() == [1, 1]
    assert buffers["1"]["eps"] == 0.5
    assert norm.running_mean is not None
    graph.load(module.state_dict() | {"1.running_mean": torch.full((2,), 7.0)})
    assert norm.running_mean.tolist() == [7, 7]
    assert buffers["1"]["running_mean"].tolist() == [0, 0]  # other weights have memory of their own
    assert all(array.dtype == np.float32 for array in buffers["1"].values())
    with pytest.raises(ValueError, match="read-only"):
        buffers["1"]["running_mean"][0] = 1


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (nn.ReLU(), {}),
        (nn.Conv2d(1, 1, 3), {}),
        (nn.LeakyReLU(0.25), {"negative_slope": 0.25}),
        (nn.Hardtanh(-2, 3), {"min_val": -2, "max_val": 3}),
        (nn.GELU(approximate="tanh"), {"tanh": 1}),
        (nn.GELU(), {}),
        (nn.LayerNorm([2, 3]), {"eps": np.float32(1e-5), "normalized_shape": [2, 3]}),
        (nn.ConstantPad2d(1, 0.5), {}),
    ],
    ids=str,
)
def test_numbers_of_modules(module: nn.Module, expected: dict[str, object]) -> None:
    assert {name: n.tolist() for name, n in module_numbers(module).items()} == expected


def test_operands_of_a_join_in_their_order() -> None:
    class Join(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            y = torch.relu(x)
            z = 2.5 + (y + x)
            return torch.cat((z, y, z), dim=1).flatten(1)

    graph = Graph(Join(), (1, 2, 2))
    buffers = graph.weights(0).buffers
    nodes = {node.name: node for node in graph.nodes}
    assert nodes["cat"].inputs == ("add_1", "relu")
    assert buffers["cat"]["operands"].tolist() == [0, 1, 0]
    assert buffers["cat"]["dim"] == 1
    assert buffers["add"]["operands"].tolist() == [0, 1]
    assert buffers["add_1"]["operands"].tolist() == [-1, 0]
    assert buffers["add_1"]["constants"].tolist() == [2.5, 0]


def test_settings_say_what_is_out_of_the_ordinary() -> None:
    assert "padding_mode" not in module_settings(nn.Conv2d(1, 1, 3))
    assert module_settings(nn.Conv2d(1, 1, 3, padding_mode="reflect"))["padding_mode"] == "reflect"
    assert "track_running_stats" not in module_settings(nn.BatchNorm2d(1))
    own = nn.BatchNorm2d(1, track_running_stats=False)
    assert module_settings(own)["track_running_stats"] == "False"


def test_explaining_needs_no_torch() -> None:
    modules = ("trace", "receptive_field", "receptive_size", "exciting_patches", "softmax_steps")
    code = "; ".join(f"import viewer.core.explain.{name}" for name in modules)
    check = f"import sys; {code}; sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", check], timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0
