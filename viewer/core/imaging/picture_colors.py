"""The colours of a decoded picture, at a size that any network's input can be made of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_SIDE_PX = 2048
# Counted in pixels, not sides: a strip of 5000 × 10 stays as it is, and so does what
# torchvision's transforms make of it.
MAX_PIXELS = MAX_SIDE_PX * MAX_SIDE_PX
_GREY_MODES = ("1", "L", "LA", "La", "I", "F")  # and the I;16 family
_TRANSPARENT_MODES = ("PA", "RGBA", "RGBa")


def colors_of(image: Image, paper: float) -> NDArray[np.uint8] | None:
    """Return the colours of a picture as ``convert("RGB")`` has them.

    Parameters
    ----------
    image : PIL.Image.Image
        Decoded and upright.
    paper : float
        Luminance in [0, 1] to lay behind transparent parts.

    Returns
    -------
    (H, W, 3) uint8 or None
        At most 4 million pixels: larger pictures are averaged over squares of whole pixels.
        None where the file's mode has no colours.
    """
    if image.mode in _GREY_MODES or image.mode.startswith("I;16"):
        return None
    if image.mode in _TRANSPARENT_MODES or "transparency" in image.info:
        image = _on_paper(image, paper)
    elif image.mode == "LAB":
        image = _from_lab(image)
    elif image.mode != "RGB":
        image = image.convert("RGB")
    factor = math.ceil(math.sqrt(image.width * image.height / MAX_PIXELS))
    if factor > 1:
        # Of whole pixels: what is made of it later differs by less than a grey level or two.
        image = image.reduce(factor)
    return np.array(image, np.uint8)


def _on_paper(image: Image, paper: float) -> Image:
    from PIL import Image as images  # noqa: N813 - the module; the class is for types alone

    rgba = image.convert("RGBA")
    grey = round(255 * paper)
    ground = images.new("RGBA", rgba.size, (grey, grey, grey, 255))
    return images.alpha_composite(ground, rgba).convert("RGB")


def _from_lab(image: Image) -> Image:
    """Convert from CIE L*a*b*, for which Pillow's own `convert` has no way."""
    from PIL import ImageCms

    profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(*profiles, "LAB", "RGB")
    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None
    return converted
