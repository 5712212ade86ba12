"""The classes with their probabilities, as bars in the last card."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QPainter

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
        self._fonts = fonts
        self._names = tuple(fonts.class_text(name) for name in network.class_names)
        widest = max((fonts.small_px(name) for name in self._names), default=0.0)
        self._text, self._muted = theme.color("text"), theme.color("text_muted")
        self._bar, self._track = theme.color("bar"), theme.color("window")
        self._left = card.maps.x + widest + PADDING_PX
        self._length = card.maps.right - PERCENT_PX - PADDING_PX - self._left
        self._texts = ReadyText()

    def shown(self, record: ActivationRecord | None) -> tuple[int, ...]:
        """Return the classes that have a bar, from the top: all, or the likeliest of many."""
        rows, count = self.card.grid.count, len(self._names)
        probabilities = self._probabilities(record)
        if rows >= count or probabilities is None:
            return tuple(range(min(rows, count)))
        likeliest = np.argsort(-probabilities, kind="stable")[:rows]
        return tuple(int(index) for index in likeliest)

    def paint(self, painter: QPainter, record: ActivationRecord | None) -> None:
        """Paint all rows; without probabilities, only names and empty tracks."""
        probabilities = self._probabilities(record)
        winner = int(np.argmax(probabilities)) if probabilities is not None else None
        shares = probabilities.tolist() if probabilities is not None else None
        top = self.card.maps.y
        for index in self.shown(record):
            share = shares[index] if shares is not None else None
            self._paint_row(painter, top, index, share, wins=index == winner)
            top += self.card.scale

    def _paint_row(
        self, painter: QPainter, top: int, index: int, share: float | None, *, wins: bool
    ) -> None:
        color = self._text if wins else self._muted
        painter.setFont(self._fonts.small_bold if wins else self._fonts.small)
        painter.setPen(color)
        self._write(painter, self.card.maps.x, top, self._names[index], wins)
        bar_top = top + (self.card.scale - BAR_PX) / 2
        painter.fillRect(QRectF(self._left, bar_top, self._length, BAR_PX), self._track)
        if share is None:
            return
        bar = QRectF(self._left, bar_top, self._length * share, BAR_PX)
        painter.fillRect(bar, self._text if wins else self._bar)
        self._write(painter, None, top, format_percent(share), wins)

    def _write(
        self, painter: QPainter, left: float | None, top: int, text: str, bold: bool
    ) -> None:
        """Write into a row, from `left` or up to the right end."""
        size = self._texts.size(text, painter.font(), bold=bold)
        x = self.card.maps.right - size.width() if left is None else left
        y = top + (self.card.scale - size.height()) / 2
        self._texts.draw(painter, QPointF(round(x), round(y)), text, bold=bold)

    def _probabilities(self, record: ActivationRecord | None) -> FloatArray | None:
        if record is None or record.probabilities is None:
            return None
        return record.probabilities if len(record.probabilities) == len(self._names) else None
