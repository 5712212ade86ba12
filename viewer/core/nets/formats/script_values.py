"""What TorchScript computes without tensors: numbers, lists, and sizes of tensors."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

_BITS = 63  # of a whole number, without its sign
_TOO_LARGE = "it computes a whole number of more than 64 bits"


def _slice(values: Any, start: Any, end: Any, step: Any) -> Any:
    return values[start:end:step]


def _insert(values: list[Any], index: int, item: Any) -> None:
    values.insert(index, item)


def _append(values: list[Any], item: Any) -> list[Any]:
    values.append(item)
    return values


def _extend(values: list[Any], items: list[Any]) -> None:
    values.extend(items)


def _set_item(values: Any, index: Any, item: Any) -> Any:
    values[index] = item
    return values


def _range_length(low: int, high: int, step: int) -> int:
    return len(range(low, high, step))


def _derive_index(index: int, start: int, step: int) -> int:
    return int(_plus(start, _times(index, step)))


def _minimum(*values: Any) -> Any:
    return min(*values) if len(values) > 1 else min(values[0])


def _maximum(*values: Any) -> Any:
    return max(*values) if len(values) > 1 else max(values[0])


def _plus(value: Any, added: Any, scale: Any = 1) -> Any:
    return _whole(value + _times(added, scale))


def _minus(value: Any, subtracted: Any, scale: Any = 1) -> Any:
    return _whole(value - _times(subtracted, scale))


def _minus_from(subtracted: Any, value: Any, scale: Any = 1) -> Any:
    return _minus(value, subtracted, scale)


def _times(value: Any, factor: Any) -> Any:
    return _whole(value * factor)


def _power(value: Any, exponent: Any) -> Any:
    if isinstance(value, int) and isinstance(exponent, int) and abs(value) > 1 and exponent > _BITS:
        raise OverflowError(_TOO_LARGE)
    return _whole(value**exponent)


def _floor(value: Any) -> Any:
    return _whole(math.floor(value))


def _ceil(value: Any) -> Any:
    return _whole(math.ceil(value))


def _whole(value: Any) -> Any:
    """Return a number; OverflowError of one that TorchScript, too, has no room for."""
    if isinstance(value, int) and abs(value) >> _BITS:
        raise OverflowError(_TOO_LARGE)
    return value


def _format(text: str, *values: Any) -> str:
    return str(text)  # messages of errors: what they would say is not needed


# Of numbers: sizes that are known only while the network runs go through these too.
ARITHMETIC: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "add": _plus,
        "sub": _minus,
        "rsub": _minus_from,
        "mul": _times,
        "div": operator.truediv,
        "floordiv": operator.floordiv,
        "floor_divide": operator.floordiv,
        "remainder": operator.mod,
        "neg": operator.neg,
        "pow": _power,
        "min": _minimum,
        "max": _maximum,
        "abs": operator.abs,
        "floor": _floor,
        "ceil": _ceil,
        "sqrt": math.sqrt,
    }
)

# Their answers decide which way the program goes, so they are taken for the example.
DECISIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "eq": operator.eq,
        "ne": operator.ne,
        "lt": operator.lt,
        "le": operator.le,
        "gt": operator.gt,
        "ge": operator.ge,
        "__is__": operator.is_,
        "__isnot__": operator.is_not,
        "__not__": operator.not_,
        "__and__": lambda a, b: a and b,
        "__or__": lambda a, b: a or b,
        "__contains__": operator.contains,
        "len": len,
        "Bool": bool,
        "__range_length": _range_length,
        "__derive_index": _derive_index,
    }
)

# Of lists and dictionaries, which hold tensors too.
COLLECTIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "__getitem__": operator.getitem,
        "slice": _slice,
        "append": _append,
        "extend": _extend,
        "insert": _insert,
        "pop": lambda values, index=-1: values.pop(index),
        "copy": lambda values: values.copy(),
        "list": list,
        "keys": lambda values: list(values),
        "values": lambda values: list(values.values()),
        "items": lambda values: list(values.items()),
        "_set_item": _set_item,
        "format": _format,
        "add": operator.add,
        "mul": operator.mul,
        "len": len,
    }
)
