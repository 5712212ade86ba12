"""Where the cards of a network go: from left to right in rows, like text.

The nodes are put into columns by their longest path from the input, so that data flows to
the right and parallel branches stand below one another. Columns are broken into rows so
that all rows together are as low as possible. Between the rows is room for the edges that
pass cards, each in a lane of its own where it can be, and for the names of opened blocks.
Nothing depends on the values shown.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

from viewer.core.blocks import OpenedBlock
from viewer.core.card_layout import (
    GRID_PX,
    MAX_CARD_PX,
    MIN_CONTENT_PX,
    PADDING_PX,
    TITLE_PX,
    Card,
    TextSizes,
    least_zoom,
)
from viewer.core.card_level import ZOOMS, Level
from viewer.core.card_ways import Way, card_options, least_area
from viewer.core.layout_lanes import (
    BAND_PX,
    HEADING_PX,
    LANE_PX,
    NEST_PX,
    Band,
    bands_of,
    headings_by_row,
    lanes_needed,
    margin_lanes_needed,
)
from viewer.core.layout_levels import FIT_LEVELS, READABLE, REDUCED_LEVELS
from viewer.core.layout_rows import (
    STACK_PX,
    Row,
    Stack,
    break_into_rows,
    filled,
    row_width,
    stack_of,
)
from viewer.core.records import Node

MARGIN_PX = 8  # around all cards
GUTTER_PX = 16  # between cards: room for an arrow
MAX_GUTTER_PX = 40
ROW_GUTTER_PX = 16  # between rows: room for an edge that goes on in the next one
BAND_ROOM_PX = 8  # that bands reach beside the cards
# Where the view scrolls, a row should leave some of the next one in sight: what is higher
# than this share of the viewport costs twice.
ROW_SHARE = 0.6
LEAST_HIGH_PX = 320  # a card may have this height in a viewport of any size
# No card is smaller, whatever it shows.
_LEAST_CARD_PX = (MIN_CONTENT_PX + 2 * PADDING_PX) * (TITLE_PX + 3 * PADDING_PX)


@dataclass(frozen=True, slots=True)
class FlowLayout:
    """The places of all cards.

    Attributes
    ----------
    cards : mapping of node name to Card
        In the network's order.
    columns : mapping of node name to int
        Longest path from the input.
    rows : mapping of node name to int
        Row of the card, from the top.
    row_tops, row_bottoms : tuple of int
        Extent of each row.
    width, height : int
        Of everything, margins included.
    level : Level
        How large the maps are.
    gutter : int
        Pixels between cards side by side.
    left : int
        Pixels beside all cards.
    zones : tuple of (top, bottom)
        Above every row: where edges run along it.
    lanes : tuple of mapping of node name to int
        Above every row: lane of the edges that come from a node.
    lane_counts : tuple of int
        Above every row: how many lanes there are.
    margin_lanes : mapping of node name to int
        The same beside all rows, of edges that pass rows.
    margin_lane_count : int
    bands : tuple of Band
        Of opened blocks, outer ones first.
    """

    cards: Mapping[str, Card]
    columns: Mapping[str, int]
    rows: Mapping[str, int]
    row_tops: tuple[int, ...]
    row_bottoms: tuple[int, ...]
    width: int
    height: int
    level: Level
    gutter: int = GUTTER_PX
    left: int = MARGIN_PX
    zones: tuple[tuple[int, int], ...] = ()
    lanes: tuple[Mapping[str, int], ...] = ()
    lane_counts: tuple[int, ...] = ()
    margin_lanes: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    margin_lane_count: int = 0
    bands: tuple[Band, ...] = ()

    def lane(self, row: int, source: str) -> float:
        """Return the y at which edges from a node run above a row."""
        top, bottom = self.zones[row]
        return top + (bottom - top) * (self.lanes[row][source] + 1) / (self.lane_counts[row] + 1)

    def margin_lane(self, source: str) -> float:
        """Return the x at which edges from a node pass rows."""
        room = self.left - (BAND_ROOM_PX if self.bands else 0)
        return room * (self.margin_lanes[source] + 1) / (self.margin_lane_count + 1)


def lay_out(
    nodes: Sequence[Node],
    width: int,
    height: int,
    *,
    zoom: float | None = None,
    text: TextSizes | None = None,
    only: str | None = None,
    opened: Sequence[OpenedBlock] = (),
    scroll_bar: int = 0,
    ratio: float = 1.0,
) -> FlowLayout:
    """Place the cards of a network.

    Parameters
    ----------
    nodes : sequence of Node
        The whole network, or what is shown of it, in order of execution.
    width, height : int
        Of the viewport in logical pixels.
    zoom : float or None
        Screen pixels a pixel of a 28 × 28 map; None for the largest at which everything fits,
        or one at which maps can be read if nothing does.
    text : TextSizes, optional
        Room that titles need.
    only : str, optional
        Name of the one node to show.
    opened : sequence of OpenedBlock
        To be framed, outer ones first.
    scroll_bar : int
        Pixels that a scroll bar takes from the width, where the layout is higher than the
        viewport.
    ratio : float
        The screen's own pixels a logical one.

    Returns
    -------
    FlowLayout
        As wide as `width` unless a single card is wider; as high as it has to be.
    """
    shown = [node for node in nodes if only in (None, node.name)]
    by_name = {node.name: node for node in nodes}
    text = text or TextSizes()
    framed = tuple(opened) if only is None else ()
    task = _Task(shown, by_name, width, text, framed)
    most_px = max(LEAST_HIGH_PX, min(MAX_CARD_PX, height))
    scrolling = replace(task, good_row=int(height * ROW_SHARE), most_px=most_px)
    beside_bar = replace(scrolling, width=width - scroll_bar)
    if zoom is not None:
        level = Level(max(ZOOMS[0], zoom), ratio=ratio)
        layout = _laid_out(scrolling, level)
        return layout if layout.height <= height else _laid_out(beside_bar, level)
    reduced = least_zoom(shown) < 1
    levels = [replace(one, ratio=ratio) for one in (REDUCED_LEVELS if reduced else FIT_LEVELS)]
    for level in _that_may_fit(task, levels, width * height):
        found = _lay_out(task, level, height)
        if found is not None and found.width <= width and found.height <= height:
            return found
    return _laid_out(beside_bar, replace(READABLE, ratio=ratio) if reduced else levels[-1])


def _that_may_fit(task: _Task, levels: Sequence[Level], room: int) -> Iterator[Level]:
    """Leave out the levels at which the pictures alone, or the frames, need more than `room`."""

    def covered(level: Level) -> int:
        return sum(least_area(node, task.by_name, level) for node in task.nodes)

    if len(task.nodes) * _LEAST_CARD_PX <= room and covered(levels[-1]) <= room:
        yield from (level for level in levels if covered(level) <= room)


def columns_of(nodes: Sequence[Node]) -> dict[str, int]:
    """Return the longest path from an input to each node, in edges."""
    columns: dict[str, int] = {}
    for node in nodes:
        columns[node.name] = max((columns[i] + 1 for i in node.inputs if i in columns), default=0)
    return columns


@dataclass(frozen=True, slots=True)
class _Task:
    """What is laid out: `nodes` of a network that has the nodes `by_name`.

    Rows higher than `good_row` are avoided, and cards higher than `most_px` where they can be
    wider, if those are not None.
    """

    nodes: Sequence[Node]
    by_name: Mapping[str, Node]
    width: int
    text: TextSizes
    opened: tuple[OpenedBlock, ...] = ()
    good_row: int | None = None
    most_px: int | None = None


class _Place(NamedTuple):
    """The way that a card is laid out in, and where; `y` is from the row's top."""

    way: Way
    x: int
    y: int


def _laid_out(task: _Task, level: Level) -> FlowLayout:
    layout = _lay_out(task, level)
    assert layout is not None, "nothing is too high where there is no limit"
    return layout


def _lay_out(task: _Task, level: Level, most: int | None = None) -> FlowLayout | None:
    """Return the layout at a level; None if it is sure to be higher than `most` pixels."""
    columns = columns_of(task.nodes)
    stacks = _stacks(task, level, columns, task.width - 2 * MARGIN_PX)
    rows = _rows(task, stacks, MARGIN_PX)
    least = sum(row.height + ROW_GUTTER_PX for row in rows) - ROW_GUTTER_PX + 2 * MARGIN_PX
    if most is not None and least > most:
        return None
    return _placed(task, stacks, rows, columns, level, MARGIN_PX)


def _stacks(task: _Task, level: Level, columns: Mapping[str, int], room: int) -> list[Stack]:
    """Return the cards of every column, in all ways that are no wider than `room`."""
    alone = len(task.nodes) == 1
    stacks = []
    for members in _in_order(task.nodes, columns):
        options = [
            card_options(
                node,
                task.by_name,
                level,
                task.text,
                room,
                ragged=alone,
                height=None if alone else task.most_px,
            )
            for node in members
        ]
        stacks.append(stack_of(tuple(node.name for node in members), options))
    return stacks


def _in_order(nodes: Sequence[Node], columns: Mapping[str, int]) -> list[list[Node]]:
    """Return the nodes of every column from top to bottom: each beside what feeds it."""
    members: list[list[Node]] = [[] for _ in range(max(columns.values(), default=-1) + 1)]
    for node in nodes:
        members[columns[node.name]].append(node)
    places: dict[str, float] = {}
    for column in members:
        if len(column) > 1:
            column.sort(key=lambda node: _mean([places[i] for i in node.inputs if i in places]))
        places.update((node.name, place) for place, node in enumerate(column))
    return members


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0


def _rows(task: _Task, stacks: Sequence[Stack], left: int) -> list[Row]:
    room = task.width - left - MARGIN_PX
    rows = break_into_rows(stacks, room, task.good_row, gutter=GUTTER_PX, row_gutter=ROW_GUTTER_PX)
    return filled(stacks, rows, room, gutter=GUTTER_PX)


def _placed(
    task: _Task,
    stacks: Sequence[Stack],
    rows: Sequence[Row],
    columns: Mapping[str, int],
    level: Level,
    left: int,
) -> FlowLayout:
    room = task.width - left - MARGIN_PX
    members = [stacks[row.first : row.last] for row in rows]
    row_of = {
        name: number for number, row in enumerate(members) for one in row for name in one.names
    }
    margin_lanes = margin_lanes_needed(task.nodes, row_of)
    margin_lane_count = max(margin_lanes.values(), default=-1) + 1
    # There has to be room for them.
    if left == MARGIN_PX and (margin_lane_count > 1 or (margin_lanes and task.opened)):
        left = _on_grid((margin_lane_count + 1) * LANE_PX + (BAND_ROOM_PX if task.opened else 0))
        room = task.width - left - MARGIN_PX
        if any(stack.widths[-1] > room for stack in stacks):
            stacks = _stacks(task, level, columns, room)
        return _placed(task, stacks, _rows(task, stacks, left), columns, level, left)
    gutter = _gutter(stacks, rows, room)
    across, right = _across(stacks, rows, left, gutter)
    middles = {name: place.x + place.way.width / 2 for name, place in across.items()}
    lanes = lanes_needed(task.nodes, columns, row_of, middles)
    lane_counts = [max(of_row.values(), default=-1) + 1 for of_row in lanes]
    headings_of_rows = headings_by_row(task.opened, row_of)
    cards: dict[str, Card] = {}
    zones: list[tuple[int, int]] = []
    tops: list[int] = []
    bottom = 0
    for number, row in enumerate(rows):
        headings = headings_of_rows.get(number, {})
        zone = _zone(lane_counts[number], is_first=not number)
        zones.append((bottom, bottom + zone))
        top = bottom + zone + HEADING_PX * max(headings.values(), default=0)
        tops.append(top)
        for stack in members[number]:
            for name in stack.names:
                place = across[name]
                cards[name] = place.way.card.placed(name, place.x, top + place.y)
        bottom = top + row.height
        if headings:
            bottom += _on_grid(BAND_PX + NEST_PX * max(headings.values()))
    heights = (row.height for row in rows)
    return FlowLayout(
        cards=MappingProxyType({node.name: cards[node.name] for node in task.nodes}),
        columns=MappingProxyType(dict(columns)),
        rows=MappingProxyType(row_of),
        row_tops=tuple(tops),
        row_bottoms=tuple(top + height for top, height in zip(tops, heights, strict=True)),
        width=max(task.width, right + MARGIN_PX),
        height=max(bottom, MARGIN_PX) + MARGIN_PX,
        level=level,
        gutter=gutter,
        left=left,
        zones=tuple(zones),
        lanes=tuple(lanes),
        lane_counts=tuple(lane_counts),
        margin_lanes=MappingProxyType(margin_lanes),
        margin_lane_count=margin_lane_count,
        bands=bands_of(task.opened, columns, row_of, cards) if task.opened else (),
    )


def _across(
    stacks: Sequence[Stack], rows: Sequence[Row], left: int, gutter: int
) -> tuple[dict[str, _Place], int]:
    """Return where the cards are across, and how far that reaches."""
    places: dict[str, _Place] = {}
    right = left
    for row in rows:
        x = left
        for stack, way in zip(stacks[row.first : row.last], row.chosen, strict=True):
            y = 0
            for name, chosen in zip(stack.names, stack.ways[way], strict=True):
                places[name] = _Place(chosen, x, y)
                y += chosen.height + STACK_PX
            right = max(right, x + stack.widths[way])
            x += stack.widths[way] + gutter
    return places, right


def _zone(lanes: int, *, is_first: bool) -> int:
    """Return the height for a number of lanes above a row."""
    if lanes <= (1 if is_first else 2):
        return MARGIN_PX if is_first else ROW_GUTTER_PX
    return _on_grid((lanes + 1) * LANE_PX)


def _gutter(stacks: Sequence[Stack], rows: Sequence[Row], room: int) -> int:
    """Return the widest gutter that all rows have room for, the same for all."""
    gutter = MAX_GUTTER_PX
    for row in rows:
        count = row.last - row.first - 1
        if count:
            free = (room - row_width(stacks, row)) // count
            gutter = min(gutter, math.floor(free / GRID_PX) * GRID_PX)
    return max(gutter, GUTTER_PX)


def _on_grid(length: int) -> int:
    return -(-length // GRID_PX) * GRID_PX
