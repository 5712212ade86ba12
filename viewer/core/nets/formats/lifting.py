"""Operators with weights and settings as the ``nn`` modules that they were before an export."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

Arguments = Mapping[str, Any]  # by the operator's own names
Lift = Callable[[Arguments, int], nn.Module | None]  # the input's rank, 0 where unknown


@dataclass(frozen=True)
class Weight:
    """A tensor of the file: a parameter, a buffer or a constant.

    Attributes
    ----------
    name : str
        Qualified, as in a state dict; empty of a constant without one.
    tensor : Tensor
    """

    name: str
    tensor: Tensor

    @property
    def owner(self) -> str:
        """Path of the module that it belongs to."""
        return self.name.rpartition(".")[0]


def lifted(name: str, arguments: Arguments, rank: int) -> nn.Module | None:
    """Return the module that computes what an operator does; None if there is none.

    Parameters
    ----------
    name : str
        Of the operator, ``conv2d``.
    arguments : mapping of str to object
        By the names in the operator's schema; weights as `Weight`.
    rank : int
        Dimensions of its input; 0 where unknown.

    Returns
    -------
    torch.nn.Module or None
        In evaluation mode; its parameters share the memory of the file's.
    """
    in_place = name.endswith("_")
    lift = _LIFTS.get(name.removesuffix("_") if in_place else name)
    module = None if lift is None else lift(arguments, rank)
    if module is not None and in_place and hasattr(module, "inplace"):
        vars(module)["inplace"] = True
    return None if module is None else module.eval()


def has_weights(module: nn.Module) -> bool:
    """Tell whether a module is more than a function with settings."""
    return bool(module.state_dict())


def _with(module: nn.Module, **tensors: Any) -> nn.Module:
    """Put tensors into a module that was built without memory."""
    for key, value in tensors.items():
        if isinstance(value, Weight):
            if key in module._parameters:
                module._parameters[key] = nn.Parameter(value.tensor, requires_grad=False)
            else:
                module._buffers[key] = value.tensor
    if module._buffers.get("num_batches_tracked") is not None:
        module._buffers["num_batches_tracked"] = torch.tensor(0)
    return module


def _tuple(values: Any, count: int) -> tuple[int, ...]:
    items = tuple(values) if isinstance(values, Sequence) else (values,)
    return items * count if len(items) == 1 else items


def _convolution(a: Arguments, _: int) -> nn.Module | None:
    weight, bias = a["weight"], a.get("bias")
    plain = all(isinstance(n, int) for key in ("stride", "padding") for n in _tuple(a[key], 1))
    if not isinstance(weight, Weight) or not isinstance(bias, Weight | None):
        return None
    if not plain and not isinstance(a["padding"], str):
        return None
    shape = weight.tensor.shape
    count, groups = len(shape) - 2, a["groups"]
    if not 1 <= count <= 3:
        return None
    padding = a["padding"] if isinstance(a["padding"], str) else _tuple(a["padding"], count)
    settings: dict[str, Any] = {
        "kernel_size": tuple(shape[2:]),
        "stride": _tuple(a["stride"], count),
        "padding": padding,
        "dilation": _tuple(a["dilation"], count),
        "groups": groups,
        "bias": bias is not None,
        "device": "meta",
    }
    if a.get("transposed"):
        kinds: tuple[type[nn.Module], ...]
        kinds = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
        settings["output_padding"] = _tuple(a["output_padding"], count)
        settings |= {"in_channels": shape[0], "out_channels": shape[1] * groups}
    else:
        kinds = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
        settings |= {"in_channels": shape[1] * groups, "out_channels": shape[0]}
    return _with(kinds[count - 1](**settings), weight=weight, bias=bias)


def _transposed(a: Arguments, rank: int) -> nn.Module | None:
    return _convolution({**a, "transposed": True}, rank)


def _linear(a: Arguments, _: int) -> nn.Module | None:
    weight, bias = a["weight"], a.get("bias")
    if not isinstance(weight, Weight) or not isinstance(bias, Weight | None):
        return None
    if weight.tensor.dim() != 2:
        return None
    out_features, in_features = weight.tensor.shape
    module = nn.Linear(in_features, out_features, bias is not None, device="meta")
    return _with(module, weight=weight, bias=bias)


def _addmm(a: Arguments, rank: int) -> nn.Module | None:
    bias, weight = a["self"], a["mat2"]
    scaled = a.get("alpha", 1) != 1 or a.get("beta", 1) != 1
    if scaled or not isinstance(bias, Weight) or not isinstance(weight, Weight):
        return None
    if bias.tensor.dim() != 1:
        return None
    return _linear({"weight": Weight(weight.name, weight.tensor.t()), "bias": bias}, rank)


def _batch_norm(a: Arguments, rank: int) -> nn.Module | None:
    mean, variance = a.get("running_mean"), a.get("running_var")
    if not isinstance(mean, Weight) or not isinstance(variance, Weight):
        return None
    kind: type[nn.Module] = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 5: nn.BatchNorm3d}.get(
        rank, nn.BatchNorm2d
    )
    affine = isinstance(a.get("weight"), Weight)
    module = kind(
        mean.tensor.shape[0], eps=a["eps"], momentum=a["momentum"], affine=affine, device="meta"
    )
    return _with(
        module, weight=a.get("weight"), bias=a.get("bias"), running_mean=mean, running_var=variance
    )


def _group_norm(a: Arguments, _: int) -> nn.Module | None:
    weight, bias = a.get("weight"), a.get("bias")
    if not isinstance(weight, Weight) or not isinstance(bias, Weight):
        return None
    channels = weight.tensor.shape[0]
    module = nn.GroupNorm(a["num_groups"], channels, eps=a["eps"], device="meta")
    return _with(module, weight=weight, bias=bias)


def _layer_norm(a: Arguments, _: int) -> nn.Module | None:
    weight, bias = a.get("weight"), a.get("bias")
    if not isinstance(weight, Weight) or not isinstance(bias, Weight | None):
        return None
    module = nn.LayerNorm(
        list(weight.tensor.shape), eps=a["eps"], bias=bias is not None, device="meta"
    )
    return _with(module, weight=weight, bias=bias)


def _instance_norm(a: Arguments, _: int) -> nn.Module | None:
    weight, bias = a.get("weight"), a.get("bias")
    if not isinstance(weight, Weight) or not isinstance(bias, Weight) or a.get("running_mean"):
        return None
    module = nn.InstanceNorm2d(weight.tensor.shape[0], eps=a["eps"], affine=True, device="meta")
    return _with(module, weight=weight, bias=bias)


def _prelu(a: Arguments, _: int) -> nn.Module | None:
    weight = a["weight"]
    if not isinstance(weight, Weight):
        return None
    return _with(nn.PReLU(weight.tensor.numel(), device="meta"), weight=weight)


def _hardtanh(a: Arguments, _: int) -> nn.Module:
    low, high = a["min_val"], a["max_val"]
    return nn.ReLU6() if (low, high) == (0, 6) else nn.Hardtanh(low, high)


def _max_pool(kind: type[nn.Module]) -> Lift:
    def lift(a: Arguments, _: int) -> nn.Module:
        stride = _square(a["stride"]) if a["stride"] else None
        return kind(
            _square(a["kernel_size"]),
            stride,
            _square(a["padding"]),
            _square(a["dilation"]),
            ceil_mode=a["ceil_mode"],
        )

    return lift


def _avg_pool(a: Arguments, _: int) -> nn.Module:
    return nn.AvgPool2d(
        _square(a["kernel_size"]),
        _square(a["stride"]) if a["stride"] else None,
        _square(a["padding"]),
        a["ceil_mode"],
        a["count_include_pad"],
        a["divisor_override"],
    )


def _square(values: Any) -> Any:
    """Return one number for several that are the same, as most people write it."""
    items = tuple(values) if isinstance(values, Sequence) else (values,)
    return items[0] if len(set(items)) == 1 else items


def _elu(a: Arguments, _: int) -> nn.Module | None:
    return nn.ELU(a["alpha"]) if (a["scale"], a["input_scale"]) == (1, 1) else None


_LIFTS: Mapping[str, Lift] = MappingProxyType(
    {
        **dict.fromkeys(
            ("conv1d", "conv2d", "conv3d", "convolution", "_convolution"), _convolution
        ),
        **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), _transposed),
        "linear": _linear,
        "addmm": _addmm,
        "batch_norm": _batch_norm,
        "_native_batch_norm_legit_no_training": _batch_norm,
        "group_norm": _group_norm,
        "layer_norm": _layer_norm,
        "native_layer_norm": _layer_norm,
        "instance_norm": _instance_norm,
        "prelu": _prelu,
        "relu": lambda a, _: nn.ReLU(),
        "relu6": lambda a, _: nn.ReLU6(),
        "hardtanh": _hardtanh,
        "leaky_relu": lambda a, _: nn.LeakyReLU(a["negative_slope"]),
        "elu": _elu,
        "celu": lambda a, _: nn.CELU(a["alpha"]),
        "selu": lambda a, _: nn.SELU(),
        "gelu": lambda a, _: nn.GELU(a["approximate"]),
        "silu": lambda a, _: nn.SiLU(),
        "mish": lambda a, _: nn.Mish(),
        "hardswish": lambda a, _: nn.Hardswish(),
        "hardsigmoid": lambda a, _: nn.Hardsigmoid(),
        "sigmoid": lambda a, _: nn.Sigmoid(),
        "tanh": lambda a, _: nn.Tanh(),
        "softplus": lambda a, _: nn.Softplus(a["beta"], a["threshold"]),
        "softmax": lambda a, _: nn.Softmax(a["dim"]),
        "_softmax": lambda a, _: nn.Softmax(a["dim"]),
        "log_softmax": lambda a, _: nn.LogSoftmax(a["dim"]),
        "_log_softmax": lambda a, _: nn.LogSoftmax(a["dim"]),
        "max_pool1d": _max_pool(nn.MaxPool1d),
        "max_pool2d": _max_pool(nn.MaxPool2d),
        "max_pool2d_with_indices": _max_pool(nn.MaxPool2d),
        "avg_pool2d": _avg_pool,
        "adaptive_avg_pool2d": lambda a, _: nn.AdaptiveAvgPool2d(_square(a["output_size"])),
        "_adaptive_avg_pool2d": lambda a, _: nn.AdaptiveAvgPool2d(_square(a["output_size"])),
        "adaptive_max_pool2d": lambda a, _: nn.AdaptiveMaxPool2d(_square(a["output_size"])),
        "flatten": lambda a, _: nn.Flatten(a["start_dim"], a["end_dim"]),
        "dropout": lambda a, _: nn.Dropout(a["p"]),
        "feature_dropout": lambda a, _: nn.Dropout2d(a["p"]),
        "alpha_dropout": lambda a, _: nn.AlphaDropout(a["p"]),
    }
)
