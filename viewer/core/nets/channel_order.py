"""Which values of a graph have their channels last: (N, H, W, C) in place of (N, C, H, W)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import fx, nn

from viewer.core.nets.functions import function_name
from viewer.core.records import Kind

TO_LAST = (0, 2, 3, 1)
TO_FIRST = (0, 3, 1, 2)

_CHANNELS_FIRST = frozenset({Kind.INPUT, Kind.CONVOLUTION, Kind.POOLING})
_RESHAPING = frozenset({"reshape", "view", "unflatten"})
_MOVING = frozenset({"permute", "transpose", "swapaxes", "movedim", "moveaxis"})


def channels_last(
    node: fx.Node, kind: Kind, module: nn.Module | None, last: Mapping[fx.Node, bool]
) -> bool:
    """Return whether the four-dimensional output of an operation has its channels last.

    Parameters
    ----------
    node : torch.fx.Node
    kind : Kind
    module : torch.nn.Module or None
        Called, or standing for the function called.
    last : mapping of fx.Node to bool
        Of the four-dimensional values before it.
    """
    if module is not None and isinstance(module, nn.Linear | nn.LayerNorm):
        whole = isinstance(module, nn.LayerNorm) and len(module.normalized_shape) > 1
        return _inherited(node, last) if whole else True  # they work along the last axis
    if kind in _CHANNELS_FIRST or isinstance(module, nn.BatchNorm2d | nn.GroupNorm):
        return False
    name = "" if node.op == "call_module" else function_name(node.target)
    if name in _MOVING:
        return _order(node) == TO_LAST and not _inherited(node, last)
    if name in _RESHAPING:  # whatever it was before: what is done with it tells
        return any(_order(user) == TO_FIRST for user in node.users)
    return _inherited(node, last)


def presented_axis(axis: int) -> int:
    """Return where an axis of (N, H, W, C) is in (N, C, H, W)."""
    return TO_FIRST.index(axis % 4)


def _inherited(node: fx.Node, last: Mapping[fx.Node, bool]) -> bool:
    return any(last.get(source, False) for source in node.all_input_nodes)


def _order(node: fx.Node) -> tuple[int, ...] | None:
    """Return the order of axes that a permutation asks for; None for anything else."""
    if node.op == "call_module" or function_name(node.target) != "permute":
        return None
    order: Any = node.args[1:] if len(node.args) > 1 else node.kwargs.get("dims", ())
    if len(order) == 1 and isinstance(order[0], list | tuple):
        order = order[0]
    if len(order) != 4 or not all(isinstance(axis, int) for axis in order):
        return None
    return tuple(axis % 4 for axis in order)
