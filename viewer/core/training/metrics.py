"""How good a network is on a data set."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the field's own name for it

from viewer.core.data.dataset import ImageDataset

EVALUATION_BATCH = 500  # images: large enough to be fast, small enough for the caches


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Result of an evaluation.

    Attributes
    ----------
    loss : float
        Mean cross-entropy, in nats.
    correct, n : int
        Images classified rightly, images in all.
    """

    loss: float
    correct: int
    n: int

    @property
    def accuracy(self) -> float:
        """Share of images classified rightly, [0, 1]."""
        return self.correct / self.n


def image_tensors(dataset: ImageDataset, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return a data set's images, (N, 1, H, W) uint8, and labels, (N,) int64, on a device."""
    images = torch.from_numpy(dataset.images.copy()).unsqueeze(1)  # (N, 1, H, W)
    labels = torch.from_numpy(dataset.labels.astype("int64"))
    return images.to(device), labels.to(device)


def evaluate(
    network: nn.Module,
    dataset: ImageDataset,
    *,
    mean: float | None = None,
    std: float | None = None,
    device: torch.device | str = "cpu",
) -> Evaluation:
    """Classify every image of a data set.

    Parameters
    ----------
    network : torch.nn.Module
        Gives logits; its mode is put back as it was.
    dataset : ImageDataset
    mean, std : float, optional
        What the network was trained with; default: the data set's own.
    device : torch.device or str
        Where `network` is.
    """
    images, labels = image_tensors(dataset, torch.device(device))
    mean = dataset.mean if mean is None else mean
    std = dataset.std if std is None else std
    return evaluate_tensors(network, images, labels, mean, std)


def evaluate_tensors(
    network: nn.Module, images: Tensor, labels: Tensor, mean: float, std: float
) -> Evaluation:
    """Classify images, (N, 1, H, W) uint8, that are on the network's device already."""
    was_training = network.training
    network.eval()
    loss, correct = 0.0, 0
    with torch.inference_mode():
        for start in range(0, len(labels), EVALUATION_BATCH):
            batch = slice(start, start + EVALUATION_BATCH)
            logits = network((images[batch].float() / 255 - mean) / std)  # (B, K)
            loss += float(F.cross_entropy(logits, labels[batch], reduction="sum"))
            correct += int((logits.argmax(1) == labels[batch]).sum())
    network.train(was_training)
    return Evaluation(loss / len(labels), correct, len(labels))
