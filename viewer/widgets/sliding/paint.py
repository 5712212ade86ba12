"""Painting of a sliding window: cells, padding, window, titles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen

from viewer.core.explain.channel_names import channel_name
from viewer.core.explain.padding import PaddingMode
from viewer.core.explain.sliding import Operation
from viewer.widgets.cells import paint_outline
from viewer.widgets.sliding.numbers import fit
from viewer.widgets.theme import GRID_PX, TextSize, text_font

if TYPE_CHECKING:
    from viewer.core.explain.sliding import Slide
    from viewer.widgets.sliding.geometry import Bounds, Grid, Layout
    from viewer.widgets.sliding.numbers import CellNumbers
    from viewer.widgets.sliding.scene import Pane, Scene
    from viewer.widgets.theme import Theme

LINES_FROM_PX = 14  # cells below have no lines between them
HATCH_ALPHA = 90
VEIL_ALPHA = 170  # over the cells in the gaps of a dilated window
DASH = [3.0, 3.0]
UNKNOWN_SHARE = 0.6  # of a cell, for its question mark

_SIGNS = {
    Operation.CONVOLUTION: ("×", "="),
    Operation.MAXIMUM: ("→", "→"),
    Operation.AVERAGE: ("→", "→"),
}


def title_height() -> float:
    """Return the height of the two lines above a panel, in logical pixels."""
    lines = (text_font(TextSize.SMALL, bold=True), text_font(TextSize.SMALL))
    return sum(QFontMetricsF(font).height() for font in lines) + GRID_PX / 2


def paint_pane(painter: QPainter, pane: Pane, grid: Grid, theme: Theme) -> None:
    """Paint cells as colours, with lines between them where they are large."""
    top, left, bottom, right = grid.shown
    part = QRectF(left - pane.left, top - pane.top, right - left, bottom - top)
    painter.drawImage(grid.rect, pane.image, part)
    if grid.cell_px >= LINES_FROM_PX:
        _paint_lines(painter, grid, theme)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.color("border_strong"), 1))
    painter.drawRect(grid.rect.adjusted(-0.5, -0.5, 0.5, 0.5))


def paint_numbers(painter: QPainter, pane: Pane, grid: Grid, numbers: CellNumbers) -> None:
    """Write the values into their cells, where they fit."""
    found = fit(pane.values, grid.cell_px)
    if found is not None:
        numbers.paint(painter, _cells(pane, grid), grid.cell_px, *found)


def paint_padding(painter: QPainter, slide: Slide, pane: Pane, grid: Grid) -> None:
    """Hatch the padding: it is zeros that nobody drew."""
    top, left, bottom, right = grid.shown
    height, width = slide.input_shape
    if top >= 0 and left >= 0 and bottom <= height and right <= width:
        return
    painter.save()
    painter.setClipRect(grid.rect)
    color = QColor("black" if pane.black[0, 0] or pane.black[-1, -1] else "white")
    color.setAlpha(HATCH_ALPHA)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(color, Qt.BrushStyle.BDiagPattern))
    for y, x, rows, columns in (
        (top, left, -top, right - left),
        (height, left, bottom - height, right - left),
        (0, left, height, -left),
        (0, width, height, right - width),
    ):
        if rows > 0 and columns > 0:
            painter.drawRect(grid.cell_rect(y, x, rows, columns))
    painter.restore()


def paint_window(
    painter: QPainter, scene: Scene, grid: Grid, theme: Theme, shift: tuple[float, float]
) -> None:
    """Paint the window on the input: its outline, its taps where they have gaps.

    Parameters
    ----------
    painter : QPainter
    scene : Scene
    grid : Grid
        Of the input.
    theme : Theme
    shift : (rows, columns)
        From where the window belongs to where it is: while it glides.
    """
    foot = scene.item.footprint
    top, left, bottom, right = foot.bounds
    outer = grid.cell_rect(top + shift[0], left + shift[1], bottom - top, right - left)
    if max(scene.slide.dilation) > 1:
        _paint_taps(painter, scene, grid, theme, (outer, shift))
    paint_outline(painter, outer, theme, selected=True)
    winner = scene.item.winner
    if winner is not None and not scene.hidden and not any(shift):
        y, x = int(foot.rows[winner[0]]), int(foot.columns[winner[1]])
        _paint_mark(painter, grid.cell_rect(y, x), theme)


def paint_step(painter: QPainter, grid: Grid, bounds: Bounds, theme: Theme) -> None:
    """Outline with dashes where the window was before: the step is the stride."""
    painter.save()
    painter.setClipRect(grid.rect.adjusted(-1, -1, 1, 1))
    rect = grid.cell_rect(bounds[0], bounds[1], bounds[2] - bounds[0], bounds[3] - bounds[1])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.color("surface"), 1))
    painter.drawRect(rect)
    pen = QPen(theme.color("text"), 1)
    pen.setDashPattern(DASH)
    painter.setPen(pen)
    painter.drawRect(rect)
    painter.restore()


def paint_unknown(painter: QPainter, rect: QRectF, theme: Theme) -> None:
    """Write a question mark into the cell whose value is to be predicted."""
    font = text_font(bold=True)
    font.setPixelSize(max(8, int(rect.height() * UNKNOWN_SHARE)))
    painter.setFont(font)
    painter.setPen(theme.color("text"))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip, "?")


def paint_titles(
    painter: QPainter, scene: Scene, layout: Layout, theme: Theme, right: float
) -> None:
    """Write what each panel is above it, and the signs between them."""
    grids = (layout.input, layout.kernel, layout.map)
    starts = [grid.rect.left() for grid in grids]
    ends = [starts[1] - GRID_PX, starts[2] - GRID_PX, right]
    for grid, end, lines in zip(grids, ends, _titles(scene), strict=True):
        corner = QPointF(grid.rect.left(), grid.rect.top() - title_height())
        _paint_title(painter, corner, end - corner.x(), lines, theme)
    if layout.products is not None:
        corner = layout.products.rect.topLeft()
        line = QFontMetricsF(text_font(TextSize.SMALL, bold=True)).height()
        corner.setY(corner.y() - line - GRID_PX / 2)
        _paint_title(painter, corner, ends[1] - starts[1], ("Products", ""), theme)
    painter.setFont(text_font(TextSize.TITLE))
    painter.setPen(theme.color("text_muted"))
    signs = _SIGNS[scene.slide.operation]
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip
    for rect, sign in zip(layout.signs, signs, strict=True):
        painter.drawText(rect, flags, sign)


def _titles(scene: Scene) -> tuple[tuple[str, str], ...]:
    slide, item = scene.slide, scene.item
    source = _size(slide.input_shape)
    if any(slide.padding):
        source += f" + padding {_pair(slide.padding)}"
        if slide.padding_mode is not PaddingMode.ZEROS:
            source += f" ({slide.padding_mode})"
    window = _size(item.values.shape)
    if slide.node.window is not None:
        window += f" · stride {_pair(slide.stride)}"
    if max(slide.dilation) > 1:
        window += f" · dilation {_pair(slide.dilation)}"
    middle = "Kernel"
    if item.kernel is None:
        middle, window = "Under the window", f"{window} · {slide.operation.value}"
    return (
        (f"{slide.source.name} · {channel_name(slide.source, item.in_channel)}", source),
        (middle, window),
        (f"{slide.node.name} · channel {slide.channel}", _size(slide.map_shape)),
    )


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def _pair(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else _size(pair)


def _paint_title(
    painter: QPainter, corner: QPointF, width: float, lines: tuple[str, str], theme: Theme
) -> None:
    y = corner.y()
    for text, token, bold in ((lines[0], "text", True), (lines[1], "text_muted", False)):
        font = text_font(TextSize.SMALL, bold=bold)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(theme.color(token))
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
        painter.drawText(QPointF(corner.x(), y + metrics.ascent()), shown)
        y += metrics.height()


def _paint_lines(painter: QPainter, grid: Grid, theme: Theme) -> None:
    # Filled and opaque: drawn, or with a share of what is below, they take 20 times as long.
    color = theme.color("border_strong")
    rect, side = grid.rect.toAlignedRect(), grid.cell_px
    for row in range(1, grid.shown[2] - grid.shown[0]):
        top = round(grid.rect.top() + row * side)
        painter.fillRect(rect.left(), top, rect.width(), 1, color)
    for column in range(1, grid.shown[3] - grid.shown[1]):
        left = round(grid.rect.left() + column * side)
        painter.fillRect(left, rect.top(), 1, rect.height(), color)


def _cells(pane: Pane, grid: Grid) -> Iterator[tuple[QRectF, float, bool]]:
    top, left, bottom, right = grid.shown
    rows, columns = (
        slice(top - pane.top, bottom - pane.top),
        slice(left - pane.left, right - pane.left),
    )
    values, black = pane.values[rows, columns].tolist(), pane.black[rows, columns].tolist()
    known = None if pane.known is None else pane.known[rows, columns].tolist()
    for y in range(bottom - top):
        for x in range(right - left):
            if known is None or known[y][x]:
                yield grid.cell_rect(top + y, left + x), values[y][x], black[y][x]


def _paint_taps(
    painter: QPainter,
    scene: Scene,
    grid: Grid,
    theme: Theme,
    place: tuple[QRectF, tuple[float, float]],
) -> None:
    """Dim what lies in the gaps of a dilated window, and outline its taps."""
    outer, shift = place
    foot = scene.item.footprint
    veil = theme.color("surface")
    veil.setAlpha(VEIL_ALPHA)
    taps = [
        grid.cell_rect(int(y) + shift[0], int(x) + shift[1])
        for y in np.unique(foot.rows)
        for x in np.unique(foot.columns)
    ]
    painter.save()
    painter.setClipRect(grid.rect)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(veil)
    for gap in _gaps(scene, grid, shift):
        painter.drawRect(gap)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.color("accent"), 1))
    for tap in taps:
        painter.drawRect(tap.adjusted(0.5, 0.5, -0.5, -0.5).intersected(outer))
    painter.restore()


def _gaps(scene: Scene, grid: Grid, shift: tuple[float, float]) -> Iterator[QRectF]:
    foot = scene.item.footprint
    top, left, bottom, right = foot.bounds
    rows, columns = set(foot.rows.tolist()), set(foot.columns.tolist())
    for y in range(top, bottom):
        for x in range(left, right):
            if y not in rows or x not in columns:
                yield grid.cell_rect(y + shift[0], x + shift[1])


def _paint_mark(painter: QPainter, rect: QRectF, theme: Theme) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inner = rect.adjusted(2, 2, -2, -2) if rect.width() > 8 else rect
    painter.setPen(QPen(theme.color("surface"), 3))
    painter.drawRect(inner)
    painter.setPen(QPen(theme.color("text"), 1.5))
    painter.drawRect(inner)
