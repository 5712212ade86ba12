import numpy as np
import pytest

from viewer.core.explain.lab import run
from viewer.core.explain.lab_presets import (
    KERNELS,
    PATTERNS,
    ROW_KERNELS,
    ROWS,
    kernel_preset,
    sample_picture,
)
from viewer.core.explain.lab_settings import MAX_KERNEL, MAX_KERNELS, MAX_SIDE, LabSettings


def test_every_preset_can_be_applied() -> None:
    for preset in KERNELS:
        assert len(preset.names) == len(preset.kernels) <= MAX_KERNELS
        assert max(preset.kernels.shape[1:]) <= MAX_KERNEL
        result = run(PATTERNS["Seven"], LabSettings(preset.kernels[:, np.newaxis]))
        assert len(result.maps) == len(preset.names)
    for preset in ROW_KERNELS:
        run(ROWS["A ramp"], LabSettings(preset.kernels[:, np.newaxis], row=True))


def test_keys_are_unique() -> None:
    keys = [preset.key for preset in (*KERNELS, *ROW_KERNELS)]
    assert len(set(keys)) == len(keys)
    assert kernel_preset("sobel_x").title == "Sobel x"
    with pytest.raises(KeyError):
        kernel_preset("none such")


@pytest.mark.parametrize(
    "key", ["four_edges", "sobel_x", "sobel_y", "prewitt_x", "prewitt_y", "laplacian", "row_edge"]
)
def test_detectors_of_differences_are_silent_on_an_even_surface(key: str) -> None:
    sums = kernel_preset(key).kernels.sum(axis=(1, 2))
    np.testing.assert_allclose(sums, 0, atol=1e-12)


@pytest.mark.parametrize("key", ["identity", "box_blur", "gaussian_blur", "gaussian_blur_5"])
def test_blurs_and_identity_keep_the_brightness(key: str) -> None:
    assert kernel_preset(key).kernels.sum() == pytest.approx(1)


def test_emboss_and_sharpen_keep_the_brightness() -> None:
    assert kernel_preset("sharpen").kernels.sum() == 1
    assert kernel_preset("emboss").kernels.sum() == 1


def test_presets_cannot_be_changed_by_accident() -> None:
    with pytest.raises(ValueError, match="read-only"):
        kernel_preset("sobel_x").kernels[0, 0, 0] = 5


def test_patterns_are_zeros_and_ones_and_rows_are_rows() -> None:
    for pattern in PATTERNS.values():
        assert set(np.unique(pattern)) <= {0, 1}
        assert max(pattern.shape) <= MAX_SIDE
    assert all(row.shape[0] == 1 for row in ROWS.values())


def test_the_sample_picture_has_a_shape_in_every_channel() -> None:
    picture = sample_picture()
    assert picture.shape == (3, 48, 48)
    assert picture.min() >= 0
    assert picture.max() <= 1
    assert all(np.ptp(channel) > 0.5 for channel in picture)
