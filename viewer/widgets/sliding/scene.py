"""What a sliding window shows: arrays with their colours, ready to be painted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from viewer.core.explain.padding import copied_from, is_inside
from viewer.core.explain.sliding import Operation
from viewer.core.explain.sliding_values import placement
from viewer.core.imaging.color_scale import scale_for
from viewer.widgets.cells import image_of, needs_black_text
from viewer.widgets.inspector.model import scale_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PyQt6.QtGui import QImage

    from viewer.core.explain.sliding import Slide
    from viewer.core.explain.sliding_values import Doubles, Placement
    from viewer.core.imaging.color_scale import ColorScale
    from viewer.core.imaging.display import DisplaySettings
    from viewer.core.records import ActivationRecord, FloatArray, NetworkRecord, WeightsRecord

_OPAQUE = 0xFF000000


@dataclass(frozen=True, slots=True)
class Pane:
    """One array as cells.

    Attributes
    ----------
    values : (rows, columns) float32
    image : QImage
        A pixel a cell.
    black : (rows, columns) bool
        Where numbers are to be black.
    colors : (rows, columns) uint32
        Of the image.
    top, left : int
        Coordinates of the first cell: below 0 for padding.
    known : (rows, columns) bool, or None
        Which cells have a value to show; None for all.
    """

    values: FloatArray
    image: QImage
    black: NDArray[np.bool_]
    colors: NDArray[np.uint32]
    top: int = 0
    left: int = 0
    known: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """All that is painted.

    Attributes
    ----------
    slide : Slide
    item : Placement
    input, kernel, map : Pane
        Of pooling, `kernel` holds the values under the window.
    products : Pane or None
        None for pooling.
    hidden : bool
        Whether the value of the current cell is to be predicted.
    """

    slide: Slide
    item: Placement
    input: Pane
    kernel: Pane
    map: Pane
    products: Pane | None
    hidden: bool


@dataclass(frozen=True, slots=True)
class Records:
    """What a scene is made from.

    Attributes
    ----------
    network, weights, record
        As the rest of the window shows them; `weights` may be None.
    display : DisplaySettings
    empty_rgb : int
        Colour of cells without a value, 0xRRGGBB.
    """

    network: NetworkRecord
    weights: WeightsRecord | None
    record: ActivationRecord
    display: DisplaySettings
    empty_rgb: int


def scene_of(
    records: Records,
    slide: Slide,
    cell: tuple[int, int],
    in_channel: int,
    visited: NDArray[np.bool_],
    *,
    hidden: bool,
) -> Scene | None:
    """Return what there is to paint; None if the records lack what it takes.

    Parameters
    ----------
    records : Records
    slide : Slide
    cell : (y, x)
        Of the map.
    in_channel : int
    visited : (h, w) bool
        Cells of the map whose values are shown.
    hidden : bool
    """
    item = placement(slide, records.weights, records.record, cell, in_channel)
    if item is None:
        return None
    source = _input_pane(records, slide, in_channel)
    kernel, products = _kernel_panes(records, slide, item, source)
    return Scene(
        slide,
        item,
        source,
        kernel,
        _map_pane(records, slide, visited),
        products,
        hidden,
    )


def _input_pane(records: Records, slide: Slide, in_channel: int) -> Pane:
    record = records.record
    scale = scale_of(records.network, record, slide.source, in_channel, records.display)
    top, left, bottom, right = slide.extent
    height, width = slide.input_shape
    margins = ((-top, bottom - height), (-left, right - width))
    source = record.outputs[slide.source.name][in_channel]
    # A last window that leaves cells out ends before the input does: they are shown, too.
    rows, columns = (np.arange(first, end) for first, end in ((top, bottom), (left, right)))
    rows = copied_from(rows, height, slide.padding_mode)
    columns = copied_from(columns, width, slide.padding_mode)
    known = is_inside(rows, height)[:, None] & is_inside(columns, width)
    rows, columns = rows.clip(0, height - 1), columns.clip(0, width - 1)
    values = np.where(known, source[rows[:, None], columns], np.float32(0))
    colors = scale.apply(values)
    if slide.operation is Operation.MAXIMUM:  # its padding never wins: minus infinity
        padding = ~np.pad(np.ones_like(source, bool), margins)
        values[padding] = -np.inf
        colors[padding] = _OPAQUE | records.empty_rgb
    return Pane(values, image_of(colors), needs_black_text(colors), colors, top, left)


def _map_pane(records: Records, slide: Slide, visited: NDArray[np.bool_]) -> Pane:
    scale = scale_of(records.network, records.record, slide.node, slide.channel, records.display)
    values = records.record.outputs[slide.node.name][slide.channel]
    colors = scale.apply(values)
    colors[~visited] = _OPAQUE | records.empty_rgb
    return Pane(values, image_of(colors), needs_black_text(colors), colors, known=visited)


def _kernel_panes(
    records: Records, slide: Slide, item: Placement, source: Pane
) -> tuple[Pane, Pane | None]:
    if item.kernel is None or item.products is None or records.weights is None:
        rows, columns = item.footprint.rows - source.top, item.footprint.columns - source.left
        colors = source.colors[rows[:, None], columns]
        values = item.values.astype(np.float32)
        return Pane(values, image_of(colors), needs_black_text(colors), colors), None
    settings = records.display
    layer = records.weights.weights[slide.node.name]
    weights = scale_for(layer.ravel(), signed=True, settings=settings)
    products = scale_for(item.products.ravel(), signed=True, settings=settings)
    return _pane(item.kernel, weights), _pane(item.products, products)


def _pane(values: Doubles, scale: ColorScale) -> Pane:
    colors = scale.apply(values)
    return Pane(values.astype(np.float32), image_of(colors), needs_black_text(colors), colors)
