"""The ways in which one layer's card can be laid out: shape of its grids, scale, places."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from viewer.core.card_layout import (
    BAR_GAP_PX,
    BAR_PX,
    CLASS_BAR_LENGTH_PX,
    CLASS_BAR_PX,
    COLOR_INPUT_PX,
    GRID_PX,
    KERNEL_GAP_PX,
    LONE_MAP_PX,
    MAX_CARD_PX,
    MIN_CONTENT_PX,
    MIN_SIGNED_PX,
    NOTE_PX,
    PADDING_PX,
    PERCENT_PX,
    TITLE_GAP_PX,
    TITLE_PX,
    TOP_CLASSES,
    Card,
    Rect,
    TextSizes,
    tiles_shape,
)
from viewer.core.card_level import MAX_CLASS_BARS, Level
from viewer.core.imaging.kernels import (
    COLOR_CHANNELS,
    KernelMatrix,
    card_matrix,
    kernel_shape,
)
from viewer.core.imaging.mosaic import GAP_PX, Grid
from viewer.core.records import Kind, Node

_MAX_FILTER_COLUMNS = 8
# Of so few filters on one channel each stands where its map is; more fill the maps' height.
_FEW_FILTERS = 32
_RATIOS = (0.25, 0.35, 0.5, 0.7, 1, 1.4, 2, 2.8, 4)  # of columns to rows, for short last rows


def card_options(
    node: Node,
    nodes: Mapping[str, Node],
    level: Level,
    text: TextSizes,
    width: int,
    *,
    ragged: bool = False,
    height: int | None = None,
) -> tuple[Card, ...]:
    """Return the ways to lay out a card, from flat and wide to high and narrow.

    Parameters
    ----------
    node : Node
    nodes : mapping of name to Node
        The whole network.
    level : Level
    text : TextSizes
    width : int
        What a card should not exceed; narrower than the narrowest way, that one is returned.
    ragged : bool
        Whether a last row may be short where there is a way around it.
    height : int, optional
        What a card should not exceed either; higher than that in every way, the flattest one
        that is narrow enough is returned.

    Returns
    -------
    tuple of Card
        At the origin. Each is narrower and higher than the one before.
    """
    least = MIN_SIGNED_PX if node.signed else MIN_CONTENT_PX
    # On the grid, as frames are: cards that look alike are then laid out once.
    title = _on_grid(max(text.titles.get(node.name, 0), least))
    if node.kind is Kind.SOFTMAX and len(node.output_shape) == 1:
        ways: tuple[Card, ...] = (_class_bars(node.output_shape[0], title, text.class_names),)
    else:
        ways = _best_ways(
            tiles_shape(node.output_shape),
            card_matrix(node, nodes),
            level,
            title,
            node.kind is Kind.INPUT,
            ragged,
        )
    narrow = [way for way in ways if way.frame.width <= width]
    if height is not None and narrow:
        low = [way for way in narrow if way.frame.height <= height]
        if not low and not ragged:
            return card_options(node, nodes, level, text, width, ragged=True, height=height)
        narrow = low or narrow[:1]
    return tuple(narrow) or ways[-1:]


def least_area(node: Node, nodes: Mapping[str, Node], level: Level) -> int:
    """Return the pixels that the pictures of a card cover, however it is laid out."""
    count, height, width = tiles_shape(node.output_shape)
    units = height == width == 1
    scale = level.unit_scale(count) if units else level.scale(height, width)
    reduce = 1 if units else level.reduction(height, width)
    if node.kind is Kind.INPUT and count == COLOR_CHANNELS and not units:
        count = 1  # one picture
    pixels = count * -(-height // reduce) * -(-width // reduce)
    area = 0.0 if node.kind is Kind.SOFTMAX else pixels * level.pitch(scale) ** 2
    matrix = card_matrix(node, nodes)
    if matrix is not None:
        area += math.prod(kernel_shape(matrix)) * level.pitch(level.kernel_scale(matrix)) ** 2
    return int(area)


@lru_cache(maxsize=1024)  # a resize asks for the same cards again and again
def _best_ways(
    tiles: tuple[int, int, int],
    matrix: KernelMatrix | None,
    level: Level,
    title: int,
    is_input: bool,
    ragged: bool,
) -> tuple[Card, ...]:
    """Return the ways that no other beats in both width and height, flat ones first."""
    ways = sorted(
        _ways(tiles, matrix, level, title, is_input, ragged),
        key=lambda card: (card.frame.height, card.frame.width, -card.grid.columns),
    )
    best: list[Card] = []
    for card in ways:
        if not best or card.frame.width < best[-1].frame.width:
            best.append(card)
    return tuple(best)


def _ways(
    tiles: tuple[int, int, int],
    matrix: KernelMatrix | None,
    level: Level,
    title: int,
    is_input: bool,
    ragged: bool,
) -> Iterator[Card]:
    count, height, width = tiles
    units = height == width == 1
    scale = level.unit_scale(count) if units else level.scale(height, width)
    reduce = 1 if units else level.reduction(height, width)
    if is_input and count == COLOR_CHANNELS and not units:
        yield _color_input(height, width, scale, reduce, title, level)
        return
    if count == 1:
        reduce = _less_reduced(reduce, max(height, width), math.floor(LONE_MAP_PX / level.pitch(1)))
    extent = None if reduce == 1 else (height, width)
    if is_input:  # the card is as wide anyway
        scale = max(scale, MIN_CONTENT_PX // max(width, height))
    for columns in _columns(count, ragged):
        gap = 0 if units else GAP_PX
        grid = Grid(count, -(-height // reduce), -(-width // reduce), columns, gap)
        for card in _with_kernels(grid, scale, title, matrix, level):
            yield card if extent is None else replace(card, reduce=reduce, extent=extent)


def _color_input(
    height: int, width: int, scale: int, reduce: int, title: int, level: Level
) -> Card:
    """Return the card of an image in colour: one picture, without a bar of grey values."""
    reduce = _less_reduced(reduce, max(height, width), math.floor(COLOR_INPUT_PX / level.pitch(1)))
    scale = max(scale, MIN_CONTENT_PX // max(width, height))
    grid = Grid(1, -(-height // reduce), -(-width // reduce), 1)
    card = _card(grid, scale, title, level)
    frame = replace(card.frame, height=_on_grid(card.maps.bottom + PADDING_PX))
    extent = None if reduce == 1 else (height, width)
    return replace(card, frame=frame, bar=None, color=True, reduce=reduce, extent=extent)


def _less_reduced(reduce: int, longest: int, most: int) -> int:
    """Return the least reduction, a power of two, of a map that is to be `most` pixels long."""
    while reduce > 1 and 2 * longest <= most * reduce:
        reduce //= 2
    return reduce


def _with_kernels(
    grid: Grid, scale: int, title: int, matrix: KernelMatrix | None, level: Level
) -> Iterator[Card]:
    if matrix is None:
        yield _card(grid, scale, title, level)
        return
    kernel_scale = level.kernel_scale(matrix)
    for filters in _filters(matrix, grid.columns, kernel_scale):
        for beside in (True, False):
            yield _card(grid, scale, title, level, filters, beside)


def _columns(count: int, ragged: bool = False) -> tuple[int, ...]:
    """Return numbers of columns that fill all rows, and a few more where there are few."""
    whole = {n for n in range(1, math.isqrt(count) + 1) if count % n == 0}
    whole |= {count // n for n in whole}
    if count > 4 and (ragged or len(whole) < 4):  # fewer than four: a prime, or nearly
        whole |= {math.ceil(math.sqrt(count * ratio)) for ratio in _RATIOS}
    return tuple(sorted(whole))


@lru_cache(maxsize=256)
def _filters(matrix: KernelMatrix, map_columns: int, scale: int) -> tuple[KernelMatrix, ...]:
    """Return the ways to lay out kernels of `scale` pixels a weight."""
    ways = [replace(matrix, columns=n) for n in _filter_columns(matrix, map_columns)]
    # Where there is a way to see all filters at once, no other is worth scrolling for.
    low = [one for one in ways if one.grid.shape[0] * scale <= MAX_CARD_PX]
    return tuple(low or ways[-1:])


def _filter_columns(matrix: KernelMatrix, map_columns: int) -> tuple[int, ...]:
    if matrix.height == matrix.width == 1:
        return (1,)
    if matrix.inputs == 1:
        if matrix.outputs <= _FEW_FILTERS and not matrix.color:
            return (min(map_columns, matrix.outputs),)  # each kernel where its map is
        return _columns(matrix.outputs, ragged=True)
    return tuple(n for n in _columns(matrix.outputs) if n <= _MAX_FILTER_COLUMNS)


def _card(
    grid: Grid,
    scale: int,
    title_px: int,
    level: Level,
    matrix: KernelMatrix | None = None,
    beside: bool = True,
) -> Card:
    x, y = PADDING_PX, PADDING_PX + TITLE_PX + TITLE_GAP_PX
    maps = _scaled(grid, level.pitch(scale), x, y)
    kernels, note, kernel_scale = None, 0, 1
    if matrix is not None:
        kernel_scale = level.kernel_scale(matrix)
        kernels = _scaled(matrix.grid, level.pitch(kernel_scale), x, y)
        note = NOTE_PX if matrix.total is not None else 0
        maps = (
            maps.moved(kernels.width + KERNEL_GAP_PX, 0)
            if beside
            else maps.moved(0, kernels.height + note + KERNEL_GAP_PX)
        )
    right = max(maps.right, kernels.right if kernels else 0, x + title_px)
    bottom = max(maps.bottom, kernels.bottom + note if kernels else 0)
    frame = Rect(
        0,
        0,
        _on_grid(right + PADDING_PX),
        _on_grid(bottom + BAR_GAP_PX + BAR_PX + PADDING_PX // 2),
    )
    inner = frame.width - 2 * PADDING_PX
    title = Rect(PADDING_PX, PADDING_PX, inner, TITLE_PX)
    bar = Rect(PADDING_PX, bottom + BAR_GAP_PX, inner, BAR_PX)
    return Card("", frame, title, maps, grid, scale, kernels, bar, matrix, kernel_scale)


def _class_bars(classes: int, title_px: int, names_px: int) -> Card:
    rows = classes if classes <= MAX_CLASS_BARS else TOP_CLASSES
    inner = max(title_px, names_px + CLASS_BAR_LENGTH_PX + PERCENT_PX + 2 * PADDING_PX)
    title = Rect(PADDING_PX, PADDING_PX, inner, TITLE_PX)
    maps = Rect(PADDING_PX, title.bottom + TITLE_GAP_PX, inner, rows * CLASS_BAR_PX)
    width, height = maps.right + PADDING_PX, maps.bottom + PADDING_PX
    frame = Rect(0, 0, _on_grid(width), _on_grid(height))
    maps = replace(maps, width=frame.width - 2 * PADDING_PX)
    return Card("", frame, title, maps, Grid(rows, 1, 1, 1, 0), CLASS_BAR_PX, bars=True)


def _scaled(grid: Grid, pitch: float, x: int, y: int) -> Rect:
    height, width = grid.shape
    return Rect(x, y, math.ceil(width * pitch), math.ceil(height * pitch))


def _on_grid(length: int) -> int:
    return -(-length // GRID_PX) * GRID_PX
