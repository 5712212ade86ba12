"""The blocks of a dense unit: its products as maps, the largest of them, and all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from viewer.core.imaging.color_scale import ColorScale, scale_for
from viewer.core.imaging.numbers import format_number
from viewer.core.records import Selection
from viewer.widgets.trace.arrays import MapsBlock, SideBySide
from viewer.widgets.trace.blocks import Block, Row, TableBlock
from viewer.widgets.trace.text import exact, place_name

if TYPE_CHECKING:
    from viewer.core.explain.trace_children import DoubleArray
    from viewer.core.explain.trace_weighted import DensePart
    from viewer.core.imaging.display import DisplaySettings
    from viewer.core.records import NetworkRecord

LARGEST = 8  # of the positive and of the negative contributions


def dense_blocks(
    network: NetworkRecord, part: DensePart, display: DisplaySettings
) -> tuple[Block, ...]:
    """Return what to show of a dense unit below its sum."""
    rank_of = np.empty_like(part.order)
    rank_of[part.order] = np.arange(len(part.order))

    def describe(index: int) -> tuple[str, Selection]:
        target = Selection(part.source, *part.place(index))
        text = (
            f"{place_name(network, target)}: {exact(float(part.inputs[index]))}"
            f" × {exact(float(part.weights[index]))} = {exact(float(part.products[index]))}"
        )
        return text, target

    def row_of(index: int) -> Row:
        text, target = describe(index)
        numbers = (part.inputs[index], part.weights[index], part.products[index])
        running = float(part.running[rank_of[index]])
        cells = tuple(format_number(float(x)) for x in (*numbers, running))
        label = place_name(network, target)
        if part.maps_shape is not None and len(part.source_shape) == 1:
            label = f"{index} · {_map_place(part, index)}"
        return Row(label, cells, f"{text}; so far {exact(running)}", target)

    blocks: list[Block] = []
    shown = [
        MapsBlock(title, maps, scale, describe)
        for title, values, scale in _maps(part, display)
        if (maps := part.as_maps(values)) is not None
    ]
    if shown:
        blocks.append(SideBySide(shown))
    columns = ("input", "weight", "product", "so far")

    def largest(title: str, places: list[int]) -> TableBlock:
        def row(number: int) -> Row:
            return _without_running(row_of(places[number]))

        return TableBlock(title, columns[:3], len(places), row, (2, 0, 1))

    for title, positive in (("Largest positive", True), ("Largest negative", False)):
        places = part.largest(LARGEST, positive=positive).tolist()
        if places:
            blocks.append(largest(title, places))
    order = part.order
    blocks.append(
        TableBlock(
            "All, the largest first",
            columns,
            len(order),
            lambda n: row_of(int(order[n])),
            (2, 3, 0, 1),
        )
    )
    return tuple(blocks)


def _maps(
    part: DensePart, display: DisplaySettings
) -> tuple[tuple[str, DoubleArray, ColorScale], ...]:
    def colored(values: DoubleArray, *, signed: bool) -> ColorScale:
        return scale_for(values, signed=signed, settings=display)

    inputs = f"Inputs, as {part.maps_source} has them"
    return (
        ("Products", part.products, colored(part.products, signed=True)),
        (inputs, part.inputs, colored(part.inputs, signed=bool(part.inputs.min() < 0))),
        ("Weights", part.weights, colored(part.weights, signed=True)),
    )


def _map_place(part: DensePart, index: int) -> str:
    assert part.maps_shape is not None
    _, height, width = part.maps_shape
    channel, rest = divmod(index, height * width)
    return f"{part.maps_source} {channel} ({rest // width}, {rest % width})"


def _without_running(row: Row) -> Row:
    return Row(row.label, row.cells[:3], row.text.split(";")[0], row.target)
