"""Summaries of samples, and measuring several things side by side."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

MS_PER_S = 1000.0


def median(samples: Sequence[float]) -> float:
    """Return the middle sample, or the mean of the two middle ones."""
    return statistics.median(samples)


def percentile(samples: Sequence[float], percent: float) -> float:
    """Return the smallest sample that at least `percent` of all samples don't exceed.

    The nearest-rank definition: always a sample that was measured, never an interpolation
    that hides an outlier.

    Parameters
    ----------
    samples : sequence of float
        At least one.
    percent : float
        In (0, 100].

    Raises
    ------
    ValueError
        If there are no samples, or `percent` is out of range.
    """
    if not samples or not 0 < percent <= 100:
        raise ValueError(f"{len(samples)} samples, {percent} %")
    rank = math.ceil(len(samples) * percent / 100)
    return sorted(samples)[rank - 1]


def p99(samples: Sequence[float]) -> float:
    """Return the 99th percentile."""
    return percentile(samples, 99)


def seconds_of(action: Callable[[], object]) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def interleaved(
    variants: Mapping[str, tuple[Callable[[], float], int]], *, rounds: int, warm_up: int = 1
) -> dict[str, list[float]]:
    """Sample several variants in turns (A B A B …), so that the machine's noise hits all.

    Parameters
    ----------
    variants : mapping of name to (sample, count)
        `sample` measures once and returns the value; `count` times in a row a round.
    rounds : int
    warm_up : int
        Rounds in the beginning whose samples are thrown away.

    Returns
    -------
    mapping of name to samples
        ``rounds × count`` of them.
    """
    samples: dict[str, list[float]] = {name: [] for name in variants}
    for turn in range(-warm_up, rounds):
        for name, (sample, count) in variants.items():
            measured = [sample() for _ in range(count)]
            if turn >= 0:
                samples[name].extend(measured)
    return samples
