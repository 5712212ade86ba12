"""Programs of ``torch.export`` (``.pt2``), read without torch's own loader.

``torch.export.load`` unpickles what is in the file, evaluates texts in it as expressions, and
looks functions up by whatever name it gives. All that a network needs is plain: JSON with the
operations (``torch/_export/serde/schema.py``), and the bytes of the weights, so this reads them
itself.
"""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, fx

from viewer.core.errors import UserError
from viewer.core.nets.formats.archives import Archive, damaged, opened_archive
from viewer.core.nets.formats.building import ProgramBuilder, Scope
from viewer.core.nets.formats.lifting import Weight
from viewer.core.nets.formats.operators import MAX_NUMBERS, operator_of, refused_operator
from viewer.core.nets.formats.program import ForeignProgram
from viewer.core.nets.formats.state_dicts import owned, read_pickled_tensors
from viewer.core.nets.formats.tensor_bytes import tensor_of

TITLE = "torch.export"
_ATEN = "torch.ops.aten."
_EXAMPLE_BATCH = 2  # where the file leaves the batch's size open
_MAX_WEIGHT_BYTES = 1 << 34  # the archive's list of entries has been compared with the file
# What going through a program that somebody has changed may end in.
_UNEXPECTED = (
    *(LookupError, TypeError, ValueError, AttributeError, RecursionError),
    *(ArithmeticError, RuntimeError),
)
_RESHAPES = frozenset({"view", "reshape", "_unsafe_view"})
_EXPORT_ONE = "export a network whose only input is one image"
_SKIPPED = ("_assert_", "_functional_assert", "sym_constrain_range", "_assert_tensor_metadata")

# Codes of torch/_export/serde/schema.py.
_DTYPES: Mapping[int, torch.dtype] = MappingProxyType(
    {
        **{1: torch.uint8, 2: torch.int8, 3: torch.int16, 4: torch.int32, 5: torch.int64},
        **{6: torch.float16, 7: torch.float32, 8: torch.float64, 12: torch.bool},
        13: torch.bfloat16,
    }
)
_FORMATS: Mapping[int, torch.memory_format] = MappingProxyType(
    {
        **{1: torch.contiguous_format, 2: torch.channels_last, 3: torch.channels_last_3d},
        4: torch.preserve_format,
    }
)
_ARITHMETIC: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        name: getattr(operator, name)
        for name in ("add", "sub", "mul", "floordiv", "truediv", "mod", "neg", "pow", "getitem")
    }
)


@dataclass(frozen=True)
class _File:
    """What stands in an archive: the program, and where its tensors are."""

    program: Mapping[str, Any]
    tensors: Mapping[str, Tensor]


def read_exported(path: Path) -> ForeignProgram:
    """Read a ``.pt2`` file.

    Raises
    ------
    UserError
        If it is damaged, or uses what can't be shown or isn't safe.
    """
    try:
        with opened_archive(path) as archive:
            found = _opened(archive)
        return _Reader(path, found).read()
    except _UNEXPECTED as error:
        raise damaged(path, "its program is not as torch.export writes it") from error


def _opened(archive: Archive) -> _File:
    if "serialized_exported_program.json" in archive:  # until PyTorch 2.7
        program = _json(archive, "serialized_exported_program.json")
        tensors: dict[str, Tensor] = {}
        for part in ("serialized_state_dict", "serialized_constants"):
            name = next((f"{part}{end}" for end in (".pt", ".json") if part + end in archive), "")
            if name and archive.sizes[name]:
                tensors |= _pickled(archive, name)
        return _File(program, owned(archive.path, tensors))
    names = [n for n in archive.sizes if n.startswith("models/") and n.endswith(".json")]
    name = "models/model.json" if "models/model.json" in names else names[0]
    stem = Path(name).stem
    tensors = _stored(archive, f"data/weights/{stem}_weights_config.json", "data/weights")
    tensors |= _stored(archive, f"data/constants/{stem}_constants_config.json", "data/constants")
    return _File(_json(archive, name), owned(archive.path, tensors))


def _json(archive: Archive, name: str) -> Any:
    try:
        found = json.loads(archive.read(name))
    except (ValueError, RecursionError):
        raise damaged(archive.path, f"{name} is not JSON") from None
    if not isinstance(found, dict):
        raise damaged(archive.path, f"{name} is no object")
    return found


def _pickled(archive: Archive, name: str) -> dict[str, Tensor]:
    found = read_pickled_tensors(archive.path, archive.read(name, limit=_MAX_WEIGHT_BYTES))
    values = found.items() if isinstance(found, Mapping) else ()
    return {str(key): value for key, value in values if isinstance(value, Tensor)}


def _stored(archive: Archive, listing: str, folder: str) -> dict[str, Tensor]:
    """Return the tensors that a listing names, each from an entry of its own."""
    if listing not in archive:
        return {}
    config = _json(archive, listing).get("config", {})
    found: dict[str, Tensor] = {}
    entries: dict[str, bytearray] = {}
    for name, entry in config.items() if isinstance(config, dict) else ():
        meta = entry.get("tensor_meta") if isinstance(entry, dict) else None
        key = f"{folder}/{entry['path_name']}" if isinstance(meta, dict) else ""
        if not isinstance(meta, dict) or key not in archive:
            raise damaged(archive.path, f"{name[:80]} is missing")
        if entry.get("use_pickle"):
            value = read_pickled_tensors(archive.path, archive.read(key, limit=_MAX_WEIGHT_BYTES))
            if not isinstance(value, Tensor):
                raise damaged(archive.path, f"{name[:80]} is no tensor")
            found[name] = value
            continue
        if key not in entries:
            entries[key] = bytearray(archive.read(key, limit=_MAX_WEIGHT_BYTES))
        found[name] = tensor_of(
            archive.path,
            name,
            entries[key],
            _DTYPES.get(meta.get("dtype", 0)),
            _whole(meta.get("sizes")),
            _whole(meta.get("strides")),
            *_whole([meta.get("storage_offset", 0)]),
        )
    return found


def _whole(values: Any) -> list[int]:
    """Return sizes as the file has them, [{"as_int": 3}, …], as whole numbers."""
    return [_size(value) for value in values]


def _size(value: Any) -> int:
    """Return a size; of one that the file leaves open, what it was exported with."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if "as_int" in value:
        return int(value["as_int"])
    hint = value["as_expr"].get("hint")
    return int(hint["as_int"]) if hint and "as_int" in hint else _EXAMPLE_BATCH


class _Reader:
    """Goes through the operations of one program."""

    def __init__(self, path: Path, file: _File) -> None:
        self._path = path
        self._file = file
        module = file.program["graph_module"]
        self._graph = module["graph"]
        self._signature = module["signature"]
        self._values: dict[str, Any] = {}
        self._shape: tuple[int, ...] = ()
        scopes = [_stack(node) for node in self._graph["nodes"]]
        paths = {p for stack in scopes for p, _ in stack}
        self._builder = ProgramBuilder(str(path), paths)

    def read(self) -> ForeignProgram:
        """Return the network."""
        shape = self._shape = self._read_inputs()
        for node in self._graph["nodes"]:
            self._read_node(node)
        outputs = self._user_outputs()
        result = self._values[outputs[0]] if len(outputs) == 1 else self._several(outputs)
        logits = tuple(self._meta(outputs[0]).shape)
        return ForeignProgram(
            self._builder.finish(result, "ExportedProgram"), TITLE, shape, logits, exact=True
        )

    def _several(self, names: list[str]) -> list[Any]:
        return [self._values[name] for name in names]

    def _read_inputs(self) -> tuple[int, ...]:
        inputs: list[str] = []
        for spec in self._signature["input_specs"]:
            kind, value = next(iter(spec.items()))
            if kind == "user_input":
                inputs.append(self._input_name(value["arg"]))
            elif kind in ("parameter", "buffer", "tensor_constant"):
                name = str(value[f"{kind}_name"])
                self._values[value["arg"]["name"]] = Weight(name, self._file.tensors[name])
            else:
                raise UserError(
                    f"{self._path} takes something beside an image ({kind}): {_EXPORT_ONE}."
                )
        if len(inputs) != 1:
            raise UserError(
                f"{self._path} takes {len(inputs)} inputs, not one image: {_EXPORT_ONE}."
            )
        example = self._meta(inputs[0])
        self._values[inputs[0]] = self._builder.input(example)
        return tuple(example.shape)

    def _input_name(self, argument: Mapping[str, Any]) -> str:
        if "as_tensor" not in argument:
            raise UserError(
                f"{self._path} takes a number or a text in place of an image: {_EXPORT_ONE}."
            )
        return str(argument["as_tensor"]["name"])

    def _user_outputs(self) -> list[str]:
        found = []
        for spec in self._signature["output_specs"]:
            output = spec.get("user_output")
            if output is not None and "as_tensor" in output["arg"]:
                found.append(str(output["arg"]["as_tensor"]["name"]))
        if not found:
            raise UserError(
                f"{self._path} gives no numbers (a tensor) for an image: export a network that "
                "gives scores or maps."
            )
        return found

    def _meta(self, name: str) -> Tensor:
        """Return what a value is like, without memory."""
        meta = self._graph["tensor_values"][name]
        dtype = _DTYPES.get(meta["dtype"], torch.float32)
        sizes = _whole(meta["sizes"])
        if min(sizes, default=0) < 0 or math.prod(sizes) > MAX_NUMBERS:
            raise damaged(self._path, "it says an impossible size of a tensor")
        return torch.empty(sizes, dtype=dtype, device="meta")

    def _read_node(self, node: Mapping[str, Any]) -> None:
        target = str(node["target"])
        scope = Scope()
        for path, kind in _stack(node):
            scope = scope.within(path, kind)
        args = [self._value(i["arg"]) for i in node["inputs"] if i.get("kind", 1) != 2]
        kwargs = {
            str(i["name"]): self._value(i["arg"]) for i in node["inputs"] if i.get("kind") == 2
        }
        if target.removeprefix(_ATEN).startswith(_SKIPPED):
            return
        name = target.removeprefix("_operator.").removeprefix("operator.")
        if name in _ARITHMETIC and name != target:
            self._keep(node["outputs"], self._builder.compute(_ARITHMETIC[name], args, scope))
            return
        if not target.startswith(_ATEN) or target.count(".") != 4:
            raise refused_operator(target, str(self._path))
        word, overload = target.removeprefix(_ATEN).split(".")
        if node["inputs"] and "kind" not in node["inputs"][0]:  # until PyTorch 2.6: by names
            kwargs = {str(i["name"]): self._value(i["arg"]) for i in node["inputs"]}
            args = []
        called = operator_of(word, overload, str(self._path))
        if word in _RESHAPES and args:
            args[1] = self._for_any_batch(args[0], args[1])
        self._keep(node["outputs"], self._builder.call(called, args, kwargs, scope))

    def _keep(self, outputs: Any, value: Any) -> None:
        """Keep a result under its name; several results under each of theirs."""
        names = [name for output in outputs for name in _output_names(output)]
        listed = len(outputs) > 1 or "as_tensors" in outputs[0]
        for i, name in enumerate(names):
            one = value
            if listed:
                one = value[i] if isinstance(value, list) else self._part(value, i)
            if name:
                self._values[name] = one
                if isinstance(one, fx.Node) and name in self._graph["tensor_values"]:
                    self._builder.examples[one] = self._meta(name)

    def _for_any_batch(self, source: Any, sizes: Any) -> Any:
        """Return a shape in which the batch is open that the file was exported with."""
        example = self._builder.examples.get(source) if isinstance(source, fx.Node) else None
        batch = self._shape[0]
        fixed = isinstance(example, Tensor) and example.dim() > 1 and example.shape[0] == batch
        if not fixed or not sizes or sizes[0] != batch or isinstance(sizes[0], fx.Node):
            return sizes
        if -1 not in sizes:
            return [-1, *sizes[1:]]
        size = operator_of("size", "int", str(self._path))
        return [self._builder.call(size, [source, 0], {}, Scope()), *sizes[1:]]

    def _part(self, value: fx.Node, index: int) -> fx.Node:
        return self._builder.compute(operator.getitem, [value, index], Scope())

    def _value(self, argument: Mapping[str, Any]) -> Any:
        """Return an argument: a number, a value of an earlier node, or a list of them."""
        kind, value = next(iter(argument.items()))
        if kind == "as_none":
            return None
        if kind in _PLAIN:
            return value
        if kind == "as_tensor":
            return self._values[value["name"]]
        if kind in ("as_tensors", "as_nested_tensors"):
            return [self._values[item["name"]] for item in value]
        if kind in ("as_optional_tensors", "as_sym_ints", "as_sym_bools", "as_sym_floats"):
            return [self._value(item) for item in value]
        if kind in ("as_optional_tensor", "as_sym_int", "as_sym_bool", "as_sym_float"):
            return self._value(value)
        if kind == "as_name":
            return self._values[value]
        if kind == "as_scalar_type":
            return _DTYPES[value]
        if kind == "as_memory_format":
            return _FORMATS[value]
        if kind == "as_layout":
            return torch.strided
        if kind == "as_device":
            return torch.device("cpu")
        raise UserError(
            f"{self._path} decides by the image what to do ({kind.removeprefix('as_')}), and only "
            "networks that do the same for every image can be shown: export it without that."
        )


_PLAIN = frozenset(
    {"as_int", "as_ints", "as_float", "as_floats", "as_bool", "as_bools", "as_string"}
)


def _output_names(output: Mapping[str, Any]) -> list[str]:
    kind, value = next(iter(output.items()))
    if kind in ("as_tensor", "as_optional_tensor") and isinstance(value, dict):
        return [str(value.get("name") or value.get("as_tensor", {}).get("name", ""))]
    if kind == "as_tensors":
        return [str(item["name"]) for item in value]
    if kind in ("as_sym_int", "as_sym_float", "as_sym_bool"):
        return [str(value.get("as_name", ""))]
    return [""]


def _stack(node: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return path and class of the modules around an operation, the outermost first."""
    text = node.get("metadata", {}).get("nn_module_stack", "")
    found = []
    for entry in text.split(";") if isinstance(text, str) else ():
        key, _, rest = entry.partition(",")
        path, _, kind = rest.rpartition(",")
        if path and key != path and not path.startswith("_empty_nn_module"):
            found.append((path.partition("@")[0], kind))
    return found
