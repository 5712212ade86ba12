"""Colours and sizes that all plots share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtGui import QColor

if TYPE_CHECKING:
    from viewer.widgets.theme import Theme

# M. Okabe and K. Ito, "Color Universal Design" (2008). Where one of theirs has less than 3:1
# on a surface, its neighbour in lightness stands in: yellow and sky blue can't be seen on
# white, black not on the dark surface.
RUN_COLORS_LIGHT = ("#0072b2", "#d55e00", "#00916a", "#c2689b", "#a97400", "#1b1e22")
RUN_COLORS_DARK = ("#56b4e9", "#e8702a", "#12b488", "#d98bb7", "#f0c53a", "#eceef0")

# Light to dark along the depth of a network, through hues that tell neighbours apart; each
# end keeps 3:1 on its surface.
DEPTH_ANCHORS_LIGHT = ("#d87a0a", "#c8306f", "#6a31a8", "#10163f")
DEPTH_ANCHORS_DARK = ("#fbf3b0", "#fcb04f", "#ec6f93", "#7f74e0")

RAW_SHARE = 0.32  # of a run's colour in its unsmoothed line
GRID_SHARE = 0.75  # of the border's colour in the grid
BAND_SHARE = 0.55  # of the border's colour in the band of healthy values

TICK_GAP_PX = 4
MIN_TICK_X_PX = 72  # between two numbers of the step axis
MIN_TICK_Y_PX = 24
CURSOR_HEAD_PX = 5
DOT_PX = 3.0  # radius of a point of the validation curve


def run_color(index: int, theme: Theme) -> QColor:
    """Return the colour of the run with this colour index; they repeat after six."""
    colors = RUN_COLORS_DARK if theme.dark else RUN_COLORS_LIGHT
    return QColor(colors[index % len(colors)])


def depth_colors(count: int, theme: Theme) -> list[QColor]:
    """Return `count` colours from light (first layer) to dark (last layer)."""
    anchors = [QColor(c) for c in (DEPTH_ANCHORS_DARK if theme.dark else DEPTH_ANCHORS_LIGHT)]
    colors = []
    for index in range(count):
        place = index / max(1, count - 1) * (len(anchors) - 1)
        left = min(int(place), len(anchors) - 2)
        colors.append(blend(anchors[left + 1], anchors[left], place - left))
    return colors


def blend(color: QColor, background: QColor, share: float) -> QColor:
    """Return `share` of `color` on `background`, opaque: lines that cross don't add up."""
    parts = [
        round(share * over + (1 - share) * under)
        for over, under in zip(color.getRgb()[:3], background.getRgb()[:3], strict=True)
        if over is not None and under is not None
    ]
    return QColor(*parts)
