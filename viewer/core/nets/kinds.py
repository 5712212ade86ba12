"""What a PyTorch operation is, for a person: its kind, geometry, settings and sign."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from torch import nn

from viewer.core.records import Kind, Window

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
        **dict.fromkeys(
            ("max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "boolean_dispatch"), Kind.POOLING
        ),
        **dict.fromkeys(("flatten", "view", "reshape"), Kind.FLATTEN),
        **dict.fromkeys(("dropout", "dropout2d"), Kind.DROPOUT),
        **dict.fromkeys(("batch_norm", "layer_norm"), Kind.NORMALISATION),
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


def module_kind(module: nn.Module) -> Kind:
    """Return the kind of a leaf module; ``Kind.OTHER`` for one that is not known."""
    for types, kind in _MODULE_KINDS:
        if isinstance(module, types):
            return kind
    return Kind.OTHER


def function_kind(name: str) -> Kind:
    """Return the kind of a functional operation (``relu``, ``flatten``) by its name."""
    return _FUNCTION_KINDS.get(name, Kind.OTHER)


def is_signed(kind: Kind, type_name: str, *, input_signed: bool) -> bool:
    """Return whether the output of an operation can be negative."""
    if type_name in _NON_NEGATIVE:
        return False
    return input_signed if kind in _SIGN_KEEPING else True


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
    return MappingProxyType(settings)


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
