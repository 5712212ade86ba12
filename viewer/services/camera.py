"""The camera: the newest frame as a picture, whatever the rate at which frames come."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol

from PyQt6.QtCore import QCameraPermission, QCoreApplication, QObject, Qt, pyqtSignal
from PyQt6.QtGui import QImage

from viewer.core.errors import UserError
from viewer.core.mailbox import Mailbox
from viewer.services.worker import Worker

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PyQt6.QtCore import QPermission
    from PyQt6.QtMultimedia import QVideoFrame

    from viewer.core.records import Picture

TITLE = "Camera"
# Networks take a few hundred pixels a side; a frame of this size is converted in a few ms.
FRAME_PX = 640
MISSING = (
    "The camera needs QtMultimedia, which does not load here ({reason}): "
    "install Qt's multimedia libraries, or open a picture instead."
)
NO_CAMERA = "There is no camera: connect one, or open a picture instead."
NOT_ALLOWED = (
    "The system does not let this program use the camera: allow it in the system's settings."
)


class Frame(Protocol):
    """One frame of a camera, not yet converted."""

    def toImage(self) -> QImage:  # noqa: N802 - as Qt's QVideoFrame has it
        """Convert it; takes a while."""
        ...


class FrameSource(Protocol):
    """Something that gives frames until it is stopped."""

    def start(self, take: Callable[[Frame], None], fail: Callable[[str], None]) -> None:
        """Give every frame to `take`, and one sentence to `fail` if it breaks down.

        Raises
        ------
        UserError
            If there is no camera.
        """
        ...

    def stop(self) -> None:
        """Give no more frames."""
        ...


class CameraService(QObject):
    """Turns the frames of a camera into pictures on its own thread; only the newest is done.

    Parameters
    ----------
    make_source : callable, optional
        Returns where frames come from; default: the system's first camera.

    Attributes
    ----------
    running : bool

    Signals
    -------
    frame_waiting()
        There is a frame for `take_frame`; not told again before it is taken, so that a window
        that is busy finds the newest one and no queue.
    running_changed(bool)
    failed(str)
        One sentence on why there are no frames; the camera is off.
    """

    frame_waiting = pyqtSignal()
    running_changed = pyqtSignal(bool)
    failed = pyqtSignal(str)
    _broken = pyqtSignal(str)

    def __init__(
        self,
        make_source: Callable[[], FrameSource] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._make_source = make_source or _system_camera
        self._source: FrameSource | None = None
        self._mailbox: Mailbox[Frame] = Mailbox("frame")
        self._worker = Worker("camera", self._mailbox, self._handle, self._on_error)
        self._started = False
        self._lock = threading.Lock()
        self._newest: Picture | None = None  # behind the lock
        self._broken.connect(self._on_broken)

    @property
    def running(self) -> bool:
        """Whether frames are wanted."""
        return self._source is not None

    def start(self) -> None:
        """Do nothing yet: the thread begins with the first frame that is wanted."""

    def start_camera(self) -> None:
        """Ask for frames; `failed` says so if there is no camera."""
        if self.running:
            return
        try:
            source = self._make_source()
            self._source = source
            source.start(self._on_frame, self._broken.emit)
        except UserError as error:
            self._source = None
            self.failed.emit(str(error))
            return
        if not self._started:
            self._started = True
            self._worker.start()
        self.running_changed.emit(True)

    def stop_camera(self) -> None:
        """Ask for no more frames; one that is being converted is dropped."""
        source, self._source = self._source, None
        if source is not None:
            source.stop()
            self.running_changed.emit(False)

    def take_frame(self) -> Picture | None:
        """Return the newest frame, at most 640 pixels a side, once; None if there is none."""
        with self._lock:
            newest, self._newest = self._newest, None
        return newest

    def shutdown(self) -> bool:
        """End the thread; the camera itself is stopped by `stop_camera`, on its own thread."""
        return self._worker.shutdown()

    def _on_frame(self, frame: Frame) -> None:
        if self.running:
            self._mailbox.put("frame", frame)

    def _handle(self, frame: Frame) -> None:
        picture = picture_of(frame.toImage())
        if picture is not None and self.running:
            with self._lock:
                told, self._newest = self._newest is not None, picture
            if not told:
                self.frame_waiting.emit()

    def _on_broken(self, sentence: str) -> None:
        if self.running:
            self.stop_camera()
            self.failed.emit(sentence)

    def _on_error(self, error: Exception) -> None:
        traceback.print_exception(error)
        self._broken.emit(f"The camera's pictures can't be read ({error}): choose another source.")


def picture_of(image: QImage) -> Picture | None:
    """Return a frame as a picture with colours; None of an empty one."""
    import numpy as np

    from viewer.core.records import Picture

    if image.isNull():
        return None
    if max(image.width(), image.height()) > FRAME_PX:
        image = image.scaled(
            FRAME_PX,
            FRAME_PX,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    rgb = rgb_of(image)
    # The weights of ITU-R 601, as Pillow has them for a picture that is opened.
    grey = rgb @ np.array([0.299, 0.587, 0.114], np.float32)
    return Picture((grey / np.float32(255)).astype(np.float32), TITLE, rgb=rgb)


def rgb_of(image: QImage) -> NDArray[np.uint8]:
    """Return (H, W, 3) uint8 of a QImage."""
    import numpy as np

    image = image.convertToFormat(QImage.Format.Format_RGB888)
    bits = image.constBits()
    assert bits is not None
    # Rows of a QImage begin at multiples of four bytes.
    rows = np.frombuffer(bits.asstring(image.sizeInBytes()), np.uint8)
    rows = rows.reshape(image.height(), image.bytesPerLine())[:, : 3 * image.width()]
    return rows.reshape(image.height(), image.width(), 3).copy()


def _system_camera() -> FrameSource:
    return _SystemCamera()


class _SystemCamera:
    """The camera that the system calls its default."""

    def __init__(self) -> None:
        try:
            # Only when a camera is asked for: it loads codecs and sound, and needs libraries
            # that not every machine has.
            from PyQt6 import QtMultimedia
        except ImportError as error:
            reason = str(error).rstrip(".")
            raise UserError(MISSING.format(reason=reason)) from None
        device = QtMultimedia.QMediaDevices.defaultVideoInput()
        if device.isNull():
            raise UserError(NO_CAMERA)
        self._camera = QtMultimedia.QCamera(device)
        self._session = QtMultimedia.QMediaCaptureSession()
        self._sink = QtMultimedia.QVideoSink()
        self._session.setCamera(self._camera)
        self._session.setVideoSink(self._sink)

    def start(self, take: Callable[[QVideoFrame], None], fail: Callable[[str], None]) -> None:
        self._camera.errorOccurred.connect(
            lambda _code, reason: fail(f"The camera stopped ({reason}): choose another source.")
        )
        self._sink.videoFrameChanged.connect(take)
        application = QCoreApplication.instance()
        assert application is not None
        status = application.checkPermission(QCameraPermission())
        if status is Qt.PermissionStatus.Undetermined:  # the system asks the person
            application.requestPermission(QCameraPermission(), partial(self._on_asked, fail))
        else:
            self._begin(status, fail)

    def _on_asked(self, fail: Callable[[str], None], permission: QPermission) -> None:
        self._begin(permission.status(), fail)

    def _begin(self, status: Qt.PermissionStatus, fail: Callable[[str], None]) -> None:
        if status is Qt.PermissionStatus.Granted:
            self._camera.start()
        else:
            fail(NOT_ALLOWED)

    def stop(self) -> None:
        self._sink.videoFrameChanged.disconnect()
        self._camera.stop()
