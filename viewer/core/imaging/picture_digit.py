"""From a picture of a digit to what the network sees: find it, thin it, fit it."""

from __future__ import annotations

import math

import numpy as np

from viewer.core.imaging.digit import (
    CENTRE_OF_MASS_PX,
    DIGIT_PX,
    FRAME_PX,
    PEN_PX,
    SPECK_PART,
    Frame,
    centred,
)
from viewer.core.imaging.paper import SEARCH_PX, Mask, Page, contrast_of, find_ink, read_page
from viewer.core.records import DigitImage, FloatArray, Legibility, Picture

Box = tuple[float, float, float, float]  # left, top, right, bottom

_AS_MNIST_CENTRE_PX = 1.0  # a centre of mass this near MNIST's is left alone
_AS_MNIST_SIDE_PX = (17, 21)  # and a longest side in this range
_FAINT = 0.1  # grey levels below count as paper
# Ink smaller than this part of a picture is a speck: a digit on a whole page is small.
_SMALLEST_PART = 0.03
_ROUND = 1.35  # longest side over the pen's width: below, the ink is a dot and no digit
_BLUR_OF_SEARCH_PX = 2.0  # what resampling and smoothing add to a dot's side
_MARGIN = 0.15  # paper around the ink that is cut out with it, as a part of its side
_BLUR_PX = 0.2  # of a 28×28 frame: smooths the outline before it is thinned
_LARGEST_BLOWUP = 64.0


def digit_from_picture(picture: Picture, *, size: int = FRAME_PX, raw: bool = False) -> DigitImage:
    """Make of a picture what MNIST would have made of it.

    Parameters
    ----------
    picture : Picture
        A prepared one passes unchanged, but for its size.
    size : int
        Side of the network's input in pixels.
    raw : bool
        Scale the whole picture to the frame; only its polarity is turned.

    Returns
    -------
    DigitImage
        (size, size) float32, ink 1, paper 0. BLANK without ink; SPECK for a dot.
    """
    pixels = np.nan_to_num(np.asarray(picture.pixels, np.float32))
    if 0 in pixels.shape:
        return _blank(size)
    if picture.prepared:
        return _checked(_fitted(pixels, size))
    search, scale = _for_search(pixels)
    page = read_page(search)
    if raw:
        return _checked(_letterboxed(pixels if not page.dark else 1 - pixels, size))
    if pixels.shape == (size, size) and _is_as_mnist(pixels):
        return _checked(pixels.copy())
    if page.level == 0:
        return _blank(size)
    ink = find_ink(page)
    if not ink.any():
        return _blank(size)
    return _normalised(pixels, page, ink, scale, Frame.of(size))


def _blank(size: int) -> DigitImage:
    return DigitImage(np.zeros((size, size), np.float32), Legibility.BLANK)


def _checked(pixels: FloatArray) -> DigitImage:
    blank = float(pixels.max()) < _FAINT
    return DigitImage(pixels, Legibility.BLANK if blank else Legibility.OK)


def _resized(pixels: FloatArray, width: int, height: int, box: Box | None = None) -> FloatArray:
    """Return a picture, or a part of it, at another size; smaller ones are averaged."""
    # Local: the pad starts without Pillow.
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(pixels, np.float32))
    result = image.resize((width, height), Image.Resampling.BICUBIC, box)
    return np.clip(np.asarray(result, np.float32), 0, 1)


def _fitted(pixels: FloatArray, size: int) -> FloatArray:
    return pixels.copy() if pixels.shape == (size, size) else _resized(pixels, size, size)


def _letterboxed(pixels: FloatArray, size: int) -> FloatArray:
    """Return the whole picture in the frame, paper above and below or left and right."""
    height, width = pixels.shape
    scale = size / max(height, width)
    small = _resized(pixels, max(1, round(width * scale)), max(1, round(height * scale)))
    edge = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    frame = np.full((size, size), np.median(edge), np.float32)
    top, left = (size - small.shape[0]) // 2, (size - small.shape[1]) // 2
    frame[top : top + small.shape[0], left : left + small.shape[1]] = small
    return frame


def _for_search(pixels: FloatArray) -> tuple[FloatArray, float]:
    """Return the picture at the size it is searched at, and that size over its own."""
    height, width = pixels.shape
    scale = SEARCH_PX / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return _resized(pixels, *size), scale


def _is_as_mnist(pixels: FloatArray) -> bool:
    """Return whether a picture has MNIST's polarity, margins, extent and centre of mass."""
    unit = len(pixels) / FRAME_PX
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    ink = pixels > _FAINT
    if edge.max() > _FAINT or not ink.any():
        return False
    sides = [int(np.ptp(np.flatnonzero(ink.any(axis=axis)))) + 1 for axis in (0, 1)]
    shortest, longest = _AS_MNIST_SIDE_PX
    if not shortest * unit <= max(sides) <= longest * unit:
        return False
    middles = np.arange(len(pixels)) + 0.5
    centres = [float(pixels.sum(axis=axis) @ middles / pixels.sum()) for axis in (0, 1)]
    target = CENTRE_OF_MASS_PX * unit
    return all(abs(centre - target) <= _AS_MNIST_CENTRE_PX * unit for centre in centres)


def _normalised(
    pixels: FloatArray, page: Page, ink: Mask, scale: float, frame: Frame
) -> DigitImage:
    """Cut the ink out at the frame's fine resolution and give it MNIST's pen."""
    box = _box(ink)
    side = max(box[2] - box[0], box[3] - box[1])
    half = _half_width(ink)
    # Ends of strokes are round: their centre line ends half a pen before the ink does.
    line = max(side - 2 * half, 1.0)
    smallest = _SMALLEST_PART * max(ink.shape)
    speck = side < smallest or side < _ROUND * 2 * half + _BLUR_OF_SEARCH_PX
    growth = (DIGIT_PX - PEN_PX) * frame.unit / line
    limit = DIGIT_PX * frame.unit / (SPECK_PART * max(ink.shape)) if speck else _LARGEST_BLOWUP
    growth = min(growth, limit, DIGIT_PX * frame.unit / max(2.0, side - 2 * half + 2))
    contrast = _cut_out(pixels, page, ink, box, scale, growth)
    thinned = _with_pen(contrast, page.level, half * growth, frame)
    if not thinned.any():
        return _blank(frame.size)
    legibility = Legibility.SPECK if speck else Legibility.OK
    return DigitImage(centred(_trimmed(thinned, frame.side), frame), legibility)


def _box(ink: Mask) -> Box:
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return (
        float(columns[0]),
        float(rows[0]),
        float(columns[-1] + 1),
        float(rows[-1] + 1),
    )


def _half_width(ink: Mask) -> float:
    """Return half the usual width of the strokes, in pixels of the mask."""
    from scipy import ndimage

    # Twice the resolution: the ridge of an even width lies between pixels.
    inside = ndimage.distance_transform_edt(np.pad(np.kron(ink, np.ones((2, 2), bool)), 2))
    ridge = (inside > 0) & (inside >= ndimage.maximum_filter(inside, size=3))
    return max(float(np.median(inside[ridge])) / 2 - 0.25, 0.5)


def _cut_out(
    pixels: FloatArray, page: Page, ink: Mask, box: Box, scale: float, growth: float
) -> FloatArray:
    """Return the contrast of the ink and a margin, scaled by `growth` from the search's size."""
    from scipy import ndimage

    margin = _MARGIN * max(box[2] - box[0], box[3] - box[1]) + 2
    height, width = ink.shape
    box = (
        max(box[0] - margin, 0.0),
        max(box[1] - margin, 0.0),
        min(box[2] + margin, float(width)),
        min(box[3] + margin, float(height)),
    )
    size = (math.ceil((box[2] - box[0]) * growth), math.ceil((box[3] - box[1]) * growth))
    near = ndimage.binary_dilation(ink, iterations=2).astype(np.float32)
    source_height, source_width = pixels.shape
    across, down = source_width / width, source_height / height
    source_box = (
        box[0] * across,
        box[1] * down,
        min(box[2] * across, source_width),
        min(box[3] * down, source_height),
    )
    luminance = _resized(pixels, *size, source_box)
    contrast = contrast_of(
        luminance if page.dark else 1 - luminance,
        _resized(page.paper, *size, box),
        dark=page.dark,
    )
    return np.where(_resized(near, *size, box) > 0.5, contrast, 0).astype(np.float32)


def _with_pen(contrast: FloatArray, level: float, half: float, frame: Frame) -> Mask:
    """Return the ink in fine pixels, its strokes as wide as MNIST's.

    A stroke is where the signed distance from the outline exceeds its half width less the
    half width wanted. Where a stroke is thinner than usual, its own half width counts, so
    that it doesn't break.
    """
    from scipy import ndimage

    wanted = PEN_PX * frame.unit / 2
    edge = math.ceil(wanted) + 2
    padded = np.pad(contrast, edge)
    smooth = ndimage.gaussian_filter(padded, _BLUR_PX * frame.unit)
    ink = smooth > level / 2
    if not ink.any():
        return np.asarray(ink, np.bool_)
    inside = ndimage.distance_transform_edt(ink)
    signed = inside - ndimage.distance_transform_edt(~ink)
    reach = 2 * math.ceil(half) + 1
    own = np.minimum(ndimage.maximum_filter(inside, size=reach), half)
    own = np.where(ink, own, half)
    return np.asarray(signed > own - wanted, np.bool_)


def _trimmed(ink: Mask, side: int) -> Mask:
    """Return the ink without the paper around it, at most side × side."""
    left, top, right, bottom = (int(edge) for edge in _box(ink))
    return ink[top : min(bottom, top + side), left : min(right, left + side)]
