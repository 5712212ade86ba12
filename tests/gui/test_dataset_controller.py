"""The dock of test images: it follows the data set that is to be learned from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import pytest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.training_desk import Desk
from tests.small_net import small_net
from tests.unit.data.test_image_folder import write_classes
from viewer.controllers.dataset import ACTIONS, DatasetController
from viewer.controllers.networks import NetworkController
from viewer.core.data.folder_name import FolderName
from viewer.core.records import Picture, Preparation
from viewer.services.dataset import DatasetService, DatasetSummary, Page
from viewer.widgets.inputs.dataset_browser import DatasetBrowser
from viewer.widgets.window.docks import Dock
from viewer.widgets.window.main_window import MainWindow

WAIT_MS = 20_000
CLOTHES = DatasetSummary("fashion_mnist", "Fashion-MNIST", ("shirt", "shoe"), 3, True)


class Bench:
    """The controller, a real window, and a service that only notes what is asked."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        self.service = DatasetService()  # never started
        self.asked: list[str] = []
        self.service.set_dataset = self.asked.append  # type: ignore[method-assign,assignment]  # noted
        self.service.request_random = MagicMock()  # type: ignore[method-assign]  # noted
        networks = MagicMock(spec=NetworkController)
        self.controller = DatasetController(window, self.service, networks, window)

    @property
    def dock(self) -> Dock:
        found = self.window.findChild(Dock, "dataset")
        assert found is not None
        return found

    @property
    def browser(self) -> DatasetBrowser:
        found = self.window.findChild(DatasetBrowser)
        assert found is not None
        return found


@pytest.fixture
def bench(make_window: Callable[..., MainWindow]) -> Bench:
    return Bench(make_window())


def page(dataset: str, count: int = 2) -> Page:
    images = np.zeros((count, 28, 28), np.uint8)
    indices = np.arange(count)
    return Page(images, indices.astype(np.uint8), indices, 0, count, dataset)


def test_another_set_is_read_once_it_is_wanted(bench: Bench) -> None:
    bench.controller.browse()
    bench.dock.hide()
    bench.controller.set_dataset("fashion_mnist")
    assert bench.asked == []  # nobody looks
    bench.controller.browse()
    bench.controller.browse()
    bench.controller.random()
    assert bench.asked == ["fashion_mnist"]

    bench.controller.set_dataset("mnist")  # somebody does
    assert bench.asked == ["fashion_mnist", "mnist"]


def test_a_random_image_is_one_of_the_set(bench: Bench) -> None:
    bench.controller.set_dataset("kmnist")
    bench.controller.random()

    assert bench.asked == ["kmnist"]
    bench.service.request_random.assert_called_once_with(None)  # type: ignore[attr-defined]  # a mock


def test_digits_are_offered_only_to_networks_that_take_them(bench: Bench) -> None:
    def offered() -> list[bool]:
        return [bench.window.action_set[name].isEnabled() for name in ACTIONS]

    digits = small_net().network
    pictures = replace(digits, preparation=Preparation(digit=False))
    assert offered() == [True, True]
    bench.controller.set_network(pictures)
    assert offered() == [False, False]
    bench.controller.set_dataset("/home/me/leaves@64color")  # pictures too
    assert offered() == [True, True]
    bench.controller.set_dataset("kmnist")
    assert offered() == [False, False]
    bench.controller.set_network(digits)
    assert offered() == [True, True]


def test_a_network_of_pictures_is_offered_those_it_was_trained_on(bench: Bench) -> None:
    digits = small_net().network
    leaves, petals = "/home/me/leaves@64color", "/home/me/petals@64color"
    pictures = replace(digits, preparation=Preparation(digit=False), dataset_name=leaves)
    bench.controller.browse()
    bench.controller.set_network(pictures)  # somebody looks
    assert all(bench.window.action_set[name].isEnabled() for name in ACTIONS)
    assert (bench.controller.name, bench.asked) == (leaves, [leaves])
    bench.controller.set_dataset(petals)  # that somebody chose
    assert bench.controller.name == petals
    bench.controller.set_dataset("kmnist")
    bench.controller.set_network(digits)
    assert bench.controller.name == "kmnist"
    assert bench.asked == [leaves, petals, leaves, "kmnist"]
    bench.controller.set_network(replace(pictures, dataset_name="ImageNet-1K"))  # is not here
    assert not any(bench.window.action_set[name].isEnabled() for name in ACTIONS)


def test_the_network_on_screen_decides_whether_digits_are_offered(desk: Desk) -> None:
    views = desk.controller.views
    assert views.network is not None and views.weights is not None
    assert desk.window.action_set["browse_mnist"].isEnabled()
    pictures = replace(views.network, preparation=Preparation(digit=False))
    views.set_network(pictures, views.weights)
    assert not desk.window.action_set["browse_mnist"].isEnabled()


def test_the_dock_is_named_after_the_set(bench: Bench) -> None:
    bench.controller.browse()
    assert bench.dock.windowTitle() == "MNIST test images"
    bench.service.dataset_changed.emit(CLOTHES)

    assert bench.dock.windowTitle() == "Fashion-MNIST test images"
    assert bench.dock.title_bar._label.text() == "FASHION-MNIST TEST IMAGES"
    assert "close fashion-mnist" in bench.dock.title_bar._close.toolTip().lower()


def test_a_set_that_was_told_before_the_dock_was_built(bench: Bench) -> None:
    bench.service.dataset_changed.emit(CLOTHES)
    bench.controller.browse()

    assert bench.dock.windowTitle() == "Fashion-MNIST test images"


def test_a_page_of_the_set_before_is_dropped(bench: Bench) -> None:
    bench.controller.browse()
    bench.service.page_ready.emit(page("mnist", 3))
    assert bench.browser._total == 3
    bench.service.dataset_changed.emit(CLOTHES)
    bench.service.page_ready.emit(page("mnist", 3))
    assert bench.browser._total == 0

    bench.service.page_ready.emit(page("fashion_mnist", 2))
    assert bench.browser._total == 2


def test_places_of_the_set_before_are_forgotten(bench: Bench) -> None:
    picture = Picture(np.zeros((28, 28), np.float32), "MNIST test image 7", prepared=True)
    bench.service.picture_ready.emit(picture, 7)
    assert bench.controller.index == 7
    bench.service.dataset_changed.emit(CLOTHES)
    bench.controller.set_source(picture)

    assert bench.controller.index is None


def test_a_search_for_mistakes_is_of_the_network_on_screen(bench: Bench) -> None:
    bench.service.drop_mistake = MagicMock()  # type: ignore[method-assign]  # noted
    bench.controller.set_network(small_net().network)
    bench.service.drop_mistake.assert_called_once_with()


def test_a_set_that_could_not_be_read_is_tried_again(bench: Bench) -> None:
    bench.controller.set_dataset("kmnist")
    bench.controller.random()
    bench.service.failed.emit("It is gone.")
    bench.controller.random()

    assert bench.asked == ["kmnist", "kmnist"]


@pytest.fixture
def desk(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(qapp, tmp_path, qtbot)
    yield desk
    desk.close()


def test_the_set_up_chooses_the_set(desk: Desk, tmp_path: Path) -> None:
    write_classes(tmp_path / "shapes", {"light": 20, "dark": 20})
    name = str(FolderName(tmp_path / "shapes"))
    desk.controller.dataset.browse()
    desk.training.show()
    setup = desk.training.setup
    setup.add_folder(name)
    setup.set_config(replace(setup.config(), dataset=name))
    dock = desk.window.findChild(Dock, "dataset")
    assert dock is not None
    desk.wait(lambda: dock.windowTitle() == "shapes test images")

    chosen: list[str] = []
    setup.dataset_changed.connect(chosen.append)
    setup._ready.discard(name)  # as if it were not on this machine
    setup.tell_dataset()
    assert chosen == ["mnist"]
    desk.wait(lambda: dock.windowTitle() == "MNIST test images")
    assert desk.window.messages.text == ""
