"""A labelled set of images, held in memory. Numpy only."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ByteArray = NDArray[np.uint8]

_COLORS = 3
MAX_CLASSES = 256  # labels are bytes
_COUNTED_AT_ONCE = 5_000  # images: numpy makes eight bytes of every one while it counts
_LEAST_VARIANCE = 1e-9  # below, all pixels are the same but for rounding


@dataclass(frozen=True, slots=True)
class ImageDataset:
    """Images with their labels, read-only.

    Attributes
    ----------
    name : str
        Registered name (``mnist``).
    part : str
        ``train`` or ``test``.
    images : (N, H, W) uint8, or (N, H, W, 3) uint8 for colour
        Drawings and digits have 0 for paper and 255 for ink.
    labels : (N,) uint8, index into `class_names`
    class_names : tuple of str
    mean, std : float, or tuple of float, one a channel
        Of the training images' pixels in [0, 1]; `mean_std` gives tuples for both.
    """

    name: str
    part: str
    images: ByteArray
    labels: ByteArray
    class_names: tuple[str, ...]
    mean: float | tuple[float, ...]
    std: float | tuple[float, ...]

    def __post_init__(self) -> None:
        if self.images.ndim != 3 and self.images.shape[3:] != (_COLORS,):
            raise ValueError(f"Images are (N, H, W) or (N, H, W, 3), not {self.images.shape}.")
        for values in self.mean_std():
            if len(values) != self.input_shape[0]:
                raise ValueError(f"{len(values)} means or stds for {self.input_shape[0]} channels.")
        if len(self.images) != len(self.labels):
            raise ValueError(f"{len(self.images)} images but {len(self.labels)} labels.")
        self.images.flags.writeable = False
        self.labels.flags.writeable = False

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Shape ``(C, H, W)`` of one image."""
        _, height, width, *channels = self.images.shape
        return (channels[0] if channels else 1, height, width)

    def mean_std(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return mean and standard deviation of pixels in [0, 1], one of each a channel."""
        return _channels(self.mean), _channels(self.std)

    def chw(self) -> ByteArray:
        """Return the images as (N, C, H, W) uint8; it may share their memory."""
        if self.images.ndim == 3:
            return self.images[:, np.newaxis]
        return np.moveaxis(self.images, 3, 1)  # (N, C, H, W)

    def select(self, indices: NDArray[np.int64]) -> ImageDataset:
        """Return the images at `indices`, (M,) int64, as a data set of their own."""
        return ImageDataset(
            self.name,
            self.part,
            self.images[indices],
            self.labels[indices],
            self.class_names,
            self.mean,
            self.std,
        )


def _channels(value: float | tuple[float, ...]) -> tuple[float, ...]:
    return value if isinstance(value, tuple) else (value,)


def pixel_mean_std(images: ByteArray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of pixels in [0, 1], one of each a channel.

    Parameters
    ----------
    images : (N, H, W) or (N, H, W, 3) uint8
        At least one pixel. The deviation of a single grey is 1, so that it can be divided by.
    """
    channels = 1 if images.ndim == 3 else images.shape[3]
    counts = np.zeros((channels, 256), np.int64)
    for start in range(0, len(images), _COUNTED_AT_ONCE):
        part = images[start : start + _COUNTED_AT_ONCE].reshape(-1, channels)
        counts += [np.bincount(part[:, channel], minlength=256) for channel in range(channels)]
    greys = np.arange(256) / 255
    means = counts @ greys / counts.sum(axis=1)
    variances = counts @ greys**2 / counts.sum(axis=1) - means**2
    stds = [math.sqrt(v) if v > _LEAST_VARIANCE else 1.0 for v in variances.tolist()]
    return tuple(means.tolist()), tuple(stds)
