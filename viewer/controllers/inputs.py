"""From the pad, a file, the clipboard or the data set to requests for inference."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.records import Drawing, InferenceRequest, Picture

if TYPE_CHECKING:
    from viewer.services.dataset import DatasetService
    from viewer.services.files import FileService
    from viewer.services.inference import InferenceService
    from viewer.widgets.pad_panel import PadPanel
    from viewer.widgets.prediction import PredictionPanel


class InputController(QObject):
    """Sends the newest input to the network whenever it changes.

    Every movement of the pen makes a request at once, which carries the whole drawing; the
    ones that the network has no time for are replaced by newer ones before they are begun.

    Signals
    -------
    failed(str)
        One sentence on an input that can't be used.
    told(str)
        One sentence on an input that was used, but not all of it.
    source_changed(Drawing or Picture)
        What the network is asked about from now on.
    """

    failed = pyqtSignal(str)
    told = pyqtSignal(str)
    source_changed = pyqtSignal(object)

    def __init__(
        self,
        panel: PadPanel,
        prediction: PredictionPanel,
        inference: InferenceService,
        files: FileService,
        dataset: DatasetService,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._panel = panel
        self._prediction = prediction
        self._inference = inference
        self._files = files
        self._dataset = dataset
        self.generation = 0
        self._reading = False
        self._connect_signals()

    @property
    def source(self) -> Drawing | Picture:
        """What is on the pad."""
        return self._panel.pad.source()

    def open_file(self, path: Path) -> None:
        """Read a picture or a stroke file and put it on the pad."""
        self._reading = True
        self._files.open_file(path)

    def show_source(self, source: Drawing | Picture) -> None:
        """Put a drawing or a picture on the pad, as if it had been drawn there."""
        if isinstance(source, Picture):
            self._panel.pad.set_picture(source)
        else:
            self._panel.pad.set_drawing(source)
        self.submit()

    def submit(self) -> None:
        """Ask the network about what is on the pad now."""
        self.generation += 1
        raw, source = not self._panel.preview.prepared, self.source
        self._prediction.set_label(source.label)
        self._inference.submit(InferenceRequest(self.generation, source, raw=raw))
        self.source_changed.emit(source)

    def _connect_signals(self) -> None:
        pad = self._panel.pad
        pad.drawing_changed.connect(self.submit)
        pad.picture_discarded.connect(self._on_picture_discarded)
        self._panel.preparation_toggled.connect(self.submit)
        self._files.inputs_ready.connect(self._on_inputs_ready)
        self._files.failed.connect(self._on_file_failed)
        self._dataset.picture_ready.connect(self._on_picture_ready)
        self._dataset.failed.connect(self.failed)

    def _on_picture_discarded(self) -> None:
        self._prediction.set_label(None)

    def _on_inputs_ready(self, sources: list[Drawing | Picture], title: str) -> None:
        self._reading = False
        self.show_source(sources[0])
        if len(sources) > 1:
            self.told.emit(
                f"{title} has {len(sources):,} drawings: the first is shown; "
                "convnet-viewer predict reads them all."
            )

    def _on_file_failed(self, sentence: str) -> None:
        self._reading = False
        self.failed.emit(sentence)

    def _on_picture_ready(self, picture: Picture, _index: int) -> None:
        self.show_source(picture)
