"""A network as a graph of nodes, and the forward pass that keeps every node's output.

The graph comes from ``torch.fx`` (Reed et al., 2022, "torch.fx: Practical Program Capture
and Transformation for Deep Learning in Python"), so functional operations, branches and
additions are nodes like modules; a sequential network is its simplest case.
"""

from __future__ import annotations

import inspect
import operator
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast

import torch
from torch import Tensor, fx, nn

from viewer.core.errors import UserError
from viewer.core.nets import kinds
from viewer.core.records import FloatArray, Kind, Node, WeightsRecord

INPUT_NAME = "input"
SOFTMAX_NAME = "softmax"

# What torch.fx replaces while it traces is put back right only if traces don't overlap.
_TRACING = threading.Lock()
_IN_PLACE_FUNCTIONS = frozenset({operator.iadd, operator.isub, operator.imul, operator.itruediv})


@dataclass(frozen=True, slots=True)
class _Step:
    """One operation of the plan: call, and where its arguments come from."""

    node: fx.Node
    name: str
    call: Callable[..., Any]
    module: nn.Module | None
    in_place: bool


class Graph:
    """A traced network: its nodes, and a forward pass that records them all.

    Attributes
    ----------
    nodes : tuple of Node
        In order of execution; the first is the input, the last the probabilities.
    logits : str
        Name of the node whose output is the logits.

    Raises
    ------
    UserError
        If the network can't be traced, or its output is not one score a class.
    """

    def __init__(self, module: nn.Module, input_shape: tuple[int, int, int]) -> None:
        self._module = module.eval()
        traced = _trace(module)
        self._steps = tuple(_plan(module, traced))
        self._output = _output_node(traced)
        self._ends_in_softmax = _ends_in_softmax(self._steps, self._output)
        outputs = self.run(torch.zeros((1, *input_shape)))
        self.logits = self._logits_name()
        _check_logits(outputs[self.logits])
        self.nodes = tuple(self._describe(outputs))

    def run(self, x: Tensor) -> Mapping[str, Tensor]:
        """Run the network and keep every node's output as it was made.

        Parameters
        ----------
        x : (N, C, H, W) float32
            Normalised input.

        Returns
        -------
        mapping of node name to Tensor
            With the batch axis; an in-place operation later in the network does not
            change what is kept of an earlier node.
        """
        values: dict[fx.Node, Any] = {}
        kept: dict[str, Tensor] = {}
        with torch.inference_mode():
            for step in self._steps:
                if step.node.op == "placeholder":
                    value: Any = x
                else:
                    args = fx.node.map_arg(step.node.args, values.__getitem__)
                    kwargs = fx.node.map_arg(step.node.kwargs, values.__getitem__)
                    if step.in_place:
                        _protect(kept, args[0] if args else kwargs.get("input"))
                    value = step.call(*args, **kwargs)
                values[step.node] = value
                if isinstance(value, Tensor) and value.is_floating_point() and value.dim() > 1:
                    kept[step.name] = value
            if not self._ends_in_softmax:
                kept[SOFTMAX_NAME] = torch.softmax(values[self._output], dim=-1)
        return kept

    def weights(self, step: int) -> WeightsRecord:
        """Return copies of the weights, biases and buffers of the nodes that have them.

        Parameters
        ----------
        step : int
            Training step that the weights belong to.
        """
        weights: dict[str, Any] = {}
        biases: dict[str, Any] = {}
        buffers: dict[str, Mapping[str, FloatArray]] = {}
        for item in self._steps:
            if numbers := _numbers(item):
                buffers[item.name] = MappingProxyType(numbers)
            for kind, store in (("weight", weights), ("bias", biases)):
                value = getattr(item.module, kind, None)
                if isinstance(value, Tensor):
                    array = value.detach().cpu().numpy().copy()
                    array.flags.writeable = False
                    store[item.name] = array
        return WeightsRecord(
            step, MappingProxyType(weights), MappingProxyType(biases), MappingProxyType(buffers)
        )

    def weight(self, name: str) -> Tensor | None:
        """Return the weight of a node, to be changed in place; None of one without."""
        for item in self._steps:
            value = getattr(item.module, "weight", None)
            if item.name == name and isinstance(value, Tensor):
                return value.data
        return None

    def load(self, weights: Mapping[str, Tensor]) -> None:
        """Take the values of a state dict; they are copied."""
        self._module.load_state_dict(weights)

    def weights_of(self, step: int, values: Mapping[str, Tensor]) -> WeightsRecord:
        """Return values of the parameters' shapes, gradients for example, as a record.

        Parameters
        ----------
        step : int
        values : mapping of parameter name to Tensor
            On the CPU; parameters without a value are left out.
        """
        modules = {module: name for name, module in self._module.named_modules()}
        found: dict[str, dict[str, Any]] = {"weight": {}, "bias": {}}
        for item in self._steps:
            if item.module is None:
                continue
            for kind, store in found.items():
                value = values.get(f"{modules[item.module]}.{kind}")
                if value is not None:
                    store[item.name] = value.numpy()
        weights, biases = (MappingProxyType(store) for store in found.values())
        return WeightsRecord(step, weights, biases)

    def _logits_name(self) -> str:
        names = {step.node: step.name for step in self._steps}
        if self._ends_in_softmax:
            return names[self._output.all_input_nodes[0]]
        return names[self._output]

    def _describe(self, outputs: Mapping[str, Tensor]) -> Iterator[Node]:
        shown: dict[fx.Node, tuple[str, ...]] = {}
        signed: dict[str, bool] = {}
        for step in self._steps:
            inputs = tuple(_unique(n for i in step.node.all_input_nodes for n in shown[i]))
            if step.name not in outputs:
                shown[step.node] = inputs
                continue
            shown[step.node] = (step.name,)
            node = _node(step, inputs, outputs[step.name], any(signed[i] for i in inputs))
            signed[step.name] = node.signed
            yield node
        if not self._ends_in_softmax:
            shape = tuple(outputs[SOFTMAX_NAME].shape[1:])
            yield Node(SOFTMAX_NAME, Kind.SOFTMAX, "Softmax", (self.logits,), shape, 0, False)


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
    try:
        with _TRACING:
            return _Tracer().trace(module)
    except Exception as error:
        raise UserError(
            f"The network can't be followed step by step ({type(error).__name__}: {error}): "
            "it needs a forward pass without branches that depend on the data."
        ) from error


def _plan(module: nn.Module, graph: fx.Graph) -> Iterator[_Step]:
    taken: set[str] = {SOFTMAX_NAME} if not _names_softmax(graph) else set()
    for node in graph.nodes:
        if node.op == "output":
            continue
        leaf = module.get_submodule(str(node.target)) if node.op == "call_module" else None
        base = {"placeholder": INPUT_NAME, "call_module": str(node.target)}.get(node.op, node.name)
        name, count = base, 1
        while name in taken:
            count += 1
            name = f"{base}#{count}"
        taken.add(name)
        yield _Step(node, name, _callable(module, node, leaf), leaf, _is_in_place(node, leaf))


def _names_softmax(graph: fx.Graph) -> bool:
    return any(node.op == "call_module" and node.target == SOFTMAX_NAME for node in graph.nodes)


def _callable(module: nn.Module, node: fx.Node, leaf: nn.Module | None) -> Callable[..., Any]:
    if leaf is not None:
        return leaf
    if node.op == "call_function" and callable(node.target):
        return node.target
    if node.op == "call_method":
        return _method(str(node.target))
    if node.op == "get_attr":
        return lambda: operator.attrgetter(str(node.target))(module)
    return lambda *_: None


def _method(name: str) -> Callable[..., Any]:
    def call(instance: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(instance, name)(*args, **kwargs)

    return call


def _is_in_place(node: fx.Node, leaf: nn.Module | None) -> bool:
    if leaf is not None:
        return bool(getattr(leaf, "inplace", False))
    if node.op == "call_method":
        return str(node.target).endswith("_")
    if node.op == "call_function":
        name = getattr(node.target, "__name__", "")
        return node.target in _IN_PLACE_FUNCTIONS or name.endswith("_") or _asks_for_in_place(node)
    return False


def _asks_for_in_place(node: fx.Node) -> bool:
    """Tell whether a function is called with ``inplace=True``, by its name or by its place."""
    if "inplace" in node.kwargs:
        return bool(node.kwargs["inplace"])
    try:
        place = list(inspect.signature(cast(Any, node.target)).parameters).index("inplace")
    except (TypeError, ValueError):  # built in, or without such a parameter
        return False
    return len(node.args) > place and bool(node.args[place])


def _protect(kept: dict[str, Tensor], target: Any) -> None:
    """Copy what is kept wherever `target`, about to change in place, shares its memory."""
    if not isinstance(target, Tensor):
        return
    address = target.untyped_storage().data_ptr()
    for name, value in kept.items():
        if value.untyped_storage().data_ptr() == address:
            kept[name] = value.clone()


def _output_node(graph: fx.Graph) -> fx.Node:
    (output,) = (node for node in graph.nodes if node.op == "output")
    (result,) = output.args
    if not isinstance(result, fx.Node):
        raise UserError("The network gives more than one output: only one score a class is shown.")
    return result


def _ends_in_softmax(steps: Iterable[_Step], output: fx.Node) -> bool:
    return any(step.node is output and _kind(step)[0] is Kind.SOFTMAX for step in steps)


def _check_logits(logits: Tensor) -> None:
    if logits.dim() != 2:
        raise UserError(
            f"The network's output has the shape {tuple(logits.shape[1:])}: "
            "a classifier gives one score a class."
        )


def _kind(step: _Step) -> tuple[Kind, str]:
    if step.node.op == "placeholder":
        return Kind.INPUT, "Input"
    if step.module is not None:
        return kinds.module_kind(step.module), type(step.module).__name__
    name = str(getattr(step.node.target, "__name__", step.node.target))
    return kinds.function_kind(name), name


def _numbers(step: _Step) -> dict[str, FloatArray]:
    if step.module is not None:
        return kinds.module_numbers(step.module)
    return kinds.function_numbers(_kind(step)[1], step.node)


def _node(step: _Step, inputs: tuple[str, ...], output: Tensor, input_signed: bool) -> Node:
    kind, type_name = _kind(step)
    module = step.module
    return Node(
        name=step.name,
        kind=kind,
        type_name=type_name,
        inputs=inputs,
        output_shape=tuple(output.shape[1:]),
        parameters=sum(p.numel() for p in module.parameters()) if module else 0,
        signed=kind is not Kind.INPUT
        and kinds.is_signed(kind, type_name, input_signed=input_signed),
        settings=kinds.module_settings(module) if module else MappingProxyType({}),
        window=kinds.module_window(module) if module else None,
    )


def _unique(names: Iterable[str]) -> Iterator[str]:
    return iter(dict.fromkeys(names))
