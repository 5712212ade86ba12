"""A folder of images by class as a data set."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from viewer.core.data.class_pictures import has_color, is_colored, read_square, to_grey
from viewer.core.data.dataset import MAX_CLASSES, ByteArray, ImageDataset, pixel_mean_std
from viewer.core.data.folder_name import DEFAULT_SIZE_PX, FolderName
from viewer.core.data.left_out import named_files
from viewer.core.errors import UserError
from viewer.core.imaging.picture_folder import pictures_below

Progress = Callable[[int, int], None]  # images done, images in all

TEST_SHARE = 0.15
MIN_SIZE_PX, MAX_SIZE_PX = 8, 512
MAX_BYTES = 2_000_000_000  # of all pixels: they are held in memory
TRAIN_FOLDER = "train"
TEST_FOLDERS = ("test", "val", "valid", "validation")
COLOR_SAMPLE = 200  # images, spread evenly, that tell whether a folder's images have colours


class FolderCancelled(UserError):  # noqa: N818 - it is no error
    """Whoever asked for a folder doesn't want it any more."""


@dataclass(frozen=True, slots=True)
class FolderImages:
    """What a folder of images holds.

    Attributes
    ----------
    train, test : ImageDataset
        Pixels as in the files: nothing is inverted.
    unreadable : tuple of str
        One sentence each on a file that was left out.
    """

    train: ImageDataset
    test: ImageDataset
    unreadable: tuple[str, ...] = ()

    def notice(self) -> str:
        """Return one sentence on what was left out; empty if nothing was."""
        if not self.unreadable:
            return ""
        n = len(self.unreadable) + len(self.train) + len(self.test)
        count = len(self.unreadable)
        verb = "was" if count == 1 else "were"
        return f"{count:,} of {n:,} files {verb} left out: {named_files(self.unreadable)}"


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    label: int
    is_test: bool


def nobody(_done: int, _total: int) -> None:
    """Tell nobody."""


def never() -> bool:
    """Tell that nobody cancels."""
    return False


def image_folder(
    path: Path,
    *,
    size: int = DEFAULT_SIZE_PX,
    color: bool | None = None,
    test_share: float = TEST_SHARE,
    progress: Progress = nobody,
    cancelled: Callable[[], bool] = never,
) -> FolderImages:
    """Read a folder of images by class.

    Parameters
    ----------
    path : pathlib.Path
        With a folder a class, or with ``train`` and ``test`` that have a folder a class each.
    size : int
        Side of the images in pixels: the square in the middle is cut out and scaled.
    color : bool or None
        Three channels or one; None: three if one of up to `COLOR_SAMPLE` images, spread evenly
        over the folder, has a colour.
    test_share : float
        Of the images, [0, 1): where there is no ``test`` folder, so many are kept for testing.
        Which ones follows from their names alone, so it is the same each time.
    progress : callable
        Told the images done and all images, after each.
    cancelled : callable
        Asked before each image.

    Returns
    -------
    FolderImages

    Raises
    ------
    FolderCancelled
        If `cancelled` says so.
    UserError
        If there are too few classes or images, too many of them, or the folder can't be read.
    """
    if not MIN_SIZE_PX <= size <= MAX_SIZE_PX:
        raise UserError(
            f"Images of {size} px can't be learnt from: choose {MIN_SIZE_PX} to {MAX_SIZE_PX} px."
        )
    if not 0 <= test_share < 1:
        raise UserError(f"A test share of {test_share:g} leaves no image to learn from: use 0.15.")
    class_names, files = _listed(path, test_share)
    if len(files) * size * size * 3 > MAX_BYTES:
        raise UserError(
            f"{path} has {len(files):,} images, too many at {size} px for the memory: choose a "
            "smaller size."
        )
    pixels, read, unreadable = _read_all(path, files, size, color, progress, cancelled)
    if color is None:
        sample = {file.path for file in _color_sample(files)}
        places = [place for place, file in enumerate(read) if file.path in sample]
        if not is_colored(pixels[places]):  # as `folder_input` tells it
            pixels = to_grey(pixels)
    labels = np.array([file.label for file in read], np.uint8)
    is_test = np.array([file.is_test for file in read], np.bool_)
    _check_classes(path, class_names, labels[~is_test])
    mean, std = pixel_mean_std(pixels[~is_test])
    name = str(FolderName(path, size, color))
    train, test = (
        ImageDataset(name, part, pixels[chosen], labels[chosen], class_names, mean, std)
        for part, chosen in (("train", ~is_test), ("test", is_test))
    )
    return FolderImages(train, test, unreadable)


def folder_input(
    path: Path,
    *,
    size: int = DEFAULT_SIZE_PX,
    color: bool | None = None,
    cancelled: Callable[[], bool] = never,
) -> tuple[tuple[int, int, int], tuple[str, ...]]:
    """Tell what a network for a folder of images takes and tells apart; keeps no image.

    Parameters
    ----------
    path, size, color, cancelled
        As of `image_folder`. With `color` None, images are read until one has a colour, and at
        most `COLOR_SAMPLE` of them, spread evenly over the folder.

    Returns
    -------
    (C, H, W), class names

    Raises
    ------
    FolderCancelled
        If `cancelled` says so.
    UserError
        If there are too few classes or too many, or the folder can't be read.
    """
    class_names, files = _listed(path, TEST_SHARE)
    if color is None:
        color = _any_colored(path, files, size, cancelled)
    return (3 if color else 1, size, size), class_names


def _any_colored(path: Path, files: list[_File], size: int, cancelled: Callable[[], bool]) -> bool:
    for file in _color_sample(files):
        if cancelled():
            raise _cancelled(path)
        if has_color(file.path, size):
            return True
    return False


def _color_sample(files: list[_File]) -> list[_File]:
    """Return the files that tell whether there are colours: first, last, evenly between."""
    if len(files) <= COLOR_SAMPLE:
        return files
    last = len(files) - 1
    return [files[place * last // (COLOR_SAMPLE - 1)] for place in range(COLOR_SAMPLE)]


def _cancelled(path: Path) -> FolderCancelled:
    return FolderCancelled(f"{path} was not read to its end: open it again to have it.")


def _listed(path: Path, test_share: float) -> tuple[tuple[str, ...], list[_File]]:
    """Return the class names and all image files, sorted by class and name."""
    try:
        if not path.is_dir():
            raise UserError(f"{path} is no folder: choose one with a folder of images a class.")
        if not (path / TRAIN_FOLDER).is_dir():
            classes = _classes(path, path)
            return classes, list(_split(path, classes, test_share))
        train = path / TRAIN_FOLDER
        classes = _classes(train, path)
        test = next((path / name for name in TEST_FOLDERS if (path / name).is_dir()), None)
        if test is None:
            return classes, list(_split(train, classes, test_share))
        unknown = [f.name for f in _folders(test) if f.name not in classes and any(_images(f))]
        if unknown:
            raise UserError(
                f"{test} has the class {unknown[0]}, and {train} has not: make both alike."
            )
        return classes, [
            _File(file, label, folder is test)
            for folder in (train, test)
            for label, name in enumerate(classes)
            if (folder / name).is_dir()  # a class may have no images for testing
            for file in _images(folder / name)
        ]
    except OSError as error:
        raise UserError(
            f"{error.filename or path} can't be read ({error.strerror}): check its permissions."
        ) from None


def _folders(path: Path) -> list[Path]:
    return sorted(f for f in path.iterdir() if f.is_dir() and not f.name.startswith("."))


def _classes(folder: Path, chosen: Path) -> tuple[str, ...]:
    names = tuple(f.name for f in _folders(folder) if any(_images(f)))
    if len(names) < 2:
        raise UserError(
            f"{chosen} has {len(names)} folders with images, and two classes are the least: put "
            "the images of each class into a folder of its own."
        )
    if len(names) > MAX_CLASSES:
        raise UserError(
            f"{chosen} has {len(names)} classes: at most {MAX_CLASSES} can be learnt here."
        )
    return names


def _images(folder: Path) -> Iterator[Path]:
    """Return the image files in a folder and those below it, sorted."""
    return map(Path, pictures_below(folder))


def _split(folder: Path, classes: tuple[str, ...], test_share: float) -> Iterator[_File]:
    """Yield every class's files; of each class with two or more, one is kept for testing."""
    for label, name in enumerate(classes):
        files = list(_images(folder / name))
        places = {file: _place(file.relative_to(folder)) for file in files}
        kept = {file for file in files if places[file] < test_share}
        if len(kept) == len(files):
            kept.discard(max(files, key=places.__getitem__))
        if test_share and not kept and len(files) > 1:
            kept = {min(files, key=places.__getitem__)}
        for file in files:
            yield _File(file, label, file in kept)


def _place(name: Path) -> float:
    """Return a number in [0, 1) that follows from a file's name alone."""
    digest = hashlib.sha256(name.as_posix().encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def _read_all(
    path: Path,
    files: list[_File],
    size: int,
    color: bool | None,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> tuple[ByteArray, list[_File], tuple[str, ...]]:
    """Return the pixels, (N, S, S, 3) or grey (N, S, S), their files, and what went wrong."""
    shape = (len(files), size, size) if color is False else (len(files), size, size, 3)
    pixels = np.empty(shape, np.uint8)
    read: list[_File] = []
    unreadable: list[str] = []
    for done, file in enumerate(files, start=1):
        if cancelled():
            raise _cancelled(path)
        try:
            pixels[len(read)] = read_square(file.path, size, color=color is not False)
            read.append(file)
        except UserError as error:
            unreadable.append(str(error))
        progress(done, len(files))
    if not read:
        raise UserError(f"{path} has no image that can be read: the first says, {unreadable[0]}")
    return pixels[: len(read)], read, tuple(unreadable)


def _check_classes(path: Path, class_names: tuple[str, ...], labels: ByteArray) -> None:
    counts = np.bincount(labels, minlength=len(class_names))
    for name, count in zip(class_names, counts, strict=True):
        if not count:
            raise UserError(
                f"{path} has no readable image of the class {name} to learn from: add some, or "
                "take that folder away."
            )
