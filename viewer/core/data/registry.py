"""The data sets that training, evaluation and the window can name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from viewer.core.data import mnist, mnist_corner
from viewer.core.data.dataset import ImageDataset
from viewer.core.data.downloads import Cancel, Progress
from viewer.core.data.folder_name import FolderName
from viewer.core.data.folders import data_folder
from viewer.core.data.image_folder import folder_input, image_folder, never
from viewer.core.data.torchvision_sets import (
    SETS,
    SIDE_PX,
    TorchvisionSet,
    download_set,
    is_downloaded,
    load_set,
)
from viewer.core.errors import UserError
from viewer.core.registry import Registry

Loader = Callable[[str, Path], ImageDataset]
Download = Callable[[Path, Progress, Cancel], None]


def _always(_root: Path) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class DatasetEntry:
    """A data set as it is registered.

    Attributes
    ----------
    name, title : str
        What commands and files call it, and what people read.
    drawn : bool
        Whether 255 is ink and 0 paper, so that a drawing on the pad is of its kind; False
        where pixels are light, as in photographs. Ink has one channel.
    counts : (train, test)
        Images.
    input_shape : (C, H, W)
    class_names : tuple of str
    load : callable
        ``load(part, root)`` returns the part ``train`` or ``test``, an `ImageDataset` of this
        name; UserError where it can't. `root` is the folder of downloaded data sets.
    is_ready : callable
        ``is_ready(root)`` says whether it is on this machine.
    download : callable or None
        ``download(root, progress, cancel)`` fetches it; see `download_dataset`.
    download_bytes : int
        About; 0 if it can't be downloaded.
    """

    name: str
    title: str
    drawn: bool
    counts: tuple[int, int]
    input_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    load: Loader
    is_ready: Callable[[Path], bool] = _always
    download: Download | None = None
    download_bytes: int = 0

    def __post_init__(self) -> None:
        if self.drawn and self.input_shape[0] != 1:
            raise ValueError(f"{self.title} has {self.input_shape[0]} channels, and ink has one.")


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """What is known of a data set without reading it.

    Attributes
    ----------
    name, title : str
        As registered.
    ready : bool
        Whether it is on this machine.
    counts : (train, test)
        Images.
    input_shape : (C, H, W)
    class_names : tuple of str
    download_bytes : int
        About; 0 for one that can't be downloaded.
    """

    name: str
    title: str
    ready: bool
    counts: tuple[int, int]
    input_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    download_bytes: int = 0


def datasets() -> Registry[DatasetEntry]:
    """Return the known data sets by name, in the order that they are offered in."""
    known: Registry[DatasetEntry] = Registry("data set")
    for entry in (_mnist(), *map(_of_torchvision, SETS.values()), _corner()):
        known.add(entry.name, entry)
    return known


def dataset_infos(root: Path | None = None) -> tuple[DatasetInfo, ...]:
    """Return what there is to choose from, in the order registered; reads no images.

    Parameters
    ----------
    root : pathlib.Path, optional
        Where downloaded data sets are kept; default: this user's folder for them.
    """
    root = data_folder() if root is None else root
    known = datasets()
    return tuple(
        DatasetInfo(
            entry.name,
            entry.title,
            entry.is_ready(root),
            entry.counts,
            entry.input_shape,
            entry.class_names,
            entry.download_bytes,
        )
        for entry in map(known.get, known)
    )


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
    folder = _folder(name)
    if folder is None:
        return datasets().get(name).load(part, data_folder() if root is None else root)
    return _part(folder, part)


def load_parts(name: str, root: Path | None = None) -> tuple[ImageDataset, ImageDataset]:
    """Return the training and the test part; a folder of images is read once for both.

    Parameters
    ----------
    name, root
        As of `load_dataset`.

    Raises
    ------
    UserError
        As `load_dataset`.
    """
    folder = _folder(name)
    if folder is None:
        return load_dataset(name, "train", root), load_dataset(name, "test", root)
    read = image_folder(folder.path, size=folder.size, color=folder.color)
    return read.train, read.test


def dataset_input(
    name: str, *, cancelled: Callable[[], bool] = never
) -> tuple[tuple[int, int, int], tuple[str, ...]]:
    """Tell what a network for a data set takes and tells apart.

    Parameters
    ----------
    name : str
        As of `load_dataset`.
    cancelled : callable
        Asked before each image of a folder; see `folder_input`.

    Returns
    -------
    (C, H, W), class names

    Raises
    ------
    FolderCancelled
        If `cancelled` says so.
    UserError
        If it is unknown, or a folder that can't be read.
    """
    folder = _folder(name)
    if folder is None:
        entry = datasets().get(name)
        return entry.input_shape, entry.class_names
    return folder_input(folder.path, size=folder.size, color=folder.color, cancelled=cancelled)


def download_dataset(
    name: str, root: Path | None = None, *, progress: Progress, cancel: Cancel
) -> None:
    """Download a data set; what is there already is not fetched again.

    Parameters
    ----------
    name : str
        As registered.
    root : pathlib.Path, optional
        Where to; default: this user's folder for data sets.
    progress : callable
        Told the bytes that arrived and about how many there are, after each chunk.
    cancel : Cancel
        Asked at each chunk.

    Raises
    ------
    DownloadCancelled
        If `cancel` says so.
    UserError
        If the data set is unknown or not one to download, or the download fails.
    """
    known = datasets()
    download = known.get(name).download
    if download is None:
        others = ", ".join(n for n in known if known.get(n).download is not None)
        raise UserError(f"{dataset_title(name)} can't be downloaded: choose one of {others}.")
    download(data_folder() if root is None else root, progress, cancel)


def dataset_title(name: str) -> str:
    """Return a data set's name as it is shown; one that is not registered stays as it is."""
    known = datasets()
    if name in known:
        return known.get(name).title
    folder = FolderName.parse(name)
    return name if folder is None else folder.path.name or name


def is_drawn(name: str) -> bool:
    """Return whether 255 is ink in a data set's images; otherwise it is light, as in a folder.

    One that is not registered here, as a file of another place may name it, is taken for drawn.
    """
    known = datasets()
    return known.get(name).drawn if name in known else FolderName.parse(name) is None


def _mnist() -> DatasetEntry:
    return DatasetEntry(
        "mnist",
        "MNIST",
        drawn=True,
        counts=(60_000, 10_000),
        input_shape=(1, SIDE_PX, SIDE_PX),
        class_names=mnist.CLASS_NAMES,
        load=lambda part, _root: mnist.load_mnist(part),
    )


def _corner() -> DatasetEntry:
    return replace(
        _mnist(),
        name=mnist_corner.NAME,
        title=mnist_corner.TITLE,
        load=lambda part, _root: mnist_corner.load_corner(part),
    )


def _of_torchvision(chosen: TorchvisionSet) -> DatasetEntry:
    def download(root: Path, progress: Progress, cancel: Cancel) -> None:
        download_set(chosen, root, progress=progress, cancel=cancel)

    return DatasetEntry(
        chosen.name,
        chosen.title,
        drawn=True,
        counts=chosen.counts,
        input_shape=(1, SIDE_PX, SIDE_PX),
        class_names=chosen.class_names,
        load=partial(load_set, chosen),
        is_ready=partial(is_downloaded, chosen),
        download=download,
        download_bytes=chosen.download_bytes,
    )


def _folder(name: str) -> FolderName | None:
    """Return the folder that a name is the path of; None for a name to look up."""
    return None if name in datasets() else FolderName.parse(name)


def _part(folder: FolderName, part: str) -> ImageDataset:
    if part not in ("train", "test"):
        raise UserError(f"{folder.path} has no part {part!r}: choose train or test.")
    read = image_folder(folder.path, size=folder.size, color=folder.color)
    return read.train if part == "train" else read.test
