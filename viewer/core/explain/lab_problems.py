"""Why the convolution lab can't do what is set: one sentence that says what to change."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from viewer.core.explain.lab_settings import (
    MAX_DILATION,
    MAX_KERNEL,
    MAX_KERNELS,
    MAX_PADDING,
    MAX_SIDE,
    MAX_STRIDE,
    POOLING_SIZES,
    SAME,
    VALID,
    LabSettings,
    PaddingMode,
    Pooling,
)
from viewer.core.explain.output_size import AxisSetting

# Multiplications in one go that take a few milliseconds at most: the lab answers live.
MAX_PRODUCTS = 6_000_000


def problem(settings: LabSettings, shape: tuple[int, ...]) -> str | None:
    """Return why `settings` can't be applied to an input, or None if they can.

    Parameters
    ----------
    settings : LabSettings
    shape : (C, H, W)
        Of the input.

    Returns
    -------
    str or None
        One sentence: what is wrong, and what to do.
    """
    for found in (_of_ranges(settings), _of_input(settings, shape), _of_fit(settings, shape)):
        sentence = next(found, None)
        if sentence is not None:
            return sentence
    return None


def _of_ranges(settings: LabSettings) -> Iterator[str]:
    kernels = settings.kernels
    if kernels.ndim != 4 or not 1 <= len(kernels) <= MAX_KERNELS:
        yield f"There must be between 1 and {MAX_KERNELS} kernels: add or remove some."
        return
    if not all(1 <= side <= MAX_KERNEL for side in kernels.shape[2:]):
        yield f"A kernel is between 1 × 1 and {MAX_KERNEL} × {MAX_KERNEL}: choose another size."
    if not np.isfinite(kernels).all() or not np.isfinite(settings.bias):
        yield "A weight or the bias is not a number: enter one."
    for name, value, most in (
        ("stride", settings.stride, MAX_STRIDE),
        ("dilation", settings.dilation, MAX_DILATION),
    ):
        if not 1 <= value <= most:
            yield f"The {name} is {value}: choose one from 1 to {most}."
    padding = settings.padding
    if isinstance(padding, str):
        if padding not in (VALID, SAME):
            yield f"There is no padding called “{padding}”: choose valid, same or a number."
    elif not 0 <= padding <= MAX_PADDING:
        yield f"The padding is {padding}: choose a number from 0 to {MAX_PADDING}."
    if padding == SAME and settings.stride > 1:
        yield (
            "“Same” padding is defined for stride 1 only, as in torch: set the stride to 1, or "
            "the padding to a number."
        )
    if settings.pooling is not Pooling.NONE and settings.pooling_size not in POOLING_SIZES:
        yield f"The pooling size is {settings.pooling_size}: choose 2 or 3."


def _of_input(settings: LabSettings, shape: tuple[int, ...]) -> Iterator[str]:
    if len(shape) != 3 or min(shape) < 1:
        yield "There is no input: draw something, or choose another input."
        return
    channels, height, width = shape
    if max(height, width) > MAX_SIDE:
        yield (
            f"The input is {height} × {width}: the lab takes up to {MAX_SIDE} × {MAX_SIDE}, so "
            "make it smaller."
        )
    if channels != settings.kernels.shape[1]:
        theirs = _channels(settings.kernels.shape[1])
        yield (
            f"The kernels have {theirs} and the input {_channels(channels)}: they must have as "
            "many."
        )
    if settings.row and (height != 1 or settings.kernels.shape[2] != 1):
        yield "A row needs a kernel that is 1 high: set the kernel's height to 1."


def _channels(count: int) -> str:
    return "1 channel" if count == 1 else f"{count} channels"


def _of_fit(settings: LabSettings, shape: tuple[int, ...]) -> Iterator[str]:
    axes = settings.axes(*shape[1:])
    if settings.mode is PaddingMode.REFLECT:
        for name, axis in zip(("height", "width"), axes, strict=True):
            if max(axis.padding) >= axis.length:
                yield (
                    f"Reflection needs a padding below the input's {name}, and {max(axis.padding)} "
                    f"is not below {axis.length}: use less padding, or another mode."
                )
    down, across = axes
    if down.size < 1 or across.size < 1:
        yield _too_large(settings, down, across)
        return
    pooled = settings.pooling_axes(down.size, across.size)
    if min(axis.size for axis in pooled) < 1:
        size = _by(pooled[0].kernel, pooled[1].kernel)
        yield (
            f"The map is {_by(down.size, across.size)}, smaller than the {size} pooling window: "
            "use less stride, more padding, or no pooling."
        )
    products = down.size * across.size * settings.kernels.size
    if products > MAX_PRODUCTS:
        yield (
            f"That takes {products / 1e6:.0f} million multiplications, more than the lab does "
            "live: use fewer or smaller kernels, more stride, or less padding."
        )


def _too_large(settings: LabSettings, down: AxisSetting, across: AxisSetting) -> str:
    dilated = " with its dilation" if settings.dilation > 1 else ""
    padded = "padded input" if any((*down.padding, *across.padding)) else "input"
    return (
        f"The kernel{dilated} covers {_by(down.reach, across.reach)}, more than the {padded} of "
        f"{_by(down.padded, across.padded)}: use a smaller kernel, less dilation or more padding."
    )


def _by(height: int, width: int) -> str:
    return f"{height} × {width}"
