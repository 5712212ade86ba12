"""How well the default network reads simulated drawings, by what makes them hard.

Run it with ``pytest tests/benchmarks -k simulated -s``; ``-s`` shows the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from viewer.core.imaging.digit import digit_from_drawing
from viewer.core.imaging.simulate import simulate_drawing
from viewer.core.nets.checkpoint import load_checkpoint
from viewer.core.nets.shipped import resolve_model
from viewer.core.records import FloatArray

CANVAS_PX = 280.0
SEED = 20_260
A_CELL = 300  # drawings for each value of each factor: one error is 0.3 %
LEAST_ACCURACY = 0.97
# One factor at a time; the others as `simulate_drawing` draws them.
FACTORS: Mapping[str, tuple[tuple[str, float], ...]] = {
    "size": (("25 %", 0.25), ("40 %", 0.4), ("60 %", 0.6), ("95 %", 0.95)),
    "slant_deg": (("−15°", -15.0), ("0°", 0.0), ("+15°", 15.0)),
    "pen_px": (("4 %", 0.04 * CANVAS_PX), ("12 %", 0.12 * CANVAS_PX), ("20 %", 0.2 * CANVAS_PX)),
    "speed": (("slow", 0.0), ("medium", 0.5), ("fast", 1.0)),
}


def draw(n: int, rng: np.random.Generator, **given: float) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return (N, 28, 28) images and (N,) labels, the ten digits in turn."""
    labels = np.arange(n) % 10
    images = [
        digit_from_drawing(
            simulate_drawing(int(label), rng, canvas=(CANVAS_PX, CANVAS_PX), **given)
        ).pixels
        for label in labels
    ]
    return np.stack(images), labels


class Reader:
    """The network in the box, as the window uses it."""

    def __init__(self) -> None:
        network = load_checkpoint(resolve_model("digits"))
        self._module = network.module.eval()
        self._mean, self._std = network.metadata.mean[0], network.metadata.std[0]

    def right(self, images: FloatArray, labels: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return (N,) bool: whether each was read as its label."""
        batch = (torch.from_numpy(images)[:, None] - self._mean) / self._std  # (N, 1, 28, 28)
        with torch.no_grad():
            answers = self._module(batch).argmax(dim=1).numpy()
        return np.asarray(answers == labels, np.bool_)


def measure(reader: Reader) -> Iterator[tuple[str, str, NDArray[np.bool_], NDArray[np.int64]]]:
    """Yield factor, value, whether each drawing was read, and the labels."""
    rng = np.random.default_rng(SEED)
    for factor, values in FACTORS.items():
        for name, value in values:
            images, labels = draw(A_CELL, rng, **{factor: value})
            yield factor, name, reader.right(images, labels), labels


def test_simulated_drawings_are_read() -> None:
    right, digits = [], []
    print()  # noqa: T201  the table is what the benchmark is for
    for factor, name, cell, labels in measure(Reader()):
        print(f"{factor:10} {name:>7}  {cell.mean():7.2%}")  # noqa: T201  see above
        right.append(cell)
        digits.append(labels)
    every, labels = np.concatenate(right), np.concatenate(digits)
    for label in range(10):
        print(f"{'digit':10} {label:>7}  {every[labels == label].mean():7.2%}")  # noqa: T201  see above
    print(f"{'all':10} {len(every):>7,}  {every.mean():7.2%}")  # noqa: T201  see above
    assert every.mean() >= LEAST_ACCURACY
