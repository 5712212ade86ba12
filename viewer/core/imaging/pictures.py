"""Opening picture files that nobody has checked: every format, and every kind of damage."""

from __future__ import annotations

import warnings
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from viewer.core.errors import UserError
from viewer.core.imaging.picture_colors import MAX_SIDE_PX, colors_of
from viewer.core.records import FloatArray, Picture, Transparency

if TYPE_CHECKING:
    from PIL.Image import Image

# Formats whose decoders are built into Pillow: no external program is ever started, as the
# one for EPS would be.
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "AVIF")
_NAMES = "PNG, JPEG, GIF, BMP, WebP or TIFF"
_MAX_FILE_BYTES = 100_000_000
# Decoded, 100 Mpx take up to 400 MB; larger than any phone's camera writes by default.
_MAX_PIXELS = 100_000_000
# Longest side of a picture at work: a digit of a tenth of a photo still has 100 pixels.
_WORKING_PX = 1024
_WIDE_MODES = ("I", "F")  # and the I;16 family: more than 8 bits a channel
_16_BIT_MAX = 65_535.0
# Ink brighter than this on a transparent ground was drawn for a dark page.
_BRIGHT = 0.5
# A picture with more opaque area than this brings its own paper.
_MOSTLY_OPAQUE = 0.6


def open_picture(path: Path) -> Picture:
    """Read a picture from a file.

    Parameters
    ----------
    path : pathlib.Path
        PNG, JPEG, GIF, BMP, WebP or TIFF; of an animation the first frame.

    Returns
    -------
    Picture
        Luminance at most 1024 pixels a side, and colours of at most 4 million pixels; upright,
        titled with the file's name.

    Raises
    ------
    UserError
        If the file is missing, unreadable, not a picture, damaged or too large.
    """
    try:
        if path.is_dir():
            raise UserError(f"{path} is a folder: choose a picture in it.")
        if not path.exists():
            raise UserError(f"{path} does not exist: check the name.")
        if not path.is_file():
            raise UserError(f"{path} is not an ordinary file: choose a picture.")
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise UserError(f"{path} is larger than 100 MB: save a smaller picture.")
        data = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"{path} can't be read ({reason}): check its permissions.") from None
    return replace(picture_from_bytes(data, path.name), path=str(path))


def picture_from_bytes(data: bytes, title: str) -> Picture:
    """Decode a picture from memory: pasted, dropped, or just read.

    Parameters
    ----------
    data : bytes
        A whole file.
    title : str
        What to call it, in the window and in messages.

    Returns
    -------
    Picture
        Luminance, at most 1024 pixels a side, upright; transparent parts are paper. With
        colours, unless the file can only hold greys.

    Raises
    ------
    UserError
        If it is not a picture, damaged, or too large.
    """
    if not data:
        raise UserError(f"{title} is empty: choose another picture.")
    # Pillow reports damage that it can get over as warnings; the picture is shown anyway.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image, whole_size = _decoded(data, title, _WORKING_PX)
        try:
            upright = _upright(image)
            turned = upright.size != image.size
            whole_size = whole_size[::-1] if turned else whole_size
            pixels, ground = _luminance(upright)
            if upright.size != whole_size and image.mode != "L":
                # The reduced size is what luminance is measured at; colours are wanted larger.
                upright = _upright(_decoded(data, title, MAX_SIDE_PX)[0])
            rgb, transparency = colors_of(upright, ground)
        except UserError:
            raise
        except Exception as error:  # noqa: BLE001  Pillow raises nearly anything on hostile files
            raise _damaged(title, error) from None
    return _picture(pixels, title, rgb, whole_size, transparency)


def picture_of_image(image: Image, title: str) -> Picture:
    """Return a picture that somebody else has decoded; it is not turned.

    Parameters
    ----------
    image : PIL.Image.Image
        Of any mode.
    title : str

    Raises
    ------
    UserError
        If it has no pixels, too many, or can't be read.
    """
    if min(image.size) < 1:
        raise UserError(f"{title} has no pixels: choose another picture.")
    if image.width * image.height > _MAX_PIXELS:
        raise _too_large(title)
    try:
        pixels, ground = _luminance(image)
        rgb, transparency = colors_of(image, ground)
    except Exception as error:  # noqa: BLE001  Pillow reads a file only now
        raise _damaged(title, error) from None
    return _picture(pixels, title, rgb, image.size, transparency)


def _picture(
    pixels: FloatArray,
    title: str,
    rgb: NDArray[np.uint8] | None,
    size: tuple[int, int],
    transparency: Transparency | None,
) -> Picture:
    luminance = np.ascontiguousarray(pixels, np.float32)
    return Picture(luminance, title, rgb=rgb, size=size, transparency=transparency)


def _decoded(data: bytes, title: str, side_px: int) -> tuple[Image, tuple[int, int]]:
    """Return the first frame, at least `side_px` or whole, and the size of the whole.

    What is too large is refused before it is decoded.
    """
    # Local: the pad starts without Pillow.
    from PIL import Image, UnidentifiedImageError

    try:
        Image.init()
        known = [name for name in _FORMATS if name in Image.OPEN]  # AVIF: not in every Pillow
        image = Image.open(BytesIO(data), formats=known)
    except UnidentifiedImageError:
        raise UserError(f"{title} is not a picture: choose a {_NAMES} file.") from None
    except Image.DecompressionBombError:
        raise _too_large(title) from None
    except Exception as error:  # noqa: BLE001  Pillow raises nearly anything on hostile files
        raise _damaged(title, error) from None
    width, height = image.size
    if width < 1 or height < 1:
        raise UserError(f"{title} has no pixels: choose another picture.")
    if width * height > _MAX_PIXELS:
        raise _too_large(title)
    try:
        # JPEG decodes straight to an eighth of its size; other formats ignore this.
        image.draft(image.mode, (side_px, side_px))
        image.load()
    except Exception as error:  # noqa: BLE001  Pillow raises nearly anything on hostile files
        raise _damaged(title, error) from None
    return image, (width, height)


def _too_large(title: str) -> UserError:
    return UserError(f"{title} has more than 100 million pixels: save a smaller picture.")


def _damaged(title: str, error: Exception) -> UserError:
    # Pillow has no error of its own for it; the sentences of its decoders mean nothing to most.
    what = "cut off" if "truncated" in str(error) or isinstance(error, EOFError) else "damaged"
    return UserError(f"{title} is {what}: save or copy it again.")


def _upright(image: Image) -> Image:
    """Turn a picture as its EXIF orientation says."""
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001  damaged EXIF is no reason to refuse the picture
        return image


def _luminance(image: Image) -> tuple[FloatArray, float]:
    """Return (H, W) float32 in [0, 1], at most the working size, and what is behind it.

    The latter is what the colours of transparent parts are laid on, 0 or 1.
    """
    if image.mode in _WIDE_MODES or image.mode.startswith("I;16"):
        return _reduced(_wide_luminance(image)), 1.0
    if image.mode in ("LA", "PA", "La", "RGBA", "RGBa") or "transparency" in image.info:
        return _composited(image)
    if image.mode == "LAB":
        return _reduced(np.asarray(image.getchannel("L"), np.float32) / 255), 1.0
    if image.mode in ("CMYK", "HSV"):
        image = image.convert("RGB")
    return _reduced(np.asarray(image.convert("L"), np.float32) / 255), 1.0


def _wide_luminance(image: Image) -> FloatArray:
    """Scale integers of 16 or 32 bits, or floats of any range, to [0, 1]."""
    values = np.asarray(image).astype(np.float64)
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    if image.mode.startswith("I;16"):
        return (values / _16_BIT_MAX).astype(np.float32)
    low, high = min(float(values.min()), 0.0), float(values.max())
    if image.mode == "I" and low == 0.0 and high <= _16_BIT_MAX:
        high = _16_BIT_MAX
    elif image.mode == "F" and low == 0.0 and high <= 1.0:
        high = 1.0
    return ((values - low) / (high - low)).astype(np.float32)


def _composited(image: Image) -> tuple[FloatArray, float]:
    """Lay a picture with transparent parts on the paper that suits its ink."""
    rgba = image.convert("RGBA")
    alpha = np.asarray(rgba.getchannel("A"), np.float32) / 255
    # Through RGB: PIL's L of an RGBA picture is the colour beneath, whatever its alpha.
    colour = np.asarray(rgba.convert("RGB").convert("L"), np.float32) / 255
    ground = _ground_for(colour, alpha)
    opaque = alpha > _BRIGHT
    # Where there is more picture than ink, what is to be found lies on the picture's own paper.
    paper = float(np.median(colour[opaque])) if opaque.mean() > _MOSTLY_OPAQUE else ground
    return _reduced((colour * alpha + paper * (1 - alpha)).astype(np.float32)), ground


def _ground_for(colour: NDArray[np.floating], alpha: NDArray[np.floating]) -> float:
    """Return the luminance that a person sees behind a picture: white's, or black's.

    Black is for bright ink alone, which white would hide.
    """
    if (alpha > _BRIGHT).mean() > _MOSTLY_OPAQUE:
        return 1.0
    covered = float(alpha.sum())
    ink = float((colour * alpha).sum()) / covered if covered else 0.0
    return 0.0 if ink > _BRIGHT else 1.0


def _reduced(pixels: NDArray[np.floating]) -> FloatArray:
    """Return a picture of at most the working size, averaged over areas."""
    from PIL import Image

    height, width = pixels.shape
    factor = max(height, width) / _WORKING_PX
    if factor <= 1:
        return pixels.astype(np.float32)
    size = (max(1, round(width / factor)), max(1, round(height / factor)))
    small = Image.fromarray(pixels.astype(np.float32)).resize(size, Image.Resampling.BOX)
    return np.clip(np.asarray(small, np.float32), 0, 1)
