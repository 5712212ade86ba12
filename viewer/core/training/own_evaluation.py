"""Any network's answers to images by class: prepared as it wants them, classes told by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viewer.core.data.class_match import match_classes
from viewer.core.data.dataset import ImageDataset
from viewer.core.data.dataset_picture import is_drawn, picture_of
from viewer.core.data.folder_name import FolderName
from viewer.core.data.image_folder import MAX_SIZE_PX, MIN_SIZE_PX, image_folder
from viewer.core.data.registry import dataset_title
from viewer.core.engine import Engine
from viewer.core.errors import UserError
from viewer.core.imaging.preparation import prepare
from viewer.core.nets.checkpoint import LoadedNetwork, Metadata
from viewer.core.records import Fit, FloatArray, NetworkRecord
from viewer.core.training.evaluation import (
    EvaluationCancelled,
    Progress,
    evaluate_in_detail,
    never,
    no_progress,
)
from viewer.core.training.report import Report, report_of

MAX_BATCH = 200  # images
BATCH_NUMBERS = 600_000  # of a batch's pixels: a cancel of a large network takes effect soon
MAX_SHOWN_CLASSES = 48  # with those that a thousand-class network takes images for
OTHERS = "any other class"
NO_SCORES = (
    "{} gives no scores of classes, so nothing can be counted right or wrong: open a classifier."
)
DIGIT_FOLDER_PX = 128  # of pictures in which a digit is looked for
_LEAST_PROBABILITY = 1e-30


def folder_images(
    path: Path,
    metadata: Metadata,
    *,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = never,
) -> ImageDataset:
    """Read a folder of images by class for a network that was not trained on it.

    Parameters
    ----------
    path : pathlib.Path
    metadata : Metadata
        Of the network: decides the size and whether colours are kept.
    progress, cancelled : callable
        As of `viewer.core.data.image_folder.image_folder`.

    Returns
    -------
    ImageDataset
        Those in its ``test`` folder if it has one, otherwise all.

    Raises
    ------
    UserError
        If it is no such folder.
    """
    preparation = metadata.preparation
    side = max(metadata.input_shape[1:])
    if preparation.digit:
        side = max(side, DIGIT_FOLDER_PX)
    elif preparation.fit is Fit.CROP:
        side = max(side, preparation.resize)
    read = image_folder(
        path,
        size=min(max(side, MIN_SIZE_PX), MAX_SIZE_PX),
        color=metadata.input_shape[0] == 3,
        test_share=0,
        progress=progress,
        cancelled=cancelled,
    )
    return read.test if len(read.test) else read.train


def evaluate_network(
    network: LoadedNetwork,
    dataset: ImageDataset,
    *,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = never,
) -> Report:
    """Classify every image of a data set by a network of any kind, and count what came out.

    Parameters
    ----------
    network : LoadedNetwork
    dataset : ImageDataset
    progress : callable
        Told the number of images done and of all, after each batch.
    cancelled : callable
        Asked before each batch.

    Returns
    -------
    Report
        Its classes are the data set's, then the others that images were taken for, the most
        frequent first; where these are too many, the last one stands for the rest.

    Raises
    ------
    EvaluationCancelled
        If `cancelled` said so.
    UserError
        If the network tells no classes apart, lacks a class of the data set, or can't answer.
    """
    metadata = network.metadata
    if is_made_for(network, dataset):
        mean_std = (tuple(metadata.mean), tuple(metadata.std))
        return evaluate_in_detail(
            network.module, dataset, mean_std, progress=progress, cancelled=cancelled
        )
    if not len(dataset):
        raise UserError("There is no image to evaluate on: choose another data set.")
    engine = Engine(network)
    record = engine.network
    if not record.logits:
        raise UserError(NO_SCORES.format(network.title))
    title = dataset_title(dataset.name)
    # (K,): of each class of the network, the data set's.
    places = match_classes(record.class_names, dataset.class_names, network.title, title)
    target = np.array([np.flatnonzero(places == i)[0] for i in range(len(dataset.class_names))])
    labels = dataset.labels.astype(np.int64)
    predictions, confidences = np.empty(len(labels), np.int64), np.empty(len(labels), np.float32)
    loss, done = 0.0, 0
    for pixels in _batches(dataset, record):
        if cancelled():
            raise EvaluationCancelled
        found = engine.probabilities(pixels)  # (B, K)
        if not np.isfinite(found).all():
            raise UserError("The network's answers are no numbers: open another one.")
        part = slice(done, done + len(found))
        predictions[part], confidences[part] = found.argmax(axis=1), found.max(axis=1)
        right = found[np.arange(len(found)), target[labels[part]]].astype(np.float64)
        loss -= float(np.log(right.clip(_LEAST_PROBABILITY)).sum())
        done += len(found)
        progress(done, len(labels))
    names, shown = _shown_classes(record.class_names, dataset.class_names, places, predictions)
    return report_of(
        title,
        names,
        dataset.images,
        labels,
        shown[predictions],
        confidences,
        loss / len(labels),
        drawn=is_drawn(dataset.name),
    )


def dataset_to_evaluate(network: LoadedNetwork, wanted: str, default: str) -> str:
    """Return the name of the data set that a network is to be evaluated on.

    Parameters
    ----------
    network : LoadedNetwork
    wanted : str
        What a person chose; empty for the network's own.
    default : str
        For a network that doesn't say what it was trained on.

    Raises
    ------
    UserError
        If there is none that it can be evaluated on.
    """
    from viewer.core.data.registry import datasets

    metadata = network.metadata
    if not metadata.class_names:
        raise UserError(NO_SCORES.format(network.title))
    name = wanted or metadata.dataset
    if name is None:
        if not metadata.preparation.digit:
            raise UserError(
                f"{network.title} doesn't say what it was trained on: evaluate it on a folder of "
                "images by class."
            )
        return default
    if not wanted and name not in datasets() and FolderName.parse(name) is None:
        raise UserError(
            f"The images of {name} are not here: evaluate {network.title} on a folder of images "
            "by class."
        )
    return name


def is_made_for(network: LoadedNetwork, dataset: ImageDataset) -> bool:
    """Return whether the data set's images are what the network was trained on, as they are."""
    metadata = network.metadata
    fits = (tuple(metadata.input_shape), metadata.class_names) == (
        dataset.input_shape,
        dataset.class_names,
    )
    same = metadata.preparation.digit if is_drawn(dataset.name) else True
    trained = metadata.dataset == dataset.name or is_drawn(dataset.name)
    return network.rebuildable and fits and same and trained


def _batches(dataset: ImageDataset, network: NetworkRecord) -> Iterator[FloatArray]:
    """Yield images as the network is shown them, (B, H, W) or (B, C, H, W) in [0, 1]."""
    preparation = network.preparation
    if preparation.fit is Fit.NATIVE:  # a batch has one size
        preparation = replace(preparation, fit=Fit.CROP)
    drawn, shape = is_drawn(dataset.name), network.input_shape
    count = max(1, min(MAX_BATCH, BATCH_NUMBERS // int(np.prod(shape))))
    for start in range(0, len(dataset), count):
        images = []
        for index in range(start, min(start + count, len(dataset))):
            picture = picture_of(dataset, index, "")
            if preparation.digit and not drawn:  # a photograph, in which the ink is to be found
                picture = replace(picture, prepared=False)
            images.append(prepare(picture, shape, preparation, mean=network.mean).pixels)
        yield np.stack(images)


def _shown_classes(
    network: tuple[str, ...],
    dataset: tuple[str, ...],
    places: NDArray[np.int64],
    predictions: NDArray[np.int64],
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the names of the report's classes, and which of them each of the network's is."""
    names, shown = list(dataset), places.copy()
    counts = np.bincount(predictions, minlength=len(network))
    counts[places >= 0] = 0
    others = [int(k) for k in np.argsort(-counts, kind="stable") if counts[k]]
    room = max(MAX_SHOWN_CLASSES - len(dataset), 1)
    named = others if len(others) <= room else others[: room - 1]
    for k in named:
        shown[k] = len(names)
        names.append(network[k])
    if len(named) < len(others):
        shown[shown < 0] = len(names)
        names.append(OTHERS)
    return tuple(names), shown
