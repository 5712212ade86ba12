from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from viewer.core.errors import UserError
from viewer.core.imaging.color_scale import available, network_limits, scale_for, table
from viewer.core.imaging.display import DisplaySettings, Scope

LAYER = DisplaySettings()
TUTORIAL = DisplaySettings(signed="tutorial", sequential="grey")
NO_NUMBER = 0xFFFF00FF


def floats(*values: float) -> NDArray[np.float32]:
    return np.array(values, np.float32)


def grey(level: int) -> int:
    return 0xFF000000 | level * 0x010101


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("dark", [False, True])
def test_every_choice_has_255_colours_and_one_for_no_number(signed: bool, dark: bool) -> None:
    for name in available(signed):
        lut = table(name, signed=signed, dark=dark)
        assert lut.shape == (256,)
        assert lut.dtype == np.uint32
        assert (lut >> 24 == 0xFF).all()
        assert lut[0] == NO_NUMBER
        assert NO_NUMBER not in lut[1:]


@pytest.mark.parametrize("name", available(True))
@pytest.mark.parametrize("dark", [False, True])
def test_zero_has_exactly_the_neutral_colour(name: str, dark: bool) -> None:
    settings = DisplaySettings(signed=name, dark=dark)
    lut = table(name, signed=True, dark=dark)
    for limit in (1e-37, 1e-6, 0.3, 1.0, 7.4541, 3e37):
        scale = scale_for(floats(-limit, 0, limit / 3), signed=True, settings=settings)
        low, zero, _ = scale.apply(floats(-limit, 0, limit))
        assert zero == lut[128]
        assert low == lut[1]
        assert scale.apply(floats(limit))[0] == lut[255]


@pytest.mark.parametrize("name", available(True))
def test_the_neutral_colour_is_grey_or_nearly(name: str) -> None:
    for dark in (False, True):
        middle = int(table(name, signed=True, dark=dark)[128])
        channels = [middle >> shift & 0xFF for shift in (16, 8, 0)]
        assert max(channels) - min(channels) <= 20


def test_automatic_colours_have_a_dark_middle_in_a_dark_window() -> None:
    light, dark = (int(table("automatic", signed=True, dark=d)[128] & 0xFF) for d in (False, True))
    assert light > 0xE0
    assert dark < 0x20


@pytest.mark.parametrize("name", available(False))
def test_sequential_colours_get_lighter_all_the_way(name: str) -> None:
    lut = table(name, signed=False, dark=False)[1:].astype(np.float64)
    red, green, blue = (np.floor(lut / 2**shift) % 256 for shift in (16, 8, 0))
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    assert (np.diff(luma[::8]) > 0).all()


def test_the_tutorials_colours_by_hand() -> None:
    scale = scale_for(floats(-1, 1), signed=True, settings=TUTORIAL)
    assert scale.apply(floats(-1, 0, 1)).tolist() == [grey(0), grey(128), grey(255)]
    # 0.5 is 63.5 of 127 steps above the middle entry: 128 + 63.5, rounded up 192. Its level
    # is (192 - 1) / 254 of 255: 191.75.
    assert scale.apply(floats(0.5))[0] == grey(192)


def test_a_layer_with_a_range_below_one_uses_all_colours() -> None:
    scale = scale_for(floats(0, 0.002, 0.004), signed=False, settings=TUTORIAL)
    assert scale.apply(floats(0, 0.002, 0.004)).tolist() == [grey(0), grey(128), grey(255)]
    assert scale.low == 0
    assert scale.high == pytest.approx(0.004)


def test_signed_scales_are_symmetric_and_others_begin_at_zero() -> None:
    signed = scale_for(floats(-1, 3), signed=True, settings=LAYER)
    assert (signed.low, signed.high) == (-3, 3)
    above = scale_for(floats(2, 3), signed=False, settings=LAYER)
    assert (above.low, above.high) == (0, 3)
    image = scale_for(floats(-0.5, 2.5), signed=False, settings=LAYER)
    assert (image.low, image.high) == (-0.5, 2.5)


@pytest.mark.parametrize("value", [0.0, 2.5, -2.5])
@pytest.mark.parametrize("signed", [False, True])
def test_a_constant_has_one_colour(value: float, signed: bool) -> None:
    values = np.full((2, 3, 3), value, np.float32)
    scale = scale_for(values, signed=signed, settings=LAYER)
    colors = scale.apply(values)
    assert len(np.unique(colors)) == 1
    assert NO_NUMBER not in colors
    if value == 0:
        assert colors[0, 0, 0] == scale.lut[128 if signed else 1]
    assert all(np.isfinite(fraction) for fraction, _ in scale.ticks())


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("scope", list(Scope))
def test_what_is_no_number_has_its_own_colour_and_spoils_no_limit(
    signed: bool, scope: Scope
) -> None:
    values = floats(0.5, np.nan, np.inf, -np.inf, 0, 1, 0.25, 1).reshape(2, 2, 2)
    scale = scale_for(values, signed=signed, settings=DisplaySettings(scope=scope))
    colors = scale.apply(values)
    assert (colors == NO_NUMBER).tolist() == (~np.isfinite(values)).tolist()
    assert np.isfinite([scale.low, scale.high]).all()
    assert scale.high == 1


def test_a_map_without_any_number_is_no_error() -> None:
    values = np.full((1, 2, 2), np.nan, np.float32)
    for signed in (False, True):
        scale = scale_for(values, signed=signed, settings=LAYER)
        assert (scale.apply(values) == NO_NUMBER).all()
        assert (scale.low, scale.high) == (0, 0)


def test_values_beyond_the_limits_get_the_last_colours() -> None:
    scale = scale_for(floats(0), signed=True, settings=TUTORIAL, limits=(-1, 1))
    assert scale.apply(floats(-9, 9, 3e38)).tolist() == [grey(0), grey(255), grey(255)]


def test_each_channel_has_limits_of_its_own_in_its_scope() -> None:
    values = np.stack((np.linspace(0, 1, 4), np.linspace(0, 100, 4))).astype(np.float32)
    maps = values.reshape(2, 2, 2)
    by_channel = DisplaySettings(sequential="grey", scope=Scope.CHANNEL)
    scale = scale_for(maps, signed=False, settings=by_channel)
    first, second = scale.apply(maps)
    assert first.tolist() == second.tolist()
    assert first[1, 1] == grey(255)
    assert scale.of_channel(1).high == 100
    assert scale.of_channel(1).apply(maps[1]).tolist() == second.tolist()
    in_one = scale_for(maps, signed=False, settings=TUTORIAL).apply(maps)
    assert in_one[0, 1, 1] != grey(255)


def test_channels_of_a_signed_layer_keep_zero_neutral() -> None:
    maps = floats(-1, 0, 0.5, 0, 0, 40, 0, 7).reshape(2, 2, 2)
    settings = DisplaySettings(signed="tutorial", scope=Scope.CHANNEL)
    colors = scale_for(maps, signed=True, settings=settings).apply(maps)
    assert (colors[maps == 0] == grey(128)).all()
    assert colors[0, 0, 0] == grey(0)
    assert colors[1, 0, 1] == grey(255)


def test_units_have_no_scale_of_their_own() -> None:
    settings = DisplaySettings(scope=Scope.CHANNEL)
    assert scale_for(floats(1, 2, 3), signed=False, settings=settings).channels is None


def test_limits_of_a_network_reach_over_all_its_layers() -> None:
    layers = [floats(-5, 1), floats(0, 3, np.nan)]
    assert network_limits(layers, signed=True) == (-5, 5)
    assert network_limits(layers, signed=False) == (0, 5)
    assert network_limits([], signed=True) == (0, 0)


def test_the_colour_bar_says_low_zero_and_high() -> None:
    signed = scale_for(floats(-7.4541, 2), signed=True, settings=LAYER)
    assert signed.ticks() == ((0.0, "−7.45"), (0.5, "0"), (1.0, "7.45"))
    above = scale_for(floats(0, 5.3051), signed=False, settings=LAYER)
    assert above.ticks() == ((0.0, "0"), (1.0, "5.31"))


def test_the_colours_of_the_bar_are_those_of_the_maps() -> None:
    values = np.linspace(-2, 2, 255, dtype=np.float32)
    scale = scale_for(values, signed=True, settings=LAYER)
    assert scale.apply(values).tolist() == scale.lut[1:].tolist()


def test_colours_follow_an_independent_computation() -> None:
    values = np.random.default_rng(1).standard_normal((3, 5, 7)).astype(np.float32)
    scale = scale_for(values, signed=True, settings=TUTORIAL)
    limit = np.abs(values.astype(np.float64)).max()
    fraction = (values.astype(np.float64) / limit + 1) / 2
    expected = np.round(fraction * 255)
    actual = (scale.apply(values) & 0xFF).astype(np.float64)
    assert np.abs(actual - expected).max() <= 1


def test_colours_can_be_written_into_a_buffer() -> None:
    values = np.random.default_rng(2).random((3, 4, 4), dtype=np.float32)
    scale = scale_for(values, signed=False, settings=LAYER)
    out = np.zeros((3, 4, 4), np.uint32)
    assert scale.apply(values, out=out) is out
    assert out.tolist() == scale.apply(values).tolist()


def test_unknown_colours_are_refused_in_one_sentence() -> None:
    with pytest.raises(UserError, match=r"no colours called 'jet': choose one of viridis, .*\.$"):
        table("jet", signed=False, dark=False)
