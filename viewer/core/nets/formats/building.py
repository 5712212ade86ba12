"""Puts a program together as a ``torch.fx`` graph of ordinary modules and functions."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch._ops import OpOverload
from torch.nn import functional

from viewer.core.errors import UserError
from viewer.core.nets.formats.lifting import Weight, has_weights, lifted
from viewer.core.nets.formats.operators import check_sizes, safe_path
from viewer.core.nets.tracing import MODULES_KEY, STACK_KEY

MAX_OPERATIONS = 50_000
_TORCH_MODULES = "torch.nn.modules."
_NORMS_OF_PARTS = frozenset(  # operators that return statistics too
    {"_native_batch_norm_legit_no_training", "native_layer_norm", "max_pool2d_with_indices"}
)


@dataclass(frozen=True)
class Scope:
    """The modules that an operation was called in, the outermost first.

    Attributes
    ----------
    modules : tuple of (str, str)
        Path and class (``torch.nn.modules.conv.Conv2d``) of each; without the root.
    """

    modules: tuple[tuple[str, str], ...] = ()

    @property
    def path(self) -> str:
        """Path of the innermost module; empty for the root."""
        return self.modules[-1][0] if self.modules else ""

    @property
    def kind(self) -> str:
        """Class of the innermost module."""
        return self.modules[-1][1] if self.modules else ""

    def within(self, path: str, kind: str) -> Scope:
        """Return the scope of a module called in this one."""
        return Scope((*self.modules, (safe_path(path), kind)))


@dataclass
class ProgramBuilder:
    """Takes operators with their arguments, and gives a ``fx.GraphModule``.

    Parameters
    ----------
    what : str
        The file, for messages.
    paths : collection of str
        Of every module in the file, as far as it tells.

    Attributes
    ----------
    examples : dict of fx.Node to object
        What a node's value is like: tensors on the meta device, sizes as whole numbers.
    """

    what: str
    paths: Collection[str] = ()
    examples: dict[fx.Node, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.graph = fx.Graph()
        self._targets: dict[str, nn.Module | Tensor] = {}
        self._constants: dict[int, fx.Node] = {}
        self._owners = {p.rpartition(".")[0] for p in map(safe_path, self.paths) if "." in p}
        self._kinds: dict[str, str] = {}

    def input(self, example: Tensor) -> fx.Node:
        """Add the one input; `example` is like it, on the meta device."""
        node = self.graph.placeholder("x")
        self.examples[node] = example
        return node

    def call(
        self, target: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any], scope: Scope
    ) -> Any:
        """Add an operation.

        Parameters
        ----------
        target : OpOverload
            One that `viewer.core.nets.formats.operators.operator_of` allows.
        args, kwargs
            Nodes, `Weight`, numbers, and lists of them.
        scope : Scope

        Returns
        -------
        fx.Node, Weight or list
            A list of an operator with several results of which only the first is there.
        """
        name = target._schema.name.removeprefix("aten::")
        bound = bound_arguments(target, args, kwargs)
        check_sizes(bound, self.what)
        turned = _turned(name, bound)
        if turned is not None:
            return turned
        for path, kind in scope.modules:
            self._kinds[path] = kind.rpartition(".")[2]
        source = bound.get("mat1") if name == "addmm" else bound.get("input", bound.get("self"))
        if isinstance(source, fx.Node):
            fixed = not any(_has_node(v) for v in bound.values() if v is not source)
            module = lifted(name, bound, self._rank(source)) if fixed else None
            if module is not None and (has_weights(module) or _is_own(scope, module)):
                node = self._call_module(name, module, source, bound, scope)
                return [node, None, None] if name in _NORMS_OF_PARTS else node
        return self._call_function(name, target, args, kwargs, scope)

    def compute(self, function: Callable[..., Any], args: Sequence[Any], scope: Scope) -> fx.Node:
        """Add arithmetic on sizes, or taking one of several results."""
        node = self.graph.call_function(function, tuple(map(self._plain, args)))
        self._finish(node, scope)
        return node

    def finish(self, result: Any, title: str) -> fx.GraphModule:
        """Return the network; `result` is a node, or lists and dicts of nodes."""
        self.graph.output(fx.node.map_aggregate(result, self._plain_result))
        for node in reversed(list(self.graph.nodes)):
            if not node.users and node.op not in ("placeholder", "output") and not _changes(node):
                self.graph.erase_node(node)
        self.graph.lint()
        used = {str(n.target) for n in self.graph.nodes if n.op in ("call_module", "get_attr")}
        targets: dict[str, Any] = {key: v for key, v in self._targets.items() if key in used}
        module = fx.GraphModule(targets, self.graph, class_name=title)
        module.meta[MODULES_KEY] = dict(self._kinds)
        return module.eval()

    def _call_module(
        self, name: str, module: nn.Module, source: fx.Node, bound: Mapping[str, Any], scope: Scope
    ) -> fx.Node:
        path = self._register(self._module_path(name, module, bound, scope), module)
        node = self.graph.call_module(path, (source,))
        self._finish(node, scope)
        return node

    def _module_path(
        self, name: str, module: nn.Module, bound: Mapping[str, Any], scope: Scope
    ) -> str:
        if _is_own(scope, module):
            return scope.path
        weight = next((v for v in bound.values() if isinstance(v, Weight) and v.owner), None)
        if weight is not None:
            owner = safe_path(weight.owner)
            if owner not in self._owners and weight.name.rpartition(".")[2] == "weight":
                return owner
        word = name.strip("_")
        return f"{scope.path}.{word}" if scope.path else word

    def _register(self, path: str, module: nn.Module) -> str:
        """Keep a module under `path`, or under another where that is taken by another one."""
        known = self._targets.get(path)
        count = 1
        while known is not None and not _same(known, module):
            count += 1
            known = self._targets.get(f"{path}_{count}")
        name = path if count == 1 else f"{path}_{count}"
        self._targets.setdefault(name, module)
        return name

    def _call_function(
        self,
        name: str,
        target: OpOverload,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        scope: Scope,
    ) -> fx.Node:
        plain = tuple(fx.node.map_aggregate(list(args), self._plain))
        named = {key: self._plain_result(value) for key, value in kwargs.items()}
        function, plain, named = _as_written(name, target, plain, named)
        if isinstance(function, str):
            node = self.graph.call_method(function, plain, named)
        else:
            node = self.graph.create_node("call_function", function, plain, named, name.strip("_"))
        self._finish(node, scope)
        return node

    def _finish(self, node: fx.Node, scope: Scope) -> None:
        if len(self.graph.nodes) > MAX_OPERATIONS:
            raise UserError(
                f"{self.what} has more than {MAX_OPERATIONS:,} operations: choose another network."
            )
        node.meta[STACK_KEY] = {path: (path, kind) for path, kind in scope.modules}

    def _rank(self, node: fx.Node) -> int:
        example = self.examples.get(node)
        return example.dim() if isinstance(example, Tensor) else 0

    def _plain_result(self, value: Any) -> Any:
        return fx.node.map_aggregate(value, self._plain)

    def _plain(self, value: Any) -> Any:
        """Return what a graph may hold in place of a tensor of the file."""
        if isinstance(value, list | tuple):
            return type(value)(map(self._plain, value))
        if isinstance(value, Tensor):
            value = Weight("", value)
        if not isinstance(value, Weight):
            return value
        key = id(value.tensor)
        if key not in self._constants:
            path = safe_path(value.name) if value.name else f"constant{len(self._constants)}"
            while path in self._targets:
                path += "_"
            self._targets[path] = value.tensor
            self._constants[key] = self.graph.get_attr(path)
            self.examples[self._constants[key]] = value.tensor.to("meta")
        return self._constants[key]


def _has_node(value: Any) -> bool:
    """Tell whether a setting is computed while the network runs."""
    if isinstance(value, list | tuple):
        return any(map(_has_node, value))
    return isinstance(value, fx.Node)


def _changes(node: fx.Node) -> bool:
    """Tell whether an operation works in place: then it counts though nobody reads its result."""
    name = getattr(node.target, "__name__", str(node.target)).partition(".")[0]
    return name.endswith("_") or node.target in (operator.iadd, operator.isub, operator.imul)


def bound_arguments(
    target: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """Return all arguments by their names, with the schema's defaults."""
    bound: dict[str, Any] = {}
    for i, argument in enumerate(target._schema.arguments):
        if i < len(args):
            bound[argument.name] = args[i]
        elif argument.name in kwargs:
            bound[argument.name] = kwargs[argument.name]
        elif argument.has_default_value():
            bound[argument.name] = argument.default_value
    return bound


def _turned(name: str, bound: Mapping[str, Any]) -> Weight | None:
    """Return the transpose of a weight, which some exports write out before a dense layer."""
    weight = bound.get("self")
    if not isinstance(weight, Weight) or weight.tensor.dim() != 2:
        return None
    swaps = name == "transpose" and {bound["dim0"], bound["dim1"]} in ({0, 1}, {-1, -2}, {0, -1})
    swaps = swaps or (name == "permute" and list(bound["dims"]) == [1, 0]) or name == "t"
    return Weight(weight.name, weight.tensor.t()) if swaps else None


def _is_own(scope: Scope, module: nn.Module) -> bool:
    """Tell whether the innermost module of the scope is such a module itself."""
    kind = type(module).__name__
    return scope.kind.startswith(_TORCH_MODULES) and scope.kind.rpartition(".")[2] == kind


def _same(known: object, module: nn.Module) -> bool:
    """Tell whether one module that is called twice was met again."""
    if type(known) is not type(module) or repr(known) != repr(module):
        return False
    ones, others = known.state_dict(), module.state_dict()
    return all(ones[k].data_ptr() == others[k].data_ptr() for k in ones if ones[k].numel() > 1)


def _as_written(
    name: str, target: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """Return the function that a person would have written, or the operator itself."""
    if name in _SIGNS and len(args) >= 2 and all(v == 1 for v in (*args[2:], *kwargs.values())):
        return _SIGNS[name], args[:2], {}
    if name == "contiguous":  # TorchScript has its argument as a number
        return name, args[:1], {}
    if name in _METHODS:
        return name, args, kwargs
    if name == "dropout":
        return functional.dropout, (args[0], args[1], False), {}
    function = _FUNCTIONS.get(name)
    return (function, args, kwargs) if function is not None else (target, args, kwargs)


_SIGNS: Mapping[str, Any] = MappingProxyType(
    {
        "add": operator.add,
        "add_": operator.iadd,
        "sub": operator.sub,
        "sub_": operator.isub,
        "mul": operator.mul,
        "mul_": operator.imul,
    }
)
_METHODS = frozenset({"view", "expand", "contiguous", "size"})
_FUNCTIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "relu": functional.relu,
        "relu_": torch.relu_,
        "relu6": functional.relu6,
        "silu": functional.silu,
        "hardswish": functional.hardswish,
        "hardsigmoid": functional.hardsigmoid,
        "hardtanh": functional.hardtanh,
        "leaky_relu": functional.leaky_relu,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "flatten": torch.flatten,
        "reshape": torch.reshape,
        "cat": torch.cat,
        "permute": torch.permute,
        "transpose": torch.transpose,
        "adaptive_avg_pool2d": functional.adaptive_avg_pool2d,
        "avg_pool2d": functional.avg_pool2d,
        "matmul": torch.matmul,
        "softmax": torch.softmax,
        "log_softmax": torch.log_softmax,
        "mean": torch.mean,
        "mul": torch.mul,
        "add": torch.add,
    }
)
