"""The terms of a convolution: of each input channel window, kernel, products and their sum."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QFontMetricsF, QPainter

from viewer.core.imaging.numbers import format_number
from viewer.core.records import Selection
from viewer.widgets.cells import needs_black_text
from viewer.widgets.sliding.numbers import CellNumbers, body_px
from viewer.widgets.theme import GRID_PX, TextSize, text_font
from viewer.widgets.trace.blocks import WIDEST_NUMBER, Hit
from viewer.widgets.trace.cells import Plates, paint_plates, plates
from viewer.widgets.trace.text import exact

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from viewer.core.explain.trace_weighted import ConvolutionPart
    from viewer.core.imaging.color_scale import ColorScale
    from viewer.widgets.theme import Theme

SIGN_PX = 12
MIN_CELL_PX, NUMBER_CELL_PX = 3, 28  # from the second on two decimals fit
SPARE_PX = 26  # by which cells are larger at most, where there is room
GAP_PX = 2 * GRID_PX  # between terms side by side
_FLAGS = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip


@dataclass(slots=True)
class TermsBlock:
    """The channels, the largest contribution first: side by side where there is room.

    Attributes
    ----------
    part : ConvolutionPart
    source_scale : callable
        From input channels, (N,), to the colours of their values.
    kernel_scale, product_scale : ColorScale
    numbers : (CellNumbers, CellNumbers, CellNumbers)
        For windows, kernels, products.
    name : callable
        From an input channel to what it is called.
    count : int
        How many channels are shown at most.
    """

    part: ConvolutionPart
    source_scale: Callable[[int], ColorScale]
    kernel_scale: ColorScale
    product_scale: ColorScale
    numbers: tuple[CellNumbers, CellNumbers, CellNumbers]
    name: Callable[[int], str]
    count: int
    _grid: _Grid | None = field(default=None, init=False)

    def height(self, width: float) -> float:
        """Return the height of all terms."""
        grid = self._at(width)
        return math.ceil(self._shown / grid.columns) * grid.item_height

    def paint(self, painter: QPainter, width: float, seen: QRectF, theme: Theme) -> None:
        """Paint the terms in sight: the arrays of all of them together."""
        grid = self._at(width)
        first = max(0, math.floor(seen.top() / grid.item_height)) * grid.columns
        last = max(0, math.ceil(seen.bottom() / grid.item_height)) * grid.columns
        ranks = range(first, min(last, self._shown))
        if not ranks:
            return
        corners = [grid.corner(rank) for rank in ranks]
        for rank, corner in zip(ranks, corners, strict=True):
            self._paint_words(painter, rank, corner, grid, theme)
        shown = self.part.order[ranks.start : ranks.stop]
        self._paint_arrays(painter, shown, corners, grid, theme)

    def hit(self, point: QPointF, width: float) -> Hit | None:
        """Return the cell under a point, or the channel."""
        grid = self._at(width)
        column = int(point.x() // grid.pitch)
        rank = int(point.y() // grid.item_height) * grid.columns + column
        if not (0 <= column < grid.columns and 0 <= rank < self._shown):
            return None
        corner = grid.corner(rank)
        place = int(self.part.order[rank])
        for which, offset in enumerate(grid.offsets):
            x = (point.x() - corner.x() - offset) / grid.cell_px
            y = (point.y() - corner.y() - grid.title_px) / grid.cell_px
            if 0 <= x < grid.shape[1] and 0 <= y < grid.shape[0]:
                left = corner.x() + offset + int(x) * grid.cell_px
                top = corner.y() + grid.title_px + int(y) * grid.cell_px
                rect = QRectF(left, top, grid.cell_px, grid.cell_px)
                return self._cell_hit(rect, which, place, int(y), int(x))
        if point.y() - corner.y() < grid.title_px:
            rect = QRectF(corner.x(), corner.y(), grid.item_width, grid.title_px)
            channel = self.part.first_channel + place
            total, running = float(self.part.sums[place]), float(self.part.running[rank])
            text = f"{self.name(channel)}: sum {exact(total)}, running sum {exact(running)}"
            return Hit(rect, text, self._strongest(place))
        return None

    def _cell_hit(self, rect: QRectF, which: int, place: int, row: int, column: int) -> Hit:
        part = self.part
        where = int(part.ys[row]), int(part.xs[column])
        channel = part.first_channel + place
        value, weight = float(part.windows[place, row, column]), part.kernels[place, row, column]
        product = float(part.products[place, row, column])
        inside = bool(part.inside[row, column])
        here = f"y {where[0]}, x {where[1]}" if inside else "padding"
        if inside and part.on_padding[row, column]:
            here = f"padding, a copy of {here}"
        text = (
            f"{part.source} · {self.name(channel)} · {here}:"
            f" {exact(value)} × {exact(float(weight))} = {exact(product)}"
        )
        return Hit(rect, text, Selection(part.source, channel, *where) if inside else None)

    def _strongest(self, place: int) -> Selection | None:
        part = self.part
        if not part.inside.any():
            return None
        amounts = np.where(part.inside, np.abs(part.products[place]), -1.0)
        row, column = divmod(int(amounts.argmax()), amounts.shape[1])
        where = int(part.ys[row]), int(part.xs[column])
        return Selection(part.source, part.first_channel + place, *where)

    def _paint_words(
        self, painter: QPainter, rank: int, corner: QPointF, grid: _Grid, theme: Theme
    ) -> None:
        place = int(self.part.order[rank])
        total, running = float(self.part.sums[place]), float(self.part.running[rank])
        name = self.name(self.part.first_channel + place)
        sums = f"sum {format_number(total)}"
        line = QFontMetricsF(text_font(TextSize.SMALL)).height()
        box = QRectF(corner.x(), corner.y(), grid.item_width, line)
        painter.setFont(text_font(TextSize.SMALL, bold=True))
        painter.setPen(theme.color("text"))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft), name)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignRight), sums)
        box.translate(0, line)
        painter.setFont(text_font(TextSize.SMALL))
        painter.setPen(theme.color("text_muted"))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignRight), f"so far {format_number(running)}")
        middle = corner.y() + grid.title_px + grid.shape[0] * grid.cell_px / 2
        for offset, sign in zip(grid.offsets[1:], "×=", strict=True):
            place_of_sign = QRectF(corner.x() + offset - SIGN_PX, middle - 8, SIGN_PX, 16)
            painter.drawText(place_of_sign, int(_FLAGS), sign)

    def _paint_arrays(
        self,
        painter: QPainter,
        shown: NDArray[np.intp],
        corners: list[QPointF],
        grid: _Grid,
        theme: Theme,
    ) -> None:
        part = self.part
        sources = self._source_plates(shown)
        kernels = plates(part.kernels[shown], self.kernel_scale)
        products = plates(part.products[shown], self.product_scale)
        of_input = ~part.on_padding
        insides = of_input, None, of_input
        for which, arrays in enumerate((sources, kernels, products)):
            offset = QPointF(grid.offsets[which], grid.title_px)
            places = [corner + offset for corner in corners]
            numbers, inside = self.numbers[which], insides[which]
            paint_plates(painter, arrays, places, grid.cell_px, theme, numbers, inside)

    def _source_plates(self, shown: NDArray[np.intp]) -> Plates:
        values = self.part.windows[shown]
        scales = [self.source_scale(self.part.first_channel + int(place)) for place in shown]
        if all(scale is scales[0] for scale in scales):
            return plates(values, scales[0])
        colors = np.stack([s.apply(window) for s, window in zip(scales, values, strict=True)])
        return Plates(values, colors, needs_black_text(colors))

    def _at(self, width: float) -> _Grid:
        if self._grid is None or self._grid.width != width:
            shape = self.part.products.shape[1:]
            self._grid = _Grid.fit(width, shape, self._shown, self._words_px())
        return self._grid

    def _words_px(self) -> float:
        """Return the width that name and sum of a term need, one beside the other."""
        first, count = self.part.first_channel, len(self.part.order)
        names = [self.name(first + place) for place in {*range(min(count, 3)), count - 1}]
        metrics = QFontMetricsF(text_font(TextSize.SMALL, bold=True))
        longest = max(metrics.horizontalAdvance(name) for name in names)
        return longest + GRID_PX + metrics.horizontalAdvance(f"sum {WIDEST_NUMBER}")

    @property
    def _shown(self) -> int:
        return min(self.count, len(self.part.order))


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where the terms are at one width."""

    width: float
    shape: tuple[int, ...]
    cell_px: int
    columns: int
    title_px: float
    words_px: float

    @staticmethod
    def fit(width: float, shape: tuple[int, ...], count: int, words_px: float) -> _Grid:
        """Return as many columns as cells that numbers fit leave room for, over all the width."""
        least = round(NUMBER_CELL_PX * max(1.0, body_px() / 13))
        single = max(3 * shape[1] * least + 2 * SIGN_PX + 2, words_px)
        columns = max(1, min(count, int((width + GAP_PX) // (single + GAP_PX))))
        share = (width + GAP_PX) / columns - GAP_PX
        room = int((share - 2 * SIGN_PX - 2) / (3 * shape[1]))
        cell = max(MIN_CELL_PX, min(least + SPARE_PX, room))
        return _Grid(width, shape, cell, columns, _title_px(), words_px)

    @property
    def item_width(self) -> float:
        """Width of one term."""
        return max(3 * self.shape[1] * self.cell_px + 2 * SIGN_PX, self.words_px)

    @property
    def pitch(self) -> float:
        """From the left edge of a term to that of the next one."""
        return max(self.item_width, (self.width + GAP_PX) / self.columns - GAP_PX) + GAP_PX

    @property
    def item_height(self) -> float:
        """Height of one term and the gap below it."""
        return self.title_px + self.shape[0] * self.cell_px + 2 * GRID_PX

    @property
    def offsets(self) -> tuple[float, float, float]:
        """Left edges of window, kernel and products in a term."""
        step = self.shape[1] * self.cell_px + SIGN_PX
        return 1, 1 + step, 1 + 2 * step

    def corner(self, rank: int) -> QPointF:
        """Return the top left corner of a term."""
        row, column = divmod(rank, self.columns)
        return QPointF(round(column * self.pitch), row * self.item_height)


def _title_px() -> float:
    return round(2 * QFontMetricsF(text_font(TextSize.SMALL, bold=True)).height()) + 4
