"""Softmax one step at a time: divide by the temperature, subtract, exponentiate, divide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, eq=False)
class SoftmaxSteps:
    """What each step of softmax makes of the logits; all arrays are (K,) float64.

    Attributes
    ----------
    temperature : float
        1 is what the network itself computes.
    logits : array
        As they came.
    scaled : array
        Logits divided by the temperature.
    maximum : float
        Largest of `scaled`; it is subtracted, so that no exponential can overflow.
    shifted : array
        ``scaled − maximum``: at most 0.
    exponentials : array
        ``e^shifted``: 1 for the largest.
    total : float
        Sum of the exponentials: at least 1.
    probabilities : array
        ``exponentials / total``.
    """

    temperature: float
    logits: NDArray[np.float64]
    scaled: NDArray[np.float64]
    maximum: float
    shifted: NDArray[np.float64]
    exponentials: NDArray[np.float64]
    total: float
    probabilities: NDArray[np.float64]


def softmax_steps(logits: ArrayLike, temperature: float = 1.0) -> SoftmaxSteps:
    """Return the steps of softmax.

    Parameters
    ----------
    logits : (K,) float, K >= 1
    temperature : float
        Above 0: the higher, the more alike the probabilities become.

    Raises
    ------
    ValueError
        If there are no logits, or the temperature is not above 0.
    """
    x = np.array(logits, np.float64)
    if x.ndim != 1 or not x.size:
        raise ValueError(f"softmax takes a vector of logits, not the shape {x.shape}")
    if not temperature > 0:
        raise ValueError(f"the temperature must be above 0, not {temperature}")
    scaled = x / temperature
    maximum = float(scaled.max())
    shifted = scaled - maximum
    exponentials = np.exp(shifted)
    total = float(exponentials.sum())
    return SoftmaxSteps(
        temperature, x, scaled, maximum, shifted, exponentials, total, exponentials / total
    )
