"""Short texts that are laid out once and painted often."""

from __future__ import annotations

from typing import NamedTuple

from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QFont, QFontMetricsF, QPainter, QStaticText

# All percentages with one decimal, twice over: beyond that somebody scrolls through names.
MAX_TEXTS = 2048


class Ready(NamedTuple):  # no dataclass: it is there before the first paint
    """A text that is laid out, and its size in pixels."""

    text: QStaticText
    width: float
    height: float


class ReadyText:
    """Texts in one font that come again: a third of the time of laying them out.

    Parameters
    ----------
    font : QFont
        The painter must have it when a text is drawn.
    """

    def __init__(self, font: QFont) -> None:
        self.font = font
        self._texts: dict[str, Ready] = {}

    def get(self, text: str) -> Ready:
        """Return `text` laid out."""
        ready = self._texts.get(text)
        if ready is None:
            if len(self._texts) >= MAX_TEXTS:
                self._texts.clear()
            ready = self._texts[text] = self._lay_out(text)
        return ready

    def draw(self, painter: QPainter, left: float, top: float, text: str) -> None:
        """Draw `text` with its upper left corner at (`left`, `top`)."""
        painter.drawStaticText(QPointF(left, top), self.get(text).text)

    def _lay_out(self, text: str) -> Ready:
        static = QStaticText(text)
        static.setTextFormat(Qt.TextFormat.PlainText)
        static.prepare(font=self.font)
        size = static.size()
        return Ready(static, size.width(), size.height())


class NumberText:
    """Numbers in one font, which are never the same twice: placed without being laid out.

    Parameters
    ----------
    font : QFont
        The painter must have it when a number is drawn.
    """

    def __init__(self, font: QFont) -> None:
        metrics = QFontMetricsF(font)
        self._metrics = metrics
        self._advances: dict[str, float] = {}
        self.ascent, self.descent = metrics.ascent(), metrics.descent()

    def width(self, text: str) -> float:
        """Return the width of `text`: its characters' side by side, for numbers have no pairs."""
        try:
            return sum(map(self._advances.__getitem__, text))
        except KeyError:
            self._advances |= {c: self._metrics.horizontalAdvance(c) for c in text}
            return self.width(text)
