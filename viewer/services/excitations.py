"""Looks through images for those that excite one map most, on a thread of its own."""

from __future__ import annotations

import itertools
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.errors import UserError
from viewer.core.records import WeightsKind
from viewer.services.dataset import picture_of
from viewer.services.evaluation import DEFAULT_DATASET, Cancelled, JobService, NetworkSource

if TYPE_CHECKING:
    from viewer.core.data.dataset import ImageDataset
    from viewer.core.engine import Engine
    from viewer.core.records import NetworkRecord, Picture, WeightsRecord
    from viewer.services.evaluation import LoadTest, Progress

TELL_S = 0.25  # how often what was found so far is told
MAX_PICTURES = 10_000  # of a folder that are searched: as many as MNIST has test images
NO_PICTURES = (
    "There are no images of this network's kind to search: open a folder of pictures "
    "(Ctrl+Shift+F), and search again."
)


@dataclass(frozen=True, slots=True)
class ExcitationJob:
    """One search.

    Attributes
    ----------
    network : NetworkSource
    node : str
        Name of the layer.
    channel : int
        Map or unit.
    weights : WeightsRecord or None
        On screen: filters that were replaced there are replaced for the search, too.
    dataset : str
        Registered name of the data set where the network's own can't be read; empty for MNIST.
    folder : Path or None
        Of pictures: searched for a network of pictures, before any data set.
    """

    network: NetworkSource
    node: str
    channel: int
    weights: WeightsRecord | None = None
    dataset: str = ""
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class _Images:
    """What is searched: `at` gives an image by its place, or raises UserError."""

    title: str
    count: int
    at: Callable[[int], Picture]


class ExcitationService(JobService[ExcitationJob]):
    """Searches a folder of pictures or a data set's test images; a `JobService`.

    Signals
    -------
    begun(str)
        What is searched: ``MNIST test images``.
    found(tuple of ExcitingImage, ExcitationJob)
        The strongest so far, several times a search; the last time before `finished`.
    left_out(int)
        So many of those done can't be read; told before `progress`.
    finished()
        All images were looked at.
    """

    begun = pyqtSignal(str)
    found = pyqtSignal(object, object)
    left_out = pyqtSignal(int)
    finished = pyqtSignal()

    def __init__(self, load_test: LoadTest | None = None, parent: QObject | None = None) -> None:
        super().__init__("excitations", load_test, parent)

    def _work(self, job: ExcitationJob, progress: Progress, unwanted: Callable[[], bool]) -> None:
        # Heavy (torch), on this thread.
        from viewer.core.engine import Engine
        from viewer.core.explain.exciting_images import ExcitingImages, scattered

        loaded = job.network.load()
        engine = Engine(loaded)
        _take_filters(engine, job.weights)
        images = self._images(engine.network, loaded.metadata.dataset, job)
        self._tell(self.begun, images.title)
        search = ExcitingImages(
            engine.network, engine.weights, engine.run, job.node, job.channel, engine.outputs_at
        )
        unreadable: list[str] = []
        pictures = _pictures(images, scattered(images.count), unwanted, unreadable)
        told = time.monotonic()
        progress(0, images.count)
        for done in search.look_at(pictures):
            if unwanted():
                raise Cancelled
            now = time.monotonic()
            if now - told > TELL_S:
                told = now
                self._tell(self.found, search.found(), job)
                self._tell(self.left_out, len(unreadable))
                progress(done + len(unreadable), images.count)
        if len(unreadable) == images.count:
            raise UserError(f"No picture there can be read: {unreadable[0]}")
        self._tell(self.found, search.found(), job)
        self._tell(self.left_out, len(unreadable))
        progress(images.count, images.count)
        self._end(self.finished)

    def _images(self, network: NetworkRecord, own: str | None, job: ExcitationJob) -> _Images:
        """Return images of the network's kind: of the folder, its own data set, or another."""
        from viewer.core.data.registry import is_drawn

        if network.preparation.digit:
            return _of_dataset(self._first_here(own, job.dataset, DEFAULT_DATASET))
        if job.folder is not None:
            return _of_folder(job.folder)
        other = "" if is_drawn(job.dataset) else job.dataset
        try:
            return _of_dataset(self._first_here(own, other))
        except UserError:
            raise UserError(NO_PICTURES) from None

    def _first_here(self, *names: str | None) -> ImageDataset:
        """Return the test images of the first data set that is on this machine.

        Raises
        ------
        UserError
            Of the last one, if none is.
        """
        wanted = list(dict.fromkeys(name for name in names if name))
        if not wanted:
            raise UserError(NO_PICTURES)
        for name in wanted[:-1]:
            try:
                return self._test_images(name)
            except UserError:  # not on this machine: the next one is, or says why not
                continue
        return self._test_images(wanted[-1])

    def _on_error(self, error: Exception) -> None:
        if isinstance(error, UserError):
            self._end(self.failed, str(error))
            return
        traceback.print_exception(error)
        self._end(self.failed, f"The search stopped: {type(error).__name__}: {error}.")


def _of_dataset(dataset: ImageDataset) -> _Images:
    from viewer.core.data.registry import dataset_title  # heavy: numpy

    def at(index: int) -> Picture:
        return picture_of(dataset, index)

    return _Images(f"{dataset_title(dataset.name)} test images", len(dataset), at)


def _of_folder(folder: Path) -> _Images:
    # Pillow: on this thread.
    from viewer.core.explain.exciting_images import scattered
    from viewer.core.imaging.picture_folder import pictures_in
    from viewer.core.imaging.pictures import open_picture

    paths, title = pictures_in(folder), f"pictures of {folder.name or folder}"
    if len(paths) > MAX_PICTURES:
        title = f"of the {len(paths):,} {title}"
        chosen = sorted(itertools.islice(scattered(len(paths)), MAX_PICTURES))
        paths = tuple(paths[place] for place in chosen)
    return _Images(title, len(paths), lambda index: open_picture(paths[index]))


def _pictures(
    images: _Images, order: Iterator[int], unwanted: Callable[[], bool], unreadable: list[str]
) -> Iterator[tuple[int, Picture]]:
    """Yield places and images; one sentence on each that can't be read goes to `unreadable`."""
    for index in order:
        if unwanted():  # while a batch is gathered, too
            raise Cancelled
        try:
            picture = images.at(index)
        except UserError as error:
            unreadable.append(str(error))
            continue
        yield index, picture


def _take_filters(engine: Engine, shown: WeightsRecord | None) -> None:
    """Replace the filters that are others on screen than in the network's file."""
    import numpy as np

    if shown is None or shown.kind is not WeightsKind.WEIGHTS:
        return
    for node, own in engine.weights.weights.items():
        filters = shown.weights.get(node)
        if filters is None or own.ndim != 4 or filters.shape != own.shape:
            continue
        others = np.flatnonzero((filters != own).any(axis=(1, 2, 3)))
        for index in others.tolist():
            engine.replace_filter(node, index, filters[index].copy())  # read-only as it is
