"""The preparation of a picture step by step, in words and as small pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from viewer.core.imaging.preparation import prepare, source_image
from viewer.core.imaging.preparation_plan import Plan, Size, plan_for, steps_of
from viewer.core.records import Drawing, Fit, FloatArray, Picture, Preparation, Step

if TYPE_CHECKING:
    from PIL.Image import Image

THUMBNAIL_PX = 96  # longest side
_THINNEST_PX = 1
_REDUCING_GAP = 2.0  # Pillow reduces by whole pixels first: several times faster, as good to see
_SIDES = {True: "Shorter", False: "Longer"}


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step, and what the picture looks like after it.

    Attributes
    ----------
    step : Step
    title : str
    description : str
        One sentence with the numbers of this picture.
    picture : (h, w, 3) uint8
        After the step, at most 96 pixels a side.
    done : bool
        Whether it is done, or switched off.
    otherwise : Preparation or None
        The same with this one step switched over; None if it can't be.
    """

    step: Step
    title: str
    description: str
    picture: NDArray[np.uint8]
    done: bool
    otherwise: Preparation | None


def steps(
    source: Drawing | Picture,
    shape: tuple[int, int, int],
    preparation: Preparation,
    *,
    mean: Sequence[float] = (),
    std: Sequence[float] = (),
) -> tuple[StepResult, ...]:
    """Return every step of the preparation of a picture, in the order they are done.

    Parameters
    ----------
    source : Drawing or Picture
    shape : (C, H, W)
        What the network takes.
    preparation : Preparation
    mean, std : sequence of float, one a channel
        The network's; without them there is no step NORMALISE.

    Returns
    -------
    tuple of StepResult
        Empty for a digit, whose preparation is one piece.
    """
    if preparation.digit:
        return ()
    image = source_image(source, shape, preparation)
    plan = plan_for((image.height, image.width), shape, preparation)
    result = [*_transparency(source, image, preparation), _invert(image, plan, preparation)]
    image = _inverted(image, plan)
    color = _color(image, shape[0])
    result.extend(color)
    if shape[0] == 1:
        image = image.convert("L")
    pixels = prepare(source, shape, preparation, mean=mean).pixels
    whole = _own_size(source) or (image.height, image.width)
    result.extend(_geometry(image, pixels, shape, plan, preparation, whole))
    if mean and std:
        result.append(_normalise(pixels, preparation, mean, std))
    return tuple(result)


def switched(preparation: Preparation, step: Step) -> Preparation:
    """Return the preparation with one step switched over."""
    if step is Step.INVERT:
        # Also what a network's own preparation doesn't have can be tried.
        now = preparation.invert and step not in preparation.off
        return replace(preparation, invert=not now, off=preparation.off - {step})
    return replace(preparation, off=preparation.off ^ {step})


def _transparency(
    source: Drawing | Picture, image: Image, preparation: Preparation
) -> list[StepResult]:
    """Return what becomes of transparent parts, where there are any."""
    if not isinstance(source, Picture) or source.transparency is None:
        return []
    step, ground = Step.TRANSPARENCY, source.transparency.ground
    done = step not in preparation.off
    text = 'Off: the colours that the file has beneath (convert("RGB")).'
    if done:
        why = ", for white would hide it" if ground == "black" else ""
        text = f"Laid on {ground}{why}."
    picture, other = _thumbnail(image), switched(preparation, step)
    return [StepResult(step, "Transparency", text, picture, done, other)]


def _invert(image: Image, plan: Plan, preparation: Preparation) -> StepResult:
    text = "Dark and light change places." if plan.invert else "Off: dark stays dark."
    picture = _thumbnail(_inverted(image, plan))
    other = switched(preparation, Step.INVERT)
    return StepResult(Step.INVERT, "Invert", text, picture, plan.invert, other)


def _inverted(image: Image, plan: Plan) -> Image:
    from PIL import ImageOps

    return ImageOps.invert(image) if plan.invert else image


def _color(image: Image, channels: int) -> list[StepResult]:
    """Return what becomes of the colours, where that is anything at all."""
    if channels == 1 and image.mode == "RGB":
        text = "Each pixel's 0.299 red + 0.587 green + 0.114 blue: the network has one channel."
        return [StepResult(Step.GREY, "Grey", text, _thumbnail(image.convert("L")), True, None)]
    if channels == 3 and image.mode == "L":
        text = "The picture is grey: red, green and blue get the same values."
        return [StepResult(Step.GREY, "Three channels", text, _thumbnail(image), True, None)]
    return []


def _geometry(
    image: Image,
    pixels: FloatArray,
    shape: tuple[int, int, int],
    plan: Plan,
    preparation: Preparation,
    whole: Size,
) -> list[StepResult]:
    """Return what becomes of the size; `whole` is that of the file, which may be read smaller."""
    size = (image.height, image.width)
    if preparation.fit is Fit.NATIVE:
        if not plan.reduced:
            return []
        resizing = _resizing(size, plan.resized, preparation, whole)
        text = f"{resizing} Larger ones take too much memory."
        picture = _thumbnail(image, plan.resized)
        return [StepResult(Step.RESIZE, "Reduce", text, picture, True, None)]
    found = []
    for step in steps_of(preparation):
        done = step not in preparation.off
        other = switched(preparation, step)
        if step is Step.RESIZE:
            text = _unresized(size, plan, whole)
            if done:
                text = _resizing(size, plan.resized, preparation, whole)
            picture = _thumbnail(image, plan.resized)
            found.append(StepResult(step, "Resize", text, picture, done, other))
            continue
        title = "Pad" if preparation.fit is Fit.PAD else "Crop"
        text = _cropping(plan) if done else _uncropped(plan, shape)
        found.append(StepResult(step, title, text, _small(pixels), done, other))
    return found


def _own_size(source: Drawing | Picture) -> Size | None:
    """Return (height, width) of the file that a picture was read from, where it is known."""
    size = source.size if isinstance(source, Picture) else None
    return None if size is None else (size[1], size[0])


def _resizing(size: Size, new: Size, preparation: Preparation, whole: Size) -> str:
    how = preparation.interpolation
    if size == new == whole:
        return f"Already {_size(new)} px: nothing is resized."
    scales = [after / before for before, after in zip(size, new, strict=True)]
    # Proportions are kept within the rounding to whole pixels.
    if abs(scales[0] * size[1] - new[1]) < 1 or abs(scales[1] * size[0] - new[0]) < 1:
        shorter = preparation.fit is Fit.CROP
        pick = min if shorter else max
        before, after = pick(whole), pick(new)
        way = "" if whole == size else f" by way of {pick(size):,}"
        return f"{_SIDES[shorter]} side from {before:,}{way} to {after:,} px, {how}."
    way = "" if whole == size else f" by way of {_size(size)}"
    return f"From {_size(whole)}{way} to {_size(new)} px whatever its proportions, {how}."


def _unresized(size: Size, plan: Plan, whole: Size) -> str:
    if plan.reduced:
        return f"Off, but for reducing it to {_size(plan.resized)} px: more takes too much memory."
    if whole != size:
        return f"Off: its {_size(whole)} px are reduced to {_size(size)} all the same."
    return f"Off: the picture keeps its {_size(size)} px."


def _cropping(plan: Plan) -> str:
    """Say what becomes of the edges."""
    (height, width), field = plan.resized, plan.field
    if plan.resized == field:
        return f"Already {_size(field)} px: nothing is cut off or added."
    cut = [max(side - f, 0) for side, f in zip((height, width), field, strict=True)]
    missing = [max(f - side, 0) for side, f in zip((height, width), field, strict=True)]
    parts = []
    if any(cut):
        parts.append(f"the middle {_size(field)} px of {_size(plan.resized)}")
    if any(missing):
        ground = "the network's mean" if plan.mean_around else "black"
        parts.append(f"{ground} around it, to {_size(field)} px")
    text = ", ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _uncropped(plan: Plan, shape: tuple[int, int, int]) -> str:
    if plan.field != (shape[1], shape[2]):
        return f"Off: the network answers at {_size(plan.field)} px."
    return f"Off: the whole picture is stretched to {_size(plan.field)} px."


def _normalise(
    pixels: FloatArray, preparation: Preparation, mean: Sequence[float], std: Sequence[float]
) -> StepResult:
    step = Step.NORMALISE
    done = step not in preparation.off
    values, least, most = pixels, 0.0, 1.0
    if done:
        shift, scale = (np.asarray(v, np.float32)[:, np.newaxis, np.newaxis] for v in (mean, std))
        values = (pixels - shift) / scale  # (C, H, W)
        # One range for all pictures, that of what a pixel can be: black to white.
        least, most = float((-shift / scale).min()), float(((1 - shift) / scale).max())
    low, high = float(values.min()), float(values.max())
    told = f"{_number(low)} to {_number(high)}"
    text = f"Off: levels over 255 as they are, {told}."
    if done:
        text = f"Levels over 255, minus {_numbers(mean)}, over {_numbers(std)}: {told}."
    spread = (values - np.float32(least)) / np.float32(most - least)
    return StepResult(step, "Normalise", text, _small(spread), done, switched(preparation, step))


def _size(size: Size) -> str:
    """Return a size as people write it: width first."""
    return f"{size[1]:,} × {size[0]:,}"


def _number(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")


def _numbers(values: Sequence[float]) -> str:
    """Return one number for each channel, or one where they are all the same."""
    return ", ".join(_number(value) for value in (values[:1] if len(set(values)) == 1 else values))


def _thumbnail(image: Image, size: Size | None = None) -> NDArray[np.uint8]:
    """Return a small (h, w, 3) uint8 of an image as it would look at `size`."""
    from PIL import Image as images  # noqa: N813 - the module; the class is for types alone

    height, width = size or (image.height, image.width)
    scale = min(1.0, THUMBNAIL_PX / max(height, width))
    small = tuple(max(_THINNEST_PX, round(side * scale)) for side in (height, width))
    resampling = images.Resampling.BILINEAR
    picture = image.resize((small[1], small[0]), resampling, reducing_gap=_REDUCING_GAP)
    return np.array(picture.convert("RGB"), np.uint8)


def _small(pixels: FloatArray) -> NDArray[np.uint8]:
    """Return a small (h, w, 3) uint8 of (C, H, W) in [0, 1]."""
    from PIL import Image as images  # noqa: N813 - the module; the class is for types alone

    levels = np.rint(pixels.clip(0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)  # (H, W, C)
    levels = np.repeat(levels, 3, axis=2) if levels.shape[2] == 1 else levels
    return _thumbnail(images.fromarray(np.ascontiguousarray(levels)))
