"""What a script calls an image, as a source: a path, a picture, an array or a tensor."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from viewer.core.errors import UserError
from viewer.core.imaging.pictures import picture_of_image
from viewer.core.imaging.preparation import denormalised
from viewer.core.inputs import open_inputs
from viewer.core.records import Drawing, FloatArray, Picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

ImageLike: TypeAlias = (
    "str | os.PathLike[str] | Image.Image | NDArray[Any] | Tensor | Drawing | Picture"
)

RGB, RGBA = 3, 4
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as Pillow has it
WANTED = "give a path, a PIL image, an array (H, W) or (H, W, 3), a tensor (C, H, W), or a Drawing"


def source_of(
    image: object, mean: Sequence[float] = (), std: Sequence[float] = ()
) -> Drawing | Picture:
    """Return what the window would have of an image.

    Parameters
    ----------
    image : str, PathLike, PIL.Image.Image, (H, W[, C]) array, (C, H, W) tensor, Drawing or Picture
        An array of uint8, or of floats in [0, 1]; of a stroke file the first drawing. A tensor is
        taken for what the network takes: it is neither resized nor normalised.
    mean, std : sequence of float
        The network's, to show a tensor by.

    Raises
    ------
    UserError
        If it is none of these, or can't be read: one sentence.
    """
    if isinstance(image, Drawing | Picture):
        return image
    if isinstance(image, str | os.PathLike):
        return open_inputs(Path(os.fspath(image)).expanduser())[0]
    if isinstance(image, Image.Image):
        return picture_of_image(image, Path(str(getattr(image, "filename", ""))).name or "image")
    if isinstance(image, np.ndarray):
        return _of_array(image)
    values = values_of(image)
    if values is None:
        raise UserError(f"An image can't be {_article(type(image).__name__)}: {WANTED}.")
    return _of_values(values, mean, std)


def values_of(image: object) -> FloatArray | None:
    """Return a tensor's numbers, (C, H, W) float32, copied; None of what is no tensor.

    Raises
    ------
    UserError
        If it is no image, or has numbers that are not finite.
    """
    import torch  # an image may come without it

    if not isinstance(image, torch.Tensor):
        return None
    shape = tuple(image.shape)
    plain = image[0] if image.dim() == 4 and len(image) == 1 else image
    if plain.dim() != 3 or 0 in shape:
        raise UserError(
            f"The tensor has the shape {shape}: give one image, (C, H, W) or (1, C, H, W)."
        )
    if not image.is_floating_point():
        raise UserError(
            f"The tensor has {image.dtype}, and a tensor goes in as it is: give the floats that "
            "the network takes, or an array of uint8."
        )
    values = np.array(plain.detach().to("cpu", torch.float32).numpy())
    if not np.isfinite(values).all():
        raise UserError("The tensor has numbers that are not finite: give another.")
    return values


def _of_values(values: FloatArray, mean: Sequence[float], std: Sequence[float]) -> Picture:
    channels = len(values)
    if len(mean) != channels or len(std) != channels:
        mean, std = (0,) * channels, (1,) * channels
    shown = denormalised(values, mean, std)
    if channels != RGB:
        return Picture(shown.mean(axis=0), "tensor", values=values)
    rgb = np.rint(255 * shown.transpose(1, 2, 0)).astype(np.uint8)
    pixels = np.asarray(shown.transpose(1, 2, 0) @ LUMINANCE, np.float32)
    return Picture(pixels, "tensor", rgb=rgb, values=values)


def _of_array(array: NDArray[Any]) -> Picture:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    colored = array.ndim == 3 and array.shape[2] in (RGB, RGBA)
    if not (array.ndim == 2 or colored) or 0 in array.shape:
        raise UserError(
            f"The array has the shape {array.shape}: give (H, W), or (H, W, 3) with the channels "
            "last; a tensor has them first."
        )
    return picture_of_image(Image.fromarray(_levels(array)), "array")


def _levels(array: NDArray[Any]) -> NDArray[np.uint8]:
    """Return an array as uint8; UserError if it is neither that nor floats in [0, 1]."""
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    whole, real = (np.issubdtype(array.dtype, kind) for kind in (np.integer, np.floating))
    if not (whole or real):
        raise UserError(f"The array has {array.dtype}: give uint8, or floats in [0, 1].")
    low, high = float(array.min()), float(array.max())
    top = 255 if whole else 1
    if not 0 <= low <= high <= top:  # not a number fails this too
        raise UserError(
            f"The array has values from {low:.4g} to {high:.4g}: give uint8, floats in [0, 1], or "
            "a tensor, which goes in as it is."
        )
    if whole:
        return np.ascontiguousarray(array, np.uint8)
    levels: NDArray[np.uint8] = np.rint(255 * array.astype(np.float64)).astype(np.uint8)
    return levels


def _article(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
