"""Looks through a data set for the images that excite one map most, on a thread of its own."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.errors import UserError
from viewer.core.records import WeightsKind
from viewer.services.dataset import picture_of
from viewer.services.evaluation import DEFAULT_DATASET, Cancelled, JobService, NetworkSource

if TYPE_CHECKING:
    from viewer.core.data.dataset import ImageDataset
    from viewer.core.engine import Engine
    from viewer.core.records import Picture, WeightsRecord
    from viewer.services.evaluation import LoadTest, Progress

TELL_S = 0.25  # how often what was found so far is told


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
    """

    network: NetworkSource
    node: str
    channel: int
    weights: WeightsRecord | None = None
    dataset: str = ""


class ExcitationService(JobService[ExcitationJob]):
    """Searches the test images of a data set; see `JobService` for how jobs come and go.

    Signals
    -------
    begun(str)
        Title of the data set that is searched.
    found(tuple of ExcitingImage, ExcitationJob)
        The strongest so far, several times a search; the last time before `finished`.
    finished()
        All images were looked at.
    """

    begun = pyqtSignal(str)
    found = pyqtSignal(object, object)
    finished = pyqtSignal()

    def __init__(self, load_test: LoadTest | None = None, parent: QObject | None = None) -> None:
        super().__init__("excitations", load_test, parent)

    def _work(self, job: ExcitationJob, progress: Progress, unwanted: Callable[[], bool]) -> None:
        # Heavy (torch), on this thread.
        from viewer.core.data.registry import dataset_title
        from viewer.core.engine import Engine
        from viewer.core.explain.exciting_images import ExcitingImages, scattered

        loaded = job.network.load()
        engine = Engine(loaded)
        _take_filters(engine, job.weights)
        dataset = self._images(loaded.metadata.dataset, job.dataset)
        self.begun.emit(dataset_title(dataset.name))
        search = ExcitingImages(engine.network, engine.weights, engine.run, job.node, job.channel)
        pictures = _pictures(dataset, scattered(len(dataset)))
        told = time.monotonic()
        progress(0, len(dataset))
        for done in search.look_at(pictures):
            if unwanted():
                raise Cancelled
            now = time.monotonic()
            if now - told > TELL_S or done == len(dataset):
                told = now
                self.found.emit(search.found(), job)
                progress(done, len(dataset))
        self.finished.emit()

    def _images(self, own: str | None, other: str) -> ImageDataset:
        """Return the test images that the network was made for, or else those of another set."""
        names = list(dict.fromkeys(name for name in (own, other, DEFAULT_DATASET) if name))
        for name in names[:-1]:
            try:
                return self._test_images(name)
            except UserError:  # not on this machine: the next one is, or says why not
                continue
        return self._test_images(names[-1])

    def _on_error(self, error: Exception) -> None:
        if isinstance(error, UserError):
            self.failed.emit(str(error))
            return
        traceback.print_exception(error)
        self.failed.emit(f"The search stopped: {type(error).__name__}: {error}.")


def _pictures(dataset: ImageDataset, order: Iterator[int]) -> Iterator[tuple[int, Picture]]:
    return ((index, picture_of(dataset, index)) for index in order)


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
