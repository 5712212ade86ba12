"""An ONNX model as a graph of ordinary modules, converted by onnx2torch."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.utils._python_dispatch import TorchDispatchMode

from viewer.core.errors import UserError
from viewer.core.nets.formats.archives import damaged
from viewer.core.nets.formats.building import bound_arguments
from viewer.core.nets.formats.errors import UnknownSize
from viewer.core.nets.formats.onnx_file import OnnxFile, read_model, require_packages
from viewer.core.nets.formats.operators import check_sizes
from viewer.core.nets.formats.program import ForeignProgram
from viewer.core.nets.guessing import likely_shapes
from viewer.core.nets.tracing import MODULES_KEY, STACK_KEY
from viewer.core.sentences import shortened

TITLE = "ONNX"
_SIGNS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"add": operator.add, "sub": operator.sub, "mul": operator.mul}
)


def read_onnx(path: Path, shape: tuple[int, int, int] | None = None) -> ForeignProgram:
    """Read an ONNX file.

    Parameters
    ----------
    path : pathlib.Path
    shape : (C, H, W), optional
        Of an image, where the file leaves it open; guessed without.

    Raises
    ------
    UserError
        If the packages for it are missing, or the file is damaged or can't be shown;
        `UnknownSize` if it takes no image of the size.
    """
    require_packages(path)
    file = read_model(path)
    fixed = _input_shape(path, file)
    network = _Rebuilt(path, file, _converted(path, file)).module
    shapes = [fixed] if fixed else [shape] if shape else list(likely_shapes(_weights(network)))
    reason = ""
    for chw in shapes:
        try:
            with torch.no_grad(), _SizeGuard(str(path)):
                result = network(torch.zeros(1, *chw))
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            reason = reason or shortened(str(error).strip().split("\n")[0])
            continue
        first = result[0] if isinstance(result, list | tuple) else result
        if not isinstance(first, Tensor):
            break
        return ForeignProgram(
            network, TITLE, (1, *chw), tuple(first.shape), fixed is not None, file.labels
        )
    if fixed is not None:
        raise UserError(
            f"{path} can't be run with the size that it says itself "
            f"({reason or 'it gives no tensor'}): export it again."
        )
    raise UnknownSize(str(path), shape, reason)


class _SizeGuard(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's
    """Looks at what each operator is asked for before it takes the memory."""

    def __init__(self, what: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's
        self._what = what

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        check_sizes(bound_arguments(func, args, kwargs), self._what)
        return func(*args, **kwargs)


def _weights(network: nn.Module) -> dict[str, Tensor]:
    return {n: v for n, v in network.state_dict().items() if not n.startswith("constant")}


def _input_shape(path: Path, file: OnnxFile) -> tuple[int, int, int] | None:
    """Return (C, H, W) where the file says it; UserError if the input is no image."""
    graph = file.model.graph
    weights = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in weights]
    if len(inputs) != 1 or not inputs[0].type.HasField("tensor_type"):
        raise UserError(
            f"{path} takes {len(inputs)} inputs, or other than a tensor, and only networks of one "
            "image can be shown: export one that takes an image alone."
        )
    sizes = [dim.dim_value for dim in inputs[0].type.tensor_type.shape.dim]
    if sizes and len(sizes) != 4:
        raise UserError(
            f"{path} takes an input of {len(sizes)} dimensions, and only networks of images can "
            "be shown: choose one that takes an image."
        )
    return (sizes[1], sizes[2], sizes[3]) if sizes and min(sizes[1:]) > 0 else None


def _converted(path: Path, file: OnnxFile) -> fx.GraphModule:
    import onnx2torch  # type: ignore[import-untyped]  # optional, and slow; it has no stubs

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of numpy, about arrays that can't be written
            found: fx.GraphModule = onnx2torch.convert(file.model).eval()
            return found
    except MemoryError:
        raise
    except NotImplementedError as error:
        raise UserError(
            f"{path} uses an operation that onnx2torch can't convert ({shortened(error)}): give "
            "the network as a torch.export program."
        ) from None
    except Exception as error:  # noqa: BLE001 - of any kind, as damaged files have it
        raise damaged(path, str(error) or type(error).__name__) from None


class _Rebuilt:
    """The converter's graph with paths of modules, and functions for what has no settings."""

    def __init__(self, path: Path, file: OnnxFile, converted: fx.GraphModule) -> None:
        self._path = path
        self._file = file
        self._source = converted
        self._paths = {path for path, _ in file.scopes.values()}
        self._owners = {p.rpartition(".")[0] for p in self._paths}
        self._graph = fx.Graph()
        self._targets: dict[str, Any] = {}
        self._kinds: dict[str, str] = {}
        self._new: dict[fx.Node, Any] = {}
        for node in converted.graph.nodes:
            self._copy(node)
        self._graph.lint()
        self.module = fx.GraphModule(self._targets, self._graph, class_name="OnnxModel").eval()
        self.module.meta[MODULES_KEY] = self._kinds

    def _copy(self, node: fx.Node) -> None:
        if node.op == "placeholder":
            self._new[node] = self._graph.placeholder("x")
        elif node.op == "output":
            self._graph.output(fx.node.map_arg(node.args[0], self._value))
        elif node.op == "get_attr":
            self._new[node] = operator.attrgetter(str(node.target))(self._source)
        elif node.op == "call_module":
            self._new[node] = self._called(node)
        else:
            args = fx.node.map_arg(node.args, self._value)
            self._new[node] = self._graph.call_function(node.target, args, dict(node.kwargs))  # type: ignore[arg-type]  # the converter calls functions only

    def _value(self, node: fx.Node) -> Any:
        """Return what stands for a node; tensors become attributes when they are needed."""
        value = self._new[node]
        if not isinstance(value, Tensor):
            return value
        name = f"constant{len(self._targets)}"
        self._targets[name] = value
        self._new[node] = self._graph.get_attr(name)
        return self._new[node]

    def _called(self, node: fx.Node) -> Any:
        module = self._source.get_submodule(str(node.target))
        kind = type(module).__name__
        path, scope_kind = self._file.scopes.get(str(node.target), ("", ""))
        if kind == "OnnxConstant":
            return module.value
        if kind in ("OnnxCopyIdentity", "Identity") and len(node.args) == 1:
            return self._value(node.args[0])  # type: ignore[arg-type]  # modules take nodes
        made = self._function(kind, module, node)
        if made is None:
            if kind.startswith("OnnxGlobalAveragePool"):
                module = nn.AdaptiveAvgPool2d(1)
            target = self._register(path, kind, module)
            args = fx.node.map_arg(node.args, self._value)
            kwargs = fx.node.map_arg(node.kwargs, self._value)
            made = self._graph.call_module(target, args, kwargs)
        if path:
            self._kinds[path] = scope_kind.rpartition(".")[2] or self._kinds.get(path, "Module")
            made.meta[STACK_KEY] = {path: (path, scope_kind.rpartition(".")[2] or "Module")}
        return made

    def _function(self, kind: str, module: Any, node: fx.Node) -> fx.Node | None:
        """Return a plain function in place of the converter's own module, where there is one."""
        if kind == "OnnxReshape" and isinstance(self._new[node.args[1]], Tensor):  # type: ignore[index]  # modules take nodes
            sizes = self._new[node.args[1]].tolist()  # type: ignore[index]  # likewise
            if sizes[0] in (-1, 0, 1) and 0 not in sizes[1:]:
                source = self._value(node.args[0])  # type: ignore[arg-type]  # likewise
                # Files are exported with a batch of one image; more than one have to go through.
                batch = -1 if -1 not in sizes[1:] else self._graph.call_method("size", (source, 0))
                return self._call(torch.reshape, (source, [batch, *sizes[1:]]))
        args = fx.node.map_arg(node.args, self._value)
        if kind == "OnnxBinaryMathOperation" and module.broadcast is None:
            sign = _SIGNS.get(getattr(module.math_op_function, "__name__", ""))
            return None if sign is None else self._call(sign, args)
        if kind == "OnnxConcat":
            return self._call(torch.cat, (list(args), module.axis))
        if kind == "OnnxMatMul":
            return self._call(torch.matmul, args)
        if kind == "Flatten":
            return self._call(torch.flatten, (*args, module.start_dim, module.end_dim))
        return None

    def _call(self, function: Callable[..., Any], args: tuple[Any, ...]) -> fx.Node:
        return self._graph.call_function(function, args)

    def _register(self, path: str, kind: str, module: nn.Module) -> str:
        """Return where a module is kept: at its path if that is a leaf's, else below it."""
        word = kind.removeprefix("Onnx").lower()
        leaf = path and path not in self._owners and path not in self._targets
        base = path if leaf else f"{path}.{word}" if path else word
        name, count = base, 1
        while name in self._targets:
            count += 1
            name = f"{base}_{count}"
        self._targets[name] = module
        return name
