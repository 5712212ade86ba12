"""The classes with their probabilities, as bars in the last card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QBrush, QPainter

from viewer.core.card_layout import PADDING_PX, PERCENT_PX, Card
from viewer.core.imaging.numbers import format_percent
from viewer.core.records import ActivationRecord, FloatArray, NetworkRecord
from viewer.widgets.flow.titles import TitleFonts
from viewer.widgets.ready_text import ReadyText
from viewer.widgets.theme import Theme

BAR_PX = 8  # thickness of a bar within its row
BEYOND_PX = 2  # how far a letter may reach beyond its place


class Row(NamedTuple):
    """A row as it is painted; two that are equal look the same.

    Attributes
    ----------
    row : int
        From the top.
    name, percent : str
        `percent` is empty without an answer.
    bar_end : float
        Where the bar ends, between two pixels of the screen.
    first : bool
        Whether the class is the likeliest.
    """

    row: int
    name: str
    percent: str = ""
    bar_end: float = 0.0
    first: bool = False


class ClassBars:
    """Paints a bar for each class; the likeliest stands out.

    Of many classes, only the likeliest are shown. Rows stay as they were painted until they
    change: under a pen, few of them do.
    """

    def __init__(
        self, network: NetworkRecord, card: Card, theme: Theme, fonts: TitleFonts, dpr: float
    ) -> None:
        self.card = card
        self._dpr = dpr
        self._painted: list[Row] = []
        # Letters above and below the line reach into other rows, which numerals don't.
        self._apart = all(name.isdecimal() for name in network.class_names)
        self._names = tuple(fonts.class_text(name) for name in network.class_names)
        widest = max((fonts.class_px(name) for name in network.class_names), default=0.0)
        self._text, self._muted = theme.color("text"), theme.color("text_muted")
        # Brushes: PyQt fills with one five times as fast as with a colour.
        self._first, self._bar, self._track, self._ground = (
            QBrush(theme.color(token)) for token in ("text", "bar", "window", "surface")
        )
        self._left = card.maps.x + widest + PADDING_PX
        self._length = card.maps.right - PERCENT_PX - PADDING_PX - self._left
        self._plain, self._strong = ReadyText(fonts.small), ReadyText(fonts.small_bold)
        self._tracks = [self._track_of(row) for row in range(card.grid.count)]

    def shown(self, record: ActivationRecord | None) -> tuple[int, ...]:
        """Return the classes that have a bar, from the top: all, or the likeliest of many."""
        rows, count = self.card.grid.count, len(self._names)
        probabilities = self._probabilities(record)
        if rows >= count or probabilities is None:
            return tuple(range(min(rows, count)))
        likeliest = np.argsort(-probabilities, kind="stable")[:rows]
        return tuple(int(index) for index in likeliest)

    def forget(self) -> None:
        """Take note that nothing is painted: all rows have changed."""
        self._painted = []

    def changed(self, record: ActivationRecord | None) -> list[Row]:
        """Return the rows that look otherwise than they were painted, which they are to be now."""
        rows = self._rows_of(record)
        before, self._painted = self._painted, rows
        if len(before) != len(rows) or (rows != before and not self._apart):
            return rows
        return [row for row, old in zip(rows, before, strict=True) if row != old]

    def paint(self, painter: QPainter, rows: Sequence[Row]) -> None:
        """Paint names, bars and percentages of rows; without an answer names and tracks."""
        maps, height = self.card.maps, self.card.scale
        beyond = 0 if self._apart else BEYOND_PX
        for row in rows:
            place = QRectF(maps.x, maps.y + row.row * height, maps.width, height)
            painter.fillRect(place.adjusted(-BEYOND_PX, -beyond, BEYOND_PX, beyond), self._ground)
        for row in rows:
            painter.fillRect(self._tracks[row.row], self._track)
        for row in sorted(rows, key=lambda row: row.first):  # that one lies on top
            self._paint_row(painter, row)

    def _paint_row(self, painter: QPainter, row: Row) -> None:
        maps, height = self.card.maps, self.card.scale
        top, texts = maps.y + row.row * height, self._strong if row.first else self._plain
        painter.setFont(texts.font)
        painter.setPen(self._text if row.first else self._muted)
        name = texts.get(row.name)
        text_top = round(top + (height - name.height) / 2)
        painter.drawStaticText(QPointF(maps.x, text_top), name.text)
        if not row.percent:
            return
        bar = QRectF(self._tracks[row.row])
        bar.setRight(row.bar_end)
        painter.fillRect(bar, self._first if row.first else self._bar)
        percent = texts.get(row.percent)
        painter.drawStaticText(QPointF(round(maps.right - percent.width), text_top), percent.text)

    def _rows_of(self, record: ActivationRecord | None) -> list[Row]:
        shown, names = enumerate(self.shown(record)), self._names
        probabilities = self._probabilities(record)
        if probabilities is None:
            return [Row(row, names[index]) for row, index in shown]
        shares, winner = probabilities.tolist(), int(probabilities.argmax())
        left, length, dpr = self._left, self._length, self._dpr
        return [
            Row(
                row,
                names[index],
                format_percent(shares[index]),
                round((left + length * shares[index]) * dpr) / dpr,
                index == winner,
            )
            for row, index in shown
        ]

    def _track_of(self, row: int) -> QRectF:
        top = self.card.maps.y + row * self.card.scale + (self.card.scale - BAR_PX) / 2
        return QRectF(self._left, top, self._length, BAR_PX)

    def _probabilities(self, record: ActivationRecord | None) -> FloatArray | None:
        if record is None or record.probabilities is None:
            return None
        return record.probabilities if len(record.probabilities) == len(self._names) else None
