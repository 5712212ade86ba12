"""Hides the answer to a question until it has been answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QRect, Qt
from PyQt6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QWidget
from typing_extensions import override

from viewer.widgets.theme import LIGHT, RADIUS_PX, TextSize, text_font

if TYPE_CHECKING:
    from viewer.widgets.theme import Theme

MARK = "?"
SMALL_PX = 48  # lower covers have a small mark


class LessonCover(QWidget):
    """Lies over a part of a widget."""

    def __init__(self, theme: Theme = LIGHT) -> None:
        super().__init__()
        self._theme = theme
        self.setObjectName("lesson_cover")
        self.setToolTip("Shown once you have answered")
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    def put_over(self, widget: QWidget, area: QRect) -> None:
        """Lie over a rectangle of a widget."""
        if self.parentWidget() is not widget:
            self.setParent(widget)
        if self.geometry() != area:
            self.setGeometry(area)
        if not self.isVisible():
            self.show()
        self.raise_()

    def take_away(self) -> None:
        """Show again what is below."""
        self.hide()
        self.setParent(None)
        self.deleteLater()

    @override
    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Let no click through: it would select what is covered."""

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self._theme.color("surface"))
        painter.setPen(QPen(self._theme.color("border_strong"), 1))
        painter.setBrush(self._theme.color("raised"))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), RADIUS_PX, RADIUS_PX)
        size = TextSize.BODY if self.height() < SMALL_PX else 2 * TextSize.TITLE
        painter.setFont(text_font(size, bold=True))
        painter.setPen(self._theme.color("text_muted"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, MARK)
