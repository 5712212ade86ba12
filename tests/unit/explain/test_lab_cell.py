import numpy as np
import pytest

from viewer.core.explain.lab import run
from viewer.core.explain.lab_cell import (
    activation_text,
    cell,
    channels_text,
    combination_text,
    matches_text,
    pooled_cell,
    pooling_text,
    sum_text,
)
from viewer.core.explain.lab_presets import PATTERNS, ROWS, kernel_preset
from viewer.core.explain.lab_settings import (
    Activation,
    Array,
    Combination,
    LabSettings,
    Pooling,
)


def _preset(key: str) -> Array:
    return kernel_preset(key).kernels[:, np.newaxis]


def test_every_cell_adds_up_to_its_value() -> None:
    rng = np.random.default_rng(2)
    kernels = rng.normal(size=(2, 3, 3, 4))
    settings = LabSettings(kernels, 2, 3, dilation=2, bias=0.7, flip=True)
    result = run(rng.normal(size=(3, 9, 8)), settings)
    for index in np.ndindex(result.sums.shape):
        found = cell(result, *index)
        assert found.products.sum() + found.bias == pytest.approx(result.sums[index])
        assert found.channel_sums.sum() + found.bias == pytest.approx(found.total)


def test_padding_is_told_from_the_input() -> None:
    result = run(np.ones((3, 3)), LabSettings(np.ones((1, 1, 3, 3)), padding=1))
    corner = cell(result, 0, 0, 0)
    assert corner.inside.tolist() == [[False] * 3, [False, True, True], [False, True, True]]
    end = cell(result, 0, 2, 2)
    assert end.inside.tolist() == [[True, True, False], [True, True, False], [False] * 3]
    assert corner.total == 4
    assert corner.ys.tolist() == [0, 1, 2]


def test_a_cell_that_is_not_there() -> None:
    result = run(np.ones((3, 3)), LabSettings(np.ones((1, 1, 3, 3))))
    with pytest.raises(IndexError):
        cell(result, 0, 1, 0)


def test_sum_is_written_out() -> None:
    image = np.array([[2.0, 0, 1]])
    settings = LabSettings(np.array([[[[1.0, 3, -1]]]]), bias=4, row=True)
    assert sum_text(cell(run(image, settings), 0, 0, 0)) == "2·1 + 0·3 + 1·(−1) + 4 = 5"
    negative = LabSettings(settings.kernels, bias=-0.5, row=True)
    assert sum_text(cell(run(image, negative), 0, 0, 0)).endswith("− 0.5 = 0.5")


def test_one_dimensional_example_is_written_out() -> None:
    result = run(ROWS["Two in the middle"], LabSettings(_preset("row_identity"), row=True))
    assert sum_text(cell(result, 0, 0, 2)) == "0·0 + 1·1 + 1·0 = 1"


def test_of_a_large_window_only_what_counts_is_written() -> None:
    image = np.zeros((5, 5))
    image[2, 3] = 1
    result = run(image, LabSettings(np.full((1, 1, 5, 5), 2.0)))
    assert sum_text(cell(result, 0, 0, 0)) == "1·2 = 2, without 24 products that are 0"
    full = run(np.ones((6, 6)), LabSettings(np.ones((1, 1, 6, 6))))
    assert sum_text(cell(full, 0, 0, 0)).endswith("1·1 + … (12 more) = 36")
    empty = run(np.zeros((5, 5)), LabSettings(np.ones((1, 1, 5, 5))))
    assert sum_text(cell(empty, 0, 0, 0)).startswith("0 = 0")


def test_matches_are_counted() -> None:
    result = run(PATTERNS["Face"], LabSettings(_preset("corner_count")))
    best = cell(result, 0, 3, 1)
    assert (best.matches, best.agreeing) == (4, 9)
    assert matches_text(best) == "4 cells are 1 in both; 9 of 9 agree"
    assert matches_text(cell(result, 0, 0, 1)).startswith("1 cell is 1 in both")
    assert matches_text(cell(run(np.ones((3, 3)), LabSettings(_preset("sobel_x"))), 0, 0, 0)) == ""


def test_channels_are_added_up() -> None:
    image = np.stack((np.full((3, 3), 1.0), np.full((3, 3), 2.0), np.zeros((3, 3))))
    result = run(image, LabSettings(np.ones((1, 3, 3, 3)), bias=1))
    text = channels_text(cell(result, 0, 0, 0), ("red", "green", "blue"))
    assert text == "channels: red 9, green 18, blue 0, bias 1; in all 28"
    assert (
        channels_text(cell(run(image[:1], LabSettings(np.ones((1, 1, 3, 3)))), 0, 0, 0), ()) == ""
    )


def test_activation_and_pooling_are_said() -> None:
    image = np.array([[-8.0, 2, 5, 1]])
    ones = np.ones((1, 1, 1, 1))
    settings = LabSettings(ones, activation=Activation.RELU, pooling=Pooling.MAX, row=True)
    result = run(image, settings)
    assert activation_text(cell(result, 0, 0, 0), Activation.RELU) == "ReLU(−8) = 0"
    assert pooling_text(result, 0, 0, 0) == "max(0, 2) = 2"
    assert pooled_cell(result, 0, 0, 0).winner == (0, 1)
    average = run(image, LabSettings(ones, pooling=Pooling.AVERAGE, row=True))
    assert pooling_text(average, 0, 0, 1) == "average(5, 1) = 3"
    plain = run(image, LabSettings(ones, row=True))
    assert pooling_text(plain, 0, 0, 1) == ""
    assert activation_text(cell(plain, 0, 0, 0), Activation.NONE) == ""


def test_combination_is_said() -> None:
    kernels = np.array([1.0, -2.0]).reshape(2, 1, 1, 1)
    summed = run(np.array([[3.0]]), LabSettings(kernels, combination=Combination.SUM))
    assert combination_text(summed, 0, 0) == "3 + (−6) = −3"
    largest = run(np.array([[3.0]]), LabSettings(kernels, combination=Combination.MAXIMUM))
    assert combination_text(largest, 0, 0) == "maximum(3, −6) = 3"
    assert combination_text(run(np.array([[3.0]]), LabSettings(kernels)), 0, 0) == ""
