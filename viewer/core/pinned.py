"""Drawings that are answered again and again, with whatever weights there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from viewer.core.imaging.digit import digit
from viewer.core.records import DigitImage, Drawing, FloatArray, Legibility, Picture

if TYPE_CHECKING:
    from viewer.core.engine import Engine
    from viewer.core.live import LiveNetwork

# Every layer's answer is kept while a batch runs: more at once would only cost memory.
BATCH = 64

# None for what is blank, or a speck.
Answers: TypeAlias = Mapping[int, FloatArray | None]


@dataclass(frozen=True, slots=True)
class Pinned:
    """A drawing or a picture that is to be answered with all weights to come.

    Attributes
    ----------
    id : int
        Names it for as long as it is pinned.
    source : Drawing or Picture
    raw : bool
        As of `InferenceRequest`.
    """

    id: int
    source: Drawing | Picture
    raw: bool = False


class PinnedInputs:
    """Keeps pinned drawings as the network takes them; belongs to one thread.

    Attributes
    ----------
    images : mapping of id to DigitImage
        What the network is shown, as last prepared.
    """

    def __init__(self) -> None:
        self._pinned: tuple[Pinned, ...] = ()
        self._size = 0  # side of the images that are prepared
        self._legible: tuple[int, ...] = ()
        self._pixels = np.zeros((0, 0, 0), np.float32)  # (N, H, W), of the legible ones
        self._stale = True
        self.images: Mapping[int, DigitImage] = MappingProxyType({})

    def set(self, pinned: tuple[Pinned, ...]) -> None:
        """Take other drawings; those that stay are not prepared again."""
        self._pinned, self._stale = pinned, True

    def prepare(self, size: int) -> bool:
        """Prepare what is not yet there in this size.

        Parameters
        ----------
        size : int
            Side of the network's input in pixels.

        Returns
        -------
        bool
            Whether `images` is another mapping now.
        """
        if not self._stale and size == self._size:
            return False
        known = self.images if size == self._size else {}
        images = {
            p.id: known.get(p.id) or digit(p.source, size=size, raw=p.raw) for p in self._pinned
        }
        self._legible = tuple(i for i, d in images.items() if d.legibility is Legibility.OK)
        shown = [images[i].pixels for i in self._legible]
        self._pixels = np.stack(shown) if shown else np.zeros((0, size, size), np.float32)
        self._size, self._stale = size, False
        self.images = MappingProxyType(images)
        return True

    def answer(self, network: Engine | LiveNetwork) -> Answers:
        """Return the probabilities, (K,), of every drawing; `prepare` them first."""
        answers: dict[int, FloatArray | None] = dict.fromkeys(self.images)
        for start in range(0, len(self._legible), BATCH):
            found = network.probabilities(self._pixels[start : start + BATCH])  # (N, K)
            answers.update(zip(self._legible[start : start + BATCH], found, strict=True))
        return MappingProxyType(answers)
