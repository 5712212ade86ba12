"""Breaking the columns of a network into rows, each card in a shape that suits its row.

The classic line-breaking by dynamic programming (Knuth and Plass, 1981, "Breaking paragraphs
into lines"), with words whose shape can be chosen: for each row, every card takes the
narrowest way that is no higher than the row.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from viewer.core.card_ways import Way

STACK_PX = 16  # between branches in one column
_TOO_WIDE = 1 << 40  # what no row has room for, also many times over
_WORTH_WIDENING = 0.05  # of a card's area that is saved
_ROWS = 1 << 20  # one row less is worth less than a pixel
_NO_HEIGHT = -1


@dataclass(frozen=True, slots=True)
class Stack:
    """The cards of one column, one below the other, in each height that makes sense.

    Attributes
    ----------
    names : tuple of str
        Of the nodes, from the top.
    heights, widths : tuple of int
        Of each way, from flat to high; the widths go down.
    ways : tuple of tuple of Way
        One of each card.
    """

    names: tuple[str, ...]
    heights: tuple[int, ...]
    widths: tuple[int, ...]
    ways: tuple[tuple[Way, ...], ...]

    def narrowest(self, height: int) -> int:
        """Return the index of the narrowest way that is no higher than `height`."""
        return max(0, bisect_right(self.heights, height) - 1)


@dataclass(frozen=True, slots=True)
class Row:
    """Stacks `first` up to `last`, not included, in the ways chosen."""

    first: int
    last: int
    height: int
    chosen: tuple[int, ...]


def stack_of(names: tuple[str, ...], options: Sequence[tuple[Way, ...]]) -> Stack:
    """Combine the ways of the cards in one column.

    Parameters
    ----------
    names : tuple of str
    options : sequence of tuple of Way
        The ways of each, from flat and wide to high and narrow.
    """
    if len(options) == 1:
        (ways_of_one,) = options
        return Stack(
            names,
            tuple(way.height for way in ways_of_one),
            tuple(way.width for way in ways_of_one),
            tuple((way,) for way in ways_of_one),
        )
    # Each card is given the same height, and takes the narrowest way within.
    shares = sorted({way.height for ways in options for way in ways})
    combinations = [tuple(_within(ways, share) for ways in options) for share in shares]
    measured = sorted(((*_size(ways), ways) for ways in combinations), key=lambda m: m[:2])
    kept: list[tuple[int, int, tuple[Way, ...]]] = []
    for height, width, chosen in measured:
        if not kept or width < kept[-1][1]:
            kept.append((height, width, chosen))
    heights, widths, ways = zip(*kept, strict=True)
    return Stack(names, heights, widths, ways)


def break_into_rows(
    stacks: Sequence[Stack], room: int, good_row: int | None, *, gutter: int, row_gutter: int
) -> list[Row]:
    """Return the rows with the lowest sum of heights; of equals, the fewest rows.

    Parameters
    ----------
    stacks : sequence of Stack
    room : int
        Width of a row in pixels.
    good_row : int or None
        What of a row is higher than that counts twice.
    gutter, row_gutter : int
        Least pixels between stacks, and between rows.
    """
    if not stacks:
        return []
    lowest = _lowest_rows(stacks, room, gutter)
    costs = [0]  # of the best rows of so many first stacks
    lengths, heights = [0], [0]  # of the last of those rows
    for last in range(1, len(stacks) + 1):
        cost, best, found = -1, 0, 0
        for length, of_length in enumerate(lowest[:last], 1):  # the fewest stacks first
            height = of_length[last - length]
            if height == _NO_HEIGHT:
                break  # nor do more
            excess = 0 if good_row is None else max(0, height - good_row)
            total = costs[last - length] + (height + excess + row_gutter) * _ROWS + 1
            if cost < 0 or total < cost:
                cost, best, found = total, length, height
        costs.append(cost)
        lengths.append(best)
        heights.append(found)
    rows: list[Row] = []
    end = len(stacks)
    while end:
        first, height = end - lengths[end], heights[end]
        chosen = tuple(stack.narrowest(height) for stack in stacks[first:end])
        rows.append(Row(first, end, height, chosen))
        end = first
    return rows[::-1]


def filled(stacks: Sequence[Stack], rows: Sequence[Row], room: int, *, gutter: int) -> list[Row]:
    """Let cards be wider where their row has room and there is then less empty space on them.

    Parameters
    ----------
    stacks : sequence of Stack
    rows : sequence of Row
        As `break_into_rows` returns them.
    room : int
        Width of a row in pixels.
    gutter : int
        Least pixels between stacks.

    Returns
    -------
    list of Row
        No higher than before.
    """
    return [_filled(stacks[row.first : row.last], row, room, gutter) for row in rows]


def _filled(members: Sequence[Stack], row: Row, room: int, gutter: int) -> Row:
    chosen = list(row.chosen)
    free = room - gutter * (len(members) - 1)
    free -= sum(stack.widths[way] for stack, way in zip(members, chosen, strict=True))
    while True:
        best, gain = None, 0.0
        for number, (stack, now) in enumerate(zip(members, chosen, strict=True)):
            area = stack.widths[now] * stack.heights[now]
            for way in range(now):  # flatter and wider ones
                saved = 1 - stack.widths[way] * stack.heights[way] / area
                more = stack.widths[way] - stack.widths[now]
                if more <= free and saved > max(gain, _WORTH_WIDENING):
                    best, gain = (number, way, more), saved
        if best is None:
            break
        number, way, more = best
        chosen[number] = way
        free -= more
    height = max(stack.heights[way] for stack, way in zip(members, chosen, strict=True))
    return replace(row, height=height, chosen=tuple(chosen))


def row_width(stacks: Sequence[Stack], row: Row) -> int:
    """Return the width of the stacks of a row, without gutters."""
    members = stacks[row.first : row.last]
    return sum(stack.widths[way] for stack, way in zip(members, row.chosen, strict=True))


def _lowest_rows(stacks: Sequence[Stack], room: int, gutter: int) -> list[list[int]]:
    """Return how low rows of 1, 2, ... stacks can be, from each first stack on.

    `_NO_HEIGHT` for those that don't fit into the room in any way; a single stack then has its
    narrowest way, and its height.
    """
    heights, before = _width_table(stacks, gutter)
    single = np.array([stack.heights[-1] for stack in stacks], np.int64)
    found: list[list[int]] = []
    for length in range(1, len(stacks) + 1):
        fits = before[:, length:] - before[:, :-length] - gutter <= room  # (H, N + 1 - length)
        lowest = np.where(fits[-1], heights[fits.argmax(axis=0)], _NO_HEIGHT)
        if length == 1:
            lowest = np.where(fits[-1], lowest, single)
        elif not fits[-1].any():
            break
        found.append(lowest.tolist())
    return found


def _width_table(
    stacks: Sequence[Stack], gutter: int
) -> tuple[
    np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int, int], np.dtype[np.int64]]
]:
    """Return all heights, (H,), and the width of the stacks before each at each, (H, N + 1)."""
    heights = np.array(sorted({height for stack in stacks for height in stack.heights}), np.int64)
    widths = np.empty((len(heights), len(stacks)), np.int64)
    for number, stack in enumerate(stacks):
        ways = np.searchsorted(stack.heights, heights, side="right") - 1
        of_ways = np.array(stack.widths, np.int64)[np.maximum(ways, 0)]
        widths[:, number] = np.where(ways < 0, _TOO_WIDE, of_ways)
    before = np.zeros((len(heights), len(stacks) + 1), np.int64)
    np.cumsum(widths + gutter, axis=1, out=before[:, 1:])
    return heights, before


def _within(ways: tuple[Way, ...], height: int) -> Way:
    fitting = [way for way in ways if way.height <= height]
    return fitting[-1] if fitting else ways[0]


def _size(ways: tuple[Way, ...]) -> tuple[int, int]:
    height = sum(way.height for way in ways) + STACK_PX * (len(ways) - 1)
    return height, max(way.width for way in ways)
