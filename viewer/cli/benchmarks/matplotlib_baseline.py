"""What the same picture costs with matplotlib: at its best, and as tutorials do it.

Everything is drawn by Agg into memory; nothing is copied to a window, which is in
matplotlib's favour.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

    from viewer.core.records import FloatArray

Rect = tuple[float, float, float, float]  # x, y (downwards), width, height in pixels
Outputs = Mapping[str, "FloatArray"]

DPI = 100
GAP_PX = 1


def columns_of(count: int) -> int:
    """Return how many tiles a row of a nearly square mosaic has."""
    return math.ceil(math.sqrt(count))


def mosaic(values: FloatArray) -> FloatArray:
    """Return all maps of a layer side by side, with NaN between them.

    Parameters
    ----------
    values : (C, H, W) or (N,) float32
        A dense layer's units are maps of one pixel, without gaps.

    Returns
    -------
    (rows, columns) float32
    """
    gap = GAP_PX if values.ndim == 3 else 0
    maps = values if values.ndim == 3 else values.reshape(-1, 1, 1)
    count, height, width = maps.shape
    columns = columns_of(count)
    rows = -(-count // columns)
    padded = np.full((rows * columns, height + gap, width + gap), np.nan, np.float32)
    padded[:count, :height, :width] = maps
    cells = padded.reshape(rows, columns, height + gap, width + gap)
    whole = cells.transpose(0, 2, 1, 3).reshape(rows * (height + gap), columns * (width + gap))
    return whole[: whole.shape[0] - gap, : whole.shape[1] - gap]


class Mosaics:
    """One animated image a layer, updated by blit: matplotlib's best.

    Parameters
    ----------
    outputs : mapping of layer to array
        Any answer of the network, for the shapes.
    rects : mapping of layer to rectangle
        Where each mosaic is, and how large.
    size_px : (width, height)
        Of the canvas.
    """

    def __init__(self, outputs: Outputs, rects: Mapping[str, Rect], size_px: tuple[int, int]):
        self._canvas = _canvas(size_px)
        self._layers: dict[str, tuple[Axes, AxesImage]] = {}
        for name, values in outputs.items():
            axes = _axes(self._canvas.figure, rects[name], size_px)
            image = axes.imshow(
                mosaic(values), animated=True, interpolation="nearest", aspect="auto"
            )
            self._layers[name] = axes, image
        self._canvas.draw()
        self._background = self._canvas.copy_from_bbox(self._canvas.figure.bbox)

    def update(self, outputs: Outputs) -> None:
        """Show another answer of the network."""
        self._canvas.restore_region(self._background)
        for name, (axes, image) in self._layers.items():
            _set(image, mosaic(outputs[name]))
            axes.draw_artist(image)
        self._canvas.blit(self._canvas.figure.bbox)

    def pixels(self) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        """Return (H, W, 4) what is on the canvas."""
        return np.asarray(self._canvas.buffer_rgba())


class AxesPerMap:
    """One axes a feature map, ``set_data`` and a new drawing: as most tutorials do it."""

    def __init__(self, outputs: Outputs, rects: Mapping[str, Rect], size_px: tuple[int, int]):
        self._canvas = _canvas(size_px)
        self._images: dict[str, list[AxesImage]] = {}
        for name, values in outputs.items():
            maps = _maps(values)
            places = _tiles(rects[name], len(maps))
            self._images[name] = [
                _axes(self._canvas.figure, place, size_px).imshow(
                    one, interpolation="nearest", aspect="auto"
                )
                for one, place in zip(maps, places, strict=True)
            ]
        self._canvas.draw()

    def update(self, outputs: Outputs) -> None:
        """Show another answer of the network."""
        for name, images in self._images.items():
            for image, one in zip(images, _maps(outputs[name]), strict=True):
                _set(image, one)
        self._canvas.draw()

    def pixels(self) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        """Return (H, W, 4) what is on the canvas."""
        return np.asarray(self._canvas.buffer_rgba())


def _canvas(size_px: tuple[int, int]) -> FigureCanvasAgg:
    return FigureCanvasAgg(Figure(figsize=(size_px[0] / DPI, size_px[1] / DPI), dpi=DPI))


def _axes(figure: Figure, rect: Rect, size_px: tuple[int, int]) -> Axes:
    x, y, width, height = rect
    whole_w, whole_h = size_px
    bottom = whole_h - y - height
    axes = figure.add_axes((x / whole_w, bottom / whole_h, width / whole_w, height / whole_h))
    axes.set_axis_off()
    return axes


def _set(image: AxesImage, values: FloatArray) -> None:
    image.set_data(values)
    image.set_clim(float(np.nanmin(values)), float(np.nanmax(values)))


def _maps(values: FloatArray) -> list[FloatArray]:
    return list(values) if values.ndim == 3 else [mosaic(values)]


def _tiles(rect: Rect, count: int) -> list[Rect]:
    x, y, width, height = rect
    columns = columns_of(count)
    w, h = width / columns, height / -(-count // columns)
    return [(x + (i % columns) * w, y + (i // columns) * h, w, h) for i in range(count)]
