"""A small language of formulas over live tensors: nothing in it can reach beyond its values.

A formula is parsed by Python's own parser and walked node by node; what is not on the list
below is refused. It has no names but those of its functions, no attributes, no loops.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Value: TypeAlias = "float | int | bool | str | tuple[Value, ...] | Array"
Function: TypeAlias = Callable[..., Any]

MAX_LENGTH = 400  # characters
MAX_NODES = 200
MAX_EXPONENT = 16
MAX_SIZE = 1_000_000  # elements of an array, and the largest whole number's square root

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


class ExpressionError(Exception):
    """What is wrong with a formula, as a phrase that follows its text."""


class Expression:
    """A formula that was checked when it was made.

    Parameters
    ----------
    text : str
        ``sum(output("conv1")[3] > 0) / 784``.
    functions : collection of str, optional
        Names that may be called beside `FUNCTIONS`.

    Raises
    ------
    ExpressionError
        If it is no formula of this language.
    """

    def __init__(self, text: str, functions: frozenset[str] = frozenset()) -> None:
        self.text = text
        if len(text) > MAX_LENGTH:
            raise ExpressionError(f"is longer than {MAX_LENGTH} characters")
        try:
            self._tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise ExpressionError("is not a formula") from None
        nodes = list(ast.walk(self._tree))
        if len(nodes) > MAX_NODES:
            raise ExpressionError(f"has more than {MAX_NODES} parts")
        called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
        for node in nodes:
            _check(node, functions | FUNCTIONS.keys(), called)

    def calls(self, name: str) -> Iterator[tuple[object, ...]]:
        """Yield the constant arguments of every call of `name`."""
        for node in ast.walk(self._tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id == name:
                yield tuple(a.value for a in node.args if isinstance(a, ast.Constant))

    def evaluate(self, functions: Mapping[str, Function] | None = None) -> Value:
        """Return its value.

        Parameters
        ----------
        functions : mapping of str to callable, optional
            What it may call beside `FUNCTIONS`.

        Raises
        ------
        ExpressionError
            If it has none: an index out of range, a division by zero.
        """
        known = {**FUNCTIONS, **(functions or {})}
        try:
            with np.errstate(all="ignore"):
                value = _Walk(known).value(self._tree)
        except ExpressionError:
            raise
        except (TypeError, ValueError, IndexError, ArithmeticError, KeyError) as error:
            raise ExpressionError(f"has no value ({str(error).lower() or 'none'})") from None
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, float) and not math.isfinite(value):
            raise ExpressionError("has no finite value")
        return value  # type: ignore[no-any-return]  # numpy's own types are Any


def _check(node: ast.AST, functions: frozenset[str] | set[str], called: set[int]) -> None:
    allowed = (
        ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call, ast.Name,
        ast.Constant, ast.Subscript, ast.Slice, ast.Tuple, ast.Load, ast.operator,
        ast.unaryop, ast.boolop, ast.cmpop,
    )  # fmt: skip
    if not isinstance(node, allowed):
        raise ExpressionError(f"must not contain {_name_of(node)}")
    if isinstance(node, ast.operator) and type(node) not in _BINARY:
        raise ExpressionError(f"must not contain {_name_of(node)}")
    if isinstance(node, ast.cmpop) and type(node) not in _COMPARISONS:
        raise ExpressionError(f"must not contain {_name_of(node)}")
    if isinstance(node, ast.Constant) and not isinstance(node.value, int | float | str):
        raise ExpressionError(f"must not contain {node.value!r}")
    if isinstance(node, ast.Call) and (not isinstance(node.func, ast.Name) or node.keywords):
        raise ExpressionError("may only call functions by their names, without keywords")
    if isinstance(node, ast.Name):
        if node.id not in functions:
            raise ExpressionError(f"uses {node.id!r}, which is no function of lessons")
        if id(node) not in called:
            raise ExpressionError(f"needs brackets after {node.id!r}")


def _name_of(node: ast.AST) -> str:
    return f"{type(node).__name__.lower()!r}"


class _Walk:
    """Evaluates a checked tree."""

    def __init__(self, functions: Mapping[str, Function]) -> None:
        self._functions = functions

    def value(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Tuple):
            return tuple(self.value(item) for item in node.elts)
        if isinstance(node, ast.Call):
            assert isinstance(node.func, ast.Name)
            return self._functions[node.func.id](*map(self.value, node.args))
        if isinstance(node, ast.BinOp):
            return self._binary(node)
        if isinstance(node, ast.Subscript):
            return self._item(node)
        return self._logic(node)

    def _binary(self, node: ast.BinOp) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        for side in (left, right):
            if isinstance(side, str | tuple):
                raise ExpressionError("can't calculate with texts or lists of numbers")
            if isinstance(side, int) and abs(side) > MAX_SIZE**2:
                raise ExpressionError("gets too large")
        exponent = isinstance(node.op, ast.Pow)
        if exponent and not (isinstance(right, int | float) and abs(right) <= MAX_EXPONENT):
            raise ExpressionError(f"has an exponent beyond {MAX_EXPONENT}")
        if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
            size = math.prod(np.broadcast_shapes(left.shape, right.shape))
            if size > MAX_SIZE:
                raise ExpressionError("gets too large")
        if exponent and isinstance(left, int) and abs(left) > MAX_SIZE:
            raise ExpressionError("gets too large")
        found = _BINARY[type(node.op)](left, right)
        if isinstance(found, int) and abs(found) > MAX_SIZE**2:
            raise ExpressionError("gets too large")
        return found

    def _item(self, node: ast.Subscript) -> Any:
        whole, index = self.value(node.value), self._index(node.slice)
        if not isinstance(whole, np.ndarray | tuple):
            raise ExpressionError("takes a part of what has no parts")
        return whole[index]

    def _index(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Tuple):
            return tuple(self._index(item) for item in node.elts)
        if isinstance(node, ast.Slice):
            parts = (node.lower, node.upper, node.step)
            return slice(*(None if part is None else self._whole(part) for part in parts))
        return self._whole(node)

    def _whole(self, node: ast.AST) -> int:
        return operator.index(self.value(node))

    def _logic(self, node: ast.AST) -> Any:
        if isinstance(node, ast.UnaryOp):
            inner = self.value(node.operand)
            if isinstance(node.op, ast.Not):
                return not inner
            return -inner if isinstance(node.op, ast.USub) else +inner
        if isinstance(node, ast.IfExp):
            return self.value(node.body if self.value(node.test) else node.orelse)
        if isinstance(node, ast.BoolOp):
            every = isinstance(node.op, ast.And)
            results = (bool(self.value(item)) for item in node.values)
            return all(results) if every else any(results)
        assert isinstance(node, ast.Compare)
        if len(node.ops) > 1:
            raise ExpressionError("may compare only two values at a time")
        return _COMPARISONS[type(node.ops[0])](
            self.value(node.left), self.value(node.comparators[0])
        )


def _array(values: object) -> Array:
    if isinstance(values, str):
        raise ExpressionError("can't calculate with texts")
    return np.asarray(values)


def _place(values: object) -> tuple[int, ...]:
    array = _array(values)
    return tuple(int(i) for i in np.unravel_index(int(array.argmax()), array.shape))


def _patch(values: object, top: int, left: int, height: int, width: int) -> Array:
    """Return a window of an image (H, W); what lies beyond it is 0."""
    array = _array(values)
    if array.ndim != 2 or not 0 < height <= 64 or not 0 < width <= 64:
        raise ExpressionError("takes a patch of what is no image")
    found = np.zeros((height, width), np.float64)
    for y in range(max(0, -top), min(height, array.shape[0] - top)):
        for x in range(max(0, -left), min(width, array.shape[1] - left)):
            found[y, x] = array[top + y, left + x]
    return found


def _round(value: float, digits: int = 0) -> float:
    return round(float(value), int(digits)) if digits else round(float(value))


def _size(length: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """Return the length of an output along one axis."""
    return (length + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


FUNCTIONS: Mapping[str, Function] = {
    "abs": lambda values: np.abs(_array(values)),
    "sum": lambda values: _array(values).astype(np.float64).sum(),
    "mean": lambda values: _array(values).astype(np.float64).mean(),
    "max": lambda *values: _array(values[0] if len(values) == 1 else values).max(),
    "min": lambda *values: _array(values[0] if len(values) == 1 else values).min(),
    "argmax": lambda values: int(_array(values).argmax()),
    "argmin": lambda values: int(_array(values).argmin()),
    "place": _place,
    "count": lambda values: int(np.count_nonzero(_array(values))),
    "shape": lambda values: tuple(int(length) for length in _array(values).shape),
    "floor": lambda value: math.floor(value),
    "round": _round,
    "sqrt": lambda value: math.sqrt(value),
    "exp": lambda values: np.exp(_array(values).astype(np.float64)),
    "relu": lambda values: np.maximum(_array(values), 0),
    "patch": _patch,
    "flip": lambda values: _array(values)[..., ::-1, ::-1],
    "size": _size,
}
