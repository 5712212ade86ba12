"""From values to colours and to the colour bar beside them, by one object.

Every scale has 255 colours, an odd number, so that the middle of a signed scale is one
colour and zero gets exactly that; the 256th entry, the first, is for what is no number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewer.core.errors import UserError
from viewer.core.imaging.display import DisplaySettings, Scope
from viewer.core.imaging.numbers import MINUS, format_number

Colors = NDArray[np.uint32]
Limits = tuple[float, float]

AUTOMATIC = "automatic"
TUTORIAL = "tutorial"

# Name shown → name in the cmap catalogue. All are perceptually ordered and told apart with
# every common colour vision deficiency.
_SEQUENTIAL: Mapping[str, str] = MappingProxyType(
    {
        "viridis": "bids:viridis",
        "cividis": "cividis:cividis",
        "magma": "bids:magma",
        "grey": "gray",
    }
)
_SIGNED: Mapping[str, str] = MappingProxyType(
    {
        "blue-white-red": "colorbrewer:RdBu_r",
        "blue-black-red": "crameri:berlin",
        "purple-white-orange": "colorbrewer:PuOr_r",
        "pink-black-green": "crameri:vanimo",
    }
)
_AUTOMATIC_LIGHT = "blue-white-red"
_AUTOMATIC_DARK = "blue-black-red"

_NOT_FINITE = 0  # entry of the table for NaN and infinities
_FIRST, _MIDDLE, _LAST = 1, 128, 255  # entries for lowest, middle and highest
_STEPS = _LAST - _FIRST
_ENTRY = np.int32  # floats become these three times as fast as indices of 64 bits
# No scale has this colour, nor one near it.
NOT_FINITE_COLOR = 0xFFFF00FF
_OPAQUE = 0xFF000000

# Of the numbers along a colour bar: it is read at a glance.
_TICK_DIGITS = 3

# Single precision is enough while the range is between these; double is taken beyond.
_FLOAT32_SPAN = (1e-30, 1e30)


def available(signed: bool) -> tuple[str, ...]:
    """Return the names of the colours to choose from, the default first.

    Parameters
    ----------
    signed : bool
        Colours with a neutral middle at zero; otherwise from low to high.
    """
    return (AUTOMATIC, *_SIGNED, TUTORIAL) if signed else tuple(_SEQUENTIAL)


@lru_cache(maxsize=32)
def table(name: str, *, signed: bool, dark: bool) -> Colors:
    """Return the colours called `name`.

    Returns
    -------
    (256,) uint32, 0xFFRRGGBB, read-only
        Entry 0 is for what is no number; 1 to 255 run from low to high, 128 is the middle.

    Raises
    ------
    UserError
        If there are no such colours.
    """
    if name not in available(signed):
        raise UserError(
            f"There are no colours called {name!r}: choose one of {', '.join(available(signed))}."
        )
    if signed and name == AUTOMATIC:
        name = _AUTOMATIC_DARK if dark else _AUTOMATIC_LIGHT
    rgb = (
        _greys()
        if name == TUTORIAL
        else _from_catalogue((_SIGNED if signed else _SEQUENTIAL)[name])
    )
    lut = np.empty(_LAST + 1, np.uint32)
    lut[_FIRST:] = _OPAQUE | rgb[:, 0] << 16 | rgb[:, 1] << 8 | rgb[:, 2]
    lut[_NOT_FINITE] = NOT_FINITE_COLOR
    lut.flags.writeable = False
    return lut


def _greys() -> NDArray[np.uint32]:
    grey = np.round(np.arange(_STEPS + 1) * 255 / _STEPS).astype(np.uint32)
    return np.stack((grey, grey, grey), axis=1)  # (255, 3)


def _from_catalogue(name: str) -> NDArray[np.uint32]:
    from cmap import Colormap  # heavy: only once colours are needed

    # Evaluated rather than `lut(255)`, which leaves colour maps of 256 colours at 256.
    steps = _STEPS + 1
    rgba = np.asarray(Colormap(name)(np.linspace(0, 1, steps), N=steps))  # (255, 4)
    return np.round(rgba[:, :3] * 255).astype(np.uint32)


@dataclass(frozen=True, slots=True)
class ColorScale:
    """Values between two limits as colours, and the bar that says which colour is which.

    Attributes
    ----------
    name : str
        Name of the colours, as chosen.
    low, high : float
        Values of the first and the last colour; ``low == high`` if all values are equal.
    lut : (256,) uint32, 0xFFRRGGBB
        Entry 0 is for what is no number; 1 to 255 run from `low` to `high`.
    signed : bool
        Whether the scale is symmetric about zero.
    channels : (C, 2) float64 or None
        Low and high of each channel, if every channel has its own; `low` and `high` are then
        the lowest and the highest of them.
    covers : bool
        Whether the limits were taken from the very values that it is applied to, all of them
        finite: no value has to be looked at twice then.
    """

    name: str
    low: float
    high: float
    lut: Colors
    signed: bool = False
    channels: NDArray[np.float64] | None = None
    covers: bool = False

    def apply(self, values: NDArray[np.floating[Any]], out: Colors | None = None) -> Colors:
        """Return the colour of every value.

        Parameters
        ----------
        values : any shape, float32
            With a scale for channels: (C, …).
        out : same shape, uint32, contiguous, optional
            Where to write them.

        Returns
        -------
        same shape, uint32, 0xFFRRGGBB
            As `QImage.Format_RGB32` has them. Values beyond the limits get the first or the
            last colour, NaN and infinities one that no scale has.
        """
        # The method, not the function: eleven layers a movement of the pen.
        return self.lut.take(self._entries(values), out=out, mode="clip")

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Return what to write along the colour bar.

        Returns
        -------
        tuple of (fraction, text)
            Fraction 0 is the bar's low end, 1 its high end. Channels with limits of their
            own have no numbers in common but zero.
        """
        if self.channels is not None:
            own = ((0.0, f"{MINUS}max"), (0.5, "0"), (1.0, "max"))
            lowest = "0" if self.low == self.channels[:, 0].max() == 0 else "min"
            return own if self.signed else ((0.0, lowest), (1.0, "max"))
        if self.low == self.high:
            return ((0.5 if self.signed else 0.0, format_number(self.low, _TICK_DIGITS)),)
        high = format_number(self.high, _TICK_DIGITS)
        if self.signed and self.low == -self.high:
            return (0.0, f"{MINUS}{high}"), (0.5, "0"), (1.0, high)
        ends = (0.0, format_number(self.low, _TICK_DIGITS)), (1.0, high)
        return (ends[0], (0.5, "0"), ends[1]) if self.signed else ends

    def of_channel(self, channel: int) -> ColorScale:
        """Return the scale of one channel; this one if all channels share it."""
        if self.channels is None:
            return self
        low, high = self.channels[channel]
        return ColorScale(self.name, float(low), float(high), self.lut, self.signed)

    def _entries(self, values: NDArray[np.floating[Any]]) -> NDArray[np.int32]:
        """Return the entry of the table for each value."""
        low, factor = self._mapping(values.ndim)
        exact = np.float64 if self._needs_double() else np.float32
        if self.covers:  # all is within the table
            return _scaled(values, low, factor, exact).astype(_ENTRY)
        with np.errstate(over="ignore"):  # far beyond the limits is just beyond the limits
            f = _scaled(values, low, factor, exact)
        # A NaN makes both comparisons false.
        if not (f.size and f.min() >= _FIRST and f.max() < _LAST + 1):
            f = np.where(np.isfinite(values), np.clip(f, _FIRST, _LAST), _NOT_FINITE)
        return f.astype(_ENTRY)

    def _needs_double(self) -> bool:
        smallest, largest = _FLOAT32_SPAN
        if self.channels is None:
            span = self.high - self.low
            return span != 0 and not smallest < span < largest
        spans = self.channels[:, 1] - self.channels[:, 0]
        return bool(np.any((spans != 0) & ((spans <= smallest) | (spans >= largest))))

    def _mapping(self, ndim: int) -> tuple[Any, Any]:
        """Return what to take off and then to multiply by, for entries before truncation."""
        if self.channels is None:
            return _offset_and_factor(self.low, self.high, signed=self.signed)
        pairs = [_offset_and_factor(*pair, signed=self.signed) for pair in self.channels.tolist()]
        shape = (-1, *(1,) * (ndim - 1))  # (C, 1, 1)
        offset, factor = np.array(pairs).T
        exact = np.float64 if self._needs_double() else np.float32
        return offset.reshape(shape).astype(exact), factor.reshape(shape).astype(exact)


def _scaled(
    values: NDArray[np.floating[Any]], low: Any, factor: Any, exact: type[np.floating[Any]]
) -> NDArray[np.floating[Any]]:
    f: NDArray[np.floating[Any]] = np.subtract(values, low, dtype=exact)
    f *= factor
    return f


def _offset_and_factor(low: float, high: float, *, signed: bool) -> tuple[float, float]:
    # Half an entry more than the first one, so that truncation rounds.
    if low == high:
        return low - ((_MIDDLE if signed else _FIRST) + 0.5), 1.0
    factor = _STEPS / (high - low)
    return low - (_FIRST + 0.5) / factor, factor


def scale_for(
    values: NDArray[np.floating[Any]],
    *,
    signed: bool,
    settings: DisplaySettings,
    limits: tuple[float, float] | None = None,
) -> ColorScale:
    """Return the scale that shows `values`.

    Parameters
    ----------
    values : (C, H, W) or any shape, float32
        NaN and infinities don't count for the limits.
    signed : bool
        Symmetric about zero, with a neutral middle; otherwise from zero up, or from the
        lowest value if that is below zero.
    settings : DisplaySettings
        With `Scope.CHANNEL`, each of the C channels of (C, H, W) gets limits of its own.
        For `Scope.NETWORK` give `limits`.
    limits : (low, high), optional
        In place of the values' own, whatever the scope.
    """
    name = settings.signed if signed else settings.sequential
    lut = table(name, signed=signed, dark=settings.dark)
    if limits is None and settings.scope is Scope.CHANNEL and values.ndim == 3:
        channels = _channel_limits(values, signed=signed)
        low, high = float(channels[:, 0].min()), float(channels[:, 1].max())
        return ColorScale(name, low, high, lut, signed, channels)
    covers = False
    if limits is None:
        limits, covers = _range_of(values)
    low, high = _widened(*limits, signed=signed)
    return ColorScale(name, low, high, lut, signed, covers=covers)


def network_limits(layers: Iterable[NDArray[np.floating[Any]]], *, signed: bool) -> Limits:
    """Return the limits that all `layers` have in common, for `Scope.NETWORK`.

    Parameters
    ----------
    layers : arrays of any shape, float32
        Of all the layers that share the scale, whether `signed` or not.
    signed : bool
        Of the layer that is to be shown.
    """
    magnitude = max(
        (max(abs(low), abs(high)) for low, high in map(finite_range, layers)), default=0.0
    )
    return (-magnitude if signed else 0.0), magnitude


def finite_range(values: NDArray[np.floating[Any]]) -> Limits:
    """Return the lowest and the highest finite value of an array of any shape; zeros if none is."""
    return _range_of(values)[0]


def _range_of(values: NDArray[np.floating[Any]]) -> tuple[Limits, bool]:
    """Return the range of the finite values, and whether all values are finite."""
    if not values.size:
        return (0.0, 0.0), True
    low, high = float(values.min()), float(values.max())  # a NaN would be both
    if math.isfinite(low) and math.isfinite(high):
        return (low, high), True
    finite = values[np.isfinite(values)]
    return ((float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)), False


def _channel_limits(values: NDArray[np.floating[Any]], *, signed: bool) -> NDArray[np.float64]:
    flat = values.reshape(len(values), -1)  # (C, H·W)
    ranges = np.stack((flat.min(axis=1), flat.max(axis=1)), axis=1)  # (C, 2)
    if not np.isfinite(ranges).all():
        ranges = np.array([finite_range(channel) for channel in flat])
    return np.array([_widened(low, high, signed=signed) for low, high in ranges.tolist()])


def _widened(low: float, high: float, *, signed: bool) -> Limits:
    if signed:
        magnitude = max(abs(low), abs(high))
        return -magnitude, magnitude
    return min(low, 0.0), high
