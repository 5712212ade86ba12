"""From the pad, a file, the clipboard or the data set to requests for inference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from viewer.core.records import Drawing, InferenceRequest, Picture, Preparation

if TYPE_CHECKING:
    from viewer.services.dataset import DatasetService
    from viewer.services.files import FileService
    from viewer.services.inference import InferenceService
    from viewer.widgets.inputs.pad_panel import PadPanel
    from viewer.widgets.prediction.view import PredictionPanel

WHOLE_MS = 150  # after so long without another input the rest of a large network is asked for


class InputController(QObject):
    """Sends the newest input to the network whenever it changes.

    All the pen movements of one turn of the event loop make one request, which carries the
    whole drawing, once the pad has painted them: the two threads don't wait for one another.
    A request that the network has no time for is replaced by a newer one before it is begun.

    Of a large network only what is in sight is asked for while inputs come one after the
    other; the rest follows as soon as they pause, or somebody asks for it.

    Attributes
    ----------
    needed : callable
        Returns which nodes' outputs the views need at once, see `InferenceRequest.keep`.

    Signals
    -------
    failed(str)
        One sentence on an input that can't be used.
    told(str)
        One sentence on an input that was used, but not all of it.
    opened()
        What was asked for has been read and is about to be put on the pad.
    source_changed(Drawing or Picture)
        What the network is asked about from now on.
    """

    failed = pyqtSignal(str)
    told = pyqtSignal(str)
    opened = pyqtSignal()
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
        self._preparation: Preparation | None = None
        self._reading = False
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.setInterval(0)
        self.needed: Callable[[], frozenset[str] | None] = lambda: None
        self._request: InferenceRequest | None = None  # the newest
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(WHOLE_MS)
        self._pause.timeout.connect(self.ask_for_all)
        self._connect_signals()

    @property
    def pending(self) -> bool:
        """Whether something changed, or is being read, that no request has carried yet."""
        return self._reading or self._turn.isActive()

    @property
    def source(self) -> Drawing | Picture:
        """What is on the pad."""
        return self._panel.pad.source()

    @property
    def raw(self) -> bool:
        """Whether the canvas is fed as it is."""
        return not self._panel.preview.prepared

    @property
    def preparation(self) -> Preparation | None:
        """What a person has changed the network's own preparation to; None for that."""
        return self._preparation

    def set_preparation(self, preparation: Preparation | None) -> None:
        """Prepare what is on the pad, and what comes, in another way; `submit` asks anew."""
        self._preparation = preparation

    def show_frame(self, picture: Picture) -> None:
        """Show the next picture of a camera: there is no undo from one to the other."""
        self._panel.pad.show_frame(picture)
        self.submit()

    def request(self, preparation: Preparation) -> InferenceRequest:
        """Return the newest request as it would be with another preparation."""
        return InferenceRequest(self.generation, self.source, raw=self.raw, preparation=preparation)

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

    def show_nothing(self, note: str) -> None:
        """Take everything off the pad, and say there why, until something else is put on it."""
        self._panel.pad.set_nothing(note)
        self.submit()

    def submit(self) -> None:
        """Ask the network about what is on the pad now."""
        self._turn.stop()
        self.generation += 1
        raw, source = self.raw, self.source
        self._prediction.set_label(source.label)
        keep = self.needed()
        self._request = InferenceRequest(
            self.generation, source, raw=raw, preparation=self._preparation, keep=keep
        )
        self._inference.submit(self._request)
        if keep is None:
            self._pause.stop()
        else:
            self._pause.start()
        self.source_changed.emit(source)

    def ask_for_all(self) -> None:
        """Ask the newest request once more, for every output, if it wasn't for all."""
        self._pause.stop()
        if self._request is not None and self._request.keep is not None:
            self._request = replace(self._request, keep=None)
            self._inference.submit(self._request)

    def _connect_signals(self) -> None:
        pad = self._panel.pad
        self._turn.timeout.connect(self.submit)
        pad.drawing_changed.connect(self._on_drawing_changed)
        pad.picture_discarded.connect(self._on_picture_discarded)
        self._panel.preparation_toggled.connect(self.submit)
        self._files.inputs_ready.connect(self._on_inputs_ready)
        self._files.failed.connect(self._on_file_failed)
        self._dataset.picture_ready.connect(self._on_picture_ready)
        self._dataset.failed.connect(self.failed)

    def _on_drawing_changed(self) -> None:
        if not self._turn.isActive():
            self._turn.start()

    def _on_picture_discarded(self) -> None:
        self._prediction.set_label(None)

    def _on_inputs_ready(self, sources: list[Drawing | Picture], title: str) -> None:
        self._reading = False
        self.opened.emit()
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
        self.opened.emit()
        self.show_source(picture)
