"""A data set's test images for browsing, and those that the network at hand gets wrong."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from PyQt6.QtCore import QObject, pyqtBoundSignal, pyqtSignal

from viewer.core.errors import UserError
from viewer.core.mailbox import Mailbox
from viewer.services.worker import Worker

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from viewer.core.data.dataset import ImageDataset
    from viewer.core.nets.profile import Profile
    from viewer.core.records import Picture

DEFAULT = "mnist"

BATCH = 500  # images a forward pass while looking for mistakes: stops within 0.1 s


@dataclass(frozen=True, slots=True)
class Page:
    """Some images of a data set, for thumbnails.

    Attributes
    ----------
    images : (N, H, W) or (N, H, W, 3) uint8
    labels : (N,) uint8
    indices : (N,) int64
        Positions in the data set.
    offset, total : int
        First one's place among those that match the filter, and how many match.
    dataset : str
        Name of the data set that they are of.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    indices: NDArray[np.int64]
    offset: int
    total: int
    dataset: str = DEFAULT


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    """What a browser says of a data set.

    Attributes
    ----------
    name, title : str
    class_names : tuple of str
    count : int
        Test images.
    drawn : bool
        Whether 255 is ink and 0 paper; otherwise pixels are light, as in a photograph.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    count: int
    drawn: bool


@dataclass(frozen=True, slots=True)
class _WantDataset:
    source: str | ImageDataset


@dataclass(frozen=True, slots=True)
class _WantPage:
    label: int | None
    offset: int
    count: int


@dataclass(frozen=True, slots=True)
class _WantImage:
    index: int


@dataclass(frozen=True, slots=True)
class _WantRandom:
    label: int | None


@dataclass(frozen=True, slots=True)
class _WantMistake:
    model: str
    trust: bool
    profile: Profile | None


@dataclass(frozen=True, slots=True)
class _Asked:
    """An image that was asked for, and the number of that request."""

    number: int
    want: _WantImage | _WantRandom | _WantMistake


class _Unwanted(Exception):  # noqa: N818 - it is no error
    """Nobody waits for the image at hand any more."""


# Name, time of the file, and what was said about it.
_Version: TypeAlias = "tuple[str, int, Profile | None]"
_Want = _WantDataset | _WantPage | _Asked


class DatasetService(QObject):
    """Reads a data set's test images on a thread of its own; MNIST's until told otherwise.

    Parameters
    ----------
    parent : QObject, optional
    seed : int, optional
        Of the random images.
    root : pathlib.Path, optional
        Where downloaded data sets are kept.

    Signals
    -------
    dataset_changed(DatasetSummary)
        Another data set, asked for with `set_dataset`, is served from now on.
    page_ready(Page)
        Thumbnails asked for with `request_page`.
    picture_ready(Picture, int)
        One image, prepared, and its index in the test set.
    busy(str)
        What takes a while; empty when it is done.
    failed(str)
        One sentence on what went wrong.
    """

    dataset_changed = pyqtSignal(object)
    page_ready = pyqtSignal(object)
    picture_ready = pyqtSignal(object, int)
    busy = pyqtSignal(str)
    failed = pyqtSignal(str)
    # From the worker's thread: number of the request, a signal, its arguments.
    _told = pyqtSignal(int, object, object)

    def __init__(
        self, parent: QObject | None = None, *, seed: int | None = None, root: Path | None = None
    ) -> None:
        super().__init__(parent)
        self._mailbox: Mailbox[_Want] = Mailbox("dataset", "image", "page")
        self._worker = Worker("dataset", self._mailbox, self._handle, self._on_error)
        self._seed = seed
        self._root = root
        self._number = 0  # of the image that was asked for last
        self._dropped = 0  # that one and those before are not wanted any more
        self._wants_mistake = False  # whether the last one is a mistake
        self._told.connect(self._on_told)
        # Only the worker's thread touches these.
        self._dataset: ImageDataset | None = None
        self._rng: np.random.Generator | None = None
        self._mistakes: dict[_Version, list[int]] = {}
        self._last_mistake: dict[_Version, int] = {}

    def start(self) -> None:
        """Start the thread; nothing is read before the first request."""
        self._worker.start()

    def set_dataset(self, source: str | ImageDataset) -> None:
        """Serve another data set: by its name, or one that is loaded already.

        If it can't be read, `failed` says so and the one before stays.
        """
        self._mailbox.put("dataset", _WantDataset(source))

    def request_page(self, label: int | None, offset: int, count: int) -> None:
        """Ask for thumbnails of the images with `label` (None: all)."""
        self._mailbox.put("page", _WantPage(label, offset, count))

    def request_image(self, index: int) -> None:
        """Ask for one test image by its index."""
        self._ask(_WantImage(index))

    def request_random(self, label: int | None = None) -> None:
        """Ask for a random test image with `label` (None: any)."""
        self._ask(_WantRandom(label))

    def request_mistake(
        self, model: str, *, trust: bool = False, profile: Profile | None = None
    ) -> None:
        """Ask for the next test image that a network gets wrong.

        Parameters
        ----------
        model : str
            Name or path.
        trust : bool
            Whether the code in its file may run.
        profile : Profile, optional
            What a person has said about it.
        """
        self._ask(_WantMistake(model, trust, profile))

    def drop_image(self) -> None:
        """Tell nothing more about the images that were asked for."""
        self._dropped = self._number

    def drop_mistake(self) -> None:
        """Do so if the last one is a mistake: another network is on screen."""
        if self._wants_mistake:
            self.drop_image()

    def shutdown(self) -> bool:
        """End the thread; call before any receiver of the signals is deleted."""
        return self._worker.shutdown()

    def _ask(self, want: _WantImage | _WantRandom | _WantMistake) -> None:
        self._number += 1
        self._wants_mistake = isinstance(want, _WantMistake)
        self._mailbox.put("image", _Asked(self._number, want))

    def _on_told(self, number: int, signal: pyqtBoundSignal, args: tuple[object, ...]) -> None:
        if number > self._dropped:
            signal.emit(*args)

    def _handle(self, item: _Want) -> None:
        match item:
            case _WantDataset(source):
                self._change(source)
            case _WantPage(label, offset, count):
                self.page_ready.emit(_page(self._load(), label, offset, count))
            case _Asked():
                self._tell_image(item)

    def _load(self) -> ImageDataset:
        if self._dataset is None:
            self._dataset = self._read(DEFAULT)
        return self._dataset

    def _read(self, name: str) -> ImageDataset:
        # Heavy: numpy and 8 MB of images or more, read on this thread.
        from viewer.core.data.registry import load_dataset

        return load_dataset(name, "test", self._root)

    def _change(self, source: str | ImageDataset) -> None:
        from viewer.core.data.registry import is_drawn

        if isinstance(source, str):
            self.busy.emit("Reading images…")
            try:
                source = self._read(source)
            finally:
                self.busy.emit("")
        self._dataset = source
        self._mistakes.clear()
        self._last_mistake.clear()
        drawn = is_drawn(source.name)
        self.dataset_changed.emit(
            DatasetSummary(source.name, _title(source), source.class_names, len(source), drawn)
        )

    def _tell_image(self, asked: _Asked) -> None:
        number, want = asked.number, asked.want
        try:
            if isinstance(want, _WantMistake):
                index = self._next_mistake(number, want)
            else:
                index = want.index if isinstance(want, _WantImage) else self._random(want.label)
            self._told.emit(number, self.picture_ready, (self._picture(index), index))
        except UserError as error:
            self._told.emit(number, self.failed, (str(error),))
        except _Unwanted:
            pass

    def _picture(self, index: int) -> Picture:
        dataset = self._load()
        if not 0 <= index < len(dataset.labels):
            raise UserError(
                f"{_title(dataset)}'s test images are numbered from 0 to {len(dataset.labels) - 1}."
            )
        return picture_of(dataset, index)

    def _random(self, label: int | None) -> int:
        import numpy as np

        indices = _matching(self._load(), label)
        if not len(indices):
            raise UserError(f"{_title(self._load())} has no test image of this class.")
        if self._rng is None:
            self._rng = np.random.default_rng(self._seed)
        return int(self._rng.choice(indices))

    def _next_mistake(self, number: int, want: _WantMistake) -> int:
        if not want.model:
            raise UserError("There is no network yet to make mistakes: wait until one is loaded.")
        key = _version(want)
        if key not in self._mistakes:
            self.busy.emit(f"Looking for mistakes among {len(self._load()):,} test images…")
            try:
                self._mistakes[key] = self._find_mistakes(number, want)
            finally:
                self.busy.emit("")
        found = self._mistakes[key]
        if not found:
            raise UserError("This network gets every test image right.")
        after = self._last_mistake.get(key, -1)
        index = next((i for i in found if i > after), found[0])
        self._last_mistake[key] = index
        return index

    def _find_mistakes(self, number: int, want: _WantMistake) -> list[int]:
        # Heavy (torch), and this thread's own copy of the network: the live one is never shared.
        import torch

        from viewer.core.engine import Engine

        torch.set_num_threads(1)
        dataset = self._load()
        engine = Engine.open(want.model, trust=want.trust, profile=want.profile)
        network = engine.network
        if (network.input_shape, network.class_names) != (dataset.input_shape, dataset.class_names):
            raise UserError(
                f"{network.title} was not made for {_title(dataset)} (its image size or its class "
                "names are others), so its answers can't be called mistakes."
            )
        if dataset.images.ndim != 3:
            raise UserError("Mistakes among images in colour are shown by the evaluation alone.")
        wrong: list[int] = []
        for start in range(0, len(dataset.labels), BATCH):
            if self._mailbox.closed or number <= self._dropped or not self._wants_mistake:
                raise _Unwanted  # the next mistake is of the same search
            predicted = engine.classify(dataset.images[start : start + BATCH])
            labels = dataset.labels[start : start + BATCH]
            wrong.extend(start + int(i) for i in (predicted != labels).nonzero()[0])
        return wrong

    def _on_error(self, error: Exception) -> None:
        if isinstance(error, UserError):
            self.failed.emit(str(error))
            return
        traceback.print_exception(error)
        self.failed.emit(f"The test images could not be read: {type(error).__name__}: {error}.")


def _version(want: _WantMistake) -> _Version:
    """Return what tells a network from another of the same name: saved later, or said to be so."""
    from viewer.core.nets.shipped import resolve_model, shipped_models

    model = want.model
    from_file = model in shipped_models() or Path(model).expanduser().exists()
    saved = resolve_model(model).stat().st_mtime_ns if from_file else 0  # torchvision's
    return model, saved, want.profile


def _title(dataset: ImageDataset) -> str:
    from viewer.core.data.registry import dataset_title

    return dataset_title(dataset.name)


def _matching(dataset: ImageDataset, label: int | None) -> NDArray[np.int64]:
    import numpy as np

    if label is None:
        return np.arange(len(dataset.labels), dtype=np.int64)
    return np.flatnonzero(dataset.labels == label).astype(np.int64)


def picture_of(dataset: ImageDataset, index: int) -> Picture:
    """Return a test image as the pad takes it."""
    from viewer.core.data import dataset_picture  # heavy: numpy

    return dataset_picture.picture_of(dataset, index, _title(dataset))


def _page(dataset: ImageDataset, label: int | None, offset: int, count: int) -> Page:
    matching = _matching(dataset, label)
    indices = matching[offset : offset + count]
    return Page(
        dataset.images[indices].copy(),
        dataset.labels[indices].copy(),
        indices,
        offset,
        len(matching),
        dataset.name,
    )
