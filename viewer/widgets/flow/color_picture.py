"""The image that a network of pictures sees, on its card, in its own colours."""

from __future__ import annotations

import math

import numpy as np
from typing_extensions import override

from viewer.core.imaging.color_scale import NOT_FINITE_COLOR, ColorScale
from viewer.core.imaging.mosaic import Colors
from viewer.core.imaging.reduce import area_mean
from viewer.core.records import ActivationRecord, FloatArray
from viewer.widgets.flow.picture import MapsPicture


class ColorPicture(MapsPicture):
    """The red, green and blue of an input as one picture, without a scale of colours.

    Attributes
    ----------
    record : ActivationRecord or None
        Has the image before it was normalised: that has the colours people know.
    """

    record: ActivationRecord | None = None

    @override
    def work(self, index: int) -> int:
        return math.prod(self.node.output_shape)  # all channels, in one tile

    @override
    def show(self, index: int, values: FloatArray, scale: ColorScale, shown: int) -> None:
        pixels = values
        if self.record is not None and self.record.image.pixels.shape == values.shape:
            pixels = self.record.image.pixels
        else:  # about the same image: as far apart as it goes
            finite = values[np.isfinite(values)]
            low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
            pixels = (values - low) / ((high - low) or 1.0)
        self._fill(index, packed(area_mean(pixels, self.card.reduce))[np.newaxis], shown)


def packed(pixels: FloatArray) -> Colors:
    """Return an image in colour as one number a pixel.

    Parameters
    ----------
    pixels : (3, H, W) float32, [0, 1]

    Returns
    -------
    (H, W) uint32, 0xFFRRGGBB
        What is not finite is magenta, as on every scale of colours.
    """
    finite = np.isfinite(pixels)
    shares = np.where(finite, pixels, 0).clip(0, 1)
    red, green, blue = np.rint(shares * 255).astype(np.uint32)
    colors: Colors = 0xFF000000 | red << 16 | green << 8 | blue
    colors[~finite.all(axis=0)] = NOT_FINITE_COLOR
    return colors
