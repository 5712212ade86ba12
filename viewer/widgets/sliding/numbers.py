"""Numbers in the cells of a sliding window: as many decimals as can be read."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontInfo, QFontMetricsF, QPainter, QPixmap

from viewer.widgets.cells import number_text
from viewer.widgets.theme import TextSize, text_font

if TYPE_CHECKING:
    from viewer.core.records import FloatArray

LEAST_FONT_PX = 9
COMFORTABLE_FONT_PX = 10
MARGIN_PX = 2  # left and right together, of numbers that are small already
MARGIN_EM = 0.45  # of larger ones, in heights of the font: neighbours stand apart
MAX_DECIMALS = 3  # below 1; two from there on
MAX_PICTURES = 2000  # of numbers, at most 10 kB each
_ANY_DIGIT = re.compile("[1-9]")
_NORMAL_BODY_PX = 13  # of the body text at the normal text size


def body_px() -> int:
    """Return the height of the body text in logical pixels: larger on a projector."""
    return QFontInfo(text_font(TextSize.BODY)).pixelSize()


def text_scale() -> float:
    """Return how much larger than normal the text is."""
    return max(1.0, body_px() / _NORMAL_BODY_PX)


def fit(values: FloatArray, cell_px: float) -> tuple[int, int] | None:
    """Return decimals and font size, in pixels, of the numbers of an array.

    Parameters
    ----------
    values : any shape, float32
    cell_px : float

    Returns
    -------
    (decimals, font_px) or None
        Two decimals or more where that can be read; else two digits of the largest value, or
        one; None where not even that fits.
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        return None
    extremes = float(finite.min()), float(finite.max())
    largest = max(abs(value) for value in extremes)
    most = MAX_DECIMALS if largest < 1 else MAX_DECIMALS - 1
    for digits, at_least, smallest_px in (
        (2, 2, COMFORTABLE_FONT_PX),
        (2, 0, LEAST_FONT_PX),
        (1, 0, LEAST_FONT_PX),
    ):
        for font_px in range(body_px(), smallest_px - 1, -1):
            decimals = _decimals(extremes, most, font_px, cell_px - _margin(font_px))
            if decimals is None or decimals < at_least:
                continue
            if largest == 0 or largest >= 10.0 ** (digits - 1 - decimals):
                return decimals, font_px
    return None


def _margin(font_px: int) -> float:
    return MARGIN_PX if font_px <= COMFORTABLE_FONT_PX else MARGIN_EM * font_px


@lru_cache(maxsize=512)
def _advance(pattern: str, font_px: int) -> float:
    return QFontMetricsF(_font(font_px)).horizontalAdvance(pattern)


def _width(text: str, font_px: int) -> float:
    """Return how wide a number is: all digits are as wide as a 0."""
    return _advance(_ANY_DIGIT.sub("0", text), font_px)


def _decimals(extremes: tuple[float, float], most: int, font_px: int, room: float) -> int | None:
    for decimals in range(most, -1, -1):
        texts = (number_text(value, decimals) for value in extremes)
        if max(_width(text, font_px) for text in texts) <= room:
            return decimals
    return None


def _font(font_px: int) -> QFont:
    font = text_font()
    font.setPixelSize(font_px)
    return font


class CellNumbers:
    """Writes numbers into cells, each different one drawn once and then copied."""

    def __init__(self) -> None:
        self._pictures: dict[tuple[str, bool], QPixmap] = {}
        self._made_for: tuple[float, int, float] = (0.0, 0, 0.0)

    def paint(
        self,
        painter: QPainter,
        cells: Iterable[tuple[QRectF, float, bool]],
        cell_px: float,
        decimals: int,
        font_px: int,
    ) -> None:
        """Write each value into its cell.

        Parameters
        ----------
        painter : QPainter
        cells : iterable of (rectangle, value, whether in black)
        cell_px : float
        decimals, font_px : int
            As `fit` has them.
        """
        device = painter.device()
        ratio = 1.0 if device is None else device.devicePixelRatioF()
        made_for = (cell_px, font_px, ratio)
        if self._made_for != made_for or len(self._pictures) > MAX_PICTURES:
            self._pictures.clear()
            self._made_for = made_for
        for rect, value, in_black in cells:
            key = (number_text(value, decimals), in_black)
            picture = self._pictures.get(key)
            if picture is None:
                picture = self._pictures[key] = _picture(*key, cell_px, font_px, ratio)
            painter.drawPixmap(rect.topLeft(), picture)


def _picture(text: str, in_black: bool, cell_px: float, font_px: int, ratio: float) -> QPixmap:
    side = math.ceil(cell_px * ratio)
    picture = QPixmap(side, side)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setFont(_font(font_px))
    painter.setPen(QColor("black" if in_black else "white"))
    painter.drawText(QRectF(0, 0, cell_px, cell_px), Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    return picture
