"""A frame around what a lesson speaks of; the mouse goes through it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QPoint, QRect, QRectF, Qt
from PyQt6.QtGui import QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QWidget
from typing_extensions import override

from viewer.widgets.theme import LIGHT, RADIUS_PX

if TYPE_CHECKING:
    from viewer.widgets.theme import Theme

LINE_PX, HALO_PX, MARGIN_PX = 3, 2, 4


class LessonPointer(QWidget):
    """Frames a part of a widget, in whatever window that is."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._theme = LIGHT
        self.setObjectName("lesson_pointer")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    def point_at(self, place: tuple[QWidget, QRect] | None) -> None:
        """Frame a rectangle of a widget; None for nothing."""
        if place is None:
            self.hide()
            return
        widget, area = place
        window = widget.window()
        assert window is not None, "a widget has a window"
        if window is not self.parentWidget():  # a dock that floats is a window of its own
            self.setParent(window)
        seen = area.intersected(widget.rect())
        if seen.width() < MARGIN_PX or seen.height() < MARGIN_PX:
            self.hide()
            return
        frame = QRect(widget.mapTo(window, QPoint(0, 0)) + seen.topLeft(), seen.size())
        margin = MARGIN_PX + LINE_PX
        frame = frame.adjusted(-margin, -margin, margin, margin).intersected(window.rect())
        if frame != self.geometry():
            self.setGeometry(frame)
        if not self.isVisible():
            self.show()
        self.raise_()

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        half = (LINE_PX + HALO_PX) / 2
        area = QRectF(self.rect()).adjusted(half, half, -half, -half)
        for token, width in (("surface", LINE_PX + HALO_PX), ("text", LINE_PX)):
            painter.setPen(QPen(self._theme.color(token), width))
            painter.drawRoundedRect(area, RADIUS_PX, RADIUS_PX)
