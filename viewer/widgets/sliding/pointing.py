"""What is under the mouse in the picture of a sliding window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.core.imaging.numbers import format_exact
from viewer.widgets.sliding.text import tap_text

if TYPE_CHECKING:
    from PyQt6.QtCore import QPointF

    from viewer.widgets.sliding.geometry import Layout
    from viewer.widgets.sliding.scene import Pane, Scene


def tap_at(scene: Scene, layout: Layout, point: QPointF) -> tuple[int, int] | None:
    """Return which cell (i, j) of the window is at a point: on the input or on the kernel."""
    for grid in (layout.kernel, layout.products):
        tap = None if grid is None else grid.cell_at(point)
        if tap is not None:
            return tap
    cell = layout.input.cell_at(point)
    if cell is None:
        return None
    rows, columns = scene.item.footprint.rows.tolist(), scene.item.footprint.columns.tolist()
    inside = cell[0] in rows and cell[1] in columns
    return (rows.index(cell[0]), columns.index(cell[1])) if inside else None


def hover_text(scene: Scene, layout: Layout, point: QPointF) -> str:
    """Return place and value of what is at a point, with all digits; empty for nothing."""
    tap = tap_at(scene, layout, point)
    if tap is not None:
        return tap_text(scene.slide, scene.item, tap)
    cell = layout.input.cell_at(point)
    if cell is not None:
        return _cell_text(scene.slide.source.name, scene.input, cell)
    cell = layout.map.cell_at(point)
    if cell is None:
        return ""
    name = scene.slide.node.name
    if scene.map.known is not None and not scene.map.known[cell]:
        return f"{name} y {cell[0]}, x {cell[1]}: not visited yet"
    return _cell_text(name, scene.map, cell)


def _cell_text(name: str, pane: Pane, cell: tuple[int, int]) -> str:
    value = format_exact(float(pane.values[cell[0] - pane.top, cell[1] - pane.left]))
    return f"{name} y {cell[0]}, x {cell[1]}: {value}"
