"""Sound files with contents made to do harm: sizes, loops and places that make no sense."""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import Tensor, nn

from tests.unit.nets.foreign import PROGRAMS, RESIDUAL_SHAPE
from tests.unit.nets.test_hostile_files import (
    Make,
    as_onnx,
    changed_program,
    model,
    outside,
    rezipped,
    save_legacy,
    save_program,
    script_code,
    set_target,
    torch_bytes,
    weights,
    with_pickle,
)
from viewer.core.errors import UserError
from viewer.core.nets import opening
from viewer.core.nets.formats import onnx_file, pickles, script_interpreter
from viewer.core.nets.formats.detection import detect
from viewer.core.nets.formats.errors import UntrustedPickle
from viewer.core.nets.formats.script_values import ARITHMETIC, DECISIONS
from viewer.core.nets.opening import open_network

PLAIN = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}


def safetensors(header: object, n_bytes: int = 16) -> Make:
    """Return what writes a file with this header, and so many bytes of numbers."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    content = struct.pack("<Q", len(text)) + text + bytes(n_bytes)
    return lambda path, marker: path.write_bytes(content)


def entry(**changes: object) -> dict[str, object]:
    return {"conv.weight": PLAIN | changes}


def sizes(*values: object) -> Make:
    """Return what writes a program whose input has these sizes."""

    def change(values_of: dict[str, Any]) -> None:
        tensors = values_of["graph_module"]["graph"]["tensor_values"]
        tensors["x"]["sizes"] = [{"as_int": value} for value in values]

    return changed_program(change)


def cast(kind: torch.dtype) -> Make:
    return lambda path, marker: torch.save({k: v.to(kind) for k, v in weights().items()}, path)


def quantised(path: Path, marker: Path) -> None:
    state = weights()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch means to give them up; files have them still
        state["conv1.weight"] = torch.quantize_per_tensor(
            state["conv1.weight"], 0.1, 0, torch.qint8
        )
    torch.save(state, path)


def tensor_of_many_names(path: Path, marker: Path) -> None:
    """Write more tensors than networks have, all over one number."""
    numbers = torch.zeros(1).expand(pickles.MAX_STORAGES + 1)
    torch.save({f"layer{i}.weight": one for i, one in enumerate(numbers)}, path)


def nested_program(path: Path, marker: Path) -> None:
    save_program("exported")(path)
    rezipped(path, path.read_bytes(), {"model.json": b"[" * 200_000})


def linked_out(path: Path, marker: Path) -> None:
    """Write a model whose weights are beside it, by a link that leads elsewhere."""
    (path.parent / "w.bin").symlink_to("/etc/passwd")
    path.write_bytes(outside("w.bin").SerializeToString())


def linked_entry(path: Path, marker: Path) -> None:
    link = zipfile.ZipInfo("x/data.pkl")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(link, "/etc/passwd")


def bound_socket(path: Path, marker: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def onnx_loop() -> onnx.ModelProto:
    def value(name: str, kind: int, shape: list[int]) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, kind, shape)

    body = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["d"]), helper.make_node("Relu", ["v"], ["w"])],
        "body",
        [value("i", TensorProto.INT64, []), value("c", TensorProto.BOOL, []),
         value("v", TensorProto.FLOAT, [1, 3, 8, 8])],
        [value("d", TensorProto.BOOL, []), value("w", TensorProto.FLOAT, [1, 3, 8, 8])],
    )  # fmt: skip
    rounds = helper.make_tensor("n", TensorProto.INT64, [], [2**62])
    going = helper.make_tensor("go", TensorProto.BOOL, [], [True])
    return model([helper.make_node("Loop", ["n", "go", "x"], ["y"], body=body)], (rounds, going))


class Scripted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)


class Endless(Scripted):
    def forward(self, x: Tensor) -> Tensor:
        i = 0
        while i >= 0:
            i += 1
        scores: Tensor = self.conv(x) + i
        return scores


class Swapping(Scripted):
    def forward(self, x: Tensor) -> Tensor:
        a, b = 1, 2
        for _ in range(1 << 60):
            a, b = b, a  # the loop's body has no operation at all
        scores: Tensor = self.conv(x) + a
        return scores


class Doubling(Scripted):
    def forward(self, x: Tensor) -> Tensor:
        found = [1]
        for _ in range(60):
            found = found + found
        scores: Tensor = self.conv(x) * len(found)
        return scores


class Extending(Scripted):
    def forward(self, x: Tensor) -> Tensor:
        found = [1]
        for _ in range(60):
            found.extend(found)
        scores: Tensor = self.conv(x) * len(found)
        return scores


class Repeating(Scripted):
    def forward(self, x: Tensor) -> Tensor:
        count = 1 << 40
        found = [1] * count
        scores: Tensor = self.conv(x) * len(found)
        return scores


class Appending(Scripted):
    def forward(self, x: Tensor) -> Tensor:
        found = [1.5]
        for _ in range(1_000_000_000):
            found.append(1.5)
        scores: Tensor = self.conv(x) * found[0]
        return scores


class Squaring(Scripted):
    def forward(self, x: Tensor) -> Tensor:
        number = 7
        for _ in range(60):
            number = number * number
        scores: Tensor = self.conv(x) * number
        return scores


class Joining(Scripted):
    def forward(self, x: Tensor) -> Tensor:
        for _ in range(60):
            x = torch.cat([x, x], 1)
        scores: Tensor = self.conv(x)
        return scores


def scripted(kind: type[nn.Module]) -> Make:
    return lambda path, marker: PROGRAMS["scripted"](kind().eval(), RESIDUAL_SHAPE, path)


NESTED = "\n    ".join(["a0 = [1, 1]", *(f"a{i} = [a{i - 1}, a{i - 1}]" for i in range(1, 50))])


def nest(code: str) -> str:
    """Return code whose result takes a list of two lists of two lists, and so on."""
    return re.sub(
        r"    return (.+)",
        lambda m: f"    {NESTED}\n    return torch.mul({m[1]}, torch.len(a49))",
        code,
    )


DAMAGED, GRAPH = "is damaged or cut off", "not among those that a file may use"
HOSTILE: dict[str, tuple[Make, str]] = {
    "safetensors, one over another": (
        safetensors({**entry(), "b.weight": PLAIN | {"data_offsets": [8, 24]}}, 24), DAMAGED),
    "safetensors with a hole": (
        safetensors({**entry(), "b.weight": PLAIN | {"data_offsets": [32, 48]}}, 48), DAMAGED),
    "safetensors of an unknown type": (safetensors(entry(dtype="F3")), DAMAGED),
    "safetensors of a negative shape": (safetensors(entry(shape=[-2, -2])), DAMAGED),
    "safetensors of a shape in fractions": (safetensors(entry(shape=[2.5, 2])), DAMAGED),
    "safetensors of a shape beyond 64 bits": (
        safetensors(entry(shape=[2**63, 2**63, 0], data_offsets=[0, 0]), 0), DAMAGED),
    "safetensors of no entry": (safetensors({"conv.weight": [1, 2]}), DAMAGED),
    "safetensors nested without end": (
        safetensors(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"), "not a safetensors file"),
    "ours with metadata nested without end": (
        safetensors({"__metadata__": {"convnet-viewer": "[" * 100_000}, **entry()}), "not a JSON"),
    "zip with a link": (linked_entry, DAMAGED),
    "weights that are whole numbers": (cast(torch.int32), "whole numbers in conv1.weight"),
    "weights that are yes and no": (cast(torch.bool), "whole numbers in conv1.weight"),
    "weights quantised": (quantised, "sparse, quantised or without numbers"),
    "weights without numbers": (
        lambda p, m: torch.save({k: v.to("meta") for k, v in weights().items()}, p),
        "sparse, quantised or without numbers"),
    "weights by the hundred thousand": (tensor_of_many_names, "more tensors or other entries"),
    "program with an operator of its own": (
        changed_program(set_target("torch.ops.evil.run.default")), GRAPH),
    "program with a loop": (
        changed_program(set_target("torch.ops.higher_order.while_loop")), GRAPH),
    "program of a negative size": (sizes(1, -3, 8, 8), "impossible size"),
    "program of a size beyond 64 bits": (sizes(1, 3, 2**62, 2**62), "impossible size"),
    "program of a size that is a text": (sizes(1, [3], None, "x"), "not as torch.export writes it"),
    "program nested without end": (nested_program, DAMAGED),
    "script that joins without end": (scripted(Joining), "takes no image of a usual size"),
    "script that doubles a list": (scripted(Doubling), "makes lists without end"),
    "script that extends a list by itself": (scripted(Extending), "makes lists without end"),
    "script that repeats a list": (scripted(Repeating), "makes lists without end"),
    "script that appends without end": (scripted(Appending), "makes lists without end"),
    "script with lists of lists of lists": (script_code(nest), "makes lists without end"),
    "script that squares a number": (scripted(Squaring), "more than 64 bits"),
    "ONNX with a loop": (as_onnx(onnx_loop), "can't convert"),
    "ONNX with a link to elsewhere": (linked_out, "keeps its weights in a file elsewhere"),
    "zeros without end": (lambda p, m: p.symlink_to("/dev/zero"), "not a plain file"),
    "socket": (bound_socket, "not a plain file"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    make, says = HOSTILE[name]
    make(Path("bad"), Path("MARKER"))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UserError) as caught:
        open_network("bad")
    assert sorted(tmp_path.iterdir()) == before
    sentence = str(caught.value)
    assert says in sentence and sentence.startswith("bad ")
    assert "\n" not in sentence and sentence.endswith(".") and ": " in sentence
    assert not isinstance(caught.value, UntrustedPickle)  # to trust it would be no help


@pytest.mark.parametrize("kind", [Endless, Swapping])
def test_a_loop_without_end_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[nn.Module]
) -> None:
    monkeypatch.setattr(script_interpreter, "MAX_STEPS", 2_000)
    scripted(kind)(tmp_path / "bad", tmp_path)
    with pytest.raises(UserError, match="has a loop without end"):
        open_network(str(tmp_path / "bad"))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("add", (1, 2**62, 2)),
        ("add", (-(2**63), 2**62, 2)),  # back within 64 bits, by way of more
        ("sub", (-(2**62), 2**62)),
        ("sub", (0, 2**62, 2)),
        ("rsub", (2**62, -(2**62))),
        ("rsub", (2**62, 2**62, 3)),
        ("mul", (2**32, 2**31)),
        ("pow", (2, 63)),
        ("floor", (1e300,)),
        ("ceil", (1e300,)),
    ],
)
def test_whole_numbers_beyond_64_bits_are_refused(name: str, values: tuple[Any, ...]) -> None:
    with pytest.raises(OverflowError, match="more than 64 bits"):
        ARITHMETIC[name](*values)


def test_the_places_of_a_range_beyond_64_bits_are_refused() -> None:
    assert DECISIONS["__derive_index"](3, 1, 2) == 7
    with pytest.raises(OverflowError, match="more than 64 bits"):
        DECISIONS["__derive_index"](2**62, 0, 2)


def test_a_pickle_of_countless_numbers_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pickles, "MAX_OPCODES", 10_000)
    with_pickle(lambda _: b"\x80\x02](" + b"K\x01" * 20_000 + b"e.")(tmp_path / "bad", tmp_path)
    with pytest.raises(UserError, match="more tensors or other entries than any network"):
        open_network(str(tmp_path / "bad"))


def test_many_tensors_at_one_place_of_a_file_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "w.bin").write_bytes(bytes(4 * 192))
    made = outside("w.bin")
    for i in range(9):
        more = made.graph.initializer.add()
        more.CopyFrom(made.graph.initializer[0])
        more.name = f"w{i}"
    (tmp_path / "bad").write_bytes(made.SerializeToString())
    assert open_network(str(tmp_path / "bad")).metadata.input_shape == (3, 8, 8)
    monkeypatch.setattr(onnx_file, "MAX_BYTES", 9 * 4 * 192)
    with pytest.raises(UserError, match="more than 2 GB of weights"):
        open_network(str(tmp_path / "bad"))


WRITERS: dict[str, Callable[[Path], object]] = {
    "archive": lambda path: torch.save(weights(), path),
    "checkpoint": lambda path: torch.save(
        {"state_dict": weights(), "optimizer": {"state": torch.zeros(200_000)}}, path
    ),
    "legacy file": save_legacy,
    "program": save_program("exported"),
    "script": save_program("traced"),
    "ONNX": save_program("ONNX"),
    "safetensors": lambda path: safetensors(entry())(path, path),
}


@pytest.mark.parametrize("share", [0.0, 0.5, 0.98])
@pytest.mark.parametrize("name", WRITERS)
def test_a_file_that_somebody_writes_anew_meanwhile_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, share: float
) -> None:
    """What was found out about its beginning does not hold for the rest."""
    path = tmp_path / "bad"
    WRITERS[name](path)

    def detect_then_cut(found: Path) -> Any:
        kind = detect(found)
        os.truncate(found, int(found.stat().st_size * share))
        return kind

    monkeypatch.setattr(opening, "detect", detect_then_cut)
    with pytest.raises(UserError) as caught:
        open_network(str(path))
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


def test_torch_bytes_are_whole(tmp_path: Path) -> None:
    """The files above are refused for what was done to them, not for how they were written."""
    (tmp_path / "good").write_bytes(torch_bytes(weights()))
    assert open_network(str(tmp_path / "good")).metadata.architecture == "digits"
