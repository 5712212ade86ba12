"""Where the cards of a network go: from left to right in rows, like text.

The nodes are put into columns by their longest path from the input, so that data flows to
the right and parallel branches stand below one another. Columns are broken into rows so
that all rows together are as low as possible, which is the classic line-breaking by dynamic
programming (Knuth and Plass, 1981, "Breaking paragraphs into lines"), here with words whose
shape can be chosen: for each row, every card takes the narrowest grid of maps that is no
higher than the row. Nothing depends on the values shown.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from viewer.core.card_layout import (
    GRID_PX,
    Card,
    Level,
    TextSizes,
    card_options,
    least_area,
)
from viewer.core.records import Node

MARGIN_PX = 8  # around all cards
GUTTER_PX = 16  # between cards: room for an arrow
MAX_GUTTER_PX = 40
ROW_GUTTER_PX = 16  # between rows: room for an edge that goes on in the next one
STACK_PX = 16  # between branches in one column
# Where the view scrolls, a row should leave some of the next one in sight: what is higher
# than this share of the viewport costs twice.
ROW_SHARE = 0.6

# What "Fit" tries, from large to small. The last one is taken even if it doesn't fit.
FIT_LEVELS = tuple(
    Level(zoom, growth)
    for zoom, growth in (
        *((zoom, 0.5) for zoom in (20, 16, 14, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3.5)),
        (3.4, 0.75),
        (3.0, 0.5),
        (2.5, 0.5),
        (2.4, 0.75),
        *((zoom, 0.5) for zoom in (2.25, 2, 1.75, 1.5)),
        (1.5, 0.0),
        (1.45, 0.75),
        (1.4, 0.5),
        (1.4, 0.25),
        (1.0, 0.5),
    )
)


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


def lay_out(
    nodes: Sequence[Node],
    width: int,
    height: int,
    *,
    zoom: int | None = None,
    text: TextSizes | None = None,
    only: str | None = None,
) -> FlowLayout:
    """Place the cards of a network.

    Parameters
    ----------
    nodes : sequence of Node
        The whole network, in order of execution.
    width, height : int
        Of the viewport in logical pixels.
    zoom : int or None
        Screen pixels a pixel of a 28 × 28 map, at least 1; None for the largest at which
        everything fits, or 1 if nothing does.
    text : TextSizes, optional
        Room that titles need.
    only : str, optional
        Name of the one node to show.

    Returns
    -------
    FlowLayout
        As wide as `width` unless a single card is wider; as high as it has to be.
    """
    shown = [node for node in nodes if only in (None, node.name)]
    by_name = {node.name: node for node in nodes}
    text = text or TextSizes()
    scrolling = _Task(shown, by_name, width, text, int(height * ROW_SHARE))
    if zoom is not None:
        return _lay_out(scrolling, Level(max(1, zoom)))
    task = _Task(shown, by_name, width, text)
    for level in FIT_LEVELS:
        covered = sum(least_area(node, task.by_name, level) for node in shown)
        if covered <= width * height:  # otherwise there is no need to try
            layout = _lay_out(task, level)
            if layout.width <= width and layout.height <= height:
                return layout
    return _lay_out(scrolling, FIT_LEVELS[-1])


def columns_of(nodes: Sequence[Node]) -> dict[str, int]:
    """Return the longest path from an input to each node, in edges."""
    columns: dict[str, int] = {}
    for node in nodes:
        columns[node.name] = max((columns[i] + 1 for i in node.inputs if i in columns), default=0)
    return columns


@dataclass(frozen=True, slots=True)
class _Stack:
    """The cards of one column, one below the other, in each height that makes sense.

    Attributes
    ----------
    names : tuple of str
        Of the nodes, from the top.
    heights, widths : tuple of int
        Of each way, from flat to high; the widths go down.
    ways : tuple of tuple of Card
    """

    names: tuple[str, ...]
    heights: tuple[int, ...]
    widths: tuple[int, ...]
    ways: tuple[tuple[Card, ...], ...]

    def narrowest(self, height: int) -> int | None:
        """Return the index of the narrowest way that is no higher than `height`."""
        index = bisect_right(self.heights, height) - 1
        return index if index >= 0 else None


@dataclass(frozen=True, slots=True)
class _Task:
    """What is laid out: `nodes` of a network that has the nodes `by_name`.

    Rows higher than `good_row` are avoided, if that is not None.
    """

    nodes: Sequence[Node]
    by_name: Mapping[str, Node]
    width: int
    text: TextSizes
    good_row: int | None = None


def _lay_out(task: _Task, level: Level) -> FlowLayout:
    columns = columns_of(task.nodes)
    room = task.width - 2 * MARGIN_PX
    alone = len(task.nodes) == 1
    stacks = []
    for column in range(max(columns.values(), default=-1) + 1):
        members = [node for node in task.nodes if columns[node.name] == column]
        options = [
            card_options(node, task.by_name, level, task.text, room, ragged=alone)
            for node in members
        ]
        stacks.append(_stack(tuple(node.name for node in members), options))
    rows = _break_into_rows(stacks, room, task.good_row)
    return _placed(task, stacks, rows, columns, level)


def _stack(names: tuple[str, ...], options: list[tuple[Card, ...]]) -> _Stack:
    """Combine the ways of the cards in one column."""
    combinations: list[tuple[Card, ...]]
    if len(options) == 1:
        combinations = [(card,) for card in options[0]]
    else:
        # Each card is given the same height, and takes the narrowest way within.
        shares = sorted({card.frame.height for ways in options for card in ways})
        combinations = [tuple(_within(ways, share) for ways in options) for share in shares]
    measured = sorted(((*_stack_size(cards), cards) for cards in combinations), key=lambda m: m[:2])
    kept: list[tuple[int, int, tuple[Card, ...]]] = []
    for height, width, cards in measured:
        if not kept or width < kept[-1][1]:
            kept.append((height, width, cards))
    heights, widths, ways = zip(*kept, strict=True)
    return _Stack(names, heights, widths, ways)


def _within(ways: tuple[Card, ...], height: int) -> Card:
    fitting = [card for card in ways if card.frame.height <= height]
    return fitting[-1] if fitting else ways[0]


def _stack_size(cards: tuple[Card, ...]) -> tuple[int, int]:
    height = sum(card.frame.height for card in cards) + STACK_PX * (len(cards) - 1)
    return height, max(card.frame.width for card in cards)


@dataclass(frozen=True, slots=True)
class _Row:
    """Stacks `first` up to `last`, not included, in the ways chosen."""

    first: int
    last: int
    height: int
    chosen: tuple[int, ...]


def _break_into_rows(stacks: list[_Stack], room: int, good_row: int | None) -> list[_Row]:
    """Return the rows with the lowest sum of heights; of equals, the fewest rows."""
    limit = math.inf if good_row is None else good_row
    costs: list[tuple[float, int]] = [(0, 0)]
    rows: list[_Row | None] = [None]
    for last in range(1, len(stacks) + 1):
        best: tuple[tuple[float, int], _Row] | None = None
        for first in range(last - 1, -1, -1):
            row = _row(stacks, first, last, room)
            if row is None:
                break  # more stacks don't fit into one row in any way
            total, count = costs[first]
            excess = max(0, row.height - limit)
            cost = (total + row.height + excess + ROW_GUTTER_PX, count + 1)
            if best is None or cost < best[0]:
                best = (cost, row)
        assert best is not None, "a single stack always makes a row"
        costs.append(best[0])
        rows.append(best[1])
    found: list[_Row] = []
    end = len(stacks)
    while end:
        row = rows[end]
        assert row is not None, "every end but 0 has a row before it"
        found.append(row)
        end = row.first
    return found[::-1]


def _row(stacks: list[_Stack], first: int, last: int, room: int) -> _Row | None:
    """Return the lowest row that holds the stacks, or None if they are too wide."""
    members = stacks[first:last]
    room -= GUTTER_PX * (len(members) - 1)
    heights = sorted({height for stack in members for height in stack.heights})
    low, high = 0, len(heights)
    while low < high:
        middle = (low + high) // 2
        chosen = _chosen(members, heights[middle])
        if chosen is not None and _width(members, chosen) <= room:
            high = middle
        else:
            low = middle + 1
    if low == len(heights):
        if len(members) > 1:
            return None
        low -= 1  # wider than the viewport whatever is done
    chosen = _chosen(members, heights[low])
    assert chosen is not None, "the highest of all heights holds every stack"
    return _Row(first, last, heights[low], chosen)


def _chosen(stacks: list[_Stack], height: int) -> tuple[int, ...] | None:
    found = [stack.narrowest(height) for stack in stacks]
    return None if None in found else tuple(i for i in found if i is not None)


def _width(stacks: list[_Stack], chosen: tuple[int, ...]) -> int:
    return sum(stack.widths[i] for stack, i in zip(stacks, chosen, strict=True))


def _placed(
    task: _Task,
    stacks: list[_Stack],
    rows: list[_Row],
    columns: dict[str, int],
    level: Level,
) -> FlowLayout:
    gutter = _gutter(stacks, rows, task.width)
    cards: dict[str, Card] = {}
    row_of: dict[str, int] = {}
    tops: list[int] = []
    y = right = MARGIN_PX
    for number, row in enumerate(rows):
        x = MARGIN_PX
        tops.append(y)
        for stack, way in zip(stacks[row.first : row.last], row.chosen, strict=True):
            top = y
            for name, card in zip(stack.names, stack.ways[way], strict=True):
                cards[name] = card.placed(name, x, top)
                row_of[name] = number
                top += card.frame.height + STACK_PX
            right = max(right, x + stack.widths[way])
            x += stack.widths[way] + gutter
        y += row.height + ROW_GUTTER_PX
    return FlowLayout(
        cards=MappingProxyType({node.name: cards[node.name] for node in task.nodes}),
        columns=MappingProxyType(columns),
        rows=MappingProxyType(row_of),
        row_tops=tuple(tops),
        row_bottoms=tuple(top + row.height for top, row in zip(tops, rows, strict=True)),
        width=max(task.width, right + MARGIN_PX),
        height=max(y - ROW_GUTTER_PX, MARGIN_PX) + MARGIN_PX,
        level=level,
        gutter=gutter,
    )


def _gutter(stacks: list[_Stack], rows: list[_Row], width: int) -> int:
    """Return the widest gutter that all rows have room for, the same for all."""
    gutter = MAX_GUTTER_PX
    for row in rows:
        count = row.last - row.first - 1
        if count:
            used = _width(stacks[row.first : row.last], row.chosen)
            free = (width - 2 * MARGIN_PX - used) // count
            gutter = min(gutter, math.floor(free / GRID_PX) * GRID_PX)
    return max(gutter, GUTTER_PX)
