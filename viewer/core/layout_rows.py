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

from viewer.core.card_layout import Card

STACK_PX = 16  # between branches in one column
_TOO_WIDE = 1 << 40  # what no row has room for, also many times over
_WORTH_WIDENING = 0.05  # of a card's area that is saved
_ROWS = 1 << 20  # one row less is worth less than a pixel


@dataclass(frozen=True, slots=True)
class Stack:
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


def stack_of(names: tuple[str, ...], options: Sequence[tuple[Card, ...]]) -> Stack:
    """Combine the ways of the cards in one column.

    Parameters
    ----------
    names : tuple of str
    options : sequence of tuple of Card
        The ways of each, from flat to high.
    """
    combinations: list[tuple[Card, ...]]
    if len(options) == 1:
        combinations = [(card,) for card in options[0]]
    else:
        # Each card is given the same height, and takes the narrowest way within.
        shares = sorted({card.frame.height for ways in options for card in ways})
        combinations = [tuple(_within(ways, share) for ways in options) for share in shares]
    measured = sorted(((*_size(cards), cards) for cards in combinations), key=lambda m: m[:2])
    kept: list[tuple[int, int, tuple[Card, ...]]] = []
    for height, width, cards in measured:
        if not kept or width < kept[-1][1]:
            kept.append((height, width, cards))
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
    heights, before = _width_table(stacks, gutter)
    costs = np.zeros(len(stacks) + 1, np.int64)
    begins = [0] * (len(stacks) + 1)
    found = [0] * (len(stacks) + 1)
    least = before[-1]  # every stack as narrow as it can be
    for last in range(1, len(stacks) + 1):
        # More stacks than these don't fit into one row in any way.
        start = int(np.searchsorted(least[:last], least[last] - room - gutter))
        first_ones = np.arange(last - 1, min(start, last - 1) - 1, -1)  # the fewest first
        fits = before[:, last, None] - before[:, first_ones] - gutter <= room
        lowest = fits.argmax(axis=0)
        if not fits[-1, 0]:  # a single stack wider than the viewport whatever is done
            lowest[0] = bisect_right(heights, stacks[last - 1].heights[-1]) - 1
        row_heights = heights[lowest].astype(np.int64)
        excess = 0 if good_row is None else np.maximum(0, row_heights - good_row)
        total = costs[first_ones] + (row_heights + excess + row_gutter) * _ROWS + 1
        best = int(total.argmin())
        costs[last] = total[best]
        begins[last], found[last] = int(first_ones[best]), int(row_heights[best])
    rows: list[Row] = []
    end = len(stacks)
    while end:
        first, height = begins[end], found[end]
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


def _within(ways: tuple[Card, ...], height: int) -> Card:
    fitting = [card for card in ways if card.frame.height <= height]
    return fitting[-1] if fitting else ways[0]


def _size(cards: tuple[Card, ...]) -> tuple[int, int]:
    height = sum(card.frame.height for card in cards) + STACK_PX * (len(cards) - 1)
    return height, max(card.frame.width for card in cards)
