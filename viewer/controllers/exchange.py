"""Files and the clipboard: opening, saving, copying, pasting."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QBuffer, QIODevice, QObject, Qt, pyqtSignal
from PyQt6.QtGui import QGuiApplication, QImage
from PyQt6.QtWidgets import QFileDialog

from viewer.core.imaging.picture_folder import PICTURE_SUFFIXES
from viewer.core.nets.shipped import MODEL_SUFFIXES, SUFFIX
from viewer.core.records import Drawing, Picture
from viewer.services.files import ExportJob
from viewer.widgets.inputs.preview import image_of

if TYPE_CHECKING:
    from viewer.controllers.inputs import InputController
    from viewer.controllers.networks import NetworkController
    from viewer.controllers.views import ViewController
    from viewer.services.files import FileService
    from viewer.widgets.window.main_window import MainWindow

_MODELS = " ".join(f"*{suffix}" for suffix in sorted(MODEL_SUFFIXES))
MODEL_FILTER = f"Networks ({_MODELS});;All files (*)"
NETWORK_FILTER = "Network (*.safetensors)"
_INPUTS = " ".join(f"*{suffix}" for suffix in (*sorted(PICTURE_SUFFIXES), ".jsonl", ".json"))
INPUT_FILTER = f"Pictures and stroke files ({_INPUTS});;All files (*)"
STROKES_FILTER = "Stroke file (*.jsonl)"
PNG_FILTER = "PNG picture (*.png)"
FIGURE_FILTER = "PNG figure (*.png);;SVG figure (*.svg);;Numbers for NumPy (*.npz)"
# A pasted photograph is reduced to this before it is encoded: no network takes more.
PASTE_MAX_SIDE_PX = 2000
PNG_UNCOMPRESSED = 100


class ExchangeController(QObject):
    """Lets a person choose files, and carries pictures to and from the clipboard.

    Dialogs never block the event loop: what was chosen arrives as a signal.

    Signals
    -------
    failed(str)
        One sentence on what could not be saved or pasted.
    """

    failed = pyqtSignal(str)

    def __init__(
        self,
        window: MainWindow,
        inputs: InputController,
        networks: NetworkController,
        views: ViewController,
        files: FileService,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._inputs = inputs
        self._networks = networks
        self._views = views
        self._files = files

    def choose_model(self) -> None:
        """Ask for a checkpoint and open it."""
        dialog = self._dialog("Open network", MODEL_FILTER)
        dialog.fileSelected.connect(self._networks.open)
        dialog.open()

    def choose_picture(self) -> None:
        """Ask for a picture or a stroke file and put it on the pad."""
        dialog = self._dialog("Open picture or strokes", INPUT_FILTER)
        dialog.fileSelected.connect(lambda path: self._inputs.open_file(Path(path)))
        dialog.open()

    def save_network(self) -> None:
        """Ask for a name and save the step of a run that is on screen as a network."""
        snapshot = self._networks.snapshot
        if snapshot is None:
            self.failed.emit(
                "The network on screen is a file already: show a step of a run to save it."
            )
            return
        plain = re.sub(r"[^a-z0-9]+", "-", snapshot.title.lower()).strip("-") or "run"
        dialog = self._dialog("Save network", NETWORK_FILTER, f"{plain}-{snapshot.step}{SUFFIX}")
        dialog.fileSelected.connect(lambda path: self._files.save_network(Path(path), snapshot))
        dialog.open()

    def save_drawing(self) -> None:
        """Ask for a name and save the drawing as a stroke file."""
        source = self._inputs.source
        if not isinstance(source, Drawing) or not source.strokes:
            self.failed.emit("There is no drawing on the pad to save: draw something first.")
            return
        dialog = self._dialog("Save drawing", STROKES_FILTER, save_as="drawing.jsonl")
        dialog.fileSelected.connect(lambda path: self._files.save_drawing(Path(path), source))
        dialog.open()

    def export_view(self) -> None:
        """Ask for a name and save the view of the network as a picture."""
        picture = self._views.grab()
        dialog = self._dialog("Export view", PNG_FILTER, save_as="network.png")
        dialog.fileSelected.connect(lambda path: self._files.save_picture(Path(path), picture))
        dialog.open()

    def export_layer(self) -> None:
        """Ask for a name and write the selected layer's maps as a figure or as numbers."""
        views = self._views
        selection, network, weights, record = (
            views.selection,
            views.network,
            views.weights,
            views.record,
        )
        if selection is None or network is None or weights is None or record is None:
            self.failed.emit("No layer is selected: click one of its maps first.")
            return
        node = selection.node
        if node not in record.outputs:
            self.failed.emit(f"{node} has not answered yet: try again in a moment.")
            return
        job = ExportJob(network, weights, record, self._shown, node, views.display, Path())
        plain = re.sub(r"[^\w.-]+", "-", node).strip("-.") or "layer"  # ONNX has names like /conv/0
        dialog = self._dialog(f"Export the maps of {node}", FIGURE_FILTER, f"{plain}.png")
        dialog.fileSelected.connect(lambda path: self._files.export(replace(job, path=Path(path))))
        dialog.open()

    @property
    def _shown(self) -> str:
        """Title of the picture that the record at hand answers; empty for a drawing."""
        source, record = self._inputs.source, self._views.record
        newest = record is not None and record.generation == self._inputs.generation
        return source.title if newest and isinstance(source, Picture) else ""

    def copy(self) -> None:
        """Copy the picture that the network sees."""
        record = self._views.record
        clipboard = QGuiApplication.clipboard()
        if record is None or clipboard is None:
            return
        clipboard.setImage(image_of(record.image.pixels))

    def paste(self) -> None:
        """Put the clipboard's picture, or the file that was copied, on the pad."""
        clipboard = QGuiApplication.clipboard()
        data = None if clipboard is None else clipboard.mimeData()
        local = [] if data is None else [u.toLocalFile() for u in data.urls() if u.isLocalFile()]
        if local:
            self._inputs.open_file(Path(local[0]))
        elif clipboard is not None and data is not None and data.hasImage():
            self._files.decode_picture(encoded(clipboard.image()), "Pasted picture")
        else:
            self.failed.emit("There is no picture on the clipboard: copy one first.")

    def _dialog(self, title: str, name_filter: str, save_as: str | None = None) -> QFileDialog:
        dialog = QFileDialog(self._window, title)
        dialog.setNameFilters(name_filter.split(";;"))
        if save_as is None:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        else:
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.setDefaultSuffix(Path(save_as).suffix.removeprefix("."))
            dialog.selectFile(save_as)
        dialog.finished.connect(dialog.deleteLater)
        return dialog


def encoded(image: QImage) -> bytes:
    """Return a picture as the bytes of a file, not larger than a digit needs."""
    if max(image.width(), image.height()) > PASTE_MAX_SIDE_PX:
        image = image.scaled(
            PASTE_MAX_SIDE_PX,
            PASTE_MAX_SIDE_PX,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,  # thin strokes would break otherwise
        )
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # Quality 100 is PNG without compression, written at once; BMP would lose transparency.
    image.save(buffer, "PNG", PNG_UNCOMPRESSED)
    return bytes(buffer.data().data())
