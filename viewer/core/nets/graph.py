"""A network as a graph of nodes, and the forward pass that keeps every node's output."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from viewer.core.errors import UserError
from viewer.core.nets import kinds
from viewer.core.nets.channel_order import TO_FIRST, channels_last, presented_axis
from viewer.core.nets.functions import as_module, function_name
from viewer.core.nets.places import place_numbers
from viewer.core.nets.program import Program, Step, Values, tensors
from viewer.core.nets.tracing import INPUT_NAME, SOFTMAX_NAME, module_of_part, one_line, traced
from viewer.core.records import FloatArray, Kind, Node, WeightsRecord

__all__ = ["INPUT_NAME", "SOFTMAX_NAME", "Graph"]

HEAVY_OPERATION = 1 << 20  # weights an operation, on average: describing it takes 1 ms at most
LAYOUT = "layout"  # a setting of nodes, where it is not (C, H, W) in memory
CHANNELS_LAST = "channels last"


@dataclass(frozen=True, slots=True)
class _Shown:
    """An operation that is a node: where its value is, and what it computes with.

    Attributes
    ----------
    step : Step
    module : torch.nn.Module or None
        Called, or standing for the function called.
    kind : Kind
    type_name : str
    last : bool
        The value has its channels last, and is presented with them first.
    places : mapping of fx.Node to int
        Which of its arguments is which of its inputs.
    channel_axis : int
        Of the value in memory, counted from the end.
    """

    step: Step
    module: nn.Module | None
    kind: Kind
    type_name: str
    last: bool
    places: Mapping[fx.Node, int]
    channel_axis: int


class Graph:
    """A traced network: its nodes, and a forward pass that records them all.

    Parameters
    ----------
    module : torch.nn.Module
        An ``fx.GraphModule`` is taken as it is, see `viewer.core.nets.tracing`.
    input_shape : (C, H, W)

    Attributes
    ----------
    nodes : tuple of Node
        In order of execution; the first is the input, the last the probabilities if there are
        any.
    logits : str
        Name of the node whose output is the logits; empty if the network's output is not one
        score a class.
    probabilities : str
        Name of the node whose output is the softmax of the logits; empty likewise.
    modules : mapping of str to str
        Class names of the modules that hold nodes, by path.

    Raises
    ------
    UserError
        If the network can't be traced, takes several inputs, or can't take such an image.
    """

    def __init__(self, module: nn.Module, input_shape: tuple[int, int, int]) -> None:
        self._module = module.eval()
        found = traced(module)
        self._program = Program(module, found)
        self.modules = found.modules
        self._describe(input_shape)

    def at(self, input_shape: tuple[int, int, int]) -> Graph:
        """Return the same network, of the same weights, for images of another size.

        Raises
        ------
        UserError
            If it can't take such images.
        """
        graph = copy.copy(self)
        graph._program = self._program.again()
        graph._describe(input_shape)
        return graph

    def run(self, x: Tensor, keep: Collection[str] | None = None) -> Mapping[str, Tensor]:
        """Run the network and keep every node's output as it was made.

        Parameters
        ----------
        x : (N, C, H, W) float32
            Normalised input.
        keep : collection of str, optional
            Names of the nodes whose outputs are wanted; all by default.

        Returns
        -------
        mapping of node name to Tensor
            With the batch axis, channels first; an in-place operation later in the network
            does not change what is kept of an earlier node.

        Raises
        ------
        UserError
            If the network can't take such images.
        """
        names = self._names if keep is None else [n for n in self._names if n in keep]
        appends = self._appends_softmax and (keep is None or SOFTMAX_NAME in keep)
        slots = self._all_slots if keep is None else self._slots_of(names, appends=appends)
        try:
            values = self._program.run(x, slots)
        except UserError:
            raise
        except Exception as error:
            raise _refused(tuple(x.shape[1:]), error) from error
        shown = self._shown
        kept = {
            name: values[shown[name].step.slot].permute(TO_FIRST)
            if shown[name].last
            else values[shown[name].step.slot]
            for name in names
        }
        if appends:
            with torch.inference_mode():
                kept[SOFTMAX_NAME] = torch.softmax(values[self._logits_slot], dim=-1)
        return kept

    def weights(self, step: int) -> WeightsRecord:
        """Return the weights, biases and buffers of the nodes that have them.

        They are read-only views of the network's memory: `load` and `set_weight` put new memory
        in its place.

        Parameters
        ----------
        step : int
            Training step that the weights belong to.
        """
        weights: dict[str, Any] = {}
        biases: dict[str, Any] = {}
        buffers: dict[str, Mapping[str, FloatArray]] = {}
        for name, item in self._shown.items():
            numbers = _numbers(item) | self._places[name] | self._factor(item)
            if numbers:
                buffers[name] = MappingProxyType(numbers)
            for kind, store in (("weight", weights), ("bias", biases)):
                value = getattr(item.module, kind, None)
                if isinstance(value, Tensor):
                    store[name] = kinds.view(value)
        return WeightsRecord(
            step, MappingProxyType(weights), MappingProxyType(biases), MappingProxyType(buffers)
        )

    def weight(self, name: str) -> Tensor | None:
        """Return the weight of a node, (out, in / groups, kH, kW) or (out, in); not to be changed.

        None of a node without one.
        """
        item = self._shown.get(name)
        value = None if item is None else getattr(item.module, "weight", None)
        return value.data if isinstance(value, Tensor) else None

    def set_weight(self, name: str, value: Tensor) -> None:
        """Compute with another weight of the same shape in a node; it is taken, not copied."""
        own = getattr(self._shown[name].module, "weight", None)
        if isinstance(own, Tensor):
            own.data = value

    def load(self, weights: Mapping[str, Tensor]) -> None:
        """Take the values of a state dict; they are copied, to new memory.

        Raises
        ------
        KeyError
            If one of the network's is missing.
        """
        for name, own in self._module.state_dict(keep_vars=True).items():
            own.data = weights[name].detach().to(own.dtype, copy=True).reshape(own.shape)

    def weights_of(self, step: int, values: Mapping[str, Tensor]) -> WeightsRecord:
        """Return values of the parameters' shapes, gradients for example, as a record.

        Parameters
        ----------
        step : int
        values : mapping of parameter name to Tensor
            On the CPU; parameters without a value are left out.
        """
        named = self._module.named_parameters(remove_duplicate=False)
        given = {id(own): values[name] for name, own in named if name in values}
        found: dict[str, dict[str, Any]] = {"weight": {}, "bias": {}}
        for name, item in self._shown.items():
            for kind, store in found.items():
                value = given.get(id(getattr(item.module, kind, None)))
                if value is not None:
                    store[name] = value.numpy()
        weights, biases = (MappingProxyType(store) for store in found.values())
        return WeightsRecord(step, weights, biases)

    def _describe(self, input_shape: tuple[int, int, int]) -> None:
        """Run the network once, and work out what is shown of it."""
        values = self._probe(input_shape)
        self._shown: dict[str, _Shown] = {}
        self._places: dict[str, dict[str, FloatArray]] = {}
        self._last: dict[fx.Node, bool] = {}
        constants = self._program.constants
        self._through: dict[fx.Node, tuple[str, ...]] = dict.fromkeys(constants, ())
        nodes: dict[str, Node] = {}
        held = {n: {v} for n, v in constants.items() if isinstance(v, nn.Parameter)}
        counted: set[nn.Parameter] = set()  # by the nodes before
        for step in self._program.steps:
            inputs = tuple(_unique(n for i in _sources(step) for n in self._through[i]))
            output = values[step.slot]
            own = set().union(*(held.get(source, ()) for source in _sources(step)))
            if not self._is_shown(step, output, inputs):
                # Sizes of a value are not the value: no edge goes through them.
                self._through[step.node] = inputs if tensors(output) else ()
                held[step.node] = own | _own_parameters(step)
                continue
            self._through[step.node] = (step.name,)
            item = self._show(step, output, inputs)
            self._places[step.name] = place_numbers(
                self._program, values, step, item.module, self._last
            )
            # The input has colours of its own, but normalised it can be negative.
            signed = any(nodes[n].signed or nodes[n].kind is Kind.INPUT for n in inputs)
            count = sum(p.numel() for p in (own - counted) | _own_parameters(step))
            counted |= own
            nodes[step.name] = _node(item, inputs, output, signed, count)
        self._set_output(values, nodes)
        self.nodes: tuple[Node, ...] = tuple(nodes.values())

    def _probe(self, input_shape: tuple[int, int, int]) -> Values:
        """Run the network once and return every value, with numbers or without."""
        x = torch.zeros((1, *input_shape))
        weights = sum(p.numel() for p in self._module.parameters())
        if weights > HEAVY_OPERATION * len(self._program.steps):
            try:
                # Shapes alone: of a network like VGG that is much faster than a pass.
                with FakeTensorMode(allow_non_fake_inputs=True) as mode:
                    return self._program.probe(mode.from_tensor(x))
            except Exception:  # noqa: BLE001 - some operations need numbers; then they have them
                pass
        try:
            return self._program.probe(x)
        except Exception as error:
            raise _refused(input_shape, error) from error

    def _is_shown(self, step: Step, output: Any, inputs: tuple[str, ...]) -> bool:
        """Tell whether a value is that of a node: it answers to the image, one for each."""
        if step.node.op == "placeholder":
            return True
        return (
            isinstance(output, Tensor)
            and output.is_floating_point()
            and 2 <= output.dim() <= 4
            and output.shape[0] == 1
            and bool(inputs)
        )

    def _show(self, step: Step, output: Tensor, inputs: tuple[str, ...]) -> _Shown:
        module = step.module or as_module(step.node, output.dim(), self._program.constants.get)
        whole = module_of_part(step.node)
        if whole is not None:  # of several outputs: what is shown of it is one of them
            module = self._module.get_submodule(str(whole.target))
        kind, type_name = _kind(step, module)
        last = output.dim() == 4 and channels_last(step.node, kind, module, self._last)
        if kind is Kind.FLATTEN and not all(self._in_order(source) for source in _sources(step)):
            kind = Kind.OTHER  # not in the order in which the maps before it are presented
        self._last[step.node] = last
        places = {}
        for source in _sources(step):
            name, *others = (*self._through[source], "")
            if not any(others) and name in self._shown and self._shown[name].step.node is source:
                places[source] = inputs.index(name)
        axis = -3 if output.dim() == 4 and not last else -1
        item = _Shown(step, module, kind, type_name, last, places, axis)
        self._shown[step.name] = item
        return item

    def _factor(self, item: _Shown) -> dict[str, FloatArray]:
        """Return the number for each channel that an operation multiplies with, if it does."""
        constants = (self._program.constants.get(node) for node in _sources(item.step))
        return kinds.channel_factor(item.type_name, constants, item.channel_axis)

    def _in_order(self, source: fx.Node) -> bool:
        """Tell whether a value is presented as it is, or is a size that is no node at all."""
        return not self._last[source] if source in self._last else not self._through[source]

    def _set_output(self, values: Values, nodes: dict[str, Node]) -> None:
        result = self._program.result
        self.logits, self.probabilities, self._appends_softmax = "", "", False
        if isinstance(result, fx.Node) and self._are_scores(result, values):
            (name,) = self._through[result]
            if nodes[name].kind is Kind.SOFTMAX:
                (self.logits, *_), self.probabilities = nodes[name].inputs, name
            else:
                self.logits, self.probabilities, self._appends_softmax = name, SOFTMAX_NAME, True
                shape = nodes[name].output_shape
                nodes[SOFTMAX_NAME] = Node(
                    SOFTMAX_NAME, Kind.SOFTMAX, "Softmax", (name,), shape, 0, signed=False
                )
        self._names = tuple(self._shown)
        self._logits_slot = -1 if not self.logits else self._shown[self.logits].step.slot
        self._all_slots = self._slots_of(self._names, appends=self._appends_softmax)

    def _are_scores(self, result: fx.Node, values: Values) -> bool:
        """Tell whether a network's output is one score a class: (N, K), K above 1."""
        if len(self._through.get(result, ())) != 1 or result not in self._last:
            return False
        value = values[self._program.slot(result)]
        return isinstance(value, Tensor) and value.dim() == 2 and value.shape[1] > 1

    def _slots_of(self, names: Iterable[str], *, appends: bool) -> frozenset[int]:
        slots = {self._shown[name].step.slot for name in names}
        return frozenset(slots | {self._logits_slot} if appends else slots)


def _refused(shape: tuple[int, ...], error: Exception) -> UserError:
    size = " × ".join(map(str, shape))
    return UserError(
        f"The network can't take an image of {size} ({one_line(error)}): "
        "give another size, or another network."
    )


def _own_parameters(step: Step) -> set[nn.Parameter]:
    return set() if step.module is None else set(step.module.parameters())


def _sources(step: Step) -> list[fx.Node]:
    return list(step.node.all_input_nodes)


def _kind(step: Step, module: nn.Module | None) -> tuple[Kind, str]:
    if step.node.op == "placeholder":
        return Kind.INPUT, "Input"
    if module is not None:
        return kinds.module_kind(module), type(module).__name__
    name = function_name(step.node.target)
    return kinds.function_kind(name), name


def _numbers(item: _Shown) -> dict[str, FloatArray]:
    if item.module is not None:
        return kinds.module_numbers(item.module)
    numbers = kinds.function_numbers(item.type_name, item.step.node, item.places)
    if item.last and "dim" in numbers:
        numbers |= kinds.float_arrays({"dim": presented_axis(int(numbers["dim"]))})
    return numbers


def _node(
    item: _Shown, inputs: tuple[str, ...], output: Tensor, input_signed: bool, parameters: int
) -> Node:
    kind, type_name = item.kind, item.type_name
    shape = tuple(output.permute(TO_FIRST).shape[1:] if item.last else output.shape[1:])
    settings = dict(kinds.module_settings(item.module)) if item.module is not None else {}
    if item.last:
        settings[LAYOUT] = CHANNELS_LAST
    return Node(
        name=item.step.name,
        kind=kind,
        type_name=type_name,
        inputs=inputs,
        output_shape=shape,
        parameters=parameters,
        signed=kind is not Kind.INPUT
        and kinds.is_signed(kind, type_name, input_signed=input_signed),
        settings=MappingProxyType(settings),
        window=kinds.module_window(item.module) if item.module is not None else None,
    )


def _unique(names: Iterable[str]) -> Iterator[str]:
    return iter(dict.fromkeys(names))
