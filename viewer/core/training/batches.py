"""The images of a training, on its device, batch by batch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from viewer.core.data.dataset import ImageDataset
from viewer.core.errors import UserError
from viewer.core.training.augment import augment
from viewer.core.training.config import Augmentation, TrainingConfig
from viewer.core.training.metrics import Normalisation, image_tensors
from viewer.core.training.randomness import Purpose, stream, stream_seed
from viewer.core.training.simulated import add_simulated


class Batches:
    """What is learned from, and what is kept back to check it.

    Attributes
    ----------
    validation_images, validation_labels : (V, C, H, W) uint8, (V,) int64
    normalise : Normalisation
    size : int
        Images in a batch; all of them where there are fewer than asked for.
    per_epoch : int
        Whole batches in an epoch; the rest of a shuffled epoch is left out.

    Parameters
    ----------
    dataset : ImageDataset
        Validation images are split off it.
    extra : ImageDataset or None
        The user's own drawings, repeated until they have the share that `config` asks for.
    config : TrainingConfig
    device : torch.device
    """

    def __init__(
        self,
        dataset: ImageDataset,
        extra: ImageDataset | None,
        config: TrainingConfig,
        device: torch.device,
    ) -> None:
        self._seed = config.seed
        self._device = device
        learned, kept = _split(dataset, config)
        simulated_seed = stream_seed(config.seed, Purpose.SIMULATION)
        learned = add_simulated(learned, config.augmentation.simulated, simulated_seed)
        self._images, self._labels = image_tensors(learned, device)
        self._source: Tensor | None = None  # image of each place in an epoch, None for the same
        if config.drawings_share:
            self._add_drawings(dataset, extra, config.drawings_share)
        self.validation_images, self.validation_labels = image_tensors(kept, device)
        self.normalise = Normalisation(*dataset.mean_std(), device)
        self._count = len(self._labels) if self._source is None else len(self._source)
        self.size = min(config.batch_size, self._count)
        self.per_epoch = self._count // self.size
        self._order = (-1, torch.empty(0))

    def indices(self, step: int) -> Tensor:
        """Return which images a step learns from, (B,) int64."""
        epoch, position = divmod(step, self.per_epoch)
        if self._order[0] != epoch:
            order = torch.randperm(self._count, generator=stream(self._seed, Purpose.ORDER, epoch))
            order = order.to(self._device)
            self._order = (epoch, order if self._source is None else self._source[order])
        return self._order[1][position * self.size : (position + 1) * self.size]

    def batch(self, step: int, settings: Augmentation, share: slice) -> tuple[Tensor, Tensor]:
        """Return one share of a step's batch: distorted images as the network takes them, labels.

        Parameters
        ----------
        step : int
        settings : Augmentation
        share : slice
            Of the batch, with a start and an end.

        Returns
        -------
        images : (N, C, H, W) float32
        labels : (N,) int64
        """
        indices = self.indices(step)[share]
        x = self._images.index_select(0, indices).float().div_(255)  # (N, C, H, W)
        if settings.distorts:
            draws = stream(self._seed, Purpose.AUGMENTATION, step)
            x = augment(x, settings, draws, total=self.size, first=share.start)
        return self.normalise(x), self._labels.index_select(0, indices)

    def _add_drawings(
        self, dataset: ImageDataset, extra: ImageDataset | None, share: float
    ) -> None:
        if extra is None or not len(extra):
            raise UserError("There are no drawings of your own: draw some, or use a share of 0.")
        if (extra.input_shape, extra.class_names) != (dataset.input_shape, dataset.class_names):
            raise UserError(
                f"Your own drawings have other classes or another size than {dataset.name}: "
                "use a share of 0."
            )
        images, labels = image_tensors(extra, self._device)
        n = len(self._labels)
        repeated = n + torch.arange(round(n * share / (1 - share))) % len(extra)
        self._images = torch.cat([self._images, images])
        self._labels = torch.cat([self._labels, labels])
        self._source = torch.cat([torch.arange(n), repeated]).to(self._device)


def _split(dataset: ImageDataset, config: TrainingConfig) -> tuple[ImageDataset, ImageDataset]:
    """Return the images to learn from, and those kept for validation."""
    generator = np.random.default_rng(stream_seed(config.seed, Purpose.SPLIT))
    order = generator.permutation(len(dataset)).astype(np.int64)
    held = round(config.validation * len(dataset))
    if held == len(dataset) or not len(dataset):
        raise UserError("No image is left to learn from: lower the validation share.")
    return dataset.select(np.sort(order[held:])), dataset.select(order[:held])
