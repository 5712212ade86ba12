"""Data sets that torchvision knows: what they are, their download, their reading.

Fashion-MNIST: Xiao, Rasul, Vollgraf 2017. KMNIST: Clanuwat et al. 2018. EMNIST: Cohen,
Afshar, Tapson, van Schaik 2017. Addresses and checksums are those of torchvision's classes.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import string
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from viewer.core.data.archives import unpack_gzip, unpack_zipped
from viewer.core.data.dataset import ByteArray, ImageDataset, pixel_mean_std
from viewer.core.data.downloads import (
    MEGABYTE,
    Cancel,
    Progress,
    RemoteFile,
    cancelled,
    fetch,
)
from viewer.core.errors import UserError
from viewer.core.files import disk_error, replace_file

SIDE_PX = 28
_MAX_FILE_BYTES = 60_000_000  # of MNIST's likes: their largest file has 47 MB unpacked
_MAX_EMNIST_BYTES = 700_000_000  # of EMNIST's one archive, which has 562 MB
_MAX_EMNIST_FILE_BYTES = 400_000_000  # its largest split read here has 188 MB
_FASHION = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat")
_MORE_FASHION = ("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


@dataclass(frozen=True, slots=True)
class TorchvisionSet:
    """A data set that torchvision reads.

    Attributes
    ----------
    name, title : str
        As registered, and as its authors write it.
    class_name : str
        In ``torchvision.datasets``, and its folder.
    split : str
        EMNIST's name for this part of it; empty for the others.
    class_names : tuple of str
    counts : (train, test)
        Images.
    download_bytes, unpacked_bytes : int
        About; for the person who decides, and for the room on the disk.
    first_label : int
        EMNIST's letters are counted from 1.
    """

    name: str
    title: str
    class_name: str
    split: str
    class_names: tuple[str, ...]
    counts: tuple[int, int]
    download_bytes: int
    unpacked_bytes: int
    first_label: int = 0

    def raw_folder(self, root: Path) -> Path:
        """Return where torchvision looks for the unpacked files."""
        return root / self.class_name / "raw"

    def file_names(self) -> tuple[str, str, str, str]:
        """Return the unpacked files: images and labels of the training and the test part."""
        train, test = "train", "t10k"
        if self.split:
            train, test = f"emnist-{self.split}-train", f"emnist-{self.split}-test"
        images, labels = "images-idx3-ubyte", "labels-idx1-ubyte"
        return f"{train}-{images}", f"{train}-{labels}", f"{test}-{images}", f"{test}-{labels}"


SETS = MappingProxyType(
    {
        chosen.name: chosen
        for chosen in (
            TorchvisionSet(
                "fashion-mnist",
                "Fashion-MNIST",
                "FashionMNIST",
                "",
                (*_FASHION, *_MORE_FASHION),
                (60_000, 10_000),
                30_900_000,
                55_000_000,
            ),
            TorchvisionSet(
                "kmnist",
                "KMNIST",
                "KMNIST",
                "",
                ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
                (60_000, 10_000),
                21_300_000,
                55_000_000,
            ),
            TorchvisionSet(
                "emnist-digits",
                "EMNIST digits",
                "EMNIST",
                "digits",
                tuple(string.digits),
                (240_000, 40_000),
                562_000_000,
                335_000_000,
            ),
            TorchvisionSet(
                "emnist-letters",
                "EMNIST letters",
                "EMNIST",
                "letters",
                tuple(string.ascii_uppercase),  # of either case: the set doesn't tell them apart
                (124_800, 20_800),
                562_000_000,
                335_000_000,
                first_label=1,
            ),
        )
    }
)


def is_downloaded(chosen: TorchvisionSet, root: Path) -> bool:
    """Return whether all files of a data set are below `root`."""
    raw = chosen.raw_folder(root)
    return all((raw / name).is_file() for name in chosen.file_names())


def load_set(chosen: TorchvisionSet, part: str, root: Path) -> ImageDataset:
    """Read one part of a downloaded data set.

    Parameters
    ----------
    chosen : TorchvisionSet
    part : str
        ``train`` or ``test``.
    root : pathlib.Path
        What torchvision calls so: the folder that holds ``FashionMNIST/raw``.

    Returns
    -------
    ImageDataset
        Images (N, 28, 28) uint8, upright; labels (N,) uint8; mean and deviation of the
        training images whichever the part.

    Raises
    ------
    UserError
        If there is no such part, or the set is not downloaded or damaged.
    """
    if part not in ("train", "test"):
        raise UserError(f"{chosen.title} has no part {part!r}: choose train or test.")
    if not is_downloaded(chosen, root):
        raise UserError(
            f"{chosen.title} is not on this machine: download it "
            f"({chosen.download_bytes / MEGABYTE:.0f} MB) where data sets are chosen, or put "
            f"torchvision's files into {root}."
        )
    images, labels = _read(chosen, part, root)
    mean, std = _mean_std(chosen, root, images if part == "train" else None)
    return ImageDataset(chosen.name, part, images, labels, chosen.class_names, mean, std)


def download_set(chosen: TorchvisionSet, root: Path, *, progress: Progress, cancel: Cancel) -> None:
    """Download and unpack a data set; what is there already is not fetched again.

    Parameters
    ----------
    chosen : TorchvisionSet
    root : pathlib.Path
        As for `load_set`; made if it isn't there.
    progress : callable
        Told the bytes that arrived and about how many there are, after each chunk.
    cancel : Cancel
        Asked at each chunk.

    Raises
    ------
    DownloadCancelled
        If `cancel` says so; files that were complete by then stay.
    UserError
        One sentence: no network, the server's answer, a wrong checksum, no room, …
    """
    raw = chosen.raw_folder(root)
    _make_room(chosen, raw)

    def check() -> None:
        if cancel():
            raise cancelled(chosen.title)

    check()
    if chosen.split:
        _download_emnist(chosen, raw, progress, cancel, check)
    else:
        _download_files(chosen, raw, progress, cancel, check)


def _make_room(chosen: TorchvisionSet, raw: Path) -> None:
    try:
        raw.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(raw).free
    except OSError as error:
        raise disk_error(raw, error) from None
    needed = chosen.download_bytes + chosen.unpacked_bytes
    if free < needed:
        raise UserError(
            f"{chosen.title} needs {needed / MEGABYTE:.0f} MB and {raw} has "
            f"{free / MEGABYTE:.0f} MB left: make room on the disk."
        )


def _download_files(
    chosen: TorchvisionSet,
    raw: Path,
    progress: Progress,
    cancel: Cancel,
    check: Callable[[], None],
) -> None:
    known = _torchvision_class(chosen)
    done = 0
    for name, md5 in known.resources:
        target = raw / name.removesuffix(".gz")
        if target.is_file():
            continue
        urls = tuple(f"{mirror.rstrip('/')}/{name}" for mirror in known.mirrors)
        file = RemoteFile(chosen.title, name, urls, md5, _MAX_FILE_BYTES)

        def tell(arrived: int, expected: int, before: int = done) -> None:
            progress(before + arrived, max(chosen.download_bytes, before + expected))

        packed = fetch(file, raw, progress=tell, cancel=cancel)
        done += packed.stat().st_size
        try:
            unpack_gzip(packed, target, max_bytes=_MAX_FILE_BYTES, check=check)
        finally:
            packed.unlink(missing_ok=True)
    progress(done, done)


def _download_emnist(
    chosen: TorchvisionSet,
    raw: Path,
    progress: Progress,
    cancel: Cancel,
    check: Callable[[], None],
) -> None:
    """Fetch the one archive of all splits, and unpack those that can be read here."""
    known = _torchvision_class(chosen)
    file = RemoteFile(chosen.title, "emnist.zip", (known.url,), known.md5, _MAX_EMNIST_BYTES)

    def tell(arrived: int, expected: int) -> None:
        progress(arrived, expected or chosen.download_bytes)

    archive = fetch(file, raw, progress=tell, cancel=cancel)
    splits = [other for other in SETS.values() if other.class_name == chosen.class_name]
    names = [name for other in splits for name in other.file_names()]
    wanted = {f"{name}.gz": raw / name for name in names if not (raw / name).is_file()}
    try:
        unpack_zipped(archive, wanted, max_bytes=_MAX_EMNIST_FILE_BYTES, check=check)
    finally:
        archive.unlink(missing_ok=True)


def _torchvision_class(chosen: TorchvisionSet) -> Any:
    # Heavy (torch): only in a thread that reads or fetches one of these sets.
    from torchvision import datasets  # type: ignore[import-untyped]  # it has no stubs

    return getattr(datasets, chosen.class_name)


def _read(chosen: TorchvisionSet, part: str, root: Path) -> tuple[ByteArray, ByteArray]:
    settings = {"split": chosen.split} if chosen.split else {}
    try:
        read = _torchvision_class(chosen)(root, train=part == "train", download=False, **settings)
        images, targets = read.data.numpy(), read.targets.numpy()
    except Exception as error:  # noqa: BLE001  a damaged file can raise nearly anything there
        raise _damaged(chosen, root, type(error).__name__) from None
    if images.dtype != np.uint8 or images.shape[1:] != (SIDE_PX, SIDE_PX) or not len(images):
        raise _damaged(chosen, root, f"images {images.shape}")
    labels = targets.astype(np.int64) - chosen.first_label
    fits = len(labels) == len(images) and 0 <= labels.min() <= labels.max() < len(
        chosen.class_names
    )
    if not fits:
        raise _damaged(chosen, root, "labels that don't fit")
    if chosen.split:
        images = np.ascontiguousarray(images.transpose(0, 2, 1))  # stored lying on their side
    return images, labels.astype(np.uint8)


def _damaged(chosen: TorchvisionSet, root: Path, reason: str) -> UserError:
    return UserError(
        f"{chosen.title} is damaged ({reason}): delete {chosen.raw_folder(root)} and download it "
        "again."
    )


def _mean_std(
    chosen: TorchvisionSet, root: Path, images: ByteArray | None
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and deviation of the training images, kept in a file beside them."""
    raw = chosen.raw_folder(root)
    state = (raw / chosen.file_names()[0]).stat()
    version = [state.st_size, state.st_mtime_ns]
    path = raw / f"{chosen.name}-mean-std.json"
    try:
        kept = json.loads(path.read_text("utf-8"))
        if kept["file"] == version:
            return (float(kept["mean"]),), (float(kept["std"]),)
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not there, or not ours: worked out anew
    if images is None:
        images, _ = _read(chosen, "train", root)
    mean, std = pixel_mean_std(images)
    kept = {"file": version, "mean": mean[0], "std": std[0]}
    with contextlib.suppress(UserError):  # a folder that can only be read: worked out each time
        replace_file(path, json.dumps(kept).encode())
    return mean, std
