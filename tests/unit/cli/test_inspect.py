"""``convnet-viewer inspect``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.running import run_here, run_process
from viewer.core.nets.checkpoint import load_checkpoint
from viewer.core.nets.shipped import resolve_model, shipped_models


@pytest.mark.parametrize("model", shipped_models())
def test_json_agrees_with_the_module_itself(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    result = run_here(capsys, "inspect", model, "--json")
    assert (result.code, result.err) == (0, "")
    network = json.loads(result.out)
    module = load_checkpoint(resolve_model(model)).module
    layers = network["layers"]
    assert network["title"] == model
    assert network["source"] == "in the box"
    assert network["parameters"] == sum(p.numel() for p in module.parameters())
    assert sum(layer["parameters"] for layer in layers) == network["parameters"]
    by_name = {layer["name"]: layer for layer in layers}
    for name, child in module.named_children():
        assert by_name[name]["type"] == type(child).__name__
    assert [layer["type"] for layer in (layers[0], layers[-1])] == ["Input", "Softmax"]


def test_the_default_is_digits_and_a_convolution_is_worked_by_hand(
    capsys: pytest.CaptureFixture[str],
) -> None:
    network = json.loads(run_here(capsys, "inspect", "--json").out)
    assert network["title"] == "digits"
    first = next(layer for layer in network["layers"] if layer["type"] == "Conv2d")
    out_channels, height, width = first["output_shape"]
    assert (height, width) == (28, 28)
    assert first["settings"]["kernel_size"] == "5 × 5"
    assert first["parameters"] == out_channels * (1 * 5 * 5 + 1)  # kernels and biases
    assert first["inputs"] == ["input"]
    assert first["kind"] == "convolution"


def test_the_table_has_name_type_shape_and_parameters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    result = run_here(capsys, "inspect", "lenet5")
    assert result.code == 0
    rows = [line.split() for line in result.out.splitlines()]
    assert rows[0][:2] == ["layer", "type"]
    # LeCun et al. 1998, C1: 6 maps of 28 × 28, 156 trainable parameters.
    c1 = next(row for row in rows if row and row[0] == "c1")
    assert c1[1:8] == ["Conv2d", "6", "×", "28", "×", "28", "156"]
    assert "lenet5: 61,706 parameters, 9" in result.out.splitlines()[-1]


def test_a_row_is_never_broken_in_two() -> None:
    narrow = run_process("inspect", variables={"COLUMNS": "40"})
    wide = run_process("inspect", variables={"COLUMNS": "200"})
    assert narrow.code == 0
    assert len(narrow.out.splitlines()) == len(wide.out.splitlines())


def test_a_file_is_named_by_its_path(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    copy = tmp_path / "mine.safetensors"
    copy.write_bytes(resolve_model("mlp").read_bytes())
    network = json.loads(run_here(capsys, "inspect", copy, "--json").out)
    assert network["title"] == "mine"
    assert network["source"] == str(copy)


def test_json_stays_json_where_the_output_knows_only_ascii() -> None:
    result = run_process("inspect", "--json", variables={"PYTHONIOENCODING": "ascii"})
    settings = [layer["settings"] for layer in json.loads(result.out)["layers"]]
    assert any(found.get("kernel_size") == "5 × 5" for found in settings)
