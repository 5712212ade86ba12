"""A traced network made ready to run: a list of calls that keeps what it is asked for."""

from __future__ import annotations

import copy
import inspect
import operator
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn

from viewer.core.nets.functions import function_name
from viewer.core.nets.tracing import Traced

KEPT = 8  # lists of calls, each for other values that are wanted
Values = list[Any]  # what each operation gave, by its slot
Call = Callable[[Values], Any]

_OUT_OF_PLACE: Mapping[Any, Callable[..., Any]] = {
    operator.iadd: operator.add,
    operator.isub: operator.sub,
    operator.imul: operator.mul,
    operator.itruediv: operator.truediv,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One operation: its place in the graph, and what is called.

    Attributes
    ----------
    node : torch.fx.Node
    name : str
    slot : int
        Where its value goes.
    module : torch.nn.Module or None
        Of a call of a module.
    """

    node: fx.Node
    name: str
    slot: int
    module: nn.Module | None


@dataclass(frozen=True, slots=True)
class Change:
    """What an operation that works in place changes besides its own output.

    Attributes
    ----------
    slots : tuple of int
        Earlier values in the same memory.
    replaceable : bool
        Whether nothing reads these values afterwards, so that the operation may as well give
        its result in new memory.
    """

    slots: tuple[int, ...]
    replaceable: bool


@dataclass(frozen=True, slots=True)
class _Instruction:
    slot: int
    call: Call
    save: tuple[int, ...]  # values to copy before, for the call changes them
    drop: tuple[int, ...]  # values that nobody needs afterwards


class Program:
    """The operations of a traced network, in order.

    Parameters
    ----------
    module : torch.nn.Module
        In evaluation mode.
    traced : Traced

    Attributes
    ----------
    steps : tuple of Step
        Without attributes (parameters, buffers) and the output.
    constants : mapping of fx.Node to object
        The attributes of the network that operations take; looked up once.
    result : object
        What the graph returns: a node, or nested lists and dicts of nodes.
    """

    def __init__(self, module: nn.Module, traced: Traced) -> None:
        self.constants: dict[fx.Node, Any] = dict(traced.defaults)
        steps: list[Step] = []
        for node in traced.graph.nodes:
            if node.op == "get_attr":
                self.constants[node] = operator.attrgetter(str(node.target))(module)
            elif node.op == "output":
                self.result: Any = node.args[0]
            elif node not in self.constants:
                leaf = module.get_submodule(str(node.target)) if node.op == "call_module" else None
                steps.append(Step(node, traced.names[node], len(steps), leaf))
        self.steps: tuple[Step, ...] = tuple(steps)
        self._slots = {step.node: step.slot for step in steps}
        self._changes: Mapping[int, Change] = {}
        self._compiled: dict[frozenset[int], tuple[_Instruction, ...]] = {}

    def again(self) -> Program:
        """Return the same operations, to be probed with another input."""
        program = copy.copy(self)
        program._changes, program._compiled = {}, {}
        return program

    def slot(self, node: fx.Node) -> int:
        """Return where the value of a node is; KeyError for one that is no step."""
        return self._slots[node]

    def probe(self, x: Tensor) -> Values:
        """Run everything once, keep every value, and find out what works in place.

        Every tensor has its version; one that has gone up was changed.

        Parameters
        ----------
        x : (1, C, H, W) float32
            Of a ``FakeTensorMode`` for shapes without numbers.
        """
        values: Values = [None] * len(self.steps)
        changes: dict[int, Change] = {}
        sharing: dict[int, list[int]] = {}  # slots by the memory that their values are in
        with torch.no_grad():
            for step in self.steps:
                if step.node.op == "placeholder":
                    values[step.slot] = x.clone()
                else:
                    arguments = tensors([values[self._slots[n]] for n in self._sources(step)])
                    before = [t._version for t in arguments]
                    values[step.slot] = self._call(step)(values)
                    changed = [t for t, v in zip(arguments, before, strict=True) if t._version != v]
                    if changed:
                        slots = sorted({s for t in changed for s in sharing.get(_memory(t), ())})
                        changes[step.slot] = Change(tuple(slots), self._unread(slots, step))
                for tensor in tensors([values[step.slot]]):
                    sharing.setdefault(_memory(tensor), []).append(step.slot)
        self._changes = changes
        self._compiled.clear()
        return values

    def run(self, x: Tensor, keep: frozenset[int]) -> dict[int, Tensor]:
        """Run the network and return the values in the slots asked for, as they were made.

        Parameters
        ----------
        x : (N, C, H, W) float32
        keep : frozenset of int
            Slots with tensors.

        Returns
        -------
        mapping of slot to Tensor
            An operation later in the network that works in place does not change them.
        """
        instructions = self._compiled.get(keep)
        if instructions is None:
            instructions = self._compiled[keep] = tuple(self._compile(keep))
            if len(self._compiled) > KEPT:
                del self._compiled[next(iter(self._compiled))]
        values: Values = [x] + [None] * (len(self.steps) - 1)
        saved: dict[int, Tensor] = {}
        with torch.inference_mode():
            for item in instructions:
                for slot in item.save:
                    saved[slot] = values[slot].clone()
                values[item.slot] = item.call(values)
                for slot in item.drop:
                    values[slot] = None
        return {slot: saved[slot] if slot in saved else values[slot] for slot in keep}

    def replay(self, steps: Iterable[Step], values: Values) -> None:
        """Do some of the operations with other values, in whose slots their own go."""
        with torch.no_grad():
            for step in steps:
                values[step.slot] = self._call(step)(values)

    def _compile(self, keep: frozenset[int]) -> Iterable[_Instruction]:
        last_use = self._last_use()
        saved: set[int] = set()
        # Slots are in the order of execution: nobody asks for what comes behind the last.
        for step in self.steps[1 : max(keep, default=0) + 1]:
            call, save = self._call(step), tuple[int, ...]()
            change = self._changes.get(step.slot)
            if change is not None and (hurt := keep.intersection(change.slots) - saved):
                elsewhere = _out_of_place(step) if change.replaceable else None
                if elsewhere is None:
                    save = tuple(sorted(hurt))
                    saved |= hurt
                else:
                    call = elsewhere(self)
            drop = tuple(s for s in last_use.get(step.slot, ()) if s not in keep)
            yield _Instruction(step.slot, call, save, drop)

    def _last_use(self) -> dict[int, list[int]]:
        """Return by slot which values nobody reads behind it."""
        last: dict[int, int] = {}
        for step in self.steps:
            last[step.slot] = step.slot  # of one that nobody reads at all
            for source in self._sources(step):
                last[self._slots[source]] = step.slot
        found: dict[int, list[int]] = {}
        for slot, user in last.items():
            found.setdefault(user, []).append(slot)
        return found

    def _sources(self, step: Step) -> list[fx.Node]:
        return [n for n in step.node.all_input_nodes if n in self._slots]

    def _unread(self, slots: Sequence[int], step: Step) -> bool:
        """Tell whether no operation behind `step` reads values that it changes."""
        return not any(
            user is not step.node and self._slots.get(user, len(self.steps)) > step.slot
            for slot in slots
            for user in self.steps[slot].node.users
        )

    def _call(self, step: Step) -> Call:
        return self.bind(_function(step), step.node.args, step.node.kwargs)

    def bind(
        self, function: Callable[..., Any], args: Collection[Any], kwargs: Mapping[str, Any]
    ) -> Call:
        """Return a call of `function` that takes its arguments out of the values."""
        if len(args) == 1 and not kwargs:
            (only,) = args
            if isinstance(only, fx.Node) and only in self._slots:
                slot = self._slots[only]
                return lambda values: function(values[slot])
        getters = [self._getter(arg) for arg in args]
        named = {key: self._getter(arg) for key, arg in kwargs.items()}
        if not named:
            return lambda values: function(*[getter(values) for getter in getters])
        return lambda values: function(
            *[getter(values) for getter in getters],
            **{key: getter(values) for key, getter in named.items()},
        )

    def _getter(self, argument: Any) -> Call:
        if isinstance(argument, fx.Node):
            if argument in self._slots:
                return operator.itemgetter(self._slots[argument])
            argument = self.constants[argument]
        elif isinstance(argument, list | tuple):
            parts, kind = [self._getter(item) for item in argument], type(argument)
            build = list if issubclass(kind, list) else tuple  # torch.fx has types of its own
            return lambda values: build([part(values) for part in parts])
        elif isinstance(argument, dict):
            items = {key: self._getter(item) for key, item in argument.items()}
            return lambda values: {key: item(values) for key, item in items.items()}
        elif isinstance(argument, slice):
            ends = [self._getter(end) for end in (argument.start, argument.stop, argument.step)]
            return lambda values: slice(*[end(values) for end in ends])
        return lambda _: argument


def _function(step: Step) -> Callable[..., Any]:
    if step.module is not None:
        return step.module
    if step.node.op == "call_method":
        return _method(str(step.node.target))
    target: Any = step.node.target
    function: Callable[..., Any] = target
    return function


def _method(name: str) -> Callable[..., Any]:
    def call(instance: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(instance, name)(*args, **kwargs)

    return call


def _out_of_place(step: Step) -> Callable[[Program], Call] | None:
    """Return the same operation with its result in new memory; None where there is none."""
    node = step.node
    if step.module is not None:
        if not hasattr(step.module, "inplace") or any(step.module.children()):
            return None
        twin = copy.copy(step.module)  # shares the parameters
        setattr(twin, "inplace", False)  # noqa: B010 - not an attribute of every module
        return lambda program: program.bind(twin, node.args, node.kwargs)
    if node.op == "call_method":
        name = str(node.target).removesuffix("_")
        if name == node.target or not hasattr(Tensor, name):
            return None
        return lambda program: program.bind(_method(name), node.args, node.kwargs)
    function = _OUT_OF_PLACE.get(node.target) or _plain_function(node.target)
    if function is not None:
        return lambda program: program.bind(function, node.args, node.kwargs)
    args, kwargs = list(node.args), dict(node.kwargs)
    place = _place_of_in_place(node.target)
    if "inplace" in kwargs:
        kwargs["inplace"] = False
    elif place is not None and place < len(args):
        args[place] = False
    else:
        return None
    return lambda program: program.bind(_function(step), args, kwargs)


def _place_of_in_place(target: Any) -> int | None:
    try:
        return list(inspect.signature(target).parameters).index("inplace")
    except (TypeError, ValueError):  # built in, or without such a parameter
        return None


def _plain_function(target: Any) -> Callable[..., Any] | None:
    """Return the function whose name lacks the last ``_``: ``torch.relu`` for ``relu_``."""
    name = function_name(target)
    if not name.endswith("_") or name.endswith("__"):
        return None
    plain = name.removesuffix("_")
    places: tuple[Any, ...] = (torch.nn.functional, torch)
    if isinstance(target, torch._ops.OpOverload):
        packet = getattr(torch.ops.aten, plain, None)
        return getattr(packet, target._overloadname, None)
    found = (getattr(place, plain, None) for place in places)
    return next((function for function in found if callable(function)), None)


def tensors(value: Any) -> list[Tensor]:
    """Return the tensors in nested lists and dicts."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [tensor for item in value for tensor in tensors(item)]
    return []


def _memory(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)  # views share it, tensors without numbers have one
