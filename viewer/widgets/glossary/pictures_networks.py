"""The glossary's pictures of larger networks, and of pictures on their way into one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QPainterPath

from viewer.core.explain.lab_presets import PATTERNS
from viewer.widgets.glossary.kit import Pen
from viewer.widgets.glossary.pictures import Painter

_SEVEN = PATTERNS["Seven"]
_MAP = np.abs(np.sin(np.arange(36).reshape(6, 6)))


def _block(pen: Pen) -> None:
    pen.card(QRectF(12, 40, 62, 32), "block  +")
    pen.arrow((80, 56), (104, 56))
    band = QRectF(110, 20, 128, 72)
    pen.stroke("border_strong")
    pen.painter.setBrush(pen.color("border"))
    pen.painter.drawRoundedRect(band, 4, 4)
    pen.text(QRectF(116, 24, 40, 14), "block")
    for index, name in enumerate(("conv", "ReLU", "conv")):
        pen.card(QRectF(116 + 40 * index, 46, 36, 30), name)


def _shortcut(pen: Pen) -> None:
    for x, name in ((40, "conv"), (108, "conv")):
        pen.card(QRectF(x, 52, 48, 30), name)
    for start, end in ((12, 38), (90, 106), (158, 180), (204, 236)):
        pen.arrow((start, 67), (end, 67))
    path = QPainterPath(QPointF(24, 67))
    path.cubicTo(QPointF(24, 12), QPointF(192, 12), QPointF(192, 52))
    pen.stroke("text", 2)
    pen.painter.drawPath(path)
    pen.stroke("border_strong")
    pen.painter.setBrush(pen.color("raised"))
    pen.painter.drawEllipse(QPointF(192, 67), 12, 12)
    pen.text(QRectF(180, 55, 24, 24), "+", small=False, bold=True)


def _crop(pen: Pen) -> None:
    wide = np.full((8, 12), 0.12)
    wide[1:7, 4:8] = _SEVEN[2:8, 3:7]
    area = pen.grid(14, 22, wide, 8)
    middle = QRectF(area.x() + 16, area.y(), 64, 64)
    pen.frame(middle)
    pen.arrow((118, 54), (148, 54))
    pen.grid(156, 22, wide[:, 2:10], 8)
    pen.text(QRectF(14, 92, 96, 14), "resized", "text_muted")
    pen.text(QRectF(146, 92, 84, 14), "middle cut out", "text_muted")


def _tokens(pen: Pen) -> None:
    cell = 7
    area = pen.grid(16, 16, np.clip(_SEVEN[:9, :9], 0, 1), cell)
    pen.stroke("warning", 2)
    for index in range(4):
        at = 3 * cell * index
        pen.painter.drawLine(
            QPointF(area.x() + at, area.y()), QPointF(area.x() + at, area.bottom())
        )
        pen.painter.drawLine(QPointF(area.x(), area.y() + at), QPointF(area.right(), area.y() + at))
    pen.arrow((88, 48), (116, 48))
    values = np.sin(np.arange(9 * 12).reshape(9, 12) * 1.7)
    pen.grid(124, 16, values, cell, signed=True)
    pen.text(QRectF(16, 86, 64, 14), "patches", "text_muted")
    pen.text(QRectF(116, 86, 100, 14), "one row a patch", "text_muted")


def _exciting(pen: Pen) -> None:
    for index in range(3):
        image = np.roll(_SEVEN[::2, ::2], index, axis=1)
        cell = 46 / len(image)
        area = pen.grid(12 + index * 54, 30, image, cell)
        pen.frame(QRectF(area.x() + (1 + index) * cell, area.y() + cell, 2 * cell, 2 * cell))
    pen.arrow((176, 54), (192, 54))
    pen.grid(198, 34, _MAP, 7)
    pen.text(QRectF(12, 84, 150, 14), "strongest first", "text_muted")


def _minimap(pen: Pen) -> None:
    pen.stroke("border_strong")
    pen.painter.setBrush(pen.color("raised"))
    pen.painter.drawRoundedRect(QRectF(76, 6, 96, 100), 4, 4)
    for row in range(5):
        for column in range(3):
            token = "text_muted" if (row + column) % 3 else "text"
            area = QRectF(84 + column * 28, 13 + row * 18, 22, 13)
            pen.painter.fillRect(area, pen.color(token))
    pen.frame(QRectF(80, 10, 88, 38))
    pen.text(QRectF(176, 20, 68, 20), "in sight")


NETWORK_PICTURES: Mapping[str, Painter] = MappingProxyType(
    {
        "block": _block,
        "shortcut": _shortcut,
        "crop": _crop,
        "tokens": _tokens,
        "exciting": _exciting,
        "minimap": _minimap,
    }
)
