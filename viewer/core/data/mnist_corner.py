"""MNIST's digits at half their size in one corner: what is learned there can be asked elsewhere."""

from __future__ import annotations

import numpy as np

from viewer.core.data.dataset import ByteArray, ImageDataset
from viewer.core.data.mnist import load_mnist

NAME, TITLE = "mnist-corner", "MNIST in a corner"
# First row and column of a digit, 14 × 14 pixels: in the lower right corner, but so far from the
# edges that the kernels around its ink stay in the image, as they do in the other corners.
FIRST_PX = 12
# Paper stays 0, so that zero padding is more paper; the deviation is that from 0, too.
MEAN, STD = 0.0, 0.1546


def load_corner(part: str) -> ImageDataset:
    """Read one part of MNIST, see `load_mnist`, with each digit in the corner.

    Returns
    -------
    ImageDataset
        Images (N, 28, 28) uint8, labels (N,) uint8.

    Raises
    ------
    UserError
        As `load_mnist`.
    """
    whole = load_mnist(part)
    images = in_corner(whole.images)
    return ImageDataset(NAME, part, images, whole.labels, whole.class_names, MEAN, STD)


def in_corner(images: ByteArray) -> ByteArray:
    """Return images at half their size in the lower right of images as large as before.

    Parameters
    ----------
    images : (N, 28, 28) uint8

    Returns
    -------
    (N, 28, 28) uint8
    """
    count, height, width = images.shape
    rows, columns = height // 2, width // 2
    squares = images.reshape(count, rows, 2, columns, 2).astype(np.uint16)
    halves = (squares.sum(axis=(2, 4), dtype=np.uint16) + 2) // 4  # (N, 14, 14)
    found = np.zeros_like(images)
    found[:, FIRST_PX : FIRST_PX + rows, FIRST_PX : FIRST_PX + columns] = halves
    return found
