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


def augment(images: Tensor, settings: Augmentation, generator: torch.Generator) -> Tensor:
    """Distort every image of a batch in its own way.

    Parameters
    ----------
    images : (N, C, H, W) float32, [0, 1], ink 1
    settings : Augmentation
    generator : torch.Generator
        On the CPU; all randomness comes from it.

    Returns
    -------
    Tensor
        (N, C, H, W) float32, [0, 1]; `images` itself where nothing is to be done.
    """
    if settings.thickness:
        images = _change_thickness(images, settings.thickness, generator)
    if settings.moves:
        grid = _sampling_grid(images, settings, generator)
        images = F.grid_sample(images, grid, align_corners=False)
    if (settings.gain_low, settings.gain_high) != (1.0, 1.0):
        images = _change_gain(images, settings, generator)
    return images


def _uniform(n: int, generator: torch.Generator, device: torch.device) -> Tensor:
    """Return (n,) float32 in [-1, 1); drawn on the CPU, so that every device has the same."""
    return (torch.rand(n, generator=generator) * 2 - 1).to(device)


def _change_thickness(images: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    dilated = F.max_pool2d(images, 3, stride=1, padding=1)
    eroded = -F.max_pool2d(-images, 3, stride=1, padding=1)
    share = amount * _uniform(len(images), generator, images.device).view(-1, 1, 1, 1)
    # Erosion by 3 px would erase a stroke of 2.5 px: only half as far that way.
    return (
        images
        + share.clamp(min=0) * (dilated - images)
        + share.clamp(max=0) / 2 * (images - eroded)
    )


def _change_gain(images: Tensor, settings: Augmentation, generator: torch.Generator) -> Tensor:
    low, high = math.log(settings.gain_low), math.log(settings.gain_high)
    position = (_uniform(len(images), generator, images.device) + 1) / 2
    gain = torch.exp(low + position * (high - low))
    return (images * gain.view(-1, 1, 1, 1)).clamp(max=1)


def _sampling_grid(images: Tensor, settings: Augmentation, generator: torch.Generator) -> Tensor:
    """Return where each output pixel is read from, (N, H, W, 2) in [-1, 1]."""
    n, _, height, width = images.shape
    matrix = _inverse_affine(n, (height, width), settings, generator)
    grid = F.affine_grid(matrix, [n, 1, height, width], align_corners=False)
    if settings.elastic_px:
        coarse = torch.randn(n, 2, ELASTIC_GRID, ELASTIC_GRID, generator=generator)
        smooth = F.interpolate(coarse, (height, width), mode="bilinear", align_corners=True)
        to_grid = torch.tensor([2 / width, 2 / height]) * settings.elastic_px
        grid = grid + smooth.permute(0, 2, 3, 1) * to_grid  # (N, H, W, 2)
    return grid.to(images.device)


def _inverse_affine(
    n: int, size: tuple[int, int], settings: Augmentation, generator: torch.Generator
) -> Tensor:
    """Return the maps from output to input, (N, 2, 3), in units of half an image."""
    angle, scale, aspect, shear, shift_y, shift_x = torch.rand(6, n, generator=generator) * 2 - 1
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
