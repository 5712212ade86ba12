"""Names of curves in one row, each behind a stroke of its colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QToolTip, QWidget

from viewer.widgets.overrides import override
from viewer.widgets.plot_style import DOT_PX
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.widgets.theme import Theme

STROKE_PX = 14
GAP_PX = 6
LEAST_NAME_PX = 24  # a name shorter than that tells nothing: the stroke alone stays


class Entry(NamedTuple):
    """One name in a legend; without a colour it is muted and has no stroke."""

    name: str
    color: QColor | None
    strong: bool = False
    dots: bool = False


class Legend(QWidget):
    """Entries from left to right; where they don't fit, the names are shortened alike.

    Parameters
    ----------
    parent : QWidget, optional
    mode : Qt.TextElideMode
        Which part of a name gives way.
    """

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
    ) -> None:
        super().__init__(parent)
        self._mode = mode
        self._theme = LIGHT
        self._entries: tuple[Entry, ...] = ()
        self.setFont(text_font(TextSize.SMALL))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`; entries bring their own."""
        self._theme = theme
        self.update()

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Show these names."""
        if tuple(entries) != self._entries:
            self._entries = tuple(entries)
            self.setAccessibleName("Legend: " + ", ".join(entry.name for entry in entries))
            self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(200, int(QFontMetricsF(self.font()).height()) + 2)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.sizeHint().height())

    def width_of(self, entries: Sequence[Entry]) -> int:
        """Return the room that entries take whole, in px."""
        metrics = QFontMetricsF(self.font())
        widths = [
            metrics.horizontalAdvance(e.name) + 2 + (STROKE_PX + GAP_PX) * (e.color is not None)
            for e in entries
        ]
        return int(sum(widths) + 2 * GRID_PX * max(0, len(widths) - 1)) + 1

    def places(self) -> list[tuple[Entry, QRectF, str]]:
        """Return every entry with its place and its name as it is shown."""
        metrics = QFontMetricsF(self.font())
        strokes = [STROKE_PX + GAP_PX if e.color is not None else 0 for e in self._entries]
        wanted = [metrics.horizontalAdvance(entry.name) + 1 for entry in self._entries]
        room = self.width() - sum(strokes) - 2 * GRID_PX * max(0, len(wanted) - 1)
        granted = share_room(wanted, room)
        left, result = 0.0, []
        for entry, stroke, width in zip(self._entries, strokes, granted, strict=True):
            text = metrics.elidedText(entry.name, self._mode, width)
            text = "" if text != entry.name and width < LEAST_NAME_PX else text
            result.append((entry, QRectF(left, 0, stroke + width, self.height()), text))
            left += stroke + width + 2 * GRID_PX
        return result

    @override
    def event(self, event: QEvent | None) -> bool:
        if isinstance(event, QHelpEvent):
            for entry, place, _ in self.places():
                if place.contains(event.pos().toPointF()):
                    QToolTip.showText(event.globalPos(), entry.name, self)
                    return True
            QToolTip.hideText()
            return True
        return super().event(event)

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for entry, place, text in self.places():
            self._paint_entry(painter, entry, place, text)

    def _paint_entry(self, painter: QPainter, entry: Entry, place: QRectF, text: str) -> None:
        left, middle = place.left(), round(place.center().y()) + 0.5
        if entry.color is not None:
            painter.setPen(QPen(entry.color, 3.0 if entry.strong else 1.5))
            painter.drawLine(QPointF(left, middle), QPointF(left + STROKE_PX, middle))
            if entry.dots:
                painter.setPen(QPen(entry.color, 1.5))
                painter.setBrush(self._theme.color("surface"))
                painter.drawEllipse(QPointF(left + STROKE_PX / 2, middle), DOT_PX, DOT_PX)
            left += STROKE_PX + GAP_PX
        painter.setPen(self._theme.color("text" if entry.strong else "text_muted"))
        area = QRectF(left, 0, place.right() - left + 2, self.height())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip, text)


def share_room(wanted: Sequence[float], room: float) -> list[float]:
    """Return a width each: what is wanted, or where that is too much an equal share at most."""
    most = 0.0
    left = list(wanted)
    remaining = max(room, 0.0)
    while left:
        most = remaining / len(left)
        fitting = [width for width in left if width <= most]
        if not fitting:
            break
        remaining -= sum(fitting)
        left = [width for width in left if width > most]
    return [min(width, most) if left else width for width in wanted]
