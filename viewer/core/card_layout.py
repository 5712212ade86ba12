"""What a layer's card is: where its title, kernels, maps and bar are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from viewer.core.card_level import ZOOMS
from viewer.core.imaging.kernels import (
    KernelMatrix,
)
from viewer.core.imaging.mosaic import Grid
from viewer.core.records import Node

GRID_PX = 8  # frames begin and end on it
PADDING_PX = 8  # between a frame and what is in it
TITLE_LINE_PX = 16
TITLE_PX = 2 * TITLE_LINE_PX  # name and type; shape and parameters
TITLE_GAP_PX = 4
BAR_GAP_PX = 4
BAR_PX = 20  # a strip of colours, the numbers below it
KERNEL_GAP_PX = 8  # between the kernels and the maps
NOTE_PX = 16  # a line below the kernels, where they are an excerpt
MIN_CONTENT_PX = 96  # two numbers side by side below the bar
MIN_SIGNED_PX = 104  # three numbers

TOP_CLASSES = 10
CLASS_BAR_PX = 14
CLASS_BAR_LENGTH_PX = 64
PERCENT_PX = 52  # "100.0 %", in bold

# Where the view scrolls, no card is higher if it can be wider: it should fit into a viewport.
MAX_CARD_PX = 600
COLOR_INPUT_PX = 128  # longest side, at most, of an image in colour that is reduced
LONE_MAP_PX = 192  # and of a map that is all there is, such as of tokens

_SMALL_PX = 32  # a network without larger maps has no use for reduced ones


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
        Of the picture; units are maps of 1 × 1 without gaps.
    scale : int
        Screen pixels a pixel of the picture; for class bars, a bar's height.
    matrix : KernelMatrix or None
    kernel_scale : int
        Screen pixels a weight.
    bars : bool
        Whether the maps are bars of class probabilities, one a row.
    reduce : int
        Pixels of a map, down and across, that one pixel of the picture shows.
    extent : (height, width) or None
        Of a map in its own pixels, where maps are reduced.
    color : bool
        Whether the maps are one picture: the red, green and blue of an image.
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
    reduce: int = 1
    extent: tuple[int, int] | None = None
    color: bool = False

    @property
    def map_size(self) -> tuple[int, int]:
        """Height and width of a map in its own pixels."""
        return self.extent or (self.grid.height, self.grid.width)

    def placed(self, node: str, dx: int, dy: int) -> Card:
        """Return it for a node, moved to its place."""
        return Card(  # not `replace`: of hundreds of cards that takes several times longer
            node,
            self.frame.moved(dx, dy),
            self.title.moved(dx, dy),
            self.maps.moved(dx, dy),
            self.grid,
            self.scale,
            self.kernels.moved(dx, dy) if self.kernels else None,
            self.bar.moved(dx, dy) if self.bar else None,
            self.matrix,
            self.kernel_scale,
            self.bars,
            self.reduce,
            self.extent,
            self.color,
        )


def least_zoom(nodes: Iterable[Node]) -> float:
    """Return the smallest of `ZOOMS` that makes sense: 1 where all maps are small anyway."""
    longest = max((max(tiles_shape(node.output_shape)[1:]) for node in nodes), default=1)
    return ZOOMS[0] if longest > _SMALL_PX else 1


def tiles_shape(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Return an output's shape as (tiles, height, width)."""
    if len(shape) == 3:
        return shape[0], shape[1], shape[2]
    if len(shape) == 2:
        return 1, shape[0], shape[1]
    return math.prod(shape), 1, 1
