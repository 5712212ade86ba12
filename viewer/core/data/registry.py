"""The data sets that training, evaluation and the window can name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from viewer.core.data import mnist
from viewer.core.data.dataset import ImageDataset
from viewer.core.data.downloads import Cancel, Progress
from viewer.core.data.folder_name import FolderName
from viewer.core.data.folders import data_folder
from viewer.core.data.image_folder import image_folder
from viewer.core.data.torchvision_sets import SETS, download_set, is_downloaded, load_set
from viewer.core.errors import UserError
from viewer.core.registry import Registry

Loader = Callable[[str], ImageDataset]


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """What is known of a data set without reading it.

    Attributes
    ----------
    name, title : str
        As registered, and as its authors write it.
    ready : bool
        Whether it is on this machine.
    counts : (train, test)
        Images.
    input_shape : (C, H, W)
    class_names : tuple of str
    download_bytes : int
        About; 0 for one in the box.
    """

    name: str
    title: str
    ready: bool
    counts: tuple[int, int]
    input_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    download_bytes: int = 0


def datasets(root: Path | None = None) -> Registry[Loader]:
    """Return the known data sets: name to a function from ``train`` or ``test`` to its images.

    Parameters
    ----------
    root : pathlib.Path, optional
        Where downloaded ones are kept; default: this user's folder for them.
    """
    root = data_folder() if root is None else root
    known: Registry[Loader] = Registry("data set")
    known.add("mnist", mnist.load_mnist)
    for name, chosen in SETS.items():
        known.add(name, partial(load_set, chosen, root=root))
    return known


def dataset_infos(root: Path | None = None) -> tuple[DatasetInfo, ...]:
    """Return what there is to choose from, in the order registered; reads no images."""
    root = data_folder() if root is None else root
    shape = (1, 28, 28)
    box = DatasetInfo("mnist", "MNIST", True, (60_000, 10_000), shape, mnist.CLASS_NAMES)
    others = (
        DatasetInfo(
            chosen.name,
            chosen.title,
            is_downloaded(chosen, root),
            chosen.counts,
            shape,
            chosen.class_names,
            chosen.download_bytes,
        )
        for chosen in SETS.values()
    )
    return box, *others


def load_dataset(name: str, part: str, root: Path | None = None) -> ImageDataset:
    """Return one part of a data set.

    Parameters
    ----------
    name : str
        As registered, or a `FolderName` as text: the path of a folder of images.
    part : str
        ``train`` or ``test``.
    root : pathlib.Path, optional
        Where downloaded data sets are kept; default: this user's folder for them.

    Raises
    ------
    UserError
        If it is unknown, not on this machine, or unreadable.
    """
    folder = None if name in datasets(root) else FolderName.parse(name)
    if folder is None:
        return datasets(root).get(name)(part)
    return _part(folder, part)


def load_parts(name: str, root: Path | None = None) -> tuple[ImageDataset, ImageDataset]:
    """Return the training and the test part; a folder of images is read once for both."""
    folder = None if name in datasets(root) else FolderName.parse(name)
    if folder is None:
        return load_dataset(name, "train", root), load_dataset(name, "test", root)
    read = image_folder(folder.path, size=folder.size, color=folder.color)
    return read.train, read.test


def download_dataset(
    name: str, root: Path | None = None, *, progress: Progress, cancel: Cancel
) -> None:
    """Download a data set; see `viewer.core.data.torchvision_sets.download_set`."""
    if name not in SETS:
        known = ", ".join(SETS)
        raise UserError(f"{dataset_title(name)} can't be downloaded: choose one of {known}.")
    root = data_folder() if root is None else root
    download_set(SETS[name], root, progress=progress, cancel=cancel)


def dataset_title(name: str) -> str:
    """Return a data set's name as it is shown; one that is not registered stays as it is."""
    if name == "mnist":
        return "MNIST"
    if name in SETS:
        return SETS[name].title
    folder = FolderName.parse(name)
    return name if folder is None else folder.path.name or name


def _part(folder: FolderName, part: str) -> ImageDataset:
    if part not in ("train", "test"):
        raise UserError(f"{folder.path} has no part {part!r}: choose train or test.")
    read = image_folder(folder.path, size=folder.size, color=folder.color)
    return read.train if part == "train" else read.test
