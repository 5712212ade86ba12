"""The kernels on the lab's bench: edited by replacing the set, never in place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewer.core.explain.lab_presets import KernelPreset
from viewer.core.explain.lab_settings import MAX_KERNELS, Array

OWN_NAME = "own kernel"


@dataclass(frozen=True, slots=True)
class KernelSet:
    """Kernels of one size, with their names.

    Attributes
    ----------
    names : tuple of n str
    kernels : (n, C, kH, kW) float64
    """

    names: tuple[str, ...]
    kernels: Array

    @classmethod
    def from_preset(cls, preset: KernelPreset, channels: int = 1) -> KernelSet:
        """Return the kernels of a preset, the same in every channel."""
        return cls(preset.names, preset.kernels[:, np.newaxis].copy()).with_channels(channels)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.kernels.shape[2], self.kernels.shape[3]

    def with_channels(self, channels: int) -> KernelSet:
        """Return kernels for that many channels: the first is repeated, or what is over cut."""
        have = self.kernels.shape[1]
        if channels == have:
            return self
        if channels < have:
            return KernelSet(self.names, self.kernels[:, :channels].copy())
        more = np.repeat(self.kernels[:, :1], channels - have, axis=1)
        return KernelSet(self.names, np.concatenate((self.kernels, more), axis=1))

    def resized(self, height: int, width: int) -> KernelSet:
        """Return kernels of another size: their middle stays, zeros are added around it."""
        return KernelSet(self.names, _resized(self.kernels, height, width))

    def added(self, name: str, kernel: NDArray[np.floating]) -> KernelSet:
        """Return the set with one more kernel, (C, kH, kW); all get the larger size.

        The set itself if it is full.
        """
        if len(self.names) >= MAX_KERNELS:
            return self
        common = self._common(kernel)
        new = _resized(_as_channels(kernel, self.kernels.shape[1]), *common)
        stacked = np.concatenate((_resized(self.kernels, *common), new[np.newaxis]))
        return KernelSet((*self.names, name), stacked)

    def removed(self, index: int) -> KernelSet:
        """Return the set without one kernel; the last one stays."""
        if len(self.names) == 1:
            return self
        names = (*self.names[:index], *self.names[index + 1 :])
        return KernelSet(names, np.delete(self.kernels, index, axis=0))

    def replaced(self, index: int, name: str, kernel: NDArray[np.floating]) -> KernelSet:
        """Return the set with another kernel in one place; alone, it brings its own size.

        Parameters
        ----------
        index : int
        name : str
        kernel : (C, kH, kW) float
            One channel goes to all of the set's.
        """
        alone = len(self.names) == 1
        common = (kernel.shape[1], kernel.shape[2]) if alone else self._common(kernel)
        kernels = _resized(self.kernels, *common).copy()
        kernels[index] = _resized(_as_channels(kernel, self.kernels.shape[1]), *common)
        names = (*self.names[:index], name, *self.names[index + 1 :])
        return KernelSet(names, kernels)

    def with_weight(self, index: int, channel: int, y: int, x: int, value: float) -> KernelSet:
        """Return the set with one weight changed; its kernel is the person's own then."""
        if self.kernels[index, channel, y, x] == value:
            return self
        kernels = self.kernels.copy()
        kernels[index, channel, y, x] = value
        names = (*self.names[:index], OWN_NAME, *self.names[index + 1 :])
        return KernelSet(names, kernels)

    def _common(self, kernel: NDArray[np.floating]) -> tuple[int, int]:
        height, width = self.size
        return max(height, kernel.shape[1]), max(width, kernel.shape[2])


def _as_channels(kernel: NDArray[np.floating], channels: int) -> Array:
    one = KernelSet(("",), np.array(kernel, np.float64)[np.newaxis])
    fitting: Array = one.with_channels(channels).kernels[0]
    return fitting


def _resized(values: Array, height: int, width: int) -> Array:
    """Return (…, kH, kW) with another size; the middle stays where it is."""
    for axis, size in ((-2, height), (-1, width)):
        more = size - values.shape[axis]
        if more > 0:
            amounts = [(0, 0)] * values.ndim
            amounts[axis] = (more // 2, more - more // 2)
            values = np.pad(values, amounts)
        elif more < 0:
            start = -more // 2
            values = np.take(values, range(start, start + size), axis=axis)
    return values
