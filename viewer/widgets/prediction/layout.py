"""Where the parts of the prediction are, and in which fonts: counted once, not when painted."""

from __future__ import annotations

from typing import NamedTuple

from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QFont, QFontMetrics

from viewer.widgets.ready_text import ReadyText
from viewer.widgets.theme import GRID_PX, TextSize, text_font

MAX_ROWS = 10  # of a network with 1,000 classes the ten most probable, if there is room
MIN_ROW_PX, MAX_ROW_PX = 15, 24
BAR_SHARE = 0.55  # of a row's height
WINNER_WIDTH_PX = 80
WINNER_DIGIT_PT = 40.0  # a figure to be seen from the last row of a classroom, not text
NAME_SHARE = 0.45  # of the width, at most, for long names
WIDEST_PERCENT = ">99.9 %"


class RowText:
    """The texts of rows in one font, the winner's or the others'."""

    def __init__(self, font: QFont) -> None:
        self.font = font
        self.metrics = QFontMetrics(font)
        self.ready = ReadyText(font)
        ascent, descent = self.metrics.ascent(), self.metrics.descent()
        self.rise = ascent - (ascent - descent + 1) // 2  # top of the text above a row's middle
        self._advances: dict[tuple[int, bool], int] = {}

    def percent_advance(self, text: str) -> int:
        """Return the width of a percentage; numerals are tabular, so its length decides."""
        key = (len(text), text.startswith(">"))
        if key not in self._advances:
            self._advances[key] = self.metrics.horizontalAdvance(text)
        return self._advances[key]


class Fonts:
    """Fonts of the panel, and how much room they take."""

    def __init__(self) -> None:
        self.body = text_font(TextSize.SMALL)
        self.title = text_font(TextSize.TITLE, bold=True)
        self.digit = text_font(WINNER_DIGIT_PT, bold=True)
        self.plain = RowText(self.body)
        self.strong = RowText(text_font(TextSize.SMALL, bold=True))
        self.percent_px = self.strong.metrics.horizontalAdvance(WIDEST_PERCENT)
        self.body_px = self.plain.metrics.height()
        self.title_px = QFontMetrics(self.title).height()
        self.digit_px = QFontMetrics(self.digit).height()


class Place(NamedTuple):
    """Where the parts of a row are: counted when the panel is resized, not when it is painted.

    Attributes
    ----------
    area, track : QRectF
        The whole row; its bar at a probability of 1.
    left, right, middle : int
        Where names begin and percentages end; the height at which both are centred.
    name_px : int
        Room for the name.
    """

    area: QRectF
    track: QRectF
    left: int
    right: int
    middle: int
    name_px: int


class Layout:
    """The places of the head and of the rows in a panel of some size.

    Parameters
    ----------
    area : QRectF
        The whole panel.
    name_px : int
        Width of the longest of short names, which stand in front of their bars with the winner
        large beside them; 0 for long ones, whose winner stands above the bars.
    fonts : Fonts

    Attributes
    ----------
    inner, head : QRectF
        Without the margins; the winner's part of it.
    short : bool
        Whether the winner stands beside the bars.
    places : tuple of Place
        As many rows as there is room for.
    """

    def __init__(self, area: QRectF, name_px: int, fonts: Fonts) -> None:
        self._name_px = name_px
        self._percent_px = fonts.percent_px
        self.short = bool(name_px)
        self.inner = area.adjusted(GRID_PX, GRID_PX, -GRID_PX, -GRID_PX)
        # Long names put the winner above the bars.
        head_px = 0 if self.short else fonts.title_px + fonts.body_px + GRID_PX
        room = self.inner.height() - head_px
        count = MAX_ROWS if self.short else max(1, min(MAX_ROWS, int(room // MIN_ROW_PX)))
        height = int(min(max(room / count, MIN_ROW_PX), MAX_ROW_PX))
        self.places = tuple(self._place(index, height, head_px) for index in range(count))
        if self.short:
            bottom = self.places[-1].area.bottom()
            beside = QPointF(self.inner.x() + WINNER_WIDTH_PX, bottom)
            self.head = QRectF(self.inner.topLeft(), beside)
        else:
            self.head = QRectF(self.inner.x(), self.inner.y(), self.inner.width(), head_px)

    def _place(self, index: int, height: int, head_px: int) -> Place:
        inner = self.inner
        beside = WINNER_WIDTH_PX + GRID_PX if self.short else 0
        top = inner.y() + head_px + index * height
        area = QRectF(inner.x() + beside, top, inner.width() - beside, height)
        left, right, middle = int(area.left()), int(area.right()), int(area.center().y())
        name_px = self._name_px or int(NAME_SHARE * area.width())
        bar_left = left + name_px + GRID_PX
        bar_px = round(area.height() * BAR_SHARE)
        length = right - self._percent_px - GRID_PX - bar_left
        track = QRectF(bar_left, middle - bar_px // 2, length, bar_px)
        return Place(area, track, left, right, middle, name_px)
