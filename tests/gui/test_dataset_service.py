"""The data set service with other sets than MNIST."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.unit.data.test_image_folder import write_classes
from viewer.core.data.dataset import ImageDataset
from viewer.core.engine import Engine
from viewer.services.dataset import DatasetService, DatasetSummary

WAIT_MS = 20_000


@pytest.fixture
def service(tmp_path: Path) -> Iterator[DatasetService]:
    service = DatasetService(seed=1, root=tmp_path / "sets")
    service.start()
    yield service
    assert service.shutdown()


def two_images(*, color: bool = False) -> ImageDataset:
    images = np.zeros((3, 9, 9, 3) if color else (3, 9, 9), np.uint8)
    images[1] = 51
    labels = np.array([0, 1, 0], np.uint8)
    mean = (0.1,) * 3 if color else 0.1
    return ImageDataset("twos", "test", images, labels, ("off", "on", "none"), mean, mean)


def test_mnist_is_served_until_another_is_asked_for(service: DatasetService, qtbot: QtBot) -> None:
    with qtbot.waitSignal(service.page_ready, timeout=WAIT_MS) as ready:
        service.request_page(None, 0, 3)
    assert (ready.args[0].total, ready.args[0].dataset) == (10_000, "mnist")
    with qtbot.waitSignal(service.dataset_changed, timeout=WAIT_MS) as changed:
        service.set_dataset(two_images())
    assert changed.args == [DatasetSummary("twos", "twos", ("off", "on", "none"), 3, True)]
    with qtbot.waitSignal(service.page_ready, timeout=WAIT_MS) as ready:
        service.request_page(0, 0, 10)
    page = ready.args[0]
    assert (page.indices.tolist(), page.total, page.dataset) == ([0, 2], 2, "twos")


@pytest.mark.parametrize("color", [False, True])
def test_a_picture_has_the_sets_title_and_class(
    service: DatasetService, qtbot: QtBot, color: bool
) -> None:
    service.set_dataset(two_images(color=color))
    with qtbot.waitSignal(service.picture_ready, timeout=WAIT_MS) as ready:
        service.request_image(1)
    picture, index = ready.args
    assert (picture.title, picture.label, index) == ("twos test image 1", "on", 1)
    assert picture.pixels == pytest.approx(np.full((9, 9), 0.2))


def test_a_folder_of_images(service: DatasetService, qtbot: QtBot, tmp_path: Path) -> None:
    write_classes(tmp_path / "shades", {"dark": 4, "light": 4})
    with qtbot.waitSignal(service.dataset_changed, timeout=WAIT_MS) as changed:
        service.set_dataset(str(tmp_path / "shades"))
    summary = changed.args[0]
    assert (summary.title, summary.class_names) == ("shades", ("dark", "light"))
    assert not summary.drawn


def test_one_that_cannot_be_read_leaves_the_one_before(
    service: DatasetService, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(service.dataset_changed, timeout=WAIT_MS):
        service.set_dataset(two_images())
    with qtbot.waitSignal(service.failed, timeout=WAIT_MS) as failed:
        service.set_dataset("kmnist")
    assert failed.args[0].startswith("KMNIST is not on this machine")
    with qtbot.waitSignal(service.failed, timeout=WAIT_MS) as failed:
        service.request_image(3)
    assert failed.args == ["twos's test images are numbered from 0 to 2."]


def test_a_class_without_images_and_mistakes_of_another_network(
    service: DatasetService, qtbot: QtBot
) -> None:
    service.set_dataset(two_images())
    with qtbot.waitSignal(service.failed, timeout=WAIT_MS) as failed:
        service.request_random(2)
    assert failed.args == ["twos has no test image of this class."]
    with qtbot.waitSignal(service.failed, timeout=WAIT_MS) as failed:
        service.request_mistake("mlp")
    assert "was not made for twos" in failed.args[0]


def test_a_search_for_mistakes_ends_with_its_network(
    service: DatasetService, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, let_through = threading.Event(), threading.Event()
    batches: list[int] = []

    def wrong(_self: Engine, images: NDArray[np.uint8]) -> NDArray[np.int64]:
        batches.append(len(images))
        begun.set()
        assert let_through.wait(WAIT_MS / 1000)
        return np.full(len(images), -1)

    monkeypatch.setattr(Engine, "classify", wrong)
    found: list[int] = []
    service.picture_ready.connect(lambda _picture, index: found.append(index))
    service.request_mistake("mlp")
    assert begun.wait(WAIT_MS / 1000)
    service.drop_mistake()  # another network is on screen
    let_through.set()
    with qtbot.waitSignal(service.picture_ready, timeout=WAIT_MS):
        service.request_image(7)
    assert found == [7] and len(batches) == 1
    service.drop_mistake()  # there is none: what was asked for since stays
    with qtbot.waitSignal(service.picture_ready, timeout=WAIT_MS) as mistake:
        service.request_mistake("mlp")
    assert mistake.args[1] == 0


def test_another_image_is_not_kept_waiting_by_a_search(
    service: DatasetService, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, let_through = threading.Event(), threading.Event()

    def wrong(_self: Engine, images: NDArray[np.uint8]) -> NDArray[np.int64]:
        begun.set()
        assert let_through.wait(WAIT_MS / 1000)
        return np.full(len(images), -1)

    monkeypatch.setattr(Engine, "classify", wrong)
    service.request_mistake("mlp")
    assert begun.wait(WAIT_MS / 1000)
    service.request_image(7)
    with qtbot.waitSignal(service.picture_ready, timeout=WAIT_MS) as first:
        let_through.set()
    assert first.args[1] == 7


@pytest.mark.parametrize("wanted", [2, 99])
def test_nothing_comes_of_an_image_that_was_dropped(
    service: DatasetService, qtbot: QtBot, wanted: int
) -> None:
    told = threading.Event()
    found: list[object] = []
    service._told.connect(told.set, Qt.ConnectionType.DirectConnection)  # type: ignore[call-arg]  # not in the stub
    for signal in (service.picture_ready, service.failed):
        signal.connect(lambda *args: found.append(args[-1]))
    service.set_dataset(two_images())
    service.request_image(wanted)
    assert told.wait(WAIT_MS / 1000)  # it is on its way to this thread
    service.drop_image()
    with qtbot.waitSignal(service.picture_ready, timeout=WAIT_MS):
        service.request_image(1)
    assert found == [1]
