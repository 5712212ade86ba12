"""The path from the value that was asked about down to the ink, as crumbs."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QEvent, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from viewer.widgets.keys import CHOOSE, arrow
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, Theme, text_font

ARROW = " → "
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class TraceCrumbs(QWidget):
    """Names in a row, the last one in bold; a click, or arrow keys and Enter, walk back to one.

    Where there is no room for all, the first ones give way to an ellipsis.

    Signals
    -------
    crumb_chosen(int)
        Its place in the path.
    """

    crumb_chosen = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._names: tuple[str, ...] = ()
        self._hovered: int | None = None
        self._place = 0  # of the one that the keys act on
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Path: arrow keys walk, Enter goes back to a value")

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_names(self, names: Sequence[str]) -> None:
        """Show another path."""
        self._names = tuple(names)
        self._hovered = None
        self._place = max(0, len(self._names) - 1)
        self.setAccessibleDescription(ARROW.join(names))
        self.setToolTip(ARROW.join(names) if len(names) > 1 else "")
        self.update()

    @property
    def names(self) -> tuple[str, ...]:
        """The path."""
        return self._names

    def rects(self) -> dict[int, QRectF]:
        """Return where the crumbs in sight are."""
        found: dict[int, QRectF] = {}
        arrow = self._metrics(bold=False).horizontalAdvance(ARROW)
        widths = [
            self._metrics(bold=number == len(self._names) - 1).horizontalAdvance(name)
            for number, name in enumerate(self._names)
        ]
        first = len(widths)
        room = float(self.width())
        while first > 0:
            more = widths[first - 1] + (arrow if first < len(widths) else 0.0)
            ellipsis = arrow + 2 * GRID_PX if first > 1 else 0.0
            if more + ellipsis > room and first < len(widths):
                break
            room -= more
            first -= 1
        x = arrow + 2 * GRID_PX if first > 0 else 0.0
        for number in range(first, len(widths)):
            found[number] = QRectF(x, 0, widths[number], self.height())
            x += widths[number] + arrow
        return found

    @override
    def sizeHint(self) -> QSize:
        return QSize(200, round(self._metrics(bold=True).height()) + 4)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        rects = self.rects()
        last = len(self._names) - 1
        if rects and min(rects) > 0:
            self._write(
                painter, QRectF(0, 0, 4 * GRID_PX, self.height()), f"…{ARROW}", "text_muted"
            )
        for number, rect in rects.items():
            font = text_font(TextSize.SMALL, bold=number == last)
            font.setUnderline(number == self._hovered)
            painter.setFont(font)
            token = "text" if number in (last, self._hovered) else "text_muted"
            self._write(painter, rect.adjusted(0, 0, 1, 0), self._names[number], token)
            if self.hasFocus() and number == self._place:
                painter.setPen(self._theme.color("accent"))
                painter.drawRect(rect.adjusted(-1, 0, 1, -1))
            if number < last:
                painter.setFont(text_font(TextSize.SMALL))
                after = QRectF(rect.right(), 0, 4 * GRID_PX, self.height())
                self._write(painter, after, ARROW, "text_muted")

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            self._set_hovered(self._at(event))

    @override
    def leaveEvent(self, event: QEvent | None) -> None:
        super().leaveEvent(event)
        self._set_hovered(None)

    @override
    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        number = None if event is None else self._at(event)
        if number is not None:
            self.crumb_chosen.emit(number)

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        rows, columns = arrow(event.key()) or (0, 0)
        if columns and not rows:
            shown = self.rects()
            self._place = min(
                max(self._place + columns, min(shown, default=0)), max(shown, default=0)
            )
            self.update()
        elif event.key() in CHOOSE:
            if self._place < len(self._names) - 1:
                self.crumb_chosen.emit(self._place)
        else:
            super().keyPressEvent(event)

    def _write(self, painter: QPainter, rect: QRectF, text: str, token: str) -> None:
        painter.setPen(self._theme.color(token))
        painter.drawText(rect, int(_LEFT), text)

    def _at(self, event: QMouseEvent) -> int | None:
        for number, rect in self.rects().items():
            if rect.contains(event.position()) and number < len(self._names) - 1:
                return number
        return None

    def _set_hovered(self, number: int | None) -> None:
        if number != self._hovered:
            self._hovered = number
            self.setCursor(
                Qt.CursorShape.ArrowCursor if number is None else Qt.CursorShape.PointingHandCursor
            )
            self.update()

    @staticmethod
    def _metrics(*, bold: bool) -> QFontMetricsF:
        return QFontMetricsF(text_font(TextSize.SMALL, bold=bold))
