"""What can be set in the convolution lab."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from viewer.core.explain.output_size import AxisSetting, same_padding

Array = NDArray[np.float64]

MAX_SIDE = 64  # of the input: the lab answers within one frame
MAX_KERNEL = 11
MAX_KERNELS = 8
MAX_STRIDE = 4
MAX_DILATION = 3
MAX_PADDING = 32
POOLING_SIZES = (2, 3)

VALID = "valid"
SAME = "same"


class PaddingMode(StrEnum):
    """What the cells around the input hold."""

    ZERO = "zero"
    REFLECT = "reflect"
    REPLICATE = "replicate"


class Activation(StrEnum):
    """What is done to every value of a map."""

    NONE = "none"
    RELU = "relu"
    LEAKY_RELU = "leaky_relu"
    SIGMOID = "sigmoid"
    TANH = "tanh"


class Pooling(StrEnum):
    """How a map is made smaller at the end."""

    NONE = "none"
    MAX = "max"
    AVERAGE = "average"


class Combination(StrEnum):
    """How the maps of several kernels become one."""

    NONE = "none"
    SUM = "sum"
    MAXIMUM = "maximum"


@dataclass(frozen=True, slots=True)
class LabSettings:
    """One experiment: kernels, and how they are laid on the input.

    Attributes
    ----------
    kernels : (n, C, kH, kW) float64
        One filter a map; C as many as the input has channels.
    stride, dilation : int
        Along both axes.
    padding : "valid", "same" or int
        None; as much as keeps the size; or that many cells on every side.
    mode : PaddingMode
    bias : float
        Added to every value of every map.
    flip : bool
        True convolution: the kernel is turned by 180° before it is laid on. What networks
        compute, and call convolution, is cross-correlation: without the flip.
    activation : Activation
    pooling : Pooling
    pooling_size : int
        Side of the pooling window, and its stride.
    combination : Combination
        Of the maps, after activation and pooling.
    row : bool
        The input is a row, (1, N): padding, stride and pooling act along it only.
    """

    kernels: Array
    stride: int = 1
    padding: int | str = VALID
    mode: PaddingMode = PaddingMode.ZERO
    dilation: int = 1
    bias: float = 0.0
    flip: bool = False
    activation: Activation = Activation.NONE
    pooling: Pooling = Pooling.NONE
    pooling_size: int = 2
    combination: Combination = Combination.NONE
    row: bool = False

    def axes(self, height: int, width: int) -> tuple[AxisSetting, AxisSetting]:
        """Return how the kernel slides down and across an input of a size."""
        kernel_height, kernel_width = self.kernels.shape[2:]
        across = AxisSetting(
            width, kernel_width, self.stride, self.dilation, self._padding(kernel_width)
        )
        if self.row:
            return AxisSetting(height, kernel_height), across
        padding = self._padding(kernel_height)
        return AxisSetting(height, kernel_height, self.stride, self.dilation, padding), across

    def pooling_axes(self, height: int, width: int) -> tuple[AxisSetting, AxisSetting]:
        """Return how the pooling window slides over a map of a size."""
        size = 1 if self.pooling is Pooling.NONE else self.pooling_size
        down = 1 if self.row else size
        return AxisSetting(height, down, down), AxisSetting(width, size, size)

    def _padding(self, kernel: int) -> tuple[int, int]:
        if self.padding == SAME:
            return same_padding(kernel, self.dilation)
        amount = 0 if self.padding == VALID else int(self.padding)
        return amount, amount
