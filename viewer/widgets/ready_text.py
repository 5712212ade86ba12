"""Short texts that are laid out once and painted often."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QSizeF, Qt
from PyQt6.QtGui import QFont, QPainter, QStaticText

# All percentages with one decimal, twice over: beyond that somebody scrolls through names.
MAX_TEXTS = 2048


class ReadyText:
    """Texts by what they say and whether they are bold; half the time of laying them out."""

    def __init__(self) -> None:
        self._texts: dict[tuple[str, bool], QStaticText] = {}

    def size(self, text: str, font: QFont, *, bold: bool) -> QSizeF:
        """Return how much room `text` takes in `font`."""
        return self._ready(text, font, bold).size()

    def draw(self, painter: QPainter, place: QPointF, text: str, *, bold: bool) -> None:
        """Draw `text` in the painter's font, its upper left corner at `place`.

        Parameters
        ----------
        painter : QPainter
            With the font that `bold` stands for: one of two in an object's life.
        place : QPointF
        text : str
        bold : bool
        """
        painter.drawStaticText(place, self._ready(text, painter.font(), bold))

    def _ready(self, text: str, font: QFont, bold: bool) -> QStaticText:
        ready = self._texts.get((text, bold))
        if ready is None:
            if len(self._texts) >= MAX_TEXTS:
                self._texts.clear()
            ready = QStaticText(text)
            ready.setTextFormat(Qt.TextFormat.PlainText)
            ready.prepare(font=font)
            self._texts[text, bold] = ready
        return ready
