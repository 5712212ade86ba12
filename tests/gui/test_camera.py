"""The camera, with frames that a test gives, and without any."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PyQt6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from viewer.core.errors import UserError
from viewer.services.camera import NO_CAMERA, CameraService, Frame, picture_of, rgb_of

WAIT_MS = 5_000


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


def test_without_qtmultimedia_one_sentence_says_so(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "PyQt6.QtMultimedia", None)
    service = CameraService()
    with qtbot.waitSignal(service.failed) as failed:
        service.start_camera()
    assert failed.args is not None
    assert "QtMultimedia" in failed.args[0]
    assert failed.args[0].endswith(".")
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
