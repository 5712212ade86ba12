import itertools
from typing import Any

import pytest
import torch

from viewer.core.explain.output_size import FORMULA, AxisSetting, same_padding


def test_formula_has_its_numbers_filled_in() -> None:
    axis = AxisSetting(28, 5, stride=2, dilation=2, padding=(1, 1))
    assert axis.formula == "floor((28 + 2·1 − 2·(5 − 1) − 1) / 2) + 1 = 11"
    assert axis.size == 11
    assert FORMULA == "floor((n + 2p − d(k − 1) − 1) / s) + 1"


def test_uneven_padding_is_written_as_its_two_ends() -> None:
    assert same_padding(4, 1) == (1, 2)
    axis = AxisSetting(7, 4, padding=same_padding(4, 1))
    assert axis.formula == "floor((7 + (1 + 2) − 1·(4 − 1) − 1) / 1) + 1 = 7"


def test_a_kernel_that_does_not_fit_has_a_size_below_one() -> None:
    axis = AxisSetting(3, 5)
    assert axis.size < 1
    assert axis.formula.endswith("= −1")


@pytest.mark.parametrize("length", [1, 2, 5, 8])
def test_sizes_equal_torch(length: int) -> None:
    compared = 0
    for kernel, stride, dilation, padding in itertools.product(
        range(1, 12), range(1, 5), range(1, 4), range(4)
    ):
        axis = AxisSetting(length, kernel, stride, dilation, (padding, padding))
        x, weight = torch.zeros(1, 1, length), torch.zeros(1, 1, kernel)
        settings: Any = {"stride": stride, "padding": padding, "dilation": dilation}
        if axis.reach > axis.padded:
            with pytest.raises(RuntimeError):
                torch.nn.functional.conv1d(x, weight, **settings)
            continue
        assert torch.nn.functional.conv1d(x, weight, **settings).shape[-1] == axis.size
        compared += 1
    assert compared > 20
