"""What all tiles of images share: their pixels as a picture, and the frame around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QImage, QPainter, QPen

from viewer.widgets.cells import image_of

if TYPE_CHECKING:
    from viewer.widgets.theme import Theme

FRAME_PX = 2
_OPAQUE = 0xFF000000
_BLACK, _WHITE = np.zeros(3), np.full(3, 255.0)


def picture_of(pixels: NDArray[np.uint8], theme: Theme, *, drawn: bool = True) -> QImage:
    """Return an image as it is shown: colour as it is, grey from paper to ink.

    Parameters
    ----------
    pixels : (H, W) or (H, W, 3) uint8
    theme : Theme
    drawn : bool
        Whether 255 is ink; otherwise it is light, in either theme.
    """
    if pixels.ndim == 3:
        red, green, blue = np.moveaxis(pixels.astype(np.uint32), 2, 0)
        return image_of(np.asarray(_OPAQUE | red << 16 | green << 8 | blue, np.uint32))
    low, high = (_rgb(theme, t) for t in ("paper", "ink")) if drawn else (_BLACK, _WHITE)
    share = np.arange(256)[:, np.newaxis] / 255
    rgb = np.round(low + (high - low) * share).astype(np.uint32)  # (256, 3)
    lut = _OPAQUE | rgb[:, 0] << 16 | rgb[:, 1] << 8 | rgb[:, 2]
    return image_of(np.asarray(lut, np.uint32)[pixels])


def paint_frame(
    painter: QPainter, tile: QRectF, theme: Theme, *, current: bool = False, marked: bool = False
) -> None:
    """Paint the frame of a tile, outside it.

    Parameters
    ----------
    painter : QPainter
    tile : QRectF
    theme : Theme
    current : bool
        Whether it is what the program shows.
    marked : bool
        Whether the mouse is over it, or the keys act on it.
    """
    token = "accent" if current else "text" if marked else "border"
    width = FRAME_PX if current or marked else 1
    painter.setPen(QPen(theme.color(token), width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(tile.adjusted(-width / 2, -width / 2, width / 2, width / 2))


def _rgb(theme: Theme, token: str) -> NDArray[np.float64]:
    return np.array(theme.color(token).getRgb()[:3], np.float64)
