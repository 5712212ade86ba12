"""All maps of a layer as one picture, and the way back from its pixels to the maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Colors = NDArray[np.uint32]

GAP_PX = 1  # between tiles, in pixels of the maps


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the tiles of a mosaic are; row by row, the last row may be short.

    Attributes
    ----------
    count : int
        Number of tiles, one a channel.
    height, width : int
        Of a tile, in its own pixels.
    columns : int
        Tiles in a row.
    gap : int
        Pixels between tiles.
    gap_x : int or None
        Pixels between tiles side by side, where that differs from `gap`.
    """

    count: int
    height: int
    width: int
    columns: int
    gap: int = GAP_PX
    gap_x: int | None = None

    @property
    def rows(self) -> int:
        """Rows of tiles."""
        return -(-self.count // self.columns)

    @property
    def pitch(self) -> tuple[int, int]:
        """Pixels from one tile to the next, down and across."""
        gap_x = self.gap if self.gap_x is None else self.gap_x
        return self.height + self.gap, self.width + gap_x

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the mosaic in pixels; no gap around it."""
        pitch_y, pitch_x = self.pitch
        return (
            (self.rows - 1) * pitch_y + self.height,
            (self.columns - 1) * pitch_x + self.width,
        )

    def origin(self, channel: int) -> tuple[int, int]:
        """Return the (y, x) of a tile's top left pixel in the mosaic."""
        row, column = divmod(channel, self.columns)
        pitch_y, pitch_x = self.pitch
        return row * pitch_y, column * pitch_x

    def at(self, y: int, x: int) -> tuple[int, int, int] | None:
        """Return (channel, y, x) of the map pixel at a mosaic's pixel; None in a gap."""
        height, width = self.shape
        if not (0 <= y < height and 0 <= x < width):
            return None
        pitch_y, pitch_x = self.pitch
        row, tile_y = divmod(y, pitch_y)
        column, tile_x = divmod(x, pitch_x)
        channel = row * self.columns + column
        if tile_y >= self.height or tile_x >= self.width or channel >= self.count:
            return None
        return channel, tile_y, tile_x


class Mosaic:
    """A picture of all tiles side by side, written anew in place.

    Parameters
    ----------
    grid : Grid
    gap_color : int
        0xFFRRGGBB, between the tiles.
    empty_color : int, optional
        0xFFRRGGBB, where the last row has no tile; the gap's by default.

    Attributes
    ----------
    grid : Grid
    buffer : (H + gap, W + gap) uint32, 0xFFRRGGBB
        Contiguous; has a gap after the last row and column as well.
    pixels : (H, W) uint32
        The mosaic itself, a view of `buffer`.
    """

    def __init__(self, grid: Grid, gap_color: int, empty_color: int | None = None) -> None:
        self.grid = grid
        pitch_y, pitch_x = grid.pitch
        # With a gap after the last tile too, so that a row of tiles is one regular view.
        buffer = np.full((grid.rows * pitch_y, grid.columns * pitch_x), gap_color, np.uint32)
        height, width = grid.shape
        self.buffer: Colors = buffer
        self.pixels: Colors = buffer[:height, :width]
        cells = buffer.reshape(grid.rows, pitch_y, grid.columns, pitch_x)
        shown = cells[:, : grid.height, :, : grid.width]
        by_row = shown.transpose(0, 2, 1, 3)  # (rows, columns, H, W)
        full, rest = divmod(grid.count, grid.columns)
        self._whole = full * grid.columns  # tiles in full rows
        self._full_rows, self._last_row = by_row[:full], by_row[full:, :rest]
        if rest and empty_color is not None:
            y, x = grid.origin(grid.count)
            buffer[max(y - grid.gap, 0) :, x - (pitch_x - grid.width) :] = empty_color

    def fill(self, tiles: Colors) -> None:
        """Write all tiles.

        Parameters
        ----------
        tiles : (C, H, W) uint32, 0xFFRRGGBB
        """
        whole = self._whole
        self._full_rows[...] = tiles[:whole].reshape(self._full_rows.shape)
        if whole < len(tiles):
            self._last_row[0] = tiles[whole:]
