"""Files made to do harm: none runs anything, and each is told in one sentence."""

from __future__ import annotations

import io
import json
import os
import pickle
import resource
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from onnx import TensorProto, helper
from safetensors.torch import save
from torch import nn

from tests.unit.nets.foreign import PROGRAMS, RESIDUAL_SHAPE, residual
from viewer.core.errors import UserError
from viewer.core.nets.checkpoint import load_checkpoint
from viewer.core.nets.opening import UntrustedPickle, open_network
from viewer.core.nets.shipped import resolve_model

MOST_GROWTH_KB = 400 << 10  # of the process's largest size, over all of these files
Make = Callable[[Path, Path], object]  # the file to write, and the one that must not appear


class Evil:
    """Writes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.marker}",)


class EvilByOpen(Evil):
    """Writes a file without a shell."""

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (str(self.marker), "w")


class EvilByState(Evil):
    """Writes a file when its state is put back."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.marker),), {"state": 1}


def weights() -> dict[str, torch.Tensor]:
    return dict(load_checkpoint(resolve_model("digits")).module.state_dict())


def torch_bytes(value: object, **settings: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream, **settings)
    return stream.getvalue()


def rezipped(
    path: Path,
    content: bytes,
    changes: dict[str, bytes] | None = None,
    compression: int = zipfile.ZIP_STORED,
    extra: tuple[tuple[str, bytes], ...] = (),
) -> None:
    """Write an archive again with other bytes in some entries (by the ends of their names)."""
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(path, "w", compression) as new,
    ):
        for name in old.namelist():
            ends = [end for end in changes or {} if name.endswith(end)]
            new.writestr(name, (changes or {})[ends[0]] if ends else old.read(name))
        for name, data in extra:
            new.writestr(name, data)


def pickled(protocol: int, kind: type[Evil] = Evil) -> Make:
    return lambda path, marker: path.write_bytes(pickle.dumps(kind(marker), protocol))


def in_archive(kind: type[Evil], **settings: Any) -> Make:
    def make(path: Path, marker: Path) -> None:
        torch.save({"state_dict": weights(), "extra": kind(marker)}, path, **settings)

    return make


def with_pickle(data: Callable[[Path], bytes]) -> Make:
    """Return what writes a torch archive with another pickle in it."""
    return lambda path, marker: rezipped(path, torch_bytes(weights()), {"data.pkl": data(marker)})


def rebuilt(arguments: str, count: str = "1") -> bytes:
    """Return a pickle of a state dict of one tensor, by its opcodes."""
    text = (
        "\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n"
        "((X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
        f"X\x01\x00\x00\x000X\x03\x00\x00\x00cpu{count}tQ{arguments}\x89ccollections\n"
        "OrderedDict\n)RtRs."
    )
    return text.encode("latin1")


def number(value: int) -> str:
    return f"L{value}L\n"


def tarred(path: Path, marker: Path) -> None:
    with tarfile.open(path, "w") as file:
        for name in ("pickle", "sys_info", "../escaped"):
            data = pickle.dumps(Evil(marker), 2)
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))


def bomb(path: Path, marker: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("x/data.pkl", pickle.dumps({}, 2))
        with file.open("x/data/0", "w", force_zip64=True) as entry:
            for _ in range(600):
                entry.write(bytes(1 << 20))


def claims_ten_gigabytes_of_zip(path: Path, marker: Path) -> None:
    """Write an archive whose list of entries says 10 GB of one that is stored."""
    content = bytearray(torch_bytes(weights()))
    place = content.rindex(b"PK\x01\x02")
    struct.pack_into("<II", content, place + 20, 0xFFFFFFF0, 0xFFFFFFF0)
    path.write_bytes(content)


def zipped(*entries: tuple[str, bytes]) -> Make:
    def make(path: Path, marker: Path) -> None:
        with zipfile.ZipFile(path, "w") as file:
            for name, data in entries:
                file.writestr(name, data)

    return make


def duplicated(path: Path, marker: Path) -> None:
    evil = pickle.dumps(Evil(marker), 2)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "w") as file:
        file.writestr("x/data.pkl", torch_bytes({}))
        file.writestr("x/data.pkl", evil)


def encrypted(path: Path, marker: Path) -> None:
    content = bytearray(torch_bytes(weights()))
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)


def cut(save_it: Callable[[Path], object], share: float) -> Make:
    def make(path: Path, marker: Path) -> None:
        save_it(path)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])

    return make


def save_program(name: str) -> Callable[[Path], object]:
    return lambda path: PROGRAMS[name](residual(), RESIDUAL_SHAPE, path)


def save_legacy(path: Path) -> None:
    torch.save(weights(), path, _use_new_zipfile_serialization=False)


def spoiled_weights(change: Callable[[dict[str, torch.Tensor]], object]) -> Make:
    def make(path: Path, marker: Path) -> None:
        state = {name: value.clone() for name, value in weights().items()}
        change(state)
        torch.save(state, path)

    return make


def spoiled_network(name: str, value: float) -> Make:
    def make(path: Path, marker: Path) -> None:
        network = residual()
        with torch.no_grad():
            network.fc.weight[0, 0] = value
        PROGRAMS[name](network, RESIDUAL_SHAPE, path)

    return make


def changed_program(change: Callable[[dict[str, Any]], object], where: str = "model.json") -> Make:
    """Return what writes a torch.export program after `change` of one JSON in it."""

    def make(path: Path, marker: Path) -> None:
        save_program("exported")(path)
        content = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            (name,) = [n for n in file.namelist() if n.endswith(where)]
            values = json.loads(file.read(name))
        change(values)
        rezipped(path, content, {where: json.dumps(values).encode()})

    return make


def set_target(target: str) -> Callable[[dict[str, Any]], object]:
    def change(values: dict[str, Any]) -> None:
        values["graph_module"]["graph"]["nodes"][1]["target"] = target

    return change


def claim_weight(values: dict[str, Any]) -> None:
    values["config"]["fc.weight"]["tensor_meta"]["sizes"] = [{"as_int": 50_000}] * 2


def climb(values: dict[str, Any]) -> None:
    values["config"]["fc.weight"]["path_name"] = "../../../../etc/passwd"


def unpickle_weight(path: Path, marker: Path) -> None:
    """Write a program that says that one of its weights is a pickle."""
    save_program("exported")(path)
    content = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        (name,) = [n for n in file.namelist() if n.endswith("weights_config.json")]
        values = json.loads(file.read(name))
    entry = values["config"]["fc.weight"]
    entry["use_pickle"] = True
    evil = torch_bytes(Evil(marker))
    changes = {"weights_config.json": json.dumps(values).encode(), entry["path_name"]: evil}
    rezipped(path, content, changes)


def evaluate_size(values: dict[str, Any]) -> None:
    expression = {"expr_str": "__import__('os').system('touch MARKER')", "hint": None}
    sizes = values["graph_module"]["graph"]["tensor_values"]["x"]["sizes"]
    sizes[0] = {"as_expr": expression}
    values["graph_module"]["graph"]["tensor_values"]["x"]["sizes"] = sizes[:2]


def call_itself(values: dict[str, Any]) -> None:
    values["graph_module"]["graph"]["nodes"][1]["inputs"][0]["arg"]["as_tensor"]["name"] = "linear"


def rename_modules(evil: str) -> Callable[[dict[str, Any]], object]:
    def change(values: dict[str, Any]) -> None:
        for node in values["graph_module"]["graph"]["nodes"]:
            if "relu" in node["target"]:
                stack = f"a,{evil},torch.nn.modules.activation.ReLU"
                node["metadata"]["nn_module_stack"] = stack

    return change


def script_code(change: Callable[[str], str]) -> Make:
    """Return what writes a TorchScript archive with other code."""

    def make(path: Path, marker: Path) -> None:
        network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()).eval()
        PROGRAMS["scripted"](network, RESIDUAL_SHAPE, path)
        content = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            (name,) = [n for n in file.namelist() if "/activation" in n and n.endswith(".py")]
            code = file.read(name).decode()
        changed = change(code).replace("MARKER", str(marker))
        assert changed != code
        rezipped(path, content, {name: changed.encode()})

    return make


def insert(line: str) -> Callable[[str], str]:
    return lambda code: code.replace("    return ", f"    {line}\n    return ", 1)


SET_STATE = """
  def __setstate__(self: __torch__.torch.nn.modules.activation.ReLU, state: int) -> None:
    return None
"""


def script_claims(path: Path, marker: Path) -> None:
    PROGRAMS["traced"](nn.Conv2d(3, 4, 3), RESIDUAL_SHAPE, path)
    huge = rebuilt(f"{number(0)}({number(10**10)}t(K\x01t", number(10**10))
    rezipped(path, path.read_bytes(), {"data.pkl": huge})


def model(
    nodes: list[onnx.NodeProto], initializers: tuple[onnx.TensorProto, ...] = ()
) -> onnx.ModelProto:
    def value(name: str) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 8, 8])

    graph = helper.make_graph(nodes, "g", [value("x")], [value("y")], list(initializers))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def as_onnx(make: Callable[[], onnx.ModelProto]) -> Make:
    return lambda path, marker: path.write_bytes(make().SerializeToString())


def relu(*names: str, name: str = "") -> onnx.NodeProto:
    return helper.make_node("Relu", [names[0]], [names[1]], name=name)


def outside(location: str) -> onnx.ModelProto:
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1, 3, 8, 8])
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value=location)
    return model([helper.make_node("Add", ["x", "w"], ["y"])], (weight,))


def huge_weight() -> onnx.ModelProto:
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[50_000, 50_000])
    weight.raw_data = b"\0" * 16
    return model([helper.make_node("Add", ["x", "w"], ["y"])], (weight,))


def huge_result() -> onnx.ModelProto:
    shape = helper.make_tensor("s", TensorProto.INT64, [2], [50_000, 50_000])
    return model([helper.make_node("ConstantOfShape", ["s"], ["y"])], (shape,))


def named(evil: str) -> onnx.ModelProto:
    return model([relu("x", "h", name=evil), relu("h", "y", name=evil)])


def custom() -> onnx.ModelProto:
    made = model([helper.make_node("Run", ["x"], ["y"], domain="evil")])
    made.opset_import.append(helper.make_opsetid("evil", 1))
    return made


def ours_claiming(path: Path, marker: Path) -> None:
    header = {"w": {"dtype": "F32", "shape": [50_000, 50_000], "data_offsets": [0, 10**10]}}
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text)


def sparse(path: Path, marker: Path) -> None:
    with path.open("wb") as file:
        file.write(b"\x80\x02")
        file.truncate(10 << 30)


HOSTILE: dict[str, Make] = {
    **{f"pickle, protocol {n}": pickled(n) for n in range(6)},
    "pickle that opens": pickled(2, EvilByOpen),
    "pickle with a state": pickled(4, EvilByState),
    "pickle of the oldest kind": lambda p, m: p.write_bytes(
        f"cos\nsystem\n(S'touch {m}'\ntR.".encode()
    ),
    "pickle by INST": lambda p, m: p.write_bytes(f"(S'touch {m}'\nios\nsystem\n.".encode()),
    "pickle by OBJ": lambda p, m: p.write_bytes(
        b"\x80\x02(cos\nsystem\nX" + struct.pack("<I", len(f"touch {m}")) + f"touch {m}o.".encode()
    ),
    "pickle that imports torch's own loader": lambda p, m: p.write_bytes(
        b"\x80\x02ctorch\nload\n(X\x01\x00\x00\x00xtR."
    ),
    "pickle that imports a builtin": lambda p, m: p.write_bytes(
        b"\x80\x02cbuiltins\neval\n(X\x03\x00\x00\x001+1tR."
    ),
    "pickle with a huge memo": with_pickle(lambda m: b"\x80\x02}r\xff\xff\xff\xff."),
    "pickle with a huge text": with_pickle(lambda m: b"\x80\x02X\xff\xff\xff\x7fa."),
    "pickle with a huge array": with_pickle(
        lambda m: b"\x80\x05\x96\x00\x00\x00\x00\x03\x00\x00\x00."
    ),
    "pickle with an extension": with_pickle(lambda m: b"\x80\x02\x82\x01."),
    "pickle that takes memory by bytearray": with_pickle(
        lambda m: b"\x80\x02cbuiltins\nbytearray\n(L10000000000L\ntR."
    ),
    "pickle that takes memory by Tensor": with_pickle(
        lambda m: b"\x80\x02ctorch\nFloatTensor\n(L10000000000L\ntR."
    ),
    "pickle nested without end": with_pickle(lambda m: b"\x80\x02" + b"(" * 100_000 + b"."),
    "pickle of lists without end": with_pickle(
        lambda m: b"\x80\x02" + b"]" * 50_000 + b"a" * 49_999 + b"."
    ),
    "pickle that holds itself": with_pickle(lambda m: b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s."),
    "pickle without a stop": with_pickle(lambda m: b"\x80\x02}"),
    "pickle of a number": with_pickle(lambda m: pickle.dumps(3, 2)),
    "archive with code": in_archive(Evil),
    "archive with code, protocol 4": in_archive(EvilByOpen, pickle_protocol=4),
    "legacy file with code": in_archive(Evil, _use_new_zipfile_serialization=False),
    "tar with code": tarred,
    "whole module": lambda p, m: torch.save(residual(), p),
    "tensor larger than its storage": with_pickle(
        lambda m: rebuilt(f"K\x00({number(10**10)}t(K\x01t")
    ),
    "tensor of one number, repeated": with_pickle(
        lambda m: rebuilt(f"K\x00({number(10**10)}t(K\x00t")
    ),
    "tensor before its storage": with_pickle(lambda m: rebuilt(f"{number(-4)}(K\x01t(K\x01t")),
    "storage larger than its entry": with_pickle(
        lambda m: rebuilt("K\x00(K\x01t(K\x01t", number(10**10))
    ),
    "zip bomb": bomb,
    "zip that claims gigabytes": claims_ten_gigabytes_of_zip,
    "zip with a way out": zipped(("../../escaped", b"x"), ("x/data.pkl", b".")),
    "zip with an absolute path": zipped(("/tmp/escaped", b"x")),
    "zip with two of a name": duplicated,
    "zip, encrypted": encrypted,
    "zip, empty": zipped(),
    "zip of texts": zipped(("readme.txt", b"hello")),
    "zip of a number array": zipped(("a.npy", b"\x93NUMPY")),
    "zip in another byte order": lambda p, m: rezipped(
        p, torch_bytes(weights()), {"byteorder": b"big"}
    ),
    "weights not a number": spoiled_weights(lambda s: s["conv1.weight"].fill_(float("nan"))),
    "weights infinite": spoiled_weights(lambda s: s["dense.bias"].fill_(float("inf"))),
    "weights beyond float32": spoiled_weights(
        lambda s: s.update({"dense.bias": torch.full((10,), 1e300, dtype=torch.float64)})
    ),
    "weights of another shape": spoiled_weights(
        lambda s: s.update({"conv1.weight": torch.zeros(16, 1, 5, 4)})
    ),
    "weights of complex numbers": spoiled_weights(
        lambda s: s.update({"conv1.bias": torch.zeros(16, dtype=torch.complex64)})
    ),
    "weights sparse": spoiled_weights(
        lambda s: s.update({"dense.bias": torch.zeros(10).to_sparse()})
    ),
    "weights of no layer": spoiled_weights(lambda s: s.clear()),
    "weights with a name of code": spoiled_weights(
        lambda s: s.update({'x"); import os #': torch.zeros(1)})
    ),
    "program not a number": spoiled_network("exported", float("nan")),
    "script not a number": spoiled_network("traced", float("nan")),
    "ONNX not a number": spoiled_network("ONNX", float("nan")),
    "program that calls torch.load": changed_program(set_target("torch.load")),
    "program that calls os.system": changed_program(set_target("torch.os.system")),
    "program that maps a file": changed_program(set_target("torch.ops.aten.from_file.default")),
    "program of an extension": changed_program(set_target("#evil:run")),
    "program of a missing operator": changed_program(set_target("torch.ops.aten.relu.nothing")),
    "program with a huge weight": changed_program(claim_weight, "weights_config.json"),
    "program with a way out": changed_program(climb, "weights_config.json"),
    "program with a pickled weight": unpickle_weight,
    "program with an expression": changed_program(evaluate_size),
    "program in a circle": changed_program(call_itself),
    "program without a graph": changed_program(lambda v: v.clear()),
    "script that saves": script_code(insert('torch.save(3, "MARKER")')),
    "script that saves by another name": script_code(insert('f = torch.save\n    f(3, "MARKER")')),
    "script that maps a file": script_code(insert('t = torch.from_file("MARKER", True, 9)')),
    "script with a state": script_code(lambda code: code + SET_STATE),
    "script of an extension": script_code(insert("ops.evil.run(3)")),
    "script of torch's classes": script_code(insert("q = torch.classes.evil.Thing(3)")),
    "script that is no code": script_code(lambda code: "def ("),
    "script with a huge tensor": script_claims,
    "ONNX in a circle": as_onnx(lambda: model([relu("b", "a"), relu("a", "b"), relu("b", "y")])),
    "ONNX with a way out": as_onnx(lambda: outside("../../../etc/passwd")),
    "ONNX with an absolute path": as_onnx(lambda: outside("/etc/passwd")),
    "ONNX whose weights are missing": as_onnx(lambda: outside("weights.bin")),
    "ONNX with a huge weight": as_onnx(huge_weight),
    "ONNX with a huge result": as_onnx(huge_result),
    "ONNX of another domain": as_onnx(custom),
    "ONNX without nodes": as_onnx(lambda: model([])),
    "safetensors that claim gigabytes": ours_claiming,
    "safetensors with a huge header": lambda p, m: p.write_bytes(struct.pack("<Q", 2**62) + b"{}"),
    "safetensors of nothing": lambda p, m: p.write_bytes(save({})),
    "safetensors of infinities": lambda p, m: p.write_bytes(
        save({k: v / 0 for k, v in weights().items()})
    ),
    "empty": lambda p, m: p.write_bytes(b""),
    "ten gigabytes of nothing": sparse,
    "folder": lambda p, m: p.mkdir(),
    "pipe": lambda p, m: os.mkfifo(p),
    "missing": lambda p, m: None,
    "picture": lambda p, m: p.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99)),
    "text": lambda p, m: p.write_bytes(b"a network, honestly"),
    "noise": lambda p, m: p.write_bytes(bytes(range(256)) * 64),
    "Keras file": lambda p, m: p.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(99)),
    **{
        f"{name} cut off at {share:.0%}": cut(how, share)
        for name, how in {
            "archive": lambda p: torch.save(weights(), p),
            "legacy file": save_legacy,
            "program": save_program("exported"),
            "script": save_program("traced"),
            "ONNX": save_program("ONNX"),
        }.items()
        for share in (0.01, 0.3, 0.6, 0.999)
    },
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def bounded_memory() -> Iterator[None]:
    """See that all of these files together take no more memory than one network would."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < MOST_GROWTH_KB


def test_there_are_enough_of_them() -> None:
    assert len(HOSTILE) >= 60


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)  # where a MARKER without a path would appear
    marker, path = tmp_path / "MARKER", tmp_path / "bad"
    HOSTILE[name](path, marker)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UserError) as caught:
        open_network(str(path))
    assert not marker.exists()
    assert sorted(tmp_path.iterdir()) == before  # nothing else was written either
    sentence = str(caught.value)
    assert "bad" in sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert ": " in sentence
    assert len(sentence) < 700


CODE = [
    name for name in HOSTILE if name.startswith(("pickle, ", "archive with", "legacy file with"))
]


@pytest.mark.parametrize("name", CODE)
def test_what_a_pickle_would_import_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / "bad"
    HOSTILE[name](path, tmp_path / "MARKER")
    with pytest.raises(UntrustedPickle) as caught:
        open_network(str(path))
    (imported,) = caught.value.imports
    assert imported in ("posix.system", "_io.open", "io.open")
    assert "--trust" in str(caught.value)
    assert imported in str(caught.value)


def test_a_marker_would_be_seen(tmp_path: Path) -> None:
    path, marker = tmp_path / "bad", tmp_path / "MARKER"
    pickled(2, EvilByOpen)(path, marker)
    with path.open("rb") as file:
        pickle.load(file).close()
    assert marker.exists()


def test_trusting_a_file_runs_it(tmp_path: Path) -> None:
    path, marker = tmp_path / "bad", tmp_path / "MARKER"
    torch.save({"state_dict": weights(), "extra": EvilByState(marker)}, path)
    with pytest.raises(UserError):
        open_network(str(path), trust=True)  # a folder has no state
    assert marker.exists()


def test_names_that_are_code_stay_names(tmp_path: Path) -> None:
    """torch.fx writes the paths of modules into Python that it runs."""
    path, marker = tmp_path / "bad", tmp_path / "MARKER"
    evil = f'a"); __import__("os").system("touch {marker}"); ("'
    for make in (changed_program(rename_modules(evil)), as_onnx(lambda: named(evil))):
        make(path, marker)
        loaded = open_network(str(path))
        loaded.module(torch.zeros(1, *loaded.metadata.input_shape))
        assert not marker.exists()


def test_torchs_oldest_format_is_told_as_such(tmp_path: Path) -> None:
    tarred(tmp_path / "old.pt", tmp_path / "marker")
    with pytest.raises(UntrustedPickle, match=r"format of before version 0\.1\.10") as error:
        open_network(str(tmp_path / "old.pt"))
    assert "imports" not in str(error.value) and not (tmp_path / "marker").exists()


@pytest.mark.parametrize("content", [b"", b"abc", b"\xff" * 64])
def test_a_damaged_safetensors_file_of_anyone_is_not_said_to_be_ours(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "theirs.safetensors"
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        open_network(str(path))
    assert "convnet-viewer train" not in str(error.value) and ": " in str(error.value)
