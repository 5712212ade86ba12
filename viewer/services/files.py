"""Reading pictures and stroke files off the window's thread."""

from __future__ import annotations

import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeAlias

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.errors import UserError
from viewer.core.mailbox import Mailbox
from viewer.services.worker import Worker

if TYPE_CHECKING:
    from PyQt6.QtGui import QImage

    from viewer.core.imaging.display import DisplaySettings
    from viewer.core.live import Snapshot
    from viewer.core.records import (
        ActivationRecord,
        Drawing,
        NetworkRecord,
        Picture,
        Preparation,
        WeightsRecord,
    )


@dataclass(frozen=True, slots=True)
class _OpenFile:
    path: Path


@dataclass(frozen=True, slots=True)
class _DecodePicture:
    data: bytes
    title: str


@dataclass(frozen=True, slots=True)
class _ReadAhead:
    path: Path


@dataclass(frozen=True, slots=True)
class _ListFolder:
    folder: Path


@dataclass(frozen=True, slots=True)
class StepsJob:
    """What to show the preparation of, step by step.

    Attributes
    ----------
    source : Drawing or Picture
    network : NetworkRecord
    preparation : Preparation
    """

    source: Drawing | Picture
    network: NetworkRecord
    preparation: Preparation


@dataclass(frozen=True, slots=True)
class ExportJob:
    """What to write where: the maps of one layer, in the colours of the window."""

    network: NetworkRecord
    weights: WeightsRecord
    record: ActivationRecord
    drawn: str
    layer: str
    settings: DisplaySettings
    path: Path


@dataclass(frozen=True, slots=True)
class _SaveDrawing:
    path: Path
    drawing: Drawing


@dataclass(frozen=True, slots=True)
class _SaveNetwork:
    path: Path
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class _SavePicture:
    path: Path
    picture: QImage


@dataclass(frozen=True, slots=True)
class _Queued:
    """There is something to write."""


_Write: TypeAlias = ExportJob | _SaveDrawing | _SavePicture | _SaveNetwork
_Job: TypeAlias = _OpenFile | _DecodePicture | _ReadAhead | _ListFolder | StepsJob | _Queued
_Version: TypeAlias = tuple[Path, int, int]  # path, time of its last change in ns, bytes


class FileService(QObject):
    """Reads what somebody wants classified and writes files, on a thread of its own.

    Of several files to be read at once, the last one wins. What is to be written is all written,
    in order.

    Signals
    -------
    inputs_ready(list of Drawing or Picture, str)
        The content of a file, and its name.
    folder_listed(Path, tuple of Path)
        A folder, and the pictures in it in natural order: at least one.
    folder_failed(str)
        One sentence on a folder that can't be read or has no pictures.
    steps_ready(StepsJob, tuple of StepResult)
        Every step of the preparation of a picture.
    exported(str)
        Path of a file that was written.
    unreadable(Path)
        Before `failed`: the file that was to be read.
    failed(str)
        One sentence on a file that can't be read or written.
    """

    inputs_ready = pyqtSignal(object, str)
    folder_listed = pyqtSignal(object, object)
    folder_failed = pyqtSignal(str)
    steps_ready = pyqtSignal(object, object)
    exported = pyqtSignal(str)
    unreadable = pyqtSignal(object)
    failed = pyqtSignal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mailbox: Mailbox[_Job] = Mailbox("file", "folder", "write", "steps", "ahead")
        self._writes: SimpleQueue[_Write] = SimpleQueue()
        self._worker = Worker(
            "files", self._mailbox, self._handle, self._on_error, finish=self._write_all
        )

        # The worker's alone: what was read ahead, and of which version of which file.
        self._ahead: tuple[_Version, list[Drawing | Picture]] | None = None

    def start(self) -> None:
        """Start the thread."""
        self._worker.start()

    def open_file(self, path: Path) -> None:
        """Read a picture or a stroke file."""
        self._mailbox.put("file", _OpenFile(path))

    def read_ahead(self, path: Path) -> None:
        """Read a picture that `open_file` is likely to be asked for next, if nothing else waits."""
        self._mailbox.put("ahead", _ReadAhead(path))

    def decode_picture(self, data: bytes, title: str) -> None:
        """Decode a picture that is already in memory (pasted or dropped)."""
        self._mailbox.put("file", _DecodePicture(data, title))

    def list_folder(self, folder: Path) -> None:
        """Find the pictures of a folder."""
        self._mailbox.put("folder", _ListFolder(folder))

    def describe_steps(self, job: StepsJob) -> None:
        """Work out the steps of a preparation; only the newest job is done."""
        self._mailbox.put("steps", job)

    def export(self, job: ExportJob) -> None:
        """Write a figure or the numbers of a layer; the path's ending says which."""
        self._write(job)

    def save_drawing(self, path: Path, drawing: Drawing) -> None:
        """Write a drawing as a stroke file."""
        self._write(_SaveDrawing(path, drawing))

    def save_network(self, path: Path, snapshot: Snapshot) -> None:
        """Write the weights of one step of a run as a network that can be opened."""
        self._write(_SaveNetwork(path, snapshot))

    def save_picture(self, path: Path, picture: QImage) -> None:
        """Write a picture in the format that the path's ending says."""
        self._write(_SavePicture(path, picture))

    def shutdown(self) -> bool:
        """End the thread; call before any receiver of the signals is deleted.

        What somebody has saved just before is written all the same, on that thread.
        """
        return self._worker.shutdown()

    def _write(self, item: _Write) -> None:
        self._writes.put(item)
        self._mailbox.put("write", _Queued())

    def _write_all(self) -> None:
        """Write what waits; one that can't be written is told, and the others are written."""
        with suppress(Empty):
            while True:
                item = self._writes.get_nowait()
                try:
                    self._save(item)
                except Exception as error:  # noqa: BLE001 - a worker reports and lives on
                    self._on_error(error)

    def _handle(self, item: _Job) -> None:
        if isinstance(item, _Queued):
            self._write_all()
        elif isinstance(item, StepsJob):
            self._describe_steps(item)
        elif isinstance(item, _ReadAhead):
            self._read_ahead(item.path)
        elif isinstance(item, _ListFolder):
            self._list_folder(item.folder)
        else:
            self._read(item)

    def _save(self, item: _Write) -> None:
        if isinstance(item, ExportJob):
            self._export(item)
        elif isinstance(item, _SaveNetwork):
            self._save_network(item)
        elif isinstance(item, _SaveDrawing):
            from viewer.core.imaging.stroke_file import write_stroke_file

            write_stroke_file(item.path, [item.drawing])
        elif not item.picture.save(str(item.path)):
            raise UserError(f"{item.path} can't be written: check the folder, and end in .png.")
        self.exported.emit(str(item.path))

    def _save_network(self, item: _SaveNetwork) -> None:
        # Heavy (torch): on this thread, and long there when a run is shown.
        from viewer.core.nets.checkpoint import save_weights

        save_weights(item.path, item.snapshot.weights, item.snapshot.metadata)

    def _read(self, item: _OpenFile | _DecodePicture) -> None:
        # Pillow and SciPy: imported on this thread, when the first file is opened.
        from viewer.core.imaging.pictures import picture_from_bytes
        from viewer.core.inputs import open_inputs

        if isinstance(item, _OpenFile):
            ahead, self._ahead = self._ahead, None
            found = ahead[1] if ahead and ahead[0] == _version(item.path) else None
            try:
                found = found or open_inputs(item.path)
            except Exception:
                self.unreadable.emit(item.path)
                raise
            self.inputs_ready.emit(found, item.path.name)
        else:
            self.inputs_ready.emit([picture_from_bytes(item.data, item.title)], item.title)

    def _read_ahead(self, path: Path) -> None:
        from viewer.core.inputs import open_inputs

        version = _version(path)
        if version is None or (self._ahead is not None and self._ahead[0] == version):
            return
        self._ahead = None
        with suppress(UserError):  # said when somebody asks for it
            self._ahead = version, open_inputs(path)

    def _list_folder(self, folder: Path) -> None:
        from viewer.core.imaging.picture_folder import pictures_in

        try:
            found = pictures_in(folder)
        except UserError as error:
            self.folder_failed.emit(str(error))
            return
        self.folder_listed.emit(folder, found)

    def _describe_steps(self, job: StepsJob) -> None:
        from viewer.core.imaging.preparation_steps import steps

        network = job.network
        found = steps(
            job.source, network.input_shape, job.preparation, mean=network.mean, std=network.std
        )
        self.steps_ready.emit(job, found)

    def _export(self, job: ExportJob) -> None:
        from viewer.core.export import Source, What, export

        source = Source(job.network, job.weights, job.record, job.drawn)
        export(source, job.layer, What.MAPS, job.path, settings=job.settings)

    def _on_error(self, error: Exception) -> None:
        if isinstance(error, UserError):
            self.failed.emit(str(error))
            return
        traceback.print_exception(error)
        self.failed.emit(f"The file could not be read or written: {type(error).__name__}: {error}.")


def _version(path: Path) -> _Version | None:
    """Return what tells a file from what stands in its place later; None if it is gone."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return path, stat.st_mtime_ns, stat.st_size
