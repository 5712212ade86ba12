"""How good a network is on a data set."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the field's own name for it

from viewer.core.data.dataset import ImageDataset

BATCH = 200  # images: a cancel has effect within a few hundredths of a second
BATCH_NUMBERS = 600_000  # of a batch's pixels: so it has with large images, and memory is enough


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


def batch_size(numbers: int) -> int:
    """Return how many images of so many numbers each go through a network at once."""
    return max(1, min(BATCH, BATCH_NUMBERS // max(1, numbers)))


class Normalisation:
    """From bytes to what a network was trained with: one mean and deviation a channel.

    Parameters
    ----------
    mean, std : tuple of float, one a channel
        Of pixels in [0, 1].
    device : torch.device
    """

    def __init__(
        self, mean: tuple[float, ...], std: tuple[float, ...], device: torch.device
    ) -> None:
        self._mean: float | Tensor = mean[0]
        self._std: float | Tensor = std[0]
        if len(mean) > 1:  # numbers are faster than tensors, and all that grey needs
            self._mean, self._std = (
                torch.tensor(values, device=device).view(-1, 1, 1) for values in (mean, std)
            )  # (C, 1, 1)

    def __call__(self, images: Tensor) -> Tensor:
        """Return images, (N, C, H, W) float32 in [0, 1], as the network takes them."""
        return (images - self._mean) / self._std


def image_tensors(dataset: ImageDataset, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return a data set's images, (N, C, H, W) uint8, and labels, (N,) int64, on a device."""
    images = torch.from_numpy(dataset.chw().copy())  # (N, C, H, W)
    labels = torch.from_numpy(dataset.labels.astype("int64"))
    return images.to(device), labels.to(device)


def evaluate(
    network: nn.Module,
    dataset: ImageDataset,
    *,
    mean: float | tuple[float, ...] | None = None,
    std: float | tuple[float, ...] | None = None,
    device: torch.device | str = "cpu",
) -> Evaluation:
    """Classify every image of a data set.

    Parameters
    ----------
    network : torch.nn.Module
        Gives logits; the mode of each of its layers is put back as it was.
    dataset : ImageDataset
    mean, std : float or tuple of float, optional
        What the network was trained with, one a channel; default: the data set's own.
    device : torch.device or str
        Where `network` is.
    """
    device = torch.device(device)
    images, labels = image_tensors(dataset, device)
    own_mean, own_std = dataset.mean_std()
    mean = own_mean if mean is None else mean
    std = own_std if std is None else std
    normalise = Normalisation(_channels(mean), _channels(std), device)
    return evaluate_tensors(network, images, labels, normalise)


def evaluate_tensors(
    network: nn.Module, images: Tensor, labels: Tensor, normalise: Normalisation
) -> Evaluation:
    """Classify images, (N, C, H, W) uint8, that are on the network's device already."""
    modes = {module: module.training for module in network.modules()}
    network.eval()
    loss, correct, size = 0.0, 0, batch_size(images[:1].numel())
    with torch.inference_mode():
        for start in range(0, len(labels), size):
            batch = slice(start, start + size)
            logits = network(normalise(images[batch].float() / 255))  # (B, K)
            loss += float(F.cross_entropy(logits, labels[batch], reduction="sum"))
            correct += int((logits.argmax(1) == labels[batch]).sum())
    for module, mode in modes.items():  # a frozen normalisation stays in evaluation mode
        module.training = mode
    return Evaluation(loss / len(labels), correct, len(labels))


def _channels(value: float | tuple[float, ...]) -> tuple[float, ...]:
    return value if isinstance(value, tuple) else (value,)
