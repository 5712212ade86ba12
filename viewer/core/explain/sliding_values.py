"""The numbers of a filter at one position: values, kernel, products, sums and torch's value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewer.core.explain.contributions import convolution_terms
from viewer.core.explain.padding import copied_from, is_inside
from viewer.core.explain.pooling_window import average_divisor
from viewer.core.explain.sliding import Footprint, Operation, Slide
from viewer.core.records import ActivationRecord, FloatArray, WeightsRecord

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Placement:
    """The numbers of one filter at one position, in double precision.

    Attributes
    ----------
    y, x : int
        Cell of the map.
    in_channel : int
        Input channel that `values`, `kernel` and `products` belong to.
    footprint : Footprint
    values : (kH, kW) float64
        Of the input under the window. Padding is 0, or the copy of a pixel that it is; of
        maximum pooling it is minus infinity.
    kernel, products : (kH, kW) float64, or None for pooling
    winner : (i, j) or None
        Which value under the window is the largest: for maximum pooling.
    divisor : float or None
        What the sum is divided by: for average pooling.
    channel_sum : float
        Sum of `products`; for average pooling, of `values`; for maximum pooling the maximum.
    other_sum : float
        Sum of the products of all the other input channels.
    others : int
        How many other input channels there are.
    bias : float or None
        None where the layer has none.
    total : float
        What the arithmetic gives.
    value : float
        What torch computed, in single precision.
    """

    y: int
    x: int
    in_channel: int
    footprint: Footprint
    values: Doubles
    kernel: Doubles | None
    products: Doubles | None
    winner: tuple[int, int] | None
    divisor: float | None
    channel_sum: float
    other_sum: float
    others: int
    bias: float | None
    total: float
    value: float

    @property
    def difference(self) -> float:
        """Our total minus torch's value."""
        return self.total - self.value

    @property
    def row_sums(self) -> Doubles:
        """Sum of each row of products, (kH,) float64; of values for pooling."""
        return np.asarray((self.values if self.products is None else self.products).sum(axis=1))


def placement(
    slide: Slide,
    weights: WeightsRecord | None,
    record: ActivationRecord,
    cell: tuple[int, int],
    in_channel: int,
) -> Placement | None:
    """Return the numbers of a filter at one position.

    Parameters
    ----------
    slide : Slide
    weights : WeightsRecord or None
        Those that the record was computed with, and the settings of average pooling; other
        pooling needs none.
    record : ActivationRecord
    cell : (y, x)
        Of the map.
    in_channel : int
        One of `slide.in_channels`.

    Returns
    -------
    Placement or None
        None if the record or the weights lack what it takes.
    """
    x, output = record.outputs.get(slide.source.name), record.outputs.get(slide.node.name)
    if x is None or output is None or in_channel not in slide.in_channels:
        return None
    if (x.shape, output.shape) != (slide.source.output_shape, slide.node.output_shape):
        return None  # of another network with layers of the same names
    value = float(output[slide.channel, cell[0], cell[1]])
    covered = _covered(slide, x[in_channel], cell)
    if slide.operation is not Operation.CONVOLUTION:
        return _pooled(slide, weights, covered, cell, value)
    filters = None if weights is None else weights.weights.get(slide.node.name)
    if weights is None or filters is None or slide.node.window is None:
        return None
    index = slide.channel, *cell
    channel_sums = convolution_terms(x, filters, slide.node.window, index, slide.padding_mode)
    kernel = filters[slide.channel, in_channel - slide.in_channels.start].astype(np.float64)
    biases = weights.biases.get(slide.node.name)
    bias = None if biases is None else float(biases[slide.channel])
    products = covered * kernel
    own = float(products.sum())
    others = float(np.delete(channel_sums, in_channel - slide.in_channels.start).sum())
    return Placement(
        y=cell[0],
        x=cell[1],
        in_channel=in_channel,
        footprint=slide.footprint(*cell),
        values=covered,
        kernel=kernel,
        products=products,
        winner=None,
        divisor=None,
        channel_sum=own,
        other_sum=others,
        others=len(channel_sums) - 1,
        bias=bias,
        total=own + others + (bias or 0.0),
        value=value,
    )


def _covered(slide: Slide, values: FloatArray, cell: tuple[int, int]) -> Doubles:
    """Return what is under the window, (kH, kW), of one input channel, (H, W)."""
    foot = slide.footprint(*cell)
    padding = -np.inf if slide.operation is Operation.MAXIMUM else 0.0
    rows = copied_from(foot.rows, values.shape[0], slide.padding_mode)
    columns = copied_from(foot.columns, values.shape[1], slide.padding_mode)
    known = is_inside(rows, values.shape[0])[:, None] & is_inside(columns, values.shape[1])
    rows, columns = rows.clip(0, values.shape[0] - 1), columns.clip(0, values.shape[1] - 1)
    return np.where(known, values[rows[:, None], columns].astype(np.float64), padding)


def _pooled(
    slide: Slide,
    weights: WeightsRecord | None,
    covered: Doubles,
    cell: tuple[int, int],
    value: float,
) -> Placement:
    winner, divisor = None, None
    if slide.operation is Operation.MAXIMUM:
        row, column = np.unravel_index(int(covered.argmax()), covered.shape)
        winner = int(row), int(column)
        own = total = float(covered[winner])
    else:
        own = float(covered.sum())
        foot = slide.footprint(*cell)
        places = foot.rows, foot.columns
        divisor = average_divisor(slide.node, weights, places, slide.input_shape)
        total = own / divisor
    return Placement(
        y=cell[0],
        x=cell[1],
        in_channel=slide.channel,
        footprint=slide.footprint(*cell),
        values=covered,
        kernel=None,
        products=None,
        winner=winner,
        divisor=divisor,
        channel_sum=own,
        other_sum=0.0,
        others=0,
        bias=None,
        total=total,
        value=value,
    )
