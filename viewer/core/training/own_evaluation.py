"""Any network's answers to images by class: prepared as it wants them, classes told by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viewer.core.data.class_match import are_ids, are_numbers, match_classes
from viewer.core.data.dataset import ImageDataset
from viewer.core.data.dataset_picture import picture_of
from viewer.core.data.folder_name import FolderName
from viewer.core.data.registry import dataset_title, is_drawn
from viewer.core.engine import Engine
from viewer.core.errors import UserError
from viewer.core.imaging.pictures import open_picture
from viewer.core.imaging.preparation import prepare
from viewer.core.nets.checkpoint import LoadedNetwork
from viewer.core.records import Fit, FloatArray, NetworkRecord, Picture
from viewer.core.training.evaluation import (
    EvaluationCancelled,
    Progress,
    check_fit,
    evaluate_in_detail,
    never,
    no_progress,
)
from viewer.core.training.evaluation_folder import list_pictures
from viewer.core.training.metrics import batch_size
from viewer.core.training.report import Report, report_of

MAX_SHOWN_CLASSES = 48  # with those that a thousand-class network takes images for
OTHERS = "any other class"
NO_SCORES = (
    "{} gives no scores of classes, so nothing can be counted right or wrong: open a classifier."
)
_LEAST_PROBABILITY = 1e-30


@dataclass(frozen=True, slots=True)
class _Source:
    """Images to be read one after the other, and what is known of them."""

    title: str
    class_names: tuple[str, ...]
    labels: NDArray[np.int64]  # (N,)
    picture: Callable[[int], Picture]  # raises a UserError where one can't be read
    images: NDArray[np.uint8] | None = None
    files: tuple[str, ...] = ()
    drawn: bool = False


def evaluate_on(
    network: LoadedNetwork,
    wanted: str,
    default: str,
    load: Callable[[str], ImageDataset],
    *,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = never,
) -> Report:
    """Classify every test image of a data set, or every image of a folder.

    Parameters
    ----------
    network : LoadedNetwork
    wanted, default : str
        As of `dataset_to_evaluate`.
    load : callable
        Returns the test images of the data set of that name.
    progress, cancelled : callable
        As of `evaluate_network`.

    Raises
    ------
    EvaluationCancelled, UserError
        As of `dataset_to_evaluate`, `evaluate_network` and `evaluate_folder`.
    """
    name = dataset_to_evaluate(network, wanted, default)
    folder = FolderName.parse(name)
    if folder is not None and name != network.metadata.dataset:
        return evaluate_folder(network, folder.path, progress=progress, cancelled=cancelled)
    dataset = load(name)
    if folder is None and network.metadata.preparation.digit:
        check_fit(network, dataset)
    return evaluate_network(network, dataset, progress=progress, cancelled=cancelled)


def evaluate_folder(
    network: LoadedNetwork,
    path: Path,
    *,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = never,
) -> Report:
    """Classify the images of a folder by class, each as the window would show it the network.

    They are read one after the other and not kept, so there may be any number of them. Files that
    can't be read are left out, and told in the report.

    Parameters
    ----------
    network : LoadedNetwork
    path : pathlib.Path
        See `viewer.core.training.evaluation_folder.list_pictures`.
    progress, cancelled : callable
        As of `evaluate_network`; `cancelled` is asked before each image.

    Raises
    ------
    EvaluationCancelled, UserError
        As of `list_pictures` and `evaluate_network`; or if no image can be read.
    """
    found = list_pictures(path, cancelled=cancelled)
    source = _Source(
        found.title,
        found.class_names,
        found.labels,
        lambda index: open_picture(Path(found.files[index])),
        files=found.files,
    )
    return _evaluated(network, source, progress, cancelled)


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
        Its classes are the data set's in the network's order, then the others that images were
        taken for, the most frequent first; where these are too many, the last one stands for the
        rest.

    Raises
    ------
    EvaluationCancelled
        If `cancelled` said so.
    UserError
        If the network tells no classes apart, lacks a class of the data set, or can't answer.
    """
    metadata, drawn = network.metadata, is_drawn(dataset.name)
    if is_made_for(network, dataset):
        mean_std = (tuple(metadata.mean), tuple(metadata.std))
        return evaluate_in_detail(
            network.module, dataset, mean_std, progress=progress, cancelled=cancelled
        )
    if not len(dataset):
        raise UserError("There is no image to evaluate on: choose another data set.")
    as_it_is = drawn or not metadata.preparation.digit  # or a photograph, to find the ink in

    def picture(index: int) -> Picture:
        return replace(picture_of(dataset, index, ""), prepared=as_it_is)

    source = _Source(
        dataset_title(dataset.name),
        dataset.class_names,
        dataset.labels.astype(np.int64),
        picture,
        dataset.images,
        drawn=drawn,
    )
    return _evaluated(network, source, progress, cancelled)


def _evaluated(
    network: LoadedNetwork, source: _Source, progress: Progress, cancelled: Callable[[], bool]
) -> Report:
    engine = Engine(network)
    record = engine.network
    if not record.logits:
        raise UserError(NO_SCORES.format(network.title))
    # (K,): of each class of the network, the source's.
    places = match_classes(record.class_names, source.class_names, network.title, source.title)
    target = np.array([np.flatnonzero(places == i)[0] for i in range(len(source.class_names))])
    # Classes stand in the network's order: folders are sorted as text, 10 before 2.
    order = np.argsort(target)
    rank = np.argsort(order)
    target, places = target[order], np.where(places < 0, -1, rank[places])
    labels, total, loss = rank[source.labels], len(source.labels), 0.0
    predictions, confidences = np.empty(total, np.int64), np.empty(total, np.float32)
    read, left_out = np.zeros(total, np.bool_), list[str]()
    for part, pixels in _batches(source, record, left_out, cancelled):
        found = engine.probabilities(pixels)  # (B, K)
        if not np.isfinite(found).all():
            raise UserError("The network's answers are no numbers: open another one.")
        predictions[part], confidences[part] = found.argmax(axis=1), found.max(axis=1)
        right = found[np.arange(len(found)), target[labels[part]]].astype(np.float64)
        loss -= float(np.log(right.clip(_LEAST_PROBABILITY)).sum())
        read[part] = True
        progress(int(part[-1]) + 1, total)
    if not read.any():
        raise UserError(
            f"{source.title} has no image that can be read: the first says, {left_out[0]}"
        )
    progress(total, total)
    named = tuple(source.class_names[i] for i in order)
    if are_ids(named) and not are_numbers(record.class_names):
        named = tuple(record.class_names[k] for k in target)  # for people to read
    names, shown = _shown_classes(record.class_names, named, places, predictions[read])
    return report_of(
        source.title,
        names,
        source.images,
        labels[read],
        shown[predictions[read]],
        confidences[read],
        loss / int(read.sum()),
        drawn=source.drawn,
        files=tuple(compress(source.files, read.tolist())),
        left_out=tuple(left_out),
    )


def dataset_to_evaluate(network: LoadedNetwork, wanted: str, default: str) -> str:
    """Return the name of the data set that a network is to be evaluated on.

    Parameters
    ----------
    network : LoadedNetwork
    wanted : str
        What a person chose; empty for the network's own. The folder that it was trained on is
        its own, whatever size is named: the images that it learnt from tell nothing.
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
    own, chosen = (FolderName.parse(text or "") for text in (metadata.dataset, wanted))
    if own is not None and chosen is not None and _is_same(own.path, chosen.path):
        name = metadata.dataset  # that is: those of its images that were kept for testing
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


def _is_same(one: Path, other: Path) -> bool:
    return one.absolute() == other.absolute() or (
        one.exists() and other.exists() and one.samefile(other)
    )


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


def _batches(
    source: _Source, network: NetworkRecord, left_out: list[str], cancelled: Callable[[], bool]
) -> Iterator[tuple[NDArray[np.int64], FloatArray]]:
    """Yield where images stand, (B,), and how the network is shown them, [0, 1].

    They are (B, H, W) or (B, C, H, W). What is wrong with one that can't be read goes to
    `left_out`.
    """
    preparation = network.preparation
    if preparation.fit is Fit.NATIVE:  # a batch has one size
        preparation = replace(preparation, fit=Fit.CROP)
    shape = network.input_shape
    count = batch_size(int(np.prod(shape)))
    part: list[int] = []
    images: list[FloatArray] = []
    for index in range(len(source.labels)):
        if cancelled():
            raise EvaluationCancelled
        try:
            picture = source.picture(index)
        except UserError as error:
            left_out.append(str(error))
        else:
            images.append(prepare(picture, shape, preparation, mean=network.mean).pixels)
            part.append(index)
        if part and (len(part) == count or index + 1 == len(source.labels)):
            yield np.array(part), np.stack(images)
            part, images = [], []


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
