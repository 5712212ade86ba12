"""Drawings that are answered again and again, with whatever weights there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from viewer.core.imaging.preparation import prepare
from viewer.core.records import (
    DigitImage,
    Drawing,
    Fit,
    FloatArray,
    Legibility,
    NetworkRecord,
    Picture,
    Preparation,
)

if TYPE_CHECKING:
    from viewer.core.engine import Engine
    from viewer.core.live import LiveNetwork

# Every layer's answer is kept while a batch runs: more at once would only cost memory.
BATCH = 64

# Shape, preparation, and mean of the network that images are prepared for.
_Wanted: TypeAlias = tuple[tuple[int, int, int], Preparation, tuple[float, ...]]
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
        self._wanted: _Wanted | None = None  # how the images are prepared
        # Those that can be read, by their shape: a network of any size takes each at its own.
        self._stacks: list[tuple[tuple[int, ...], FloatArray]] = []  # ids, (N, …)
        self._stale = True
        self.images: Mapping[int, DigitImage] = MappingProxyType({})

    def set(self, pinned: tuple[Pinned, ...]) -> None:
        """Take other drawings; those that stay are not prepared again."""
        self._pinned, self._stale = pinned, True

    def prepare(self, network: NetworkRecord) -> bool:
        """Prepare what is not yet there as a network takes it.

        Returns
        -------
        bool
            Whether `images` is another mapping now.

        Raises
        ------
        UserError
            If the network takes images that a drawing or a picture can't be made into.
        """
        wanted = _wanted(network)
        if not self._stale and wanted == self._wanted:
            return False
        known = self.images if wanted == self._wanted else {}
        images = {p.id: known.get(p.id) or _prepared(p, network) for p in self._pinned}
        by_shape: dict[tuple[int, ...], list[int]] = {}
        for i, image in images.items():
            if image.legibility is Legibility.OK:
                by_shape.setdefault(image.pixels.shape, []).append(i)
        self._stacks = [
            (tuple(ids), np.stack([images[i].pixels for i in ids])) for ids in by_shape.values()
        ]
        self._wanted, self._stale = wanted, False
        self.images = MappingProxyType(images)
        return True

    def answer(self, network: Engine | LiveNetwork) -> Answers:
        """Return the probabilities, (K,), of every drawing; `prepare` them first.

        A network that tells no classes apart has none.
        """
        answers: dict[int, FloatArray | None] = dict.fromkeys(self.images)
        stacks = self._stacks if network.network.logits else []
        for ids, pixels in stacks:
            for start in range(0, len(ids), BATCH):
                found = network.probabilities(pixels[start : start + BATCH])  # (N, K)
                answers.update(zip(ids[start : start + BATCH], found, strict=True))
        return MappingProxyType(answers)


def _wanted(network: NetworkRecord) -> _Wanted:
    channels, height, width = network.input_shape
    if network.preparation.fit is Fit.NATIVE and not network.preparation.digit:
        height = width = 0  # those of the picture at hand
    return (channels, height, width), network.preparation, network.mean


def _prepared(pinned: Pinned, network: NetworkRecord) -> DigitImage:
    return prepare(
        pinned.source,
        network.input_shape,
        network.preparation,
        raw=pinned.raw,
        mean=network.mean,
    )
