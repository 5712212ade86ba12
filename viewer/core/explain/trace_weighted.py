"""Parts of a trace that are sums of products: a convolution and a dense layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewer.core.explain.padding import PaddingMode
from viewer.core.explain.trace_children import Children, DoubleArray, IntArray, children
from viewer.core.records import Window

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PostStep:
    """What a node behind a convolution or dense layer makes of the value.

    Attributes
    ----------
    name : str
        Of the node.
    type_name : str
        ``BatchNorm2d``, ``ReLU``.
    formula : str
        With the numbers filled in, without the result: ``max(0, −0.5)``.
    value : float
        Computed in float64 from the value of the step before, back to the total of the trace.
    torch_value : float
        What torch computed.
    """

    name: str
    type_name: str
    formula: str
    value: float
    torch_value: float

    @property
    def difference(self) -> float:
        """`value` minus `torch_value`."""
        return self.value - self.torch_value


@dataclass(frozen=True, slots=True, eq=False)
class ChannelTerm:
    """What one input channel adds to a value of a convolution.

    Attributes
    ----------
    source : str
        Name of the node whose output is the convolution's input.
    channel : int
        Of that output.
    window : (kH, kW) float64
        The input's values under the kernel; 0 on padding.
    inside : (kH, kW) bool
        False on padding.
    kernel, products : (kH, kW) float64
    sum : float
        Of the products.
    ys : (kH,) intp
        Rows of the input; below 0 or beyond the last row on padding.
    xs : (kW,) intp
        Columns of the input, likewise.
    """

    source: str
    channel: int
    window: DoubleArray
    inside: BoolArray
    kernel: DoubleArray
    products: DoubleArray
    sum: float
    ys: IntArray
    xs: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class ConvolutionPart:
    """The arithmetic of one value of a convolution; C is the input channels of its group.

    Attributes
    ----------
    source : str
        Name of the node whose output is the convolution's input.
    geometry : Window
        Kernel size, stride, padding, dilation, groups.
    first_channel : int
        Of the input, that the group begins with: 0 without groups.
    ys, xs : (kH,), (kW,) intp
        Rows and columns of the input whose values are under the kernel; outside of the input
        on padding with zeros.
    inside : (kH, kW) bool
        False on padding with zeros.
    on_padding : (kH, kW) bool
        Where the kernel lies on padding, whatever stands there.
    padding_mode : PaddingMode
    windows : (C, kH, kW) float64
        The values under the kernel; 0 on padding with zeros.
    kernels, products : (C, kH, kW) float64
    sums : (C,) float64
        Of the products, one a channel.
    bias : float
        0 without one.
    has_bias : bool
    order : (C,) intp
        Places in the arrays above, the largest sum, whatever its sign, first.
    running : (C,) float64
        The bias and the sums so far, in that order; the last is the total.
    post : tuple of PostStep
        Normalisation, activation and dropout right behind it, in order.
    """

    source: str
    geometry: Window
    first_channel: int
    ys: IntArray
    xs: IntArray
    inside: BoolArray
    on_padding: BoolArray
    padding_mode: PaddingMode
    windows: DoubleArray
    kernels: DoubleArray
    products: DoubleArray
    sums: DoubleArray
    bias: float
    has_bias: bool
    order: IntArray
    running: DoubleArray
    post: tuple[PostStep, ...] = ()

    def term(self, place: int) -> ChannelTerm:
        """Return what one channel adds; `place` is in the arrays, as in `order`."""
        return ChannelTerm(
            self.source,
            self.first_channel + int(place),
            self.windows[place],
            self.inside,
            self.kernels[place],
            self.products[place],
            float(self.sums[place]),
            self.ys,
            self.xs,
        )

    @property
    def terms(self) -> tuple[ChannelTerm, ...]:
        """What every channel adds, the largest sum, whatever its sign, first."""
        return tuple(self.term(place) for place in self.order.tolist())

    @property
    def children(self) -> Children:
        """The input's values under the kernel; padding is not among them."""
        channels, rows, columns = np.nonzero(np.broadcast_to(self.inside, self.products.shape))
        amounts = self.products[channels, rows, columns]
        return children(
            self.source, channels + self.first_channel, self.ys[rows], self.xs[columns], amounts
        )


@dataclass(frozen=True, slots=True, eq=False)
class DensePart:
    """The arithmetic of one unit of a dense layer; N is the number of its inputs.

    Attributes
    ----------
    source : str
        Name of the node whose output is the layer's input.
    source_shape : tuple of int
        Of that output: (N,) behind a flatten.
    maps_source : str
        Name of the nearest node before whose values, only moved or changed one by one, are the
        inputs and are still maps; `source` if there is none.
    maps_shape : (C, H, W) or None
        Its output's shape: the inputs, weights and products reshape to it. None where the
        inputs were never maps.
    inputs, weights, products : (N,) float64
    bias : float
        0 without one.
    has_bias : bool
    order : (N,) intp
        Places in the arrays above, the largest product, whatever its sign, first.
    running : (N,) float64
        The bias and the products so far, in that order; the last is the total.
    post : tuple of PostStep
        Normalisation, activation and dropout right behind it, in order.
    """

    source: str
    source_shape: tuple[int, ...]
    maps_source: str
    maps_shape: tuple[int, int, int] | None
    inputs: DoubleArray
    weights: DoubleArray
    products: DoubleArray
    bias: float
    has_bias: bool
    order: IntArray
    running: DoubleArray
    post: tuple[PostStep, ...] = ()

    def largest(self, count: int, *, positive: bool) -> IntArray:
        """Return the places of the largest positive, or negative, products.

        Returns
        -------
        (M,) intp, M <= count
            The largest, whatever its sign, first.
        """
        ordered = self.products[self.order]
        return self.order[ordered > 0 if positive else ordered < 0][:count]

    def as_maps(self, values: DoubleArray) -> DoubleArray | None:
        """Return inputs, weights or products, (N,), as (C, H, W); None if they never were."""
        return None if self.maps_shape is None else values.reshape(self.maps_shape)

    def place(self, index: int) -> tuple[int, int, int]:
        """Return (channel, y, x) in `source` of one input."""
        channel, y, x = place_of(index, self.source_shape)
        return int(channel), int(y), int(x)

    @property
    def children(self) -> Children:
        """Every input."""
        return children(
            self.source, *place_of(np.arange(self.products.size), self.source_shape), self.products
        )


def place_of(flat: IntArray | int, shape: tuple[int, ...]) -> tuple[IntArray, IntArray, IntArray]:
    """Return channel, y, x of flat indices into a map (C, H, W) or a vector (N,)."""
    height, width = shape[1:] if len(shape) == 3 else (1, 1)
    channel, rest = np.divmod(np.asarray(flat, np.intp), height * width)
    y, x = np.divmod(rest, width)
    return channel, y, x
