"""The preview of a form: the pixels that the network would be given, as a picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from viewer.core.errors import UserError
from viewer.core.imaging.prepared_picture import prepared_picture
from viewer.core.nets.profile import Profile
from viewer.core.records import Drawing, Fit, Picture, Preparation


def photograph() -> Picture:
    rgb = np.zeros((40, 60, 3), np.uint8)
    rgb[:, :30, 0], rgb[:, 30:, 2] = 255, 255  # red on the left, blue on the right
    return Picture(rgb.mean(axis=2).astype(np.float32) / 255, "photograph", rgb=rgb)


def profile(*shape: int, fit: Fit = Fit.STRETCH, digit: bool = False) -> Profile:
    channels, height, width = shape
    return Profile(
        input_shape=(channels, height, width), preparation=Preparation(digit=digit, fit=fit)
    )


def test_colours_are_those_of_the_picture() -> None:
    picture, text = prepared_picture(photograph(), profile(3, 20, 30))
    assert picture.shape == (20, 30, 3) and picture.dtype == np.uint8
    assert picture[10, 2].tolist() == [255, 0, 0] and picture[10, 27].tolist() == [0, 0, 255]
    assert text == "30 × 20 px, from 60 × 40"
    whole = replace(photograph(), size=(4000, 3000))
    assert prepared_picture(whole, profile(3, 20, 30))[1] == "30 × 20 px, from 4,000 × 3,000"


def test_a_grey_network_sees_grey() -> None:
    picture, _ = prepared_picture(photograph(), profile(1, 20, 30))
    # 0.299 of red, 0.114 of blue
    assert picture[10, 2].tolist() == [76, 76, 76] and picture[10, 27].tolist() == [29, 29, 29]


def test_a_picture_keeps_its_size_where_that_is_asked_for() -> None:
    picture, _ = prepared_picture(photograph(), profile(3, 8, 8, fit=Fit.NATIVE))
    assert picture.shape == (40, 60, 3)


def test_a_digit_is_a_square() -> None:
    picture, text = prepared_picture(Drawing(), profile(1, 28, 28, digit=True))
    assert picture.shape == (28, 28, 3) and not picture.any() and text == "28 × 28 px"
    with pytest.raises(UserError, match="prepared as squares"):
        prepared_picture(Drawing(), profile(1, 28, 36, digit=True))
