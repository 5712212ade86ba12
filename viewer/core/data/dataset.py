"""A labelled set of images, held in memory. Numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ByteArray = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ImageDataset:
    """Images with their labels, read-only.

    Attributes
    ----------
    name : str
        Registered name (``mnist``).
    part : str
        ``train`` or ``test``.
    images : (N, H, W) uint8, 0 paper to 255 ink
    labels : (N,) uint8, index into `class_names`
    class_names : tuple of str
    mean, std : float
        Of the training images' pixels in [0, 1].
    """

    name: str
    part: str
    images: ByteArray
    labels: ByteArray
    class_names: tuple[str, ...]
    mean: float
    std: float

    def __post_init__(self) -> None:
        if len(self.images) != len(self.labels):
            raise ValueError(f"{len(self.images)} images but {len(self.labels)} labels.")
        self.images.flags.writeable = False
        self.labels.flags.writeable = False

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Shape ``(C, H, W)`` of one image."""
        return (1, *self.images.shape[1:])

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
