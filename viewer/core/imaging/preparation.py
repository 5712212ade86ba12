"""What a network sees of a drawing or a picture: as a digit, or as torchvision prepares images.

For networks of pictures the result equals torchvision's ``Compose([Resize(r), CenterCrop(s),
ToTensor()])`` on the same PIL image, if that is opaque; `normalisation` gives what ``Normalize``
would take. The order is that of `Step`. A step that is switched off is left out, and what follows
makes do:

- without RESIZE the middle is cut out at the picture's own scale, and what is missing around a
  smaller one is filled (black as in torchvision, or the network's mean where Fit.PAD fills);
- without CROP the whole picture is stretched to the network's size, since that is fixed;
- without both, nothing is left but Fit.NATIVE;
- without TRANSPARENCY there are the colours that the file has beneath, as in torchvision;
- GREY can't be left out: a network of one channel takes no colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from viewer.core.errors import UserError
from viewer.core.imaging.digit import digit, digit_from_drawing
from viewer.core.imaging.preparation_plan import Plan, Size, offset_of, plan_for
from viewer.core.records import (
    INTERPOLATIONS,
    DigitImage,
    Drawing,
    FloatArray,
    Legibility,
    Picture,
    Preparation,
    Step,
)

if TYPE_CHECKING:
    from PIL.Image import Image

# A drawing is painted with one pixel a unit of the pad's canvas, or a whole multiple of that
# where the network wants more.
DRAWING_PX = 280
_LARGEST_MULTIPLE = 8
# Resized as a whole up to here; of what would be larger, a strip say, only the part that is
# cut out is computed.
_WHOLE_PIXELS = 4_000_000


def prepare(
    source: Drawing | Picture,
    shape: tuple[int, int, int],
    preparation: Preparation,
    *,
    raw: bool = False,
    mean: Sequence[float] = (),
) -> DigitImage:
    """Turn a drawing or a picture into what a network sees.

    Parameters
    ----------
    source : Drawing or Picture
    shape : (C, H, W)
        What the network takes.
    preparation : Preparation
    raw : bool
        Of a digit: scale the canvas only. Pictures for other networks know no such thing.
    mean : sequence of float, one a channel
        The network's, with which Fit.PAD fills; black if none is given.

    Returns
    -------
    DigitImage
        (S, S) for a digit, otherwise (C, H, W), float32, [0, 1]; H and W are the picture's own
        if nothing resizes or crops it.

    Raises
    ------
    UserError
        If the network takes images that neither a digit nor a picture can be made into.
    """
    channels, height, width = shape
    if preparation.digit:
        if height != width:
            raise UserError(
                f"The network takes images of {height} × {width} pixels, and digits are "
                "prepared as squares: open another network."
            )
        return digit(source, size=height, raw=raw)
    image = source_image(source, shape, preparation)
    plan = plan_for((image.height, image.width), shape, preparation)
    pixels = _fitted(_colored(image, plan, channels), plan, channels, preparation, mean)
    return DigitImage(pixels, Legibility.BLANK if is_blank(source) else Legibility.OK)


def normalisation(
    preparation: Preparation, mean: Sequence[float], std: Sequence[float]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the mean and std to apply to what `prepare` gives: 0 and 1 where that is off."""
    if Step.NORMALISE in preparation.off:
        return (0.0,) * len(mean), (1.0,) * len(std)
    return tuple(mean), tuple(std)


def denormalised(values: FloatArray, mean: Sequence[float], std: Sequence[float]) -> FloatArray:
    """Return the pixels in [0, 1], (C, H, W), of values that are normalised already.

    Parameters
    ----------
    values : (C, H, W) float32
        What lies beyond black and white becomes black or white.
    mean, std : sequence of float, one a channel
    """
    columns = (np.array(numbers, np.float32).reshape(-1, 1, 1) for numbers in (std, mean))
    pixels: FloatArray = np.clip(values * next(columns) + next(columns), 0, 1)
    return pixels


def is_blank(source: Drawing | Picture) -> bool:
    """Return whether there is nothing to show to a network of pictures."""
    if isinstance(source, Picture):
        return source.pixels.size == 0
    return not any(np.isfinite(stroke.points).all(axis=1).any() for stroke in source.strokes)


def source_image(
    source: Drawing | Picture, shape: tuple[int, int, int], preparation: Preparation
) -> Image:
    """Return a source as a PIL image of mode L or RGB, before any step.

    Ink is dark on white paper, as the pad shows it: of a drawing, and of a picture from a data
    set of drawn ones.
    """
    from PIL import Image as images  # noqa: N813 - the module; the class is for types alone

    if isinstance(source, Drawing):
        side = _drawing_side(max(*shape[1:], preparation.resize))
        return images.fromarray(_levels(1 - digit_from_drawing(source, size=side, raw=True).pixels))
    if source.transparency is not None and Step.TRANSPARENCY in preparation.off:
        return images.fromarray(source.transparency.beneath)
    if source.rgb is not None:
        return images.fromarray(source.rgb)
    pixels = np.nan_to_num(source.pixels)
    if 0 in pixels.shape:
        pixels = np.ones((1, 1), np.float32)
    return images.fromarray(_levels(1 - pixels if source.prepared else pixels))


def resized(image: Image, size: Size, preparation: Preparation) -> Image:
    """Return the whole image at another size, (height, width), as torchvision resizes."""
    height, width = size
    return image.resize((width, height), _resampling(preparation))


def _drawing_side(wanted: int) -> int:
    return DRAWING_PX * min(-(-wanted // DRAWING_PX), _LARGEST_MULTIPLE)


def _levels(pixels: FloatArray) -> NDArray[np.uint8]:
    levels: NDArray[np.uint8] = np.rint(pixels.clip(0, 1) * 255).astype(np.uint8)
    return levels


def _colored(image: Image, plan: Plan, channels: int) -> Image:
    """Return the image in the network's channels, inverted if that is asked for."""
    from PIL import ImageOps

    if channels not in (1, 3):
        raise UserError(
            f"The network takes images of {channels} channels, and pictures have one or three: "
            "open a network for grey or coloured pictures."
        )
    if plan.invert:
        image = ImageOps.invert(image)
    return image.convert("L") if channels == 1 else image


def _fitted(
    image: Image, plan: Plan, channels: int, preparation: Preparation, mean: Sequence[float]
) -> FloatArray:
    """Return (C, H, W) float32 in [0, 1] of an image of mode L or RGB."""
    height, width = plan.resized
    wanted = plan.field[0] * plan.field[1]
    if height * width > max(_WHOLE_PIXELS, wanted):
        part = _middle_of_resized(image, plan, preparation)
    else:
        part = _middle(resized(image, plan.resized, preparation), plan.field)
    levels = np.atleast_3d(np.asarray(part, np.uint8)).transpose(2, 0, 1)  # (1 or 3, h, w)
    values = levels.astype(np.float32) / np.float32(255)
    if values.shape[0] != channels:
        values = np.repeat(values, channels, axis=0)
    if values.shape[1:] == plan.field:
        return np.ascontiguousarray(values)
    fill = mean if plan.mean_around and len(mean) == channels else (0.0,) * channels
    field = np.empty((channels, *plan.field), np.float32)
    field[:] = np.asarray(fill, np.float32)[:, np.newaxis, np.newaxis]
    # The picture is smaller than the field in one direction or both.
    top, left = (-min(offset_of(s, f), 0) for s, f in zip(plan.resized, plan.field, strict=True))
    field[:, top : top + values.shape[1], left : left + values.shape[2]] = values
    return field


def _middle(image: Image, field: Size) -> Image:
    """Return what lies in the field, at most as large as that."""
    top, left = (
        max(offset_of(side, f), 0)
        for side, f in zip((image.height, image.width), field, strict=True)
    )
    height, width = min(image.height, field[0]), min(image.width, field[1])
    if (height, width) == (image.height, image.width):
        return image
    return image.crop((left, top, left + width, top + height))


def _middle_of_resized(image: Image, plan: Plan, preparation: Preparation) -> Image:
    """Return the same as `_middle` of the resized image, without computing the rest of it."""
    boxes = []
    for own, new, field in zip((image.height, image.width), plan.resized, plan.field, strict=True):
        first, count = max(offset_of(new, field), 0), min(new, field)
        boxes.append((first * own / new, (first + count) * own / new, count))
    (top, bottom, height), (left, right, width) = boxes
    return image.resize((width, height), _resampling(preparation), (left, top, right, bottom))


def _resampling(preparation: Preparation) -> int:
    from PIL import Image as images  # noqa: N813 - the module; the class is for types alone

    if preparation.interpolation not in INTERPOLATIONS:
        raise UserError(
            f"Pictures can't be resized by {preparation.interpolation!r}: "
            f"choose one of {', '.join(INTERPOLATIONS)}."
        )
    return images.Resampling[preparation.interpolation.upper()]
