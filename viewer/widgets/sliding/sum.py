"""The arithmetic below a sliding window: terms, total, torch's value, what is pointed at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from viewer.widgets.theme import Theme

TERM_LINES = 2
OTHER_LINES = 3  # total, check, hover


class SumPanel(QWidget):
    """Lines of text that keep their places whatever the numbers are."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._lines = ("", "", "")
        self._longest = ""
        self._agrees = True
        self._hover = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Arithmetic of the current position")

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_lines(
        self, lines: tuple[str, str, str], *, longest: str = "", agrees: bool = True
    ) -> None:
        """Show terms, total and the comparison with torch.

        Parameters
        ----------
        lines : (terms, total, check)
        longest : str
            As long as the terms can get: they keep as many rows as that takes.
        agrees : bool
            Whether the total is torch's value but for rounding; said in the warning's colour
            if not.
        """
        self._lines, self._longest, self._agrees = lines, longest, agrees
        self.setAccessibleDescription("\n".join(lines))
        self.update()

    def set_hover(self, text: str) -> None:
        """Show what is under the mouse."""
        if text != self._hover:
            self._hover = text
            self.update()

    def lines(self) -> tuple[str, ...]:
        """Return what is shown, line by line."""
        return (*self._lines, self._hover)

    @property
    def agrees(self) -> bool:
        """Whether the total is torch's value but for rounding."""
        return self._agrees

    def _height(self, bold: bool = False) -> float:
        return QFontMetricsF(text_font(TextSize.BODY, bold=bold)).height()

    @override
    def sizeHint(self) -> QSize:
        height = (TERM_LINES + OTHER_LINES - 1) * self._height() + self._height(bold=True)
        return QSize(480, int(height) + GRID_PX // 2)

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def term_rows(self) -> list[str]:
        """Return the terms in as many rows as they take, broken between terms only."""
        metrics = QFontMetricsF(text_font(TextSize.BODY))
        rows: list[str] = []
        for piece in _pieces(self._lines[0]):
            longer = f"{rows[-1]} {piece}" if rows else piece
            if rows and metrics.horizontalAdvance(longer) <= self.width():
                rows[-1] = longer
            else:
                rows.append(piece)
        return rows

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        metrics = QFontMetricsF(text_font(TextSize.BODY))
        rows = self.term_rows()
        if len(rows) > TERM_LINES:  # as much as fits; all of it is in the tooltip
            rest = " ".join(rows[TERM_LINES - 1 :])
            last = metrics.elidedText(rest, Qt.TextElideMode.ElideMiddle, self.width())
            rows[TERM_LINES - 1 :] = [last]
        long = metrics.horizontalAdvance(self._longest) > self.width()
        y = 0.0
        for row in rows:
            y = self._paint_line(painter, y, row, "text")
        y = max(len(rows), TERM_LINES if long else 1) * self._height()
        y = self._paint_line(painter, y, self._lines[1], "text", bold=True)
        y = self._paint_line(painter, y, self._lines[2], "text" if self._agrees else "warning")
        self._paint_line(painter, y, self._hover, "text_muted")

    def _paint_line(
        self, painter: QPainter, y: float, text: str, token: str, *, bold: bool = False
    ) -> float:
        font = text_font(TextSize.BODY, bold=bold)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(self._theme.color(token))
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, self.width())
        place = QRectF(0, y, self.width(), metrics.height())
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextDontClip, shown)
        return y + metrics.height()


def _pieces(text: str) -> list[str]:
    """Return a sum in pieces that stay together: a sign and what follows it."""
    pieces: list[str] = []
    for word in text.split(" "):
        if pieces and pieces[-1] in ("+", "−", "="):
            pieces[-1] += f" {word}"
        else:
            pieces.append(word)
    return pieces
