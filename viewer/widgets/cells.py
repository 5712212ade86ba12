"""Painting of arrays as cells: images of values, numbers in them, outlines around them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen, QPixmap

from viewer.widgets.theme import text_font

if TYPE_CHECKING:
    from viewer.core.records import FloatArray
    from viewer.widgets.theme import Theme

NUMBER_CELL_PX = 28  # the smallest cell that a number of three digits can be read in
NUMBER_FONT_SHARE = 0.34  # of the cell: "−0.12" then fills it but for a margin
NUMBER_FONT_MAX_PX = 13
NUMBER_MARGIN_PX = 4
MAX_DECIMALS = 4
MAX_PICTURES = 2000  # of numbers, at most 10 kB each
OUTLINE_PX = 2
HALO_PX = 3  # that the outline takes around its cell

# Relative luminance (WCAG 2.2) above which black text has more contrast than white.
_BLACK_TEXT_LUMINANCE = 0.179


def image_of(pixels: NDArray[np.uint32]) -> QImage:
    """Return an image of `pixels`, (H, W) as 0xFFRRGGBB, that owns its memory."""
    height, width = pixels.shape
    image = QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGB32)
    return image.copy()  # the image above only borrows the bytes


def needs_black_text(pixels: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Return where black text stands out more than white on colours.

    Parameters
    ----------
    pixels : uint32, 0xFFRRGGBB
        Of any shape; the result has the same.
    """
    channels = [((pixels >> shift) & 0xFF) / 255.0 for shift in (16, 8, 0)]
    red, green, blue = (
        np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) for c in channels
    )
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return np.asarray(luminance > _BLACK_TEXT_LUMINANCE)


def number_font(cell_px: float) -> QFont:
    """Return the font for numbers in cells of `cell_px`."""
    font = text_font()
    font.setPixelSize(max(1, min(NUMBER_FONT_MAX_PX, int(cell_px * NUMBER_FONT_SHARE))))
    return font


def decimals_that_fit(values: FloatArray, cell_px: float) -> int | None:
    """Return how many decimals the numbers of a map can have in cells of `cell_px`.

    All numbers of a map get the same, so that they can be compared.

    Parameters
    ----------
    values : any shape, float32
    cell_px : float

    Returns
    -------
    int or None
        None if the cells are too small for two digits of the largest value.
    """
    if cell_px < NUMBER_CELL_PX:
        return None
    finite = values[np.isfinite(values)]
    if not finite.size:
        return None
    low, high = float(finite.min()), float(finite.max())
    largest = max(abs(low), abs(high))
    metrics = QFontMetricsF(number_font(cell_px))
    room = cell_px - NUMBER_MARGIN_PX
    for decimals in range(MAX_DECIMALS, -1, -1):
        if max(metrics.horizontalAdvance(number_text(v, decimals)) for v in (low, high)) <= room:
            two_digits = largest == 0 or largest >= 10.0 ** (1 - decimals)
            return decimals if two_digits else None
    return None


def number_text(value: float, decimals: int) -> str:
    """Return `value` with a fixed number of decimals and a real minus sign."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    text = f"{value:.{decimals}f}"
    if float(text) == 0:
        return "0" if value == 0 else text.replace("-", "")
    return text.replace("-", "−")


class NumberPainter:
    """Writes numbers into cells, each different one drawn once and then copied.

    Laying text out takes ten times as long as copying it, and a live map of a few hundred
    cells holds a few dozen different numbers at the decimals that fit.
    """

    def __init__(self) -> None:
        self._pictures: dict[tuple[str, bool], QPixmap] = {}
        self._made_for: tuple[float, float] = (0.0, 0.0)

    def paint(
        self,
        painter: QPainter,
        cells: Iterable[tuple[QRectF, float, bool]],
        cell_px: float,
        decimals: int,
    ) -> None:
        """Write each value into its cell.

        Parameters
        ----------
        painter : QPainter
        cells : iterable of (rectangle, value, whether in black)
        cell_px : float
        decimals : int
        """
        device = painter.device()
        ratio = 1.0 if device is None else device.devicePixelRatioF()
        if self._made_for != (cell_px, ratio) or len(self._pictures) > MAX_PICTURES:
            self._pictures.clear()
            self._made_for = (cell_px, ratio)
        for rect, value, in_black in cells:
            key = (number_text(value, decimals), in_black)
            picture = self._pictures.get(key)
            if picture is None:
                picture = self._pictures[key] = _number_picture(*key, cell_px, ratio)
            painter.drawPixmap(rect.topLeft(), picture)


def _number_picture(text: str, in_black: bool, cell_px: float, ratio: float) -> QPixmap:
    side = math.ceil(cell_px * ratio)
    picture = QPixmap(side, side)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setFont(number_font(cell_px))
    painter.setPen(QColor("black" if in_black else "white"))
    painter.drawText(QRectF(0, 0, cell_px, cell_px), Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    return picture


def paint_outline(painter: QPainter, rect: QRectF, theme: Theme, *, selected: bool) -> None:
    """Outline a cell: in the accent for the selected one, in the text's colour otherwise.

    A line of the surface's colour around it keeps it visible on every colour of a map. At the
    widget's edge the outline moves inwards, or it would be clipped.
    """
    painter.setBrush(Qt.BrushStyle.NoBrush)
    within = QRectF(painter.viewport()).adjusted(HALO_PX, HALO_PX, -HALO_PX, -HALO_PX)
    rect = rect.intersected(within)
    halo = OUTLINE_PX + 0.5
    painter.setPen(QPen(theme.color("surface"), 1))
    painter.drawRect(rect.adjusted(-halo, -halo, halo, halo))
    token = "accent" if selected else "text"
    painter.setPen(QPen(theme.color(token), OUTLINE_PX))
    half = OUTLINE_PX / 2
    painter.drawRect(rect.adjusted(-half, -half, half, half))
