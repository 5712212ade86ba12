"""One network's answer as a narrow column, and the picture that both networks see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QFontMetricsF, QImage, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from viewer.core.imaging.numbers import format_percent
from viewer.widgets.evaluation.robustness import paint_mark
from viewer.widgets.plot_style import run_color
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font
from viewer.widgets.tile_pictures import picture_of

if TYPE_CHECKING:
    from viewer.core.records import FloatArray
    from viewer.widgets.theme import Theme

MAX_ROWS = 10
MIN_ROW_PX, MAX_ROW_PX = 13, 22
BAR_SHARE = 0.5  # of a row's height
WIDEST_PERCENT = ">99.9 %"
MAX_NAME_SHARE = 0.4
BLANK_TEXT = "Nothing on the pad"
MARK_ROOM_PX = 14
SEEN_PX = 84  # three screen pixels a pixel of 28


class AnswerColumn(QWidget):
    """Name of a network, its winner, and a bar for each of its ten most probable classes.

    Parameters
    ----------
    index : int
        Decides colour and mark, as in the plots.
    """

    def __init__(self, index: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._index = index
        self._title = ""
        self._names: tuple[str, ...] = ()
        self._probabilities: tuple[float, ...] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_answer(
        self, title: str, probabilities: FloatArray | None, class_names: tuple[str, ...]
    ) -> None:
        """Show an answer; None where there is nothing to classify.

        Parameters
        ----------
        title : str
            Name of the network.
        probabilities : (K,) float32, or None
        class_names : tuple of K str
        """
        self._title, self._names = title, class_names
        self._probabilities = None if probabilities is None else tuple(probabilities.tolist())
        self.setAccessibleName(f"Answer of {title}")
        self.setAccessibleDescription(self.winner() or BLANK_TEXT)
        self.update()

    def winner(self) -> str | None:
        """Return name and probability of the most probable class, as shown."""
        if self._probabilities is None:
            return None
        best = max(range(len(self._probabilities)), key=self._probabilities.__getitem__)
        return f"{self._names[best]}  {format_percent(self._probabilities[best])}"

    def rows(self) -> list[int]:
        """Return the classes shown, from top to bottom."""
        count = len(self._names)
        if count <= MAX_ROWS or self._probabilities is None:
            return list(range(min(count, MAX_ROWS)))
        order = sorted(range(count), key=lambda i: -(self._probabilities or ())[i])
        return order[:MAX_ROWS]

    @override
    def sizeHint(self) -> QSize:
        return QSize(150, 220)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(112, 44 + MAX_ROWS * MIN_ROW_PX)

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(text_font(TextSize.SMALL, bold=True))
        metrics = QFontMetricsF(painter.font())
        line = metrics.height()
        color = run_color(self._index, self._theme)
        if self._title:
            paint_mark(painter, QPointF(4, line / 2), self._index, color)
        painter.setPen(self._theme.color("text"))
        room = QRectF(MARK_ROOM_PX, 0, self.width() - MARK_ROOM_PX, line)
        title = metrics.elidedText(self._title, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, _LEFT, title)
        top = self._paint_winner(painter, line)
        self._paint_rows(painter, top)

    def _paint_winner(self, painter: QPainter, top: float) -> float:
        """Paint the line below the title and return where it ends."""
        winner = self.winner()
        painter.setFont(text_font(TextSize.TITLE if winner else TextSize.SMALL, bold=bool(winner)))
        height = QFontMetricsF(text_font(TextSize.TITLE, bold=True)).height()
        painter.setPen(self._theme.color("text" if winner else "text_muted"))
        metrics = QFontMetricsF(painter.font())
        text = winner or (BLANK_TEXT if self._title else "")
        elided = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, self.width())
        painter.drawText(QRectF(0, top, self.width(), height), _LEFT, elided)
        return top + height + 2

    def _paint_rows(self, painter: QPainter, top: float) -> None:
        rows = self.rows()
        if not rows:
            return
        room = (self.height() - top) / MAX_ROWS
        height = int(min(max(room, MIN_ROW_PX), MAX_ROW_PX))
        strong, plain = text_font(TextSize.SMALL, bold=True), text_font(TextSize.SMALL)
        metrics = QFontMetricsF(strong)
        widest = max(metrics.horizontalAdvance(name) for name in self._names)
        name_px = min(widest, MAX_NAME_SHARE * self.width())
        percent_px = metrics.horizontalAdvance(WIDEST_PERCENT)
        best = max(self._probabilities or (0.0,))
        for place, index in enumerate(rows):
            area = QRectF(0, top + place * height, self.width(), height)
            share = None if self._probabilities is None else self._probabilities[index]
            first = share is not None and share == best
            painter.setFont(strong if first else plain)
            painter.setPen(self._theme.color("text" if first else "text_muted"))
            name = QFontMetricsF(painter.font()).elidedText(
                self._names[index], Qt.TextElideMode.ElideRight, name_px
            )
            painter.drawText(area, _LEFT, name)
            if share is not None:
                painter.drawText(area, _RIGHT, format_percent(share))
            left = name_px + GRID_PX / 2
            bar_height = round(height * BAR_SHARE)
            y = round(area.center().y() - bar_height / 2)
            bar = QRectF(left, y, self.width() - percent_px - 4 - left, bar_height)
            painter.fillRect(bar, self._theme.color("border"))
            bar.setWidth(bar.width() * (share or 0.0))
            painter.fillRect(bar, run_color(self._index, self._theme))


class SeenPicture(QWidget):
    """What both networks are shown: the moved drawing or picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._pixels: FloatArray | None = None
        self._picture: QImage | None = None
        self.setFixedSize(SEEN_PX + 2, SEEN_PX + 2)
        self.setAccessibleName("The moved drawing or picture, as both networks see it")
        self.setToolTip("The moved drawing or picture, as both networks see it")

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self._draw()

    def set_pixels(self, pixels: FloatArray | None) -> None:
        """Show pixels, float32 in [0, 1]: ink 1, (H, W); or of a picture, (1 or 3, H, W)."""
        self._pixels = pixels
        self._draw()

    def _draw(self) -> None:
        self._picture = None
        if self._pixels is not None:
            levels = np.round(np.clip(self._pixels, 0, 1) * 255).astype(np.uint8)
            if levels.ndim == 3:  # (C, H, W)
                levels = np.moveaxis(levels if len(levels) == 3 else levels.repeat(3, 0), 0, 2)
            self._picture = picture_of(levels, self._theme)
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        inside = QRectF(1, 1, SEEN_PX, SEEN_PX)
        painter.fillRect(inside, self._theme.color("paper"))
        if self._picture is not None:
            shrinks = self._picture.width() > SEEN_PX
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrinks)
            painter.drawImage(inside, self._picture)
        painter.setPen(self._theme.color("border"))
        painter.drawRect(QRectF(0.5, 0.5, SEEN_PX + 1, SEEN_PX + 1))


_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
