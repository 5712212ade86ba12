"""Random distortions of a batch: one affine and elastic resampling, stroke thickness, gain.

All of a batch at once, on the batch's device; the same seed gives the same batch.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the field's own name for it

from viewer.core.training.config import Augmentation

ELASTIC_GRID = 5  # control points a side: displacements vary over about a quarter of the image


class _Draws:
    """The random numbers of a whole batch, of which those of one part are given out."""

    def __init__(self, generator: torch.Generator, total: int, first: int, count: int) -> None:
        self._generator = generator
        self._total = total
        self._part = slice(first, first + count)

    def uniform(self, *rows: int) -> Tensor:
        """Return (…, N) float32 in [-1, 1); drawn on the CPU: every device has the same."""
        drawn = torch.rand(*rows, self._total, generator=self._generator)
        return (drawn * 2 - 1)[..., self._part]

    def normal(self, *shape: int) -> Tensor:
        """Return (N, …) float32 of the standard normal distribution."""
        return torch.randn(self._total, *shape, generator=self._generator)[self._part]


def augment(
    images: Tensor,
    settings: Augmentation,
    generator: torch.Generator,
    *,
    total: int | None = None,
    first: int = 0,
) -> Tensor:
    """Distort every image of a batch in its own way.

    Parameters
    ----------
    images : (N, C, H, W) float32, [0, 1], ink 1
    settings : Augmentation
    generator : torch.Generator
        On the CPU; all randomness comes from it.
    total, first : int
        Where `images` are a part of a batch of `total`, from its image `first` on: they are
        distorted as the whole batch would be.

    Returns
    -------
    Tensor
        (N, C, H, W) float32, [0, 1]; `images` itself where nothing is to be done.
    """
    draws = _Draws(generator, len(images) if total is None else total, first, len(images))
    if settings.thickness:
        images = _change_thickness(images, settings.thickness, draws)
    if settings.moves:
        grid = _sampling_grid(images, settings, draws)
        images = F.grid_sample(images, grid, align_corners=False)
    if (settings.gain_low, settings.gain_high) != (1.0, 1.0):
        images = _change_gain(images, settings, draws)
    return images


def _change_thickness(images: Tensor, amount: float, draws: _Draws) -> Tensor:
    dilated = F.max_pool2d(images, 3, stride=1, padding=1)
    eroded = -F.max_pool2d(-images, 3, stride=1, padding=1)
    share = amount * draws.uniform().to(images.device).view(-1, 1, 1, 1)
    # Erosion by 3 px would erase a stroke of 2.5 px: only half as far that way.
    return (
        images
        + share.clamp(min=0) * (dilated - images)
        + share.clamp(max=0) / 2 * (images - eroded)
    )


def _change_gain(images: Tensor, settings: Augmentation, draws: _Draws) -> Tensor:
    low, high = math.log(settings.gain_low), math.log(settings.gain_high)
    position = (draws.uniform().to(images.device) + 1) / 2
    gain = torch.exp(low + position * (high - low))
    return (images * gain.view(-1, 1, 1, 1)).clamp(max=1)


def _sampling_grid(images: Tensor, settings: Augmentation, draws: _Draws) -> Tensor:
    """Return where each output pixel is read from, (N, H, W, 2) in [-1, 1]."""
    n, _, height, width = images.shape
    matrix = _inverse_affine((height, width), settings, draws)
    grid = F.affine_grid(matrix, [n, 1, height, width], align_corners=False)
    if settings.elastic_px:
        coarse = draws.normal(2, ELASTIC_GRID, ELASTIC_GRID)
        smooth = F.interpolate(coarse, (height, width), mode="bilinear", align_corners=True)
        to_grid = torch.tensor([2 / width, 2 / height]) * settings.elastic_px
        grid = grid + smooth.permute(0, 2, 3, 1) * to_grid  # (N, H, W, 2)
    return grid.to(images.device)


def _inverse_affine(size: tuple[int, int], settings: Augmentation, draws: _Draws) -> Tensor:
    """Return the maps from output to input, (N, 2, 3), in units of half an image."""
    angle, scale, aspect, shear, shift_y, shift_x = draws.uniform(6)
    angle = angle * math.radians(settings.rotation_deg)
    scale = 1 + scale * settings.scale
    stretch = torch.sqrt(1 + aspect * settings.aspect)
    cos, sin = torch.cos(angle), torch.sin(angle)
    tan = shear * settings.shear
    scale_x, scale_y = 1 / (scale * stretch), stretch / scale
    matrix = torch.stack(
        [
            torch.stack([scale_x * cos, scale_x * (sin + tan * cos)], dim=1),
            torch.stack([-scale_y * sin, scale_y * (cos - tan * sin)], dim=1),
        ],
        dim=1,
    )  # (N, 2, 2)
    height, width = size
    shift = torch.stack([shift_x * 2 / width, shift_y * 2 / height], dim=1) * settings.shift_px
    return torch.cat([matrix, shift.unsqueeze(2)], dim=2)
