"""A picture file as a small square of bytes, for learning."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from viewer.core.data.dataset import ByteArray
from viewer.core.imaging.pictures import open_picture
from viewer.core.records import FloatArray

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_FILE_BYTES = 100_000_000
MAX_PIXELS = 100_000_000
_RGB_MODES = ("RGB", "RGBA", "P", "PA", "CMYK", "YCbCr", "LAB", "HSV")
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "AVIF")
# Channels of an image that differ by less are grey, whatever a camera's compression made of it.
_COLORED_LEVELS = 12
_LUMINANCE = (299, 587, 114)  # thousandths of red, green, blue: ITU-R BT.601, as Pillow has it
_AT_ONCE = 5_000  # images: what is worked on needs eight times their room


def read_square(path: Path, size: int, *, color: bool) -> ByteArray:
    """Read a picture, cut out the square in its middle, and scale that.

    Parameters
    ----------
    path : pathlib.Path
    size : int
        Side of the result in pixels.
    color : bool
        Whether to keep colours.

    Returns
    -------
    (S, S) or, with `color`, (S, S, 3) uint8
        S is `size`.

    Raises
    ------
    UserError
        If the file is unreadable, not a picture, damaged or too large.
    """
    image = _in_color(path) if color else None
    if image is not None:
        return np.asarray(_fitted(image, size), np.uint8)
    grey = np.rint(_fitted_grey(open_picture(path).pixels, size) * 255).astype(np.uint8)
    return np.repeat(grey[..., np.newaxis], 3, axis=2) if color else grey  # (S, S) or (S, S, 3)


def is_colored(pixels: ByteArray) -> bool:
    """Return whether any of some images, (N, S, S, 3), has a colour."""
    return any(
        bool((np.ptp(pixels[start : start + _AT_ONCE], axis=3) > _COLORED_LEVELS).any())
        for start in range(0, len(pixels), _AT_ONCE)
    )


def has_color(path: Path, size: int) -> bool:
    """Return whether `read_square` would find a colour in a picture; False for one it can't read.

    A file without colour channels is not decoded.
    """
    image = _in_color(path)
    return image is not None and is_colored(np.asarray(_fitted(image, size), np.uint8)[np.newaxis])


def to_grey(pixels: ByteArray) -> ByteArray:
    """Return the luminance, (N, S, S), of images, (N, S, S, 3)."""
    grey = np.empty(pixels.shape[:3], np.uint8)
    for start in range(0, len(pixels), _AT_ONCE):
        part = pixels[start : start + _AT_ONCE].astype(np.uint32)
        grey[start : start + _AT_ONCE] = (part @ np.array(_LUMINANCE, np.uint32) + 500) // 1000
    return grey


def _in_color(path: Path) -> Image | None:
    """Return a picture as RGB on white; None for one without colours, or that is no picture.

    What is wrong with a file is told by the reading of it in grey.
    """
    # Local: few data sets are folders of pictures.
    from PIL import Image, ImageOps

    with warnings.catch_warnings():  # Pillow's, on damage that it can get over
        warnings.simplefilter("ignore")
        try:
            # A pipe or a device could be waited for without end.
            if not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
                return None
            Image.init()
            known = [name for name in _FORMATS if name in Image.OPEN]
            with Image.open(path, formats=known) as file:
                if file.mode not in _RGB_MODES or file.width * file.height > MAX_PIXELS:
                    return None
                image = ImageOps.exif_transpose(file)
                if image.mode in ("RGBA", "PA") or "transparency" in image.info:
                    image = image.convert("RGBA")
                    paper = Image.new("RGBA", image.size, "white")
                    return Image.alpha_composite(paper, image).convert("RGB")
                return image.convert("RGB")
        except Exception:  # noqa: BLE001  Pillow raises nearly anything on hostile files
            return None


def _fitted(image: Image, size: int) -> Image:
    from PIL import Image, ImageOps

    return ImageOps.fit(image, (size, size), Image.Resampling.BILINEAR)


def _fitted_grey(pixels: FloatArray, size: int) -> FloatArray:
    from PIL import Image

    return np.clip(np.asarray(_fitted(Image.fromarray(pixels), size), np.float32), 0, 1)
