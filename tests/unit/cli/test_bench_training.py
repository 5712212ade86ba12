"""The training part of ``bench``: the loops that it compares with, and its figures."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from viewer.cli.benchmarks import training
from viewer.cli.benchmarks.parts import PARTS
from viewer.cli.benchmarks.training_loops import (
    MEAN,
    STD,
    Loop,
    from_loader,
    per_sample,
    preloaded,
    unpack_mnist,
)
from viewer.core.data.dataset import ImageDataset
from viewer.core.data.registry import load_dataset
from viewer.core.training.augment import augment
from viewer.core.training.config import Augmentation, TrainingConfig
from viewer.core.training.presets import load_preset

PLAIN = TrainingConfig(architecture="mlp", batch_size=8)
BENT = replace(PLAIN, augmentation=load_preset(training.RECIPE).augmentation)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("torchvision")
    unpack_mnist(folder)
    return folder


@pytest.fixture(scope="module")
def mnist() -> ImageDataset:
    return load_dataset("mnist", "train")


def as_images(batch: torch.Tensor) -> np.ndarray:
    """Return (B, 28, 28) uint8 of what a network takes."""
    return (batch[:, 0] * STD + MEAN).mul(255).round().to(torch.uint8).numpy()


def labels_of(images: np.ndarray, mnist: ImageDataset) -> list[set[int]]:
    """Return for each image the labels that it has in MNIST."""
    return [set(mnist.labels[(mnist.images == image).all(axis=(1, 2))]) for image in images]


def test_the_bare_loop_s_batches_are_mnist_s(mnist: ImageDataset) -> None:
    images, labels = next(preloaded(PLAIN))

    assert images.shape == (8, 1, 28, 28)
    found = labels_of(as_images(images), mnist)
    assert all(int(label) in known for label, known in zip(labels, found, strict=True))


def test_the_loader_s_batches_are_mnist_s(root: Path, mnist: ImageDataset) -> None:
    images, labels = next(from_loader(PLAIN, root))

    assert images.shape == (8, 1, 28, 28)
    found = labels_of(as_images(images), mnist)
    assert all(int(label) in known for label, known in zip(labels, found, strict=True))


@pytest.mark.parametrize("source", ["bare", "loader"])
def test_batches_are_distorted_where_asked_for(
    source: str, root: Path, mnist: ImageDataset
) -> None:
    batches = preloaded(BENT) if source == "bare" else from_loader(BENT, root)
    images, _labels = next(batches)

    assert not any(labels_of(as_images(images), mnist))
    ink = float((images * STD + MEAN).mean())
    assert ink == pytest.approx(MEAN, abs=0.05)  # bent, and still digits


def test_both_distort_equally_far(mnist: ImageDataset) -> None:
    # Of one digit many times over: the standard deviation of a pixel says how far it moves.
    settings = BENT.augmentation
    digit = mnist.images[0]
    count = 300
    torch.manual_seed(0)
    transform = per_sample(settings)
    theirs = torch.stack([transform(Image.fromarray(digit)) for _ in range(count)]) * STD + MEAN
    batch = (torch.tensor(digit).float() / 255).expand(count, 1, 28, 28)
    ours = augment(batch, settings, torch.Generator().manual_seed(0))

    spread = float(ours.std(dim=0).mean())
    assert float(theirs.std(dim=0).mean()) == pytest.approx(spread, rel=0.2)


def test_what_torchvision_can_t_do_is_refused() -> None:
    with pytest.raises(ValueError, match="torchvision"):
        per_sample(Augmentation(thickness=0.5))


def test_batches_never_end(root: Path) -> None:
    large = replace(PLAIN, batch_size=30_000)
    assert len(list(islice(preloaded(large), 3))) == 3


def test_the_loop_trains() -> None:
    loop = Loop(replace(PLAIN, batch_size=64, lr=0.02), preloaded(replace(PLAIN, batch_size=64)))
    before = torch.cat([p.detach().flatten() for p in loop.network.parameters()])
    assert loop.step() == 64
    after = torch.cat([p.detach().flatten() for p in loop.network.parameters()])
    assert not torch.equal(before, after)
    assert loop.images_per_s(0.05) > 0


def test_each_round_is_compared_with_its_neighbour() -> None:
    found = training.ratios(
        {
            "window": [90.0, 45.0, 80.0],
            "bare": [100.0, 50.0, 100.0],
            "same_layout": [112.5, 56.25, 100.0],
            "plain_window": [110.0, 120.0, 130.0],
            "loader": [100.0, 100.0, 100.0],
            "augmented_loader": [30.0, 15.0, 10.0],
        }
    )
    assert found == {
        "throughput_ratio": pytest.approx(0.9),
        "same_layout_ratio": pytest.approx(0.8),
        "dataloader_speedup": pytest.approx(1.2),
        "augmented_speedup": pytest.approx(3.0),
    }


def test_the_figures_are_those_of_the_contract() -> None:
    part = next(part for part in PARTS if part.name == "training")
    limits = {figure.key: str(figure.target) for figure in part.figures if figure.target}
    assert limits == {
        "throughput_ratio": "≥ 0.9",
        "dataloader_speedup": "≥ 1.1",
        "augmented_speedup": "≥ 3",
        "gap_p99_ms": "≤ 20",
        "gap_max_ms": "≤ 80",
        "update_p99_ms": "≤ 40",
    }
