"""ONNX files, made safe before anything converts them.

What can be wrong with one: weights in another file whose path leads anywhere; names that a
converter writes into source code; cycles; sizes that nothing backs.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from viewer.core.errors import UserError
from viewer.core.nets.formats.archives import damaged
from viewer.core.nets.formats.labels import labels_of
from viewer.core.nets.formats.onnx_versions import fit_converter
from viewer.core.nets.formats.operators import safe_path

if TYPE_CHECKING:
    import onnx

MAX_BYTES = 2 << 30  # of a protocol buffer
MAX_VALUE_BYTES = 4 << 30  # of what an operation gives
PACKAGES = ("onnx", "onnx2torch")
INSTALL = ".venv/bin/python -m pip install '.[onnx]' in the clone"
_SCOPES, _CLASSES = "pkg.torch.onnx.name_scopes", "pkg.torch.onnx.class_hierarchy"
_FLOAT_BYTES = 4


@dataclass(frozen=True)
class OnnxFile:
    """A checked model.

    Attributes
    ----------
    model : onnx.ModelProto
        Nodes are called ``n0``, ``n1``…; all weights are within it.
    scopes : mapping of str to (str, str)
        By those names: path and class of the module that the node was exported from.
    """

    model: onnx.ModelProto
    scopes: Mapping[str, tuple[str, str]]

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names, where the file has them."""
        notes: dict[str, Any] = {}
        for entry in self.model.metadata_props:
            try:
                notes[entry.key] = ast.literal_eval(entry.value)
            except (ValueError, SyntaxError, RecursionError, MemoryError):
                notes[entry.key] = entry.value
        return labels_of(notes)


def require_packages(path: Path) -> None:
    """Raise UserError, with the command that installs them, if the packages are not there."""
    if any(importlib.util.find_spec(name) is None for name in PACKAGES):
        raise UserError(
            f"{path} is an ONNX file, which takes the packages onnx and onnx2torch: install them "
            f"with {INSTALL}."
        )


def read_model(path: Path) -> OnnxFile:
    """Read and check a model.

    Raises
    ------
    UserError
        If it is damaged, has a cycle, or refers to a file elsewhere.
    """
    import onnx  # optional, and slow
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # no stubs

    if path.stat().st_size > MAX_BYTES:
        raise UserError(f"{path} is larger than 2 GB, which no ONNX file is: get it again.")
    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except (DecodeError, ValueError, RuntimeError) as error:
        raise damaged(path, str(error)) from None
    _take_in_weights(path, model)
    model = _checked(path, model)
    fit_converter(path, model)
    return OnnxFile(model, dict(_renamed(model)))


def _take_in_weights(path: Path, model: onnx.ModelProto) -> None:
    """Read weights that stand in another file beside this one."""
    import onnx

    total = 0
    for tensor in _tensors(model):
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        entries = {entry.key: entry.value for entry in tensor.external_data}
        file = _beside(path, entries.get("location", ""))
        size = file.stat().st_size
        try:
            offset = int(entries.get("offset") or 0)
            length = int(entries.get("length") or size - offset)
        except ValueError:
            raise damaged(path, "it has a place in a file that is no number") from None
        if offset < 0 or length < 0 or offset + length > size:
            raise damaged(path, f"{file.name} is shorter than it says")
        total += length
        if total > MAX_BYTES:  # many tensors may stand at one place of a file
            raise UserError(f"{path} has more than 2 GB of weights: export a smaller network.")
        with file.open("rb") as stream:
            stream.seek(offset)
            tensor.raw_data = stream.read(length)
        del tensor.external_data[:]
        tensor.data_location = onnx.TensorProto.DEFAULT


def _beside(path: Path, location: str) -> Path:
    """Return a file in the same folder; UserError of a path that leads anywhere else."""
    plain = PurePosixPath(location).name == location and "\\" not in location and location
    file = path.parent / location
    if not plain or "\0" in location or file.is_symlink():
        raise UserError(
            f"{path} keeps its weights in a file elsewhere: save it with them beside it or in it."
        )
    if not file.is_file():
        raise UserError(f"{path} keeps its weights in {location[:80]}: put that file beside it.")
    return file


def _tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    graphs = [model.graph]
    nodes = [node for function in model.functions for node in function.node]
    while graphs or nodes:
        if graphs:
            graph = graphs.pop()
            yield from graph.initializer
            nodes.extend(graph.node)
            continue
        for attribute in nodes.pop().attribute:
            yield from (attribute.t, *attribute.tensors)
            graphs.extend(attribute.graphs)
            if attribute.HasField("g"):
                graphs.append(attribute.g)


def _checked(path: Path, model: onnx.ModelProto) -> onnx.ModelProto:
    import onnx
    from onnx import inliner, shape_inference

    try:
        onnx.checker.check_model(model)
        if model.functions:
            model = inliner.inline_local_functions(model)
        model = shape_inference.infer_shapes(model, check_type=True)
    except (onnx.checker.ValidationError, shape_inference.InferenceError) as error:
        raise damaged(path, str(error).strip().split("\n")[0]) from None
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        raise damaged(path, str(error).strip().split("\n")[0]) from None
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        count = 1
        for dim in value.type.tensor_type.shape.dim:
            count *= max(dim.dim_value, 1)
        if count * _FLOAT_BYTES > MAX_VALUE_BYTES:
            raise UserError(
                f"{path} would compute {count * _FLOAT_BYTES / 1e9:.3g} GB in one step: choose "
                "another network."
            )
    return model


def _renamed(model: onnx.ModelProto) -> Iterator[tuple[str, tuple[str, str]]]:
    """Give every node a name that can't be taken for code; yield them with their scopes."""
    weights = {tensor.name for tensor in model.graph.initializer}
    for i, node in enumerate(model.graph.node):
        path, kind = _scope_of(node, weights)
        node.name, node.domain = f"n{i}", "" if node.domain == "ai.onnx" else node.domain
        yield node.name, (safe_path(path), safe_path(kind))


def _scope_of(node: onnx.NodeProto, weights: set[str]) -> tuple[str, str]:
    """Return path and class of the module that a node was exported from; empty where unknown."""
    notes = {entry.key: entry.value for entry in getattr(node, "metadata_props", ())}
    paths, kinds = _texts(notes.get(_SCOPES, "")), _texts(notes.get(_CLASSES, ""))
    if len(paths) >= 2:
        return paths[-2], kinds[-2] if len(kinds) == len(paths) else ""
    if node.name.startswith("/"):
        return _joined(node.name.split("/")[1:-1]), ""
    owned = [name for name in node.input if name in weights and name.endswith(".weight")]
    return (owned[0].removesuffix(".weight"), "") if owned else ("", "")


def _texts(text: str) -> list[str]:
    try:
        found = ast.literal_eval(text) if len(text) < 10_000 else []
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return []
    return [str(item) for item in found] if isinstance(found, list) else []


def _joined(parts: list[str]) -> str:
    """Return the path of ``/layer1/layer1.0/conv1``, which repeats the names of containers."""
    path: list[str] = []
    for part in parts:
        if path and part.startswith(f"{path[-1]}."):
            path[-1] = part
        else:
            path.append(part)
    return ".".join(path)
