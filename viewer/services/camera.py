"""The camera: the newest frame as a picture, whatever the rate at which frames come."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from PyQt6.QtCore import QCameraPermission, QCoreApplication, QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QImage, QTransform

from viewer.core.diagnostics import PACKAGES, shared_library
from viewer.core.errors import UserError
from viewer.core.mailbox import Mailbox
from viewer.services.worker import Worker

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PyQt6.QtMultimedia import QCameraDevice, QVideoFrame

    from viewer.core.records import Picture

TITLE = "Camera"
# Networks take a few hundred pixels a side; a frame of this size is converted in a few ms.
FRAME_PX = 640
# Cameras show their first frame within a second or two; one that another program has may never.
FIRST_FRAME_MS = 10_000
MISSING = (
    "The camera needs QtMultimedia, which does not load here ({reason}): {remedy}, "
    "or open a picture instead."
)
NO_BACKEND = (
    "The camera needs Qt's multimedia plug-in, which does not load here: start with "
    "QT_DEBUG_PLUGINS=1 to see which library is missing, or open a picture instead."
)
NO_CAMERA = "There is no camera: connect one, or open a picture instead."
NOT_ALLOWED = (
    "The system does not let this program use the camera: allow it in the system's settings."
)
STOPPED = "The camera stopped ({reason}): close what else uses it, or choose another source."
UNPLUGGED = "The camera was unplugged: connect it again, or choose another source."
SILENT = "The camera gives no pictures: close what else uses it, or choose another source."


class Frame(Protocol):
    """One frame of a camera, not yet converted."""

    def toImage(self) -> QImage:  # noqa: N802 - as Qt's QVideoFrame has it
        """Convert it; takes a while."""
        ...


class FrameSource(Protocol):
    """Something that gives frames until it is stopped."""

    def start(self, take: Callable[[Frame], None], fail: Callable[[str], None]) -> None:
        """Give every frame to `take`, and one sentence to `fail` if it breaks down.

        Both may be called on any thread.

        Raises
        ------
        UserError
            If there is no camera.
        """
        ...

    def stop(self) -> None:
        """Give no more frames."""
        ...


@dataclass(frozen=True, slots=True)
class _Job:
    """Work for the service's thread, and the number of the camera that it is for."""

    number: int
    work: Callable[[], None]


class CameraService(QObject):
    """Turns the frames of a camera into pictures on its own thread; only the newest is done.

    Parameters
    ----------
    make_source : callable, optional
        Returns where frames come from; default: the system's first camera.
    load : callable, optional
        Loads what `make_source` needs, on the service's thread; UserError if it is not here.

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
    _loaded = pyqtSignal(int)
    _broken = pyqtSignal(int, str)

    def __init__(
        self,
        make_source: Callable[[], FrameSource] | None = None,
        parent: QObject | None = None,
        *,
        load: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(parent)
        self._make_source = make_source or _SystemCamera
        self._load = load_multimedia if make_source is None else load
        self._source: FrameSource | None = None  # of this thread alone: what is Qt's ends here
        self._number = 0  # of the camera that frames are wanted of; 0 for none
        self._last = 0  # number of the last one that was asked for
        self._mailbox: Mailbox[_Job] = Mailbox("load", "frame")
        self._worker = Worker("camera", self._mailbox, self._handle, traceback.print_exception)
        self._started = False
        self._lock = threading.Lock()
        self._newest: Picture | None = None  # behind the lock
        self._loaded.connect(self._on_loaded)
        # Queued: a camera that says that it broke down must not be deleted while it does.
        queued = Qt.ConnectionType.QueuedConnection
        self._broken.connect(self._on_broken, queued)  # type: ignore[call-arg]  # not in the stub

    @property
    def running(self) -> bool:
        """Whether frames are wanted."""
        return self._number != 0

    def start(self) -> None:
        """Do nothing yet: the thread begins with the first frame that is wanted."""

    def start_camera(self) -> None:
        """Ask for frames; `failed` says so if there is no camera."""
        if self.running:
            return
        if not self._started:
            self._started = True
            self._worker.start()
        self._last += 1
        self._number = self._last
        if self._load is None:
            self._on_loaded(self._number)
        else:
            self._mailbox.put("load", _Job(self._number, partial(self._load_for, self._number)))

    def stop_camera(self) -> None:
        """Ask for no more frames; one that is being converted is dropped."""
        if self.running:
            self._end()
            self.running_changed.emit(False)

    def take_frame(self) -> Picture | None:
        """Return the newest frame, at most 640 pixels a side, once; None if there is none."""
        with self._lock:
            newest, self._newest = self._newest, None
        return newest

    def shutdown(self) -> bool:
        """End the thread; the camera itself is stopped by `stop_camera`, on its own thread."""
        return self._worker.shutdown()

    def _load_for(self, number: int) -> None:
        assert self._load is not None
        try:
            self._load()
        except UserError as error:
            self._broken.emit(number, str(error))
        else:
            self._loaded.emit(number)

    def _on_loaded(self, number: int) -> None:
        if number != self._number:
            return  # stopped meanwhile
        try:
            self._source = self._make_source()
            take, fail = partial(self._on_frame, number), partial(self._broken.emit, number)
            self._source.start(take, fail)
        except UserError as error:
            self._end()
            self.failed.emit(str(error))
        else:
            self.running_changed.emit(True)

    def _end(self) -> None:
        source, self._source = self._source, None
        with self._lock:
            self._number, self._newest = 0, None
        if source is not None:
            source.stop()

    def _on_frame(self, number: int, frame: Frame) -> None:
        if number == self._number:
            self._mailbox.put("frame", _Job(number, partial(self._convert, number, frame)))

    def _convert(self, number: int, frame: Frame) -> None:
        picture = picture_of(frame.toImage())
        with self._lock:
            if picture is None or number != self._number:
                return
            told, self._newest = self._newest is not None, picture
        if not told:
            self.frame_waiting.emit()

    def _on_broken(self, number: int, sentence: str) -> None:
        if number == self._number:
            begun = self._source is not None
            self._end()
            if begun:
                self.running_changed.emit(False)
            self.failed.emit(sentence)

    def _handle(self, job: _Job) -> None:
        try:
            job.work()
        except Exception as error:  # noqa: BLE001 - told with the number of its own camera
            traceback.print_exception(error)
            sentence = f"The camera's pictures can't be read ({error}): choose another source."
            self._broken.emit(job.number, sentence)


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


def load_multimedia() -> None:
    """Load Qt's part for cameras: codecs and sound, with libraries that not every machine has.

    Raises
    ------
    UserError
        If a library is missing; the sentence says which, and how to install it.
    """
    try:
        from PyQt6 import QtMultimedia  # noqa: F401 - others find it loaded
    except ImportError as error:
        raise UserError(_missing(str(error))) from None


class _SystemCamera:
    """The camera that the system calls its default."""

    def __init__(self) -> None:
        from PyQt6 import QtMultimedia

        self._stopped = False
        self._seen = False  # whether a frame came
        # On the window's thread (some 20 ms, once): Qt watches for cameras that come and go from
        # the thread that asks first, which has to have an event loop.
        self._device = _default_camera()
        self._devices = QtMultimedia.QMediaDevices()
        self._camera = QtMultimedia.QCamera(self._device)
        self._session = QtMultimedia.QMediaCaptureSession()
        self._sink = QtMultimedia.QVideoSink()
        self._session.setCamera(self._camera)
        self._session.setVideoSink(self._sink)
        self._patience = QTimer()
        self._patience.setSingleShot(True)

    def start(self, take: Callable[[Frame], None], fail: Callable[[str], None]) -> None:
        self._take, self._fail = take, fail
        self._connect_signals()
        application = QCoreApplication.instance()
        assert application is not None
        status = application.checkPermission(QCameraPermission())
        if status is Qt.PermissionStatus.Undetermined:  # the system asks the person
            application.requestPermission(QCameraPermission(), lambda _: self._on_asked())
        else:
            self._begin(status)

    def stop(self) -> None:
        self._stopped = True
        self._sink.videoFrameChanged.disconnect(self._on_frame)
        self._camera.errorOccurred.disconnect(self._on_error)
        self._devices.videoInputsChanged.disconnect(self._on_devices_changed)
        self._patience.stop()
        self._camera.stop()
        self._session.setVideoSink(None)
        self._session.setCamera(None)

    def _connect_signals(self) -> None:
        # At once, on whichever thread frames come: queued, they would wait for a busy window.
        direct = Qt.ConnectionType.DirectConnection
        self._sink.videoFrameChanged.connect(self._on_frame, direct)  # type: ignore[call-arg]  # not in the stub
        self._camera.errorOccurred.connect(self._on_error)
        self._devices.videoInputsChanged.connect(self._on_devices_changed)
        self._patience.timeout.connect(self._on_patience_ended)

    def _on_frame(self, frame: QVideoFrame) -> None:
        if frame.isValid():  # the last one, when a camera ends, is empty
            self._seen = True
            self._take(_Upright(frame))

    def _on_asked(self) -> None:
        application = QCoreApplication.instance()
        if application is not None and not self._stopped:  # while the person was thinking
            self._begin(application.checkPermission(QCameraPermission()))

    def _begin(self, status: Qt.PermissionStatus) -> None:
        if status is Qt.PermissionStatus.Granted:
            self._patience.start(FIRST_FRAME_MS)
            self._camera.start()
        else:
            self._fail(NOT_ALLOWED)

    def _on_patience_ended(self) -> None:
        if not self._seen:
            self._fail(SILENT)

    def _on_error(self, _code: object, reason: str) -> None:
        self._fail(STOPPED.format(reason=reason.rstrip(".") or "it doesn't say why"))

    def _on_devices_changed(self) -> None:
        if self._device not in self._devices.videoInputs():
            self._fail(UNPLUGGED)


class _Upright:
    """A video frame, turned and mirrored as it is to be shown.

    ``QVideoFrame.toImage`` does what its format says, and leaves out what the frame adds.
    """

    def __init__(self, frame: QVideoFrame) -> None:
        self._frame = frame

    def toImage(self) -> QImage:  # noqa: N802 - as Qt's QVideoFrame has it
        turn = QTransform().scale(-1.0 if self._frame.mirrored() else 1.0, 1.0)
        turn.rotate(self._frame.rotation().value)  # type: ignore[call-overload]  # degrees, which the stub hides
        image = self._frame.toImage()
        return image if turn.isIdentity() else image.transformed(turn)


def _default_camera() -> QCameraDevice:
    from PyQt6 import QtMultimedia

    device = QtMultimedia.QMediaDevices.defaultVideoInput()
    if device.isNull():
        # Without a backend Qt knows no device and no format at all, and warns on stderr only.
        mode = QtMultimedia.QMediaFormat.ConversionMode.Decode
        formats = QtMultimedia.QMediaFormat().supportedFileFormats(mode)
        raise UserError(NO_CAMERA if formats else NO_BACKEND)
    return device


def _missing(message: str) -> str:
    """Return what to install for the text of an ImportError, as one sentence."""
    library = shared_library(message)
    if library is None:
        return MISSING.format(
            reason=message.rstrip("."), remedy="reinstall PyQt6 (pip install --force-reinstall)"
        )
    package = PACKAGES.get(library)
    remedy = (
        f"install the package {package} (sudo apt install {package})"
        if package
        else f"install the package that has {library}"
    )
    return MISSING.format(reason=f"{library} is missing", remedy=remedy)
