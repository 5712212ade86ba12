"""Where a node takes its values from, beyond what its operation's own settings say.

Numbers for explanations, under names of their own: see `place_numbers`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn

from viewer.core.nets.channel_order import TO_FIRST, TO_LAST
from viewer.core.nets.functions import function_name
from viewer.core.nets.kinds import float_arrays
from viewer.core.nets.program import Program, Step, Values
from viewer.core.records import FloatArray

CHANNELS, PIXELWISE, SPATIAL_MEAN = "channels", "pixelwise", "spatial_mean"

# Operations that move values, and change none.
_MOVING = frozenset(
    {"view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "contiguous"}
    | {"permute", "transpose", "swapaxes", "movedim", "moveaxis", "channel_shuffle"}
    | {"chunk", "split", "split_with_sizes", "tensor_split", "narrow", "getitem", "slice"}
)
_RANK = 4  # of maps, (N, C, H, W)


def place_numbers(
    program: Program, values: Values, step: Step, module: nn.Module | None, last: Mapping[Any, bool]
) -> dict[str, FloatArray]:
    """Return what is known of where a node's values come from.

    Parameters
    ----------
    program : Program
    values : list
        Of all steps up to this one, as `Program.probe` gives them.
    step : Step
        That makes the node's value.
    module : torch.nn.Module or None
        Called, or standing for the function called.
    last : mapping of fx.Node to bool
        For each value that is a node's, this one included: whether its channels come last.

    Returns
    -------
    mapping of str to float32, read-only
        ``channels``, (C,): of an operation that moves whole maps, which of its input's each is.
        ``pixelwise``, (): 1 of a dense layer or a normalisation that takes the values of all
        channels at its own pixel alone.
        ``spatial_mean``, (): 1 of a mean over height and width, and nothing else.
    """
    source = step.node.args[0] if step.node.args else None
    if isinstance(source, fx.Node) and source in last and _rank(values, program, source) == _RANK:
        if isinstance(module, nn.Linear | nn.LayerNorm):
            whole = isinstance(module, nn.LayerNorm) and len(module.normalized_shape) > 1
            return float_arrays({PIXELWISE: 1}) if last[source] and not whole else {}
        if _name(step.node) == "mean":
            spatial = {1, 2} if last[source] else {2, 3}
            return float_arrays({SPATIAL_MEAN: 1}) if _axes(step.node) == spatial else {}
    return float_arrays({CHANNELS: _moved_channels(program, values, step, last)})


def _name(node: fx.Node) -> str:
    return "" if node.op not in ("call_function", "call_method") else function_name(node.target)


def _rank(values: Values, program: Program, node: fx.Node) -> int:
    value = values[program.slot(node)]
    return value.dim() if isinstance(value, Tensor) else 0


def _axes(node: fx.Node) -> set[int]:
    dim: Any = node.args[1] if len(node.args) > 1 else node.kwargs.get("dim")
    axes: Sequence[Any] = dim if isinstance(dim, list | tuple) else (dim,)
    return {axis % _RANK for axis in axes if isinstance(axis, int)}


def _moved_channels(
    program: Program, values: Values, step: Step, last: Mapping[Any, bool]
) -> tuple[int, ...] | None:
    """Return which map of its source each map is; None if they are not moved as a whole."""
    found = _chain(program, step, last)
    if found is None:
        return None
    source, steps = found
    shape = _shown_shape(values[program.slot(source)], last[source])
    result = _shown_shape(values[step.slot], last[step.node])
    if shape is None or result is None or shape[1:] != result[1:]:
        return None
    pixels = math.prod(shape[1:])
    index = torch.arange(math.prod(shape), dtype=torch.int32).reshape(1, *shape)  # (1, C, H, W)
    moved = list(values)
    moved[program.slot(source)] = index.permute(TO_LAST) if last[source] else index
    program.replay(steps, moved)
    places = moved[step.slot]
    places = places.permute(TO_FIRST) if last[step.node] else places  # (1, C, H, W)
    channels = places[0, :, 0, 0] // pixels
    if not torch.equal(places[0], index[0, channels.long()]):
        return None
    return tuple(channels.tolist())


def _chain(
    program: Program, step: Step, last: Mapping[Any, bool]
) -> tuple[fx.Node, list[Step]] | None:
    """Return the node before that operations only move the values of, and those operations."""
    steps: list[Step] = []
    while _name(step.node) in _MOVING and isinstance(source := step.node.args[0], fx.Node):
        steps.insert(0, step)
        if source in last:
            return source, steps
        if source in program.constants:
            return None
        step = program.steps[program.slot(source)]
    return None


def _shown_shape(value: Any, last: bool) -> tuple[int, ...] | None:
    """Return (C, H, W) of a value; None of anything but maps."""
    if not isinstance(value, Tensor) or value.dim() != _RANK:
        return None
    return tuple((value.permute(TO_FIRST) if last else value).shape[1:])
