"""What the same picture costs with matplotlib: at its best, and as tutorials do it.

Everything is drawn by Agg into memory; nothing is copied to a window, which is in
matplotlib's favour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray

    from viewer.core.records import FloatArray

    Pixels = NDArray[np.uint8]

Outputs = Mapping[str, "FloatArray"]
Rect = tuple[float, float, float, float]  # x, y (downwards), width, height in pixels

DPI = 100
GAP_PX = 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where a layer's maps are on the screen.

    Attributes
    ----------
    rect : (x, y, width, height)
        In pixels, y downwards.
    columns : int
        Maps in a row.
    """

    rect: Rect
    columns: int


Places = Mapping[str, Place]


def mosaic(values: FloatArray, columns: int) -> FloatArray:
    """Return all maps of a layer side by side, with NaN between them.

    Parameters
    ----------
    values : (C, H, W) or (N,) float32
        A dense layer's units are maps of one pixel, without gaps.
    columns : int
        Maps in a row.

    Returns
    -------
    (rows, columns) float32
    """
    gap = GAP_PX if values.ndim == 3 else 0
    maps = values if values.ndim == 3 else values.reshape(-1, 1, 1)
    count, height, width = maps.shape
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
    places : mapping of layer to Place
        Of the layers to show.
    size_px : (width, height)
        Of the canvas.
    """

    def __init__(self, outputs: Outputs, places: Places, size_px: tuple[int, int]) -> None:
        self._canvas = _canvas(size_px)
        self._layers: dict[str, tuple[int, Axes, AxesImage]] = {}
        for name, place in places.items():
            axes = _axes(self._canvas.figure, place.rect, size_px)
            first = mosaic(outputs[name], place.columns)
            image = axes.imshow(first, animated=True, interpolation="nearest", aspect="auto")
            self._layers[name] = place.columns, axes, image
        self._canvas.draw()  # type: ignore[no-untyped-call]  # matplotlib's
        self._background = self._canvas.copy_from_bbox(self._canvas.figure.bbox)  # type: ignore[no-untyped-call]  # matplotlib's

    def update(self, outputs: Outputs) -> None:
        """Show another answer of the network."""
        self._canvas.restore_region(self._background)  # type: ignore[no-untyped-call]  # matplotlib's
        for name, (columns, axes, image) in self._layers.items():
            _set(image, mosaic(outputs[name], columns))
            axes.draw_artist(image)
        self._canvas.blit(self._canvas.figure.bbox)

    def pixels(self) -> Pixels:
        """Return a copy of what is on the canvas, (H, W, 4)."""
        return np.array(self._canvas.buffer_rgba())  # type: ignore[no-untyped-call]  # matplotlib's


class AxesPerMap:
    """One axes a feature map, ``set_data`` and a new drawing: as most tutorials do it.

    Parameters
    ----------
    outputs, places, size_px
        As for `Mosaics`; the maps lie where they lie in its mosaics.
    """

    def __init__(self, outputs: Outputs, places: Places, size_px: tuple[int, int]) -> None:
        self._canvas = _canvas(size_px)
        self._columns = {name: place.columns for name, place in places.items()}
        self._images: dict[str, list[AxesImage]] = {}
        for name, place in places.items():
            maps = _maps(outputs[name], place.columns)
            self._images[name] = [
                _axes(self._canvas.figure, rect, size_px).imshow(
                    one, interpolation="nearest", aspect="auto"
                )
                for one, rect in zip(maps, _tiles(place, len(maps)), strict=True)
            ]
        self._canvas.draw()  # type: ignore[no-untyped-call]  # matplotlib's

    def update(self, outputs: Outputs) -> None:
        """Show another answer of the network."""
        for name, images in self._images.items():
            maps = _maps(outputs[name], self._columns[name])
            for image, one in zip(images, maps, strict=True):
                _set(image, one)
        self._canvas.draw()  # type: ignore[no-untyped-call]  # matplotlib's

    def pixels(self) -> Pixels:
        """Return a copy of what is on the canvas, (H, W, 4)."""
        return np.array(self._canvas.buffer_rgba())  # type: ignore[no-untyped-call]  # matplotlib's


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


def _maps(values: FloatArray, columns: int) -> list[FloatArray]:
    """Return the maps of a layer; the units of a dense one are one picture."""
    return list(values) if values.ndim == 3 else [mosaic(values, columns)]


def _tiles(place: Place, count: int) -> list[Rect]:
    if count == 1:
        return [place.rect]
    x, y, width, height = place.rect
    w, h = width / place.columns, height / -(-count // place.columns)
    return [(x + (i % place.columns) * w, y + (i // place.columns) * h, w, h) for i in range(count)]
