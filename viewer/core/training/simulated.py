"""Simulated pen drawings among the training images."""

from __future__ import annotations

import numpy as np

from viewer.core.data.dataset import ImageDataset
from viewer.core.errors import UserError

_DIGITS = tuple("0123456789")


def simulated_digits(like: ImageDataset, n: int, seed: int) -> ImageDataset:
    """Draw digits with a simulated pen and prepare them as the drawing pad's are.

    Parameters
    ----------
    like : ImageDataset
        Square images of the ten digits; the result has its size, mean and std.
    n : int
        How many; the ten classes take turns.
    seed : int

    Returns
    -------
    ImageDataset

    Raises
    ------
    UserError
        If `like` is not of the ten digits.
    """
    # Only a training that asks for drawings pays for loading what draws and prepares them.
    from viewer.core.imaging.digit import digit_from_drawing
    from viewer.core.imaging.simulate import simulate_drawing

    _, height, width = like.input_shape
    if like.class_names != _DIGITS or height != width:
        raise UserError(f"Pen drawings are simulated for digits, not for {like.name}: use 0.")
    rng = np.random.default_rng(seed)
    labels = (np.arange(n) % len(_DIGITS)).astype(np.uint8)
    images = np.empty((n, height, width), np.uint8)
    for image, label in zip(images, labels, strict=True):
        drawing = simulate_drawing(int(label), rng)
        image[:] = np.rint(digit_from_drawing(drawing, size=width).pixels * 255)
    return ImageDataset(
        "simulated", like.part, images, labels, like.class_names, like.mean, like.std
    )


def add_simulated(dataset: ImageDataset, share: float, seed: int) -> ImageDataset:
    """Return `dataset` with so many simulated drawings that they are `share` of the whole.

    Raises
    ------
    UserError
        If it isn't a set of digits, which drawings can be simulated for.
    """
    n = round(len(dataset) * share / (1 - share))
    if n == 0:
        return dataset
    extra = simulated_digits(dataset, n, seed)
    return ImageDataset(
        dataset.name,
        dataset.part,
        np.concatenate([dataset.images, extra.images]),
        np.concatenate([dataset.labels, extra.labels]),
        dataset.class_names,
        dataset.mean,
        dataset.std,
    )
