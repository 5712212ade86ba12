"""Reading pictures and stroke files off the window's thread."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.errors import UserError
from viewer.core.mailbox import Mailbox
from viewer.services.worker import Worker

if TYPE_CHECKING:
    from PyQt6.QtGui import QImage

    from viewer.core.imaging.display import DisplaySettings
    from viewer.core.live import Snapshot
    from viewer.core.records import ActivationRecord, Drawing, NetworkRecord, WeightsRecord


@dataclass(frozen=True, slots=True)
class _OpenFile:
    path: Path


@dataclass(frozen=True, slots=True)
class _DecodePicture:
    data: bytes
    title: str


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


_Job = _OpenFile | _DecodePicture | ExportJob | _SaveDrawing | _SavePicture | _SaveNetwork


class FileService(QObject):
    """Reads what somebody wants classified and writes files, on a thread of its own.

    Of several files asked for at once, the last one wins.

    Signals
    -------
    inputs_ready(list of Drawing or Picture, str)
        The content of a file, and its name.
    exported(str)
        Path of a file that was written.
    failed(str)
        One sentence on a file that can't be read or written.
    """

    inputs_ready = pyqtSignal(object, str)
    exported = pyqtSignal(str)
    failed = pyqtSignal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mailbox: Mailbox[_Job] = Mailbox("file", "export", "drawing", "picture", "network")
        self._worker = Worker("files", self._mailbox, self._handle, self._on_error)

    def start(self) -> None:
        """Start the thread."""
        self._worker.start()

    def open_file(self, path: Path) -> None:
        """Read a picture or a stroke file."""
        self._mailbox.put("file", _OpenFile(path))

    def decode_picture(self, data: bytes, title: str) -> None:
        """Decode a picture that is already in memory (pasted or dropped)."""
        self._mailbox.put("file", _DecodePicture(data, title))

    def export(self, job: ExportJob) -> None:
        """Write a figure or the numbers of a layer; the path's ending says which."""
        self._mailbox.put("export", job)

    def save_drawing(self, path: Path, drawing: Drawing) -> None:
        """Write a drawing as a stroke file."""
        self._mailbox.put("drawing", _SaveDrawing(path, drawing))

    def save_network(self, path: Path, snapshot: Snapshot) -> None:
        """Write the weights of one step of a run as a network that can be opened."""
        self._mailbox.put("network", _SaveNetwork(path, snapshot))

    def save_picture(self, path: Path, picture: QImage) -> None:
        """Write a picture in the format that the path's ending says."""
        self._mailbox.put("picture", _SavePicture(path, picture))

    def shutdown(self) -> bool:
        """End the thread; call before any receiver of the signals is deleted."""
        return self._worker.shutdown()

    def _handle(self, item: _Job) -> None:
        if isinstance(item, ExportJob):
            self._export(item)
        elif isinstance(item, _SaveNetwork):
            self._save_network(item)
        elif isinstance(item, _SaveDrawing | _SavePicture):
            self._save(item)
        else:
            self._read(item)

    def _save(self, item: _SaveDrawing | _SavePicture) -> None:
        if isinstance(item, _SaveDrawing):
            from viewer.core.imaging.stroke_file import write_stroke_file

            write_stroke_file(item.path, [item.drawing])
        elif not item.picture.save(str(item.path)):
            raise UserError(f"{item.path} can't be written: check the folder, and end in .png.")
        self.exported.emit(str(item.path))

    def _save_network(self, item: _SaveNetwork) -> None:
        # Heavy (torch): on this thread, and long there when a run is shown.
        from viewer.core.nets.checkpoint import save_weights

        save_weights(item.path, item.snapshot.weights, item.snapshot.metadata)
        self.exported.emit(str(item.path))

    def _read(self, item: _OpenFile | _DecodePicture) -> None:
        # Pillow and SciPy: imported on this thread, when the first file is opened.
        from viewer.core.imaging.pictures import picture_from_bytes
        from viewer.core.inputs import open_inputs

        if isinstance(item, _OpenFile):
            self.inputs_ready.emit(open_inputs(item.path), item.path.name)
        else:
            self.inputs_ready.emit([picture_from_bytes(item.data, item.title)], item.title)

    def _export(self, job: ExportJob) -> None:
        from viewer.core.export import Source, What, export

        source = Source(job.network, job.weights, job.record, job.drawn)
        export(source, job.layer, What.MAPS, job.path, settings=job.settings)
        self.exported.emit(str(job.path))

    def _on_error(self, error: Exception) -> None:
        if isinstance(error, UserError):
            self.failed.emit(str(error))
            return
        traceback.print_exception(error)
        self.failed.emit(f"The file could not be read or written: {type(error).__name__}: {error}.")
