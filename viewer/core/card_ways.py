"""The ways in which one layer's card can be laid out: shape of its grids, scale, places."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import NamedTuple

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

_TOP_PX = PADDING_PX + TITLE_PX + TITLE_GAP_PX  # of a frame, above the pictures
_MAX_FILTER_COLUMNS = 8
# Of so few filters on one channel each stands where its map is; more fill the maps' height.
_FEW_FILTERS = 32
_RATIOS = (0.25, 0.35, 0.5, 0.7, 1, 1.4, 2, 2.8, 4)  # of columns to rows, for short last rows


class _Pictures(NamedTuple):
    """One way to lay out the maps and kernels of a card, whatever its title.

    Attributes
    ----------
    height : int
        Of the card's frame.
    width : int
        Of the pictures.
    grid, scale, reduce, extent, color
        As of `Card`.
    level : Level
    matrix : KernelMatrix or None
    beside : bool
        Whether the maps are beside the kernels, not below.
    """

    height: int
    width: int
    grid: Grid
    scale: int
    level: Level
    reduce: int = 1
    extent: tuple[int, int] | None = None
    color: bool = False
    matrix: KernelMatrix | None = None
    beside: bool = True

    def card(self, title_px: int) -> Card:
        """Return the card, at the origin."""
        x, y = PADDING_PX, _TOP_PX
        height, width = size = _scaled_size(self.grid, self.level.pitch(self.scale))
        maps, kernels, kernel_scale, matrix = Rect(x, y, width, height), None, 1, self.matrix
        if matrix is not None:
            kernel_scale = self.level.kernel_scale(matrix)
            height, width = _kernels_size(matrix, self.level.pitch(kernel_scale))
            kernels = Rect(x, y, width, height - _note_px(matrix))
            across, down = (width, 0) if self.beside else (0, height)
            maps = maps.moved(across and across + KERNEL_GAP_PX, down and down + KERNEL_GAP_PX)
            size = _together(size, (height, width), self.beside)
        frame = Rect(0, 0, _frame_width(max(self.width, title_px)), self.height)
        inner = frame.width - 2 * PADDING_PX
        return Card(
            "",
            frame,
            Rect(x, PADDING_PX, inner, TITLE_PX),
            maps,
            self.grid,
            self.scale,
            kernels,
            None if self.color else Rect(x, y + size[0] + BAR_GAP_PX, inner, BAR_PX),
            matrix,
            kernel_scale,
            reduce=self.reduce,
            extent=self.extent,
            color=self.color,
        )


class _ClassBars(NamedTuple):
    """The only way to lay out the bars of class probabilities, whatever the title.

    Attributes
    ----------
    height : int
        Of the card's frame.
    width : int
        Of the longest row.
    rows : int
    """

    height: int
    width: int
    rows: int

    def card(self, title_px: int) -> Card:
        """Return the card, at the origin."""
        frame = Rect(0, 0, _frame_width(max(self.width, title_px)), self.height)
        inner = frame.width - 2 * PADDING_PX
        title = Rect(PADDING_PX, PADDING_PX, inner, TITLE_PX)
        maps = Rect(PADDING_PX, _TOP_PX, inner, self.rows * CLASS_BAR_PX)
        return Card("", frame, title, maps, Grid(self.rows, 1, 1, 1, 0), CLASS_BAR_PX, bars=True)


class Way:
    """One way to lay out a card: its size, and the card itself once it is wanted.

    Thousands are weighed for a deep network; a few hundred are chosen.

    Attributes
    ----------
    height, width : int
        Of the card's frame.
    """

    __slots__ = ("_card", "_pictures", "_title_px", "height", "width")

    def __init__(self, pictures: _Pictures | _ClassBars, title_px: int) -> None:
        self.height = pictures.height
        self.width = _frame_width(max(pictures.width, title_px))
        self._pictures = pictures
        self._title_px = title_px
        self._card: Card | None = None

    @property
    def card(self) -> Card:
        """The card, at the origin."""
        if self._card is None:
            self._card = self._pictures.card(self._title_px)
        return self._card


def card_options(
    node: Node,
    nodes: Mapping[str, Node],
    level: Level,
    text: TextSizes,
    width: int,
    *,
    ragged: bool = False,
    height: int | None = None,
) -> tuple[Way, ...]:
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
    tuple of Way
        Each is narrower and higher than the one before.
    """
    least = MIN_SIGNED_PX if node.signed else MIN_CONTENT_PX
    # On the grid, as frames are: cards that look alike are then laid out once.
    title = _on_grid(max(text.titles.get(node.name, 0), least))
    if node.kind is Kind.SOFTMAX and len(node.output_shape) == 1:
        ways: tuple[Way, ...] = (Way(_class_bars(node.output_shape[0], text.class_names), title),)
    else:
        ways = _best_ways(
            tiles_shape(node.output_shape),
            card_matrix(node, nodes),
            level,
            title,
            node.kind is Kind.INPUT,
            ragged,
        )
    narrow = [way for way in ways if way.width <= width]
    if height is not None and narrow:
        low = [way for way in narrow if way.height <= height]
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
) -> tuple[Way, ...]:
    """Return the ways that no other beats in both width and height, flat ones first."""
    ways = [Way(one, title) for one in _pictures(tiles, matrix, level, is_input, ragged)]
    best: list[Way] = []
    for way in sorted(ways, key=attrgetter("height", "width")):
        if not best or way.width < best[-1].width:
            best.append(way)
    return tuple(best)


@lru_cache(maxsize=1024)  # layers that differ in their names only have the same pictures
def _pictures(
    tiles: tuple[int, int, int],
    matrix: KernelMatrix | None,
    level: Level,
    is_input: bool,
    ragged: bool,
) -> tuple[_Pictures, ...]:
    """Return the ways that are narrower than all lower ones."""
    # Of those that a wide title makes alike, the one with the most columns.
    ways = sorted(
        _all_pictures(tiles, matrix, level, is_input, ragged),
        key=lambda one: (one.height, -one.grid.columns),
    )
    best: list[_Pictures] = []
    least = math.inf  # width of what is lower
    for _, of_a_height in groupby(ways, key=itemgetter(0)):
        narrower = [one for one in of_a_height if one.width < least]
        best += narrower
        least = min((one.width for one in narrower), default=least)
    return tuple(best)


def _all_pictures(
    tiles: tuple[int, int, int],
    matrix: KernelMatrix | None,
    level: Level,
    is_input: bool,
    ragged: bool,
) -> Iterator[_Pictures]:
    count, height, width = tiles
    units = height == width == 1
    scale = level.unit_scale(count) if units else level.scale(height, width)
    reduce = 1 if units else level.reduction(height, width)
    if is_input and count == COLOR_CHANNELS and not units:
        yield _color_input(height, width, scale, reduce, level)
        return
    if count == 1:
        reduce = _less_reduced(reduce, max(height, width), math.floor(LONE_MAP_PX / level.pitch(1)))
    extent = None if reduce == 1 else (height, width)
    if is_input:  # the card is as wide anyway
        scale = max(scale, MIN_CONTENT_PX // max(width, height))
    gap, pitch = 0 if units else GAP_PX, level.pitch(scale)
    for columns in _columns(count, ragged):
        grid = Grid(count, -(-height // reduce), -(-width // reduce), columns, gap)
        drawn = (grid, scale, level, reduce, extent, False)
        maps = _scaled_size(grid, pitch)
        if matrix is None:
            yield _Pictures(_frame_height(maps[0]), maps[1], *drawn)
            continue
        for filters, kernels in _filters(matrix, columns, level):
            for beside in (True, False):
                size = _together(maps, kernels, beside)
                yield _Pictures(_frame_height(size[0]), size[1], *drawn, filters, beside)


def _color_input(height: int, width: int, scale: int, reduce: int, level: Level) -> _Pictures:
    """Return the card of an image in colour: one picture, without a bar of grey values."""
    reduce = _less_reduced(reduce, max(height, width), math.floor(COLOR_INPUT_PX / level.pitch(1)))
    scale = max(scale, MIN_CONTENT_PX // max(width, height))
    grid = Grid(1, -(-height // reduce), -(-width // reduce), 1)
    extent = None if reduce == 1 else (height, width)
    picture_height, picture_width = _scaled_size(grid, level.pitch(scale))
    frame_height = _on_grid(_TOP_PX + picture_height + PADDING_PX)
    return _Pictures(frame_height, picture_width, grid, scale, level, reduce, extent, color=True)


def _less_reduced(reduce: int, longest: int, most: int) -> int:
    """Return the least reduction, a power of two, of a map that is to be `most` pixels long."""
    while reduce > 1 and 2 * longest <= most * reduce:
        reduce //= 2
    return reduce


def _columns(count: int, ragged: bool = False) -> tuple[int, ...]:
    """Return numbers of columns that fill all rows, and a few more where there are few."""
    whole = {n for n in range(1, math.isqrt(count) + 1) if count % n == 0}
    whole |= {count // n for n in whole}
    if count > 4 and (ragged or len(whole) < 4):  # fewer than four: a prime, or nearly
        whole |= {math.ceil(math.sqrt(count * ratio)) for ratio in _RATIOS}
    return tuple(sorted(whole))


@lru_cache(maxsize=256)
def _filters(
    matrix: KernelMatrix, map_columns: int, level: Level
) -> tuple[tuple[KernelMatrix, tuple[int, int]], ...]:
    """Return the ways to lay out kernels, and their sizes."""
    scale = level.kernel_scale(matrix)
    ways = [replace(matrix, columns=n) for n in _filter_columns(matrix, map_columns)]
    # Where there is a way to see all filters at once, no other is worth scrolling for.
    low = [one for one in ways if one.grid.shape[0] * scale <= MAX_CARD_PX]
    return tuple((one, _kernels_size(one, level.pitch(scale))) for one in low or ways[-1:])


def _filter_columns(matrix: KernelMatrix, map_columns: int) -> tuple[int, ...]:
    if matrix.height == matrix.width == 1:
        return (1,)
    if matrix.inputs == 1:
        if matrix.outputs <= _FEW_FILTERS and not matrix.color:
            return (min(map_columns, matrix.outputs),)  # each kernel where its map is
        return _columns(matrix.outputs, ragged=True)
    return tuple(n for n in _columns(matrix.outputs) if n <= _MAX_FILTER_COLUMNS)


def _class_bars(classes: int, names_px: int) -> _ClassBars:
    rows = classes if classes <= MAX_CLASS_BARS else TOP_CLASSES
    width = names_px + CLASS_BAR_LENGTH_PX + PERCENT_PX + 2 * PADDING_PX
    return _ClassBars(_on_grid(_TOP_PX + rows * CLASS_BAR_PX + PADDING_PX), width, rows)


def _together(maps: tuple[int, int], kernels: tuple[int, int], beside: bool) -> tuple[int, int]:
    """Return (height, width) of maps and kernels with a gap between them."""
    if beside:
        return max(maps[0], kernels[0]), maps[1] + KERNEL_GAP_PX + kernels[1]
    return maps[0] + KERNEL_GAP_PX + kernels[0], max(maps[1], kernels[1])


def _kernels_size(matrix: KernelMatrix, pitch: float) -> tuple[int, int]:
    """Return (height, width) of kernels, with the note below them."""
    height, width = _scaled_size(matrix.grid, pitch)
    return height + _note_px(matrix), width


def _note_px(matrix: KernelMatrix) -> int:
    return 0 if matrix.total is None else NOTE_PX


def _scaled_size(grid: Grid, pitch: float) -> tuple[int, int]:
    height, width = grid.shape
    return math.ceil(height * pitch), math.ceil(width * pitch)


def _frame_height(pictures_px: int) -> int:
    return _on_grid(_TOP_PX + pictures_px + BAR_GAP_PX + BAR_PX + PADDING_PX // 2)


def _frame_width(inner_px: int) -> int:
    return _on_grid(inner_px + 2 * PADDING_PX)


def _on_grid(length: int) -> int:
    return -(-length // GRID_PX) * GRID_PX
