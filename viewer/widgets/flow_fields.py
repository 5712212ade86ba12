"""Outlines of receptive fields on the maps of the network view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PyQt6.QtCore import QLineF
from PyQt6.QtGui import QPainter, QPen

from viewer.widgets.flow_geometry import patch_rect, pitch
from viewer.widgets.flow_scene import FlowScene

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
        self._placed: tuple[FlowScene | None, list[QLineF]] = (None, [])

    def paint(self, painter: QPainter, scene: FlowScene) -> None:
        """Draw them; the painter is in the layout's coordinates."""
        if not self.of:
            return
        if self._placed[0] is not scene:
            self._placed = scene, self.lines(scene)
        lines = self._placed[1]
        if not lines:
            return
        for pen in (
            QPen(scene.theme.color("surface"), HALO_PX),
            QPen(scene.theme.color("accent"), LINE_PX),
        ):
            painter.setPen(pen)
            painter.drawLines(*lines)

    def lines(self, scene: FlowScene) -> list[QLineF]:
        """Return where the lines are in a layout."""
        found: list[QLineF] = []
        for name, edges in self.of.items():
            card = scene.layout.cards.get(name)
            if card is None or card.bars or not edges:
                continue
            step = pitch(card.scale, scene.dpr)
            for row in range(card.grid.count):
                corner = patch_rect(card, row, (0, 0), (1, 1), scene.dpr).topLeft()
                found += [
                    QLineF(x * step, y * step, u * step, v * step).translated(corner)
                    for x, y, u, v in edges
                ]
        return found
