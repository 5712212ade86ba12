"""The camera as an input: every frame that the network has time for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from viewer.core.imaging.numbers import format_number

if TYPE_CHECKING:
    from viewer.controllers.inputs import InputController
    from viewer.controllers.views import ViewController
    from viewer.core.records import Drawing, Picture
    from viewer.services.camera import CameraService
    from viewer.widgets.window.main_window import MainWindow

ACTION = "camera"
RATE_MS = 1000


class CameraController(QObject):
    """Puts the newest frame on the pad until another input is chosen, or it is stopped.

    Signals
    -------
    told(str)
        What is said of the camera while it runs: how many answers a second there are.
    stopped()
    failed(str)
        One sentence on why there are no frames.
    """

    told = pyqtSignal(str)
    stopped = pyqtSignal()
    failed = pyqtSignal(str)

    def __init__(
        self,
        window: MainWindow,
        inputs: InputController,
        views: ViewController,
        service: CameraService,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._inputs = inputs
        self._service = service
        self._frame: Picture | None = None
        self._answers = 0
        self._since_s = 0.0
        self._clock = QTimer(self)
        self._clock.setInterval(RATE_MS)
        self._clock.timeout.connect(self._tell_rate)
        service.frame_waiting.connect(self._on_frame_waiting)
        service.running_changed.connect(self._on_running_changed)
        service.failed.connect(self._on_failed)
        inputs.source_changed.connect(self._on_source_changed)
        views.record_shown.connect(self._on_record_shown)
        window.pad_panel.pad.picture_discarded.connect(service.stop_camera)
        window.close_requested.connect(service.stop_camera)

    def toggle(self) -> None:
        """Start the camera, or stop it."""
        if self._service.running:
            self._service.stop_camera()
        else:
            self._service.start_camera()

    def _on_running_changed(self, running: bool) -> None:
        self._window.action_set.set_checked(ACTION, running)
        if running:
            self._answers, self._since_s = 0, time.monotonic()
            self._clock.start()
            self.told.emit("Camera · starting…")
        else:
            self._frame = None
            self._clock.stop()
            self.stopped.emit()

    def _on_failed(self, sentence: str) -> None:
        self._window.action_set.set_checked(ACTION, False)
        self.failed.emit(sentence)

    def _on_frame_waiting(self) -> None:
        frame = self._service.take_frame()
        if frame is not None and self._service.running:
            self._frame = frame
            self._inputs.show_frame(frame)

    def _on_source_changed(self, source: Drawing | Picture) -> None:
        if self._frame is not None and source is not self._frame:
            self._service.stop_camera()

    def _on_record_shown(self) -> None:
        if self._service.running:
            self._answers += 1

    def _tell_rate(self) -> None:
        now = time.monotonic()
        rate = self._answers / max(now - self._since_s, 1e-3)
        self._answers, self._since_s = 0, now
        self.told.emit(f"Camera · {format_number(rate, 3)} answers a second")
