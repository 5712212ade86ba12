"""The ways in which one layer's card can be laid out: shape of its grids, scale, places."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType

from viewer.core.imaging.kernels import KernelMatrix, kernel_matrix, kernel_shape
from viewer.core.imaging.mosaic import GAP_PX, Grid
from viewer.core.records import Kind, Node

GRID_PX = 8  # frames begin and end on it
PADDING_PX = 8  # between a frame and what is in it
TITLE_LINE_PX = 16
TITLE_PX = 2 * TITLE_LINE_PX  # name and type; shape and parameters
TITLE_GAP_PX = 4
BAR_GAP_PX = 4
BAR_PX = 20  # a strip of colours, the numbers below it
KERNEL_GAP_PX = 12  # between the kernels and the maps
MIN_CONTENT_PX = 96  # two numbers side by side below the bar
MIN_SIGNED_PX = 104  # three numbers

MAX_CLASS_BARS = 16  # with more classes, only the likeliest TOP_CLASSES have a bar
TOP_CLASSES = 10
CLASS_BAR_PX = 14
CLASS_BAR_LENGTH_PX = 64
PERCENT_PX = 52  # "100.0 %", in bold

# Maps of this size have the level's own scale; smaller ones are enlarged a little more.
REFERENCE_PX = 28
_UNIT_PX = 5.3  # a unit of a dense layer at level 1: as a map of 1 × 1 by the same rule
_MANY_UNITS = 64  # units get smaller beyond
_MIN_UNIT_PX = 2
_LOGIT_PX = 16  # a unit of a layer so small that each of its units can be pointed at
_KERNEL_PX = 10  # a lone kernel at level 1
_MATRIX_SHARE = 0.87  # scale of the kernels of many input channels, of the level's
_DENSE_WEIGHTS_PX = 112  # longest side of the picture of a dense layer's weights, level 1
_MAX_FILTER_COLUMNS = 8
_RATIOS = (0.25, 0.35, 0.5, 0.7, 1, 1.4, 2, 2.8, 4)  # of columns to rows, for short last rows


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle in logical pixels, y downwards."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The x behind the last pixel."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The y below the last pixel."""
        return self.y + self.height

    def contains(self, x: float, y: float) -> bool:
        """Return whether a point is inside."""
        return self.x <= x < self.right and self.y <= y < self.bottom

    def overlaps(self, other: Rect) -> bool:
        """Return whether the two have a pixel in common."""
        across = self.x < other.right and other.x < self.right
        return across and self.y < other.bottom and other.y < self.bottom

    def moved(self, dx: int, dy: int) -> Rect:
        """Return it at another place."""
        return Rect(self.x + dx, self.y + dy, self.width, self.height)


@dataclass(frozen=True, slots=True)
class Level:
    """How large maps are.

    Attributes
    ----------
    zoom : float
        Screen pixels a pixel of a map of `REFERENCE_PX`.
    growth : float
        How much more smaller maps are enlarged: the scale goes with (reference / size) to
        this power. 0 for the same scale everywhere.
    """

    zoom: float
    growth: float = 0.5

    def scale(self, height: int, width: int) -> int:
        """Return the integer scale for maps of a size; at least 1."""
        larger: float = (REFERENCE_PX / max(height, width)) ** self.growth
        return max(1, math.floor(self.zoom * larger + 0.5))

    def unit_scale(self, units: int) -> int:
        """Return the pixels for one unit of a dense layer."""
        if units <= MAX_CLASS_BARS:
            return max(_LOGIT_PX, round(_UNIT_PX * self.zoom))
        crowd = min(1.0, math.sqrt(_MANY_UNITS / units))
        return max(_MIN_UNIT_PX, round(_UNIT_PX * self.zoom * crowd))

    def kernel_scale(self, matrix: KernelMatrix) -> int:
        """Return the integer scale for kernels."""
        longest = max(matrix.height, matrix.width)
        if longest == 1:  # one weight a pixel: a dense layer
            side = max(matrix.outputs, matrix.inputs)
            return min(4, max(1, math.floor(_DENSE_WEIGHTS_PX * self.zoom / side)))
        if longest >= REFERENCE_PX / 2:  # a dense layer that looks at whole images
            return max(1, math.floor(self.zoom / 2))
        if matrix.inputs == 1:
            return max(1, round(_KERNEL_PX * self.zoom / longest))
        return max(1, math.floor(self.zoom * _MATRIX_SHARE))


@dataclass(frozen=True, slots=True)
class TextSizes:
    """How much room text needs, as measured in the fonts at hand.

    Attributes
    ----------
    titles : mapping of node name to int
        Width in pixels of the wider of a card's two title lines.
    class_names : int
        Width in pixels of the longest class name.
    """

    titles: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    class_names: int = 8


@dataclass(frozen=True, slots=True)
class Card:
    """Where everything of one layer is.

    Attributes
    ----------
    node : str
        Name of the node; empty for a way to lay out a card that is not placed yet.
    frame, title, maps : Rect
    kernels, bar : Rect or None
        None where there are none.
    grid : Grid
        Of the maps; units are maps of 1 × 1 without gaps.
    scale : int
        Screen pixels a pixel of a map; for class bars, a bar's height.
    matrix : KernelMatrix or None
    kernel_scale : int
        Screen pixels a weight.
    bars : bool
        Whether the maps are bars of class probabilities, one a row.
    """

    node: str
    frame: Rect
    title: Rect
    maps: Rect
    grid: Grid
    scale: int
    kernels: Rect | None = None
    bar: Rect | None = None
    matrix: KernelMatrix | None = None
    kernel_scale: int = 1
    bars: bool = False

    def placed(self, node: str, dx: int, dy: int) -> Card:
        """Return it for a node, moved to its place."""
        return replace(
            self,
            node=node,
            frame=self.frame.moved(dx, dy),
            title=self.title.moved(dx, dy),
            maps=self.maps.moved(dx, dy),
            kernels=self.kernels.moved(dx, dy) if self.kernels else None,
            bar=self.bar.moved(dx, dy) if self.bar else None,
        )


def tiles_shape(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Return an output's shape as (tiles, height, width)."""
    if len(shape) == 3:
        return shape[0], shape[1], shape[2]
    if len(shape) == 2:
        return 1, shape[0], shape[1]
    return math.prod(shape), 1, 1


def card_options(
    node: Node,
    nodes: Mapping[str, Node],
    level: Level,
    text: TextSizes,
    width: int,
    *,
    ragged: bool = False,
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

    Returns
    -------
    tuple of Card
        At the origin. Each is narrower and higher than the one before.
    """
    least = MIN_SIGNED_PX if node.signed else MIN_CONTENT_PX
    title = max(text.titles.get(node.name, 0), least)
    if node.kind is Kind.SOFTMAX and len(node.output_shape) == 1:
        ways: tuple[Card, ...] = (_class_bars(node.output_shape[0], title, text.class_names),)
    else:
        ways = _best_ways(
            tiles_shape(node.output_shape),
            kernel_matrix(node, nodes),
            level,
            title,
            node.kind is Kind.INPUT,
            ragged,
        )
    narrow = [way for way in ways if way.frame.width <= width]
    return tuple(narrow) or ways[-1:]


def least_area(node: Node, nodes: Mapping[str, Node], level: Level) -> int:
    """Return the pixels that the pictures of a card cover, however it is laid out."""
    count, height, width = tiles_shape(node.output_shape)
    units = height == width == 1
    scale = level.unit_scale(count) if units else level.scale(height, width)
    area = 0 if node.kind is Kind.SOFTMAX else count * height * width * scale**2
    matrix = kernel_matrix(node, nodes)
    if matrix is not None:
        area += math.prod(kernel_shape(matrix)) * level.kernel_scale(matrix) ** 2
    return area


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
    if is_input:  # the card is as wide anyway
        scale = max(scale, MIN_CONTENT_PX // max(width, height))
    for columns in _columns(count, ragged):
        grid = Grid(count, height, width, columns, 0 if units else GAP_PX)
        if matrix is None:
            yield _card(grid, scale, title)
            continue
        for filter_columns in _filter_columns(matrix, columns):
            filters = replace(matrix, columns=filter_columns)
            for beside in (True, False):
                yield _card(grid, scale, title, filters, level.kernel_scale(matrix), beside)


def _columns(count: int, ragged: bool = False) -> tuple[int, ...]:
    """Return numbers of columns that fill all rows, and a few more where there are few."""
    whole = {n for n in range(1, math.isqrt(count) + 1) if count % n == 0}
    whole |= {count // n for n in whole}
    if count > 4 and (ragged or len(whole) < 4):  # fewer than four: a prime, or nearly
        whole |= {math.ceil(math.sqrt(count * ratio)) for ratio in _RATIOS}
    return tuple(sorted(whole))


def _filter_columns(matrix: KernelMatrix, map_columns: int) -> tuple[int, ...]:
    if matrix.height == matrix.width == 1:
        return (1,)
    if matrix.inputs == 1:
        return (min(map_columns, matrix.outputs),)  # each kernel where its map is
    return tuple(n for n in _columns(matrix.outputs) if n <= _MAX_FILTER_COLUMNS)


def _card(
    grid: Grid,
    scale: int,
    title_px: int,
    matrix: KernelMatrix | None = None,
    kernel_scale: int = 1,
    beside: bool = True,
) -> Card:
    x, y = PADDING_PX, PADDING_PX + TITLE_PX + TITLE_GAP_PX
    maps = _scaled(grid, scale, x, y)
    kernels = None
    if matrix is not None:
        kernels = _scaled(matrix.grid, kernel_scale, x, y)
        maps = (
            maps.moved(kernels.width + KERNEL_GAP_PX, 0)
            if beside
            else maps.moved(0, kernels.height + KERNEL_GAP_PX)
        )
    right = max(maps.right, kernels.right if kernels else 0, x + title_px)
    bottom = max(maps.bottom, kernels.bottom if kernels else 0)
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


def _scaled(grid: Grid, scale: int, x: int, y: int) -> Rect:
    height, width = grid.shape
    return Rect(x, y, width * scale, height * scale)


def _on_grid(length: int) -> int:
    return -(-length // GRID_PX) * GRID_PX
