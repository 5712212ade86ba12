"""The sizes that a picture goes through on its way to a network."""

from __future__ import annotations

import math
from dataclasses import dataclass

from viewer.core.records import Fit, Preparation, Step

Size = tuple[int, int]  # height, width

# At its own size a picture is answered by every layer in full: VGG-16's maps of a picture of
# this many pixels take about 2 GB. Larger ones are reduced to it.
NATIVE_PIXELS = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done to a picture of a certain size.

    Attributes
    ----------
    invert : bool
    resized : (height, width)
        After resizing; the picture's own where it is not resized.
    field : (height, width)
        What the network gets: the middle of the resized picture.
    mean_around : bool
        Whether a picture smaller than the field lies on the network's mean, not on black.
    reduced : bool
        Whether it is at its own size, but for being too large for that.
    """

    invert: bool
    resized: Size
    field: Size
    mean_around: bool = False
    reduced: bool = False


def plan_for(size: Size, shape: tuple[int, int, int], preparation: Preparation) -> Plan:
    """Return what is done to a picture of `size`, (height, width), for a network.

    Parameters
    ----------
    size : (height, width)
    shape : (C, H, W)
        What the network takes.
    preparation : Preparation
    """
    invert = preparation.invert and Step.INVERT not in preparation.off
    fit, field = preparation.fit, (shape[1], shape[2])
    resizes, crops = (step not in preparation.off for step in (Step.RESIZE, Step.CROP))
    if fit is Fit.NATIVE or (fit is not Fit.STRETCH and not resizes and not crops):
        own = _native(size)
        return Plan(invert, own, own, reduced=own != size)
    around = fit is Fit.PAD
    if not resizes:
        return Plan(invert, size, field, around)
    if fit is Fit.STRETCH or not crops:
        return Plan(invert, field, field)
    if fit is Fit.PAD:
        return Plan(invert, _inside(size, field), field, around)
    return Plan(invert, _covering(size, field, preparation.resize), field)


def offset_of(side: int, field: int) -> int:
    """Return where a field in the middle of a side begins, as torchvision's CenterCrop has it.

    Negative where the field is larger: then it is the margin before the picture.
    """
    return -((field - side) // 2) if field > side else round((side - field) / 2)


def steps_of(preparation: Preparation) -> tuple[Step, ...]:
    """Return the steps of the picture's geometry that this way of fitting has."""
    if preparation.fit is Fit.NATIVE:
        return ()
    return (Step.RESIZE,) if preparation.fit is Fit.STRETCH else (Step.RESIZE, Step.CROP)


def _covering(size: Size, field: Size, shorter: int) -> Size:
    """Return the size whose shorter side is `shorter`, or that just covers the field if 0."""
    height, width = size
    if not shorter and field[0] != field[1]:
        scale = max(field[0] / height, field[1] / width)
        return max(field[0], round(height * scale)), max(field[1], round(width * scale))
    shorter = shorter or field[0]
    # torchvision cuts the longer side's fraction off (`_compute_resized_output_size`).
    longer = int(shorter * max(size) / min(size))
    return (shorter, longer) if height <= width else (longer, shorter)


def _inside(size: Size, field: Size) -> Size:
    """Return the largest size of the same proportions that fits into the field."""
    scale = min(field[0] / size[0], field[1] / size[1])
    height, width = (max(1, min(round(s * scale), f)) for s, f in zip(size, field, strict=True))
    return height, width


def _native(size: Size) -> Size:
    """Return the size itself, or the largest of the same proportions that is answered."""
    scale = math.sqrt(NATIVE_PIXELS / (size[0] * size[1]))
    if scale >= 1:
        return size
    return max(1, int(size[0] * scale)), max(1, int(size[1] * scale))
