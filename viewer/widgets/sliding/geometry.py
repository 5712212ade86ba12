"""Where input, kernel and map lie in the picture of a sliding window."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PyQt6.QtCore import QPointF, QRectF, QSizeF

Cell = tuple[int, int]  # (y, x)
Bounds = tuple[int, int, int, int]  # top, left, bottom, right; the ends are not included

MARGIN_PX = 3  # around everything: an outline around a cell at the edge
SIGN_PX = 32  # between the panels: room for × and =
NUMBERS_CELL_PX = 48  # of a zoomed view, where there is room
NUMBERS_LEAST_PX = 32  # −0.42 can be read from here on
AROUND = 2  # cells that a zoomed view shows around the window, at least
PLAIN_LEAST_PX = 3  # of smaller cells nobody could tell one from the next: a part is shown
PLAIN_MAX_PX = 56
PLAIN_KERNEL_MAX_PX = 40
KERNEL_MAX_PX = 56
KERNEL_SHARE = 0.3  # of the width, at most
COLUMN_LEAST_PX = 136  # a title above a small map needs as much
STACK_GAP_PX = 30  # between the kernel and the products below it: room for a title


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells on the screen: all of an array, or the part of it that a zoomed view shows.

    Attributes
    ----------
    rect : QRectF
        In logical pixels.
    cell_px : float
        Side of a cell.
    shown : (top, left, bottom, right)
        Cells that are shown; of an input, those above 0 are padding.
    """

    rect: QRectF
    cell_px: float
    shown: Bounds

    def cell_rect(self, y: float, x: float, height: float = 1, width: float = 1) -> QRectF:
        """Return where cells are; they may lie outside of what is shown."""
        side = self.cell_px
        left = self.rect.left() + (x - self.shown[1]) * side
        top = self.rect.top() + (y - self.shown[0]) * side
        return QRectF(left, top, width * side, height * side)

    def place_at(self, point: QPointF) -> tuple[float, float]:
        """Return (row, column) at a point, as fractions of cells, inside or not."""
        row = self.shown[0] + (point.y() - self.rect.top()) / self.cell_px
        return row, self.shown[1] + (point.x() - self.rect.left()) / self.cell_px

    def cell_at(self, point: QPointF) -> Cell | None:
        """Return the cell (y, x) at a point, None where there is none."""
        if not self.rect.contains(point):
            return None
        row, column = self.place_at(point)
        y = min(math.floor(row), self.shown[2] - 1)
        return y, min(math.floor(column), self.shown[3] - 1)


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be laid out.

    Attributes
    ----------
    size : QSizeF
        Room in logical pixels.
    ratio : float
        Device pixels in a logical one: cells are whole device pixels.
    extent : (top, left, bottom, right)
        Of the input with its padding, in cells.
    map_shape, kernel_shape : (height, width)
    footprint : (top, left, bottom, right)
        Of the window on the input.
    cell : (y, x)
        Of the map.
    numbers : bool
        Whether the cells should be large enough for numbers.
    title_px : float
        Height of the line above each panel.
    text_scale : float
        How much larger than normal numbers are.
    products : bool
        Whether there are products to show below the kernel, if there is room.
    """

    size: QSizeF
    ratio: float
    extent: Bounds
    map_shape: Cell
    kernel_shape: Cell
    footprint: Bounds
    cell: Cell
    numbers: bool
    title_px: float
    text_scale: float = 1.0
    products: bool = True


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is.

    Attributes
    ----------
    input, kernel, map : Grid
    products : Grid or None
        None where there is no room, or there are none.
    signs : (QRectF, QRectF)
        Places for × and =.
    """

    input: Grid
    kernel: Grid
    map: Grid
    products: Grid | None
    signs: tuple[QRectF, QRectF]


def layout_of(request: Request, before: Layout | None = None) -> Layout:
    """Lay everything out; a zoomed view stays where it was `before` while it can."""
    room = request.size.height() - request.title_px - MARGIN_PX
    across = request.size.width() - 2 * MARGIN_PX
    kernel_px, stacked = _kernel_cell(request, room)
    kernel_width = kernel_px * request.kernel_shape[1]
    column = max(kernel_width, COLUMN_LEAST_PX)
    half = max((across - 2 * SIGN_PX - column) / 2, COLUMN_LEAST_PX / 2)
    y, x = request.cell
    old_input, old_map = (None, None) if before is None else (before.input, before.map)
    source = _view(request, half, room, request.extent, request.footprint, old_input)
    whole_map = (0, 0, *request.map_shape)
    target = _view(request, half, room, whole_map, (y, x, y + 1, x + 1), old_map)
    widths = [view[0] * (view[1][3] - view[1][1]) for view in (source, target)]
    columns = [max(width, COLUMN_LEAST_PX) for width in widths]
    left = MARGIN_PX + max(0.0, (across - sum(columns) - column - 2 * SIGN_PX) / 2)
    first = _grid(request, left, *source, room)
    left += columns[0] + SIGN_PX
    kernel, products = _kernels(request, left, kernel_px, room, stacked=stacked)
    last = _grid(request, left + column + SIGN_PX, *target, room)
    middle = request.title_px + room / 2 - SIGN_PX / 2
    signs = (
        QRectF(left - SIGN_PX, middle, SIGN_PX, SIGN_PX),
        QRectF(left + column, middle, SIGN_PX, SIGN_PX),
    )
    return Layout(first, kernel, last, products, signs)


def _whole(px: float, ratio: float) -> float:
    """Return the largest size up to `px` that is whole in device pixels, at least one."""
    return max(1, math.floor(px * ratio)) / ratio


def _kernel_cell(request: Request, room: float) -> tuple[float, bool]:
    """Return the side of a kernel's cell, and whether products fit below it."""
    height, width = request.kernel_shape
    most = KERNEL_MAX_PX * request.text_scale if request.numbers else PLAIN_KERNEL_MAX_PX
    across = min(most, request.size.width() * KERNEL_SHARE / width)
    single = min(across, room / height)
    double = min(across, (room - STACK_GAP_PX) / (2 * height))
    least = NUMBERS_LEAST_PX * request.text_scale
    if request.products and request.numbers and double >= least:
        return _whole(double, request.ratio), True
    return _whole(single, request.ratio), False


def _view(
    request: Request, width: float, height: float, bounds: Bounds, keep: Bounds, before: Grid | None
) -> tuple[float, Bounds]:
    """Return the side of a cell, and which cells are shown."""
    rows, columns = bounds[2] - bounds[0], bounds[3] - bounds[1]
    fitting = min(width / columns, height / rows)
    if request.numbers:
        least, most = (px * request.text_scale for px in (NUMBERS_LEAST_PX, NUMBERS_CELL_PX))
        reach = (keep[2] - keep[0] + 2 * AROUND, keep[3] - keep[1] + 2 * AROUND)
        wanted = min(height / reach[0], width / reach[1])
        cell = max(min(max(wanted, least), most), min(fitting, most))
    else:
        cell = min(max(fitting, PLAIN_LEAST_PX), PLAIN_MAX_PX)
    # The window itself is to be seen whole, even if its cells are then too small for numbers.
    cell = min(cell, height / (keep[2] - keep[0]), width / (keep[3] - keep[1]))
    cell = _whole(cell, request.ratio)
    part = (min(rows, int(height / cell)), min(columns, int(width / cell)))
    old = None if before is None or before.cell_px != cell else before.shown
    top, bottom = _scrolled((bounds[0], bounds[2]), part[0], (keep[0], keep[2]), old and old[0])
    left, right = _scrolled((bounds[1], bounds[3]), part[1], (keep[1], keep[3]), old and old[1])
    return cell, (top, left, bottom, right)


def _scrolled(bounds: Cell, count: int, keep: Cell, old: int | None) -> Cell:
    """Return the first cell shown along an axis, and one past the last."""
    margin = max(0, min(AROUND // 2, (count - (keep[1] - keep[0])) // 2))
    if old is None or keep[1] <= old or keep[0] >= old + count:  # far away: into the middle
        old = (keep[0] + keep[1] - count) // 2
    first = old
    first = min(first, keep[0] - margin)
    first = max(first, keep[1] + margin - count)
    first = max(bounds[0], min(first, bounds[1] - count))
    return first, first + count


def _grid(request: Request, left: float, cell_px: float, shown: Bounds, room: float) -> Grid:
    width, height = (shown[3] - shown[1]) * cell_px, (shown[2] - shown[0]) * cell_px
    top = request.title_px + (room - height) / 2
    corner = QPointF(_snapped(left, request.ratio), _snapped(top, request.ratio))
    return Grid(QRectF(corner, QSizeF(width, height)), cell_px, shown)


def _snapped(px: float, ratio: float) -> float:
    return math.floor(px * ratio) / ratio


def _kernels(
    request: Request, left: float, cell_px: float, room: float, *, stacked: bool
) -> tuple[Grid, Grid | None]:
    shape = (0, 0, *request.kernel_shape)
    if not stacked:
        return _grid(request, left, cell_px, shape, room), None
    half = (room - STACK_GAP_PX) / 2
    above = _grid(request, left, cell_px, shape, half)
    rect = above.rect.translated(0, _snapped(above.rect.height() + STACK_GAP_PX, request.ratio))
    shift = (room - (rect.bottom() - above.rect.top())) / 2 - (above.rect.top() - request.title_px)
    shift = _snapped(shift, request.ratio)
    moved = Grid(above.rect.translated(0, shift), cell_px, shape)
    return moved, Grid(rect.translated(0, shift), cell_px, shape)
