"""One layer's maps, or its kernels, as a picture that is painted pixel by pixel."""

from __future__ import annotations

from typing import cast

import numpy as np
from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QColor, QImage, QPainter

from viewer.core.card_layout import Card, tiles_shape
from viewer.core.imaging.color_scale import ColorScale, scale_for
from viewer.core.imaging.display import DisplaySettings
from viewer.core.imaging.kernels import as_kernels, kernel_shape
from viewer.core.imaging.mosaic import Colors, Mosaic
from viewer.core.records import FloatArray, Node
from viewer.widgets.flow_geometry import picture_rect
from viewer.widgets.theme import Theme

STRIP_PX = 5  # height of a colour bar's strip

Ticks = tuple[tuple[float, str], ...]


def color_number(theme: Theme, token: str) -> int:
    """Return a colour of the theme as 0xFFRRGGBB."""
    return QColor(getattr(theme, token)).rgb()


def image_over(pixels: Colors, width: int | None = None) -> QImage:
    """Return an image that shares the memory of `pixels`; keep both for as long as it is used.

    Parameters
    ----------
    pixels : (H, W) uint32, 0xFFRRGGBB, contiguous
    width : int, optional
        Columns from the left that are the picture; all by default.
    """
    height, columns = pixels.shape
    # PyQt takes any buffer, and then shares it; its annotations say bytes only.
    data = cast(bytes, pixels.data)
    return QImage(data, width or columns, height, 4 * columns, QImage.Format.Format_RGB32)


def mosaic_image(mosaic: Mosaic) -> QImage:
    """Return an image that shows a mosaic, now and after it is filled anew."""
    height, width = mosaic.pixels.shape
    return image_over(mosaic.buffer[:height], width)


class MapsPicture:
    """The feature maps, or the units, of one layer.

    Attributes
    ----------
    ticks : tuple of (fraction, text)
        What to write along the colour bar; empty while there are no values.
    shown : object
        What the picture was last made of, for the caller to compare.
    """

    def __init__(self, node: Node, card: Card, theme: Theme, dpr: float) -> None:
        self.node = node
        self.card = card
        self.ticks: Ticks = ()
        self.shown: object = None
        self._quiet = color_number(theme, "window")
        surface = color_number(theme, "surface")
        self._mosaic = Mosaic(card.grid, surface, surface)
        self._colors = np.empty(tiles_shape(node.output_shape), np.uint32)
        self._image = mosaic_image(self._mosaic)
        self._place = picture_rect(card.maps, card.grid, card.scale, dpr)

    def show(self, values: FloatArray, scale: ColorScale) -> None:
        """Colour the maps anew.

        Parameters
        ----------
        values : (C, H, W) or (N,) float32
        scale : ColorScale
        """
        tiles = values.reshape(self._colors.shape)
        scale.apply(tiles, out=self._colors)
        self._mosaic.fill(self._colors)
        self.ticks = scale.ticks()

    def clear(self) -> None:
        """Show quiet, empty tiles."""
        self._colors.fill(self._quiet)
        self._mosaic.fill(self._colors)
        self.ticks = ()

    def paint(self, painter: QPainter) -> None:
        """Paint it at its place."""
        painter.drawImage(self._place, self._image)


def paint_kernels(
    painter: QPainter,
    card: Card,
    weights: FloatArray | None,
    display: DisplaySettings,
    theme: Theme,
    dpr: float,
) -> None:
    """Paint a layer's kernels at their place; quiet tiles without weights."""
    matrix = card.matrix
    if matrix is None or card.kernels is None:
        return
    surface = color_number(theme, "surface")
    shape = kernel_shape(matrix)
    if weights is None or weights.size != np.prod(shape):
        colors = np.full(shape, color_number(theme, "window"), np.uint32)
    else:
        filters = as_kernels(weights, matrix).reshape(shape[0], -1, shape[3])
        scale = scale_for(filters, signed=True, settings=display)
        colors = scale.apply(filters).reshape(shape)
    mosaic = matrix.mosaic(colors, surface, surface)
    place = picture_rect(card.kernels, matrix.grid, card.kernel_scale, dpr)
    painter.drawImage(place, mosaic_image(mosaic))


def paint_strip(painter: QPainter, card: Card, lut: Colors) -> None:
    """Paint the colours of a card's bar, low to high.

    Parameters
    ----------
    painter : QPainter
    card : Card
    lut : (256,) uint32
        As of a `ColorScale`.
    """
    if card.bar is None:
        return
    colors = lut[1:].reshape(1, -1).copy()  # the table itself is read-only
    place = QRectF(card.bar.x, card.bar.y, card.bar.width, STRIP_PX)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(place, image_over(colors))
    painter.restore()
