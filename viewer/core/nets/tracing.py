"""A network as a graph of torch.fx: traced, or taken as it is, with a name for every operation.

The graph comes from ``torch.fx`` (Reed et al., 2022, "torch.fx: Practical Program Capture
and Transformation for Deep Learning in Python"), so functional operations, branches and
additions are nodes like modules; a sequential network is its simplest case.
"""

from __future__ import annotations

import inspect
import operator
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from torch import fx, nn

from viewer.core.errors import UserError
from viewer.core.sentences import shortened

INPUT_NAME = "input"
SOFTMAX_NAME = "softmax"
NAME_KEY = "qualified_name"  # in `fx.Node.meta`: a name that whoever built the graph has given
MODULES_KEY = "modules"  # in `fx.GraphModule.meta`: class names by path, likewise

# What torch.fx replaces while it traces is put back right only if traces don't overlap.
_TRACING = threading.Lock()
STACK_KEY = "nn_module_stack"  # in `fx.Node.meta`: the modules that a node was called in
_EXPORT_PREFIX = re.compile(r"^L\['self'\]\.?|^L__self__")
_COUNTER = re.compile(r"_\d+$")  # torch.fx numbers names over the whole graph


@dataclass(frozen=True, slots=True)
class Traced:
    """A graph, and what its operations are called.

    Attributes
    ----------
    graph : torch.fx.Graph
    names : mapping of fx.Node to str
        Unique; the path of a module, or the path of the module around a function and the
        function (``layer1.0.add``). Not for the output.
    modules : mapping of str to str
        Class names of the modules that hold nodes, by path; without the root.
    defaults : mapping of fx.Node to object
        What the placeholders behind the first are given.
    """

    graph: fx.Graph
    names: Mapping[fx.Node, str]
    modules: Mapping[str, str]
    defaults: Mapping[fx.Node, Any]


def traced(module: nn.Module) -> Traced:
    """Follow a network's forward pass, or take the graph of a ``fx.GraphModule``.

    Raises
    ------
    UserError
        If it takes several inputs, or its code depends on the data.
    """
    graph = module.graph if isinstance(module, fx.GraphModule) else _trace(module)
    names = dict(_names(graph))
    return Traced(
        graph, names, MappingProxyType(_modules(module, graph, names)), _defaults(module, graph)
    )


class _Tracer(fx.Tracer):
    """A tracer that leaves other threads alone.

    While it is at work, torch.fx replaces what calling a module does, for all modules: a
    training or an evaluation on another thread would be traced, or fail.
    """

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()

    def call_module(
        self,
        m: nn.Module,
        forward: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        if threading.get_ident() != self._thread:
            return forward(*args, **kwargs)
        return super().call_module(m, forward, args, kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, fx.Proxy]) -> Any:
        if threading.get_ident() != self._thread:
            return attr_val
        return super().getattr(attr, attr_val, parameter_proxy_cache)


def _trace(module: nn.Module) -> fx.Graph:
    optional = _optional_arguments(module)
    try:
        with _TRACING:
            return _Tracer().trace(module, concrete_args=optional)
    except Exception as error:
        raise UserError(
            f"The network can't be followed step by step ({type(error).__name__}: "
            f"{one_line(error)}): write its forward pass without branches that depend on the "
            "data, or export it with torch.export."
        ) from error


def one_line(error: BaseException) -> str:
    """Return the beginning of an error's message, for the middle of a sentence."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return shortened(lines[0], 200) if lines else type(error).__name__


def _optional_arguments(module: nn.Module) -> dict[str, Any]:
    """Return the defaults of the arguments behind the first; UserError if one has none."""
    parameters = [
        p
        for p in inspect.signature(module.forward).parameters.values()
        if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    required = [p.name for p in parameters if p.default is p.empty]
    if len(required) > 1:
        raise several_inputs(required)
    return {p.name: p.default for p in parameters[1:]}


def check_inputs(module: nn.Module) -> None:
    """Raise UserError if a network takes several inputs, or none, by what its forward pass says."""
    try:
        parameters = inspect.signature(module.forward).parameters
    except (TypeError, ValueError):  # of a function in C, which says nothing
        return
    if not any(p.kind is not p.VAR_KEYWORD for p in parameters.values()):
        raise _no_input()
    _optional_arguments(module)


def several_inputs(names: list[str]) -> UserError:
    """Return the error for a network of several inputs."""
    return UserError(
        f"The network takes {len(names)} inputs ({', '.join(names)}), and only networks of one "
        "image can be shown: export one that takes an image alone."
    )


def _no_input() -> UserError:
    return UserError(
        "The network takes no input, and only networks of one image can be shown: export one "
        "that takes an image."
    )


def _defaults(module: nn.Module, graph: fx.Graph) -> dict[fx.Node, Any]:
    placeholders = [node for node in graph.nodes if node.op == "placeholder"]
    if not placeholders:
        raise _no_input()
    if isinstance(module, fx.GraphModule):
        required = [node for node in placeholders if not node.args]
        if len(required) > 1:
            raise several_inputs([str(node.target) for node in required])
        return {node: node.args[0] for node in placeholders[1:]}
    optional = list(_optional_arguments(module).values())
    return dict(zip(placeholders[1:], optional, strict=False))


def _names(graph: fx.Graph) -> Iterator[tuple[fx.Node, str]]:
    taken = {SOFTMAX_NAME} if not _names_softmax(graph) else set()
    for node in graph.nodes:
        if node.op == "output":
            continue
        base = _base_name(node)
        name, count = base, 1
        while name in taken:
            count += 1
            name = f"{base}#{count}"
        taken.add(name)
        yield node, name


def _names_softmax(graph: fx.Graph) -> bool:
    return any(node.op == "call_module" and node.target == SOFTMAX_NAME for node in graph.nodes)


def _base_name(node: fx.Node) -> str:
    given = node.meta.get(NAME_KEY)
    if isinstance(given, str):
        return given
    if node.op == "placeholder":
        return INPUT_NAME
    if node.op == "call_module":
        parts = node.users and all(module_of_part(user) is node for user in node.users)
        return f"{node.target}.outputs" if parts else str(node.target)
    whole = module_of_part(node)
    if whole is not None and all(module_of_part(user) is whole for user in whole.users):
        return str(whole.target) if node.args[1] == 0 else f"{whole.target}.{node.args[1]}"
    path, class_name = _around(node)
    if not path or node.op == "get_attr":
        return node.name
    if _is_leaf_class(class_name):  # of an exported graph: the module's own operation
        return path
    return f"{path}.{_COUNTER.sub('', node.name).lstrip('_')}"


def module_of_part(node: fx.Node) -> fx.Node | None:
    """Return the call of a module that `node` takes one of several outputs of; None if not."""
    if node.op != "call_function" or node.target is not operator.getitem:
        return None
    source, index = node.args
    if not isinstance(source, fx.Node) or not isinstance(index, int):
        return None
    return source if source.op == "call_module" else None


def _around(node: fx.Node) -> tuple[str, str]:
    """Return path and class of the innermost module that a node was called in."""
    stack = list(_stack(node))
    return stack[-1] if stack else ("", "")


def _stack(node: fx.Node) -> Iterator[tuple[str, str]]:
    for path, kind in (node.meta.get(STACK_KEY) or {}).values():
        name = f"{kind.__module__}.{kind.__qualname__}" if isinstance(kind, type) else str(kind)
        yield _EXPORT_PREFIX.sub("", str(path)), name


def _is_leaf_class(name: str) -> bool:
    containers = ("Sequential", "ModuleList", "ModuleDict", "Module")
    return name.startswith("torch.nn.modules.") and name.rpartition(".")[2] not in containers


def _modules(module: nn.Module, graph: fx.Graph, names: Mapping[fx.Node, str]) -> dict[str, str]:
    """Return the class of each module that holds nodes, outer ones before inner ones."""
    known = {path: type(child).__name__ for path, child in module.named_modules() if path}
    for node in graph.nodes:
        known |= {path: kind.rpartition(".")[2] for path, kind in _stack(node) if path}
    if isinstance(module, fx.GraphModule):
        known |= module.meta.get(MODULES_KEY, {})
    found: dict[str, str] = {}
    for name in names.values():
        parts = name.split(".")
        for end in range(1, len(parts)):
            path = ".".join(parts[:end])
            if path in known:
                found.setdefault(path, known[path])
    return found
