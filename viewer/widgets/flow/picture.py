"""One layer's maps as a picture that is painted pixel by pixel, as far as it is in sight."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QColor, QImage, QPainter

from viewer.core.card_layout import Card, tiles_shape
from viewer.core.imaging.color_scale import ColorScale
from viewer.core.imaging.layer_scales import of_channels
from viewer.core.imaging.mosaic import Colors, Grid, Mosaic
from viewer.core.imaging.reduce import area_mean
from viewer.core.records import FloatArray, Node
from viewer.widgets.flow.geometry import part_rect, picture_rect, pitch
from viewer.widgets.theme import Theme

STRIP_PX = 5  # height of a colour bar's strip
# A picture is made of bands of whole rows of maps with about so many pixels each, so that of a
# tall card only what is in sight is coloured. All of a small network's cards are one band.
BAND_PIXELS = 1 << 17
# Pixels of all bands that are kept, or more if a very large window shows more.
KEPT_PIXELS = 3_000_000
NOTHING = -1  # shown by a band that isn't kept

Ticks = tuple[tuple[float, str], ...]


def color_number(theme: Theme, token: str) -> int:
    """Return a colour of the theme as 0xFFRRGGBB."""
    return QColor(getattr(theme, token)).rgb()


def image_over(pixels: Colors, width: int | None = None) -> QImage:
    """Return an image that shares the memory of `pixels`; keep both for as long as it is used.

    Parameters
    ----------
    pixels : (H, W) uint32, 0xFFRRGGBB, contiguous
    width : int, optional
        Columns from the left that are the picture; all by default.
    """
    height, columns = pixels.shape
    # PyQt takes any buffer, and then shares it; its annotations say bytes only.
    data = cast(bytes, pixels.data)
    return QImage(data, width or columns, height, 4 * columns, QImage.Format.Format_RGB32)


def mosaic_image(mosaic: Mosaic) -> QImage:
    """Return an image that shows a mosaic, now and after it is filled anew."""
    height, width = mosaic.pixels.shape
    return image_over(mosaic.buffer[:height], width)


@dataclass(slots=True)
class _Band:
    """Some rows of a picture's tiles.

    Attributes
    ----------
    mosaic : Mosaic
    image : QImage
        Shares its memory.
    shown : int
        Number of what it was last coloured with.
    """

    mosaic: Mosaic
    image: QImage
    shown: int = NOTHING

    @property
    def pixels(self) -> int:
        """How many pixels it keeps."""
        return self.mosaic.buffer.size


class BandStore:
    """Lets pictures keep the bands that were painted last, within a bound.

    Attributes
    ----------
    colored : int
        How many bands were coloured so far.
    pixels : int
        Pixels of all bands that are kept.
    """

    def __init__(self, kept_pixels: int = KEPT_PIXELS) -> None:
        self.colored = 0
        self.pixels = 0
        self._kept_pixels = kept_pixels
        # What was painted longest ago comes first; each picture has its own bands by itself.
        self._order: OrderedDict[tuple[MapsPicture, int], None] = OrderedDict()
        self._scratch = np.empty(0, np.uint32)

    def add(self, picture: MapsPicture, index: int, pixels: int) -> None:
        """Take note of another band that a picture keeps."""
        self._order[picture, index] = None
        self.pixels += pixels

    def touch(self, picture: MapsPicture, bands: range) -> None:
        """Take note that these bands were painted now, if they are kept."""
        if self.pixels > self._kept_pixels // 2:  # below, nothing will be forgotten soon
            for index in bands:
                if (picture, index) in self._order:
                    self._order.move_to_end((picture, index))

    def trim(self, in_use: int) -> None:
        """Forget what was painted longest ago, beyond the bound, but not the last `in_use`."""
        while self.pixels > self._kept_pixels and len(self._order) > in_use:
            (picture, index), _ = self._order.popitem(last=False)
            self.pixels -= picture.drop(index)

    def forget(self, picture: MapsPicture) -> None:
        """Forget all bands of a picture."""
        for key in [key for key in self._order if key[0] is picture]:
            del self._order[key]
            self.pixels -= picture.drop(key[1])

    def scratch(self, shape: tuple[int, int, int]) -> Colors:
        """Return room for the colours of some tiles, until it is asked for again."""
        size = math.prod(shape)
        if self._scratch.size < size:
            self._scratch = np.empty(size, np.uint32)
        return self._scratch[:size].reshape(shape)


class MapsPicture:
    """The feature maps, or the units, of one layer, in bands.

    Attributes
    ----------
    node : Node
    card : Card
    ticks : tuple of (fraction, text)
        What to write along the colour bar; empty while there are no values.
    bands : int
        How many bands there are.
    """

    def __init__(self, node: Node, card: Card, theme: Theme, dpr: float, store: BandStore) -> None:
        self.node = node
        self.card = card
        self.ticks: Ticks = ()
        self._dpr = dpr
        self._store = store
        self._bands: dict[int, _Band] = {}
        self._quiet = color_number(theme, "window")
        self._surface = color_number(theme, "surface")
        self._tiles = tiles_shape(node.output_shape)
        grid = card.grid
        pitch_y, pitch_x = grid.pitch
        self._rows = max(1, BAND_PIXELS // (pitch_y * pitch_x * grid.columns))
        self._rows = min(self._rows, grid.rows)
        self.bands = -(-grid.rows // self._rows)
        self._range = range(self.bands)
        a_band = self._rows * grid.columns
        firsts = range(0, grid.count, a_band)
        # The first channel of each band, and the one behind its last.
        self._parts = tuple((first, min(first + a_band, grid.count)) for first in firsts)
        self._place = self._whole_place()

    def moved(self, card: Card) -> None:
        """Go to another place; `card` has the same grid and scale."""
        self.card = card
        self._place = self._whole_place()

    def fits(self, card: Card) -> bool:
        """Return whether the picture is as `card` shows it, wherever that is."""
        own = self.card
        return (own.grid, own.scale, own.reduce) == (card.grid, card.scale, card.reduce)

    def visible_bands(self, visible: QRectF) -> range:
        """Return which bands are in sight, in a part of the layout."""
        if self.bands == 1:
            return self._range
        step = pitch(self.card.scale, self._dpr) * self._rows * self.card.grid.pitch[0]
        top = self.card.maps.y
        first = math.floor((visible.top() - top - 1) / step)  # one more pixel: it is rounded
        end = math.ceil((visible.bottom() - top + 1) / step)
        return range(max(first, 0), max(min(end, self.bands), 0))

    def shown(self, index: int) -> int:
        """Return the number of what a band was last coloured with; -1 if it isn't kept."""
        band = self._bands.get(index)
        return NOTHING if band is None else band.shown

    def drop(self, index: int) -> int:
        """Keep a band no longer; return how many pixels it had."""
        return self._bands.pop(index).pixels

    def work(self, index: int) -> int:
        """Return how many values have to be read to colour a band."""
        first, end = self._parts[index]
        return (end - first) * self._tiles[1] * self._tiles[2]

    def show(self, index: int, values: FloatArray, scale: ColorScale, shown: int) -> None:
        """Colour a band anew.

        Parameters
        ----------
        index : int
        values : (C, H, W), (L, D) or (N,) float32
            All that the node answered.
        scale : ColorScale
            Of all of it.
        shown : int
            Number of what it is coloured with.
        """
        first, end = self._parts[index]
        maps = values.reshape(self._tiles)[first:end]
        tiles = area_mean(maps, self.card.reduce)
        if end - first < self._tiles[0]:
            scale = of_channels(scale, first, end)
        self._fill(index, scale.apply(tiles, out=self._store.scratch(tiles.shape)), shown)
        self.ticks = scale.ticks()

    def clear(self, index: int, shown: int) -> None:
        """Show quiet, empty tiles in a band."""
        first, end = self._parts[index]
        tiles = self._store.scratch((end - first, self.card.grid.height, self.card.grid.width))
        tiles.fill(self._quiet)
        self._fill(index, tiles, shown)
        self.ticks = ()

    def paint(self, painter: QPainter, bands: range) -> None:
        """Paint some bands at their places; those that aren't kept are quiet."""
        card, pitch_y = self.card, self.card.grid.pitch[0]
        self._store.touch(self, bands)
        for index in bands:
            band = self._bands.get(index)
            if band is not None and self._place is not None:
                painter.drawImage(self._place, band.image)
                continue
            origin = index * self._rows * pitch_y, 0
            grid = self._grid(index) if band is None else band.mosaic.grid
            place = part_rect(card.maps, card.scale, self._dpr, origin, grid.shape)
            if band is None:
                painter.fillRect(place, QColor.fromRgb(self._quiet))
            else:
                painter.drawImage(place, band.image)

    def _fill(self, index: int, tiles: Colors, shown: int) -> None:
        band = self._bands.get(index)
        if band is None:
            mosaic = Mosaic(self._grid(index), self._surface, self._surface)
            band = self._bands[index] = _Band(mosaic, mosaic_image(mosaic))
            self._store.add(self, index, band.pixels)
        band.mosaic.fill(tiles)
        band.shown = shown
        self._store.colored += 1

    def _whole_place(self) -> QRectF | None:
        """Return where the picture is; None for one of several bands."""
        if self.bands > 1:
            return None
        return picture_rect(self.card.maps, self.card.grid, self.card.scale, self._dpr)

    def _grid(self, index: int) -> Grid:
        if self.bands == 1:
            return self.card.grid
        first, end = self._parts[index]
        return replace(self.card.grid, count=end - first)


def paint_strip(painter: QPainter, card: Card, lut: Colors) -> None:
    """Paint the colours of a card's bar, low to high.

    Parameters
    ----------
    painter : QPainter
    card : Card
    lut : (256,) uint32
        As of a `ColorScale`.
    """
    if card.bar is None:
        return
    colors = lut[1:].reshape(1, -1).copy()  # the table itself is read-only
    place = QRectF(card.bar.x, card.bar.y, card.bar.width, STRIP_PX)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(place, image_over(colors))
    painter.restore()
