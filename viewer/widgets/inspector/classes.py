"""Classes with their logits and probabilities as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from viewer.core.imaging.numbers import format_number
from viewer.widgets.inspector.model import percent
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from viewer.core.records import FloatArray
    from viewer.widgets.theme import Theme

HEADINGS = ("Class", "Logit", "Probability")
MIN_ROW_PX, MAX_ROW_PX = 18, 28
LOGIT_PX, PROBABILITY_PX = 64, 72  # room for "−1.234e−38" and for "> 99.99 %"
MAX_NAME_SHARE = 0.5  # of what the numbers leave; the bar gets the rest
BAR_PX = 6
BAR_MIN_PX = 1.0
RADIUS_PX = 4


class ClassTable(QWidget):
    """A row a class: name, logit, probability as a number and as a bar.

    In the classes' own order where all of them fit; otherwise the most probable ones.

    Signals
    -------
    class_chosen(int)
        Index of the class that was clicked or walked to.
    hover_changed(object)
        Index of the class under the mouse, or None.
    """

    class_chosen = pyqtSignal(int)
    hover_changed = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._names: tuple[str, ...] = ()
        self._logits: FloatArray | None = None
        self._probabilities: FloatArray | None = None
        self._selected: int | None = None
        self._hover: int | None = None
        self._longest_name_px = 0.0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Classes")

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_names(self, names: tuple[str, ...]) -> None:
        """Set the names of the classes."""
        self._names = names
        metrics = QFontMetricsF(text_font(TextSize.SMALL, bold=True))
        texts = (HEADINGS[0], *names)
        self._longest_name_px = max(metrics.horizontalAdvance(text) for text in texts)
        self.update()

    def set_values(self, logits: FloatArray | None, probabilities: FloatArray | None) -> None:
        """Show logits and probabilities, (K,) each; None where there are none."""
        self._logits, self._probabilities = logits, probabilities
        self.update()

    def set_selected(self, index: int | None) -> None:
        """Mark one class."""
        if index != self._selected:
            self._selected = index
            self.update()

    def rows(self) -> list[int]:
        """Return the classes shown, from top to bottom."""
        room = max(1, int(self.height() / MIN_ROW_PX) - 1)
        count = len(self._names)
        if count <= room or self._logits is None:
            return list(range(min(count, room)))
        return [int(i) for i in np.argsort(-self._logits, kind="stable")[:room]]

    def texts(self, index: int) -> tuple[str, str, str]:
        """Return name, logit and probability of a class as shown."""
        logit = "–" if self._logits is None else format_number(float(self._logits[index]))
        share = self._probabilities
        return self._names[index], logit, "–" if share is None else percent(float(share[index]))

    @override
    def sizeHint(self) -> QSize:
        return QSize(276, (len(self._names) + 1) * 22)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(200, 4 * MIN_ROW_PX)

    def row_rect(self, row: int) -> QRectF:
        """Return where row `row` is; -1 is the heading."""
        height = self._row_px()
        return QRectF(0, (row + 1) * height, self.width(), height)

    def _row_px(self) -> float:
        rows = len(self.rows()) + 1
        return float(max(MIN_ROW_PX, min(MAX_ROW_PX, self.height() // max(1, rows))))

    def _class_at(self, position: QPointF) -> int | None:
        row = int(position.y() // self._row_px()) - 1
        rows = self.rows()
        return rows[row] if 0 <= row < len(rows) else None

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            self._set_hover(self._class_at(event.position()))

    @override
    def leaveEvent(self, event: QEvent | None) -> None:
        self._set_hover(None)
        super().leaveEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        index = self._class_at(event.position())
        if index is not None:
            self.class_chosen.emit(index)

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        step = {} if event is None else {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event is None or event.key() not in step or not self._names:
            super().keyPressEvent(event)
            return
        rows = self.rows()
        place = rows.index(self._selected) if self._selected in rows else -1
        place = min(max(place + step[Qt.Key(event.key())], 0), len(rows) - 1)
        self.class_chosen.emit(rows[place])

    def _set_hover(self, index: int | None) -> None:
        if index != self._hover:
            self._hover = index
            self.hover_changed.emit(index)
            self.update()

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = text_font(TextSize.SMALL)
        painter.setFont(font)
        painter.setPen(self._theme.color("text_muted"))
        self._paint_texts(painter, self.row_rect(-1), HEADINGS)
        rows = [(index, self.row_rect(row)) for row, index in enumerate(self.rows())]
        self._paint_marks(painter, dict(rows))
        text, bar = self._theme.color("text"), self._theme.color("bar")
        winner = None if self._probabilities is None else int(np.argmax(self._probabilities))
        painter.setPen(text)
        for index, rect in rows:
            if index == winner:
                painter.setFont(text_font(TextSize.SMALL, bold=True))
            self._paint_texts(painter, rect, self.texts(index))
            self._paint_bar(painter, rect, index, text if index == winner else bar)
            if index == winner:
                painter.setFont(font)

    def _paint_marks(self, painter: QPainter, rows: dict[int, QRectF]) -> None:
        if self._hover in rows:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("raised"))
            painter.drawRoundedRect(rows[self._hover], RADIUS_PX, RADIUS_PX)
        if self._selected in rows:
            painter.setPen(QPen(self._theme.color("accent"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            rect = rows[self._selected].adjusted(1, 1, -1, -1)
            painter.drawRoundedRect(rect, RADIUS_PX, RADIUS_PX)

    def _paint_texts(self, painter: QPainter, rect: QRectF, texts: tuple[str, str, str]) -> None:
        middle = Qt.AlignmentFlag.AlignVCenter
        name, logit, probability = (self._column(rect, i) for i in range(3))
        elided = painter.fontMetrics().elidedText(
            texts[0], Qt.TextElideMode.ElideRight, int(name.width())
        )
        painter.drawText(name, Qt.AlignmentFlag.AlignLeft | middle, elided)
        painter.drawText(logit, Qt.AlignmentFlag.AlignRight | middle, texts[1])
        painter.drawText(probability, Qt.AlignmentFlag.AlignRight | middle, texts[2])

    def _paint_bar(self, painter: QPainter, rect: QRectF, index: int, color: QColor) -> None:
        if self._probabilities is None:
            return
        share = float(self._probabilities[index])
        place = self._column(rect, 3)
        width = max(BAR_MIN_PX, share * place.width()) if share > 0 else 0.0
        bar = QRectF(place.left(), place.center().y() - BAR_PX / 2, width, BAR_PX)
        painter.fillRect(bar, color)

    def _column(self, rect: QRectF, column: int) -> QRectF:
        """Return a row's cell: name, logit, probability, bar."""
        inner = rect.adjusted(GRID_PX, 0, -GRID_PX, 0)
        rest = inner.width() - LOGIT_PX - PROBABILITY_PX - GRID_PX
        name = min(rest * MAX_NAME_SHARE, self._longest_name_px + GRID_PX)
        lefts = (0.0, name, name + LOGIT_PX, name + LOGIT_PX + PROBABILITY_PX + GRID_PX)
        widths = (name, float(LOGIT_PX), float(PROBABILITY_PX), rest - name)
        return QRectF(inner.left() + lefts[column], inner.top(), widths[column], inner.height())
