"""What the window does for digits, it does for any network, or says in a sentence why not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication, QFileDialog, QLabel
from pytestqt.qtbot import QtBot
from torch import nn

from viewer.app import Application
from viewer.controllers.main import MainController
from viewer.core.records import Fit, Preparation, Selection
from viewer.core.training.progress import RunState
from viewer.core.training.report import Report
from viewer.widgets.flow.locks import Locks
from viewer.widgets.opening.trust_dialog import TrustDialog
from viewer.widgets.prediction.view import NO_CLASSES_TEXT, NO_PICTURE_TEXT

WAIT_MS = 60_000
TUNED = "squeezenet1_1"
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")


class Desk:
    """The program, and what a person does with it."""

    def __init__(self, qapp: QApplication, folder: Path, qtbot: QtBot) -> None:
        settings = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
        self.application = Application(qapp, settings, runs_root=folder / "runs")
        self.window, self.qtbot = self.application.window, qtbot
        self.sentences: list[str] = []
        show, hint = self.window.show_message, self.window.show_hint

        def note(sentence: str, about: str = "") -> None:
            self.sentences.append(sentence)
            show(sentence, about)

        def note_hint(sentence: str) -> None:
            self.sentences.append(sentence)
            hint(sentence)

        self.window.show_message = note  # type: ignore[method-assign]  # connected by name
        self.window.show_hint = note_hint  # type: ignore[method-assign]  # this one, too
        self.window.resize(1200, 800)
        self.application.start()
        self.application.complete()
        assert self.application.controller is not None
        self.controller: MainController = self.application.controller
        self.wait(lambda: self.controller.is_shown)

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=WAIT_MS)

    @property
    def title(self) -> str:
        network = self.controller.views.network
        return "" if network is None else network.title

    def open(self, model: str, title: str) -> None:
        self.controller.networks.open(model)
        self.wait(lambda: self.title == title and self.controller.is_shown)

    def drop(self, path: Path) -> None:
        self.window.files_dropped.emit([str(path)])
        self.wait(lambda: self.window.pad_panel.pad.picture is not None)
        self.wait(lambda: self.controller.is_shown)


@pytest.fixture
def desk(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    desk = Desk(qapp, tmp_path, qtbot)
    yield desk
    assert desk.application.close()


def scripted(path: Path, module: nn.Module) -> str:
    torch.jit.save(torch.jit.trace(module.eval(), torch.rand(1, 3, 32, 32)), path)  # type: ignore[no-untyped-call]  # torch's own
    return str(path)


@pytest.fixture
def colored(tmp_path: Path) -> str:
    torch.manual_seed(0)
    parts = (nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    return scripted(tmp_path / "colored.ts", nn.Sequential(*parts))


@pytest.fixture
def segmenting(tmp_path: Path) -> str:
    torch.manual_seed(0)
    parts = (nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 2, 1))
    return scripted(tmp_path / "segmenting.ts", nn.Sequential(*parts))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Return a folder of pictures by class, called as networks without class names call them."""
    rng = np.random.default_rng(0)
    for name in ("class_0", "Class 1", "class-2"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(8):
            pixels = rng.integers(0, 256, (40, 60, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{i}.png")
    return tmp_path / "photos"


def test_pinned_pictures_have_their_colours(desk: Desk, colored: str, photos: Path) -> None:
    desk.open(colored, "colored")
    desk.drop(photos / "class_0" / "0.png")
    pinned = desk.controller.pinned
    desk.window.action_set["pin"].trigger()
    assert pinned.view is not None
    view = pinned.view
    desk.wait(lambda: view.texts(1)[0].startswith("class "))
    image = view._images[1]
    colors = {image.pixelColor(x, y).getRgb()[:3] for x in range(8) for y in range(8)}
    assert any(len(set(color)) > 1 for color in colors)


def test_a_network_without_classes(desk: Desk, segmenting: str, photos: Path) -> None:
    desk.open(segmenting, "segmenting")
    assert desk.window.prediction.message == NO_CLASSES_TEXT
    desk.drop(photos / "class_0" / "0.png")
    assert desk.window.prediction.message == NO_CLASSES_TEXT
    desk.window.action_set["pin"].trigger()
    view = desk.controller.pinned.view
    assert view is not None
    desk.wait(lambda: view.texts(1) == ("no classes", "", ""))
    desk.controller.training.show()
    desk.controller.training.evaluation.evaluate(str(photos))
    desk.wait(lambda: bool(desk.sentences))
    assert desk.sentences == [
        "segmenting gives no scores of classes, so nothing can be counted right or wrong: open a "
        "classifier."
    ]


def test_a_blank_pad_asks_for_a_picture(desk: Desk, colored: str) -> None:
    desk.open(colored, "colored")
    assert desk.window.prediction.message == NO_PICTURE_TEXT


def test_evaluation_on_a_folder(desk: Desk, colored: str, photos: Path) -> None:
    desk.open(colored, "colored")
    training = desk.controller.training
    training.show()
    reports: list[Report] = []
    service = desk.application.services.evaluation
    service.report_ready.connect(lambda report, _title: reports.append(report))
    training.evaluation.evaluate()
    desk.wait(lambda: bool(desk.sentences))
    assert desk.sentences == [
        "colored doesn't say what it was trained on: evaluate it on a folder of images by class."
    ]
    training.evaluation.choose_folder()
    dialog = desk.window.findChild(QFileDialog)
    assert dialog is not None
    dialog.filesSelected.emit([str(photos)])
    dialog.reject()
    desk.wait(lambda: bool(reports))
    assert reports[0].n == 24
    assert reports[0].class_names == ("class_0", "Class 1", "class-2")  # the network's order
    pad = desk.window.pad_panel.pad
    training.evaluation._on_image_chosen(0)
    desk.wait(lambda: pad.picture is not None)
    assert pad.picture is not None and pad.picture.rgb is not None
    shown = Path(reports[0].files[0])
    assert (pad.picture.label, pad.picture.path) == (shown.parent.name, str(shown))
    with Image.open(reports[0].files[0]) as image:
        assert np.array_equal(pad.picture.rgb, np.asarray(image))
    desk.wait(lambda: desk.controller.is_shown)


def test_a_damaged_image_of_a_folder_is_told_and_left_out(
    desk: Desk, colored: str, photos: Path
) -> None:
    (photos / "Class 1" / "3.png").write_bytes(b"no picture")
    desk.open(colored, "colored")
    desk.controller.training.show()
    controller = desk.controller.training.evaluation
    controller.evaluate(str(photos))
    desk.wait(lambda: bool(desk.sentences))
    assert desk.sentences[0].startswith("1 of 24 files could not be read and was left out: 3.png")
    view = controller._view
    assert "1 not readable" in {label.text() for label in view.findChildren(QLabel)}
    view.show()
    desk.controller.training.panel_shown("Evaluation")
    desk.window.show()
    raised = view.tiles._theme.color("raised")

    def all_are_painted() -> bool:
        """Whether no image in sight is a plain square, as one that isn't here yet is."""
        shown = view.tiles.grab().toImage()
        centres = (view.tiles.tile_rect(place).center() for place in view.tiles._in_sight())
        return all(shown.pixelColor(centre.toPoint()) != raised for centre in centres)

    desk.wait(all_are_painted)


def test_a_trusted_pickle_is_evaluated(desk: Desk, photos: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    parts = (nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    path = tmp_path / "own.pt"
    torch.save(nn.Sequential(*parts).eval(), path)
    desk.controller.networks.open(str(path))
    desk.wait(lambda: desk.window.findChild(TrustDialog) is not None)
    dialog = desk.window.findChild(TrustDialog)
    assert dialog is not None
    dialog.trust_button.click()
    desk.wait(lambda: desk.title == "own" and desk.controller.is_shown)
    reports: list[Report] = []
    service = desk.application.services.evaluation
    service.report_ready.connect(lambda report, _title: reports.append(report))
    desk.controller.training.show()
    desk.controller.training.evaluation.evaluate(str(photos))
    desk.wait(lambda: bool(reports))
    assert reports[0].n == 24
    desk.drop(Path(reports[0].files[5]))
    record = desk.controller.views.record
    assert record is not None and record.probabilities is not None
    assert reports[0].confidences[5] == pytest.approx(record.probabilities.max(), rel=1e-4)


def test_a_search_ends_with_its_network(desk: Desk, colored: str, photos: Path) -> None:
    desk.open(colored, "colored")
    desk.drop(photos / "class_0" / "0.png")
    desk.controller.views.select(Selection("0", 1, 3, 3))
    begun: list[str] = []
    desk.application.services.excitations.begun.connect(begun.append)
    desk.window.action_set["exciting"].trigger()
    desk.wait(lambda: begun == ["pictures of class_0"])
    desk.open("digits", "digits")  # in the middle of the search
    assert desk.sentences == []


def test_what_can_not_be_built_again_is_not_trained(desk: Desk, colored: str) -> None:
    desk.open(colored, "colored")
    training = desk.controller.training
    training.show()
    choose_start(desk, colored)
    training.toggle_run()
    assert desk.sentences == [
        "colored, on screen, can be looked at but not trained: its file has no architecture that "
        "could be built again, so start from another one."
    ]
    assert desk.application.services.training.state is RunState.IDLE


def choose_start(desk: Desk, key: str) -> None:
    assert desk.controller.training.panel is not None
    box = desk.controller.training.panel.setup._network._start
    box.setCurrentIndex(box.findData(key))
    box.activated.emit(box.currentIndex())


def test_fine_tuning_from_the_panel(desk: Desk, photos: Path, tmp_path: Path) -> None:
    desk.open(TUNED, f"{TUNED} (untrained)")
    desk.drop(photos / "class_0" / "0.png")
    training, service = desk.controller.training, desk.application.services.training
    training.show()
    choose_start(desk, TUNED)
    training.setup._on_folder_chosen(photos)
    config = training.setup.config()
    assert (config.architecture, config.start) == (TUNED, TUNED)
    assert config.dataset.endswith("@224color")  # as the network on screen takes images
    small = config.dataset.replace("@224", "@32")
    training.setup.add_folder(small)
    training.setup.set_config(replace(config, dataset=small, batch_size=4, epochs=1000))
    desk.controller.flow._toggle_lock("features.3")  # a collapsed block
    frozen = training.setup.config().frozen
    assert frozen == ("features.3.squeeze", "features.3.expand1x1", "features.3.expand3x3")
    training.toggle_run()
    desk.wait(lambda: service.progress is not None and service.progress.step >= 2)
    desk.wait(lambda: desk.application.services.inference.snapshot is not None)
    desk.wait(lambda: network_names(desk) == ("Class 1", "class-2", "class_0"))
    assert desk.sentences == [
        f"{TUNED} tells 1,000 classes apart and the data set has 3: classifier.1 begins with "
        "random weights."
    ]
    network = desk.controller.views.network
    assert network is not None
    assert network.preparation == Preparation(digit=False, fit=Fit.CROP)
    desk.open("mlp", "mlp")  # the training goes on
    assert service.state is RunState.RUNNING
    training.run.toggle()
    desk.wait(lambda: service.state is RunState.PAUSED)
    training.time.look()
    desk.wait(lambda: bool(training.time.kept))
    training.time.go_to(training.time.kept[0])
    desk.wait(lambda: network_names(desk)[:1] == ("Class 1",) and desk.controller.is_shown)
    snapshot = desk.application.services.inference.snapshot
    assert snapshot is not None
    saved = tmp_path / "tuned.safetensors"
    desk.application.services.files.save_network(saved, snapshot)
    desk.wait(saved.exists)
    desk.open(str(saved), "tuned")
    network = desk.controller.views.network
    assert network is not None and not network.preparation.digit
    # The start stays what was chosen, whatever is on screen.
    assert training.setup.config().start == TUNED


def network_names(desk: Desk) -> tuple[str, ...]:
    network = desk.controller.views.network
    return () if network is None else network.class_names


def test_a_lock_of_a_block_is_that_of_all_inside() -> None:
    locks = Locks(("conv", "a.conv1", "a.conv2", "ab.conv"))
    assert [locks.closed(name) for name in ("conv", "a", "relu", "b")] == [False, False, None, None]
    some = locks.toggled("a.conv1")
    assert (some.names(), some.closed("a")) == (("a.conv1",), False)
    closed = some.toggled("a")
    assert (closed.names(), closed.closed("a")) == (("a.conv1", "a.conv2"), True)
    assert closed.toggled("a").names() == ()


def test_of_several_files_that_are_dropped_the_first_is_named(desk: Desk, photos: Path) -> None:
    files = [str(photos / "class_0" / f"{index}.png") for index in (0, 1)]
    desk.window.files_dropped.emit(files)
    desk.wait(lambda: desk.window.pad_panel.pad.picture is not None)
    assert desk.window.messages.text.startswith("Only 0.png was taken")
    desk.window.files_dropped.emit(files[:1])
    assert desk.window.messages.text == ""


def test_networks_and_pictures_in_any_order(
    desk: Desk, colored: str, segmenting: str, photos: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"PK\x03\x04 nothing")
    networks, pads = desk.controller.networks, desk.window.pad_panel.pad
    networks.open(segmenting)
    networks.open(colored)  # takes its place
    desk.window.files_dropped.emit([str(photos / "class_0" / "0.png")])
    desk.wait(lambda: desk.title == "colored" and desk.controller.is_shown)
    desk.open("digits", "digits")
    assert desk.sentences == []  # noise is no digit, and that is no error
    desk.window.files_dropped.emit([str(broken)])
    desk.wait(lambda: len(desk.sentences) == 1)
    assert "broken.pt" in desk.sentences[0] and desk.title == "digits"
    pads.clear()
    desk.controller.training.toggle_run()
    inference = desk.application.services.inference
    desk.wait(lambda: inference.snapshot is not None)
    networks.open(segmenting)
    desk.wait(lambda: desk.title == "segmenting")
    networks.open(colored)  # and the window is closed in the middle
