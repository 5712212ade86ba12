"""The images that excite one map most, as they are shown: with place, field and patch."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from viewer.core.explain.exciting_patches import Excitation, StrongestExcitations, input_patch
from viewer.core.explain.mask_outline import Edge, outline
from viewer.core.explain.receptive_field import receptive_field
from viewer.core.records import (
    ActivationRecord,
    FloatArray,
    InferenceRequest,
    NetworkRecord,
    Picture,
    WeightsRecord,
)

COUNT = 9
# Images a forward pass: twice as fast as one by one, small network or large; more gain nothing,
# and a search that is given up ends after the pass at hand.
BATCH = 8
# By how much a pass of several images may differ from that of one, relative to 1 or the value.
ROUNDING = 1e-5
Run = Callable[[InferenceRequest], ActivationRecord]
RunMany = Callable[[Sequence[InferenceRequest], str], Sequence[FloatArray | None]]


@dataclass(frozen=True, slots=True, eq=False)
class ExcitingImage:
    """One of the images that a map answers most.

    Attributes
    ----------
    excitation : Excitation
        Place of the image in the data set, pixel of the map, and its value there.
    picture : Picture
        As the pad takes it.
    pixels : (H, W) or (C, H, W) float32, [0, 1]
        What the network was shown.
    field : tuple of lines
        Outline of the receptive field, in pixels of the image.
    patch : (h, w) or (C, h, w) float32
        What is inside; 0 beyond the image.
    """

    excitation: Excitation
    picture: Picture
    pixels: FloatArray
    field: tuple[Edge, ...]
    patch: FloatArray


class ExcitingImages:
    """Shows a network image after image and keeps those that one map answers most.

    Passes of several images find those that may be among the strongest; these alone are shown
    to the network once more, one by one, so that what is found is what `run` answers.

    Parameters
    ----------
    network : NetworkRecord
    weights : WeightsRecord
    run : callable
        Answers a request, as `Engine.run`.
    node : str
        Name of the layer.
    channel : int
        Map or unit.
    run_many : callable, optional
        What the layer answers to several requests, as `Engine.outputs_at`; without it, and as
        soon as it is found to answer otherwise than `run`, images are shown one by one.
    """

    def __init__(
        self,
        network: NetworkRecord,
        weights: WeightsRecord,
        run: Run,
        node: str,
        channel: int,
        run_many: RunMany | None = None,
    ) -> None:
        self._network = network
        self._weights = weights
        self._run = run
        self._run_many = run_many
        self._node = node
        self._channel = channel
        self._strongest = StrongestExcitations(COUNT)
        self._kept: dict[int, tuple[Picture, FloatArray]] = {}
        self._found: dict[Excitation, ExcitingImage] = {}  # as told last: most of them stay

    def look_at(self, pictures: Iterable[tuple[int, Picture]]) -> Iterator[int]:
        """Show the network pictures with their places in the data set; yield how many so far."""
        pictures, count = iter(pictures), 0
        while batch := list(itertools.islice(pictures, BATCH)):
            for (index, picture), peak in zip(batch, self._peaks(batch), strict=True):
                if peak is None or self._may_be_kept(peak, index):
                    self._show(index, picture, peak)
                count += 1
                yield count

    def _peaks(self, batch: list[tuple[int, Picture]]) -> list[float | None]:
        """Return the largest value that the map has for each picture; None where unknown."""
        if self._run_many is None:
            return [None] * len(batch)
        requests = [InferenceRequest(index, picture) for index, picture in batch]
        answers = self._run_many(requests, self._node)
        return [
            None if values is None else float(values[self._channel].max()) for values in answers
        ]

    def _may_be_kept(self, peak: float, index: int) -> bool:
        """Return whether a picture may be among the strongest, whatever rounding does."""
        least = self._strongest.least
        if least is None:
            return True
        if peak == least.value:  # of equals, the first in the data set: dead maps have nothing else
            return index < least.image
        # Not the other way round: what is not a number is looked at more closely.
        return not peak < least.value - ROUNDING * max(1.0, abs(least.value))

    def _show(self, index: int, picture: Picture, peak: float | None) -> None:
        record = self._run(InferenceRequest(index, picture))
        values = record.outputs.get(self._node)
        if values is None:  # a blank image has no softmax
            return
        values = values[self._channel]
        alone = float(values.max())
        if peak is not None and abs(alone - peak) > ROUNDING * max(1.0, abs(alone)):
            self._run_many = None  # it normalises, say, over all images of a pass
        self._strongest.add(values[None], index)
        self._keep(index, picture, record.image.pixels)

    def found(self) -> tuple[ExcitingImage, ...]:
        """Return the strongest so far, the first one first."""
        before, excitations = self._found, self._strongest.excitations
        self._found = {e: before.get(e) or self._image(e) for e in excitations}
        return tuple(self._found.values())

    def _keep(self, index: int, picture: Picture, pixels: FloatArray) -> None:
        wanted = {excitation.image for excitation in self._strongest.excitations}
        if index in wanted:
            self._kept[index] = picture, pixels
            for other in self._kept.keys() - wanted:
                del self._kept[other]

    def _image(self, excitation: Excitation) -> ExcitingImage:
        picture, pixels = self._kept[excitation.image]
        place = excitation.y, excitation.x
        masks = receptive_field(
            self._network, self._node, *place, channel=self._channel, weights=self._weights
        )
        mask = masks.get(self._network.nodes[0].name)
        shown = mask is not None and mask.shape == pixels.shape[-2:]
        lines = outline(mask) if mask is not None and shown else ()
        patch = input_patch(self._network, self._node, excitation, pixels, self._weights)
        return ExcitingImage(excitation, picture, pixels, lines, patch)


def scattered(count: int, seed: int = 0) -> Iterator[int]:
    """Return the places of a data set in an order that mixes its classes, the same each time.

    A search that is broken off has then seen a fair part of it.
    """
    return iter(np.random.default_rng(seed).permutation(count).tolist())


def is_silent(images: tuple[ExcitingImage, ...]) -> bool:
    """Return whether no image excites the map at all."""
    return bool(images) and max(image.excitation.value for image in images) <= 0.0
