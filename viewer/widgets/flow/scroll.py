"""Scrolling of the network view: its range, where it is, and how to bring something into sight."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, QSize
from PyQt6.QtWidgets import QAbstractScrollArea, QStyle

SCROLL_STEP_PX = 48
REVEAL_MARGIN_PX = 32  # kept around what is scrolled to


def offset_of(area: QAbstractScrollArea) -> QPointF:
    """Return what is scrolled away."""
    across, down = area.horizontalScrollBar(), area.verticalScrollBar()
    return QPointF(across.value() if across else 0, down.value() if down else 0)


def scroll_by(area: QAbstractScrollArea, distance: QPointF) -> None:
    """Move what is shown, as far as there is something."""
    for bar, pixels in (
        (area.horizontalScrollBar(), distance.x()),
        (area.verticalScrollBar(), distance.y()),
    ):
        if bar is not None:
            bar.setValue(bar.value() + round(pixels))


def scroll_bar_px(area: QAbstractScrollArea) -> int:
    """Return the width that a vertical scroll bar takes when it is there."""
    style, bar = area.style(), area.verticalScrollBar()
    if style is None or bar is None:
        return 0
    extent = style.pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent, None, bar)
    return max(bar.sizeHint().width(), extent)


def set_content_size(area: QAbstractScrollArea, size: QSize) -> None:
    """Let the bars reach over a content of a size."""
    shown = area.maximumViewportSize()
    down, across = area.verticalScrollBar(), area.horizontalScrollBar()
    if down is None or across is None:
        return
    # With a bar at the side there is less width, but then the layout was made for less.
    side = scroll_bar_px(area) if size.height() > shown.height() else 0
    across.setRange(0, max(0, size.width() - (shown.width() - side)))
    down.setRange(0, max(0, size.height() - shown.height()))
    for bar, page in ((across, shown.width()), (down, shown.height())):
        bar.setPageStep(page)
        bar.setSingleStep(SCROLL_STEP_PX)


def reveal(area: QAbstractScrollArea, cell: QRectF, bounds: QRectF) -> None:
    """Scroll as little as needed to have `cell`, in the viewport's coordinates, in sight."""
    if cell.isEmpty() or bounds.contains(cell):
        return
    across = _way(cell.left(), cell.right(), bounds.width())
    scroll_by(area, QPointF(across, _way(cell.top(), cell.bottom(), bounds.height())))


def _way(start: float, end: float, length: float) -> float:
    if start < 0:
        return start - REVEAL_MARGIN_PX
    return end - length + REVEAL_MARGIN_PX if end > length else 0.0
