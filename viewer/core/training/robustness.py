"""Accuracy on images that were moved: shifted by whole pixels, or rotated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the field's own name for it

from viewer.core.data.dataset import ImageDataset
from viewer.core.data.registry import dataset_title
from viewer.core.training.evaluation import (
    EvaluationCancelled,
    MeanStd,
    Progress,
    device_of,
    never,
    no_progress,
    normalised,
    pixels_of,
    run,
)
from viewer.core.training.metrics import batch_size
from viewer.core.training.report import Robustness

SHIFTS_PX = tuple(range(7))
ROTATIONS_DEG = tuple(range(-60, 61, 10))
DIRECTIONS = tuple((x, y) for y in (-1, 0, 1) for x in (-1, 0, 1) if x or y)
IMAGES = 2000  # of a test set: a share of 98 % is then known to ± 0.6 % (95 % of the time)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A network to be tried.

    Attributes
    ----------
    name : str
    network : torch.nn.Module
        Gives logits.
    mean_std : (mean, std)
        What it was trained with, one number a channel each.
    """

    name: str
    network: nn.Module
    mean_std: MeanStd


def shifted(images: Tensor, dx: int, dy: int) -> Tensor:
    """Shift images by whole pixels; zeros come in.

    Parameters
    ----------
    images : (N, C, H, W) float32
        Zero is paper, of photographs black: as in training, see `viewer.core.training.augment`.
    dx, dy : int
        Pixels to the right and down.
    """
    height, width = images.shape[2:]
    dx, dy = max(-width, min(width, dx)), max(-height, min(height, dy))
    result = torch.zeros_like(images)
    to_y, from_y = _overlap(dy, height)
    to_x, from_x = _overlap(dx, width)
    result[:, :, to_y, to_x] = images[:, :, from_y, from_x]
    return result


def _overlap(shift: int, size: int) -> tuple[slice, slice]:
    """Return where pixels go to and where they come from along one axis."""
    return slice(max(0, shift), size + min(0, shift)), slice(max(0, -shift), size - max(0, shift))


def rotated(images: Tensor, degrees: float) -> Tensor:
    """Rotate images about their centre, bilinearly; zeros come in, as in `shifted`.

    Parameters
    ----------
    images : (N, C, H, W) float32
    degrees : float
        Anticlockwise, as torchvision counts.
    """
    if degrees == 0:
        return images
    height, width = images.shape[2:]
    angle = np.deg2rad(degrees)
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    # From output to input, in units of half an image: a pixel must be as long both ways.
    matrix = torch.tensor(
        [[cos, -sin * height / width, 0.0], [sin * width / height, cos, 0.0]], device=images.device
    )
    grid = F.affine_grid(matrix[None], [1, 1, height, width], align_corners=False)
    grid = grid.expand(len(images), -1, -1, -1)  # (N, H, W, 2)
    return F.grid_sample(images, grid, mode="bilinear", align_corners=False)


def moved(images: Tensor, dx: int, dy: int, degrees: float) -> Tensor:
    """Rotate images, (…, H, W), about their centre, then shift them; see `rotated`, `shifted`."""
    return shifted(rotated(images, degrees), dx, dy)


def measure_robustness(
    candidates: Sequence[Candidate],
    dataset: ImageDataset,
    *,
    n: int = IMAGES,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = never,
) -> Robustness:
    """Take every network's accuracy on images shifted by 0 to 6 px and rotated by up to 60°.

    Parameters
    ----------
    candidates : sequence of Candidate
    dataset : ImageDataset
    n : int
        At most that many images, evenly spaced: the parts of MNIST's test set differ.
    progress : callable
        Told the number of images done and of all, after each batch.
    cancelled : callable
        Asked before each batch.

    Raises
    ------
    EvaluationCancelled
        If `cancelled` said so.
    """
    place = np.linspace(0, len(dataset) - 1, min(n, len(dataset))).round().astype(np.int64)
    sample, count = _Sample(dataset, place), batch_size(dataset.images[:1].size)
    shifts = {s: [(s * x, s * y) for x, y in DIRECTIONS] if s else [(0, 0)] for s in SHIFTS_PX}
    runs = sum(len(ways) for ways in shifts.values()) + len(ROTATIONS_DEG)
    total, done = runs * len(place) * len(candidates), 0

    def accuracy(candidate: Candidate, dx: int, dy: int, degrees: float) -> float:
        nonlocal done
        correct = 0
        for start in range(0, len(place), count):
            if cancelled():
                raise EvaluationCancelled
            batch = slice(start, start + count)
            correct += sample.correct(candidate, batch, dx, dy, degrees)
            done += len(place[batch])
            progress(done, total)
        return correct / len(place)

    by_shift = [
        [float(np.mean([accuracy(c, dx, dy, 0) for dx, dy in ways])) for ways in shifts.values()]
        for c in candidates
    ]
    by_rotation = [[accuracy(c, 0, 0, degrees) for degrees in ROTATIONS_DEG] for c in candidates]
    return Robustness(
        names=tuple(c.name for c in candidates),
        dataset=dataset_title(dataset.name),
        n=len(place),
        shifts=np.array(SHIFTS_PX, np.int64),
        shift_accuracy=np.array(by_shift),
        rotations=np.array(ROTATIONS_DEG, np.float64),
        rotation_accuracy=np.array(by_rotation),
    )


@dataclass(frozen=True, slots=True)
class _Sample:
    """Some images of a data set, by their indices, (N,) int64."""

    dataset: ImageDataset
    place: NDArray[np.int64]

    def correct(self, candidate: Candidate, batch: slice, dx: int, dy: int, degrees: float) -> int:
        """Return how many images of a batch are read rightly once moved."""
        place = self.place[batch]
        pixels = pixels_of(self.dataset.images[place]).to(device_of(candidate.network))
        images = moved(pixels, dx, dy, degrees)
        logits = run(candidate.network, normalised(images, candidate.mean_std))  # (B, K)
        return int((logits.argmax(1).cpu().numpy() == self.dataset.labels[place]).sum())
