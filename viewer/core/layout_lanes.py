"""The room between rows: lanes for edges that pass cards, and headings of opened blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from viewer.core.blocks import OpenedBlock
from viewer.core.card_layout import Card, Rect
from viewer.core.records import Node

LANE_PX = 5  # between lines side by side
MAX_LANES = 7  # with more, lines share a lane
BAND_PX = 4  # of a band around its cards
NEST_PX = 2  # that an outer band reaches farther than the one inside
HEADING_PX = 16  # above the cards of a band: its name
MAX_MARGIN_LANES = 4  # beside all rows

Segment = tuple[float, float, str]  # from, to, and name of the source: lines of one are one


@dataclass(frozen=True, slots=True)
class Band:
    """An opened block, as it stands among the cards.

    Attributes
    ----------
    path, type_name : str
    rects : tuple of Rect
        One a row; where other cards stand between its own, one a column.
    heading : Rect
        Room for its name, at the first of them.
    depth : int
        How many bands are around it.
    """

    path: str
    type_name: str
    rects: tuple[Rect, ...]
    heading: Rect
    depth: int = 0


def assign_lanes(segments: Iterable[Segment], most: int = MAX_LANES) -> dict[str, int]:
    """Give every source a lane in which nothing else runs beside it, from 0 up.

    Parameters
    ----------
    segments : iterable of (from, to, source)
        Along the lanes; those of one source share its lane.
    most : int
        How many lanes there are; beyond that they are shared.
    """
    spans: dict[str, tuple[float, float]] = {}
    for start, end, source in segments:
        low, high = min(start, end), max(start, end)
        known = spans.get(source, (low, high))
        spans[source] = min(known[0], low), max(known[1], high)
    ends: list[float] = []
    lanes: dict[str, int] = {}
    for source, (low, high) in sorted(spans.items(), key=lambda item: (item[1], item[0])):
        free = (lane for lane, end in enumerate(ends) if end < low)
        lane = next(free, len(ends))
        if lane == len(ends):
            ends.append(high)
        ends[lane] = max(ends[lane], high)
        lanes[source] = lane % most
    return lanes


def margin_lanes_needed(nodes: Sequence[Node], rows: Mapping[str, int]) -> dict[str, int]:
    """Return the lanes beside all rows, by the source of the edge that passes rows."""
    segments = [
        (rows[source] + 1, rows[node.name], source)
        for node in nodes
        for source in node.inputs
        if source in rows and rows.get(node.name, 0) > rows[source] + 1
    ]
    return assign_lanes(segments, MAX_MARGIN_LANES)


def lanes_needed(
    nodes: Sequence[Node],
    columns: Mapping[str, int],
    rows: Mapping[str, int],
    middles: Mapping[str, float],
) -> list[dict[str, int]]:
    """Return the lanes above every row, by the source of the edge.

    Parameters
    ----------
    nodes : sequence of Node
    columns, rows : mapping of node name to int
    middles : mapping of node name to float
        The x of the middle of each card.
    """
    count = max(rows.values(), default=-1) + 1
    above: list[list[Segment]] = [[] for _ in range(count)]
    for node in nodes:
        for source in node.inputs:
            if source not in middles or node.name not in middles:
                continue
            start, end = middles[source], middles[node.name]
            row, target = rows[source], rows[node.name]
            if row == target:
                if columns[node.name] - columns[source] > 1:
                    above[row].append((start, end, source))
            elif target == row + 1:
                above[target].append((start, end, source))
            else:
                above[row + 1].append((start, 0, source))
                above[target].append((0, end, source))
    return [assign_lanes(segments) for segments in above]


def headings_by_row(
    opened: Sequence[OpenedBlock], rows: Mapping[str, int]
) -> dict[int, dict[str, int]]:
    """Return how many headings, its own included, each block has above its cards in a row."""
    found: dict[int, dict[str, int]] = {}
    for block in reversed(opened):  # those inside first
        for row in {rows[name] for name in block.members if name in rows}:
            levels = found.setdefault(row, {})
            within = (levels[path] for path in levels if path.startswith(f"{block.path}."))
            levels[block.path] = 1 + max(within, default=0)
    return found


def bands_of(
    opened: Sequence[OpenedBlock],
    columns: Mapping[str, int],
    rows: Mapping[str, int],
    cards: Mapping[str, Card],
) -> tuple[Band, ...]:
    """Return the bands around the cards of opened blocks.

    Parameters
    ----------
    opened : sequence of OpenedBlock
    columns, rows : mapping of node name to int
    cards : mapping of node name to Card
        At their places.
    """
    by_row: dict[int, list[str]] = {}
    for name, row in rows.items():
        by_row.setdefault(row, []).append(name)
    headings = headings_by_row(opened, rows)
    found = []
    for block in opened:
        rects: list[Rect] = []
        for row in sorted({rows[name] for name in block.members if name in rows}):
            names = by_row[row]
            members = [name for name in names if name in block.members]
            levels = headings[row][block.path]
            whole = _bounds(cards[name].frame for name in members)
            others = (cards[name].frame for name in names if name not in block.members)
            if not any(whole.overlaps(other) for other in others):
                rects.append(_around(whole, levels))
                continue
            for column in sorted({columns[name] for name in members}):
                own = [name for name in members if columns[name] == column]
                rects.append(_around(_bounds(cards[name].frame for name in own), 1))
        if rects:
            first = rects[0]
            heading = Rect(first.x, first.y, first.width, HEADING_PX)
            found.append(Band(block.path, block.type_name, tuple(rects), heading, block.depth))
    return tuple(found)


def _around(inside: Rect, levels: int) -> Rect:
    side = BAND_PX + NEST_PX * (levels - 1)
    top = HEADING_PX * levels
    return Rect(
        inside.x - side, inside.y - top, inside.width + 2 * side, inside.height + top + side
    )


def _bounds(rects: Iterable[Rect]) -> Rect:
    found = list(rects)
    x, y = min(rect.x for rect in found), min(rect.y for rect in found)
    return Rect(x, y, max(rect.right for rect in found) - x, max(rect.bottom for rect in found) - y)
