"""Kernels, patterns and rows to begin with in the convolution lab."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from viewer.core.explain.lab_settings import Array

EDGES, LINES, GRADIENTS, PICTURE = "Edges", "Lines", "Gradients", "Pictures"
ROW_GROUP = "1-D"


@dataclass(frozen=True, slots=True)
class KernelPreset:
    """A kernel, or several that belong together.

    Attributes
    ----------
    key : str
        Unique.
    title : str
        To show.
    group : str
        Part of the menu.
    names : tuple of n str
        One for each kernel.
    kernels : (n, kH, kW) float64, read-only
    """

    key: str
    title: str
    group: str
    names: tuple[str, ...]
    kernels: Array


def _kernel(text: str, divisor: float = 1) -> Array:
    """Return the kernel whose rows are parted by ``/``."""
    rows = [[float(number) for number in row.split()] for row in text.split("/")]
    return np.array(rows) / divisor


def _preset(key: str, title: str, group: str, **kernels: Array) -> KernelPreset:
    stacked = np.stack(tuple(kernels.values()))
    stacked.flags.writeable = False
    names = tuple(name.replace("_", " ") for name in kernels)
    return KernelPreset(key, title, group, names, stacked)


def _single(key: str, title: str, group: str, kernel: Array) -> KernelPreset:
    return _preset(key, title, group, **{title.replace(" ", "_"): kernel})


# A bright side and a dark one, and a third row or column that does not count.
_TOP = _kernel("-1 -1 -1 / 1 1 1 / 0 0 0")
_LEFT = _kernel("-1 1 0 / -1 1 0 / -1 1 0")
_BOTTOM = _kernel("0 0 0 / 1 1 1 / -1 -1 -1")
_RIGHT = _kernel("0 1 -1 / 0 1 -1 / 0 1 -1")
_VERTICAL = _kernel("0 1 0 / 0 1 0 / 0 1 0")
_HORIZONTAL = _kernel("0 0 0 / 1 1 1 / 0 0 0")
_FALLING = _kernel("1 0 0 / 0 1 0 / 0 0 1")
_RISING = _kernel("0 0 1 / 0 1 0 / 1 0 0")

KERNELS: tuple[KernelPreset, ...] = (
    _preset(
        "four_edges",
        "Four edge detectors",
        EDGES,
        top_edge=_TOP,
        left_edge=_LEFT,
        bottom_edge=_BOTTOM,
        right_edge=_RIGHT,
    ),
    _single("top_edge", "Top edge", EDGES, _TOP),
    _single("left_edge", "Left edge", EDGES, _LEFT),
    _single("bottom_edge", "Bottom edge", EDGES, _BOTTOM),
    _single("right_edge", "Right edge", EDGES, _RIGHT),
    _preset(
        "vertical_and_horizontal",
        "Vertical and horizontal lines",
        LINES,
        vertical_line=_VERTICAL,
        horizontal_line=_HORIZONTAL,
    ),
    _single("vertical_line", "Vertical line", LINES, _VERTICAL),
    _single("horizontal_line", "Horizontal line", LINES, _HORIZONTAL),
    _single("falling_line", "Diagonal line, falling", LINES, _FALLING),
    _single("rising_line", "Diagonal line, rising", LINES, _RISING),
    _preset(
        "four_squares",
        "Four 2 × 2 lines",
        LINES,
        horizontal=_kernel("1 1 / 0 0"),
        vertical=_kernel("1 0 / 1 0"),
        falling=_kernel("1 0 / 0 1"),
        rising=_kernel("0 1 / 1 0"),
    ),
    _single("corner_count", "Counting detector", LINES, _kernel("0 0 1 / 1 0 0 / 0 1 1")),
    _single("sobel_x", "Sobel x", GRADIENTS, _kernel("-1 0 1 / -2 0 2 / -1 0 1")),
    _single("sobel_y", "Sobel y", GRADIENTS, _kernel("-1 -2 -1 / 0 0 0 / 1 2 1")),
    _single("prewitt_x", "Prewitt x", GRADIENTS, _kernel("-1 0 1 / -1 0 1 / -1 0 1")),
    _single("prewitt_y", "Prewitt y", GRADIENTS, _kernel("-1 -1 -1 / 0 0 0 / 1 1 1")),
    _single("laplacian", "Laplacian", GRADIENTS, _kernel("0 1 0 / 1 -4 1 / 0 1 0")),
    _single("identity", "Identity", PICTURE, _kernel("0 0 0 / 0 1 0 / 0 0 0")),
    _single("box_blur", "Blur, box", PICTURE, _kernel("1 1 1 / 1 1 1 / 1 1 1", 9)),
    _single("gaussian_blur", "Blur, Gaussian", PICTURE, _kernel("1 2 1 / 2 4 2 / 1 2 1", 16)),
    _single(
        "gaussian_blur_5",
        "Blur, Gaussian 5 × 5",
        PICTURE,
        _kernel("1 4 6 4 1 / 4 16 24 16 4 / 6 24 36 24 6 / 4 16 24 16 4 / 1 4 6 4 1", 256),
    ),
    _single("sharpen", "Sharpen", PICTURE, _kernel("0 -1 0 / -1 5 -1 / 0 -1 0")),
    _single("emboss", "Emboss", PICTURE, _kernel("-2 -1 0 / -1 1 1 / 0 1 2")),
)

ROW_KERNELS: tuple[KernelPreset, ...] = (
    _single("row_identity", "One in the middle", ROW_GROUP, _kernel("0 1 0")),
    _single("row_difference", "Difference", ROW_GROUP, _kernel("-1 1")),
    _single("row_edge", "Edge", ROW_GROUP, _kernel("-1 0 1")),
    _single("row_peak", "Peak", ROW_GROUP, _kernel("-1 2 -1")),
    _single("row_mean", "Mean of three", ROW_GROUP, _kernel("1 1 1", 3)),
)


def _pattern(*rows: str) -> Array:
    values = np.array([[float(mark == "#") for mark in row] for row in rows])
    values.flags.writeable = False
    return values


PATTERNS: Mapping[str, Array] = MappingProxyType(
    {
        "Face": _pattern(
            ".......",
            ".#...#.",
            ".......",
            "...#...",
            ".#...#.",
            "..###..",
            ".......",
        ),
        "Cross": _pattern(
            "...#...",
            "...#...",
            "...#...",
            "#######",
            "...#...",
            "...#...",
            "...#...",
        ),
        "Vertical line": _pattern(*["...#...."] * 8),
        "Frame": _pattern(
            "........",
            ".######.",
            ".#....#.",
            ".#....#.",
            ".#....#.",
            ".#....#.",
            ".######.",
            "........",
        ),
        "Seven": _pattern(
            "..........",
            ".########.",
            ".########.",
            "......##..",
            ".....##...",
            ".....##...",
            "....##....",
            "....##....",
            "...##.....",
            "..........",
        ),
    }
)

ROWS: Mapping[str, Array] = MappingProxyType(
    {
        "Two in the middle": np.array([[0.0, 0, 0, 1, 1, 0, 0, 0]]),
        "A step": np.array([[0.0, 0, 0, 0, 1, 1, 1, 1]]),
        "A ramp": np.array([[0.0, 1, 2, 3, 4, 3, 2, 1, 0, 0]]),
        "A spike": np.array([[0.0, 0, 0, 0, 5, 0, 0, 0, 0]]),
    }
)

DEFAULT_KERNELS = "four_edges"
DEFAULT_ROW_KERNEL = "row_identity"


def kernel_preset(key: str) -> KernelPreset:
    """Return the preset with a key; KeyError if there is none."""
    for preset in (*KERNELS, *ROW_KERNELS):
        if preset.key == key:
            return preset
    raise KeyError(key)


def sample_picture(side: int = 48) -> Array:
    """Return a picture in colour, (3, side, side) in [0, 1]: a red disc, green and blue bars.

    Each colour has a shape of its own, so that one can see which channel a kernel looks at.
    """
    y, x = np.mgrid[0:side, 0:side] / side
    red = ((y - 0.36) ** 2 + (x - 0.36) ** 2 < 0.26**2).astype(np.float64)
    green = ((x > 0.58) & (x < 0.78)).astype(np.float64)
    blue = ((y > 0.6) & (y < 0.8)).astype(np.float64)
    sky = 0.15 + 0.25 * y
    picture: Array = np.clip(np.stack((0.9 * red, 0.8 * green, 0.9 * blue)) + 0.6 * sky, 0, 1)
    return picture
