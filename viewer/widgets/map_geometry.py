"""Where a map, its cells and its colour bar lie in a widget, at any zoom."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from PyQt6.QtCore import QPointF, QRectF, QSizeF, Qt

from viewer.widgets.color_bar import bar_thickness
from viewer.widgets.theme import GRID_PX

Pixel = tuple[int, int]  # (y, x)

MAX_CELL_PX = 96
FIT_CELL_MAX_PX = 64  # a 2 × 2 map need not fill the panel

_HORIZONTAL, _VERTICAL = Qt.Orientation.Horizontal, Qt.Orientation.Vertical


@dataclass(slots=True)
class MapGeometry:
    """Geometry of one map in a widget.

    Attributes
    ----------
    size : QSizeF
        Of the widget, in logical pixels.
    ratio : float
        Device pixels in a logical one.
    shape : (height, width)
        Of the map, in cells.
    zoom : int or None
        Device pixels a cell; None fits the map, then also 1/2, 1/3 … for a map that is
        larger than the widget.
    orientation : Qt.Orientation
        How the colour bar lies: as it leaves the map larger.
    """

    size: QSizeF = field(default_factory=QSizeF)
    ratio: float = 1.0
    shape: Pixel = (1, 1)
    zoom: int | None = None
    orientation: Qt.Orientation = _HORIZONTAL
    _fitting: float = 1.0
    _taken: int = 0
    _origin: QPointF = field(default_factory=QPointF)

    def arrange(self, size: QSizeF, ratio: float, shape: Pixel) -> None:
        """Lay the map out anew; another shape is fitted, the same one keeps its zoom."""
        if shape != self.shape:
            self.zoom = None
        self.size, self.ratio, self.shape = size, ratio, shape
        self._fitting, self.orientation = self._fit()
        self._taken = bar_thickness(self.orientation)
        if self.zoom is not None:
            self.zoom_by(0, self.view().center())

    @property
    def device_zoom(self) -> float:
        """Device pixels a cell."""
        return self._fitting if self.zoom is None else self.zoom

    @property
    def cell_px(self) -> float:
        """Logical pixels a cell."""
        return self.device_zoom / self.ratio

    @property
    def origin(self) -> QPointF:
        """Where the map's upper left corner is; outside the view if it is scrolled."""
        return self.view().topLeft() if self.zoom is None else self._origin

    def view(self) -> QRectF:
        """Return the rectangle that the map shows in."""
        area, cell = self._area(self.orientation, self._taken), self.cell_px
        whole = QRectF(area.left(), area.top(), self.shape[1] * cell, self.shape[0] * cell)
        return area.intersected(whole)

    def bar(self) -> QRectF:
        """Return the rectangle of the colour bar with its numbers."""
        view, thickness = self.view(), self._taken
        if self.orientation is _HORIZONTAL:
            return QRectF(view.left(), view.bottom() + GRID_PX, view.width(), thickness)
        return QRectF(view.right() + GRID_PX, view.top(), thickness, view.height())

    def map_rect(self) -> QRectF:
        """Return the rectangle of the whole map, seen or not."""
        size = QSizeF(self.shape[1] * self.cell_px, self.shape[0] * self.cell_px)
        return QRectF(self.origin, size)

    def cell_rect(self, pixel: Pixel) -> QRectF:
        """Return where the cell at ``(y, x)`` is."""
        origin, cell = self.origin, self.cell_px
        return QRectF(origin.x() + pixel[1] * cell, origin.y() + pixel[0] * cell, cell, cell)

    def pixel_at(self, position: QPointF) -> Pixel | None:
        """Return ``(y, x)`` of the cell at `position`; None outside the map."""
        if not self.view().contains(position):
            return None
        offset = (position - self.origin) / self.cell_px
        y, x = math.floor(offset.y()), math.floor(offset.x())
        return (y, x) if self.contains((y, x)) else None

    def contains(self, pixel: Pixel) -> bool:
        """Return whether the map has a cell at ``(y, x)``."""
        return 0 <= pixel[0] < self.shape[0] and 0 <= pixel[1] < self.shape[1]

    def visible(self) -> tuple[range, range]:
        """Return the rows and the columns that are in view, in part or whole."""
        view, origin, cell = self.view(), self.origin, self.cell_px
        top = max(0, int((view.top() - origin.y()) / cell))
        left = max(0, int((view.left() - origin.x()) / cell))
        bottom = min(self.shape[0], math.ceil((view.bottom() - origin.y()) / cell))
        right = min(self.shape[1], math.ceil((view.right() - origin.x()) / cell))
        return range(top, bottom), range(left, right)

    def zoom_by(self, steps: int, around: QPointF) -> None:
        """Zoom in or out so that the point of the map at `around` stays there."""
        current = self.device_zoom
        target = int(current + steps * max(1, int(current) // 4))
        if target <= self._fitting:
            self.zoom = None
            return
        spot = (around - self.origin) / self.cell_px
        self.zoom = min(target, int(MAX_CELL_PX * self.ratio))
        self.move_to(around - spot * self.cell_px)

    def move_to(self, origin: QPointF) -> None:
        """Put the map's corner at `origin`, so that the view stays full of map."""
        view, cell, (height, width) = self.view(), self.cell_px, self.shape
        x = min(max(origin.x(), view.right() - width * cell), view.left())
        y = min(max(origin.y(), view.bottom() - height * cell), view.top())
        # On whole device pixels, or the cells would differ in size.
        self._origin = QPointF(
            round(x * self.ratio) / self.ratio, round(y * self.ratio) / self.ratio
        )

    def _fit(self) -> tuple[float, Qt.Orientation]:
        best: tuple[float, Qt.Orientation] = (0.0, _HORIZONTAL)
        for orientation in (_HORIZONTAL, _VERTICAL):
            area = self._area(orientation, bar_thickness(orientation))
            room = min(area.width() / self.shape[1], area.height() / self.shape[0]) * self.ratio
            zoom = _whole_zoom(min(room, FIT_CELL_MAX_PX * self.ratio))
            if zoom > best[0]:
                best = (zoom, orientation)
        return best

    def _area(self, orientation: Qt.Orientation, bar_px: int) -> QRectF:
        area = QRectF(QPointF(), self.size)
        taken = bar_px + GRID_PX
        if orientation is _HORIZONTAL:
            return area.adjusted(0, 0, 0, -taken)
        return area.adjusted(0, 0, -taken, 0)


def _whole_zoom(room: float) -> float:
    """Return the largest whole number, or part 1/n, that is not above `room`."""
    if room >= 1:
        return float(math.floor(room))
    return 1 / math.ceil(1 / max(room, 1e-3))
