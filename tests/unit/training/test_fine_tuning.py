"""Training goes on from networks of torchvision's, on images of other classes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from viewer.core.data.dataset import ImageDataset
from viewer.core.data.folder_name import FolderName
from viewer.core.errors import UserError
from viewer.core.nets.torchvision_models import build_torchvision
from viewer.core.records import Fit, Preparation
from viewer.core.training.config import TrainingConfig
from viewer.core.training.events import BatchFinished
from viewer.core.training.freezing import freeze
from viewer.core.training.loop import Trainer, TrainingData
from viewer.core.training.starting import take_up

START = "squeezenet1_1"  # 1.2 million parameters, and a convolution for a head
CONFIG = TrainingConfig(architecture=START, epochs=1, batch_size=4, lr=1e-3, schedule="constant")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def pictures(name: str, channels: int = 3) -> ImageDataset:
    rng = np.random.default_rng(0)
    shape = (8, 32, 32, 3) if channels == 3 else (8, 32, 32)
    images = rng.integers(0, 256, shape, np.uint8)
    labels = np.arange(8, dtype=np.uint8) % 3
    return ImageDataset(
        name, "train", images, labels, ("ant", "bee", "cat"), (0.5,) * channels, (0.3,) * channels
    )


def data(channels: int = 3) -> TrainingData:
    chosen = pictures(str(FolderName(Path("/photos"), 32, channels == 3)), channels)
    return TrainingData(chosen, chosen)


def test_the_head_is_new_and_the_rest_is_taken_up() -> None:
    torch.manual_seed(0)
    source = build_torchvision(START, 1000, (3, 32, 32)).state_dict()
    trainer = Trainer(CONFIG, data(), start=source)
    for name, value in trainer.network.state_dict().items():
        if name.startswith("classifier.1."):
            assert len(value) == 3
        else:
            assert torch.equal(value, source[name])
    assert trainer.notice == (
        "The network to start from tells 1,000 classes apart and the data set has 3: classifier.1 "
        "begins with random weights."
    )
    assert isinstance(next(iter(trainer.events())), BatchFinished)


def test_as_many_classes_keep_the_head() -> None:
    source = build_torchvision(START, 3, (3, 32, 32)).state_dict()
    trainer = Trainer(CONFIG, data(), start=source)
    assert trainer.notice == ""
    assert all(torch.equal(v, source[n]) for n, v in trainer.network.state_dict().items())


def test_other_channels_are_refused() -> None:
    source = build_torchvision(START, 3, (3, 32, 32)).state_dict()
    with pytest.raises(UserError, match=r"has features.0.weight of the shape \[64, 3, 3, 3\]"):
        Trainer(CONFIG, data(1), start=source)


def test_only_the_last_layer_may_have_another_number_of_outputs() -> None:
    def network(hidden: int, classes: int) -> nn.Module:
        return nn.Sequential(nn.Linear(4, hidden), nn.Linear(hidden, classes))

    own = network(3, 3)
    before = {name: value.clone() for name, value in own.state_dict().items()}
    with pytest.raises(UserError, match=r"other has 0.weight of the shape \[5, 4\]"):
        take_up(own, network(5, 3).state_dict(), "other")
    assert all(torch.equal(value, before[name]) for name, value in own.state_dict().items())


def test_auxiliary_classifiers_are_heads_too() -> None:
    class Two(nn.Module):
        def __init__(self, classes: int) -> None:
            super().__init__()
            self.body = nn.Linear(4, 4)
            self.aux1 = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, classes))
            self.fc = nn.Linear(4, classes)

    said = take_up(Two(3), Two(7).state_dict(), "other")
    assert said.endswith("has 3: aux1.1, fc begins with random weights.")


def test_random_weights_and_what_the_start_names(tmp_path: Path) -> None:
    trainer = Trainer(replace(CONFIG, start=START), data())  # by torchvision's name
    assert trainer.notice.startswith("squeezenet1_1 tells 1,000 classes apart")
    path = tmp_path / "mine.ts"
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 30 * 30, 3)).eval()
    with pytest.warns(Warning, match="jit"):
        torch.jit.save(torch.jit.trace(module, torch.rand(1, 3, 32, 32)), path)  # type: ignore[no-untyped-call]  # torch's own
    with pytest.raises(UserError, match="mine has no architecture that could be built again"):
        Trainer(replace(CONFIG, start=str(path)), data())


@pytest.mark.parametrize("channels", [1, 3])
def test_what_was_trained_on_a_folder_takes_pictures(channels: int) -> None:
    metadata = Trainer(CONFIG, data(channels)).metadata()
    assert metadata.preparation == Preparation(digit=False, fit=Fit.CROP)
    assert metadata.input_shape == (channels, 32, 32)


def test_a_frozen_block_keeps_the_statistics_inside() -> None:
    block = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    other = nn.BatchNorm2d(4)
    network = nn.Sequential(block, other).train()
    freeze(network, ("0",))
    statistics = block[1].running_mean
    assert isinstance(statistics, torch.Tensor)
    before = statistics.clone()
    network(torch.rand(2, 3, 8, 8))
    assert torch.equal(statistics, before)
    assert not any(p.requires_grad for p in block.parameters())
    learning = other.running_mean
    assert learning is not None
    assert learning.abs().sum() > 0


def test_blocks_that_are_left_out_at_random_are_the_same_each_time() -> None:
    from viewer.core.training.learner import _draws

    class StochasticDepth(nn.Module):
        pass

    assert _draws(StochasticDepth())
    assert _draws(nn.Dropout(0.1))
    assert not _draws(nn.ReLU())
