"""From what somebody draws to what the network sees, as MNIST was made.

MNIST's digits (LeCun, Bottou, Bengio, Haffner 1998, section III.A) fit a box of 20×20
pixels and lie with their centre of mass in the middle of a field of 28×28. Measured on its
60,000 training images: longest side 20 px (all but 0.3 %), mean centre of mass 14.0 in
pixel indices (that is 14.5 from the edge, half a pixel beyond the middle), median width of
a stroke 2.5 px.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from viewer.core.imaging.raster import Coverage, area_average, paint
from viewer.core.imaging.strokes import (
    PointArray,
    centre_lines,
    extent_of,
    without_stray_marks,
)
from viewer.core.records import DigitImage, Drawing, FloatArray, Legibility, Picture

FRAME_PX = 28  # the figures below are for a frame of this size and grow with it
DIGIT_PX = 20.0  # longest side of the ink, the pen's width included
PEN_PX = 2.5
CENTRE_OF_MASS_PX = 14.5  # from the left or upper edge; 14.0 as a pixel index

# Ink smaller than this part of the canvas is a speck: it is not blown up to fill the frame.
SPECK_PART = 0.08
# Pixels of the painting for each pixel of a 28×28 frame: 64 levels of grey and strokes
# placed to 1/16 px, in 0.2 ms. Large frames have enough pixels of their own.
_FINE = 8
_FINE_SIDE_PX = FRAME_PX * _FINE
_FINE_AT_LEAST = 2
# A point may lie this many canvases outside: what a stray coordinate can do is bounded.
_BEYOND_CANVAS = 0.5


Extent = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Frame:
    """Measures of MNIST for a frame of any size, in its fine pixels.

    Attributes
    ----------
    size : int
        Side of the frame in the network's pixels.
    fine : int
        Fine pixels a pixel.
    """

    size: int
    fine: int

    @classmethod
    def of(cls, size: int) -> Frame:
        """Return the measures for a frame of size × size pixels."""
        return cls(size, max(_FINE_AT_LEAST, round(_FINE_SIDE_PX / size)))

    @property
    def side(self) -> int:
        """Side of the frame."""
        return self.size * self.fine

    @property
    def unit(self) -> float:
        """One pixel of MNIST's."""
        return self.side / FRAME_PX


def digit(source: Drawing | Picture, *, size: int = FRAME_PX, raw: bool = False) -> DigitImage:
    """Turn a drawing or a picture into what the network sees.

    Parameters
    ----------
    source : Drawing or Picture
    size : int
        Side of the network's input in pixels.
    raw : bool
        Scale only: no crop, no centring, the pen as it was drawn.

    Returns
    -------
    DigitImage
        (size, size) float32, ink 1, paper 0.
    """
    if isinstance(source, Drawing):
        return digit_from_drawing(source, size=size, raw=raw)
    # Local: drawing must not wait for what only pictures need.
    from viewer.core.imaging.picture_digit import digit_from_picture

    return digit_from_picture(source, size=size, raw=raw)


def digit_from_drawing(drawing: Drawing, *, size: int = FRAME_PX, raw: bool = False) -> DigitImage:
    """Repaint a drawing as MNIST has its digits.

    The strokes' own widths don't count: scaled up, a small drawing would have strokes much
    thicker than any in MNIST. Runs on every movement of the pen.

    Parameters
    ----------
    drawing : Drawing
        Points that are not finite are left out; without a canvas, the ink's own extent is
        taken for it.
    size : int
        Side of the network's input in pixels.
    raw : bool
        Scale the canvas to the frame, and leave ink and pen as they are.

    Returns
    -------
    DigitImage
        (size, size) float32, ink 1, paper 0. BLANK without a point; SPECK where the ink is
        smaller than 8 % of the canvas.
    """
    frame = Frame.of(size)
    canvas = _usable_canvas(drawing.canvas)
    lines = [_within(line, canvas) for line in centre_lines(drawing)]
    if not lines:
        return DigitImage(np.zeros((size, size), np.float32), Legibility.BLANK)
    smallest = SPECK_PART * min(canvas) if canvas else 0.0
    if raw:
        extent = extent_of(np.concatenate(lines))
        return DigitImage(_raw(drawing, lines, canvas, frame), _legibility(extent, smallest))
    lines = without_stray_marks(lines)
    extent = extent_of(np.concatenate(lines))
    pixels = centred(_repainted(lines, extent, smallest, frame), frame)
    return DigitImage(pixels, _legibility(extent, smallest))


def _usable_canvas(canvas: tuple[float, float] | None) -> tuple[float, float] | None:
    if canvas is None or not all(math.isfinite(side) and side > 0 for side in canvas):
        return None
    return canvas


def _within(line: PointArray, canvas: tuple[float, float] | None) -> PointArray:
    if canvas is None:
        return line
    sides = np.array(canvas)
    return np.clip(line, -_BEYOND_CANVAS * sides, (1 + _BEYOND_CANVAS) * sides)


def _legibility(extent: Extent, smallest: float) -> Legibility:
    left, top, right, bottom = extent
    side = max(right - left, bottom - top)
    return Legibility.SPECK if side < smallest or side == 0 else Legibility.OK


def _repainted(lines: list[PointArray], extent: Extent, smallest: float, frame: Frame) -> Coverage:
    """Return the ink in a box of its own size, in fine pixels, painted with MNIST's pen."""
    left, top, right, bottom = extent
    side = max(right - left, bottom - top, smallest)
    scale = (DIGIT_PX - PEN_PX) * frame.unit / side if side > 0 else 0.0
    radius = PEN_PX * frame.unit / 2
    moved = [(line - (left, top)) * scale + radius for line in lines]
    shape = (
        math.ceil((bottom - top) * scale + 2 * radius),
        math.ceil((right - left) * scale + 2 * radius),
    )
    return paint(moved, shape, [radius] * len(lines))


def centred(ink: Coverage, frame: Frame) -> FloatArray:
    """Put ink into the frame with its centre of mass where MNIST has it.

    Parameters
    ----------
    ink : (H, W) bool
        In fine pixels, H and W at most the frame's side.
    frame : Frame

    Returns
    -------
    (size, size) float32, [0, 1]
        All of the ink: where the centre of mass would push it out, it stays at the edge.
    """
    side, fine = frame.side, frame.fine
    target = CENTRE_OF_MASS_PX * frame.unit
    rows, columns = (ink.view(np.uint8).sum(axis=axis, dtype=np.uint16) for axis in (1, 0))
    total = max(int(rows.sum()), 1)
    offsets = []
    for counts in (rows, columns):
        # A fine pixel's middle is half a pixel from its edge.
        mass = float(np.arange(len(counts)) @ counts) / total + 0.5
        offsets.append(min(max(round(target - mass), 0), side - len(counts)))
    # Only the pixels that the ink reaches are averaged.
    (y, top), (x, left) = (divmod(offset, fine) for offset in offsets)
    height, width = -(-(top + ink.shape[0]) // fine), -(-(left + ink.shape[1]) // fine)
    field = np.zeros((height * fine, width * fine), np.bool_)
    field[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    pixels = np.zeros((frame.size, frame.size), np.float32)
    pixels[y : y + height, x : x + width] = area_average(field, fine)
    return pixels


def _raw(
    drawing: Drawing, lines: list[PointArray], canvas: tuple[float, float] | None, frame: Frame
) -> FloatArray:
    """Return the canvas scaled to the frame, in the middle if it is not square."""
    widths = [stroke.width_px for stroke in drawing.strokes if _has_ink(stroke.points)]
    widths = [width if math.isfinite(width) and width > 0 else 1.0 for width in widths]
    origin = np.zeros(2)
    if canvas is None:
        left, top, right, bottom = extent_of(np.concatenate(lines))
        margin = max(widths) / 2
        origin = np.array([left - margin, top - margin])
        canvas = (right - left + 2 * margin, bottom - top + 2 * margin)
    scale = frame.side / max(canvas)
    offset = (frame.side - np.array(canvas) * scale) / 2
    moved = [(line - origin) * scale + offset for line in lines]
    # A pen wider than the frame covers it; a thinner one than a fine pixel would vanish.
    radii = [min(max(width * scale / 2, 0.5), float(frame.side)) for width in widths]
    return area_average(paint(moved, (frame.side, frame.side), radii), frame.fine)


def _has_ink(points: FloatArray) -> bool:
    return bool(np.isfinite(points).all(axis=1).any())
