"""What excites a map most: the search on its thread, the dock, and the image on the pad."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from PyQt6.QtCore import QPointF, QSettings, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from torch import nn

from viewer.app import Application
from viewer.controllers.exciting import ExcitingDock
from viewer.controllers.main import MainController
from viewer.core.data.dataset import ImageDataset
from viewer.core.data.mnist import load_mnist
from viewer.core.engine import Engine
from viewer.core.errors import UserError
from viewer.core.explain.exciting_images import ExcitingImage
from viewer.core.imaging.pictures import open_picture
from viewer.core.records import InferenceRequest, Selection
from viewer.services import excitations
from viewer.services.dataset import picture_of
from viewer.services.evaluation import NetworkSource
from viewer.services.excitations import NO_PICTURES, ExcitationJob, ExcitationService
from viewer.widgets.exciting.grid import ExcitingGrid, ExcitingTile
from viewer.widgets.exciting.view import NO_SELECTION, READY, SILENT, ExcitingView
from viewer.widgets.theme import Theme

WAIT_MS = 30_000
DIGITS = NetworkSource("digits", "digits")


class Data:
    """Gives few test images; can be held, and be without some sets."""

    def __init__(self) -> None:
        self.images = load_mnist("test").select(np.arange(0, 10_000, 200))
        self.free = threading.Event()
        self.free.set()
        self.asked: list[str] = []

    def load(self, name: str) -> ImageDataset:
        self.asked.append(name)
        assert self.free.wait(WAIT_MS / 1000)
        if name != "mnist":
            raise UserError(f"There is no data set {name!r}: choose mnist.")
        return self.images


@pytest.fixture
def data() -> Data:
    return Data()


@pytest.fixture
def service(data: Data, qapp: QApplication) -> Iterator[ExcitationService]:
    service = ExcitationService(data.load)
    service.start()
    yield service
    data.free.set()
    assert service.shutdown()


def found_by(
    service: ExcitationService, qtbot: QtBot, job: ExcitationJob
) -> tuple[ExcitingImage, ...]:
    told: list[tuple[ExcitingImage, ...]] = []
    service.found.connect(lambda images, _job: told.append(images))
    with qtbot.waitSignal(service.finished, timeout=WAIT_MS):
        service.submit(job)
    return told[-1]


def test_the_search_finds_what_the_engine_answers(
    service: ExcitationService, data: Data, qtbot: QtBot
) -> None:
    images = found_by(service, qtbot, ExcitationJob(DIGITS, "conv2", 3))
    engine = Engine.open("digits")
    values = [
        float(engine.run(InferenceRequest(1, picture_of(data.images, i))).outputs["conv2"][3].max())
        for i in range(len(data.images))
    ]
    assert [image.excitation.value for image in images] == sorted(values, reverse=True)[:9]


def test_filters_replaced_on_screen_are_replaced_for_the_search(
    service: ExcitationService, qtbot: QtBot
) -> None:
    engine = Engine.open("digits")
    weights = engine.replace_filter("conv1", 4, np.full((1, 5, 5), 0.5, np.float32))
    images = found_by(service, qtbot, ExcitationJob(DIGITS, "conv1", 4, weights))
    output = engine.run(InferenceRequest(1, images[0].picture)).outputs["conv1"][4]
    assert images[0].excitation.value == float(output.max())
    own = found_by(service, qtbot, ExcitationJob(DIGITS, "conv1", 4))
    assert own[0].excitation.value != images[0].excitation.value


def test_another_data_set_is_searched_if_the_own_one_is_not_here(
    service: ExcitationService, data: Data, qtbot: QtBot
) -> None:
    found_by(service, qtbot, ExcitationJob(DIGITS, "dense", 3, dataset="cifar10"))
    assert data.asked == ["mnist"]
    assert service._first_here("fashion_mnist", "kmnist", "mnist") is data.images
    assert data.asked[1:] == ["fashion_mnist", "kmnist"]  # and MNIST, which is kept


@pytest.fixture
def colored(tmp_path: Path) -> NetworkSource:
    """Return a network of pictures that was trained on no data set."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    path = tmp_path / "colored.pt2"
    torch.export.save(torch.export.export(module.eval(), (torch.rand(1, 3, 32, 32),)), path)
    return NetworkSource("colored", str(path))


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Return a folder of pictures, one of them broken."""
    rng = np.random.default_rng(0)
    (tmp_path / "album").mkdir()
    for i in range(12):
        pixels = rng.integers(0, 256, (32, 32, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "album" / f"{i}.png")
    (tmp_path / "album" / "broken.png").write_bytes(b"no picture")
    return tmp_path / "album"


def test_a_network_of_pictures_is_shown_those_of_the_folder(
    service: ExcitationService, data: Data, qtbot: QtBot, colored: NetworkSource, album: Path
) -> None:
    begun: list[str] = []
    places: list[tuple[int, int]] = []
    service.begun.connect(begun.append)
    service.progress.connect(lambda done, total: places.append((done, total)))
    job = ExcitationJob(colored, "0", 2, dataset="mnist", folder=album)
    images = found_by(service, qtbot, job)
    engine = Engine.open(colored.model)
    answers = {}
    for i in range(12):
        picture = open_picture(album / f"{i}.png")
        record = engine.run(InferenceRequest(1, picture))
        answers[picture.path] = float(record.outputs["0"][2].max())
    strongest = sorted(answers, key=lambda path: -answers[path])[:9]
    assert [image.picture.path for image in images] == strongest
    assert [image.excitation.value for image in images] == [answers[path] for path in strongest]
    assert begun == ["pictures of album"]
    assert places[-1] == (13, 13)  # the broken one is passed over
    assert data.asked == []


def test_a_large_folder_is_searched_in_part(
    service: ExcitationService,
    qtbot: QtBot,
    colored: NetworkSource,
    album: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(excitations, "MAX_PICTURES", 5)
    begun: list[str] = []
    service.begun.connect(begun.append)
    images = found_by(service, qtbot, ExcitationJob(colored, "0", 2, folder=album))
    assert begun == ["of the 13 pictures of album"]
    assert 4 <= len({image.picture.path for image in images}) <= 5


def test_a_network_of_pictures_is_shown_no_digits(
    service: ExcitationService, data: Data, qtbot: QtBot, colored: NetworkSource
) -> None:
    with qtbot.waitSignal(service.failed, timeout=WAIT_MS) as failed:
        service.submit(ExcitationJob(colored, "0", 2, dataset="mnist"))
    assert failed.args == [NO_PICTURES]
    assert data.asked == []


def test_a_folder_without_a_readable_picture(
    service: ExcitationService, qtbot: QtBot, colored: NetworkSource, album: Path
) -> None:
    for path in album.glob("[0-9]*.png"):
        path.unlink()
    with qtbot.waitSignal(service.failed, timeout=WAIT_MS) as failed:
        service.submit(ExcitationJob(colored, "0", 2, folder=album))
    assert "broken.png is not a picture" in failed.args[0]


def test_a_search_is_cancelled(service: ExcitationService, data: Data, qtbot: QtBot) -> None:
    data.free.clear()
    with qtbot.waitSignal(service.cancelled, timeout=WAIT_MS):
        service.submit(ExcitationJob(DIGITS, "conv1", 0))
        qtbot.waitUntil(lambda: bool(data.asked))
        service.cancel()
        data.free.set()


def test_what_is_wrong_is_one_sentence(service: ExcitationService, qtbot: QtBot) -> None:
    with qtbot.waitSignal(service.failed, timeout=WAIT_MS) as failed:
        service.submit(ExcitationJob(NetworkSource("?", "/nowhere.safetensors"), "conv1", 0))
    assert "nowhere" in failed.args[0]


@pytest.fixture
def main(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, fonts: None, data: Data
) -> Iterator[MainController]:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    application = Application(qapp, settings, runs_root=tmp_path / "runs")
    application.services.excitations._load_test = data.load
    application.window.resize(1024, 640)
    application.start()
    application.complete()
    assert application.controller is not None
    controller = application.controller
    qtbot.waitUntil(lambda: controller.is_shown, timeout=WAIT_MS)
    yield controller
    data.free.set()
    assert application.close()


def search(main: MainController, qtbot: QtBot, selection: Selection) -> ExcitingDock:
    main.views.select(selection)
    main._window.action_set["exciting"].trigger()
    dock = main.exciting
    assert dock.view is not None and dock.view.running
    qtbot.waitUntil(lambda: not dock.view.running, timeout=WAIT_MS)  # type: ignore[union-attr]  # above
    return dock


def test_a_click_puts_the_image_on_the_pad_and_selects_the_pixel(
    main: MainController, qtbot: QtBot
) -> None:
    dock = search(main, qtbot, Selection("relu2", 5, 1, 1))
    assert dock.view is not None and len(dock.images) == 9
    assert "50 of 50 MNIST test images" in dock.view.about.text()
    assert dock.view.title.text() == "relu2 · channel 5"
    grid, image = dock.view.grid, dock.images[3]
    place = grid.image_rect(3).center().toPoint()
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, pos=place)  # type: ignore[call-overload]  # the stub has a self too many
    found = image.excitation
    assert main.views.selection == Selection("relu2", 5, found.y, found.x)
    qtbot.waitUntil(lambda: main.is_shown, timeout=WAIT_MS)
    assert main.inputs.source is image.picture
    assert main.views.record is not None
    assert main.views.record.outputs["relu2"][5, found.y, found.x] == np.float32(found.value)
    assert len(dock.images) == 9  # a pixel of the same map: the images stay


def test_the_keyboard_stays_with_the_search(main: MainController, qtbot: QtBot) -> None:
    dock = search(main, qtbot, Selection("relu2", 5, 1, 1))
    view = dock.view
    assert view is not None
    assert view.window().focusWidget() is view.button  # type: ignore[union-attr]  # it has one
    view.grid.setFocus()
    dock.search()
    assert view.window().focusWidget() is view.button  # type: ignore[union-attr]  # the images are gone
    qtbot.waitUntil(lambda: not view.running, timeout=WAIT_MS)


def test_what_can_not_be_read_is_not_counted(
    main: MainController, qtbot: QtBot, colored: NetworkSource, album: Path
) -> None:
    main.networks.open(colored.model)
    qtbot.waitUntil(lambda: main.networks.model == colored.model, timeout=WAIT_MS)
    main.pictures.folder.open(album)
    qtbot.waitUntil(lambda: main.pictures.folder.folder == album, timeout=WAIT_MS)
    dock = search(main, qtbot, Selection("0", 2, 1, 1))
    assert dock.view is not None
    told = dock.view.about.text()
    assert told.startswith("12 of 13 pictures of album, 1 not readable. ")


def test_another_map_is_asked_about_only_when_it_is_wanted(
    main: MainController, qtbot: QtBot
) -> None:
    dock = search(main, qtbot, Selection("dense", 3))
    assert dock.view is not None
    assert dock.view.title.text() == "dense · unit 3"
    main.views.select(Selection("conv1", 2, 3, 3))
    assert dock.images == () and dock.view.grid.tiles == ()
    assert (dock.view.title.text(), dock.view.message.text()) == ("conv1 · channel 2", READY)
    assert not dock.view.running


def test_nothing_selected_another_network_and_cancelling(
    main: MainController, qtbot: QtBot, data: Data
) -> None:
    main._window.action_set["exciting"].trigger()
    dock = main.exciting
    assert dock.view is not None and not dock.view.running
    assert dock.view.message.text() == NO_SELECTION
    assert not dock.view.button.isEnabled()
    main.views.select(Selection("conv1", 0, 1, 1))
    data.free.clear()
    view = dock.view
    view.button.click()
    states = [(view.running, view.button.text())]
    view.button.click()
    data.free.set()
    qtbot.waitUntil(lambda: not view.running, timeout=WAIT_MS)
    assert states == [(True, "Cancel")]
    search(main, qtbot, Selection("conv1", 0, 1, 1))
    assert dock.images
    main.networks.open("mlp")
    qtbot.waitUntil(lambda: not dock.images, timeout=WAIT_MS)
    assert dock.view.message.text() == NO_SELECTION


def tiles(count: int, whole: bool = False) -> list[ExcitingTile]:
    rng = np.random.default_rng(0)
    pixels = [rng.random((28, 28), np.float32) for _ in range(count)]
    return [
        ExcitingTile(p, p if whole else p[4:9, 4:9], ((4, 4, 9, 4),), "1.5", "seven", f"tip {i}")
        for i, p in enumerate(pixels)
    ]


def test_images_stay_inside_and_apart_at_any_size(qtbot: QtBot, fonts: None, theme: Theme) -> None:
    grid = ExcitingGrid()
    qtbot.addWidget(grid)
    grid.set_theme(theme)
    for whole in (False, True):
        grid.set_tiles(tiles(9, whole), drawn=True)
        for size in (grid.minimumSizeHint(), grid.sizeHint(), grid.sizeHint() * 2):
            grid.resize(size)
            rects = [r for i in range(9) for r in (grid.image_rect(i), grid.patch_rect(i))]
            shown = [r for r in rects if not r.isEmpty()]
            assert len(shown) == (9 if whole else 18)
            for i, rect in enumerate(shown):
                assert rect.left() >= 0 and rect.top() >= 0
                assert rect.right() <= grid.width() and rect.bottom() < grid.height()
                assert not any(rect.intersects(other) for other in shown[i + 1 :])


def press(grid: ExcitingGrid, key: Qt.Key) -> None:
    QTest.keyClick(grid, key)  # type: ignore[call-overload]  # the stub has a self too many


def test_the_keys_walk_and_choose(qtbot: QtBot, fonts: None) -> None:
    grid = ExcitingGrid()
    qtbot.addWidget(grid)
    grid.resize(grid.sizeHint())
    grid.set_tiles(tiles(8), drawn=False)
    chosen: list[int] = []
    grid.chosen.connect(chosen.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Return):
        press(grid, key)
    press(grid, Qt.Key.Key_Down)
    press(grid, Qt.Key.Key_Right)  # there are eight: nothing behind the last
    press(grid, Qt.Key.Key_Space)
    assert chosen == [4, 7]
    grid.set_tiles(tiles(2), drawn=False)
    assert grid._place_at(QPointF(grid.width() - 1, grid.height() - 1)) is None


def test_colours_are_those_of_the_image(qtbot: QtBot, fonts: None, theme: Theme) -> None:
    grid = ExcitingGrid()
    qtbot.addWidget(grid)
    grid.set_theme(theme)
    red = np.stack([np.ones((4, 4)), np.zeros((4, 4)), np.zeros((4, 4))]).astype(np.float32)
    grid.set_tiles([ExcitingTile(red, red, (), "1", "", "")], drawn=False)
    assert grid._images[0][0].pixelColor(1, 1).getRgb()[:3] == (255, 0, 0)
    ink = np.ones((4, 4), np.float32)
    grid.set_tiles([ExcitingTile(ink, ink, (), "1", "", "")], drawn=True)
    assert grid._images[0][0].pixelColor(1, 1) == theme.color("ink")


def test_a_silent_map_says_so(qtbot: QtBot, fonts: None) -> None:
    view = ExcitingView()
    qtbot.addWidget(view)
    view.set_subject("relu2 · channel 3")
    view.set_tiles(tiles(9), silent=True)
    assert view.message.text() == SILENT and view.grid.tiles == ()
