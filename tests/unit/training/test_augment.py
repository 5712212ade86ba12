import math

import numpy as np
import pytest
import torch
from torch import Tensor

from viewer.core.training.augment import augment
from viewer.core.training.config import Augmentation

EVERYTHING = Augmentation(
    rotation_deg=12,
    shift_px=2,
    scale=0.15,
    aspect=0.15,
    shear=0.2,
    elastic_px=0.6,
    thickness=0.5,
    gain_low=0.8,
    gain_high=2,
)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def blob(n: int = 1) -> Tensor:
    """Return n times the same smooth, lopsided blot."""
    y, x = torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij")
    ink = torch.exp(-(((x - 13.5) / 4) ** 2) - ((y - 13.5) / 2.5) ** 2)
    return ink.expand(n, 1, 28, 28).clone()


def moments(image: Tensor) -> tuple[float, float, float]:
    """Return the centre of mass and the angle of the long axis in degrees, y downwards."""
    ink = image[0].double().numpy() / float(image.sum())
    y, x = np.mgrid[0:28, 0:28]
    centre_y, centre_x = (ink * y).sum(), (ink * x).sum()
    dy, dx = y - centre_y, x - centre_x
    xx, yy, xy = ((ink * product).sum() for product in (dx * dx, dy * dy, dx * dy))
    return float(centre_y), float(centre_x), math.degrees(0.5 * math.atan2(2 * xy, xx - yy))


def spread(image: Tensor) -> float:
    """Return the ratio of the ink's standard deviations, x to y."""
    ink = image[0].double().numpy() / float(image.sum())
    y, x = np.mgrid[0:28, 0:28]
    variances = [(ink * a * a).sum() - (ink * a).sum() ** 2 for a in (x, y)]
    return float(np.sqrt(variances[0] / variances[1]))


def test_nothing_asked_for_nothing_changed() -> None:
    images = torch.rand(5, 1, 28, 28)
    assert augment(images, Augmentation(), seeded()) is images


def test_resampling_without_distortion_is_the_identity() -> None:
    images = torch.rand(5, 1, 28, 28)
    barely = Augmentation(rotation_deg=1e-9)
    torch.testing.assert_close(augment(images, barely, seeded()), images, rtol=0, atol=1e-5)


def test_the_same_seed_gives_the_same_images() -> None:
    images = torch.rand(8, 1, 28, 28)
    before = images.clone()
    first = augment(images, EVERYTHING, seeded(7))
    assert torch.equal(first, augment(images, EVERYTHING, seeded(7)))
    assert not torch.equal(first, augment(images, EVERYTHING, seeded(8)))
    assert torch.equal(images, before)  # the data set itself is left alone


def test_every_image_is_distorted_in_its_own_way() -> None:
    images = augment(blob(16), EVERYTHING, seeded())
    assert len({tuple(image.flatten().tolist()) for image in images}) == 16


def test_shape_and_range_stay() -> None:
    images = augment((torch.rand(64, 1, 28, 28) > 0.5).float(), EVERYTHING, seeded())
    assert images.shape == (64, 1, 28, 28)
    assert images.dtype == torch.float32
    assert float(images.min()) >= 0
    assert float(images.max()) <= 1


def test_rotation_turns_by_up_to_the_amount() -> None:
    images = augment(blob(200), Augmentation(rotation_deg=20), seeded())
    angles = [moments(image)[2] for image in images]
    assert 18 < max(angles) < 20.5
    assert -20.5 < min(angles) < -18


def test_shift_moves_by_up_to_the_amount() -> None:
    images = augment(blob(200), Augmentation(shift_px=3), seeded())
    for axis in (0, 1):
        places = [moments(image)[axis] - 13.5 for image in images]
        assert 2.7 < max(places) < 3.1
        assert -3.1 < min(places) < -2.7


def test_scale_changes_the_area_by_its_square() -> None:
    ink = blob()
    images = augment(ink.expand(300, -1, -1, -1), Augmentation(scale=0.1), seeded())
    areas = images.sum(dim=(1, 2, 3)) / ink.sum()
    assert float(areas.max()) == pytest.approx(1.1**2, abs=0.02)
    assert float(areas.min()) == pytest.approx(0.9**2, abs=0.02)


def test_aspect_keeps_the_area() -> None:
    ink = blob()
    images = augment(ink.expand(400, -1, -1, -1), Augmentation(aspect=0.3), seeded())
    areas = images.sum(dim=(1, 2, 3)) / ink.sum()
    assert float((areas - 1).abs().max()) < 0.02
    ratios = [spread(image) / spread(ink[0]) for image in images]
    assert max(ratios) == pytest.approx(1.3, abs=0.04)
    assert min(ratios) == pytest.approx(0.7, abs=0.04)


def test_rotation_and_shear_together_keep_the_area() -> None:
    ink = blob()
    both = Augmentation(rotation_deg=40, shear=0.4)
    images = augment(ink.expand(100, -1, -1, -1), both, seeded())
    assert float((images.sum(dim=(1, 2, 3)) / ink.sum() - 1).abs().max()) < 0.03


def test_shear_moves_rows_sideways_only() -> None:
    bar = torch.zeros(200, 1, 28, 28)
    bar[:, :, 4:24, 13:15] = 1
    images = augment(bar, Augmentation(shear=0.2), seeded())
    columns = torch.arange(28.0)
    rows = images[:, 0]  # (N, H, W)
    top, bottom = ((rows[:, y] * columns).sum(1) / rows[:, y].sum(1) for y in (6, 21))
    assert float((top - bottom).abs().max()) == pytest.approx(0.2 * 15, abs=0.1)
    assert float(rows[:, :3].abs().max()) == 0  # no row went up or down


def test_elastic_bends_without_moving_far() -> None:
    images = augment(blob(50), Augmentation(elastic_px=0.5), seeded())
    assert not torch.equal(images[0], blob()[0])
    assert max(abs(moments(image)[0] - 13.5) for image in images) < 1.5


def test_thickness_lies_between_erosion_and_dilation() -> None:
    line = torch.zeros(100, 1, 28, 28)
    line[:, :, 5:23, 13:16] = 1
    images = augment(line, Augmentation(thickness=1), seeded())
    area = images.sum(dim=(1, 2, 3))
    # 18 × 3 px; the dilation has 20 × 5, half an erosion (54 + 16 × 1) / 2.
    assert 54 < float(area.max()) <= 100
    assert 35 <= float(area.min()) < 54


def test_gain_by_hand() -> None:
    images = torch.full((1000, 1, 2, 2), 0.25)
    gained = augment(images, Augmentation(gain_low=0.5, gain_high=2), seeded())[:, 0, 0, 0]
    assert float(gained.min()) == pytest.approx(0.125, abs=0.002)
    assert float(gained.max()) == pytest.approx(0.5, abs=0.005)
    assert float(gained.log().mean()) == pytest.approx(math.log(0.25), abs=0.05)
    assert float(augment(torch.ones(9, 1, 2, 2), EVERYTHING, seeded()).max()) <= 1


def test_a_part_of_a_batch_is_distorted_as_in_the_whole() -> None:
    images = torch.rand(7, 1, 28, 28)
    whole = augment(images, EVERYTHING, seeded(3))
    parts = [(0, 3), (3, 7)]
    found = [augment(images[a:b], EVERYTHING, seeded(3), total=7, first=a) for a, b in parts]
    torch.testing.assert_close(torch.cat(found), whole)


def test_the_channels_of_an_image_stay_together() -> None:
    grey = torch.rand(6, 1, 28, 28)
    colour = augment(grey.expand(-1, 3, -1, -1), EVERYTHING, seeded(4))
    assert colour.shape == (6, 3, 28, 28)
    torch.testing.assert_close(colour, augment(grey, EVERYTHING, seeded(4)).expand(-1, 3, -1, -1))
