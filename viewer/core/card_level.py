"""How large the pictures of a network are at a zoom: maps, units and kernels."""

from __future__ import annotations

import math
from dataclasses import dataclass

from viewer.core.imaging.kernels import KernelMatrix

MAX_CLASS_BARS = 16  # with more classes, only the likeliest have a bar

# Maps of this size have the level's own scale; smaller ones are enlarged a little more.
REFERENCE_PX = 28
# What a person can choose; below 1, maps are shown reduced.
ZOOMS: tuple[float, ...] = (0.25, 0.5, *range(1, 13))
_WHOLE = 0.7  # screen pixels a pixel of a map: from here on maps are shown whole
_LEAST_PICTURE_PX = 7  # a map is not reduced to less
_ROUNDING = 1e-6  # ratios such as 1.1 are not exact
_BETWEEN = 0.45  # of a power of two: rather a little too large than too small
_UNIT_PX = 5.3  # a unit of a dense layer at level 1: as a map of 1 × 1 by the same rule
_MANY_UNITS = 64  # units get smaller beyond
_MIN_UNIT_PX = 2
_LOGIT_PX = 16  # a unit of a layer so small that each of its units can be pointed at
_KERNEL_PX = 10  # a lone kernel at level 1
_COLOR_KERNEL_PX = 28  # one in colour, of a first layer
_MATRIX_SHARE = 0.87  # scale of the kernels of many input channels, of the level's
_DENSE_WEIGHTS_PX = 112  # longest side of the picture of a dense layer's weights, level 1


@dataclass(frozen=True, slots=True)
class Level:
    """How large maps are.

    Attributes
    ----------
    zoom : float
        Screen pixels a pixel of a map of `REFERENCE_PX`; below 1, such maps are reduced.
    growth : float
        How much more smaller maps are enlarged: the scale goes with (reference / size) to
        this power. 0 for the same scale everywhere.
    ratio : float
        The screen's own pixels a logical one: pictures cover a whole number of those.
    """

    zoom: float
    growth: float = 0.5
    ratio: float = 1.0

    def pitch(self, scale: int) -> float:
        """Return the logical pixels that a pixel of a picture covers at a scale."""
        return max(1, math.floor(scale * self.ratio + _ROUNDING)) / self.ratio

    def scale(self, height: int, width: int) -> int:
        """Return the integer scale for maps of a size; at least 1."""
        return max(1, math.floor(self._wanted(height, width) + 0.5))

    def reduction(self, height: int, width: int) -> int:
        """Return how many pixels of a map, down and across, one pixel of its picture shows.

        A power of two; 1 for maps that are shown whole.
        """
        wanted = self._wanted(height, width)
        if wanted >= _WHOLE:
            return 1
        # A pixel of the picture is one of the screen's own, which can be smaller.
        halvings = math.floor(math.log2(self.pitch(1) / wanted) + _BETWEEN)
        possible = math.floor(math.log2(max(1, max(height, width) / _LEAST_PICTURE_PX)))
        return 1 << max(0, min(halvings, possible))

    def _wanted(self, height: int, width: int) -> float:
        """Return the screen pixels that a pixel of a map should have, were it not for grids."""
        larger: float = (REFERENCE_PX / max(height, width)) ** self.growth
        return self.zoom * larger

    def unit_scale(self, units: int) -> int:
        """Return the pixels for one unit of a dense layer."""
        if units <= MAX_CLASS_BARS:
            return max(_LOGIT_PX, round(_UNIT_PX * self.zoom))
        crowd = min(1.0, math.sqrt(_MANY_UNITS / units))
        return max(_MIN_UNIT_PX, round(_UNIT_PX * self.zoom * crowd))

    def kernel_scale(self, matrix: KernelMatrix) -> int:
        """Return the integer scale for kernels."""
        longest = max(matrix.height, matrix.width)
        if matrix.color:
            least = 1 if longest >= REFERENCE_PX / 2 else 2
            return max(least, round(_COLOR_KERNEL_PX * self.zoom / longest))
        if longest == 1:  # one weight a pixel: a dense layer
            side = max(matrix.outputs, matrix.inputs)
            return min(4, max(1, math.floor(_DENSE_WEIGHTS_PX * self.zoom / side)))
        if longest >= REFERENCE_PX / 2:  # a dense layer that looks at whole images
            return max(1, math.floor(self.zoom / 2))
        if matrix.inputs == 1:
            return max(1, round(_KERNEL_PX * self.zoom / longest))
        return max(1, math.floor(self.zoom * _MATRIX_SHARE))
