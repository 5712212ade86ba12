"""The services: what their threads tell, and that they refuse in a sentence."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QImage
from pytestqt.qtbot import QtBot

from viewer.core.data.mnist import load_mnist
from viewer.core.imaging import picture_folder
from viewer.core.imaging.stroke_file import read_stroke_file
from viewer.core.nets import opening
from viewer.core.nets.architectures import architectures
from viewer.core.nets.checkpoint import Metadata, load_checkpoint, save_checkpoint
from viewer.core.nets.opening import open_network
from viewer.core.nets.profile import Profile
from viewer.core.nets.shipped import resolve_model
from viewer.core.records import Drawing, Stroke
from viewer.services.dataset import DatasetService
from viewer.services.files import FileService
from viewer.services.inference import InferenceService

WAIT_MS = 20_000


@pytest.fixture
def dataset() -> Iterator[DatasetService]:
    service = DatasetService()
    service.start()
    yield service
    assert service.shutdown()


@pytest.fixture
def files() -> Iterator[FileService]:
    service = FileService()
    service.start()
    yield service
    assert service.shutdown()


def mistakes_of(model: str) -> list[int]:
    """Return the test images that a network gets wrong, by plain torch."""
    loaded, mnist = load_checkpoint(resolve_model(model)), load_mnist("test")
    x = torch.from_numpy(mnist.images.astype(np.float32) / 255)[:, None]
    with torch.inference_mode():
        logits = loaded.module((x - loaded.metadata.mean[0]) / loaded.metadata.std[0])
    wrong: list[int] = np.flatnonzero(logits.argmax(1).numpy() != mnist.labels).tolist()
    return wrong


def test_mistakes_come_in_order_and_are_torchs(dataset: DatasetService, qtbot: QtBot) -> None:
    for expected in mistakes_of("mlp")[:3]:
        with qtbot.waitSignal(dataset.picture_ready, timeout=WAIT_MS) as found:
            dataset.request_mistake("mlp")
        assert found.args[1] == expected


def test_a_network_saved_anew_has_its_own_mistakes(
    dataset: DatasetService, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "mine.safetensors"
    for age_s, model in ((100, "mlp"), (50, "lenet5")):
        shutil.copy(resolve_model(model), path)
        os.utime(path, (age_s, age_s))
        with qtbot.waitSignal(dataset.picture_ready, timeout=WAIT_MS) as found:
            dataset.request_mistake(str(path))
        assert found.args[1] == mistakes_of(model)[0]


@pytest.mark.parametrize(
    "change", [{"input_shape": (1, 32, 32)}, {"class_names": tuple("9876543210")}]
)
def test_a_network_for_other_images_makes_no_mistakes(
    dataset: DatasetService, qtbot: QtBot, tmp_path: Path, change: dict[str, object]
) -> None:
    path = tmp_path / "other.safetensors"
    write(path, replace(Metadata("mlp", architectures().get("mlp").complete({})), **change))  # type: ignore[arg-type]  # fields
    with qtbot.waitSignal(dataset.failed, timeout=WAIT_MS) as found:
        dataset.request_mistake(str(path))
    assert "other was not made for MNIST" in found.args[0]


def test_mistakes_are_those_of_the_network_as_it_was_opened(
    dataset: DatasetService, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "mine.pt"
    torch.save(open_network("mlp").module, path)  # holds code: it wants trust
    profile = Profile(input_shape=(1, 28, 28), class_names=tuple("0123456789"))
    with qtbot.waitSignal(dataset.failed, timeout=WAIT_MS) as refused:
        dataset.request_mistake(str(path))
    assert "holds code" in refused.args[0]
    with qtbot.waitSignal(dataset.failed, timeout=WAIT_MS) as other:
        dataset.request_mistake(str(path), trust=True)
    assert "was not made for MNIST" in other.args[0]  # its classes have no names
    with qtbot.waitSignal(dataset.picture_ready, timeout=WAIT_MS):
        dataset.request_mistake(str(path), trust=True, profile=profile)


def test_without_a_network_there_are_no_mistakes(dataset: DatasetService, qtbot: QtBot) -> None:
    with qtbot.waitSignal(dataset.failed, timeout=WAIT_MS) as found:
        dataset.request_mistake("")
    assert "no network yet" in found.args[0]


def test_a_network_for_oblong_images_is_refused_before_it_replaces_anything(
    tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "oblong.safetensors"
    write(path, Metadata("mlp", architectures().get("mlp").complete({}), (1, 28, 36)))
    service = InferenceService()
    service.start()
    try:
        with qtbot.waitSignal(service.network_failed, timeout=WAIT_MS) as failed:
            service.open_network(str(path))
        assert "takes images of 28 × 36 pixels" in failed.args[1]
    finally:
        assert service.shutdown()


def test_whatever_goes_wrong_on_opening_is_told_and_the_network_stays(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = InferenceService()
    service.start()
    try:
        with qtbot.waitSignal(service.network_loaded, timeout=WAIT_MS):
            service.open_network("mlp")
        monkeypatch.setattr(opening, "open_network", lambda *_, **__: 1 // 0)
        with qtbot.waitSignal(service.network_failed, timeout=WAIT_MS) as failed:
            service.open_network("lenet5")
        assert failed.args[0] == "lenet5" and "ZeroDivisionError" in failed.args[1]
    finally:
        assert service.shutdown()


def test_drawings_and_pictures_are_written(
    files: FileService, qtbot: QtBot, tmp_path: Path
) -> None:
    points = np.array([[1, 2], [30, 40]], np.float32)
    with qtbot.waitSignal(files.exported, timeout=WAIT_MS):
        files.save_drawing(tmp_path / "a.jsonl", Drawing((Stroke(points),), (280.0, 280.0)))
    (drawing,) = read_stroke_file(tmp_path / "a.jsonl")
    np.testing.assert_array_equal(drawing.strokes[0].points, points)

    image = QImage(5, 4, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    with qtbot.waitSignal(files.exported, timeout=WAIT_MS):
        files.save_picture(tmp_path / "a.png", image)
    assert QImage(str(tmp_path / "a.png")).pixelColor(4, 3) == Qt.GlobalColor.red


def test_all_that_is_saved_is_written(
    files: FileService, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, let_through = threading.Event(), threading.Event()

    def held(_folder: Path) -> tuple[Path, ...]:
        begun.set()
        assert let_through.wait(WAIT_MS / 1000)
        return ()

    monkeypatch.setattr(picture_folder, "pictures_in", held)
    drawing = Drawing((Stroke(np.array([[1, 2], [30, 40]], np.float32)),), (280.0, 280.0))
    paths = [tmp_path / "a.jsonl", tmp_path / "none" / "b.png", tmp_path / "c.jsonl"]
    written: list[str] = []
    files.exported.connect(written.append)
    files.list_folder(tmp_path)
    qtbot.waitUntil(begun.is_set, timeout=WAIT_MS)
    with qtbot.waitSignal(files.failed, timeout=WAIT_MS):  # and the others are written
        files.save_drawing(paths[0], drawing)
        files.save_picture(paths[1], QImage(2, 2, QImage.Format.Format_RGB32))
        files.save_drawing(paths[2], drawing)
        let_through.set()
    qtbot.waitUntil(lambda: written == [str(paths[0]), str(paths[2])], timeout=WAIT_MS)


def test_what_is_saved_just_before_the_end_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing = Drawing((Stroke(np.array([[1, 2], [30, 40]], np.float32)),), (280.0, 280.0))
    busy, closed = threading.Event(), threading.Event()
    writers: list[str] = []
    write = FileService._save

    def read(_self: FileService, _folder: Path) -> None:
        busy.set()
        assert closed.wait(WAIT_MS / 1000)  # no time to write before the end

    def save(self: FileService, item: Any) -> None:
        writers.append(threading.current_thread().name)
        write(self, item)

    monkeypatch.setattr(FileService, "_list_folder", read)
    monkeypatch.setattr(FileService, "_save", save)
    files = FileService()
    close = files._mailbox.close

    def close_and_tell() -> None:
        close()
        closed.set()

    monkeypatch.setattr(files._mailbox, "close", close_and_tell)
    files.start()
    files.list_folder(tmp_path)
    assert busy.wait(WAIT_MS / 1000)
    files.save_drawing(tmp_path / "a.jsonl", drawing)
    assert files.shutdown()
    assert (tmp_path / "a.jsonl").is_file()
    assert writers == ["files"]  # the window's thread writes nothing


def test_what_cannot_be_written_is_told(files: FileService, qtbot: QtBot, tmp_path: Path) -> None:
    with qtbot.waitSignal(files.failed, timeout=WAIT_MS) as found:
        files.save_picture(tmp_path / "none" / "a.png", QImage(2, 2, QImage.Format.Format_RGB32))
    assert "can't be written" in found.args[0]


def write(path: Path, metadata: Metadata) -> None:
    module = (
        architectures()
        .get(metadata.architecture)
        .build(metadata.hyper, metadata.input_shape, len(metadata.class_names))
    )
    save_checkpoint(path, module, metadata)


# In a process of its own: what was imported before is none of the service's business.
FREEZING = """
import gc
from PyQt6.QtCore import QCoreApplication, QTimer
from viewer.services.inference import InferenceService
qt = QCoreApplication([])
counts = []
def look(*_):
    counts.append((gc.get_freeze_count(), len(gc.get_objects())))
    service.opening.cancel()
    if len(counts) == 2:
        qt.quit()
    else:
        service.give_up()  # another thread: it brings nothing, and keeps nothing for good
service = InferenceService()
service.network_loaded.connect(look)
service.start()
service.open_network("digits")
QTimer.singleShot(60_000, qt.quit)
qt.exec()
assert service.shutdown()
print(*counts[0], *counts[1])
"""


def test_no_collection_walks_through_what_torch_has_brought() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FREEZING], capture_output=True, text=True, check=True
    )
    frozen, left, frozen_later, _ = map(int, done.stdout.split())
    assert frozen > left  # to walk through
    assert frozen_later <= frozen
