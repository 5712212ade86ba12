"""What a trace is shown as: blocks from top to bottom, each painted only where it is in sight."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QFont, QFontMetricsF, QPainter

from viewer.widgets.theme import GRID_PX, TextSize, text_font

if TYPE_CHECKING:
    from viewer.core.records import Selection
    from viewer.widgets.theme import Theme

LINE_GAP_PX = 2
ROW_PADDING_PX = 6
COLUMN_GAP_PX = 12
LABEL_PX = 88  # the least that is left for what a row is about
WIDEST_NUMBER = "−0.000e−00"

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_WRAPPED = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap


@dataclass(frozen=True, slots=True)
class Hit:
    """What is under a point.

    Attributes
    ----------
    rect : QRectF
        To be outlined, in the block.
    text : str
        All digits of it.
    target : Selection or None
        What a click selects.
    more : bool
        Whether a click shows more of what is cut short.
    """

    rect: QRectF
    text: str
    target: Selection | None = None
    more: bool = False


class Block(Protocol):
    """A part of the page, in coordinates of its own."""

    def height(self, width: float, /) -> float:
        """Return how much room it takes at this width."""

    def paint(self, painter: QPainter, width: float, seen: QRectF, theme: Theme, /) -> None:
        """Paint at least what intersects `seen`."""

    def hit(self, point: QPointF, width: float, /) -> Hit | None:
        """Return what is under a point; None for nothing."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, wrapped where it is too long.

    Attributes
    ----------
    text : str
    token : str
        Colour, as the theme names it.
    bold : bool
    """

    text: str
    token: str = "text"
    bold: bool = False


@dataclass(slots=True)
class TextBlock:
    """Sentences and formulas."""

    lines: Sequence[Line]
    _heights: tuple[float, list[float]] = field(default=(-1.0, []), init=False)

    def height(self, width: float) -> float:
        """Return the height of all lines, wrapped."""
        return sum(self._at(width)) + GRID_PX / 2

    def paint(self, painter: QPainter, width: float, seen: QRectF, theme: Theme) -> None:
        """Paint the lines in sight."""
        y = 0.0
        for line, height in zip(self.lines, self._at(width), strict=True):
            if y + height > seen.top() and y < seen.bottom():
                painter.setFont(_font(line.bold))
                painter.setPen(theme.color(line.token))
                painter.drawText(QRectF(0, y, width, height), int(_WRAPPED), line.text)
            y += height

    def hit(self, _point: QPointF, _width: float) -> Hit | None:
        """There is nothing to point at."""
        return None

    def _at(self, width: float) -> list[float]:
        if self._heights[0] != width:
            heights = [
                QFontMetricsF(_font(line.bold))
                .boundingRect(QRectF(0, 0, width, 10_000), int(_WRAPPED), line.text)
                .height()
                + LINE_GAP_PX
                for line in self.lines
            ]
            self._heights = (width, heights)
        return self._heights[1]


@dataclass(slots=True)
class MoreBlock:
    """One line for all that is not shown; a click shows more of it."""

    line: Line

    def height(self, width: float) -> float:
        """Return the height of the line, wrapped."""
        return self._words().height(width)

    def paint(self, painter: QPainter, width: float, seen: QRectF, theme: Theme) -> None:
        """Paint the line."""
        self._words().paint(painter, width, seen, theme)

    def hit(self, _point: QPointF, width: float) -> Hit | None:
        """Return the line, wherever the point is on it."""
        return Hit(QRectF(0, 0, width, self.height(width)), self.line.text, more=True)

    def _words(self) -> TextBlock:
        return TextBlock((self.line,))


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table.

    Attributes
    ----------
    label : str
    cells : tuple of str
    text : str
        All its digits.
    target : Selection or None
    bold : bool
    """

    label: str
    cells: tuple[str, ...]
    text: str = ""
    target: Selection | None = None
    bold: bool = False


@dataclass(slots=True)
class TableBlock:
    """Rows with numbers; where it is narrow, the less important columns go first.

    Attributes
    ----------
    title : str
        Over the labels.
    columns : tuple of str
    count : int
        Of rows.
    row : callable
        From the number of a row to what stands in it: asked only for rows in sight.
    importance : tuple of int
        Places of columns, the most important first; as they stand if empty.
    """

    title: str
    columns: tuple[str, ...]
    count: int
    row: Callable[[int], Row]
    importance: tuple[int, ...] = ()

    def height(self, _width: float) -> float:
        """Return the height of all rows and the one of titles."""
        return (self.count + 1) * row_px() + GRID_PX

    def paint(self, painter: QPainter, width: float, seen: QRectF, theme: Theme) -> None:
        """Paint the rows in sight."""
        step = row_px()
        if seen.top() < step:
            titles = Row(self.title, self.columns)
            self._paint_row(painter, titles, QRectF(0, 0, width, step), theme, "text_muted")
            painter.fillRect(QRectF(0, step - 1, width, 1), theme.color("border"))
        first = max(0, int(seen.top() / step) - 1)
        last = min(self.count, int(seen.bottom() / step) + 1)
        for number in range(first, last):
            place = QRectF(0, (number + 1) * step, width, step)
            self._paint_row(painter, self.row(number), place, theme, "text")

    def hit(self, point: QPointF, width: float) -> Hit | None:
        """Return the row under a point."""
        step = row_px()
        number = int(point.y() // step) - 1
        if not 0 <= number < self.count or not 0 <= point.x() < width:
            return None
        row = self.row(number)
        return Hit(QRectF(0, (number + 1) * step, width, step), row.text, row.target)

    def _paint_row(
        self, painter: QPainter, row: Row, place: QRectF, theme: Theme, token: str
    ) -> None:
        painter.setFont(_font(row.bold))
        painter.setPen(theme.color(token))
        number_px = column_px()
        shown = self._shown(place.width(), number_px)
        right = place.right() - 4
        for column in reversed(shown):
            cell = QRectF(right - number_px, place.top(), number_px, place.height())
            painter.drawText(cell, int(_RIGHT), row.cells[column])
            right -= number_px + COLUMN_GAP_PX
        label = QRectF(place.left() + 4, place.top(), right - place.left() - 4, place.height())
        text = QFontMetricsF(painter.font()).elidedText(
            row.label, Qt.TextElideMode.ElideMiddle, label.width()
        )
        painter.drawText(label, int(_LEFT), text)

    def _shown(self, width: float, number_px: float) -> list[int]:
        order = self.importance or tuple(range(len(self.columns)))
        room = int((width - LABEL_PX) / (number_px + COLUMN_GAP_PX))
        return sorted(order[: max(1, room)])


def row_px() -> float:
    """Return the height of a row of a table."""
    return round(QFontMetricsF(_font(bold=False)).height()) + ROW_PADDING_PX


def column_px() -> float:
    """Return the width of a column of numbers."""
    return QFontMetricsF(_font(bold=True)).horizontalAdvance(WIDEST_NUMBER)


def _font(bold: bool) -> QFont:  # as Line and Row have it
    return text_font(TextSize.SMALL, bold=bold)
