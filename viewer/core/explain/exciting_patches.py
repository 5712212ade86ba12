"""The patches of a data set that excite one map or unit most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewer.core.explain.receptive_size import padded_bounds
from viewer.core.records import FloatArray, NetworkRecord, WeightsRecord


@dataclass(frozen=True, slots=True)
class Excitation:
    """Where a map answers strongly.

    Attributes
    ----------
    image : int
        Place of the image in the data set.
    y, x : int
        In pixels of the map; 0 for a unit.
    value : float
        What the map answers there.
    """

    image: int
    y: int
    x: int
    value: float


class StrongestExcitations:
    """Keeps the strongest answers of one map or unit while batches come in.

    Parameters
    ----------
    count : int
        How many to keep, at least 1.
    one_an_image : bool
        Keep only the strongest of each image: its neighbours show nearly the same patch.
    """

    def __init__(self, count: int = 9, *, one_an_image: bool = True) -> None:
        if count < 1:
            raise ValueError(f"at least 1 must be kept, not {count}")
        self._count = count
        self._one_an_image = one_an_image
        self._images = np.empty(0, np.intp)
        self._ys = np.empty(0, np.intp)
        self._xs = np.empty(0, np.intp)
        self._values = np.empty(0, np.float32)

    def add(self, answers: FloatArray, first_image: int) -> None:
        """Take the answers to one batch of images; images may come in any order, each once.

        Parameters
        ----------
        answers : (N, H, W) or (N,) float32
            Of the one map or unit. What is not a finite number is left out.
        first_image : int
            Place of the first image of the batch in the data set.

        Raises
        ------
        ValueError
            If the shape is another.
        """
        if answers.ndim not in (1, 3):
            raise ValueError(f"answers of one map are (N, H, W), not {answers.shape}")
        if not answers.size:
            return
        width = answers.shape[2] if answers.ndim == 3 else 1
        flat = np.where(np.isfinite(answers), answers, -np.inf).reshape(len(answers), -1)
        images, places = self._candidates(flat)
        values = flat[images, places]
        self._keep(images + first_image, places // width, places % width, values)

    @property
    def excitations(self) -> tuple[Excitation, ...]:
        """The strongest first; of equals, the one that comes first in the data set."""
        columns = (self._images, self._ys, self._xs, self._values)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        return tuple(Excitation(*row) for row in rows)

    @property
    def least(self) -> Excitation | None:
        """The weakest that is kept; None while there is room for more."""
        return self.excitations[-1] if len(self._values) == self._count else None

    def _candidates(self, flat: FloatArray) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the images and places of a batch that may be among the strongest."""
        if self._one_an_image:
            return np.arange(len(flat)), flat.argmax(axis=1)
        images, places = np.divmod(np.arange(flat.size), flat.shape[1])
        if flat.size <= self._count:
            return images, places
        values = flat.ravel()
        least = np.partition(values, -self._count)[-self._count]
        chosen = values >= least  # equals included: which of them stays is decided by place
        return images[chosen], places[chosen]

    def _keep(
        self,
        images: NDArray[np.intp],
        ys: NDArray[np.intp],
        xs: NDArray[np.intp],
        values: FloatArray,
    ) -> None:
        finite = np.isfinite(values)
        images = np.concatenate((self._images, images[finite]))
        ys = np.concatenate((self._ys, ys[finite]))
        xs = np.concatenate((self._xs, xs[finite]))
        values = np.concatenate((self._values, values[finite]))
        order = np.lexsort((xs, ys, images, -values))[: self._count]
        self._images, self._ys, self._xs = images[order], ys[order], xs[order]
        self._values = values[order]


def input_patch(
    network: NetworkRecord,
    node: str,
    excitation: Excitation,
    pixels: FloatArray,
    weights: WeightsRecord | None = None,
) -> FloatArray:
    """Return the part of an image that the answer depends on.

    Parameters
    ----------
    network : NetworkRecord
    node : str
        Name of the node whose map answered.
    excitation : Excitation
    pixels : (H, W) or (C, H, W) float32, [0, 1]
        The image, as large as the network's input.
    weights : WeightsRecord, optional
        See `receptive_field`.

    Returns
    -------
    (h, w) or (C, h, w) float32
        As large for all pixels of a map, unless pooling is adaptive; 0 beyond the image.
    """
    height, width = pixels.shape[-2:]
    bounds = padded_bounds(network, node, excitation.y, excitation.x, weights)
    patch = np.zeros((*pixels.shape[:-2], *bounds.size), np.float32)
    top, left = max(bounds.top, 0), max(bounds.left, 0)
    bottom, right = min(bounds.bottom, height), min(bounds.right, width)
    if top < bottom and left < right:
        inner = pixels[..., top:bottom, left:right]
        rows = slice(top - bounds.top, bottom - bounds.top)
        patch[..., rows, left - bounds.left : right - bounds.left] = inner
    return patch
