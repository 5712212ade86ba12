"""A colour bar with numbers, from the very object that colours the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from viewer.widgets.cells import image_of
from viewer.widgets.theme import LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from viewer.core.imaging.color_scale import ColorScale
    from viewer.widgets.theme import Theme

BAR_PX = 10
GAP_PX = 4
FIRST_COLOR = 1  # entry 0 of a table is for what is no number
WIDEST_NUMBER = "−0.00000"  # reserved, so that nothing moves as the numbers change


def bar_thickness(orientation: Qt.Orientation) -> int:
    """Return the room that a bar and its numbers take across its length, in px."""
    metrics = QFontMetricsF(text_font(TextSize.SMALL))
    text = metrics.height()
    if orientation is Qt.Orientation.Vertical:
        text = metrics.horizontalAdvance(WIDEST_NUMBER)
    return int(BAR_PX + GAP_PX + text + 1)


def paint_color_bar(
    painter: QPainter, rect: QRectF, scale: ColorScale, theme: Theme, orientation: Qt.Orientation
) -> None:
    """Paint `scale` into `rect`: low at the left or the bottom, numbers beside the bar."""
    if orientation is Qt.Orientation.Horizontal:
        bar = QRectF(rect.left(), rect.top(), rect.width(), BAR_PX)
        lut = scale.lut[np.newaxis, FIRST_COLOR:]  # (1, 255)
    else:
        bar = QRectF(rect.left(), rect.top(), BAR_PX, rect.height())
        lut = scale.lut[: FIRST_COLOR - 1 : -1, np.newaxis]  # (255, 1)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    image = image_of(lut)
    painter.drawImage(bar, image, QRectF(image.rect()))
    painter.setPen(QPen(theme.color("border_strong"), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(bar.adjusted(0.5, 0.5, -0.5, -0.5))
    _paint_ticks(painter, rect, bar, scale, theme)


def _paint_ticks(
    painter: QPainter, rect: QRectF, bar: QRectF, scale: ColorScale, theme: Theme
) -> None:
    painter.setFont(text_font(TextSize.SMALL))
    painter.setPen(theme.color("text_muted"))
    metrics = painter.fontMetrics()
    taken: list[QRectF] = []
    for fraction, text in _ends_first(scale.ticks()):
        width, height = metrics.horizontalAdvance(text), metrics.height()
        if bar.width() > bar.height():
            left = bar.left() + fraction * bar.width() - width / 2
            left = min(max(left, rect.left()), rect.right() - width)
            place = QRectF(left, bar.bottom() + GAP_PX / 2, width, height)
        else:
            top = bar.bottom() - fraction * bar.height() - height / 2
            top = min(max(top, rect.top()), rect.bottom() - height)
            place = QRectF(bar.right() + GAP_PX, top, width, height)
        if not any(place.adjusted(-GAP_PX, 0, GAP_PX, 0).intersects(other) for other in taken):
            taken.append(place)
            painter.drawText(place, Qt.TextFlag.TextDontClip, text)


def _ends_first(ticks: tuple[tuple[float, str], ...]) -> list[tuple[float, str]]:
    # The two ends always stand; what lies between gives way where there is no room.
    return sorted(ticks, key=lambda tick: -abs(tick[0] - 0.5))


class ColorBar(QWidget):
    """A horizontal colour bar as a widget of its own."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._scale: ColorScale | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_scale(self, scale: ColorScale | None) -> None:
        """Show `scale`; None leaves the place empty."""
        self._scale = scale
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(120, bar_thickness(Qt.Orientation.Horizontal))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(60, bar_thickness(Qt.Orientation.Horizontal))

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        if self._scale is None:
            return
        painter = QPainter(self)
        rect = QRectF(self.rect())
        paint_color_bar(painter, rect, self._scale, self._theme, Qt.Orientation.Horizontal)
