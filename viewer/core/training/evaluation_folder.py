"""The images of a folder by class, listed to be read one after the other: any number of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viewer.core.data.image_folder import TEST_FOLDERS, TRAIN_FOLDER
from viewer.core.errors import UserError
from viewer.core.imaging.picture_folder import pictures_below
from viewer.core.training.evaluation import EvaluationCancelled, never

MAX_CLASSES = 4096  # the confusion matrix takes 8 bytes a cell: 128 MiB
MAX_IMAGES = 1_000_000  # only their paths are held: some 150 MB


@dataclass(frozen=True, slots=True)
class PictureList:
    """What lies in a folder of images by class; nothing of it has been opened.

    Attributes
    ----------
    title : str
        The folder's name.
    class_names : tuple of K str
        Names of the folders that have images, sorted.
    files : tuple of N str
        Paths, sorted by class and name.
    labels : (N,) int64
        Index into `class_names` of each file.
    """

    title: str
    class_names: tuple[str, ...]
    files: tuple[str, ...]
    labels: NDArray[np.int64]


def list_pictures(path: Path, *, cancelled: Callable[[], bool] = never) -> PictureList:
    """List a folder that has a folder of images for each class.

    Parameters
    ----------
    path : pathlib.Path
        Where it has the parts ``train`` and ``test`` (or ``val``), the latter is listed.
    cancelled : callable
        Asked before each class and each image.

    Raises
    ------
    EvaluationCancelled
        If `cancelled` said so.
    UserError
        If it can't be read, has no class with an image, or too many classes or images.
    """
    try:
        if not path.is_dir():
            raise UserError(f"{path} is no folder: choose one with a folder of images a class.")
        found = dict(_classes(_part(path), path, cancelled))
    except OSError as error:
        raise UserError(
            f"{error.filename or path} can't be read ({error.strerror}): check its permissions."
        ) from None
    if not found:
        raise UserError(
            f"{path} has no folders with images: put the images of each class into a folder of "
            "its own."
        )
    counts = [len(files) for files in found.values()]
    return PictureList(
        path.absolute().name or str(path),
        tuple(found),
        tuple(file for files in found.values() for file in files),
        np.repeat(np.arange(len(found), dtype=np.int64), counts),
    )


def _part(path: Path) -> Path:
    """Return where the classes are: in the folder itself, or in its part for testing."""
    if not (path / TRAIN_FOLDER).is_dir():
        return path
    parts = (path / name for name in (*TEST_FOLDERS, TRAIN_FOLDER))
    return next(part for part in parts if part.is_dir())


def _classes(
    folder: Path, chosen: Path, cancelled: Callable[[], bool]
) -> Iterator[tuple[str, list[str]]]:
    """Yield each class that has images, with their paths."""
    classes = images = 0
    too_large = UserError(
        f"{chosen} has more than {MAX_CLASSES:,} classes or {MAX_IMAGES:,} images: choose a "
        "smaller folder."
    )
    with os.scandir(folder) as entries:
        names = sorted(e.name for e in entries if e.is_dir() and not e.name.startswith("."))
    for name in names:
        if cancelled():
            raise EvaluationCancelled
        files: list[str] = []
        for file in pictures_below(folder / name):
            if cancelled():
                raise EvaluationCancelled
            files.append(file)
            images += 1
            if images > MAX_IMAGES:
                raise too_large
        classes += bool(files)
        if classes > MAX_CLASSES:
            raise too_large
        if files:
            yield name, files
