"""Telling ink from paper: uneven light, shadows, ruled lines, either polarity.

The paper's own brightness at each pixel is a morphological closing (for dark ink; opening
for bright): it fills everything dark that is smaller than the window, and leaves shadows
and gradients, which are larger or reach the edge, as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewer.core.records import FloatArray

Mask = NDArray[np.bool_]

SEARCH_PX = 256  # longest side of the picture in which the digit is looked for
# Side of the window that ink can't fill, as a part of the picture's shorter side: the
# blob of an 8 under a pen of a fifth of the canvas reaches about half.
_INK_AT_MOST = 0.6
_SMOOTHING_PX = 1.0  # of the picture searched: noise would lift the closing
_LEAST_CONTRAST = 0.12  # of the paper's brightness: below, a page is blank
_NOISE_FACTOR = 25.0  # ink stands out from the usual difference of neighbours by this much
_STRONG, _WEAK = 0.55, 0.4  # of the ink's usual contrast: hysteresis
_DARKEST_PAPER = 0.15  # ink on darker paper is not worth blowing up
_DARKEST_INVERTED_PAPER = 0.5  # on a page brighter than this, bright specks are noise
_LEAST_INK_PX = 30  # of the picture searched: a full stop on a page
# The outline of ink rises by this part of its contrast a pixel, or faster; light that
# falls off towards the corners rises by less.
_LEAST_SLOPE = 0.025


@dataclass(frozen=True, slots=True)
class Page:
    """A picture taken apart.

    Attributes
    ----------
    paper : (H, W) float32
        Brightness of the paper at each pixel, inverted if the ink is bright.
    contrast : (H, W) float32, about 0 to 1
        How far each pixel is from paper to black.
    level : float
        Usual contrast of the ink; 0 if there is none.
    dark : bool
        True if the ink is darker than the paper; otherwise brightness was inverted.
    """

    paper: FloatArray
    contrast: FloatArray
    level: float
    dark: bool


def read_page(pixels: FloatArray) -> Page:
    """Find paper, polarity and ink of a picture.

    Parameters
    ----------
    pixels : (H, W) float32, [0, 1]
        Luminance, about `SEARCH_PX` on its longer side.

    Returns
    -------
    Page
    """
    # SciPy takes 0.15 s to import and only pictures need it.
    from scipy import ndimage

    smooth = ndimage.gaussian_filter(pixels, _SMOOTHING_PX, mode="nearest")
    pages = [_taken_apart(smooth, dark=True), _taken_apart(1 - smooth, dark=False)]
    return max(pages, key=lambda page: _evidence(page, smooth))


def _taken_apart(pixels: FloatArray, *, dark: bool) -> Page:
    paper = _paper(pixels)
    contrast = contrast_of(pixels, paper, dark=dark)
    level = _ink_level(contrast)
    return Page(paper, contrast, level if _is_sharp(contrast, level) else 0.0, dark)


def contrast_of(pixels: FloatArray, paper: FloatArray, *, dark: bool) -> FloatArray:
    """Return how much darker than the paper each pixel is, as a part of its brightness.

    Parameters
    ----------
    pixels, paper : (H, W) float32
        Both inverted if the ink is bright.
    dark : bool
        False if the ink is bright.
    """
    darkest = _DARKEST_PAPER if dark else _DARKEST_INVERTED_PAPER
    return ((paper - pixels) / np.maximum(paper, darkest)).astype(np.float32)


def _is_sharp(contrast: FloatArray, level: float) -> bool:
    """Return whether the outline of what stands out is an edge and no slow change of light."""
    outline = (contrast > 0.3 * level) & (contrast < 0.7 * level)
    if min(contrast.shape) < 2 or not outline.any():
        return True
    down, across = np.gradient(contrast)
    slope = float(np.quantile(np.hypot(down, across)[outline], 0.75))
    return slope > _LEAST_SLOPE * level


def _paper(pixels: FloatArray) -> FloatArray:
    """Return the brightness of the paper under the ink."""
    from scipy import ndimage

    window = max(3, round(min(pixels.shape) * _INK_AT_MOST) | 1)
    # With an edge as wide as the window, a shadow at the edge is as large as it looks.
    padded = np.pad(pixels, window, mode="edge")
    closed = ndimage.grey_closing(padded, size=(window, window))
    paper = closed[window:-window, window:-window]
    return np.asarray(ndimage.gaussian_filter(paper, _SMOOTHING_PX), np.float32)


def _noise(contrast: FloatArray) -> float:
    """Return the usual difference of neighbours: outlines are too few to count."""
    if contrast.shape[1] < 2:
        return 0.0
    return float(np.median(np.abs(np.diff(contrast, axis=1))))


def _ink_level(contrast: FloatArray) -> float:
    """Return the usual contrast of the ink, or 0 where a page is blank."""
    rank = max(0, contrast.size - _LEAST_INK_PX)
    highest = float(np.partition(contrast.ravel(), rank)[rank])
    if highest < max(_LEAST_CONTRAST, _NOISE_FACTOR * _noise(contrast)):
        return 0.0
    return float(np.median(contrast[contrast > highest / 2]))


def _evidence(page: Page, luminance: FloatArray) -> float:
    """Return how far the ink is from the picture's edge in brightness: the edge is paper.

    The bright hole of a black 0 stands out from what surrounds it as much as the ink does,
    but not from the edge. A quartile of the edge, because a shadow or a broad stroke may
    cover some of it; and the more of the edge is like paper, the better.
    """
    if page.level == 0:
        return 0.0
    edge = np.concatenate([luminance[0], luminance[-1], luminance[:, 0], luminance[:, -1]])
    ink = float(np.median(luminance[page.contrast > page.level / 2]))
    paper = float(np.quantile(edge, 0.75 if page.dark else 0.25))
    agreeing = float(np.mean(np.abs(edge - paper) < np.abs(edge - ink)))
    return agreeing * (paper - ink if page.dark else ink - paper)


def find_ink(page: Page) -> Mask:
    """Return where the digit is, without specks, ruled lines and shadows.

    Parameters
    ----------
    page : Page
        With ink.

    Returns
    -------
    (H, W) bool
        All False if nothing is left.
    """
    from scipy import ndimage

    weak = page.contrast > _WEAK * page.level
    labels, count = ndimage.label(weak, np.ones((3, 3), np.int8))
    if count == 0:
        return weak
    strongest = ndimage.maximum(page.contrast, labels, np.arange(1, count + 1))
    strong = np.asarray(strongest) > _STRONG * page.level
    kept = _digit_parts(labels, ndimage.find_objects(labels), strong)
    return np.asarray(np.isin(labels, kept), np.bool_)


@dataclass(frozen=True, slots=True)
class _Part:
    """A connected piece of ink: its label and box, and whether it comes in from outside."""

    label: int
    box: tuple[int, int, int, int]  # top, left, bottom, right
    foreign: bool

    @property
    def side(self) -> int:
        top, left, bottom, right = self.box
        return max(bottom - top, right - left)


# A part much smaller than the main one counts only near it: a bar of a 5 that doesn't meet.
_LARGE_PART = 0.3
_SPECK_PART = 0.05
_NEAR = 0.3
# A stroke may run off the picture; what lies along its edge for this part of its own side,
# or goes from edge to opposite edge, is a shadow, a table or a ruled line.
_EDGE_PART = 0.35
_FOREIGN_DISCOUNT = 0.25


def _digit_parts(
    labels: NDArray[np.integer],
    boxes: list[tuple[slice, ...]],
    strong: NDArray[np.bool_],
) -> list[int]:
    """Return the labels of what makes up the digit: the main part and what is near it."""
    parts = [
        _part(labels, index + 1, box)
        for index, (box, chosen) in enumerate(zip(boxes, strong.tolist(), strict=True))
        if chosen
    ]
    if not parts:
        return []
    main = max(parts, key=lambda part: part.side * (_FOREIGN_DISCOUNT if part.foreign else 1.0))
    return [part.label for part in parts if part is main or _belongs(part, main)]


def _part(labels: NDArray[np.integer], label: int, box: tuple[slice, ...]) -> _Part:
    top, left, bottom, right = box[0].start, box[1].start, box[0].stop, box[1].stop
    height, width = labels.shape
    edges = (labels[0], labels[-1], labels[:, 0], labels[:, -1])
    contact = max(int((edge == label).sum()) for edge in edges)
    across = (top == 0 and bottom == height) or (left == 0 and right == width)
    along = contact > _EDGE_PART * max(bottom - top, right - left)
    return _Part(label, (top, left, bottom, right), across or along)


def _belongs(part: _Part, main: _Part) -> bool:
    if part.foreign and not main.foreign:
        return False
    if part.side < _SPECK_PART * main.side:
        return False
    gap = _gap(part.box, main.box)
    return gap <= (_NEAR if part.side < _LARGE_PART * main.side else 2 * _NEAR) * main.side


def _gap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> float:
    """Return the distance between two boxes, 0 where they overlap."""
    down = max(a[0] - b[2], b[0] - a[2], 0)
    across = max(a[1] - b[3], b[1] - a[3], 0)
    return float(np.hypot(down, across))
