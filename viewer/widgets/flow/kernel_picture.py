"""The kernels of layers as pictures, coloured once for as long as they stay in sight."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from PyQt6.QtGui import QImage, QPainter

from viewer.core.card_layout import Card
from viewer.core.imaging.color_scale import scale_for
from viewer.core.imaging.display import DisplaySettings, Scope
from viewer.core.imaging.kernels import KernelMatrix, as_kernels, color_kernels, kernel_shape
from viewer.core.imaging.mosaic import Colors, Mosaic
from viewer.core.records import FloatArray, WeightsRecord
from viewer.widgets.flow.geometry import picture_rect
from viewer.widgets.flow.picture import color_number, mosaic_image
from viewer.widgets.theme import Theme

KEPT_PIXELS = 1_000_000  # of all kernels' pictures


class KernelPictures:
    """Paints the kernels of cards; while scrolling, pictures are taken from before.

    Attributes
    ----------
    colored : int
        How many pictures were made so far.
    """

    def __init__(self, kept_pixels: int = KEPT_PIXELS) -> None:
        self.colored = 0
        self._kept_pixels = kept_pixels
        self._pixels = 0
        self._of: tuple[WeightsRecord | None, DisplaySettings, Theme] | None = None
        self._kept: OrderedDict[tuple[str, KernelMatrix], tuple[Mosaic, QImage]] = OrderedDict()

    def set(self, weights: WeightsRecord | None, display: DisplaySettings, theme: Theme) -> None:
        """Show these weights in these colours from now on."""
        before = self._of
        if before is None or before[0] is not weights or before[1:] != (display, theme):
            self._kept.clear()
            self._pixels = 0
            self._of = weights, display, theme

    def paint(self, painter: QPainter, card: Card, dpr: float) -> None:
        """Paint a layer's kernels at their place; quiet tiles without weights."""
        if card.matrix is None or card.kernels is None:
            return
        image = self._image(card.node, card.matrix)
        place = picture_rect(card.kernels, card.matrix.grid, card.kernel_scale, dpr)
        painter.drawImage(place, image)

    def _image(self, name: str, matrix: KernelMatrix) -> QImage:
        found = self._kept.get((name, matrix))
        if found is not None:
            self._kept.move_to_end((name, matrix))
            return found[1]
        assert self._of is not None, "what is to be shown was set before"
        record, display, theme = self._of
        weights = None if record is None else record.weights.get(name)
        surface = color_number(theme, "surface")
        mosaic = matrix.mosaic(_colors(matrix, weights, display, theme), surface, surface)
        image = mosaic_image(mosaic)
        self.colored += 1
        self._kept[name, matrix] = mosaic, image
        self._pixels += mosaic.buffer.size
        while self._pixels > self._kept_pixels and len(self._kept) > 1:
            _, (oldest, _image) = self._kept.popitem(last=False)
            self._pixels -= oldest.buffer.size
        return image


def _colors(
    matrix: KernelMatrix, weights: FloatArray | None, display: DisplaySettings, theme: Theme
) -> Colors:
    shape = kernel_shape(matrix)
    if weights is None or weights.size != np.prod(matrix.whole):
        return np.full(shape, color_number(theme, "window"), np.uint32)
    kernels = as_kernels(weights, matrix)
    if matrix.color:
        return color_kernels(kernels, own_scale=display.scope is Scope.CHANNEL)
    filters = kernels.reshape(shape[0], -1, shape[3])
    scale = scale_for(filters, signed=True, settings=display)
    return scale.apply(filters).reshape(shape)
