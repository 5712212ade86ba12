"""The camera, with frames that a test gives, and without any."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from viewer.core.errors import UserError
from viewer.core.records import Picture
from viewer.services import camera as camera_module
from viewer.services.camera import (
    NO_BACKEND,
    NO_CAMERA,
    NOT_ALLOWED,
    SILENT,
    UNPLUGGED,
    CameraService,
    Frame,
    picture_of,
    rgb_of,
)

if TYPE_CHECKING:
    from PyQt6 import QtMultimedia

WAIT_MS = 5_000
INK, PAPER = 235, 16  # white and black of a video's luminance


class FakeFrame:
    """A frame of one colour, whose conversion waits until it may go on."""

    def __init__(self, color: str, gate: threading.Event | None = None) -> None:
        self._image = QImage(64, 48, QImage.Format.Format_RGB32)
        self._image.fill(QColor(color))
        self._gate = gate
        self.begun = threading.Event()

    def toImage(self) -> QImage:  # noqa: N802 - as Qt has it
        self.begun.set()
        if self._gate is not None:
            assert self._gate.wait(WAIT_MS / 1000)
        return self._image


class FakeSource:
    """Gives the frames that a test puts in."""

    def __init__(self) -> None:
        self.take: Callable[[Frame], None] | None = None
        self.fail: Callable[[str], None] | None = None

    def start(self, take: Callable[[Frame], None], fail: Callable[[str], None]) -> None:
        self.take, self.fail = take, fail

    def stop(self) -> None:
        self.take = None


@pytest.fixture
def source() -> FakeSource:
    return FakeSource()


@pytest.fixture
def camera(qtbot: QtBot, source: FakeSource) -> Iterator[CameraService]:
    service = CameraService(lambda: source)
    service.start()
    yield service
    service.stop_camera()
    assert service.shutdown()


def test_a_frame_becomes_a_picture_in_colour(
    qtbot: QtBot, camera: CameraService, source: FakeSource
) -> None:
    with qtbot.waitSignal(camera.running_changed) as changed:
        camera.start_camera()
    assert changed.args == [True]
    assert source.take is not None
    with qtbot.waitSignal(camera.frame_waiting, timeout=WAIT_MS):
        source.take(FakeFrame("#c86432"))
    picture = camera.take_frame()
    assert picture is not None and picture.rgb is not None
    assert picture.rgb.shape == (48, 64, 3)
    assert (picture.rgb == (200, 100, 50)).all()
    expected = (0.299 * 200 + 0.587 * 100 + 0.114 * 50) / 255
    assert picture.pixels == pytest.approx(np.full((48, 64), expected), abs=1e-5)
    assert camera.take_frame() is None


def test_the_newest_frame_wins_and_none_queue(
    qtbot: QtBot, camera: CameraService, source: FakeSource
) -> None:
    camera.start_camera()
    assert source.take is not None
    gate = threading.Event()
    first = FakeFrame("red", gate)
    source.take(first)
    assert first.begun.wait(WAIT_MS / 1000)
    passed = [FakeFrame("blue") for _ in range(50)]
    for frame in passed:  # while the first is being converted
        source.take(frame)
    last = FakeFrame("#00ff00")
    source.take(last)
    gate.set()

    def newest_is_green() -> None:
        picture = camera.take_frame()
        assert picture is not None and picture.rgb is not None
        assert picture.rgb[0, 0].tolist() == [0, 255, 0]

    qtbot.waitUntil(newest_is_green, timeout=WAIT_MS)
    assert not any(frame.begun.is_set() for frame in passed)


def test_nothing_comes_after_it_is_stopped(
    qtbot: QtBot, camera: CameraService, source: FakeSource
) -> None:
    camera.start_camera()
    assert source.take is not None
    gate = threading.Event()
    frame = FakeFrame("red", gate)
    source.take(frame)
    assert frame.begun.wait(WAIT_MS / 1000)
    camera.stop_camera()
    assert not camera.running
    with qtbot.assertNotEmitted(camera.frame_waiting, wait=100):
        gate.set()
    assert camera.take_frame() is None


def test_a_camera_that_breaks_down_is_off_with_one_sentence(
    qtbot: QtBot, camera: CameraService, source: FakeSource
) -> None:
    camera.start_camera()
    assert source.fail is not None
    with qtbot.waitSignal(camera.failed, timeout=WAIT_MS) as failed:
        source.fail("The camera stopped (unplugged): choose another source.")
    assert failed.args == ["The camera stopped (unplugged): choose another source."]
    assert not camera.running


class BrokenFrame(FakeFrame):
    """A frame that can't be converted."""

    def toImage(self) -> QImage:  # noqa: N802 - as Qt has it
        super().toImage()
        raise ValueError("no such format")


def test_a_frame_that_cannot_be_read_ends_its_camera(
    qtbot: QtBot, camera: CameraService, source: FakeSource
) -> None:
    camera.start_camera()
    assert source.take is not None
    with qtbot.waitSignal(camera.failed, timeout=WAIT_MS) as failed:
        source.take(BrokenFrame("red"))
    assert failed.args == [
        "The camera's pictures can't be read (no such format): choose another source."
    ]
    assert not camera.running


@pytest.mark.parametrize("again", [True, False])
def test_a_late_broken_frame_is_not_of_the_next_camera(
    qtbot: QtBot, camera: CameraService, source: FakeSource, again: bool
) -> None:
    camera.start_camera()
    assert source.take is not None
    gate = threading.Event()
    frame = BrokenFrame("red", gate)
    source.take(frame)
    assert frame.begun.wait(WAIT_MS / 1000)
    camera.stop_camera()
    if again:
        camera.start_camera()
    with qtbot.assertNotEmitted(camera.failed, wait=100):
        gate.set()
    assert camera.running is again


def test_no_camera_is_one_sentence(qtbot: QtBot) -> None:
    def none() -> FakeSource:
        raise UserError(NO_CAMERA)

    service = CameraService(none)
    with (
        qtbot.waitSignal(service.failed) as failed,
        qtbot.assertNotEmitted(service.running_changed),
    ):
        service.start_camera()
    assert failed.args == [NO_CAMERA]
    assert not service.running
    assert service.shutdown()


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        (
            "libpulse.so.0: cannot open shared object file: No such file or directory",
            "(libpulse.so.0 is missing): install the package libpulse0 (sudo apt install libp",
        ),
        (
            "libodd.so.3: cannot open shared object file: No such file or directory",
            "(libodd.so.3 is missing): install the package that has libodd.so.3",
        ),
        ("No module named 'PyQt6.QtMultimedia'.", "(No module named 'PyQt6.QtMultimedia'): rein"),
    ],
)
def test_without_qtmultimedia_one_sentence_says_what_is_missing(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, message: str, remedy: str
) -> None:
    threads: list[str] = []

    class Missing:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "PyQt6.QtMultimedia":
                threads.append(threading.current_thread().name)
                raise ImportError(message)

    monkeypatch.delitem(sys.modules, "PyQt6.QtMultimedia", raising=False)
    monkeypatch.delattr("PyQt6.QtMultimedia", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    service = CameraService()
    with (
        qtbot.waitSignal(service.failed, timeout=WAIT_MS) as failed,
        qtbot.assertNotEmitted(service.running_changed),
    ):
        service.start_camera()
    assert failed.args is not None
    assert remedy in failed.args[0]
    assert "QtMultimedia" in failed.args[0]
    assert failed.args[0].endswith(".")
    assert failed.args[0].count(". ") == 0
    assert threads == ["camera"]  # the window goes on meanwhile
    assert not service.running
    assert service.shutdown()


def test_a_camera_that_is_not_wanted_any_more_does_not_begin(
    qtbot: QtBot, source: FakeSource
) -> None:
    gate = threading.Event()

    def load() -> None:
        assert gate.wait(WAIT_MS / 1000)

    service = CameraService(lambda: source, load=load)
    service.start_camera()
    states = [service.running]
    service.stop_camera()
    states.append(service.running)
    assert states == [True, False]
    with qtbot.assertNotEmitted(service.running_changed, wait=50):
        gate.set()
    begun = [source.take is not None]
    with qtbot.waitSignal(service.running_changed, timeout=WAIT_MS):
        service.start_camera()
    begun.append(source.take is not None)
    assert begun == [False, True]
    service.stop_camera()
    assert service.shutdown()


def test_frames_of_any_format_and_width_keep_their_colours(qtbot: QtBot) -> None:
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (7, 13, 3), np.uint8)  # rows of 39 bytes are padded to 40
    image = QImage(rgb.tobytes(), 13, 7, 39, QImage.Format.Format_RGB888).copy()
    for form in (QImage.Format.Format_RGB32, QImage.Format.Format_BGR888):
        np.testing.assert_array_equal(rgb_of(image.convertToFormat(form)), rgb)
    large = picture_of(image.scaled(1920, 1080))
    assert large is not None
    assert large.pixels.shape == (360, 640)
    assert picture_of(QImage()) is None


@pytest.fixture
def multimedia(qtbot: QtBot) -> Any:
    return pytest.importorskip("PyQt6.QtMultimedia", exc_type=ImportError)


def filled(frame: QtMultimedia.QVideoFrame, values: tuple[int, ...], corner: int) -> None:
    """Give each plane of a frame one value, and 2 × 2 pixels of the first one another."""
    from PyQt6.QtMultimedia import QVideoFrame

    assert frame.map(QVideoFrame.MapMode.WriteOnly)
    for plane, value in enumerate(values):
        bits = frame.bits(plane)
        bits.setsize(frame.mappedBytes(plane))
        array = np.frombuffer(memoryview(bits), np.uint8)  # type: ignore[arg-type]  # the stub lacks it
        array[:] = value
        if plane == 0:
            array.reshape(-1, frame.bytesPerLine(0))[:2, :2] = corner
    frame.unmap()


class RealCamera:
    """The source of the real camera's frames, which a test makes in memory."""

    def __init__(self, multimedia: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.multimedia = multimedia
        # Without a device the camera stays dark; all else is Qt's own.
        monkeypatch.setattr(camera_module, "_default_camera", multimedia.QCameraDevice)
        monkeypatch.setattr(camera_module._SystemCamera, "_begin", lambda _self, _status: None)
        self.sources: list[Any] = []
        self.service = CameraService(self._make, load=camera_module.load_multimedia)

    def _make(self) -> Any:
        self.sources.append(camera_module._SystemCamera())
        return self.sources[-1]

    def frame(self, name: str = "Format_NV12", size: QSize | None = None) -> Any:
        form = self.multimedia.QVideoFrameFormat
        return self.multimedia.QVideoFrame(
            form(size or QSize(4, 4), getattr(form.PixelFormat, name))
        )

    def show(self, frame: Any) -> None:
        self.sources[-1]._sink.setVideoFrame(frame)

    def start(self, qtbot: QtBot) -> None:
        with qtbot.waitSignal(self.service.running_changed, timeout=WAIT_MS):
            self.service.start_camera()

    def picture(self, qtbot: QtBot, frame: Any) -> Picture:
        with qtbot.waitSignal(self.service.frame_waiting, timeout=WAIT_MS):
            self.show(frame)
        picture = self.service.take_frame()
        assert picture is not None
        return picture


@pytest.fixture
def real(qtbot: QtBot, multimedia: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[RealCamera]:
    camera = RealCamera(multimedia, monkeypatch)
    yield camera
    camera.service.stop_camera()
    camera.sources.clear()
    assert camera.service.shutdown()


# Without a display Qt converts frames on the processor, and says so; hardware decoders and
# screen capture are not needed.
@pytest.mark.qt_log_ignore("No RHI backend", "Couldn't (load|resolve) ", extend=True)
class TestTheRealModule:
    @pytest.mark.parametrize(
        ("name", "values", "grey"),
        [
            ("Format_NV12", (INK, 128), 255),
            ("Format_YUV420P", (PAPER, 128, 128), 0),
            ("Format_Y8", (100,), 100),
            ("Format_BGRX8888", (200,), 200),
            ("Format_RGBX8888", (50,), 50),
        ],
    )
    def test_frames_of_every_kind_become_pictures(
        self, qtbot: QtBot, real: RealCamera, name: str, values: tuple[int, ...], grey: int
    ) -> None:
        real.start(qtbot)
        frame = real.frame(name, QSize(64, 48))
        filled(frame, values, values[0])
        picture = real.picture(qtbot, frame)
        assert picture.rgb is not None
        assert picture.rgb.shape == (48, 64, 3)
        assert np.abs(picture.rgb.astype(int) - grey).max() <= 2

    def test_mirrored_and_turned_frames_are_shown_as_they_are_meant(
        self, qtbot: QtBot, real: RealCamera
    ) -> None:
        from PyQt6.QtMultimedia import QtVideo

        real.start(qtbot)
        corners = []
        for mirrored, turn in (
            (False, QtVideo.Rotation.None_),
            (True, QtVideo.Rotation.None_),
            (False, QtVideo.Rotation.Clockwise90),
            (False, QtVideo.Rotation.Clockwise180),
        ):
            frame = real.frame(size=QSize(8, 4))
            filled(frame, (PAPER, 128), INK)
            frame.setMirrored(mirrored)
            frame.setRotation(turn)
            pixels = real.picture(qtbot, frame).pixels
            rows, columns = np.nonzero(pixels > 0.5)
            corners.append((pixels.shape, int(rows.min()), int(columns.min())))
        assert corners == [((4, 8), 0, 0), ((4, 8), 0, 6), ((8, 4), 0, 2), ((4, 8), 2, 6)]

    def test_the_newest_of_many_frames_wins(self, qtbot: QtBot, real: RealCamera) -> None:
        real.start(qtbot)
        told: list[None] = []
        real.service.frame_waiting.connect(lambda: told.append(None))
        for value in range(PAPER, INK + 1):
            frame = real.frame()
            filled(frame, (value, 128), value)
            real.show(frame)
        newest: list[Picture] = []

        def last_is_white() -> None:
            picture = real.service.take_frame()
            if picture is not None:
                newest.append(picture)
            assert newest and newest[-1].pixels.min() > 0.98

        qtbot.waitUntil(last_is_white, timeout=WAIT_MS)
        assert len(told) <= len(newest) + 1

    def test_stopping_lets_go_of_the_device(self, qtbot: QtBot, real: RealCamera) -> None:
        real.start(qtbot)
        source = real.sources[-1]
        real.service.stop_camera()
        assert source._session.camera() is None
        assert source._session.videoSink() is None
        assert not source._camera.isActive()
        frame = real.frame()
        filled(frame, (PAPER, 128), INK)
        with qtbot.assertNotEmitted(real.service.frame_waiting, wait=50):
            real.show(frame)
        real.start(qtbot)  # and again
        real.picture(qtbot, frame)

    def broken(self, qtbot: QtBot, real: RealCamera, what: Callable[[Any], object]) -> str:
        real.start(qtbot)
        with qtbot.waitSignal(real.service.failed, timeout=WAIT_MS) as failed:
            what(real.sources[-1])
        assert failed.args is not None
        assert not real.service.running
        assert real.sources[-1]._session.camera() is None
        return str(failed.args[0])

    def test_what_goes_wrong_is_one_sentence_and_the_camera_is_off(
        self, qtbot: QtBot, real: RealCamera, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        error = real.multimedia.QCamera.Error.CameraError

        def busy(source: Any) -> None:
            source._camera.errorOccurred.emit(error, "Camera is in use.")

        assert self.broken(qtbot, real, busy) == (
            "The camera stopped (Camera is in use): close what else uses it, "
            "or choose another source."
        )
        # No device of the machine is that of a camera without one.
        unplugged = self.broken(qtbot, real, lambda s: s._devices.videoInputsChanged.emit())
        assert unplugged == UNPLUGGED
        assert self.broken(qtbot, real, lambda s: s._patience.start(0)) == SILENT
        monkeypatch.undo()
        denied = Qt.PermissionStatus.Denied
        monkeypatch.setattr(camera_module, "_default_camera", real.multimedia.QCameraDevice)
        monkeypatch.setattr("PyQt6.QtCore.QCoreApplication.checkPermission", lambda *_: denied)
        with qtbot.waitSignal(real.service.failed, timeout=WAIT_MS) as failed:
            real.service.start_camera()
        assert failed.args == [NOT_ALLOWED]
        assert not real.service.running

    def test_no_device_and_no_backend_are_told_apart(
        self, qtbot: QtBot, multimedia: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        null = multimedia.QCameraDevice
        monkeypatch.setattr(multimedia.QMediaDevices, "defaultVideoInput", null)
        with pytest.raises(UserError, match="There is no camera") as raised:
            camera_module._default_camera()
        assert str(raised.value) == NO_CAMERA
        monkeypatch.setattr(multimedia.QMediaFormat, "supportedFileFormats", lambda *_: [])
        with pytest.raises(UserError) as raised:
            camera_module._default_camera()
        assert str(raised.value) == NO_BACKEND
