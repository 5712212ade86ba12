"""Follows a TorchScript program without running it, and puts the graph together that it means.

It goes through the operations with tensors that have shapes and no numbers, along the one way
that they take for every image. A program can loop, and make lists and numbers: all of it is
counted, so that one made to hang or to fill the memory is refused.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, fx

from viewer.core.errors import UserError
from viewer.core.nets.formats.building import ProgramBuilder, Scope
from viewer.core.nets.formats.lifting import Weight
from viewer.core.nets.formats.operators import operator_of, refused_operator
from viewer.core.nets.formats.other_inputs import check_layer, operator_of_class
from viewer.core.nets.formats.program import ForeignProgram
from viewer.core.nets.formats.script_values import ARITHMETIC, COLLECTIONS, DECISIONS
from viewer.core.sentences import shortened

TITLE = "TorchScript"
MAX_STEPS = 200_000  # ten times as many as the deepest networks of torchvision take
MAX_ITEMS = 1_000_000  # of lists that are looked at; those networks have some thousands
MAX_DEPTH = 100
# Whether attention may be done by one operator, of which nothing would be seen.
_ATTENTION_IN_ONE = "torch.backends.mha.get_fastpath_enabled"
_MANGLED = re.compile(r"___torch_mangle_\d+\.")
_PASSED = """prim::unchecked_cast prim::unchecked_unwrap_optional aten::_unwrap_optional
    prim::NumToTensor aten::Int aten::Float aten::IntImplicit aten::FloatImplicit
    aten::ScalarImplicit aten::detach aten::requires_grad_ prim::data"""
_PASSED_ON = frozenset(_PASSED.split())
_IGNORED = frozenset({"prim::Print", "aten::warn", "prim::Enter", "prim::Exit"})
_LISTS = frozenset({"prim::ListConstruct", "prim::TupleConstruct"})
_UNPACKED = frozenset({"prim::TupleUnpack", "prim::ListUnpack"})
_TENSOR_FACTS = frozenset({"prim::dtype", "aten::dim", "aten::is_floating_point", "prim::layout"})


class WrongShape(Exception):  # noqa: N818 - the next one is tried
    """The network doesn't take images of this size."""


@dataclass(frozen=True)
class _Part:
    """A module of the program."""

    path: str
    module: Any  # torch._C.ScriptModule

    @property
    def kind(self) -> str:
        """Class, as it was called in Python."""
        name = _MANGLED.sub("", str(self.module.qualified_name))
        return name.removeprefix("__torch__.")


@dataclass(frozen=True)
class _Function:
    """A function of the program that is no method."""

    name: str


class Interpreter:
    """Goes through a program once."""

    def __init__(self, path: Path, unit: Any, module: Any, weights: Mapping[str, Tensor]) -> None:
        self._path = path
        self._unit = unit
        self._module = module
        self._weights = weights
        self._builder = ProgramBuilder(str(path), [name.rpartition(".")[0] for name in weights])
        self._steps = 0
        self._items = 0
        self._depth = 0

    def read(self, shape: tuple[int, ...], *, exact: bool) -> ForeignProgram:
        """Return the network for images of one shape, (1, C, H, W).

        Raises
        ------
        UserError
            If its code can't be followed.
        """
        graph = self._method(self._module, "forward").graph
        arguments = list(graph.inputs())[1:]
        if len(arguments) != 1 or str(arguments[0].type()) != "Tensor":
            raise UserError(
                f"{self._path} takes {len(arguments)} inputs, or something that is no image: save "
                "a network whose only input is one image."
            )
        image = self._builder.input(torch.empty(shape, device="meta"))
        result = self._run(graph, [_Part("", self._module), image], Scope())
        first = next(_nodes(result), None)
        example = self._builder.examples.get(first) if first is not None else None
        if not isinstance(example, Tensor):
            raise UserError(
                f"{self._path} gives no numbers (a tensor) for an image: save a network that gives "
                "scores or maps."
            )
        module = self._builder.finish(result, "ScriptModule")
        return ForeignProgram(module, TITLE, shape, tuple(example.shape), exact)

    def _method(self, module: Any, name: str) -> Any:
        if not module._has_method(name):
            raise UserError(
                f"{self._path} has no function {name} to run: save a whole network with "
                "torch.jit.save."
            )
        return module._get_method(name)

    def _run(self, graph: Any, arguments: list[Any], scope: Scope) -> Any:
        """Go through a method or a function; returns its result."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise UserError(f"{self._path} calls itself without end: choose another network.")
        values = dict(zip((i.debugName() for i in graph.inputs()), arguments, strict=True))
        self._block(graph, values, scope)
        self._depth -= 1
        outputs = [values[output.debugName()] for output in graph.outputs()]
        return outputs[0] if len(outputs) == 1 else outputs

    def _block(self, block: Any, values: dict[str, Any], scope: Scope) -> None:
        for node in block.nodes():
            self._count_step()
            inputs = [values[i.debugName()] for i in node.inputs() if i.debugName() in values]
            results = self._node(node, inputs, values, scope)
            for output, result in zip(node.outputs(), results, strict=False):
                values[output.debugName()] = result

    def _count_step(self) -> None:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise UserError(f"{self._path} has a loop without end: choose another network.")

    def _node(self, node: Any, inputs: list[Any], values: dict[str, Any], scope: Scope) -> Any:
        kind = node.kind()
        if kind == "prim::If":
            return self._branch(node, inputs[0], values, scope)
        if kind == "prim::Loop":
            return self._loop(node, inputs, values, scope)
        if kind in _UNPACKED:
            return self._unpacked(node, inputs[0])
        if kind in _IGNORED:
            return [None]
        if kind.startswith("prim::"):
            return [self._primitive(kind, node, inputs, scope)]
        return self._operation(kind, node, inputs, scope)

    def _primitive(self, kind: str, node: Any, inputs: list[Any], scope: Scope) -> Any:
        if kind == "prim::Constant":
            return self._constant(node)
        if kind == "prim::GetAttr":
            return self._attribute(inputs[0], node.s("name"))
        if kind == "prim::CallMethod":
            part = inputs[0]
            for value in inputs[1:2]:
                check_layer(operator_of_class(part.kind), self._example(value), str(self._path))
            inner = scope.within(part.path, part.kind) if part.path else scope
            return self._run(self._method(part.module, node.s("name")).graph, inputs, inner)
        if kind == "prim::CallFunction":
            if inputs[0].name.endswith(_ATTENTION_IN_ONE):
                return False
            function = self._unit.find_function(inputs[0].name)
            return self._run(function.graph, inputs[1:], scope)
        if kind in _LISTS:
            return list(inputs)
        if kind == "prim::DictConstruct":
            return dict(zip(inputs[::2], inputs[1::2], strict=True))
        if kind in _PASSED_ON:
            return inputs[0]
        return self._fact(kind, inputs)

    def _fact(self, kind: str, inputs: list[Any]) -> Any:
        """Return what doesn't depend on the data."""
        if kind in _TENSOR_FACTS:
            return self._tensor_fact(kind, inputs[0])
        if kind == "prim::device":
            return torch.device("cpu")
        if kind.startswith("prim::is_"):
            return False
        if kind in ("prim::Uninitialized", "prim::requires_grad"):
            return None
        if kind == "prim::TupleIndex":
            return inputs[0][inputs[1]]
        if kind in ("prim::min", "prim::max"):
            return self._numbers(kind.removeprefix("prim::"), inputs, Scope())
        if kind == "prim::RaiseException":
            raise WrongShape("it refuses the image itself")
        if kind == "prim::SetAttr":
            raise UserError(
                f"{self._path} changes itself while it runs: save it in evaluation mode."
            )
        raise refused_operator(kind, str(self._path))

    def _tensor_fact(self, kind: str, value: Any) -> Any:
        example = self._example(value)
        facts: dict[str, Callable[[], Any]] = {
            "prim::dtype": lambda: example.dtype,
            "aten::dim": lambda: example.dim(),
            "aten::is_floating_point": lambda: example.is_floating_point(),
            "prim::layout": lambda: torch.strided,
        }
        return facts[kind]()

    def _constant(self, node: Any) -> Any:
        output = node.output()
        if output.type().kind() == "FunctionType":
            return _Function(str(output.type()))
        value = output.toIValue()
        if isinstance(value, Tensor) and value.dim() == 0 and not value.is_floating_point():
            return value.item()  # traces do arithmetic on sizes with such tensors
        return Weight("", value) if isinstance(value, Tensor) else value

    def _attribute(self, part: Any, name: str) -> Any:
        if not isinstance(part, _Part):
            raise refused_operator(name, str(self._path))
        path = f"{part.path}.{name}" if part.path else name
        if path in self._weights:
            return Weight(path, self._weights[path])
        value = part.module.getattr(name)
        if hasattr(value, "_c"):  # a module comes wrapped
            value = value._c
        if isinstance(value, torch._C.ScriptModule):
            return _Part(path, value)
        return Weight(path, value) if isinstance(value, Tensor) else value

    def _branch(self, node: Any, condition: Any, values: dict[str, Any], scope: Scope) -> list[Any]:
        block = list(node.blocks())[0 if self._decided(condition) else 1]
        inner = dict(values)
        self._block(block, inner, scope)
        return [inner[output.debugName()] for output in block.outputs()]

    def _loop(
        self, node: Any, inputs: list[Any], values: dict[str, Any], scope: Scope
    ) -> list[Any]:
        (block,) = node.blocks()
        names = [i.debugName() for i in block.inputs()]
        rounds, going, *carried = inputs
        index, rounds = 0, self._example(rounds)
        while index < rounds and self._decided(going):
            self._count_step()  # the body may be empty
            inner = dict(values) | dict(zip(names, [index, *carried], strict=True))
            self._block(block, inner, scope)
            going, *carried = [inner[output.debugName()] for output in block.outputs()]
            index += 1
        return carried

    def _decided(self, condition: Any) -> bool:
        """Return a condition that is the same for every image; UserError of any other."""
        example = self._example(condition)
        if isinstance(example, Tensor):
            raise UserError(
                f"{self._path} decides by the image what to do, and only networks that do the same "
                "for every image can be shown: save it without that branch or loop."
            )
        return bool(example)

    def _unpacked(self, node: Any, value: Any) -> list[Any]:
        if isinstance(value, list | tuple):
            return list(value)
        parts = self._example(value)
        return [self._part(value, i) for i in range(len(parts))]

    def _part(self, value: fx.Node, index: int) -> fx.Node:
        node = self._builder.compute(operator.getitem, [value, index], Scope())
        self._builder.examples[node] = self._example(value)[index]
        return node

    def _operation(self, kind: str, node: Any, inputs: list[Any], scope: Scope) -> list[Any]:
        name = kind.removeprefix("aten::")
        if kind in _PASSED_ON and not isinstance(self._example(inputs[0]), Tensor):
            return [inputs[0]]
        if kind in _TENSOR_FACTS and isinstance(self._example(inputs[0]), Tensor):
            return [self._tensor_fact(kind, inputs[0])]
        tensors = any(isinstance(self._example(value), Tensor) for value in inputs)
        if name in COLLECTIONS and isinstance(inputs[0], list | dict | tuple | str):
            held = [v if i == 0 or i > 1 else self._index(v) for i, v in enumerate(inputs)]
            if name == "mul" and isinstance(held[1], int):
                self._count_items(len(held[0]) * held[1])
            return [COLLECTIONS[name](*held)]
        if name in ("__is__", "__isnot__"):
            same = inputs[0] is inputs[1]
            return [same if name == "__is__" else not same]
        if not tensors and (name in DECISIONS or name in ARITHMETIC):
            return [self._numbers(name, inputs, scope)]
        if name == "len" and tensors:
            return [self._example(inputs[0]).shape[0]]
        return self._tensor_operation(name, node, inputs, scope)

    def _index(self, value: Any) -> Any:
        """Return a place in a list as a number; items are left as they are."""
        example = self._example(value) if isinstance(value, fx.Node) else value
        return value if isinstance(example, Tensor) else example

    def _numbers(self, name: str, inputs: list[Any], scope: Scope) -> Any:
        examples = [self._example(value) for value in inputs]
        if name in DECISIONS:
            return DECISIONS[name](*examples)
        result = ARITHMETIC[name](*examples)
        if not any(isinstance(value, fx.Node) for value in inputs):
            return result
        node = self._builder.compute(ARITHMETIC[name], inputs, scope)
        self._builder.examples[node] = result
        return node

    def _tensor_operation(self, name: str, node: Any, inputs: list[Any], scope: Scope) -> list[Any]:
        if name in ("Bool", "item", "Int", "Float", "ScalarImplicit", "IntImplicit"):
            self._decided(inputs[0])
        self._check_input(name, inputs)
        schema = torch._C.parse_schema(node.schema())
        target = operator_of(name, schema.overload_name or "default", str(self._path))
        named = [a.name for a in target._schema.arguments if a.kwarg_only]
        count = len(target._schema.arguments) - len(named)
        args, kwargs = inputs[:count], dict(zip(named, inputs[count:], strict=False))
        example = self._computed(target, args, kwargs)
        if name == "size" and not isinstance(example, int):
            return [[self._size(inputs[0], i) for i in range(len(example))]]
        result = self._builder.call(target, args, kwargs, scope)
        if isinstance(result, Weight):
            return [result]
        if isinstance(result, list):  # of several results only the first is there
            self._builder.examples[result[0]] = example[0]
            return result
        self._builder.examples[result] = example
        if isinstance(example, list | tuple):
            parts = [self._part(result, i) for i in range(len(example))]
            return parts if len(list(node.outputs())) > 1 else [parts]
        return [result]

    def _check_input(self, name: str, inputs: list[Any]) -> None:
        """Raise UserError if an operator takes sequences or words, and gets an image."""
        if name in ("_convolution", "convolution"):
            name = f"conv{self._example(inputs[1]).dim() - 2}d"
        given = inputs[1:2] if name == "embedding" else inputs[:1]  # its weights come first
        for value in given:
            check_layer(name, self._example(value), str(self._path))

    def _size(self, value: Any, axis: int) -> Any:
        target = operator_of("size", "int", str(self._path))
        node = self._builder.call(target, [value, axis], {}, Scope())
        self._builder.examples[node] = self._example(value).shape[axis]
        return node

    def _computed(self, target: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Return what an operator makes of examples: shapes and types without numbers."""
        try:
            return target(
                *[self._example(value) for value in args],
                **{key: self._example(value) for key, value in kwargs.items()},
            )
        except NotImplementedError:
            raise UserError(
                f"{self._path} uses {target}, whose result has another size for each image: save "
                "it without that step."
            ) from None
        except (RuntimeError, IndexError, TypeError, ValueError) as error:
            raise WrongShape(shortened(str(error).strip().split("\n")[0])) from None

    def _example(self, value: Any) -> Any:
        """Return a value with tensors that have no numbers in place of those that do."""
        if isinstance(value, fx.Node):
            return self._builder.examples.get(value)
        if isinstance(value, Weight):
            return value.tensor.to("meta")
        if isinstance(value, list | tuple | str):
            self._count_items(len(value))
        if isinstance(value, list | tuple):
            return type(value)(self._example(item) for item in value)
        if isinstance(value, torch.device):
            return torch.device("meta")
        return value

    def _count_items(self, count: int) -> None:
        """Raise UserError where a program makes its lists longer and longer."""
        self._items += count
        if self._items > MAX_ITEMS:
            raise UserError(f"{self._path} makes lists without end: choose another network.")


def _nodes(result: Any) -> Iterator[fx.Node]:
    """Yield the nodes in what a program returns."""
    if isinstance(result, fx.Node):
        yield result
    elif isinstance(result, list | tuple):
        for item in result:
            yield from _nodes(item)
    elif isinstance(result, dict):
        for item in result.values():
            yield from _nodes(item)
