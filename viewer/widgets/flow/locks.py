"""Locks on cards: which layers the next training leaves as they are."""

from __future__ import annotations

from typing import NamedTuple

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QPainter, QPen

from viewer.core.card_layout import TITLE_LINE_PX, Card
from viewer.core.layout import FlowLayout
from viewer.widgets.flow.titles import BLOCK_BUTTON_PX
from viewer.widgets.theme import Theme

LOCK_PX = TITLE_LINE_PX  # at the right end of a card's first title line
LOCK_GAP_PX = 4  # between it and what is written there
REACH_PX = 4  # around it, that a press counts for it
LINE_PX = 1.4
FROZEN_TIP = "Frozen: training leaves its weights as they are. Click or press Shift+L to free it."
FREE_TIP = "Not frozen: training changes its weights. Click or press Shift+L to freeze it."


class Locks(NamedTuple):
    """Which cards have a lock, and which of them are closed.

    Attributes
    ----------
    offered : tuple of str
        Names of the layers that can be frozen. The card of a collapsed block has a lock for all
        of those inside.
    frozen : frozenset of str
        Names of those that are; one that is not offered has no lock.
    """

    offered: tuple[str, ...] = ()
    frozen: frozenset[str] = frozenset()

    def closed(self, name: str) -> bool | None:
        """Return whether the lock of a layer, or block, is closed; None if it has none."""
        inside = self._inside(name)
        return self.frozen.issuperset(inside) if inside else None

    def toggled(self, name: str) -> Locks:
        """Return them with one lock opened or closed."""
        inside = frozenset(self._inside(name))
        closed = self.frozen.issuperset(inside)
        return self._replace(frozen=self.frozen - inside if closed else self.frozen | inside)

    def _inside(self, name: str) -> tuple[str, ...]:
        """Return the layers that a lock is of: one, or those inside a block."""
        if name in self.offered:
            return (name,)
        return tuple(layer for layer in self.offered if layer.startswith(f"{name}."))

    def names(self) -> tuple[str, ...]:
        """Return the layers that are frozen, in the network's order."""
        return tuple(name for name in self.offered if name in self.frozen)

    def tip(self, name: str) -> str:
        """Say what the lock of a layer means."""
        return FROZEN_TIP if self.closed(name) else FREE_TIP


def lock_rect(card: Card, *, block: bool = False) -> QRectF:
    """Return where the lock of a card is: of a block, beside the control that opens it."""
    right = card.title.right - (BLOCK_BUTTON_PX if block else 0)
    return QRectF(right - LOCK_PX, card.title.y, LOCK_PX, LOCK_PX)


def lock_at(layout: FlowLayout, locks: Locks, point: QPointF) -> str | None:
    """Return the layer, or the block, whose lock is at a point of the layout."""
    for name, card in layout.cards.items():
        place = lock_rect(card, block=name not in locks.offered)
        reach = place.adjusted(-REACH_PX, -REACH_PX, REACH_PX, REACH_PX)
        if reach.contains(point) and locks.closed(name) is not None:
            return name
    return None


def paint_lock(painter: QPainter, place: QRectF, theme: Theme, *, closed: bool) -> None:
    """Draw a padlock: filled and shut, or an outline that hangs open."""
    color = theme.color("text" if closed else "text_muted")
    body = QRectF(place.x() + 3.5, place.y() + 7.5, 9, 6.5)
    bow = QRectF(place.x() + 5, place.y() + 2.5, 6, 7)
    if not closed:
        bow.translate(4, 0)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color, LINE_PX))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawArc(bow, 0, 180 * 16)
    for x in (bow.left(), bow.right()) if closed else (bow.left(),):
        painter.drawLine(QPointF(x, bow.center().y()), QPointF(x, body.top()))
    if closed:
        painter.setBrush(color)
    painter.drawRoundedRect(body, 1.5, 1.5)
    painter.restore()
