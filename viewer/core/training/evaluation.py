"""A network's answers to every image of a data set, in detail, with progress and cancel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the field's own name for it

from viewer.core.data.dataset import ImageDataset
from viewer.core.data.registry import dataset_title, is_drawn
from viewer.core.errors import UserError
from viewer.core.nets.architectures import architectures
from viewer.core.nets.checkpoint import LoadedNetwork, Metadata
from viewer.core.training.metrics import batch_size
from viewer.core.training.report import Report, report_of

MeanStd = tuple[tuple[float, ...], tuple[float, ...]]  # one number a channel each
Progress = Callable[[int, int], None]


class EvaluationCancelled(Exception):  # noqa: N818 - it is no error
    """Whoever asked for an evaluation doesn't want it any more."""


def no_progress(_done: int, _total: int) -> None:
    """Tell nobody."""


def never() -> bool:
    """Tell that nobody cancels."""
    return False


def evaluate_in_detail(
    network: nn.Module,
    dataset: ImageDataset,
    mean_std: MeanStd,
    *,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = never,
) -> Report:
    """Classify every image of a data set and count what came out.

    Parameters
    ----------
    network : torch.nn.Module
        Gives logits, (N, K); its mode is put back as it was.
    dataset : ImageDataset
    mean_std : (mean, std)
        What the network was trained with, one number a channel each.
    progress : callable
        Told the number of images done and of all, after each batch.
    cancelled : callable
        Asked before each batch.

    Raises
    ------
    EvaluationCancelled
        If `cancelled` said so.
    UserError
        If there is no image, or the network's answers are no numbers.
    """
    if not len(dataset):
        raise UserError("There is no image to evaluate on: choose another data set.")
    predictions, confidences, loss = [], [], 0.0
    labels = dataset.labels.astype(np.int64)
    done = 0
    for x in batches(dataset.images, mean_std, device_of(network)):
        if cancelled():
            raise EvaluationCancelled
        logits = run(network, x).cpu()  # (B, K)
        if not bool(torch.isfinite(logits).all()):
            raise UserError("The network's answers are no numbers: evaluate an earlier step.")
        target = torch.from_numpy(labels[done : done + len(logits)])
        loss += float(F.cross_entropy(logits.double(), target, reduction="sum"))
        predictions.append(logits.argmax(1))
        confidences.append(logits.softmax(1).amax(1))
        done += len(logits)
        progress(done, len(labels))
    return report_of(
        dataset_title(dataset.name),
        dataset.class_names,
        dataset.images,
        labels,
        torch.cat(predictions).numpy(),
        torch.cat(confidences).numpy(),
        loss / len(labels),
        drawn=is_drawn(dataset.name),
    )


def batches(images: NDArray[np.uint8], mean_std: MeanStd, device: torch.device) -> Iterator[Tensor]:
    """Yield images as a network takes them, (B, C, H, W) float32 on `device`."""
    count = batch_size(images[:1].size)
    for start in range(0, len(images), count):
        yield normalised(pixels_of(images[start : start + count]).to(device), mean_std)


def pixels_of(images: NDArray[np.uint8]) -> Tensor:
    """Return images, (N, H, W) or (N, H, W, 3) uint8, as (N, C, H, W) float32 in [0, 1]."""
    channels_last = images[..., np.newaxis] if images.ndim == 3 else images  # (N, H, W, C)
    array = np.ascontiguousarray(np.moveaxis(channels_last, -1, 1), np.float32)  # (N, C, H, W)
    return torch.from_numpy(array) / 255


def normalised(pixels: Tensor, mean_std: MeanStd) -> Tensor:
    """Return pixels, (N, C, H, W) in [0, 1], less the mean and over the std of each channel."""
    mean, std = (torch.tensor(v, device=pixels.device).view(1, -1, 1, 1) for v in mean_std)
    return (pixels - mean) / std


def run(network: nn.Module, x: Tensor) -> Tensor:
    """Return the logits, (B, K), as in use: without dropout, with fixed norms."""
    was_training = network.training
    network.eval()
    try:
        with torch.inference_mode():
            logits: Tensor = network(x)
            return logits
    finally:
        network.train(was_training)


def device_of(network: nn.Module) -> torch.device:
    """Return where a network's weights are; the CPU if it has none."""
    first = next(network.parameters(), None)
    return torch.device("cpu") if first is None else first.device


def build_network(
    title: str, metadata: Metadata, weights: Mapping[str, Tensor], source: str = ""
) -> LoadedNetwork:
    """Build a network from a snapshot of its weights.

    Parameters
    ----------
    title, source : str
        Name to show, and where it came from.
    metadata : Metadata
    weights : mapping of str to Tensor
        The state dict; copied.

    Raises
    ------
    UserError
        If the weights don't fit the architecture that `metadata` names.
    """
    module = (
        architectures()
        .get(metadata.architecture)
        .build_empty(metadata.hyper, metadata.input_shape, len(metadata.class_names))
    )
    try:
        module.load_state_dict(dict(weights))
    except RuntimeError:
        raise UserError(
            f"The weights of {title} don't fit its architecture: choose another step or network."
        ) from None
    return LoadedNetwork(module.eval(), metadata, source, title)


def check_fit(network: LoadedNetwork, dataset: ImageDataset) -> None:
    """Refuse, with a UserError, a data set that the network was not made for."""
    shape = (dataset.images.shape[3] if dataset.images.ndim == 4 else 1, *dataset.images.shape[1:3])
    metadata = network.metadata
    if tuple(metadata.input_shape) != shape or metadata.class_names != dataset.class_names:
        raise UserError(
            f"{network.title} does not fit the data set {dataset_title(dataset.name)}: its image "
            "size or its class names are others, so choose another network or data set."
        )
