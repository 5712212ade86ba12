"""Where a pixel of a map is on the screen, and what is under a point of it.

Pictures are drawn so that each of their pixels covers a whole number of the screen's own
pixels, also where the ratio of the two kinds is 1.25 or 1.5: nothing is blurred or uneven.
Coordinates are logical pixels of the layout.
"""

from __future__ import annotations

import math

from PyQt6.QtCore import QRectF

from viewer.core.card_layout import Card, Rect
from viewer.core.imaging.mosaic import Grid
from viewer.core.layout import FlowLayout
from viewer.core.records import Selection

_ROUNDING = 1e-6  # ratios such as 1.1 are not exact


def pitch(scale: int, dpr: float) -> float:
    """Return the logical pixels that one pixel of a picture covers.

    Parameters
    ----------
    scale : int
        As laid out.
    dpr : float
        Device pixel ratio.
    """
    return max(1, math.floor(scale * dpr + _ROUNDING)) / dpr


def part_rect(
    place: Rect, scale: int, dpr: float, origin: tuple[float, float], size: tuple[float, float]
) -> QRectF:
    """Return where a part of a picture is.

    Parameters
    ----------
    place : Rect
        Of the whole picture.
    scale : int
    dpr : float
    origin, size : (y, x) and (height, width)
        Of the part, in the picture's pixels; parts of them where maps are reduced.
    """
    step = pitch(scale, dpr)
    left, top = round(place.x * dpr) / dpr, round(place.y * dpr) / dpr
    return QRectF(left + origin[1] * step, top + origin[0] * step, size[1] * step, size[0] * step)


def picture_rect(place: Rect, grid: Grid, scale: int, dpr: float) -> QRectF:
    """Return where a whole picture is."""
    return part_rect(place, scale, dpr, (0, 0), grid.shape)


def tile_rect(card: Card, channel: int, dpr: float) -> QRectF:
    """Return where a map, a unit or a class bar is; the row of the bar for bars."""
    if card.bars:
        top = card.maps.y + channel * card.scale
        return QRectF(card.maps.x, top, card.maps.width, card.scale)
    channel = 0 if card.color else channel
    size = card.grid.height, card.grid.width
    return part_rect(card.maps, card.scale, dpr, card.grid.origin(channel), size)


def patch_rect(
    card: Card, channel: int, top_left: tuple[int, int], size: tuple[int, int], dpr: float
) -> QRectF:
    """Return where a part of a map is, whose place and size are in the map's own pixels."""
    if card.bars:
        return tile_rect(card, channel, dpr)
    y, x = card.grid.origin(0 if card.color else channel)
    if card.reduce == 1:
        return part_rect(card.maps, card.scale, dpr, (y + top_left[0], x + top_left[1]), size)
    step = 1 / card.reduce
    origin = y + top_left[0] * step, x + top_left[1] * step
    return part_rect(card.maps, card.scale, dpr, origin, (size[0] * step, size[1] * step))


def kernel_rect(card: Card, selection: Selection, dpr: float) -> QRectF:
    """Return where the weight that `selection` names is."""
    matrix, place = card.matrix, card.kernels
    if matrix is None or place is None or selection.in_channel is None:
        return QRectF()
    y, x = matrix.origin(selection.channel, selection.in_channel)
    return part_rect(place, card.kernel_scale, dpr, (y + selection.y, x + selection.x), (1, 1))


def card_at(layout: FlowLayout, x: float, y: float) -> Card | None:
    """Return the card under a point."""
    return next((card for card in layout.cards.values() if card.frame.contains(x, y)), None)


def selection_at(card: Card, x: float, y: float, dpr: float) -> Selection | None:
    """Return the pixel of a map, or the weight, under a point of a card.

    The channel of a class bar is its row.
    """
    if card.bars:
        row = math.floor((y - card.maps.y) / card.scale)
        inside = card.maps.contains(x, y) and row < card.grid.count
        return Selection(card.node, row) if inside else None
    found = _map_pixel(card, x, y, dpr)
    if found is not None:
        return Selection(card.node, *found)
    if card.matrix is None or card.kernels is None:
        return None
    weight = card.matrix.at(*_pixel(card.kernels, card.kernel_scale, x, y, dpr))
    if weight is None:
        return None
    channel, in_channel, ky, kx = weight
    return Selection(card.node, channel, ky, kx, in_channel)


def _map_pixel(card: Card, x: float, y: float, dpr: float) -> tuple[int, int, int] | None:
    """Return (channel, y, x) of the map's own pixel at a point, also where it is reduced."""
    found = card.grid.at(*_pixel(card.maps, card.scale, x, y, dpr))
    if found is None or card.reduce == 1:
        return found
    channel = found[0]
    tile, step = tile_rect(card, channel, dpr), pitch(card.scale, dpr) / card.reduce
    height, width = card.map_size  # the last pixel of a picture can stand for fewer
    row, column = (math.floor(n / step + _ROUNDING) for n in (y - tile.y(), x - tile.x()))
    return channel, min(max(row, 0), height - 1), min(max(column, 0), width - 1)


def _pixel(place: Rect, scale: int, x: float, y: float, dpr: float) -> tuple[int, int]:
    step = pitch(scale, dpr)
    left, top = round(place.x * dpr) / dpr, round(place.y * dpr) / dpr
    return math.floor((y - top) / step), math.floor((x - left) / step)
