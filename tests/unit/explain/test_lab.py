from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d
from torch.nn import functional

from viewer.core.errors import UserError
from viewer.core.explain.lab import LabResult, problem, run, size_text
from viewer.core.explain.lab_presets import PATTERNS, ROWS, kernel_preset
from viewer.core.explain.lab_settings import (
    MAX_KERNELS,
    SAME,
    VALID,
    Activation,
    Array,
    Combination,
    LabSettings,
    PaddingMode,
    Pooling,
)

_TORCH_MODES = {PaddingMode.REFLECT: "reflect", PaddingMode.REPLICATE: "replicate"}
_TORCH_ACTIVATIONS: dict[Activation, Any] = {
    Activation.NONE: lambda x: x,
    Activation.RELU: functional.relu,
    Activation.LEAKY_RELU: functional.leaky_relu,
    Activation.SIGMOID: torch.sigmoid,
    Activation.TANH: torch.tanh,
}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """On arrays as small as these, more threads only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _preset(key: str) -> Array:
    return kernel_preset(key).kernels[:, np.newaxis]  # (n, 1, kH, kW)


def _by_torch(image: Array, settings: LabSettings) -> Array:
    """Return the maps by torch's own functions, in double precision; raises where it does."""
    x = torch.from_numpy(image)[np.newaxis]  # (1, C, H, W)
    kernels = torch.from_numpy(settings.kernels.copy())
    if settings.flip:
        kernels = kernels.flip(2, 3)
    one_axis = settings.row
    if one_axis:
        x, kernels = x[:, :, 0], kernels[:, :, 0]
    padding: Any = settings.padding
    if settings.mode is not PaddingMode.ZERO:
        x, padding = _padded(x, settings, one_axis), 0
    convolution: Any = functional.conv1d if one_axis else functional.conv2d
    bias = torch.full((len(kernels),), settings.bias, dtype=torch.float64)
    x = convolution(
        x,
        kernels,
        bias,
        stride=settings.stride,
        padding=padding,
        dilation=settings.dilation,
    )
    x = _TORCH_ACTIVATIONS[settings.activation](x)
    pools: Any = {
        (Pooling.MAX, False): functional.max_pool2d,
        (Pooling.MAX, True): functional.max_pool1d,
        (Pooling.AVERAGE, False): functional.avg_pool2d,
        (Pooling.AVERAGE, True): functional.avg_pool1d,
    }
    if settings.pooling is not Pooling.NONE:
        x = pools[settings.pooling, one_axis](x, settings.pooling_size)
    maps = x[0, :, np.newaxis] if one_axis else x[0]
    found: Array = maps.numpy()
    return found


def _padded(x: torch.Tensor, settings: LabSettings, one_axis: bool) -> torch.Tensor:
    if settings.padding == SAME and settings.stride > 1:
        raise RuntimeError("as torch's layers do")
    amounts: list[int] = []
    for kernel in reversed(settings.kernels.shape[3 if one_axis else 2 :]):
        if settings.padding == SAME:
            total = settings.dilation * (kernel - 1)
            amounts += [total // 2, total - total // 2]
        else:
            amounts += [0 if settings.padding == VALID else int(settings.padding)] * 2
    return functional.pad(x, amounts, mode=_TORCH_MODES[settings.mode])


def _random_setting(rng: np.random.Generator) -> tuple[Array, LabSettings]:
    row = bool(rng.random() < 0.25)
    channels = int(rng.choice([1, 3]))
    height = 1 if row else int(rng.integers(1, 15))
    image = rng.normal(size=(channels, height, int(rng.integers(1, 15))))
    kernel_height = 1 if row else int(rng.integers(1, 12))
    shape = (int(rng.integers(1, 4)), channels, kernel_height, int(rng.integers(1, 12)))
    paddings: tuple[int | str, ...] = (VALID, SAME, int(rng.integers(0, 7)))
    return image, LabSettings(
        kernels=rng.normal(size=shape),
        stride=int(rng.choice([1, 1, 2, 3, 4])),
        padding=paddings[rng.integers(0, 3)],
        mode=list(PaddingMode)[rng.integers(0, 3)],
        dilation=int(rng.choice([1, 1, 2, 3])),
        bias=float(rng.normal()),
        flip=bool(rng.random() < 0.5),
        activation=list(Activation)[rng.integers(0, 5)],
        pooling=list(Pooling)[rng.choice([0, 0, 1, 2])],
        pooling_size=int(rng.integers(2, 4)),
        row=row,
    )


def _refused_by_torch(image: Array, settings: LabSettings) -> bool:
    try:
        return _by_torch(image, settings).size == 0
    except (RuntimeError, ValueError):
        return True


# Torch says that it copies the input for an even kernel, which is none of our business.
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
def test_a_thousand_random_settings_equal_torch_and_all_others_are_refused_by_both() -> None:
    rng = np.random.default_rng(4)
    equal = refused = 0
    while equal < 1000:
        image, settings = _random_setting(rng)
        sentence = problem(settings, image.shape)
        if sentence is not None:
            assert _refused_by_torch(image, settings), (sentence, settings)
            assert sentence.endswith(".")
            refused += 1
            continue
        result = run(image, settings)
        expected = _by_torch(image, settings)
        assert result.maps.shape == expected.shape
        assert result.maps.shape[1:] == tuple(axis.size for axis in result.pooling_axes)
        np.testing.assert_allclose(result.maps, expected, rtol=1e-10, atol=1e-10)
        equal += 1
    assert refused > 300  # both kinds were met


def test_a_thousand_random_true_convolutions_equal_scipy() -> None:
    rng = np.random.default_rng(5)
    modes: dict[str, Any] = {"valid": VALID, "same": SAME}
    for _ in range(1000):
        kernel = rng.normal(size=tuple(rng.integers(1, 6, size=2)))
        image = rng.normal(size=tuple(rng.integers(6, 12, size=2)))
        mode = "valid" if rng.random() < 0.5 else "same"
        if mode == "same":  # scipy puts an even kernel's odd cell at the other end
            kernel = rng.normal(size=tuple(2 * rng.integers(0, 3, size=2) + 1))
        settings = LabSettings(kernel[np.newaxis, np.newaxis], padding=modes[mode], flip=True)
        expected = convolve2d(image, kernel, mode=mode)  # type: ignore[call-overload]  # by name
        np.testing.assert_allclose(run(image, settings).maps[0], expected, atol=1e-12)


def test_full_true_convolution_equals_scipy() -> None:
    rng = np.random.default_rng(6)
    image, kernel = rng.normal(size=(7, 6)), rng.normal(size=(3, 3))
    settings = LabSettings(kernel[np.newaxis, np.newaxis], padding=2, flip=True)
    np.testing.assert_allclose(
        run(image, settings).maps[0], convolve2d(image, kernel, mode="full"), atol=1e-12
    )


def test_float32_pixels_equal_torch_in_single_precision() -> None:
    rng = np.random.default_rng(7)
    image = rng.random((1, 28, 28)).astype(np.float32)
    kernels = rng.normal(size=(4, 1, 5, 5))
    ours = run(image, LabSettings(kernels, padding=SAME)).maps
    theirs = functional.conv2d(
        torch.from_numpy(image)[np.newaxis],
        torch.from_numpy(kernels.astype(np.float32)),
        padding="same",
    )
    np.testing.assert_allclose(ours, theirs[0].numpy(), rtol=1e-4, atol=1e-5)


# The tutorials' examples, to the digit.


def test_counting_matches_by_hand() -> None:
    result = run(PATTERNS["Face"], LabSettings(_preset("corner_count")))
    counted = [
        [0, 1, 0, 0, 0],
        [0, 1, 1, 1, 0],
        [1, 0, 0, 2, 1],
        [1, 4, 2, 1, 0],
        [0, 0, 1, 2, 1],
    ]
    assert result.matches is not None
    assert result.matches[0].tolist() == counted
    assert result.maps[0].tolist() == counted


def test_no_matches_are_counted_on_what_is_not_binary() -> None:
    assert run(PATTERNS["Face"], LabSettings(_preset("sobel_x"))).matches is None
    assert run(0.5 * PATTERNS["Face"], LabSettings(_preset("vertical_line"))).matches is None


def test_one_dimensional_example() -> None:
    settings = LabSettings(_preset("row_identity"), row=True)
    result = run(ROWS["Two in the middle"], settings)
    assert result.image[0].tolist() == [[0, 0, 0, 1, 1, 0, 0, 0]]
    assert result.kernels[0, 0].tolist() == [[0, 1, 0]]
    assert result.maps[0].tolist() == [[0, 0, 1, 1, 0, 0]]
    assert result.formula == "Length: floor((8 + 2·0 − 1·(3 − 1) − 1) / 1) + 1 = 6"


def test_line_detectors_and_both_maps_together() -> None:
    assert _preset("vertical_line")[0, 0].tolist() == [[0, 1, 0]] * 3
    assert _preset("horizontal_line")[0, 0].tolist() == [[0, 0, 0], [1, 1, 1], [0, 0, 0]]
    line = run(PATTERNS["Vertical line"], LabSettings(_preset("vertical_line")))
    assert line.maps[0].tolist() == [[0, 0, 3, 0, 0, 0]] * 6
    both = _preset("vertical_and_horizontal")
    summed = run(PATTERNS["Cross"], LabSettings(both, combination=Combination.SUM))
    np.testing.assert_array_equal(
        summed.maps[0], [[1, 1, 3, 1, 1] if y in (1, 2, 3) else [0, 0, 3, 0, 0] for y in range(5)]
    )
    np.testing.assert_array_equal(summed.maps[1], summed.maps[0].T)
    assert summed.combined is not None
    assert summed.combined.tolist() == [
        [0, 1, 4, 1, 0],
        [1, 2, 4, 2, 1],
        [4, 4, 6, 4, 4],
        [1, 2, 4, 2, 1],
        [0, 1, 4, 1, 0],
    ]
    largest = run(PATTERNS["Cross"], LabSettings(both, combination=Combination.MAXIMUM))
    np.testing.assert_array_equal(largest.combined, largest.maps.max(axis=0))


def test_four_edge_detectors_answer_at_their_own_edge_of_a_bar() -> None:
    bar = np.zeros((8, 9))
    bar[3:5, 2:7] = 1
    maps = run(bar, LabSettings(_preset("four_edges"), padding=SAME)).maps
    # Brightest where the edge is, all three cells of the bright row or column on it.
    for found, (rows, columns) in zip(
        maps, ((3, slice(3, 6)), (slice(3, 5), 2), (4, slice(3, 6)), (slice(3, 5), 6)), strict=True
    ):
        assert found.max() == np.unique(found[rows, columns]).item()
        assert (found == found.max()).sum() == found[rows, columns].size


def test_two_by_two_lines_with_stride_two() -> None:
    squares = np.array([[1.0, 1, 1, 0], [0, 0, 1, 0], [1, 0, 0, 1], [0, 1, 1, 0]])
    maps = run(squares, LabSettings(_preset("four_squares"), stride=2)).maps
    best = maps.argmax(axis=0)
    assert best.tolist() == [[0, 1], [2, 3]]  # horizontal, vertical, falling, rising
    assert maps.max(axis=0).tolist() == [[2, 2], [2, 2]]


def test_a_kernel_on_three_channels_still_gives_one_map() -> None:
    rng = np.random.default_rng(1)
    image, kernels = rng.random((3, 6, 6)), rng.normal(size=(1, 3, 3, 3))
    result = run(image, LabSettings(kernels))
    assert result.maps.shape == (1, 4, 4)
    by_hand = (image[:, 1:4, 2:5] * kernels[0]).sum()
    assert result.maps[0, 1, 2] == pytest.approx(by_hand)


def test_flip_turns_the_kernel_and_leaves_the_setting_alone() -> None:
    kernel = np.arange(6.0).reshape(1, 1, 2, 3)
    result = run(np.ones((4, 4)), LabSettings(kernel, flip=True))
    assert result.kernels[0, 0].tolist() == [[5, 4, 3], [2, 1, 0]]
    assert result.settings.kernels[0, 0].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_order_of_activation_and_pooling() -> None:
    image = np.array([[-8.0, 2, 2, 2]])
    settings = LabSettings(
        np.ones((1, 1, 1, 1)),
        activation=Activation.RELU,
        pooling=Pooling.AVERAGE,
        row=True,
    )
    result = run(image, settings)
    assert result.maps[0].tolist() == [[1, 2]]  # averages of what ReLU left
    assert result.sums[0].tolist() == image.tolist()


# Sizes and refusals.


def test_formula_names_both_axes_where_they_differ() -> None:
    settings = LabSettings(np.zeros((1, 1, 3, 2)), stride=2, pooling=Pooling.MAX)
    result: LabResult = run(np.zeros((9, 12)), settings)
    assert result.formula == (
        "Height: floor((9 + 2·0 − 1·(3 − 1) − 1) / 2) + 1 = 4, "
        "then pooling floor((4 − 2) / 2) + 1 = 2\n"
        "Width: floor((12 + 2·0 − 1·(2 − 1) − 1) / 2) + 1 = 6, "
        "then pooling floor((6 − 2) / 2) + 1 = 3"
    )
    assert result.maps.shape == (1, 2, 3)


def test_the_formula_is_there_for_impossible_settings_too() -> None:
    settings = LabSettings(np.zeros((1, 1, 5, 5)), pooling=Pooling.MAX)
    text = size_text(settings, (1, 3, 3))
    assert text == "Height and width: floor((3 + 2·0 − 1·(5 − 1) − 1) / 1) + 1 = −1"


def _kernels(height: int = 3, width: int = 3, count: int = 1, channels: int = 1) -> Array:
    return np.ones((count, channels, height, width))


@pytest.mark.parametrize(
    ("settings", "shape", "words"),
    [
        (LabSettings(_kernels(5, 5)), (1, 4, 4), "covers 5 × 5, more than the input of 4 × 4"),
        (
            LabSettings(_kernels(), dilation=3, padding=1),
            (1, 4, 4),
            "with its dilation covers 7 × 7, more than the padded input of 6 × 6",
        ),
        (LabSettings(_kernels(), padding=SAME, stride=2), (1, 9, 9), "stride 1 only"),
        (LabSettings(_kernels(), padding=4, mode=PaddingMode.REFLECT), (1, 4, 9), "height"),
        (LabSettings(_kernels(), padding=4, mode=PaddingMode.REFLECT), (1, 9, 4), "width"),
        (LabSettings(_kernels(), pooling=Pooling.MAX), (1, 3, 3), "The map is 1 × 1"),
        (LabSettings(_kernels(channels=3)), (1, 9, 9), "3 channels and the input 1 channel"),
        (LabSettings(_kernels()), (1, 65, 9), "up to 64 × 64"),
        (LabSettings(_kernels()), (0, 0, 0), "no input"),
        (LabSettings(_kernels(12, 3)), (1, 20, 20), "between 1 × 1 and 11 × 11"),
        (LabSettings(_kernels(count=MAX_KERNELS + 1)), (1, 9, 9), "between 1 and 8"),
        (LabSettings(_kernels(), stride=5), (1, 9, 9), "stride is 5"),
        (LabSettings(_kernels(), dilation=0), (1, 9, 9), "dilation is 0"),
        (LabSettings(_kernels(), padding=-1), (1, 9, 9), "padding is -1"),
        (LabSettings(_kernels(), padding="half"), (1, 9, 9), "“half”"),
        (LabSettings(_kernels() * np.nan), (1, 9, 9), "not a number"),
        (LabSettings(_kernels(), bias=np.inf), (1, 9, 9), "not a number"),
        (LabSettings(_kernels(), row=True), (1, 1, 9), "1 high"),
        (LabSettings(_kernels(), pooling=Pooling.MAX, pooling_size=4), (1, 9, 9), "2 or 3"),
        (LabSettings(_kernels(11, 11, 8, 3), padding=32), (3, 64, 64), "million multiplications"),
    ],
)
def test_impossible_settings_say_why(
    settings: LabSettings, shape: tuple[int, ...], words: str
) -> None:
    sentence = problem(settings, shape)
    assert sentence is not None
    assert words in sentence
    assert sentence.endswith(".")
    with pytest.raises(UserError, match=r"\."):
        run(np.zeros(shape), settings)


def test_possible_settings_have_no_problem() -> None:
    assert problem(LabSettings(_kernels()), (1, 3, 3)) is None
    assert problem(LabSettings(_kernels(), padding=3, mode=PaddingMode.REFLECT), (1, 4, 4)) is None
