from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.unit.training.bars import bars
from viewer.core.data.dataset import ImageDataset
from viewer.core.errors import UserError
from viewer.core.training.batches import Batches
from viewer.core.training.config import Augmentation, TrainingConfig

CPU = torch.device("cpu")
CONFIG = TrainingConfig(batch_size=10, validation=0.2)


def batches(
    config: TrainingConfig = CONFIG, n: int = 100, extra: ImageDataset | None = None
) -> Batches:
    return Batches(bars(n, 1, "train"), extra, config, CPU)


def test_an_epoch_has_every_image_once_in_an_order_of_its_own() -> None:
    source = batches()
    assert (source.size, source.per_epoch) == (10, 8)
    epochs = [torch.cat([source.indices(8 * e + i) for i in range(8)]) for e in (0, 1, 0)]
    for order in epochs:
        assert sorted(order.tolist()) == list(range(80))
    assert torch.equal(epochs[0], epochs[2])
    assert not torch.equal(epochs[0], epochs[1])


def test_a_batch_is_bytes_over_255_normalised() -> None:
    source = batches()
    x, labels = source.batch(3, Augmentation(), slice(0, 10))
    indices = source.indices(3)
    assert x.shape == (10, 1, 12, 12)
    assert torch.equal(x, (source._images[indices].float() / 255 - 0.1) / 0.25)
    assert torch.equal(labels, source._labels[indices])


def test_shares_of_a_batch_make_the_whole() -> None:
    source = batches()
    distorted = Augmentation(rotation_deg=20, elastic_px=0.5, thickness=0.5, gain_high=2)
    x, labels = source.batch(3, distorted, slice(0, 10))
    parts = [source.batch(3, distorted, slice(a, b)) for a, b in ((0, 4), (4, 10))]
    torch.testing.assert_close(torch.cat([part[0] for part in parts]), x)
    assert torch.equal(torch.cat([part[1] for part in parts]), labels)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_own_drawings_have_the_share_that_was_asked_for(share: float) -> None:
    config = replace(CONFIG, validation=0.0, batch_size=1, drawings_share=share)
    source = batches(config, extra=bars(4, 9, "train"))
    order = torch.cat([source.indices(step) for step in range(source.per_epoch)])
    drawn = order[order >= 100]
    assert len(drawn) / len(order) == pytest.approx(share, abs=0.005)
    counts = torch.bincount(drawn - 100)
    assert len(counts) == 4
    assert int(counts.max() - counts.min()) <= 1  # they take turns
    drawing = bars(4, 9, "train").images[2]
    assert torch.equal(source._images[102, 0], torch.from_numpy(drawing.copy()))


def test_drawings_are_not_kept_for_validation() -> None:
    source = batches(replace(CONFIG, drawings_share=0.5), extra=bars(4, 9, "train"))
    assert len(source.validation_labels) == 20
    assert source.per_epoch == 16


def test_a_share_of_nothing() -> None:
    for extra in (None, bars(0, 9, "train")):
        with pytest.raises(UserError, match="no drawings of your own: draw some"):
            batches(replace(CONFIG, drawings_share=0.1), extra=extra)
    drawn = bars(4, 9, "train")
    assert batches(extra=drawn).per_epoch == batches().per_epoch  # a share of 0: left out


def test_drawings_of_other_classes_are_refused() -> None:
    drawn = bars(4, 9, "train")
    other = ImageDataset("own", "train", drawn.images, drawn.labels, ("a", "b"), 0.1, 0.25)
    with pytest.raises(UserError, match="other classes or another size than bars"):
        batches(replace(CONFIG, drawings_share=0.1), extra=other)


def test_nothing_is_left_to_learn_from() -> None:
    with pytest.raises(UserError, match="lower the validation share"):
        batches(replace(CONFIG, validation=0.9), n=2)


def test_the_images_themselves_stay() -> None:
    dataset = bars(20, 1, "train")
    before = dataset.images.copy()
    source = Batches(dataset, None, replace(CONFIG, validation=0.0), CPU)
    source.batch(0, Augmentation(rotation_deg=20, thickness=1), slice(0, 10))
    assert np.array_equal(dataset.images, before)
