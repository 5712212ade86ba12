"""Somebody's own labelled drawings: kept, changed and read on a thread of their own."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from viewer.core.data.drawings import DrawingStore
    from viewer.core.records import Drawing

SHUTDOWN_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class KeptDrawings:
    """All drawings that are kept.

    Attributes
    ----------
    images : (N, 28, 28) uint8
        As a network sees them, ink 255.
    labels : tuple of str
        One an image.
    drawings : tuple of Drawing
    can_undo : bool
        Whether there is a deletion to take back.
    version : int
        Another one for other drawings, or another order: places in the list are only good for
        the version that they were seen in.
    """

    images: NDArray[np.uint8]
    labels: tuple[str, ...]
    drawings: tuple[Drawing, ...]
    can_undo: bool
    version: int = 0


class DrawingsService(QObject):
    """Does what is asked in the order asked: no drawing is ever dropped.

    Parameters
    ----------
    path : pathlib.Path
        Stroke file of the drawings.

    Signals
    -------
    drawings_changed(KeptDrawings)
        All of them, after every change and when they are asked for.
    told(str)
        One sentence on what was done, or found in the file.
    failed(str)
        One sentence.
    """

    drawings_changed = pyqtSignal(object)
    told = pyqtSignal(str)
    failed = pyqtSignal(str)

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._jobs: SimpleQueue[Callable[[DrawingStore], str] | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="drawings", daemon=True)
        # The thread's alone.
        self._store: DrawingStore | None = None
        self._told: tuple[Drawing, ...] = ()
        self._version = 0

    def start(self) -> None:
        """Start the thread; nothing is read before the first question."""
        self._thread.start()

    def read(self) -> None:
        """Ask for all drawings."""
        self._jobs.put(lambda _store: "")

    def add(self, drawing: Drawing, label: str) -> None:
        """Keep a drawing."""

        def job(store: DrawingStore) -> str:
            store.add(drawing, label)
            return f"Kept as an example of {label}: {len(store):,} in all"

        self._jobs.put(job)

    def relabel(self, index: int, label: str, version: int) -> None:
        """Give a drawing another label; nothing happens if `version` is not the newest."""
        self._put(lambda store: store.relabel(index, label), version)

    def delete(self, index: int, version: int) -> None:
        """Take a drawing away; nothing happens if `version` is not the newest."""
        self._put(lambda store: store.delete(index), version)

    def undo_delete(self) -> None:
        """Bring back what was deleted last."""
        self._put(lambda store: store.undo_delete())

    def export_file(self, path: Path) -> None:
        """Write all drawings to a stroke file."""
        self._jobs.put(lambda store: f"{store.export_file(path):,} drawings saved")

    def import_file(self, path: Path) -> None:
        """Add the labelled drawings of a stroke file."""
        self._jobs.put(lambda store: f"{store.import_file(path):,} drawings added")

    def shutdown(self) -> bool:
        """End the thread after what was asked is done."""
        self._jobs.put(None)
        if self._thread.ident is not None:
            self._thread.join(SHUTDOWN_TIMEOUT_S)
        return not self._thread.is_alive()

    def _put(self, change: Callable[[DrawingStore], object], version: int | None = None) -> None:
        def job(store: DrawingStore) -> str:
            # At an old place stands another drawing by now.
            if version is None or version == self._version:
                change(store)
            return ""

        self._jobs.put(job)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                self._do(job)
            except UserError as error:
                self.failed.emit(str(error))
            except Exception as error:  # noqa: BLE001 - a worker reports and lives on
                traceback.print_exception(error)
                self.failed.emit(f"The drawings failed: {type(error).__name__}: {error}.")

    def _do(self, job: Callable[[DrawingStore], str]) -> None:
        # Heavy (numpy, SciPy): on this thread, with the first question.
        from viewer.core.data.drawings import DrawingStore

        if self._store is None:
            self._store = DrawingStore(self._path)
            if self._store.notice():
                self.told.emit(self._store.notice())
        store = self._store
        sentence = job(store)
        self._tell(store)
        if sentence:
            self.told.emit(sentence)

    def _tell(self, store: DrawingStore) -> None:
        items = store.items()
        if [id(item) for item in items] != [id(item) for item in self._told]:
            self._told = items  # held, so that an id stays one drawing's
            self._version += 1
        images = store.images(range(len(items)))
        labels = tuple(item.label or "" for item in items)
        self.drawings_changed.emit(
            KeptDrawings(images, labels, items, store.can_undo, self._version)
        )
