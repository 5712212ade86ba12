import numpy as np
import pytest

from viewer.core.data.dataset import ImageDataset, pixel_mean_std

LABELS = np.array([0, 1], np.uint8)


def dataset(images: np.ndarray, mean: object = 0.5, std: object = 0.25) -> ImageDataset:
    return ImageDataset("x", "train", images, LABELS.copy(), ("a", "b"), mean, std)  # type: ignore[arg-type]  # anything is tried


def test_grey_images_have_one_channel() -> None:
    images = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    grey = dataset(images)
    assert grey.input_shape == (1, 3, 4)
    assert grey.mean_std() == ((0.5,), (0.25,))
    assert np.array_equal(grey.chw(), images[:, None])


def test_colour_images_have_three() -> None:
    images = np.arange(2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 3)
    color = dataset(images, (0.1, 0.2, 0.3), (1.0, 2.0, 3.0))
    assert color.input_shape == (3, 3, 4)
    assert color.mean_std() == ((0.1, 0.2, 0.3), (1.0, 2.0, 3.0))
    assert color.chw().shape == (2, 3, 3, 4)
    assert color.chw()[1, 2, 0, 3] == images[1, 0, 3, 2]
    few = color.select(np.array([1]))
    assert (few.mean_std(), few.input_shape) == (color.mean_std(), color.input_shape)


@pytest.mark.parametrize(
    ("shape", "mean"),
    [((2, 3), 0.5), ((2, 3, 4, 4), (0.5,) * 4), ((2, 3, 4, 3), 0.5), ((2, 3, 4), (0.5, 0.5))],
)
def test_what_does_not_fit_is_refused(shape: tuple[int, ...], mean: object) -> None:
    with pytest.raises(ValueError, match=r"Images are|means or stds"):
        dataset(np.zeros(shape, np.uint8), mean, mean)


def test_mean_and_deviation_are_numpys() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (7, 5, 4, 3), np.uint8)
    mean, std = pixel_mean_std(images)
    assert mean == pytest.approx((images / 255).mean(axis=(0, 1, 2)))
    assert std == pytest.approx((images / 255).std(axis=(0, 1, 2)))
    mean, std = pixel_mean_std(images[..., 0])
    assert (mean[0], std[0]) == pytest.approx(
        ((images[..., 0] / 255).mean(), (images[..., 0] / 255).std())
    )


def test_a_single_grey_can_be_divided_by_its_deviation() -> None:
    mean, std = pixel_mean_std(np.full((2, 3, 3), 51, np.uint8))
    assert mean == pytest.approx((0.2,))
    assert std == (1.0,)
