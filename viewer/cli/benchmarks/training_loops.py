"""The loops that a training in the window is compared with, as people write them."""

from __future__ import annotations

import gzip
import math
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the field's own name for it
from torch.utils.data import DataLoader

from viewer.core.data.registry import load_dataset
from viewer.core.nets.architectures import architectures
from viewer.core.resources import resource_path
from viewer.core.training.augment import augment
from viewer.core.training.config import Augmentation, TrainingConfig
from viewer.core.training.optimisation import build_optimiser

MEAN, STD = 0.1307, 0.3081  # of MNIST, as every tutorial has them
# torchvision's elastic transform blurs even noise in [-1, 1] with a Gaussian: of this width in
# pixels, it is as smooth as our five control points a side.
ELASTIC_SIGMA_PX = 2.8
NOISE_STD = 1 / math.sqrt(3)


class Loop:
    """Trains for as long as it is asked to: network, optimiser and schedule of `config`.

    Parameters
    ----------
    config : TrainingConfig
        Its batch size counts; its data set must be MNIST.
    batches : iterator of (images, labels)
        (B, 1, 28, 28) float32 as the network takes them and (B,) int64, without end.
    channels_last : bool
        Memory layout; loops as they are usually written leave torch's default.

    Attributes
    ----------
    network : torch.nn.Module
    """

    def __init__(
        self,
        config: TrainingConfig,
        batches: Iterator[tuple[Tensor, Tensor]],
        *,
        channels_last: bool = False,
    ) -> None:
        architecture = architectures().get(config.architecture)
        hyper = architecture.complete(config.hyper)
        self.network: nn.Module = architecture.build(hyper, (1, 28, 28), 10).train()
        if channels_last:
            self.network = self.network.to(memory_format=torch.channels_last)
        self._optimiser = build_optimiser(self.network, config)
        steps = 1_000_000  # the schedule's length: longer than any measurement
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(self._optimiser, config.lr, steps)
        self._batches = batches

    def step(self) -> int:
        """Train on one batch; return how many images it had."""
        images, labels = next(self._batches)
        self._optimiser.zero_grad()
        loss = F.cross_entropy(self.network(images), labels)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
        self._optimiser.step()
        self._schedule.step()
        return len(labels)

    def images_per_s(self, duration_s: float) -> float:
        """Train for a while; return the throughput."""
        images = 0
        start = time.perf_counter()
        while time.perf_counter() - start < duration_s:
            images += self.step()
        return images / (time.perf_counter() - start)


def preloaded(config: TrainingConfig) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield shuffled batches of tensors that were loaded before, distorted where `config` asks.

    The distortion is the window's own, a whole batch at a time.
    """
    dataset = load_dataset("mnist", "train")
    pixels = torch.tensor(dataset.images).unsqueeze(1).float() / 255  # (N, 1, 28, 28)
    labels = torch.tensor(dataset.labels, dtype=torch.int64)  # (N,)
    distorts = config.augmentation.distorts
    if not distorts:
        pixels = (pixels - MEAN) / STD
    generator = torch.Generator().manual_seed(config.seed)
    while True:
        order = torch.randperm(len(labels))
        for start in range(0, len(order) - config.batch_size + 1, config.batch_size):
            indices = order[start : start + config.batch_size]
            images = pixels[indices]
            if distorts:
                images = (augment(images, config.augmentation, generator) - MEAN) / STD
            yield images, labels[indices]


def from_loader(config: TrainingConfig, root: Path) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the batches of torchvision's MNIST and a DataLoader in this very thread.

    Parameters
    ----------
    config : TrainingConfig
    root : pathlib.Path
        What `unpack_mnist` has filled.
    """
    from torchvision import datasets  # type: ignore[import-untyped]  # it has no stubs

    dataset = datasets.MNIST(root, train=True, transform=per_sample(config.augmentation))
    loader: DataLoader[Any] = DataLoader(
        dataset, config.batch_size, shuffle=True, num_workers=0, drop_last=True
    )
    while True:
        yield from loader


def per_sample(settings: Augmentation) -> Any:
    """Return torchvision's transforms of one picture that distort it as `settings` would.

    Raises
    ------
    ValueError
        If torchvision has none for something in `settings`.
    """
    from torchvision import transforms

    if settings.aspect or settings.thickness or (settings.gain_low, settings.gain_high) != (1, 1):
        raise ValueError(f"{settings} can't be had from torchvision")
    steps: list[Any] = []
    affine = (settings.rotation_deg, settings.shift_px, settings.scale, settings.shear)
    if any(affine):
        shift = settings.shift_px / 28
        steps.append(
            transforms.RandomAffine(
                settings.rotation_deg,
                translate=(shift, shift),
                scale=(1 - settings.scale, 1 + settings.scale),
                shear=math.degrees(math.atan(settings.shear)),
                interpolation=transforms.InterpolationMode.BILINEAR,
            )
        )
    if settings.elastic_px:
        # A blur by a Gaussian of width σ divides the deviation of noise by 2 σ √π.
        alpha = settings.elastic_px * 2 * ELASTIC_SIGMA_PX * math.sqrt(math.pi) / NOISE_STD
        steps.append(transforms.ElasticTransform(alpha=alpha, sigma=ELASTIC_SIGMA_PX))
    normalise = transforms.Normalize((MEAN,), (STD,))
    return transforms.Compose([*steps, transforms.ToTensor(), normalise])


def unpack_mnist(root: Path) -> None:
    """Put the files in the box where torchvision looks for them: nothing is downloaded."""
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for packed in resource_path("mnist").glob("*.gz"):
        with gzip.open(packed) as source, (raw / packed.stem).open("wb") as target:
            shutil.copyfileobj(source, target)
