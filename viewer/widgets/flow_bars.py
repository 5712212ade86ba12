"""The classes with their probabilities, as bars in the last card."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QPainter

from viewer.core.card_layout import PADDING_PX, PERCENT_PX, Card
from viewer.core.records import FloatArray

if TYPE_CHECKING:
    from viewer.widgets.flow_scene import FlowScene

BAR_PX = 8  # thickness of a bar within its row

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def shown_classes(scene: FlowScene) -> tuple[int, ...]:
    """Return the classes that have a bar, from the top: all, or the likeliest of many."""
    count = len(scene.network.class_names)
    rows = next((card.grid.count for card in scene.layout.cards.values() if card.bars), count)
    probabilities = _probabilities(scene)
    if rows >= count or probabilities is None:
        return tuple(range(min(rows, count)))
    likeliest = np.argsort(-probabilities, kind="stable")[:rows]
    return tuple(int(index) for index in likeliest)


def paint_class_bars(painter: QPainter, scene: FlowScene, card: Card) -> None:
    """Paint a bar for each class; the likeliest stands out."""
    probabilities = _probabilities(scene)
    winner = int(np.argmax(probabilities)) if probabilities is not None else None
    top = card.maps.y
    for index in shown_classes(scene):
        share = float(probabilities[index]) if probabilities is not None else None
        row = QRectF(card.maps.x, top, card.maps.width, card.scale)
        _paint_row(painter, scene, row, index, share, wins=index == winner)
        top += card.scale


def _paint_row(
    painter: QPainter, scene: FlowScene, row: QRectF, index: int, share: float | None, *, wins: bool
) -> None:
    theme, fonts = scene.theme, scene.fonts
    names_px = max(fonts.small_px(fonts.class_text(name)) for name in scene.network.class_names)
    painter.setFont(fonts.small_bold if wins else fonts.small)
    painter.setPen(theme.color("text" if wins else "text_muted"))
    painter.drawText(row, _LEFT, fonts.class_text(scene.network.class_names[index]))
    track = row.adjusted(names_px + PADDING_PX, 0, -PERCENT_PX - PADDING_PX, 0)
    track.setTop(row.center().y() - BAR_PX / 2)
    track.setHeight(BAR_PX)
    painter.fillRect(track, theme.color("window"))
    if share is not None:
        bar = QRectF(track.x(), track.y(), track.width() * share, BAR_PX)
        painter.fillRect(bar, theme.color("text" if wins else "bar"))
        painter.drawText(row, _RIGHT, f"{share * 100:.1f} %")


def _probabilities(scene: FlowScene) -> FloatArray | None:
    record = scene.record
    if record is None or record.probabilities is None:
        return None
    if len(record.probabilities) != len(scene.network.class_names):
        return None
    return record.probabilities
