"""Drawings and pictures for the tests of preprocessing."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image

from viewer.core.records import Drawing, FloatArray, Stroke

CANVAS = (280.0, 280.0)


def drawing(*lines: ArrayLike, canvas: tuple[float, float] | None = CANVAS) -> Drawing:
    strokes = tuple(Stroke(np.array(line, np.float32).reshape(-1, 2)) for line in lines)
    return Drawing(strokes, canvas)


def ring(centre: Sequence[float], radius: float, points: int = 100) -> FloatArray:
    angles = np.linspace(0, 2 * np.pi, points)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius
    points_on: FloatArray = (circle + np.array(centre)).astype(np.float32)
    return points_on


def centre_of_mass(pixels: FloatArray) -> tuple[float, float]:
    """Return (x, y) as pixel indices: 0 is the middle of the first pixel."""
    rows, columns = np.indices(pixels.shape)
    total = float(pixels.sum())
    return float((columns * pixels).sum()) / total, float((rows * pixels).sum()) / total


def ink_box(pixels: FloatArray) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of the pixels that have ink, the last two exclusive."""
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def likeness(a: FloatArray, b: FloatArray) -> float:
    """Return the cosine of two images: 1 where they are the same but for their brightness."""
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))


def encoded(pixels: FloatArray, form: str = "PNG", quality: int = 75) -> bytes:
    """Return a picture file of luminances in [0, 1]."""
    buffer = BytesIO()
    image = Image.fromarray((np.clip(pixels, 0, 1) * 255).round().astype(np.uint8))
    image.save(buffer, form, quality=quality)
    return buffer.getvalue()
