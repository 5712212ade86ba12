"""What a network would see of a source, as a picture for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from viewer.core.imaging.preparation import prepare
from viewer.core.nets.profile import per_channel
from viewer.core.records import Drawing, Picture, Preparation

if TYPE_CHECKING:
    from viewer.core.nets.profile import Profile


def prepared_picture(source: Drawing | Picture, profile: Profile) -> tuple[NDArray[np.uint8], str]:
    """Return what a network with these values is shown, before its mean and std.

    Parameters
    ----------
    source : Drawing or Picture
    profile : Profile
        With an input shape.

    Returns
    -------
    (h, w, 3) uint8, str
        The picture, and a line on its size.

    Raises
    ------
    UserError
        If it can't be prepared like that.
    """
    shape = profile.input_shape or (1, 28, 28)
    preparation = profile.preparation or Preparation()
    mean = per_channel(profile.mean or (), shape[0])
    pixels = prepare(source, shape, preparation, mean=mean).pixels
    if pixels.ndim == 2:
        pixels = pixels[np.newaxis]  # (1, H, W)
    levels = np.rint(pixels.clip(0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)  # (H, W, C)
    picture = np.repeat(levels[:, :, :1], 3, axis=2) if levels.shape[2] != 3 else levels
    height, width = picture.shape[:2]
    text = f"{width:,} × {height:,} px"
    if isinstance(source, Picture):
        own_width, own_height = source.size or source.pixels.shape[::-1]
        text += f", from {own_width:,} × {own_height:,}"
    return np.ascontiguousarray(picture), text
