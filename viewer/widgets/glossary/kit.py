"""Small parts that the glossary's pictures are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QPainter, QPen, QPolygonF

from viewer.core.imaging.color_scale import AUTOMATIC, table
from viewer.widgets.theme import TextSize, Theme, text_font

WIDTH, HEIGHT = 248, 112  # of every picture, in its own units
LINE = 1.0
STRONG = 2.0
ARROW = 4.0
# Entries of a table of colours: the first is for what is no number.
MIDDLE, HALF_TABLE = 128, 126


@dataclass(frozen=True, slots=True)
class Pen:
    """A painter with the theme's colours."""

    painter: QPainter
    theme: Theme

    def color(self, token: str) -> QColor:
        """Return a colour of the theme."""
        return self.theme.color(token)

    def stroke(self, token: str = "text", width: float = LINE, *, dashed: bool = False) -> None:
        """Draw outlines from now on."""
        pen = QPen(self.color(token), width)
        if dashed:
            pen.setStyle(Qt.PenStyle.DashLine)
        self.painter.setPen(pen)
        self.painter.setBrush(Qt.BrushStyle.NoBrush)

    def text(
        self,
        area: QRectF,
        text: str,
        token: str = "text",
        *,
        bold: bool = False,
        small: bool = True,
    ) -> None:
        """Write in the middle of an area."""
        font: QFont = text_font(TextSize.SMALL if small else TextSize.BODY, bold=bold)
        self.painter.setFont(font)
        self.painter.setPen(self.color(token))
        self.painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)

    def grid(
        self,
        x: float,
        y: float,
        values: ArrayLike,
        cell: float,
        *,
        signed: bool = False,
        numbers: bool = False,
    ) -> QRectF:
        """Draw a grid of cells, coloured by their values; return where it is."""
        array = np.asarray(values, np.float64)
        rows, columns = array.shape
        largest = max(1e-9, float(np.abs(array).max()))
        colors = table(AUTOMATIC, signed=True, dark=self.theme.dark) if signed else None
        for row in range(rows):
            for column in range(columns):
                value = array[row, column]
                box = QRectF(x + column * cell, y + row * cell, cell, cell)
                if colors is not None:
                    index = round(MIDDLE + HALF_TABLE * value / largest)
                    fill = QColor.fromRgb(int(colors[index]))
                else:
                    fill = _mixed(self.color("paper"), self.color("ink"), value / largest)
                self.painter.setPen(QPen(self.color("border_strong"), LINE))
                self.painter.setBrush(fill)
                self.painter.drawRect(box)
                if numbers:
                    font = text_font(TextSize.SMALL)
                    self.painter.setFont(font)
                    light = fill.lightnessF() > 0.5
                    self.painter.setPen(QColor("#1b1e22" if light else "#ffffff"))
                    figure = f"{value:g}".replace("-", "−")
                    self.painter.drawText(box, Qt.AlignmentFlag.AlignCenter, figure)
        return QRectF(x, y, columns * cell, rows * cell)

    def frame(self, area: QRectF, *, dashed: bool = False) -> None:
        """Outline cells strongly."""
        self.stroke("surface", STRONG + 2)
        self.painter.drawRect(area)
        self.stroke("warning", STRONG, dashed=dashed)
        self.painter.drawRect(area)

    def arrow(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Draw an arrow."""
        tail, head = QPointF(*start), QPointF(*end)
        way = head - tail
        length = max(1e-6, (way.x() ** 2 + way.y() ** 2) ** 0.5)
        along = way / length
        across = QPointF(-along.y(), along.x())
        self.stroke("text_muted", 1.5)
        self.painter.drawLine(tail, head - along * ARROW)
        self.painter.setBrush(self.color("text_muted"))
        self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.drawPolygon(
            QPolygonF(
                [head, head - (along * 2 - across) * ARROW, head - (along * 2 + across) * ARROW]
            )
        )

    def axes(self, area: QRectF, across: str = "", up: str = "") -> None:
        """Draw two axes with their names."""
        self.stroke("text_muted")
        self.painter.drawLine(area.bottomLeft(), area.bottomRight())
        self.painter.drawLine(area.bottomLeft(), area.topLeft())
        if across:
            below = QRectF(area.x(), area.bottom() + 1, area.width(), 14)
            self.text(below, across, "text_muted")
        if up:
            beside = QRectF(-area.center().y() - 60, area.x() - 16, 120, 14)
            self.painter.save()
            self.painter.rotate(-90)
            self.text(beside, up, "text_muted")
            self.painter.restore()

    def curve(
        self,
        area: QRectF,
        function: Callable[[float], float],
        token: str = "text",
        *,
        dashed: bool = False,
    ) -> None:
        """Draw a function of [0, 1] with values in [0, 1]."""
        steps = [index / 80 for index in range(81)]
        points = [
            QPointF(
                area.x() + t * area.width(),
                area.bottom() - min(1.0, max(0.0, function(t))) * area.height(),
            )
            for t in steps
        ]
        self.stroke(token, STRONG, dashed=dashed)
        self.painter.drawPolyline(QPolygonF(points))

    def bars(self, area: QRectF, values: Sequence[float], token: str = "bar") -> None:
        """Draw bars that stand on the lower edge."""
        step = area.width() / len(values)
        self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.setBrush(self.color(token))
        for index, value in enumerate(values):
            height = value * area.height()
            self.painter.drawRect(
                QRectF(area.x() + index * step + 1, area.bottom() - height, step - 2, height)
            )

    def dots(self, x: float, ys: Sequence[float], radius: float = 5) -> list[QPointF]:
        """Draw units below each other; return their middles."""
        found = [QPointF(x, y) for y in ys]
        self.painter.setPen(QPen(self.color("text"), LINE))
        self.painter.setBrush(self.color("raised"))
        for point in found:
            self.painter.drawEllipse(point, radius, radius)
        return found

    def links(self, starts: Sequence[QPointF], ends: Sequence[QPointF], token: str = "bar") -> None:
        """Join every start with every end."""
        self.stroke(token)
        for start in starts:
            for end in ends:
                self.painter.drawLine(start, end)

    def card(self, area: QRectF, text: str) -> None:
        """Draw a layer's card."""
        self.painter.setPen(QPen(self.color("border_strong"), LINE))
        self.painter.setBrush(self.color("raised"))
        self.painter.drawRoundedRect(area, 4, 4)
        self.text(area, text)


def _mixed(paper: QColor, ink: QColor, share: float) -> QColor:
    share = min(1.0, max(0.0, share))
    parts = zip(paper.getRgbF()[:3], ink.getRgbF()[:3], strict=True)
    return QColor.fromRgbF(*((1 - share) * (low or 0) + share * (high or 0) for low, high in parts))
