import json
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from viewer.core.errors import UserError
from viewer.core.nets.architectures import architectures
from viewer.core.nets.checkpoint import Metadata, load_checkpoint, save_checkpoint
from viewer.core.nets.folding import fold
from viewer.core.nets.graph import Graph
from viewer.core.nets.table import check_table, without_training_rows
from viewer.core.nets.table_file import load_table, save_table
from viewer.core.nets.table_presets import TABLE_PRESETS
from viewer.core.nets.table_rows import (
    ACTIVATION,
    AVERAGE_POOLING,
    BATCH_NORM,
    CONVOLUTION,
    DENSE,
    DROPOUT,
    FUNCTION_TITLES,
    MAX_POOLING,
    LayerRow,
    rows_from_json,
    rows_to_json,
)
from viewer.core.records import Kind

GREY = (1, 28, 28)
NORM, DROP = LayerRow(BATCH_NORM), LayerRow(DROPOUT)
RELU, POOL = LayerRow(ACTIVATION), LayerRow(MAX_POOLING)


def conv(filters: int = 4, kernel_size: int = 3, stride: int = 1, padding: int = 1) -> LayerRow:
    return LayerRow(
        CONVOLUTION,
        {"filters": filters, "kernel_size": kernel_size, "stride": stride, "padding": padding},
    )


def dense(units: int = 8) -> LayerRow:
    return LayerRow(DENSE, {"units": units})


def activation(function: str) -> LayerRow:
    return LayerRow(ACTIVATION, {"function": function})


def pool(kernel_size: int = 2, stride: int = 2, kind: str = MAX_POOLING) -> LayerRow:
    return LayerRow(kind, {"kernel_size": kernel_size, "stride": stride})


def build(
    rows: tuple[LayerRow, ...], shape: tuple[int, int, int] = GREY, classes: int = 10
) -> nn.Sequential:
    built = architectures().get("table").build({"layers": rows_to_json(rows)}, shape, classes)
    assert isinstance(built, nn.Sequential)
    return built


def names(network: nn.Module) -> list[str]:
    return [name for name, _ in network.named_children()]


def random_row(rng: random.Random) -> LayerRow:
    kinds = [CONVOLUTION] * 3 + [ACTIVATION] * 3 + [MAX_POOLING, AVERAGE_POOLING]
    kind = rng.choice([*kinds, BATCH_NORM, BATCH_NORM, DROPOUT, DENSE])
    if kind == CONVOLUTION:
        return conv(rng.randint(1, 9), rng.randint(1, 7), rng.randint(1, 3), rng.randint(0, 4))
    if kind == ACTIVATION:
        return activation(rng.choice(list(FUNCTION_TITLES)))
    if kind in (MAX_POOLING, AVERAGE_POOLING):
        return pool(rng.randint(1, 4), rng.randint(1, 3), kind)
    if kind == DROPOUT:
        return LayerRow(DROPOUT, {"share": rng.choice([0.0, 0.3])})
    return dense(rng.randint(1, 20)) if kind == DENSE else NORM


def random_table(
    rng: random.Random,
) -> tuple[tuple[LayerRow, ...], tuple[int, int, int], int]:
    """Return a table that is possible, what it is put before, and a number of classes."""
    shape = (rng.choice([1, 3]), rng.randint(1, 32), rng.randint(1, 32))
    classes = rng.randint(2, 12)
    rows: tuple[LayerRow, ...] = ()
    for _ in range(rng.randint(0, 10)):
        longer = (*rows, random_row(rng))
        if check_table(longer, shape, classes).ok:
            rows = longer
    return rows, shape, classes


def looks_trained(network: nn.Module) -> nn.Module:
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            assert layer.running_mean is not None
            assert layer.running_var is not None
            nn.init.normal_(layer.weight)
            nn.init.normal_(layer.bias)
            nn.init.normal_(layer.running_mean)
            nn.init.uniform_(layer.running_var, 0.5, 2)
    return network.eval()


@pytest.mark.parametrize("seed", range(200))
def test_the_report_is_what_torch_builds(seed: int) -> None:
    rng = random.Random(seed)
    rows, shape, classes = random_table(rng)
    report = check_table(rows, shape, classes)
    assert report.ok
    network = build(rows, shape, classes).eval()
    wanted = [(r.name, r.shape, r.parameters) for r in report.rows]
    wanted.insert(report.flatten_at, (report.flatten.name, report.flatten.shape, 0))
    wanted.append((report.output.name, report.output.shape, report.output.parameters))
    found: list[tuple[str, tuple[int, ...], int]] = []
    x = torch.rand(2, *shape)
    with torch.no_grad():
        for name, layer in network.named_children():
            x = layer(x)
            found.append((name, tuple(x.shape[1:]), sum(p.numel() for p in layer.parameters())))
    assert found == wanted
    assert report.parameters == sum(p.numel() for p in network.parameters())

    graph = Graph(network, shape)
    assert [n.name for n in graph.nodes[1:-1]] == [name for name, _, _ in wanted]
    assert graph.logits == "output"
    assert Kind.OTHER not in {node.kind for node in graph.nodes}
    assert rows_from_json(rows_to_json(rows)) == rows


@pytest.mark.parametrize("seed", range(200))
def test_a_folded_network_fits_the_folded_table(seed: int) -> None:
    rows, shape, classes = random_table(random.Random(seed))
    architecture = architectures().get("table")
    torch.manual_seed(seed)
    network = build(rows, shape, classes)
    looks_trained(network)
    folded = fold(network)
    hyper = architecture.folded_hyper({"layers": rows_to_json(rows)})
    plain = architecture.build(hyper, shape, classes).eval()
    plain.load_state_dict(folded.state_dict())
    assert names(plain) == names(folded)
    images = torch.randn(8, *shape)
    with torch.no_grad():
        torch.testing.assert_close(plain(images), network(images), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("rows", [(NORM,), (conv(), RELU, NORM), (NORM, conv(), NORM, RELU, NORM)])
def test_a_normalisation_that_nothing_takes_up_stays(rows: tuple[LayerRow, ...]) -> None:
    network = build(rows)
    looks_trained(network)
    folded = fold(network)
    plain = build(rows_from_json(without_training_rows(rows_to_json(rows)))).eval()
    plain.load_state_dict(folded.state_dict())
    images = torch.randn(8, *GREY)
    with torch.no_grad():
        torch.testing.assert_close(plain(images), network(images), rtol=1e-4, atol=1e-4)


def test_only_what_folding_takes_out_is_taken_out() -> None:
    rows = (NORM, conv(), NORM, RELU, NORM, pool(), conv(), DROP, NORM, dense(), NORM, DROP)
    report = check_table(rows, GREY, 10)
    assert [row.name for row in report.rows] == [
        *("norm1", "conv1", "conv1_norm", "relu1", "norm2", "pool1", "conv2", "dropout1"),
        *("conv2_norm", "dense1", "dense1_norm", "dropout2"),
    ]
    left = rows_from_json(without_training_rows(rows_to_json(rows)))
    assert left == (NORM, conv(), RELU, NORM, pool(), conv(), dense())
    after = check_table(left, GREY, 10)
    before = {row.name for row in report.rows}
    assert {row.name for row in after.rows} < before
    assert without_training_rows(rows_to_json(left)) == rows_to_json(left)


def test_a_bias_that_a_normalisation_would_undo_is_left_out() -> None:
    network = build((conv(), DROP, NORM, RELU, conv(), RELU, NORM, dense(), NORM))
    states = network.state_dict()
    assert "conv1.bias" not in states
    assert "conv2.bias" in states
    assert "dense1.bias" not in states


def test_layers_by_hand() -> None:
    rows = (conv(16, 5, 1, 2), RELU, pool(), conv(8, 3, 2, 0), activation("gelu"), dense(20))
    report = check_table(rows, GREY, 10)
    assert [(r.name, r.shape, r.parameters) for r in report.rows] == [
        ("conv1", (16, 28, 28), 16 * 25 + 16),
        ("relu1", (16, 28, 28), 0),
        ("pool1", (16, 14, 14), 0),
        ("conv2", (8, 6, 6), 8 * 16 * 9 + 8),
        ("gelu1", (8, 6, 6), 0),
        ("dense1", (20,), 20 * 288 + 20),
    ]
    assert (report.flatten_at, report.flatten.shape) == (5, (288,))
    assert report.output.parameters == 210
    assert names(build(rows)) == [
        *("conv1", "relu1", "pool1", "conv2", "gelu1", "flatten", "dense1", "output")
    ]


def test_an_empty_table_is_the_output_layer_alone() -> None:
    report = check_table((), GREY, 3)
    assert report.ok
    assert report.parameters == 3 * 785
    assert names(build((), classes=3)) == ["flatten", "output"]


IMPOSSIBLE: dict[str, tuple[tuple[LayerRow, ...], str]] = {
    "kernel 0": ((conv(4, 0),), "kernel must be a whole number from 1 to 31, not 0"),
    "stride 0": ((conv(stride=0),), "stride must be a whole number from 1 to 16, not 0"),
    "filters -1": ((conv(-1),), "filters must be a whole number from 1 to 1024, not -1"),
    "too many filters": ((conv(5000),), "not 5000"),
    "padding like kernel": ((conv(4, 3, 1, 3),), "nothing but zeros: use 1"),
    "kernel too large": ((conv(4, 31, 1, 0),), "31 × 31, is larger than its input, 28 × 28"),
    "pool too large": ((pool(29),), "29 × 29, is larger than its input, 28 × 28"),
    "nothing to pool": ((pool(28, 1), POOL), "nothing left to pool in 1 × 1"),
    "pool after dense": ((dense(), POOL), "Max pooling needs rows and columns"),
    "mean after dense": ((dense(), pool(kind=AVERAGE_POOLING)), "Average pooling needs rows"),
    "convolution after dense": ((dense(), conv()), "Convolution needs rows and columns"),
    "two norms": ((conv(), NORM, DROP, NORM), "normalised already"),
    "units 0": ((dense(0),), "units must be a whole number from 1 to 8192, not 0"),
    "all dropped": ((LayerRow(DROPOUT, {"share": 1.0}),), "share must be a number from 0 to 0.9"),
    "too many parameters": ((dense(8192), dense(8192)), "73.5 million parameters, more than 50"),
    "too many values": ((conv(1024, 1, 1, 0), *[RELU] * 40), "32.1 million values"),
    "too many rows": ((RELU,) * 65, "at most 64 rows"),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_an_impossible_row_says_why(case: str) -> None:
    rows, message = IMPOSSIBLE[case]
    report = check_table(rows, GREY, 10)
    assert not report.ok
    bad = [row for row in report.rows if row.problem]
    assert message in bad[0].problem
    assert bad[0].shape is None
    assert bad[0].problem.endswith(".")
    assert report.problem == f"{bad[0].name}: {bad[0].problem}"
    if case != "too many rows":  # which is refused as it is read
        with pytest.raises(UserError, match=r"layer|table"):
            build(rows)


def test_an_output_layer_may_be_too_large() -> None:
    report = check_table((conv(512, 1, 1, 0),), (1, 256, 256), 1000)
    assert "million" in report.problem
    assert "output" in check_table((conv(300, 1, 1, 0),), (1, 200, 200), 10).problem


def test_rows_behind_an_impossible_one_are_judged_as_if_it_were_absent() -> None:
    rows = (conv(4, 0), RELU, dense(0), pool())
    report = check_table(rows, GREY, 10)
    assert report.rows[1].shape == GREY
    assert "rows and columns" in report.rows[3].problem
    assert report.output.shape == (10,)


@pytest.mark.parametrize("seed", range(100))
def test_random_tables_are_built_or_refused_with_a_reason(seed: int) -> None:
    rng = random.Random(seed)
    shape = (1, rng.randint(1, 20), rng.randint(1, 20))
    rows = tuple(random_row(rng) for _ in range(rng.randint(1, 12)))
    report = check_table(rows, shape, 10)
    if report.ok:
        assert build(rows, shape)(torch.rand(2, *shape)).shape == (2, 10)
    else:
        assert all(row.problem.endswith(".") for row in report.rows if row.shape is None)
        with pytest.raises(UserError, match=re.escape(report.problem)):
            build(rows, shape)


HOSTILE: dict[str, tuple[Any, str]] = {
    "a number": (3, "must be a text, not int"),
    "a list": ([], "must be a text, not list"),
    "no JSON": ("{", "not valid JSON"),
    "nested beyond reason": ("[" * 19_000, "not valid JSON"),
    "huge": ("[" + "1," * 10**6 + "1]", "more than 20,000 characters"),
    "an object": ("{}", "not a JSON list"),
    "many rows": (json.dumps([{"kind": "dense"}] * 65), "65 rows"),
    "row a number": ("[3]", "Row 1 of the table is no object"),
    "row without kind": ("[{}]", "Row 1 of the table is no object"),
    "kind unknown": ('[{"kind": "attention"}]', "Row 1.*no kind of layer 'attention'"),
    "kind a list": ('[{"kind": []}]', r"no kind of layer \[\]"),
    "kind endless": (json.dumps([{"kind": "a" * 9000}]), "aaa…"),
    "setting unknown": ('[{"kind": "dense", "filters": 3}]', "no setting 'filters': it has units"),
    "setting of none": ('[{"kind": "batch_norm", "eps": 3}]', "it has none"),
    "a text": ('[{"kind": "dense", "units": "3"}]', "a whole number from 1 to 8192, not '3'"),
    "true": ('[{"kind": "dense", "units": true}]', "not True"),
    "null": ('[{"kind": "dense", "units": null}]', "not None"),
    "a fraction": ('[{"kind": "dense", "units": 3.5}]', "not 3.5"),
    "not a number": ('[{"kind": "dropout", "share": NaN}]', "not nan"),
    "infinite": ('[{"kind": "dropout", "share": Infinity}]', "not inf"),
    "beyond int64": ('[{"kind": "dense", "units": 1' + "0" * 400 + "}]", "not that"),
    "more digits than Python reads": ('[{"kind": "dense", "units": 1' + "0" * 9000 + "}]", "JSON"),
    "out of range": ('[{"kind": "dense", "units": 9000}]', r"Row 1 .* not 9000"),
    "function unknown": ('[{"kind": "activation", "function": "exp"}]', "one of relu, leaky_relu"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_tables_are_refused_in_one_sentence(tmp_path: Path, case: str) -> None:
    layers, message = HOSTILE[case]
    with pytest.raises(UserError, match=message) as caught:
        architectures().get("table").complete({"layers": layers})
    assert len(str(caught.value)) < 300
    path = tmp_path / "bad.safetensors"
    metadata = Metadata("table", {"layers": layers})
    save_checkpoint(path, nn.Linear(1, 1), metadata)
    with pytest.raises(UserError, match=r"bad\.safetensors"):
        load_checkpoint(path)


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    rows = TABLE_PRESETS["As digits"]
    hyper = architectures().get("table").complete({"layers": rows_to_json(rows)})
    network = build(rows).eval()
    save_checkpoint(tmp_path / "x.safetensors", network, Metadata("table", hyper))
    loaded = load_checkpoint(tmp_path / "x.safetensors")
    assert loaded.metadata.hyper == hyper
    images = torch.rand(2, *GREY)
    assert torch.equal(loaded.module(images), network(images))


def test_json_has_one_way_of_writing() -> None:
    architecture = architectures().get("table")
    loose = '[ {"units": 64,   "kind": "dense"}, {"kind": "activation"} ]'
    assert architecture.complete({"layers": loose}) == {
        "layers": '[{"kind": "dense", "units": 64}, {"kind": "activation", "function": "relu"}]'
    }


def test_hyper_parameters_after_folding() -> None:
    known = architectures()
    digits = known.get("digits").folded_hyper({"batch_norm": True, "dropout": 0.3, "maps1": 4})
    assert (digits["batch_norm"], digits["dropout"], digits["maps1"]) == (False, 0.0, 4)
    assert known.get("lenet5").folded_hyper({"dropout": 0.3}) == {"dropout": 0.0}
    assert known.get("mlp").folded_hyper({})["batch_norm"] is False
    rows = rows_to_json((conv(), NORM, DROP))
    assert known.get("table").folded_hyper({"layers": rows}) == {"layers": rows_to_json((conv(),))}


@pytest.mark.parametrize("name", TABLE_PRESETS)
def test_presets_can_be_built(name: str) -> None:
    assert build(TABLE_PRESETS[name])(torch.rand(2, *GREY)).shape == (2, 10)


def test_presets_are_what_they_are_called_after() -> None:
    def parameters(network: nn.Module) -> int:
        return sum(p.numel() for p in network.parameters())

    known = architectures()
    digits = known.get("digits").build({"batch_norm": True, "dropout": 0.2})
    assert parameters(build(TABLE_PRESETS["As digits"])) == parameters(digits)
    lenet5 = known.get("lenet5").build()
    assert parameters(build(TABLE_PRESETS["As LeNet-5"])) == parameters(lenet5)


def test_a_table_as_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    for rows in TABLE_PRESETS.values():
        save_table(path, rows)
        assert load_table(path) == rows
    assert len(path.read_text().splitlines()) == 1
    save_table(path, (conv(), RELU))
    assert len(path.read_text().splitlines()) == 4  # a row a line
    with pytest.raises(UserError, match="can't be written"):
        save_table(tmp_path / "none" / "mine.json", ())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe\x00", "not valid JSON"),
        (b"[]", "no table of layers"),
        (b'{"layers": 3}', "not a JSON list"),
        (b'{"layers": [{"kind": "dense", "units": "3"}]}', "mine.json can't be used: Row 1"),
        (b" " * 100_000, "too large"),
    ],
)
def test_files_that_are_no_table_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "mine.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        load_table(path)


def test_files_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="can't be read"):
        load_table(tmp_path / "none.json")
    with pytest.raises(UserError, match="a folder"):
        load_table(tmp_path)


def test_signs_of_activations() -> None:
    rows = [activation(name) for name in FUNCTION_TITLES]
    graph = Graph(build(tuple(rows)), GREY)
    signed = {node.name: node.signed for node in graph.nodes if node.kind is Kind.ACTIVATION}
    assert signed == {
        "relu1": False,
        "leaky_relu1": True,
        "gelu1": True,
        "silu1": True,
        "tanh1": True,
        "sigmoid1": False,
    }


def test_the_editor_needs_no_torch() -> None:
    program = (
        "import sys, viewer.core.nets.table, viewer.core.nets.table_presets; "
        "print('torch' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.strip() == "False"
