"""Figures about feature maps and units: summary, histogram, channels that never answer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewer.core.records import (
    ActivationRecord,
    FloatArray,
    Kind,
    Legibility,
    NetworkRecord,
    Node,
)

# Frames of one drawing overlap far more than drawings of two digits, or two photographs, do
# (correlation of the pixels: bright paper and bright pictures have nothing in common by that).
SAME_DRAWING_SIMILARITY = 0.5
EVEN = 0.01  # standard deviation of grey, [0, 1]: below, there is nothing but a camera's noise
DRAWINGS = 20

# Maps with more pixels than this are sampled first, every so many pixels down and across.
SAMPLED_FROM, SAMPLE_STEP = 1024, 8

_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class ChannelStatistics:
    """Summary of one channel's values.

    Attributes
    ----------
    min, max, mean, std : float
        Of the finite values, the standard deviation with divisor N; NaN if there are none.
    zero_share : float
        Share of all values that are exactly 0, in [0, 1].
    nan_count, inf_count : int
        Values that are not a number, and infinite ones; left out of the others.
    """

    min: float
    max: float
    mean: float
    std: float
    zero_share: float
    nan_count: int
    inf_count: int


def channel_statistics(values: NDArray[Any]) -> ChannelStatistics:
    """Summarise one channel, in double precision.

    Parameters
    ----------
    values : (H, W), (N,) or any other shape, float

    Returns
    -------
    ChannelStatistics
        NaN in place of what no finite value tells.
    """
    flat = np.asarray(values, np.float64).ravel()
    finite, nan_count = _finite(flat)
    zero_share = float(np.count_nonzero(flat == 0) / flat.size) if flat.size else 0.0
    inf_count = flat.size - finite.size - nan_count
    if not finite.size:
        return ChannelStatistics(_NAN, _NAN, _NAN, _NAN, zero_share, nan_count, inf_count)
    return ChannelStatistics(
        float(finite.min()),
        float(finite.max()),
        float(finite.mean()),
        float(finite.std()),
        zero_share,
        nan_count,
        inf_count,
    )


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of values in bins of equal width.

    Attributes
    ----------
    counts : (bins,) int64
        The last bin includes its upper edge.
    edges : (bins + 1,) float64
    low, high : float
        Smallest and largest value. The edges reach further if all values are equal.
    """

    counts: NDArray[np.int64]
    edges: NDArray[np.float64]
    low: float
    high: float

    def bin_of(self, value: float) -> int | None:
        """Return the bin that `value` falls into; None if it is outside or not finite."""
        if not self.edges[0] <= value <= self.edges[-1]:
            return None
        index = int(np.searchsorted(self.edges, value, side="right")) - 1
        return min(index, len(self.counts) - 1)


def histogram(values: NDArray[Any], bins: int) -> Histogram:
    """Count the finite values in `bins` bins between their minimum and maximum.

    Parameters
    ----------
    values : (H, W), (N,) or any other shape, float
        Values that are not finite are left out.
    bins : int
        At least 1.
    """
    flat = np.asarray(values, np.float64).ravel()
    finite, _ = _finite(flat)
    counts, edges = np.histogram(finite, bins=bins)
    if not finite.size:
        return Histogram(counts.astype(np.int64), edges, _NAN, _NAN)
    return Histogram(counts.astype(np.int64), edges, float(finite.min()), float(finite.max()))


def _finite(flat: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    if not flat.size or np.isfinite(flat.sum()):
        return flat, 0  # the usual case: one NaN or infinity would have spoilt the sum
    return flat[np.isfinite(flat)], int(np.count_nonzero(np.isnan(flat)))


@dataclass(slots=True)
class _Watched:
    """What is known of one node.

    Attributes
    ----------
    silent : (C,) bool
        Channels that have not answered the drawing at hand in any of its frames.
    silent_drawings : (C,) int
        For how many finished drawings in a row each channel has been silent.
    heard : bool
        Whether any record of the drawing at hand had the node's output.
    """

    silent: NDArray[np.bool_]
    heard: bool = False
    silent_drawings: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self.silent_drawings = np.zeros(len(self.silent), np.int64)


class DeadChannels:
    """Channels that stayed at or below 0 everywhere over the last few different drawings.

    Only nodes whose output can't be negative are watched (a ReLU, and what pools or drops
    after it): for any other, values at or below 0 are an answer like every other. A drawing
    that grows under the pen counts once, however many records it gives, and a channel that
    answers any of its frames is alive. An empty canvas is no drawing.

    Parameters
    ----------
    network : NetworkRecord
    drawings : int
        For how many drawings in a row a channel must be silent to be called dead.
    """

    def __init__(self, network: NetworkRecord, drawings: int = DRAWINGS) -> None:
        self.drawings = drawings
        self._watched = {
            node.name: _Watched(np.ones(node.output_shape[0], np.bool_))
            for node in network.nodes
            if _can_die(node)
        }
        self._last_pixels: FloatArray | None = None
        self._last_key: object = None
        self._weights_step: int | None = None

    def update(self, record: ActivationRecord, drawing: object = None) -> None:
        """Take in what the network answered.

        Parameters
        ----------
        record : ActivationRecord
        drawing : hashable, optional
            Tells drawings apart (a picture's file, ``MNIST test image 42``). Without it, an
            empty canvas in between or little likeness of the images does.
        """
        if record.weights_step != self._weights_step:
            self._restart(record.weights_step)
        if record.image.legibility is not Legibility.OK:
            self._finish_drawing()
            return
        if self._is_other(record, drawing):
            self._finish_drawing()
        self._last_pixels, self._last_key = record.image.grey, drawing
        for name, watched in self._watched.items():
            values = record.outputs.get(name)
            if values is None:
                continue  # not asked for: that is no silence
            watched.heard = True
            if watched.silent.any():
                _listen(watched, values)

    def dead(self) -> Mapping[str, frozenset[int]]:
        """Return the dead channels of each watched node; nodes without any are left out."""
        found = {}
        for name, watched in self._watched.items():
            current = int(self._last_pixels is not None and watched.heard)
            silent = watched.silent & (watched.silent_drawings + current >= self.drawings)
            if silent.any():
                found[name] = frozenset(int(i) for i in np.flatnonzero(silent))
        return MappingProxyType(found)

    def _is_other(self, record: ActivationRecord, drawing: object) -> bool:
        if self._last_pixels is None:
            return False
        if drawing is not None or self._last_key is not None:
            return drawing != self._last_key
        return _similarity(self._last_pixels, record.image.grey) < SAME_DRAWING_SIMILARITY

    def _finish_drawing(self) -> None:
        if self._last_pixels is None:
            return
        self._last_pixels = None
        for watched in self._watched.values():
            if watched.heard:
                watched.silent_drawings = np.where(watched.silent, watched.silent_drawings + 1, 0)
            watched.silent[:], watched.heard = True, False

    def _restart(self, weights_step: int) -> None:
        # Other weights: what the old ones left silent says nothing of these.
        self._weights_step = weights_step
        self._last_pixels = None
        for watched in self._watched.values():
            watched.silent[:], watched.heard = True, False
            watched.silent_drawings[:] = 0


def _can_die(node: Node) -> bool:
    shown_otherwise = node.kind in (Kind.INPUT, Kind.SOFTMAX, Kind.FLATTEN)
    return not node.signed and not shown_otherwise and bool(node.output_shape)


def _listen(watched: _Watched, values: FloatArray) -> None:
    # Nearly every channel answers the first frame, so later frames look at a few only.
    (waiting,) = np.nonzero(watched.silent)
    if values.ndim == 3 and values[0].size > SAMPLED_FROM:
        # Of a large map, a few of its pixels are answer enough, nearly always.
        sample = values[:, ::SAMPLE_STEP, ::SAMPLE_STEP]
        waiting = waiting[sample.max(axis=(1, 2))[waiting] <= 0]
    rows = values if len(waiting) == len(values) else values[waiting]
    watched.silent[:] = False
    if not len(waiting):
        return
    peak = rows.reshape(len(waiting), -1).max(axis=1)  # (waiting,)
    # NaN is no silence: it compares false.
    watched.silent[waiting] = peak <= 0


def _similarity(a: FloatArray, b: FloatArray) -> float:
    """Return the correlation of two grey images, [-1, 1].

    1 for two even ones; 0 where only one is even, and for two sizes.
    """
    if a.shape != b.shape:
        return 0.0
    a, b = a - a.mean(), b - b.mean()
    norms = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    even = [norm < EVEN * math.sqrt(a.size) for norm in norms]
    if any(even):
        return float(all(even))
    return float(np.vdot(a, b)) / (norms[0] * norms[1])
