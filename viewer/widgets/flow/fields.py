"""Outlines of receptive fields on the maps of the network view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PyQt6.QtCore import QLineF, QRectF
from PyQt6.QtGui import QPainter, QPen

from viewer.core.card_layout import Card
from viewer.widgets.flow.geometry import patch_rect, pitch
from viewer.widgets.flow.scene import FlowScene

Edge = tuple[int, int, int, int]  # x and y of one end, x and y of the other, in pixels
HALO_PX, LINE_PX = 3, 1


class Fields:
    """Lines on every map of some layers, placed once a layout.

    Parameters
    ----------
    of : mapping of node name to lines
        In pixels of a map.
    """

    def __init__(self, of: Mapping[str, Sequence[Edge]]) -> None:
        self.of = of
        self._scene: FlowScene | None = None
        self._placed: dict[str, list[QLineF]] = {}  # of cards that were in sight

    def paint(self, painter: QPainter, scene: FlowScene) -> None:
        """Draw them; the painter is in the layout's coordinates."""
        if not self.of:
            return
        if self._scene is not scene:
            self._scene, self._placed = scene, {}
        visible = _visible(painter)
        lines: list[QLineF] = []
        for name in self.of:
            card = scene.card_of(name)
            if card is not None and _overlap(card, visible):
                if name not in self._placed:
                    self._placed[name] = self.lines(scene, name)
                lines += self._placed[name]
        if not lines:
            return
        for pen in (
            QPen(scene.theme.color("surface"), HALO_PX),
            QPen(scene.theme.color("accent"), LINE_PX),
        ):
            painter.setPen(pen)
            painter.drawLines(*lines)

    def lines(self, scene: FlowScene, name: str) -> list[QLineF]:
        """Return where the lines of one layer are in a layout."""
        card, edges = scene.card_of(name), self.of[name]
        if card is None or card.bars or not edges:
            return []
        step = pitch(card.scale, scene.dpr) / card.reduce
        found: list[QLineF] = []
        for row in range(card.grid.count):
            corner = patch_rect(card, row, (0, 0), (1, 1), scene.dpr).topLeft()
            found += [
                QLineF(x * step, y * step, u * step, v * step).translated(corner)
                for x, y, u, v in edges
            ]
        return found


def _visible(painter: QPainter) -> QRectF:
    """Return the part of the layout that is painted."""
    back, invertible = painter.worldTransform().inverted()
    return back.mapRect(QRectF(painter.viewport())) if invertible else QRectF()


def _overlap(card: Card, visible: QRectF) -> bool:
    frame = card.frame
    return QRectF(frame.x, frame.y, frame.width, frame.height).intersects(visible)
