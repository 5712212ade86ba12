from __future__ import annotations

import os
import struct
import warnings
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.unit.imaging.drawn import encoded
from viewer.core.errors import UserError
from viewer.core.imaging.pictures import open_picture, picture_from_bytes


def gradient(height: int = 20, width: int = 30) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.linspace(0, 255, height * width).reshape(height, width).astype(np.uint8)


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def png_of_size(width: int, height: int) -> bytes:
    """Return a PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("form", ["PNG", "BMP", "GIF", "TIFF", "PPM"])
def test_lossless_formats_give_the_pixels_of_the_file(form: str) -> None:
    picture = picture_from_bytes(saved(Image.fromarray(gradient()), form), "a")
    assert picture.pixels.dtype == np.float32
    assert picture.title == "a"
    assert not picture.prepared
    assert np.allclose(picture.pixels, gradient() / 255)


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_lossy_formats_nearly_do(form: str) -> None:
    picture = picture_from_bytes(saved(Image.fromarray(gradient()), form, quality=95), "a")
    assert np.allclose(picture.pixels, gradient() / 255, atol=0.03)


def test_sixteen_bits_keep_their_range() -> None:
    deep = np.array([[0, 32768], [65535, 256]], np.uint16)
    picture = picture_from_bytes(saved(Image.fromarray(deep), "PNG"), "a")
    assert np.allclose(picture.pixels, deep / 65535, atol=1e-6)


def test_thirty_two_bits_and_floats_are_scaled() -> None:
    integers = np.array([[0, 1 << 20], [1 << 21, 0]], np.int32)
    assert picture_from_bytes(saved(Image.fromarray(integers), "TIFF"), "a").pixels.max() == 1
    floats = np.array([[-5.0, np.nan], [5.0, 0.0]], np.float32)
    pixels = picture_from_bytes(saved(Image.fromarray(floats), "TIFF"), "a").pixels
    assert np.allclose(pixels, [[0, 0.5], [1, 0.5]])


def test_colours_become_luminance() -> None:
    red = Image.new("RGB", (2, 2), (255, 0, 0))
    assert np.allclose(picture_from_bytes(saved(red, "PNG"), "a").pixels, 0.299, atol=0.005)
    cyan = Image.new("CMYK", (8, 8), (255, 0, 0, 0))
    expected = 0.587 + 0.114
    assert np.allclose(picture_from_bytes(saved(cyan, "TIFF"), "a").pixels, expected, atol=0.02)
    assert np.allclose(
        picture_from_bytes(saved(cyan, "JPEG", quality=95), "a").pixels, expected, atol=0.03
    )


def test_palette_and_one_bit() -> None:
    palette = Image.fromarray(gradient()).convert("P")
    assert np.allclose(picture_from_bytes(saved(palette, "PNG"), "a").pixels, gradient() / 255)
    bits = Image.fromarray(gradient()).point(lambda v: 255 * (v > 127)).convert("1")
    assert set(np.unique(picture_from_bytes(saved(bits, "PNG"), "a").pixels)) == {0, 1}


@pytest.mark.parametrize(("ink", "paper"), [(0, 1.0), (255, 0.0)])
def test_transparent_paper_is_the_opposite_of_the_ink(ink: int, paper: float) -> None:
    rgba = np.zeros((20, 20, 4), np.uint8)
    rgba[8:12, 8:12] = (ink, ink, ink, 255)
    pixels = picture_from_bytes(saved(Image.fromarray(rgba), "PNG"), "a").pixels
    assert pixels[0, 0] == paper
    assert pixels[10, 10] == ink / 255


def test_half_transparent_ink_is_mixed_with_the_paper() -> None:
    grey_alpha = np.zeros((10, 10, 2), np.uint8)
    grey_alpha[4, 4] = (0, 128)
    pixels = picture_from_bytes(saved(Image.fromarray(grey_alpha), "PNG"), "a").pixels
    assert pixels[4, 4] == pytest.approx(1 - 128 / 255, abs=0.01)


def test_transparent_corners_of_a_photo_get_its_own_paper() -> None:
    rgba = np.full((20, 20, 4), 200, np.uint8)
    rgba[..., 3] = 255
    rgba[8:12, 8:12, :3] = 10
    rgba[:3, :3] = 0
    pixels = picture_from_bytes(saved(Image.fromarray(rgba), "PNG"), "a").pixels
    assert pixels[0, 0] == pytest.approx(200 / 255)


def test_a_transparent_palette_entry_is_paper() -> None:
    image = Image.fromarray(np.array([[0, 1]], np.uint8)).convert("P")
    data = saved(image, "PNG", transparency=0)
    assert picture_from_bytes(data, "a").pixels.shape == (1, 2)


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [
        (1, lambda a: a),
        (2, np.fliplr),
        (3, lambda a: np.rot90(a, 2)),
        (4, np.flipud),
        (5, np.transpose),
        (6, lambda a: np.rot90(a, -1)),
        (7, lambda a: np.rot90(a, 2).T),
        (8, np.rot90),
    ],
)
def test_exif_orientation(orientation: int, turn: Callable[[Any], Any]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(Image.fromarray(gradient()), "JPEG", quality=95, exif=exif)
    picture = picture_from_bytes(data, "a")
    assert np.allclose(picture.pixels, turn(gradient() / 255), atol=0.03)
    assert picture.size == picture.pixels.shape[::-1]


def test_a_huge_photo_lying_on_its_side_has_the_size_it_is_seen_in() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = saved(Image.new("RGB", (4000, 3000), "red"), "JPEG", exif=exif)
    picture = picture_from_bytes(data, "a")
    assert picture.size == (3000, 4000)
    assert picture.rgb is not None and picture.rgb.shape == (2000, 1500, 3)


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
def test_an_animation_shows_its_first_frame(form: str) -> None:
    frames = [Image.new("L", (9, 9), level).convert("RGB") for level in (200, 20, 90)]
    buffer = BytesIO()
    frames[0].save(buffer, form, save_all=True, append_images=frames[1:])
    pixels = picture_from_bytes(buffer.getvalue(), "a").pixels
    assert np.allclose(pixels, 200 / 255, atol=0.02)


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_a_huge_photo_is_reduced(form: str) -> None:
    pixels = np.zeros((2000, 4000), np.uint8)
    pixels[:, 2000:] = 200
    picture = picture_from_bytes(saved(Image.fromarray(pixels), form), "a")
    assert picture.pixels.shape == (512, 1024)
    assert picture.size == (4000, 2000)
    assert picture.pixels[0, 0] == pytest.approx(0, abs=0.02)
    assert picture.pixels[-1, -1] == pytest.approx(200 / 255, abs=0.02)


def test_a_long_thin_picture_keeps_a_row() -> None:
    picture = picture_from_bytes(saved(Image.new("L", (5000, 1), 9), "PNG"), "a")
    assert picture.pixels.shape == (1, 1024)


WHOLE_JPEG = encoded(np.random.default_rng(0).random((64, 64)).astype(np.float32), "JPEG")
WHOLE_PNG = encoded(np.random.default_rng(0).random((64, 64)).astype(np.float32), "PNG")
BAD = {
    "empty": b"",
    "text": b"this is no picture",
    "html": b"<!doctype html><html></html>",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "pdf": b"%PDF-1.4\n%%EOF",
    "eps, which starts a program": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "zeros": bytes(1000),
    "noise": np.random.default_rng(0).bytes(5000),
    "png signature alone": b"\x89PNG\r\n\x1a\n",
    "png cut in the header": WHOLE_PNG[:20],
    "png cut in the pixels": WHOLE_PNG[: len(WHOLE_PNG) // 2],
    "png with a flipped bit": WHOLE_PNG[:300] + bytes([WHOLE_PNG[300] ^ 255]) + WHOLE_PNG[301:],
    "png without pixels": png_of_size(20, 20),
    "png of zero width": png_of_size(0, 5),
    "png bomb": png_of_size(60_000, 60_000),
    "png just above the limit": png_of_size(10_001, 10_000),
    "png of absurd size": png_of_size(2**31 - 1, 2**31 - 1),
    "jpeg cut in the header": WHOLE_JPEG[:30],
    "jpeg cut in the pixels": WHOLE_JPEG[: len(WHOLE_JPEG) // 2],
    "gif header alone": b"GIF89a\x05\x00\x05\x00",
    "bmp cut": saved(Image.fromarray(gradient()), "BMP")[:80],
    "tiff cut": saved(Image.fromarray(gradient()), "TIFF")[:60],
    "tiff header alone": b"II*\x00\x08\x00\x00\x00",
    "webp cut": saved(Image.fromarray(gradient()), "WEBP")[:40],
    "webp header alone": b"RIFF\x10\x00\x00\x00WEBPVP8 ",
    "ppm with words": b"P6 nine nine 255 ",
    "mp4": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_what_is_no_picture_is_refused_in_one_sentence(data: bytes) -> None:
    with pytest.raises(UserError) as caught:
        picture_from_bytes(data, "photo.jpg")
    message = str(caught.value)
    assert message.startswith("photo.jpg ")
    assert message.endswith(".")
    assert "\n" not in message
    assert len(message) < 200
    assert "(" not in message  # the sentences of the library mean nothing to most


@pytest.mark.parametrize("whole", [WHOLE_PNG, WHOLE_JPEG], ids=["png", "jpeg"])
def test_a_picture_that_is_cut_off_is_called_so(whole: bytes) -> None:
    with pytest.raises(UserError) as caught:
        picture_from_bytes(whole[: len(whole) // 2], "photo")
    assert str(caught.value) == "photo is cut off: save or copy it again."


def test_a_bomb_is_refused_by_its_header_alone() -> None:
    with pytest.raises(UserError, match="100 million pixels"):
        picture_from_bytes(png_of_size(60_000, 60_000), "a")


def test_pillows_own_limit_is_left_as_it_was() -> None:
    before = Image.MAX_IMAGE_PIXELS
    picture_from_bytes(WHOLE_PNG, "a")
    assert before == Image.MAX_IMAGE_PIXELS


def test_pillows_warnings_do_not_leak() -> None:
    filters = list(warnings.filters)
    # 95 Mpx: Pillow warns of a bomb here (tests turn warnings into errors), we allow it.
    with pytest.raises(UserError, match="cut off"):
        picture_from_bytes(png_of_size(9_500, 10_000), "a")
    assert warnings.filters == filters


def test_damaged_exif_does_not_matter() -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(20)
    data = saved(Image.fromarray(gradient()), "JPEG", exif=exif, quality=95)
    assert np.allclose(picture_from_bytes(data, "a").pixels, gradient() / 255, atol=0.03)


def test_files_by_path(tmp_path: Path) -> None:
    good = tmp_path / "sieben ⁷.png"
    good.write_bytes(WHOLE_PNG)
    assert open_picture(good).title == "sieben ⁷.png"
    misnamed = tmp_path / "photo.txt"
    misnamed.write_bytes(WHOLE_JPEG)
    assert open_picture(misnamed).pixels.shape == (64, 64)


def test_paths_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder"):
        open_picture(tmp_path)
    with pytest.raises(UserError, match="does not exist"):
        open_picture(tmp_path / "none.png")
    with pytest.raises(UserError, match=r"."):
        open_picture(tmp_path / "a\0b.png")
    with pytest.raises(UserError, match=r"."):
        open_picture(tmp_path / ("x" * 5000))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(UserError, match="not an ordinary file"):
        open_picture(tmp_path / "pipe.png")


def test_an_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(WHOLE_PNG)

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    # Not by its mode: the tests may run as root, who may read everything.
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(UserError, match="Permission denied"):
        open_picture(path)


def test_a_file_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.truncate(100_000_001)
    with pytest.raises(UserError, match="larger than 100 MB"):
        open_picture(path)
