"""The kernels of one filter as a grid, one for every input channel, in pages where needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, pyqtSignal
from PyQt6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from viewer.widgets.cells import (
    NumberPainter,
    decimals_that_fit,
    image_of,
    needs_black_text,
    paint_outline,
)
from viewer.widgets.theme import LIGHT
from viewer.widgets.wheel import Wheel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.core.imaging.color_scale import ColorScale
    from viewer.core.records import FloatArray
    from viewer.widgets.theme import Theme

GAP_PX = 4
SMALL_GAP_PX = 2  # between kernels that are themselves small
FRAME_PX = 1
MAX_CELL_PX = 48
MIN_CELL_PX = 4  # below, a person can't point at one weight: pages instead
PAGED_CELL_PX = 6


@dataclass(frozen=True, slots=True)
class KernelGrid:
    """How kernels are laid out: cell size, columns, and how many make a page."""

    cell_px: int
    gap_px: int
    columns: int
    per_page: int

    @classmethod
    def fit(cls, count: int, shape: tuple[int, int], width: int, height: int) -> KernelGrid:
        """Return the grid with the largest cells that shows `count` kernels at once.

        Parameters
        ----------
        count : int
        shape : (kH, kW)
        width, height : int
            Room in logical pixels.
        """
        for cell in range(MAX_CELL_PX, MIN_CELL_PX - 1, -1):
            grid = cls._with_cell(cell, shape, width, height)
            if grid.per_page >= count:
                return grid
        paged = cls._with_cell(PAGED_CELL_PX, shape, width, height)
        if paged.per_page:
            return paged
        largest = min(width // shape[1], height // shape[0])  # one kernel larger than the room
        return cls(max(1, largest), GAP_PX, 1, 1)

    @classmethod
    def _with_cell(cls, cell: int, shape: tuple[int, int], width: int, height: int) -> KernelGrid:
        gap = GAP_PX if cell * min(shape) >= 4 * GAP_PX else SMALL_GAP_PX
        columns = (width + gap) // (shape[1] * cell + gap)
        rows = (height + gap) // (shape[0] * cell + gap)
        return cls(cell, gap, max(columns, 0), max(columns, 0) * max(rows, 0))


@dataclass(frozen=True, slots=True)
class KernelSpot:
    """One weight: which kernel of the filter, and where in it."""

    kernel: int
    y: int
    x: int


class KernelView(QWidget):
    """Kernels as colours, with numbers where they fit.

    Signals
    -------
    hover_changed(object)
        KernelSpot under the mouse, or None.
    spot_chosen(object)
        KernelSpot of the weight that was clicked.
    page_changed(int, int, int)
        Place of the first kernel shown, one past that of the last, and how many there are.
    """

    hover_changed = pyqtSignal(object)
    spot_chosen = pyqtSignal(object)
    page_changed = pyqtSignal(int, int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._kernels: FloatArray | None = None
        self._cell_count: int | None = None
        self._colors: NDArray[np.uint32] | None = None
        self._order: NDArray[np.intp] = np.arange(0)  # kernels by their places
        self._images: tuple[QImage, ...] = ()
        self._grid = KernelGrid(1, GAP_PX, 1, 1)
        self._first = 0
        self._page: list[int] = []  # numbers of the kernels that are shown
        self._numbers = NumberPainter()
        self._wheel = Wheel()
        self._hover: KernelSpot | None = None
        self._selected: KernelSpot | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Kernels")

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_kernels(
        self,
        kernels: FloatArray | None,
        scale: ColorScale | None = None,
        cells: int | None = None,
        order: NDArray[np.intp] | None = None,
    ) -> None:
        """Show the kernels of a filter.

        Parameters
        ----------
        kernels : (K, kH, kW) float32, or None for nothing
        scale : ColorScale
            Colours them.
        cells : int, optional
            How many cells of a single kernel there are, row by row, if its last row is
            shorter; default: all.
        order : (K,) intp, optional
            Numbers of the kernels, the one to be shown first first; default: as they are.
        """
        if kernels is None or self._kernels is None or kernels.shape != self._kernels.shape:
            self._first = 0
            self._set_hover(None)
        self._kernels, self._cell_count = kernels, cells
        self._order = np.arange(self.count) if order is None else order
        self._colors = None if kernels is None or scale is None else scale.apply(kernels)
        self._arrange()

    def set_selected(self, spot: KernelSpot | None) -> None:
        """Outline one weight, and turn to the page that it is on; None for none."""
        if spot == self._selected:
            return
        self._selected = spot
        if spot is not None and spot.kernel not in self.shown():
            places = np.flatnonzero(self._order == spot.kernel)
            self._first = int(places[0]) if len(places) else 0
            self._arrange()
        self.update()

    @property
    def count(self) -> int:
        """How many kernels there are."""
        return 0 if self._kernels is None else len(self._kernels)

    @property
    def hover(self) -> KernelSpot | None:
        """The weight under the mouse."""
        return self._hover

    @property
    def kernel_shape(self) -> tuple[int, int]:
        """Height and width of a kernel."""
        return (1, 1) if self._kernels is None else self._kernels.shape[1:]

    @property
    def pages(self) -> int:
        """How many pages they take."""
        return max(1, -(-self.count // max(1, self._grid.per_page)))

    def turn(self, pages: int) -> None:
        """Go `pages` on, or back where negative."""
        size = max(1, self._grid.per_page)
        page = min(max(self._first // size + pages, 0), self.pages - 1)
        self._first = page * size
        self._arrange()

    def kernel_rect(self, kernel: int) -> QRectF:
        """Return where a kernel of this page is."""
        assert self._kernels is not None
        grid, place = self._grid, self.shown().index(kernel)
        row, column = divmod(place, max(1, grid.columns))
        height, width = (n * grid.cell_px for n in self._kernels.shape[1:])
        return QRectF(
            FRAME_PX + column * (width + grid.gap_px),
            FRAME_PX + row * (height + grid.gap_px),
            width,
            height,
        )

    def cell_rect(self, spot: KernelSpot) -> QRectF:
        """Return where one weight of this page is."""
        kernel, cell = self.kernel_rect(spot.kernel), self._grid.cell_px
        return QRectF(kernel.left() + spot.x * cell, kernel.top() + spot.y * cell, cell, cell)

    def shown(self) -> list[int]:
        """Return the numbers of the kernels of this page."""
        return self._page

    def _places(self) -> range:
        return range(self._first, min(self.count, self._first + max(1, self._grid.per_page)))

    def _arrange(self) -> None:
        self._images = ()
        if self._kernels is not None and self._colors is not None:
            room = self.rect().adjusted(FRAME_PX, FRAME_PX, -FRAME_PX, -FRAME_PX)
            shape = (self._kernels.shape[1], self._kernels.shape[2])
            self._grid = KernelGrid.fit(self.count, shape, room.width(), room.height())
            size = max(1, self._grid.per_page)
            self._first = min(self._first, self.count - 1) // size * size
        places = self._places()
        self._page = self._order[places.start : places.stop].tolist()
        if self._colors is not None:
            self._images = tuple(image_of(self._colors[i]) for i in self._page)
        self.page_changed.emit(places.start, places.stop, self.count)
        self.update()

    def _spot_at(self, position: QPointF) -> KernelSpot | None:
        if self._kernels is None:
            return None
        grid = self._grid
        height, width = (n * grid.cell_px for n in self._kernels.shape[1:])
        column, across = divmod(position.x() - FRAME_PX, width + grid.gap_px)
        row, down = divmod(position.y() - FRAME_PX, height + grid.gap_px)
        place = int(row) * grid.columns + int(column)
        inside = 0 <= column < grid.columns and row >= 0 and across < width and down < height
        if not inside or place >= len(self._page):
            return None
        spot = KernelSpot(self._page[place], int(down // grid.cell_px), int(across // grid.cell_px))
        return spot if self._exists(spot.y, spot.x) else None

    def _exists(self, y: int, x: int) -> bool:
        assert self._kernels is not None
        return self._cell_count is None or y * self._kernels.shape[2] + x < self._cell_count

    def _set_hover(self, spot: KernelSpot | None) -> None:
        if spot != self._hover:
            self._hover = spot
            self.hover_changed.emit(spot)
            self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(276, 120)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(80, 56)

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        self._arrange()
        super().resizeEvent(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            self._set_hover(self._spot_at(event.position()))

    @override
    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        spot = None if event is None else self._spot_at(event.position())
        if spot is not None:
            self.spot_chosen.emit(spot)

    @override
    def leaveEvent(self, event: QEvent | None) -> None:
        self._set_hover(None)
        super().leaveEvent(event)

    @override
    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is not None and self.pages > 1:
            if notches := self._wheel.notches(event):
                self.turn(-notches)
            event.accept()

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        for kernel, image in zip(self._page, self._images, strict=False):
            rect = self.kernel_rect(kernel)
            painter.drawImage(rect, image, QRectF(image.rect()))
            # The middle of a signed scale may be the colour of the surface: a frame parts them.
            painter.setPen(QPen(self._theme.color("border_strong"), FRAME_PX))
            painter.drawRect(rect.adjusted(-0.5, -0.5, 0.5, 0.5))
        if self._kernels is None or self._colors is None:
            return
        self._paint_missing(painter)
        decimals = decimals_that_fit(self._kernels, self._grid.cell_px)
        if decimals is not None:
            self._numbers.paint(painter, self._cells(), self._grid.cell_px, decimals)
        for spot, selected in ((self._hover, False), (self._selected, True)):
            if spot is not None and spot.kernel in self._page:
                paint_outline(painter, self.cell_rect(spot), self._theme, selected=selected)

    def _paint_missing(self, painter: QPainter) -> None:
        assert self._kernels is not None
        height, width = self._kernels.shape[1:]
        if self._cell_count is not None and self._cell_count < height * width:
            y, x = divmod(self._cell_count, width)
            rest = self.cell_rect(KernelSpot(0, y, x))
            rest.setRight(self.kernel_rect(0).right())
            painter.fillRect(rest, self._theme.color("surface"))

    def _cells(self) -> Iterator[tuple[QRectF, float, bool]]:
        assert self._kernels is not None
        assert self._colors is not None
        black = needs_black_text(self._colors)
        for kernel in self._page:
            for y, x in np.ndindex(self._kernels.shape[1:]):
                if not self._exists(y, x):
                    continue
                rect = self.cell_rect(KernelSpot(kernel, y, x))
                yield rect, float(self._kernels[kernel, y, x]), bool(black[kernel, y, x])
