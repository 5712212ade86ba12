"""Numbers in cells of any size: as many decimals as all of them need, and as fit."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPixmap

from viewer.widgets.cells import number_text
from viewer.widgets.theme import text_font

MIN_FONT_PX, MAX_FONT_PX = 8, 14
FONT_SHARE = 0.62  # of the cell
MARGIN_PX = 3
MAX_DECIMALS = 2
MAX_PICTURES = 2000


class NumberStyle:
    """Font and decimals of the numbers of one array, in cells of one size.

    Attributes
    ----------
    decimals : int
    font : QFont
    """

    def __init__(self, decimals: int, font: QFont) -> None:
        self.decimals = decimals
        self.font = font

    @classmethod
    def fit(cls, values: NDArray[np.float64], cell_px: float) -> NumberStyle | None:
        """Return the largest style that fits; None if no number would be legible."""
        finite = values[np.isfinite(values)]
        if not finite.size or cell_px < MIN_FONT_PX + MARGIN_PX:
            return None
        ends = {float(finite.min()), float(finite.max())}
        most = next(
            (n for n in range(MAX_DECIMALS) if (finite == np.round(finite, n)).all()), MAX_DECIMALS
        )
        for decimals in range(most, -1, -1):
            if decimals < most and max(map(abs, ends)) < 10 ** (1 - decimals):
                return None  # fewer than two digits say too little
            font = _font(ends, decimals, cell_px)
            if font is not None:
                return cls(decimals, font)
        return None


def _font(ends: set[float], decimals: int, cell_px: float) -> QFont | None:
    font = text_font()
    for size in range(min(MAX_FONT_PX, int(cell_px * FONT_SHARE)), MIN_FONT_PX - 1, -1):
        font.setPixelSize(size)
        metrics = QFontMetricsF(font)
        widest = max(metrics.horizontalAdvance(number_text(value, decimals)) for value in ends)
        if widest <= cell_px - MARGIN_PX:
            return font
    return None


class NumberWriter:
    """Writes numbers into cells, each different one laid out once and then copied."""

    def __init__(self) -> None:
        self._pictures: dict[tuple[str, bool], QPixmap] = {}
        self._made_for: tuple[float, float, int] = (0.0, 0.0, 0)

    def write(
        self,
        painter: QPainter,
        cells: Iterable[tuple[QRectF, float, bool]],
        cell_px: float,
        style: NumberStyle,
    ) -> None:
        """Write each value into its cell, given as (rectangle, value, whether in black)."""
        device = painter.device()
        ratio = 1.0 if device is None else device.devicePixelRatioF()
        made_for = (cell_px, ratio, style.font.pixelSize())
        if self._made_for != made_for or len(self._pictures) > MAX_PICTURES:
            self._pictures.clear()
            self._made_for = made_for
        for rect, value, in_black in cells:
            key = (number_text(value, style.decimals), in_black)
            picture = self._pictures.get(key)
            if picture is None:
                picture = self._pictures[key] = _picture(*key, cell_px, ratio, style.font)
            painter.drawPixmap(rect.topLeft(), picture)


def _picture(text: str, in_black: bool, cell_px: float, ratio: float, font: QFont) -> QPixmap:
    side = math.ceil(cell_px * ratio)
    picture = QPixmap(side, side)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setFont(font)
    painter.setPen(QColor("black" if in_black else "white"))
    painter.drawText(QRectF(0, 0, cell_px, cell_px), Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    return picture
