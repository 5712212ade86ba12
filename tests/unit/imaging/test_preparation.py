"""What image networks see equals what torchvision's transforms make of the same PIL image."""

from __future__ import annotations

import warnings
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms  # type: ignore[import-untyped]  # it has no types
from torchvision.transforms import (  # type: ignore[import-untyped]  # it has no types
    InterpolationMode,
)

from viewer.core.errors import UserError
from viewer.core.imaging.digit import digit
from viewer.core.imaging.pictures import open_picture, picture_from_bytes
from viewer.core.imaging.preparation import normalisation, prepare
from viewer.core.imaging.preparation_plan import NATIVE_PIXELS
from viewer.core.imaging.preparation_steps import steps, switched
from viewer.core.records import Drawing, Fit, Legibility, Picture, Preparation, Step, Stroke

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CROP = Preparation(digit=False, resize=256)
LEVEL = 1 / 255
SHAPE = (3, 224, 224)


def colored(width: int, height: int, seed: int = 0) -> Image.Image:
    """Return a picture with edges, gradients and noise, all channels different."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    red = 127 + 120 * np.sin(x / 7 + y / 31)
    green = 255 * x / max(width - 1, 1)
    blue = 255.0 * ((x // 9 + y // 5) % 2)
    noise = rng.normal(0, 12, (height, width, 3))
    pixels = np.stack([red, green, blue], axis=2) + noise
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def saved(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def torchvision_of(
    image: Image.Image,
    resize: int,
    size: int,
    how: InterpolationMode = InterpolationMode.BILINEAR,
) -> np.ndarray[Any, Any]:
    chain = transforms.Compose(
        [
            transforms.Resize(resize, how, antialias=True),
            transforms.CenterCrop(size),
            transforms.ToTensor(),
            transforms.Normalize(MEAN, STD),
        ]
    )
    result: torch.Tensor = chain(image.convert("RGB"))
    return result.numpy()


def ours(picture: Picture, shape: tuple[int, int, int], preparation: Preparation) -> Any:
    mean, std = normalisation(preparation, MEAN, STD)
    pixels = prepare(picture, shape, preparation, mean=MEAN).pixels
    return (pixels - np.array(mean, np.float32)[:, None, None]) / np.array(std, np.float32)[
        :, None, None
    ]


@pytest.mark.parametrize(
    ("width", "height"),
    [(1, 1), (3, 2), (224, 224), (256, 256), (500, 375), (375, 500), (777, 1023), (1024, 64)],
)
@pytest.mark.parametrize(("resize", "size"), [(256, 224), (232, 224), (342, 299), (64, 64)])
def test_any_size_equals_torchvision(width: int, height: int, resize: int, size: int) -> None:
    image = colored(width, height)
    found = ours(
        picture_from_bytes(saved(image), "a"),
        (3, size, size),
        Preparation(digit=False, resize=resize),
    )
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, torchvision_of(image, resize, size), atol=1e-6)


@pytest.mark.parametrize("name", ["nearest", "bilinear", "bicubic"])
def test_interpolations_equal_torchvision(name: str) -> None:
    image = colored(611, 409)
    preparation = Preparation(digit=False, resize=256, interpolation=name)
    found = ours(picture_from_bytes(saved(image), "a"), SHAPE, preparation)
    expected = torchvision_of(image, 256, 224, InterpolationMode(name))
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_strip_is_cut_out_without_computing_all_of_it() -> None:
    image = colored(5000, 10)
    found = prepare(picture_from_bytes(saved(image), "a"), SHAPE, CROP).pixels
    expected = transforms.Compose(
        [transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor()]
    )(image)
    np.testing.assert_allclose(found, expected.numpy(), atol=LEVEL + 1e-6)


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1", "YCbCr"])
def test_modes_equal_torchvision_on_what_pillow_converts(mode: str) -> None:
    image = colored(300, 260).convert(mode)
    data = saved(image, "JPEG" if mode in ("CMYK", "YCbCr") else "PNG")
    decoded = Image.open(BytesIO(data))
    found = ours(picture_from_bytes(data, "a"), SHAPE, CROP)
    np.testing.assert_allclose(found, torchvision_of(decoded, 256, 224), atol=1e-6)


def transparent(part: float, mode: str = "RGBA", ink: int | None = None) -> Image.Image:
    """Return an image of which the given part of the width is opaque, with half-opaque edges."""
    image = colored(300, 260) if ink is None else Image.new("RGB", (300, 260), (ink,) * 3)
    alpha = np.zeros((260, 300), np.uint8)
    alpha[:, : int(300 * part)] = 255
    alpha[:9] //= 2
    image = image.convert(mode)
    image.putalpha(Image.fromarray(alpha))
    return image


def laid_on(level: int, image: Image.Image) -> Image.Image:
    flat = Image.new("RGBA", image.size, (level, level, level, 255))
    flat.alpha_composite(image.convert("RGBA"))
    return flat


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("part", [0.3, 0.9])
def test_transparent_parts_are_white(mode: str, part: float) -> None:
    image = transparent(part, mode, ink=40) if part < 0.5 else transparent(part, mode)
    found = ours(picture_from_bytes(saved(image), "a"), SHAPE, CROP)
    np.testing.assert_allclose(found, torchvision_of(laid_on(255, image), 256, 224), atol=1e-6)


def test_what_white_would_hide_lies_on_black() -> None:
    image = transparent(0.3, ink=250)
    picture = picture_from_bytes(saved(image), "a")
    found = ours(picture, SHAPE, CROP)
    np.testing.assert_allclose(found, torchvision_of(laid_on(0, image), 256, 224), atol=1e-6)
    (step, *_) = steps(picture, SHAPE, CROP)
    assert step.description == "Laid on black, for white would hide it."


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_without_that_step_they_are_what_pillow_converts_to(mode: str) -> None:
    """As in torchvision's own folders of images: ``convert("RGB")``."""
    image = transparent(0.9, mode)
    picture = picture_from_bytes(saved(image), "a")
    (step, *others) = steps(picture, SHAPE, CROP)
    assert (step.step, step.title, step.done) == (Step.TRANSPARENCY, "Transparency", True)
    assert step.description == "Laid on white."
    assert step.step not in [other.step for other in others]
    off = step.otherwise
    assert off is not None and switched(off, Step.TRANSPARENCY) == CROP
    found = ours(picture, SHAPE, off)
    np.testing.assert_allclose(found, torchvision_of(image, 256, 224), atol=1e-6)
    (told, *_) = steps(picture, SHAPE, off)
    assert not told.done and told.description.startswith("Off: the colours that the file has")


@pytest.mark.parametrize("image", [colored(30, 20), colored(30, 20).convert("RGBA")])
def test_an_opaque_picture_has_no_such_step(image: Image.Image) -> None:
    picture = picture_from_bytes(saved(image), "a")
    assert picture.transparency is None
    found = [result.step for result in steps(picture, SHAPE, CROP)]
    assert found and Step.TRANSPARENCY not in found


def test_a_palette_with_a_transparent_colour_has_the_step() -> None:
    image = colored(30, 20).quantize(8)
    data = saved(image, transparency=image.getpixel((0, 0)))
    picture = picture_from_bytes(data, "a")
    assert picture.transparency is not None
    np.testing.assert_array_equal(
        picture.transparency.beneath, np.asarray(Image.open(BytesIO(data)).convert("RGB"))
    )


def test_sixteen_bits_are_scaled_not_cut() -> None:
    deep = np.linspace(0, 65535, 300 * 300).reshape(300, 300).astype(np.uint16)
    picture = picture_from_bytes(saved(Image.fromarray(deep)), "a")
    assert picture.rgb is None
    eight = Image.fromarray(np.rint(deep / 65535 * 255).astype(np.uint8))
    found = prepare(picture, SHAPE, CROP).pixels
    expected = torchvision_of(eight, 256, 224) * np.array(STD)[:, None, None]
    expected += np.array(MEAN)[:, None, None]
    np.testing.assert_allclose(found, expected, atol=LEVEL)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_stand_as_exif_says(orientation: int) -> None:
    image = colored(300, 200)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(image, "PNG", exif=exif)
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(Image.open(BytesIO(data)))
    picture = picture_from_bytes(data, "a")
    assert picture.rgb is not None
    assert picture.rgb.shape[:2] == picture.pixels.shape == (upright.height, upright.width)
    np.testing.assert_allclose(
        ours(picture, SHAPE, CROP), torchvision_of(upright, 256, 224), atol=1e-6
    )


def test_a_photo_of_12_megapixels_differs_by_a_level_or_two_at_most() -> None:
    image = colored(4000, 3000).resize((4032, 3024), Image.Resampling.BICUBIC)
    data = saved(image, "JPEG", quality=92)
    picture = picture_from_bytes(data, "a")
    assert picture.rgb is not None
    assert picture.rgb.shape == (1512, 2016, 3)
    assert max(picture.pixels.shape) == 1024
    found = prepare(picture, SHAPE, CROP).pixels
    whole = transforms.Compose(
        [transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor()]
    )(Image.open(BytesIO(data)))
    assert np.abs(found - whole.numpy()).max() <= 2 * LEVEL + 1e-6


def test_grey_networks_get_the_grey_of_torchvision() -> None:
    image = colored(300, 200)
    found = prepare(picture_from_bytes(saved(image), "a"), (1, 64, 64), CROP).pixels
    chain = transforms.Compose(
        [
            transforms.Grayscale(),
            transforms.Resize(256),
            transforms.CenterCrop(64),
            transforms.ToTensor(),
        ]
    )
    np.testing.assert_array_equal(found, chain(image).numpy())


def test_stretching_and_switching_the_crop_off_are_torchvisions_fixed_size() -> None:
    image = colored(300, 200)
    picture = picture_from_bytes(saved(image), "a")
    expected = transforms.Compose([transforms.Resize((96, 224)), transforms.ToTensor()])(image)
    for preparation in (
        Preparation(digit=False, fit=Fit.STRETCH),
        Preparation(digit=False, resize=256, off=frozenset({Step.CROP})),
    ):
        found = prepare(picture, (3, 96, 224), preparation).pixels
        np.testing.assert_array_equal(found, expected.numpy())


@pytest.mark.parametrize(("width", "height"), [(300, 400), (100, 400), (50, 51)])
def test_without_resizing_the_middle_is_cut_out_as_torchvision_does(
    width: int, height: int
) -> None:
    image = colored(width, height)
    preparation = Preparation(digit=False, off=frozenset({Step.RESIZE}))
    found = prepare(picture_from_bytes(saved(image), "a"), SHAPE, preparation).pixels
    expected = transforms.Compose([transforms.CenterCrop(224), transforms.ToTensor()])(image)
    np.testing.assert_array_equal(found, expected.numpy())


def test_padding_keeps_all_of_the_picture_on_the_networks_mean() -> None:
    image = colored(400, 200)
    preparation = Preparation(digit=False, fit=Fit.PAD)
    found = prepare(picture_from_bytes(saved(image), "a"), SHAPE, preparation, mean=MEAN).pixels
    inner = transforms.Compose([transforms.Resize((112, 224)), transforms.ToTensor()])(image)
    np.testing.assert_array_equal(found[:, 56:168], inner.numpy())
    for channel, mean in enumerate(MEAN):
        assert (found[channel, :56] == np.float32(mean)).all()
        assert (found[channel, 168:] == np.float32(mean)).all()
    normalised = ours(picture_from_bytes(saved(image), "a"), SHAPE, preparation)
    assert (normalised[:, :56] == 0).all()


def test_native_size_is_the_picture_itself() -> None:
    image = colored(301, 203)
    picture = picture_from_bytes(saved(image), "a")
    exact = np.asarray(image, np.float32).transpose(2, 0, 1) / 255
    both_off = frozenset({Step.RESIZE, Step.CROP})
    for preparation in (
        Preparation(digit=False, fit=Fit.NATIVE),
        Preparation(digit=False, off=both_off),
        Preparation(digit=False, fit=Fit.PAD, off=both_off),
    ):
        found = prepare(picture, SHAPE, preparation).pixels
        np.testing.assert_array_equal(found, exact)


def test_native_size_has_a_limit() -> None:
    picture = Picture(np.zeros((10, 10), np.float32), "a", rgb=np.zeros((1500, 2500, 3), np.uint8))
    found = prepare(picture, SHAPE, Preparation(digit=False, fit=Fit.NATIVE)).pixels
    _, height, width = found.shape
    assert 0.99 * NATIVE_PIXELS < height * width <= NATIVE_PIXELS
    assert width / height == pytest.approx(2500 / 1500, rel=0.01)


def test_inverting_turns_light_and_dark_unless_it_is_off() -> None:
    picture = picture_from_bytes(saved(colored(300, 200)), "a")
    plain = prepare(picture, SHAPE, CROP).pixels
    inverted = prepare(picture, SHAPE, Preparation(digit=False, resize=256, invert=True)).pixels
    np.testing.assert_allclose(inverted, 1 - plain, atol=LEVEL + 1e-6)
    off = Preparation(digit=False, resize=256, invert=True, off=frozenset({Step.INVERT}))
    np.testing.assert_array_equal(prepare(picture, SHAPE, off).pixels, plain)


def test_normalising_can_be_off() -> None:
    assert normalisation(CROP, MEAN, STD) == (MEAN, STD)
    off = switched(CROP, Step.NORMALISE)
    assert normalisation(off, MEAN, STD) == ((0, 0, 0), (1, 1, 1))
    assert switched(off, Step.NORMALISE) == CROP


def test_a_digit_goes_the_way_of_digits_bit_for_bit() -> None:
    points = np.array([[60, 40], [140, 230], [220, 40]], np.float32)
    drawing = Drawing((Stroke(points),), canvas=(280, 280))
    picture = picture_from_bytes(saved(Image.fromarray(np.eye(60, dtype=np.uint8) * 255)), "a")
    for source in (drawing, picture, Drawing()):
        for raw in (False, True):
            found = prepare(source, (1, 28, 28), Preparation(), raw=raw)
            expected = digit(source, size=28, raw=raw)
            assert found.legibility is expected.legibility
            np.testing.assert_array_equal(found.pixels, expected.pixels)
    with pytest.raises(UserError, match="squares"):
        prepare(drawing, (1, 28, 30), Preparation())


def test_a_drawing_is_dark_ink_on_white_paper() -> None:
    points = np.array([[28, 140], [252, 140]], np.float32)
    drawing = Drawing((Stroke(points, width_px=28),), canvas=(280, 280))
    found = prepare(drawing, SHAPE, Preparation(digit=False))
    assert found.legibility is Legibility.OK
    assert found.pixels.shape == SHAPE
    np.testing.assert_array_equal(found.pixels[0], found.pixels[2])
    assert found.pixels[0, 112, 112] == 0
    assert found.pixels[0, 40, 112] == 1
    ink = (found.pixels[0] < 0.5).sum() / found.pixels[0].size
    assert ink == pytest.approx((0.8 + np.pi / 4 * 0.1) * 0.1, rel=0.03)
    assert prepare(Drawing(), SHAPE, CROP).legibility is Legibility.BLANK


def test_drawn_test_images_are_dark_on_white_too() -> None:
    ink = np.zeros((28, 28), np.float32)
    ink[10:18, 10:18] = 1
    drawn = Picture(ink, "MNIST test 1", prepared=True)
    found = prepare(drawn, SHAPE, Preparation(digit=False)).pixels
    assert found[0, 112, 112] == 0
    assert found[0, 0, 0] == 1


@pytest.mark.parametrize("channels", [2, 4])
def test_networks_of_other_channels_are_refused(channels: int) -> None:
    picture = picture_from_bytes(saved(colored(30, 20)), "a")
    with pytest.raises(UserError, match=f"{channels} channels"):
        prepare(picture, (channels, 64, 64), CROP)


def test_unknown_interpolations_are_refused() -> None:
    picture = picture_from_bytes(saved(colored(30, 20)), "a")
    with pytest.raises(UserError, match="bilinear"):
        prepare(picture, SHAPE, Preparation(digit=False, interpolation="magic"))


def test_grey_files_have_no_colours_and_luminance_is_as_before(tmp_path: Path) -> None:
    image = colored(300, 200)
    path = tmp_path / "a.png"
    image.save(path)
    picture = open_picture(path)
    assert picture.path == str(path)
    assert picture.rgb is not None
    np.testing.assert_array_equal(picture.rgb, np.asarray(image))
    np.testing.assert_array_equal(picture.pixels, np.asarray(image.convert("L"), np.float32) / 255)
    grey = picture_from_bytes(saved(image.convert("LA")), "a")
    assert grey.rgb is None


def test_lab_pictures_keep_their_colours() -> None:
    lab = np.full((20, 20, 3), (60, 40, -50), np.int16).astype(np.uint8)
    lab[..., 0] = 150
    picture = picture_from_bytes(saved(Image.fromarray(lab, "LAB"), "TIFF"), "a")
    assert picture.rgb is not None
    red, green, blue = picture.rgb[5, 5].tolist()
    assert blue > red > green  # violet


class TestSteps:
    picture = Picture(np.zeros((10, 10), np.float32), "a", rgb=np.asarray(colored(2000, 1333)))

    def told(self, preparation: Preparation, shape: tuple[int, int, int] = SHAPE) -> dict[str, str]:
        found = steps(self.picture, shape, preparation, mean=MEAN[: shape[0]], std=STD[: shape[0]])
        return {result.title: result.description for result in found}

    def test_the_usual_chain_in_words(self) -> None:
        told = self.told(CROP)
        assert list(told) == ["Invert", "Resize", "Crop", "Normalise"]
        assert told["Resize"] == "Shorter side from 1,333 to 256 px, bilinear."
        assert told["Crop"] == "The middle 224 × 224 px of 384 × 256."
        assert told["Normalise"].startswith("Levels over 255, minus 0.485, 0.456, 0.406, over 0.2")

    def test_a_file_that_was_read_smaller_has_its_own_size(self) -> None:
        picture = replace(self.picture, size=(6000, 3999))

        def told(preparation: Preparation) -> str:
            return steps(picture, SHAPE, preparation)[1].description

        assert told(CROP) == "Shorter side from 3,999 by way of 1,333 to 256 px, bilinear."
        assert told(replace(CROP, fit=Fit.PAD)).startswith("Longer side from 6,000 by way of 2,000")
        stretched = told(replace(CROP, fit=Fit.STRETCH))
        assert stretched.startswith("From 6,000 × 3,999 by way of 2,000 × 1,333 to 224 × 224 px")
        off = told(switched(CROP, Step.RESIZE))
        assert off == "Off: its 6,000 × 3,999 px are reduced to 2,000 × 1,333 all the same."

    def test_grey_networks_say_how_grey_is_made(self) -> None:
        assert "0.587 green" in self.told(CROP, (1, 64, 64))["Grey"]

    def test_steps_off_say_what_is_done_instead(self) -> None:
        off = {step: self.told(switched(CROP, step)) for step in Step}
        assert off[Step.RESIZE]["Resize"] == "Off: the picture keeps its 2,000 × 1,333 px."
        assert off[Step.RESIZE]["Crop"] == "The middle 224 × 224 px of 2,000 × 1,333."
        assert "stretched to 224 × 224" in off[Step.CROP]["Crop"]
        assert off[Step.CROP]["Resize"].startswith("From 2,000 × 1,333 to 224 × 224 px")
        assert off[Step.INVERT]["Invert"] == "Dark and light change places."
        assert off[Step.NORMALISE]["Normalise"].startswith("Off:")

    def test_padding_and_native(self) -> None:
        pad = self.told(Preparation(digit=False, fit=Fit.PAD))
        assert pad["Resize"] == "Longer side from 2,000 to 224 px, bilinear."
        assert pad["Pad"] == "The network's mean around it, to 224 × 224 px."
        native = self.told(Preparation(digit=False, fit=Fit.NATIVE))
        assert list(native) == ["Invert", "Reduce", "Normalise"]

    def test_thumbnails_show_the_picture_after_each_step(self) -> None:
        by_step = {r.step: r for r in steps(self.picture, SHAPE, CROP, mean=MEAN, std=STD)}
        for result in by_step.values():
            assert result.picture.dtype == np.uint8
            assert max(result.picture.shape[:2]) <= 96
        assert by_step[Step.RESIZE].picture.shape == (64, 96, 3)
        assert by_step[Step.CROP].picture.shape == (96, 96, 3)

    def test_every_switch_leads_back(self) -> None:
        for result in steps(self.picture, SHAPE, CROP, mean=MEAN, std=STD):
            assert result.otherwise is not None
            assert switched(result.otherwise, result.step) == CROP
            assert result.done is (result.step is not Step.INVERT)

    def test_digits_have_no_steps(self) -> None:
        assert steps(self.picture, (1, 28, 28), Preparation()) == ()


def test_every_source_shape_and_switch_gives_what_the_network_takes() -> None:
    rng = np.random.default_rng(3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(200):
            height, width = (int(side) for side in rng.integers(1, 400, 2))
            field = rng.integers(1, 80, 2)
            shape = (int(rng.choice([1, 3])), int(field[0]), int(field[1]))
            off = frozenset(step for step in Step if rng.random() < 0.3)
            preparation = Preparation(
                digit=False,
                fit=rng.choice(list(Fit)),
                resize=int(rng.choice([0, 17, 90])),
                invert=bool(rng.random() < 0.5),
                off=off,
            )
            rgb = rng.integers(0, 256, (height, width, 3), np.uint8)
            picture = Picture(rgb[..., 0].astype(np.float32) / np.float32(255), "a", rgb=rgb)
            found = prepare(picture, shape, preparation, mean=MEAN[: shape[0]]).pixels
            assert found.dtype == np.float32
            assert found.shape[0] == shape[0]
            assert found.min() >= 0
            assert found.max() <= 1
            free = preparation.fit is Fit.NATIVE or (
                preparation.fit is not Fit.STRETCH and {Step.RESIZE, Step.CROP} <= off
            )
            assert found.shape[1:] == ((height, width) if free else shape[1:])
            told = steps(picture, shape, preparation, mean=MEAN, std=STD)
            assert all(result.description.endswith(".") for result in told)
