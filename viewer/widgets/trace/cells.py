"""Small arrays as cells, many at once: colours, lines, padding, numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QBrush, QColor, QPainter, QPen

from viewer.widgets.cells import image_of, needs_black_text
from viewer.widgets.sliding.numbers import CellNumbers, fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.core.imaging.color_scale import ColorScale
    from viewer.widgets.theme import Theme

LINES_FROM_PX = 10  # cells below have no lines between them
HATCH_ALPHA = 110


@dataclass(frozen=True, slots=True, eq=False)
class Plates:
    """Arrays of one size that share colours and digits.

    Attributes
    ----------
    values : (N, H, W) float
    colors : (N, H, W) uint32
    black : (N, H, W) bool
        Where numbers are to be black.
    """

    values: NDArray[np.floating[Any]]
    colors: NDArray[np.uint32]
    black: NDArray[np.bool_]


def plates(values: NDArray[np.floating[Any]], scale: ColorScale) -> Plates:
    """Return arrays with their colours; `values` is (N, H, W)."""
    colors = scale.apply(values)
    return Plates(values, colors, needs_black_text(colors))


def paint_plates(
    painter: QPainter,
    shown: Plates,
    places: Sequence[QPointF],
    cell_px: float,
    theme: Theme,
    numbers: CellNumbers,
    inside: NDArray[np.bool_] | None = None,
) -> None:
    """Paint each array at its place.

    Parameters
    ----------
    painter : QPainter
    shown : Plates
    places : sequence of QPointF
        Top left corner of each.
    cell_px : float
    theme : Theme
    numbers : CellNumbers
    inside : (H, W) bool, optional
        False on padding, which is hatched.
    """
    _, height, width = shown.values.shape
    size = width * cell_px, height * cell_px
    for colors, place in zip(shown.colors, places, strict=True):
        rect = QRectF(place.x(), place.y(), *size)
        painter.drawImage(rect, image_of(colors))
        if cell_px >= LINES_FROM_PX:
            _paint_lines(painter, rect, (height, width), cell_px, theme)
    if inside is not None and not inside.all():
        _paint_padding(painter, shown, places, cell_px, inside)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.color("border_strong"), 1))
    painter.drawRects(*(QRectF(p.x() - 0.5, p.y() - 0.5, size[0] + 1, size[1] + 1) for p in places))
    found = fit(shown.values.astype(np.float32), cell_px)
    if found is not None:
        numbers.paint(painter, _cells(shown, places, cell_px), cell_px, *found)


def _cells(
    shown: Plates, places: Sequence[QPointF], cell_px: float
) -> Iterator[tuple[QRectF, float, bool]]:
    values, black = shown.values.tolist(), shown.black.tolist()
    rect = QRectF(0, 0, cell_px, cell_px)
    for plate, in_black, place in zip(values, black, places, strict=True):
        y = place.y()
        for row, row_black in zip(plate, in_black, strict=True):
            x = place.x()
            for value, is_black in zip(row, row_black, strict=True):
                rect.moveTo(x, y)
                yield rect, value, is_black
                x += cell_px
            y += cell_px


def _paint_lines(
    painter: QPainter, rect: QRectF, shape: tuple[int, int], cell_px: float, theme: Theme
) -> None:
    color = theme.color("border_strong")
    area = rect.toAlignedRect()
    for row in range(1, shape[0]):
        painter.fillRect(area.left(), round(rect.top() + row * cell_px), area.width(), 1, color)
    for column in range(1, shape[1]):
        left = round(rect.left() + column * cell_px)
        painter.fillRect(left, area.top(), 1, area.height(), color)


def _paint_padding(
    painter: QPainter,
    shown: Plates,
    places: Sequence[QPointF],
    cell_px: float,
    inside: NDArray[np.bool_],
) -> None:
    rows, columns = (~inside).nonzero()
    color = QColor("black" if shown.black[0, rows[0], columns[0]] else "white")
    color.setAlpha(HATCH_ALPHA)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(color, Qt.BrushStyle.BDiagPattern))
    outside = list(zip(rows.tolist(), columns.tolist(), strict=True))
    for place in places:
        for row, column in outside:
            corner = place + QPointF(column * cell_px, row * cell_px)
            painter.drawRect(QRectF(corner.x(), corner.y(), cell_px, cell_px))
