"""The convolution lab: any kernel on any small input, in plain numpy.

What it computes is what torch's ``conv2d``, activations and pooling compute, in double
precision; `lab_cell` shows the arithmetic of one value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from viewer.core.errors import UserError
from viewer.core.explain.lab_problems import problem
from viewer.core.explain.lab_settings import (
    Activation,
    Array,
    Combination,
    LabSettings,
    PaddingMode,
    Pooling,
)
from viewer.core.explain.output_size import AxisSetting

__all__ = ["LEAK", "LabResult", "LabSettings", "convolve", "problem", "run"]

LEAK = 0.01  # slope of the leaky ReLU below zero, torch's default

_MODES: Mapping[PaddingMode, str] = MappingProxyType(
    {PaddingMode.REFLECT: "reflect", PaddingMode.REPLICATE: "edge"}
)


@dataclass(frozen=True, slots=True)
class LabResult:
    """What an experiment gives.

    Attributes
    ----------
    settings : LabSettings
    image : (C, H, W) float64
        The input.
    padded : (C, H + …, W + …) float64
        The input with its padding.
    kernels : (n, C, kH, kW) float64
        As they are laid on the input: turned by 180° for a true convolution.
    axes, pooling_axes : (down, across)
        Sizes and formulas of the convolution and of the pooling.
    sums : (n, out H, out W) float64
        Sums of products and bias.
    activated : (n, out H, out W) float64
        The same after the activation.
    maps : (n, pooled H, pooled W) float64
        The same after pooling.
    combined : (pooled H, pooled W) float64 or None
        All maps as one, if that was asked for.
    matches : (n, out H, out W) int64 or None
        How many cells of the window and of the kernel are both 1, where the input and all
        kernels are of zeros and ones: the count that is made by hand.
    """

    settings: LabSettings
    image: Array
    padded: Array
    kernels: Array
    axes: tuple[AxisSetting, AxisSetting]
    pooling_axes: tuple[AxisSetting, AxisSetting]
    sums: Array
    activated: Array
    maps: Array
    combined: Array | None
    matches: NDArray[np.int64] | None

    @property
    def formula(self) -> str:
        """Sizes of the maps, with the formula filled in."""
        return size_text(self.settings, self.image.shape)


def run(image: NDArray[np.floating], settings: LabSettings) -> LabResult:
    """Lay the kernels on an input.

    Parameters
    ----------
    image : (C, H, W) or (H, W) float
    settings : LabSettings

    Raises
    ------
    UserError
        If the settings are impossible; the sentence is `problem`'s.
    """
    values = np.array(image, np.float64)
    if values.ndim == 2:
        values = values[np.newaxis]
    sentence = problem(settings, values.shape)
    if sentence is not None:
        raise UserError(sentence)
    kernels = np.array(settings.kernels, np.float64)
    if settings.flip:
        kernels = kernels[:, :, ::-1, ::-1].copy()
    axes = settings.axes(values.shape[1], values.shape[2])
    padded = _pad(values, axes, settings.mode)
    products = convolve(padded, kernels, axes)
    sums = products + settings.bias
    activated = activate(sums, settings.activation)
    pooling_axes = settings.pooling_axes(sums.shape[1], sums.shape[2])
    maps = _pool(activated, pooling_axes, settings.pooling)
    binary = _is_binary(padded) and _is_binary(kernels)
    return LabResult(
        settings=settings,
        image=values,
        padded=padded,
        kernels=kernels,
        axes=axes,
        pooling_axes=pooling_axes,
        sums=sums,
        activated=activated,
        maps=maps,
        combined=_combine(maps, settings.combination),
        matches=products.astype(np.int64) if binary else None,
    )


def convolve(padded: Array, kernels: Array, axes: tuple[AxisSetting, AxisSetting]) -> Array:
    """Return the sums of products of kernels laid on an input that has its padding.

    Parameters
    ----------
    padded : (C, H, W) float64
    kernels : (n, C, kH, kW) float64
    axes : (down, across)

    Returns
    -------
    (n, out H, out W) float64
    """
    down, across = axes
    sums = np.zeros((len(kernels), down.size * across.size))
    # One row of the kernel at a time: faster than tap by tap, and far less memory than all
    # windows at once.
    for i in range(down.kernel):
        rows = padded[:, _taps(down, i)]
        shifted = np.stack([rows[:, :, _taps(across, j)] for j in range(across.kernel)], axis=1)
        taps = shifted.reshape(len(padded) * across.kernel, -1)  # (C · kW, out H · out W)
        sums += kernels[:, :, i].reshape(len(kernels), -1) @ taps
    return sums.reshape(len(kernels), down.size, across.size)


def activate(values: Array, activation: Activation) -> Array:
    """Return the activation of every value of an array of any shape."""
    return _ACTIVATIONS[activation](values)


def size_text(settings: LabSettings, shape: tuple[int, ...]) -> str:
    """Return the sizes of the maps for an input (C, H, W), with the formula filled in.

    One line where height and width are made in the same way, two otherwise. Also for settings
    that are impossible: the formula is what shows it.
    """
    down, across = settings.axes(shape[1], shape[2])
    pooled = settings.pooling_axes(down.size, across.size)
    if settings.pooling is Pooling.NONE or min(down.size, across.size) < 1:
        texts = [axis.formula for axis in (down, across)]
    else:
        texts = [
            f"{axis.formula}, then pooling {pooling.pooling_formula}"
            for axis, pooling in zip((down, across), pooled, strict=True)
        ]
    if settings.row:
        return f"Length: {texts[1]}"
    if down == across:
        return f"Height and width: {texts[0]}"
    return f"Height: {texts[0]}\nWidth: {texts[1]}"


def _taps(axis: AxisSetting, tap: int) -> slice:
    """Return the cells that one tap of the kernel meets, one for each place of the window."""
    start = tap * axis.dilation
    return slice(start, start + (axis.size - 1) * axis.stride + 1, axis.stride)


def _pad(values: Array, axes: tuple[AxisSetting, AxisSetting], mode: PaddingMode) -> Array:
    amounts = ((0, 0), axes[0].padding, axes[1].padding)
    if mode is PaddingMode.ZERO:
        return np.pad(values, amounts)
    padded: Array = np.pad(values, amounts, _MODES[mode])  # type: ignore[call-overload]  # by name
    return padded


def _pool(values: Array, axes: tuple[AxisSetting, AxisSetting], kind: Pooling) -> Array:
    if kind is Pooling.NONE:
        return values
    down, across = axes
    # What is left over at the end is dropped: valid pooling.
    whole = values[:, : down.size * down.kernel, : across.size * across.kernel]
    windows = whole.reshape(len(values), down.size, down.kernel, across.size, across.kernel)
    pooled: Array = windows.max(axis=(2, 4)) if kind is Pooling.MAX else windows.mean(axis=(2, 4))
    return pooled


def _combine(maps: Array, combination: Combination) -> Array | None:
    if combination is Combination.NONE:
        return None
    one: Array = maps.sum(axis=0) if combination is Combination.SUM else maps.max(axis=0)
    return one


def _is_binary(values: Array) -> bool:
    return bool(((values == 0) | (values == 1)).all())


def _sigmoid(values: Array) -> Array:
    # By way of tanh: no overflow at either end.
    return 0.5 * (1 + np.tanh(0.5 * values))


_ACTIVATIONS: Mapping[Activation, Callable[[Array], Array]] = MappingProxyType(
    {
        Activation.NONE: lambda values: values,
        Activation.RELU: lambda values: np.maximum(values, 0),
        Activation.LEAKY_RELU: lambda values: np.where(values < 0, LEAK * values, values),
        Activation.SIGMOID: _sigmoid,
        Activation.TANH: np.tanh,
    }
)
