"""What a PyTorch operation is, for a person: its kind, geometry, settings and sign."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor, fx, nn

from viewer.core.records import FloatArray, Kind, Window

# Settings that other parts of the program ask for.
PADDING_MODE = "padding_mode"
TRACK_RUNNING_STATS = "track_running_stats"
ZEROS = "zeros"

_MODULE_KINDS: tuple[tuple[tuple[type[nn.Module], ...], Kind], ...] = (
    ((nn.Conv1d, nn.Conv2d, nn.Conv3d), Kind.CONVOLUTION),
    ((nn.Linear,), Kind.DENSE),
    ((nn.Flatten,), Kind.FLATTEN),
    ((nn.Softmax,), Kind.SOFTMAX),
    (
        (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout),
        Kind.DROPOUT,
    ),
    (
        (
            nn.MaxPool1d,
            nn.MaxPool2d,
            nn.AvgPool1d,
            nn.AvgPool2d,
            nn.LPPool2d,
            nn.AdaptiveAvgPool1d,
            nn.AdaptiveAvgPool2d,
            nn.AdaptiveMaxPool2d,
        ),
        Kind.POOLING,
    ),
    (
        (
            nn.BatchNorm1d,
            nn.BatchNorm2d,
            nn.LayerNorm,
            nn.GroupNorm,
            nn.InstanceNorm2d,
            nn.LocalResponseNorm,
        ),
        Kind.NORMALISATION,
    ),
    (
        (
            nn.ReLU,
            nn.ReLU6,
            nn.LeakyReLU,
            nn.PReLU,
            nn.ELU,
            nn.GELU,
            nn.SiLU,
            nn.Mish,
            nn.Tanh,
            nn.Sigmoid,
            nn.Hardswish,
            nn.Hardsigmoid,
            nn.Hardtanh,
            nn.Softplus,
        ),
        Kind.ACTIVATION,
    ),
)

_FUNCTION_KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        **dict.fromkeys(
            ("relu", "relu_", "relu6", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid"),
            Kind.ACTIVATION,
        ),
        **dict.fromkeys(("hardswish", "hardsigmoid", "mish", "softplus"), Kind.ACTIVATION),
        **dict.fromkeys(("selu", "celu", "prelu", "hardtanh", "logsigmoid"), Kind.ACTIVATION),
        **dict.fromkeys(
            ("max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "boolean_dispatch"), Kind.POOLING
        ),
        **dict.fromkeys(("adaptive_max_pool2d", "lp_pool2d"), Kind.POOLING),
        **dict.fromkeys(("flatten", "view", "reshape", "unflatten"), Kind.FLATTEN),
        **dict.fromkeys(
            ("dropout", "dropout2d", "feature_dropout", "alpha_dropout", "stochastic_depth"),
            Kind.DROPOUT,
        ),
        **dict.fromkeys(
            ("batch_norm", "layer_norm", "group_norm", "instance_norm", "local_response_norm"),
            Kind.NORMALISATION,
        ),
        **dict.fromkeys(("conv2d", "conv1d", "convolution"), Kind.CONVOLUTION),
        "linear": Kind.DENSE,
        "softmax": Kind.SOFTMAX,
    }
)

# Operations whose output is never below zero, whatever comes in.
_NON_NEGATIVE = frozenset(
    {"ReLU", "ReLU6", "Sigmoid", "Hardsigmoid", "Softplus", "Softmax"}
    | {"relu", "relu_", "relu6", "sigmoid", "hardsigmoid", "softplus", "softmax"}
)

# Operations that only choose, drop or move values, so that the sign of their input stays.
_SIGN_KEEPING = frozenset({Kind.POOLING, Kind.DROPOUT, Kind.FLATTEN})
_SIGN_KEEPING_NAMES = frozenset(
    {"Identity", "cat", "concat", "concatenate", "getitem", "permute", "transpose", "contiguous"}
)

# What an operation computes with besides weights, as PyTorch's modules call it.
_NUMBERS = (
    *("eps", "negative_slope", "alpha", "beta", "threshold", "min_val", "max_val"),
    *("num_groups", "normalized_shape", "count_include_pad", "divisor_override"),
)
_STATISTICS = ("running_mean", "running_var")

# The numbers among a function's arguments, by their places behind the tensor; some of these
# functions are built in and have no signature to ask.
_ARGUMENTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "leaky_relu": ("negative_slope",),
        "elu": ("alpha",),
        "gelu": (),
        "softplus": ("beta", "threshold"),
        "max_pool2d": ("kernel_size", "stride", "padding", "dilation"),
        "avg_pool2d": (
            *("kernel_size", "stride", "padding", "ceil_mode"),
            *("count_include_pad", "divisor_override"),
        ),
    }
)
_PRODUCTS = frozenset({"mul", "mul_", "imul"})
_JOINING = frozenset({"add", "add_", "iadd"}) | _PRODUCTS  # of operands at the same place
_CONCATENATIONS = frozenset({"cat", "concat", "concatenate"})


def module_kind(module: nn.Module) -> Kind:
    """Return the kind of a leaf module; ``Kind.OTHER`` for one that is not known."""
    for types, kind in _MODULE_KINDS:
        if isinstance(module, types):
            return kind
    return Kind.OTHER


def function_kind(name: str) -> Kind:
    """Return the kind of a functional operation (``relu``, ``flatten``) by its name."""
    return _FUNCTION_KINDS.get(name) or _FUNCTION_KINDS.get(name.removesuffix("_"), Kind.OTHER)


def is_signed(kind: Kind, type_name: str, *, input_signed: bool) -> bool:
    """Return whether the output of an operation can be negative."""
    if type_name in _NON_NEGATIVE or type_name.removesuffix("_") in _NON_NEGATIVE:
        return False
    return input_signed if kind in _SIGN_KEEPING or type_name in _SIGN_KEEPING_NAMES else True


def module_window(module: nn.Module) -> Window | None:
    """Return the geometry of a two-dimensional convolution or pooling module.

    Average and maximum pooling of the adaptive kind have no fixed window: None.
    """
    if isinstance(module, nn.Conv2d):
        if isinstance(module.padding, str):
            return _same_window(module) if module.padding == "same" else _conv_window(module, 0)
        return _conv_window(module, module.padding)
    if isinstance(module, nn.MaxPool2d):
        return Window(
            _pair(module.kernel_size),
            _pair(module.stride),
            _pair(module.padding),
            _pair(module.dilation),
        )
    if isinstance(module, nn.AvgPool2d):
        return Window(_pair(module.kernel_size), _pair(module.stride), _pair(module.padding))
    return None


def module_settings(module: nn.Module) -> Mapping[str, str]:
    """Return what a person would ask next about a module, in PyTorch's terms."""
    settings: dict[str, str] = {}
    window = module_window(module)
    if window is not None:
        settings["kernel_size"] = _times(window.kernel_size)
        settings["stride"] = _times(window.stride)
        settings["padding"] = _times(window.padding)
        if window.dilation != (1, 1):
            settings["dilation"] = _times(window.dilation)
        if window.groups != 1:
            settings["groups"] = str(window.groups)
    for name in ("negative_slope", "p", "eps", "num_groups", "output_size"):
        if hasattr(module, name):
            settings[name] = str(getattr(module, name))
    if getattr(module, "padding_mode", ZEROS) != ZEROS:
        settings[PADDING_MODE] = str(module.padding_mode)
    if getattr(module, "track_running_stats", True) is False:
        settings[TRACK_RUNNING_STATS] = "False"  # it normalises with the image's own statistics
    return MappingProxyType(settings)


def module_numbers(module: nn.Module) -> dict[str, FloatArray]:
    """Return what a module computes with besides its weights and biases.

    Returns
    -------
    mapping of str to () or (n,) float32, read-only
        Running statistics, and numbers under PyTorch's names (``eps``); ``tanh`` is there for
        a GELU that is approximated. Empty for a module that is not known. Statistics are views
        of the module's memory.
    """
    if module_kind(module) is Kind.OTHER:
        return {}
    found: dict[str, object] = {name: getattr(module, name, None) for name in _NUMBERS}
    arrays = float_arrays(found | _approximation(getattr(module, "approximate", None)))
    for name in _STATISTICS:
        value = getattr(module, name, None)
        if isinstance(value, Tensor):
            arrays[name] = view(value)
    return arrays


def view(tensor: Tensor) -> FloatArray:
    """Return the memory of a tensor of any shape as a read-only float32 array of that shape.

    A copy where it isn't float32.
    """
    array: FloatArray = tensor.detach().to("cpu", torch.float32).numpy()
    array.flags.writeable = False
    return array


def function_numbers(
    name: str, node: fx.Node, places: Mapping[fx.Node, int]
) -> dict[str, FloatArray]:
    """Return the numbers among the arguments of a functional operation.

    Parameters
    ----------
    name : str
        Of the function (``leaky_relu``, ``cat``).
    node : torch.fx.Node
    places : mapping of fx.Node to int
        Places among the inputs of the node, of those of its arguments that are inputs.

    Returns
    -------
    mapping of str to () or (n,) float32, read-only
        As `module_numbers`. A sum, product or concatenation has ``operands``: for each the place
        of its source among the different inputs of the node, −1 for a constant; ``constants`` of
        the same length; and ``dim``.
    """
    kwargs = dict(node.kwargs)
    if name in _JOINING:
        alone = not (kwargs.keys() - {"other", "input"})  # torch.add can scale, alpha=
        return _operands((*node.args, *kwargs.values()), places) if alone else {}
    if name in _CONCATENATIONS:
        tensors = node.args[0] if node.args else kwargs.get("tensors")
        dim = kwargs.get("dim", kwargs.get("axis", node.args[1] if len(node.args) > 1 else 0))
        found = _operands(tensors, places)
        return found and found | float_arrays({"dim": dim})
    given = dict(zip(_ARGUMENTS.get(name, ()), node.args[1:], strict=False))
    named = {key: value for key, value in kwargs.items() if key in _ARGUMENTS.get(name, ())}
    return float_arrays(given | named | _approximation(kwargs.get("approximate")))


def channel_factor(
    name: str, constants: Iterable[object], channel_axis: int
) -> dict[str, FloatArray]:
    """Return what a product multiplies each channel with, where that is a parameter.

    Parameters
    ----------
    name : str
        Of the function.
    constants : iterable of object
        Its arguments that are tensors of the network; None for others.
    channel_axis : int
        Of its output, counted from the end: −3 of (N, C, H, W).

    Returns
    -------
    mapping of str to (C,) float32, read-only
        ``factor``, a view; empty where there is none. C is 1 for one number for all.
    """
    found = [value for value in constants if isinstance(value, Tensor)]
    if name not in _PRODUCTS or len(found) != 1:
        return {}
    (value,) = found
    channels = value.shape[channel_axis] if value.dim() >= -channel_axis else 1
    if value.numel() != channels:
        return {}  # other numbers for every row or column
    return {"factor": view(value.reshape(-1))}


def _operands(values: object, places: Mapping[fx.Node, int]) -> dict[str, FloatArray]:
    if not isinstance(values, list | tuple):
        return {}
    if any(isinstance(value, fx.Node) and value not in places for value in values):
        return {}  # a parameter, or a part of a node's output
    operands = [places[value] if isinstance(value, fx.Node) else -1 for value in values]
    constants = [0 if isinstance(value, fx.Node) else value for value in values]
    if not all(isinstance(value, int | float) for value in constants):
        return {}
    return float_arrays({"operands": tuple(operands), "constants": tuple(constants)})


def _approximation(approximate: object) -> dict[str, object]:
    return {"tanh": 1} if approximate == "tanh" else {}


def float_arrays(found: Mapping[str, object]) -> dict[str, FloatArray]:
    """Return those of the values that are numbers as read-only float32 arrays."""
    arrays = {}
    for name, value in found.items():
        if isinstance(value, bool | int | float | tuple | list | np.ndarray):
            try:
                array = np.array(value, np.float32)  # a copy
            except (TypeError, ValueError):  # arguments that are known only while it runs
                continue
            array.flags.writeable = False
            arrays[name] = array
    return arrays


def _conv_window(module: nn.Conv2d, padding: int | tuple[int, ...]) -> Window:
    return Window(
        _pair(module.kernel_size),
        _pair(module.stride),
        _pair(padding),
        _pair(module.dilation),
        module.groups,
    )


def _same_window(module: nn.Conv2d) -> Window:
    # PyTorch puts the odd pixel of "same" at the end; the start gets the smaller half.
    reach = tuple(
        d * (k - 1) // 2 for k, d in zip(module.kernel_size, module.dilation, strict=True)
    )
    return _conv_window(module, reach)


def _pair(value: int | tuple[int, ...]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def _times(pair: tuple[int, int]) -> str:
    return f"{pair[0]} × {pair[1]}"
