"""The classes with their probabilities, as bars in the last card."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QBrush, QPainter

from viewer.core.card_layout import PADDING_PX, PERCENT_PX, Card
from viewer.core.imaging.numbers import format_percent
from viewer.core.records import ActivationRecord, FloatArray, NetworkRecord
from viewer.widgets.flow_titles import TitleFonts
from viewer.widgets.ready_text import ReadyText
from viewer.widgets.theme import Theme

BAR_PX = 8  # thickness of a bar within its row


class ClassBars:
    """Paints a bar for each class; the likeliest stands out.

    Of many classes, only the likeliest are shown.
    """

    def __init__(self, network: NetworkRecord, card: Card, theme: Theme, fonts: TitleFonts) -> None:
        self.card = card
        self._names = tuple(fonts.class_text(name) for name in network.class_names)
        widest = max((fonts.small_px(name) for name in self._names), default=0.0)
        self._text, self._muted = theme.color("text"), theme.color("text_muted")
        # Brushes: PyQt fills with one five times as fast as with a colour.
        self._first, self._bar, self._track = (
            QBrush(theme.color(token)) for token in ("text", "bar", "window")
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

    def paint_tracks(self, painter: QPainter) -> None:
        """Paint what is there without a record: the rows' empty tracks."""
        for place in self._tracks:
            painter.fillRect(place, self._track)

    def paint(self, painter: QPainter, record: ActivationRecord | None) -> None:
        """Paint names, bars and percentages on the tracks; without probabilities only names."""
        probabilities = self._probabilities(record)
        shares = probabilities.tolist() if probabilities is not None else None
        winner = -1 if probabilities is None else int(probabilities.argmax())
        rows = list(enumerate(self.shown(record)))
        painter.setFont(self._plain.font)
        painter.setPen(self._muted)
        for row, index in rows:
            if index != winner:
                self._paint_row(painter, row, index, shares, self._plain, self._bar)
        painter.setFont(self._strong.font)
        painter.setPen(self._text)
        for row, index in rows:
            if index == winner:
                self._paint_row(painter, row, index, shares, self._strong, self._first)

    def _paint_row(
        self,
        painter: QPainter,
        row: int,
        index: int,
        shares: list[float] | None,
        texts: ReadyText,
        brush: QBrush,
    ) -> None:
        maps, height = self.card.maps, self.card.scale
        name = texts.get(self._names[index])
        text_top = round(maps.y + row * height + (height - name.height) / 2)
        painter.drawStaticText(QPointF(maps.x, text_top), name.text)
        if shares is None:
            return
        share = shares[index]
        bar = QRectF(self._tracks[row])
        bar.setWidth(self._length * share)
        painter.fillRect(bar, brush)
        percent = texts.get(format_percent(share))
        painter.drawStaticText(QPointF(round(maps.right - percent.width), text_top), percent.text)

    def _track_of(self, row: int) -> QRectF:
        top = self.card.maps.y + row * self.card.scale + (self.card.scale - BAR_PX) / 2
        return QRectF(self._left, top, self._length, BAR_PX)

    def _probabilities(self, record: ActivationRecord | None) -> FloatArray | None:
        if record is None or record.probabilities is None:
            return None
        return record.probabilities if len(record.probabilities) == len(self._names) else None
