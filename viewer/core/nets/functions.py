"""Functional operations as what they are: the module that would do the same.

``functional.conv2d(x, self.weight, stride=2)``, ``torch.ops.aten.conv2d.default`` and
``nn.Conv2d`` are one thing to a person: here a call becomes a module of the same weights
(the very tensors, no copies), from which kind, geometry and settings are read. The forward pass
goes on calling the function.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, fx, nn

# Arguments of functions that are built in and have no signature to ask, in their order.
_POOLING = ("input", "kernel_size", "stride", "padding")
_BUILT_IN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "conv2d": ("input", "weight", "bias", "stride", "padding", "dilation", "groups"),
        "linear": ("input", "weight", "bias"),
        "max_pool2d": (*_POOLING, "dilation", "ceil_mode", "return_indices"),
        "avg_pool2d": (*_POOLING, "ceil_mode", "count_include_pad", "divisor_override"),
        "adaptive_avg_pool2d": ("input", "output_size"),
        "batch_norm": (
            *("input", "weight", "bias", "running_mean", "running_var", "training"),
            *("momentum", "eps", "cudnn_enabled"),
        ),
        "layer_norm": ("input", "normalized_shape", "weight", "bias", "eps", "cudnn_enable"),
        "group_norm": ("input", "num_groups", "weight", "bias", "eps", "cudnn_enabled"),
    }
)
Arguments = Mapping[str, Any]


class _NotFixedError(Exception):
    """An argument is known only while the network runs."""


def function_name(target: Any) -> str:
    """Return what a function or method is called: ``conv2d``, of an overload of aten too."""
    if isinstance(target, torch._ops.OpOverload):
        name = str(target._schema.name).rpartition("::")[2]
    else:
        name = str(getattr(target, "__name__", target))
    return name.lstrip("_") or name  # private to its library, not to a person


def as_module(
    node: fx.Node, rank: int, constant: Callable[[fx.Node], Any | None]
) -> nn.Module | None:
    """Return the module that a functional call is, with its weights.

    Parameters
    ----------
    node : torch.fx.Node
        Of a function.
    rank : int
        Dimensions of its output, batch included.
    constant : callable
        Returns the attribute of the network that a node stands for, or None.

    Returns
    -------
    torch.nn.Module or None
        None for a function that has none, or whose settings or weights are computed.
    """
    name = function_name(node.target)
    maker = _MAKERS.get(name)
    if node.op != "call_function" or maker is None:
        return None
    named = _arguments(node, name)
    if named is None:
        return None
    try:
        fixed = {key: _fixed(value, constant) for key, value in named.items() if key != "input"}
        return maker(fixed, rank).eval()
    except (_NotFixedError, KeyError, TypeError, ValueError, RuntimeError):
        return None


def _arguments(node: fx.Node, name: str) -> dict[str, Any] | None:
    """Return the arguments of a call by name, defaults included where they are known."""
    target: Any = node.target
    if isinstance(target, torch._ops.OpOverload):
        schema = target._schema.arguments
        names = ["input" if a.name == "self" else a.name for a in schema]
        found = {
            n: a.default_value for n, a in zip(names, schema, strict=True) if a.has_default_value()
        }
        return found | dict(zip(names, node.args, strict=False)) | dict(node.kwargs)
    try:
        bound = inspect.signature(target).bind(*node.args, **node.kwargs)
    except (TypeError, ValueError):
        bound = None
    if bound is not None and "input" in bound.arguments:
        bound.apply_defaults()
        return dict(bound.arguments)
    if name not in _BUILT_IN:
        return None
    return dict(zip(_BUILT_IN[name], node.args, strict=False)) | dict(node.kwargs)


def _fixed(value: Any, constant: Callable[[fx.Node], Any | None]) -> Any:
    if isinstance(value, fx.Node):
        found = constant(value)
        if found is None:
            raise _NotFixedError
        return found
    if isinstance(value, list | tuple):
        return tuple(_fixed(item, constant) for item in value)
    return value


def _give(module: nn.Module, **tensors: Tensor | None) -> nn.Module:
    """Put tensors in place of a module's own, parameters or not."""
    for name, tensor in tensors.items():
        delattr(module, name)
        setattr(module, name, tensor)
    return module


def _single(value: Any) -> Any:
    """Return a pair whose parts are one as that part, as torch's modules have it."""
    if isinstance(value, tuple | list):
        return value[0] if len(value) == 1 else tuple(value)
    return value


def _conv2d(a: Arguments, rank: int) -> nn.Module:
    weight: Tensor = a["weight"]
    if weight.dim() != 4 or rank != 4 or a.get("transposed"):
        raise _NotFixedError
    groups = int(a.get("groups", 1))
    kernel = (int(weight.shape[2]), int(weight.shape[3]))
    module = nn.Conv2d(
        weight.shape[1] * groups,
        weight.shape[0],
        kernel,
        stride=_single(a.get("stride", 1)),
        padding=_single(a.get("padding", 0)),
        dilation=_single(a.get("dilation", 1)),
        groups=groups,
        device="meta",
    )
    return _give(module, weight=weight, bias=a.get("bias"))


def _linear(a: Arguments, _rank: int) -> nn.Module:
    weight: Tensor = a["weight"]
    module = nn.Linear(weight.shape[1], weight.shape[0], device="meta")
    return _give(module, weight=weight, bias=a.get("bias"))


def _batch_norm(a: Arguments, rank: int) -> nn.Module:
    mean, variance = a.get("running_mean"), a.get("running_var")
    known = [t for t in (mean, a.get("weight"), a.get("bias")) if isinstance(t, Tensor)]
    fixed = mean is not None and not a.get("training", False)
    kind = nn.BatchNorm2d if rank == 4 else nn.BatchNorm1d
    channels = len(known[0]) if known else 1
    module = kind(channels, eps=a.get("eps", 1e-5), track_running_stats=fixed, device="meta")
    tensors = {"weight": a.get("weight"), "bias": a.get("bias")}
    return _give(
        module, **tensors | ({"running_mean": mean, "running_var": variance} if fixed else {})
    )


def _layer_norm(a: Arguments, _rank: int) -> nn.Module:
    module = nn.LayerNorm(a["normalized_shape"], eps=a.get("eps", 1e-5), device="meta")
    return _give(module, weight=a.get("weight"), bias=a.get("bias"))


def _group_norm(a: Arguments, _rank: int) -> nn.Module:
    weight, groups = a.get("weight"), int(a["num_groups"])
    channels = groups if weight is None else len(weight)
    module = nn.GroupNorm(groups, channels, eps=a.get("eps", 1e-5), device="meta")
    return _give(module, weight=weight, bias=a.get("bias"))


def _max_pool2d(a: Arguments, _rank: int) -> nn.Module:
    return nn.MaxPool2d(
        _single(a["kernel_size"]),
        _single(a.get("stride") or a["kernel_size"]),
        _single(a.get("padding", 0)),
        _single(a.get("dilation", 1)),
        ceil_mode=bool(a.get("ceil_mode", False)),
    )


def _avg_pool2d(a: Arguments, _rank: int) -> nn.Module:
    return nn.AvgPool2d(
        _single(a["kernel_size"]),
        _single(a.get("stride") or a["kernel_size"]),
        _single(a.get("padding", 0)),
        ceil_mode=bool(a.get("ceil_mode", False)),
        count_include_pad=bool(a.get("count_include_pad", True)),
        divisor_override=a.get("divisor_override"),
    )


_MAKERS: Mapping[str, Callable[[Arguments, int], nn.Module]] = MappingProxyType(
    {
        "conv2d": _conv2d,
        "convolution": _conv2d,
        "linear": _linear,
        "batch_norm": _batch_norm,
        "layer_norm": _layer_norm,
        "group_norm": _group_norm,
        "max_pool2d": _max_pool2d,
        "avg_pool2d": _avg_pool2d,
        "adaptive_avg_pool2d": lambda a, _: nn.AdaptiveAvgPool2d(_single(a["output_size"])),
        "adaptive_max_pool2d": lambda a, _: nn.AdaptiveMaxPool2d(_single(a["output_size"])),
    }
)
