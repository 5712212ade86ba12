"""A check box that looks like the switch it is, in light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PyQt6.QtGui import QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QCheckBox, QSizePolicy, QWidget

from viewer.widgets.overrides import override
from viewer.widgets.theme import GRID_PX, LIGHT

if TYPE_CHECKING:
    from viewer.widgets.theme import Theme

TRACK_WIDTH_PX, TRACK_HEIGHT_PX = 28, 16
KNOB_INSET_PX = 3


class Switch(QCheckBox):
    """On or off; Fusion's own box has hardly any contrast in the dark."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._theme = LIGHT
        self.setAccessibleName(text.replace("\n", " "))
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self.update()

    @override
    def sizeHint(self) -> QSize:
        text = self.fontMetrics().size(0, self.text())
        width = TRACK_WIDTH_PX + GRID_PX + text.width() + 1
        return QSize(width, max(TRACK_HEIGHT_PX, text.height()) + 2)

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def hitButton(self, pos: QPoint) -> bool:
        return self.rect().contains(pos)

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_track(painter)
        left = TRACK_WIDTH_PX + GRID_PX
        area = QRect(left, 0, self.width() - left, self.height())
        painter.setPen(self._theme.color("text" if self.isEnabled() else "text_muted"))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, self.text())

    def _paint_track(self, painter: QPainter) -> None:
        on, theme = self.isChecked(), self._theme
        strong = theme.color("text" if self.isEnabled() else "text_muted")
        outline = strong if on or self.hasFocus() else theme.color("text_muted")
        track = QRectF(0, (self.height() - TRACK_HEIGHT_PX) / 2, TRACK_WIDTH_PX, TRACK_HEIGHT_PX)
        track.adjust(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(outline, 2 if self.hasFocus() else 1))
        painter.setBrush(strong if on else theme.color("surface"))
        painter.drawRoundedRect(track, track.height() / 2, track.height() / 2)
        diameter = track.height() - 2 * KNOB_INSET_PX
        x = track.right() - KNOB_INSET_PX - diameter if on else track.left() + KNOB_INSET_PX
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("surface" if on else "text_muted"))
        painter.drawEllipse(QRectF(x, track.top() + KNOB_INSET_PX, diameter, diameter))
        painter.setBrush(Qt.BrushStyle.NoBrush)
