"""The colours of a decoded picture, at a size that any network's input can be made of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from viewer.core.records import Transparency

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_SIDE_PX = 2048
# Counted in pixels, not sides: a strip of 5000 × 10 stays as it is, and so does what
# torchvision's transforms make of it.
MAX_PIXELS = MAX_SIDE_PX * MAX_SIDE_PX
_WIDE_MODES = ("I", "F")  # and the I;16 family
_GREY_MODES = ("1", "L", "LA", "La")
_TRANSPARENT_MODES = ("LA", "La", "PA", "RGBA", "RGBa")
_OPAQUE = 255


def colors_of(image: Image, ground: float) -> tuple[NDArray[np.uint8] | None, Transparency | None]:
    """Return the colours of a picture as ``convert("RGB")`` has them, transparent parts covered.

    Parameters
    ----------
    image : PIL.Image.Image
        Decoded and upright.
    ground : float
        Luminance to lay behind transparent parts: 0 or 1.

    Returns
    -------
    (H, W, 3) uint8 or None
        At most 4 million pixels: larger pictures are averaged over squares of whole pixels.
        None where the file's mode has no colours, and nothing is transparent.
    Transparency or None
        None where nothing is.
    """
    if image.mode in _WIDE_MODES or image.mode.startswith("I;16"):
        return None, None
    if image.mode in _TRANSPARENT_MODES or "transparency" in image.info:
        rgba = image.convert("RGBA")
        if rgba.getchannel("A").getextrema()[0] != _OPAQUE:
            beneath = _array_of(rgba.convert("RGB"))
            covered = _array_of(_on_ground(rgba, ground))
            return covered, Transparency("white" if ground else "black", beneath)
    if image.mode in _GREY_MODES:
        return None, None
    if image.mode == "LAB":
        image = _from_lab(image)
    elif image.mode != "RGB":
        image = image.convert("RGB")
    return _array_of(image), None


def _array_of(image: Image) -> NDArray[np.uint8]:
    factor = math.ceil(math.sqrt(image.width * image.height / MAX_PIXELS))
    if factor > 1:
        # Of whole pixels: what is made of it later differs by less than a grey level or two.
        image = image.reduce(factor)
    return np.array(image, np.uint8)


def _on_ground(rgba: Image, ground: float) -> Image:
    from PIL import Image as images  # noqa: N813 - the module; the class is for types alone

    grey = round(_OPAQUE * ground)
    paper = images.new("RGBA", rgba.size, (grey, grey, grey, _OPAQUE))
    return images.alpha_composite(paper, rgba).convert("RGB")


def _from_lab(image: Image) -> Image:
    """Convert from CIE L*a*b*, for which Pillow's own `convert` has no way."""
    from PIL import ImageCms

    profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(*profiles, "LAB", "RGB")
    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None
    return converted
