"""Pictures in the window: prepared step by step, walked through, filmed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest
from PIL import Image
from PyQt6.QtCore import QMimeData, QObject, QSettings, Qt, QUrl, pyqtSignal
from PyQt6.QtGui import QColor, QGuiApplication, QImage
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import QScrollArea
from pytestqt.qtbot import QtBot

from tests.gui.test_camera import FakeFrame, FakeSource
from viewer.controllers.exchange import ExchangeController, encoded
from viewer.controllers.folder import NOTHING_OPEN
from viewer.controllers.inputs import InputController
from viewer.controllers.networks import NetworkController
from viewer.controllers.pictures import PicturesController
from viewer.controllers.preparation import IMPOSSIBLE
from viewer.controllers.preparation_memory import KEY, PreparationMemory
from viewer.controllers.profiles import identity_of
from viewer.controllers.views import ViewController
from viewer.core import inputs as inputs_module
from viewer.core.data.dataset import ImageDataset
from viewer.core.data.folder_name import FolderName
from viewer.core.imaging.pictures import open_picture, picture_from_bytes
from viewer.core.imaging.preparation import prepare
from viewer.core.records import (
    ActivationRecord,
    DigitImage,
    Drawing,
    Fit,
    InferenceRequest,
    Kind,
    Legibility,
    NetworkRecord,
    Node,
    Picture,
    Preparation,
    Step,
)
from viewer.services.camera import CameraService
from viewer.services.dataset import DatasetService, picture_of
from viewer.services.files import FileService
from viewer.widgets.inputs.pad import DrawingPad
from viewer.widgets.inputs.pad_panel import PICTURE_TEXT
from viewer.widgets.window.main_window import MainWindow

QTest: Any = _QTest  # its stubs give its static methods a `self`
WAIT_MS = 10_000
MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.2, 0.2)
DIGITS = NetworkRecord(
    title="digits",
    architecture="digits",
    nodes=(Node("input", Kind.INPUT, "Input", (), (1, 28, 28), 0, False),),
    logits="",
    input_shape=(1, 28, 28),
    mean=(0.1,),
    std=(0.3,),
    class_names=("0", "1"),
    parameters=0,
    test_accuracy=None,
    dataset=None,
    source="in the box",
)
ANIMALS = replace(
    DIGITS,
    title="animals",
    input_shape=(3, 64, 64),
    mean=MEAN,
    std=STD,
    class_names=("ant", "bee", "cat"),
    preparation=Preparation(digit=False, resize=72),
)


class FakeNetworks(QObject):
    """Says which network is on screen."""

    network_changed = pyqtSignal(object, object)
    model = ""


class FakeViews(QObject):
    """Shows the answers that a test gives."""

    record_shown = pyqtSignal(object)
    record: ActivationRecord | None = None


class FakeInference(QObject):
    """Notes what is asked."""

    run_shown = pyqtSignal(object, object)
    compared = pyqtSignal(int, int, object)

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[InferenceRequest] = []
        self.variants: list[tuple[InferenceRequest, ...]] = []
        self.submit = self.requests.append
        self.compare = self.variants.append


class FakeServices:
    """The services that pictures concern."""

    def __init__(self, camera: FakeSource) -> None:
        self.inference = FakeInference()
        self.files = FileService()
        self.dataset = DatasetService()  # never started
        self.camera = CameraService(lambda: camera)


class Bench:
    """The controllers around a real window; a test is the network."""

    def __init__(self, window: MainWindow, settings: QSettings) -> None:
        self.window = window
        self.source = FakeSource()
        self.services = FakeServices(self.source)
        self.services.files.start()
        self.networks, self.views = FakeNetworks(), FakeViews()
        panel, services = window.pad_panel, self.services
        self.inputs = InputController(
            panel,
            window.prediction,
            services.inference,  # type: ignore[arg-type]  # notes what is asked
            services.files,
            services.dataset,
            window,
        )
        self.pictures = PicturesController(
            window,
            self.inputs,
            self.views,  # type: ignore[arg-type]  # shows what a test gives
            self.networks,  # type: ignore[arg-type]  # says what a test tells
            services,  # type: ignore[arg-type]  # those that pictures concern
            settings,
            window,
        )
        self.failures: list[str] = []
        self.pictures.failed.connect(self.failures.append)
        self.inputs.failed.connect(self.failures.append)

    def show(self, network: NetworkRecord, model: str = "animals.pt") -> None:
        self.networks.model = model
        self.networks.network_changed.emit(network, None)
        self.inputs.submit()

    def answer(self, *probabilities: float) -> None:
        """Answer the newest request."""
        request = self.newest
        preparation = request.preparation or ANIMALS.preparation
        image = prepare(request.source, ANIMALS.input_shape, preparation, mean=MEAN)
        values = np.array(probabilities, np.float32) if probabilities else None
        self.views.record = ActivationRecord(
            request.generation, 0, image, MappingProxyType({}), values
        )
        self.views.record_shown.emit(self.views.record)

    @property
    def newest(self) -> InferenceRequest:
        return self.services.inference.requests[-1]

    @property
    def view(self):  # type: ignore[no-untyped-def]  # noqa: ANN201 - once it is built
        view = self.pictures.preparation.view
        assert view is not None
        return view


@pytest.fixture
def bench(make_window: Callable[..., MainWindow], settings: QSettings) -> Iterator[Bench]:
    bench = Bench(make_window(1024, 900), settings)
    yield bench
    bench.services.camera.stop_camera()
    assert bench.services.camera.shutdown()
    assert bench.services.files.shutdown()


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Return a folder of three pictures in colour, of one colour each, and other files."""
    folder = tmp_path / "album"
    folder.mkdir()
    for name, color in (("p1.png", "red"), ("p2.png", "green"), ("p10.png", "blue")):
        Image.new("RGB", (90, 60), color).save(folder / name)
    (folder / "notes.txt").write_text("not a picture")
    return folder


def photo() -> Picture:
    rgb = np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8)
    return Picture(rgb.mean(axis=2).astype(np.float32) / 255, "photo", rgb=rgb)


def is_another(pad: DrawingPad, before: Picture | None) -> bool:
    """Return whether the pad has another picture than before."""
    return pad.picture is not before


class TestPreparation:
    def test_digits_keep_their_switch_and_nothing_is_built(self, bench: Bench) -> None:
        bench.show(DIGITS, "digits")
        assert bench.pictures.preparation.view is None
        assert bench.newest.preparation is None
        assert bench.window.action_set["prepare"].isEnabled()

    def test_networks_of_pictures_have_their_steps_instead(
        self, bench: Bench, qtbot: QtBot
    ) -> None:
        bench.show(ANIMALS)
        panel = bench.window.pad_panel
        assert not panel.preview.switch.isVisible()
        assert not bench.window.action_set["prepare"].isEnabled()
        assert panel.pad._empty_text == PICTURE_TEXT
        bench.inputs.show_source(photo())
        qtbot.waitUntil(lambda: len(bench.view.rows) == 4, timeout=WAIT_MS)
        texts = [row.text for row in bench.view.rows]
        assert "Shorter side from 60 to 72 px, bilinear." in texts
        bench.show(DIGITS, "digits")
        assert panel.preview.switch.isVisible()
        assert not bench.view.isVisible()

    def test_a_switch_goes_with_every_request_until_it_is_reset(
        self, bench: Bench, qtbot: QtBot
    ) -> None:
        bench.show(ANIMALS)
        bench.inputs.show_source(photo())
        qtbot.waitUntil(lambda: len(bench.view.rows) == 4, timeout=WAIT_MS)
        bench.view.rows[2].switch.click()
        expected = replace(ANIMALS.preparation, off=frozenset({Step.CROP}))
        assert bench.newest.preparation == expected
        bench.inputs.show_source(photo())
        assert bench.newest.preparation == expected
        qtbot.waitUntil(lambda: not bench.view.rows[2].switch.isChecked(), timeout=WAIT_MS)
        bench.view.reset_requested.emit()
        assert bench.newest.preparation is None

    def test_the_chooser_says_what_is_done_without_the_crop(self, bench: Bench) -> None:
        bench.show(ANIMALS)
        preparation = bench.pictures.preparation
        chooser = preparation.chooser
        assert chooser is not None
        fits = [chooser.fit]
        preparation.switch(Step.CROP)
        fits.append(chooser.fit)
        assert fits == [Fit.CROP, Fit.STRETCH]
        chooser.setCurrentIndex(0)
        chooser.activated.emit(0)  # as a person chooses it
        assert bench.newest.preparation is None
        assert chooser.fit is Fit.CROP

    def test_changes_are_remembered_for_each_network(
        self, bench: Bench, settings: QSettings
    ) -> None:
        bench.show(ANIMALS, "a.pt")
        bench.pictures.preparation.set_fit(Fit.PAD)
        bench.show(ANIMALS, "b.pt")
        other = bench.newest
        assert other.preparation is None
        bench.show(ANIMALS, "a.pt")
        assert bench.newest.preparation == replace(ANIMALS.preparation, fit=Fit.PAD)
        assert bench.pictures.preparation.chooser is not None
        assert bench.pictures.preparation.chooser.fit is Fit.PAD
        bench.pictures.preparation.reset()
        assert PreparationMemory(settings).recall("a.pt", ANIMALS.preparation) == (
            ANIMALS.preparation
        )

    def test_the_effect_of_every_step_is_told(self, bench: Bench, qtbot: QtBot) -> None:
        bench.show(ANIMALS)
        bench.inputs.show_source(photo())
        qtbot.waitUntil(lambda: len(bench.view.rows) == 4, timeout=WAIT_MS)
        bench.answer(0.1, 0.2, 0.7)
        assert bench.view.answer == "Answer: 70.0 % cat"
        inference = bench.services.inference
        qtbot.waitUntil(lambda: bool(inference.variants), timeout=WAIT_MS)
        variants = inference.variants[-1]
        assert [request.preparation for request in variants] == [
            result.otherwise for result in bench.view.results
        ]
        assert {request.generation for request in variants} == {bench.newest.generation}
        generation = bench.newest.generation
        inference.compared.emit(generation, 0, np.array([0.5, 0.3, 0.2], np.float32))
        inference.compared.emit(generation, 1, np.array([0.0, 0.12345, 0.1], np.float32))
        inference.compared.emit(generation, 2, None)
        inference.compared.emit(generation - 1, 3, np.array([1.0, 0, 0], np.float32))
        assert [row.effect for row in bench.view.rows] == [
            "With: 50.0 % ant",
            "Without: 12.3 % bee",
            f"Without: {IMPOSSIBLE}",
            "",
        ]
        bench.inputs.show_source(photo())
        bench.answer(0.1, 0.2, 0.7)
        assert not any(row.effect for row in bench.view.rows)

    def test_in_a_low_dock_the_steps_are_folded_and_nothing_scrolls(
        self, bench: Bench, qtbot: QtBot
    ) -> None:
        bench.show(ANIMALS)
        bench.inputs.show_source(photo())
        qtbot.waitUntil(lambda: len(bench.view.rows) == 4, timeout=WAIT_MS)
        assert bench.view.is_open
        bench.window.resize(1024, 640)
        qtbot.waitUntil(lambda: not bench.view.is_open, timeout=WAIT_MS)
        area = bench.window.input_dock.widget()
        assert isinstance(area, QScrollArea)
        bar = area.verticalScrollBar()
        assert bar is not None
        qtbot.waitUntil(lambda: not bar.isVisible(), timeout=WAIT_MS)
        bench.answer(0.1, 0.2, 0.7)
        bench.pictures.preparation._ask_for_effects()
        assert bench.services.inference.variants == []  # nobody would see them
        bench.view._fold.click()
        qtbot.waitUntil(lambda: bool(bench.services.inference.variants), timeout=WAIT_MS)

    def test_networks_without_classes_have_steps_but_no_answers(
        self, bench: Bench, qtbot: QtBot
    ) -> None:
        bench.show(replace(ANIMALS, class_names=()))
        bench.inputs.show_source(photo())
        qtbot.waitUntil(lambda: len(bench.view.rows) == 4, timeout=WAIT_MS)
        bench.answer()
        assert bench.view.answer == ""
        assert bench.services.inference.variants == []

    def test_changes_are_of_the_file_as_it_was(self, settings: QSettings, tmp_path: Path) -> None:
        path = tmp_path / "mine.pt"
        path.write_bytes(b"one")
        memory = PreparationMemory(settings)
        changed = replace(ANIMALS.preparation, fit=Fit.PAD)
        memory.remember(str(path), changed)
        assert memory.recall(str(path), ANIMALS.preparation) == changed
        path.write_bytes(b"another")
        assert memory.recall(str(path), ANIMALS.preparation) == ANIMALS.preparation

    @pytest.mark.parametrize(
        "stored", ["", "[]", "{", '{"A": {"fit": "x"}}', '{"A": 3}', '{"A": {"invert": "false"}}']
    )
    def test_settings_that_are_broken_are_ignored(self, settings: QSettings, stored: str) -> None:
        settings.setValue(KEY, stored.replace("A", identity_of("a.pt")))
        memory = PreparationMemory(settings)
        assert memory.recall("a.pt", ANIMALS.preparation) == ANIMALS.preparation
        changed = replace(ANIMALS.preparation, invert=True, off=frozenset({Step.RESIZE}))
        memory.remember("a.pt", changed)
        assert memory.recall("a.pt", ANIMALS.preparation) == changed


class TestFolder:
    def test_the_arrow_keys_walk_through_the_folder(
        self, bench: Bench, qtbot: QtBot, album: Path
    ) -> None:
        bar, pad = bench.pictures.bar, bench.window.pad_panel.pad
        bench.pictures.folder.open(album)
        seen = []
        for key in (None, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
            before = pad.picture
            if key is not None:
                QTest.keyClick(pad, key)
            qtbot.waitUntil(partial(is_another, pad, before), timeout=WAIT_MS)
            assert pad.picture is not None and pad.picture.rgb is not None
            seen.append((bar.text, pad.picture.title))
        assert seen == [
            ("1 of 3 · p1.png", "p1.png"),
            ("2 of 3 · p2.png", "p2.png"),
            ("3 of 3 · p10.png", "p10.png"),
            ("1 of 3 · p1.png", "p1.png"),
            ("3 of 3 · p10.png", "p10.png"),
        ]

    def test_an_opened_picture_leads_into_its_folder(
        self, bench: Bench, qtbot: QtBot, album: Path
    ) -> None:
        bar, pad = bench.pictures.bar, bench.window.pad_panel.pad
        bench.inputs.open_file(album / "p2.png")
        qtbot.waitUntil(lambda: pad.picture is not None, timeout=WAIT_MS)
        assert bar.text == ""
        bench.pictures.actions["next_picture"]()
        qtbot.waitUntil(lambda: bar.text == "3 of 3 · p10.png", timeout=WAIT_MS)

    def test_keys_held_down_end_at_the_last_one_asked_for(
        self, bench: Bench, qtbot: QtBot, album: Path
    ) -> None:
        for number in range(20, 60):
            Image.new("RGB", (9, 6), "gray").save(album / f"p{number}.png")
        pad = bench.window.pad_panel.pad
        bench.pictures.folder.open(album)
        qtbot.waitUntil(lambda: pad.picture is not None, timeout=WAIT_MS)
        for _ in range(30):
            QTest.keyClick(pad, Qt.Key.Key_Right)
        assert bench.pictures.bar.text == "31 of 43 · p47.png"
        qtbot.waitUntil(
            lambda: pad.picture is not None and pad.picture.title == "p47.png", timeout=WAIT_MS
        )
        assert bench.pictures.bar.text == "31 of 43 · p47.png"

    def test_a_damaged_picture_is_passed(self, bench: Bench, qtbot: QtBot, album: Path) -> None:
        (album / "p2.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
        pad = bench.window.pad_panel.pad
        bench.pictures.folder.open(album)
        qtbot.waitUntil(lambda: pad.picture is not None, timeout=WAIT_MS)
        QTest.keyClick(pad, Qt.Key.Key_Right)
        qtbot.waitUntil(lambda: len(bench.failures) == 1, timeout=WAIT_MS)
        # Nothing that is shown passes for it, and its place in the folder is told.
        assert pad.is_empty
        assert pad.content.note == "p2.png can't be read"
        source = bench.newest.source
        assert isinstance(source, Drawing) and not source.strokes
        bench.inputs.submit()  # as with another network
        assert bench.pictures.bar.text == "2 of 3 · p2.png"
        QTest.keyClick(pad, Qt.Key.Key_Right)
        qtbot.waitUntil(
            lambda: pad.picture is not None and pad.picture.title == "p10.png", timeout=WAIT_MS
        )
        pad.undo()
        assert pad.content.note == "p2.png can't be read"
        pad.undo()
        assert pad.picture is not None and pad.picture.title == "p1.png"

    def test_a_damaged_file_that_nobody_walked_to_leaves_the_pad_alone(
        self, bench: Bench, qtbot: QtBot, album: Path
    ) -> None:
        broken = album / "p2.png"
        broken.write_bytes(b"\x89PNG\r\n\x1a\n broken")
        pad = bench.window.pad_panel.pad
        bench.inputs.open_file(album / "p1.png")
        qtbot.waitUntil(lambda: pad.picture is not None, timeout=WAIT_MS)
        bench.inputs.open_file(broken)
        qtbot.waitUntil(lambda: len(bench.failures) == 1, timeout=WAIT_MS)
        assert pad.picture is not None and pad.picture.title == "p1.png"

    def test_damaged_pictures_leave_no_pile_of_messages(
        self, bench: Bench, qtbot: QtBot, album: Path
    ) -> None:
        messages = bench.window.messages
        bench.inputs.failed.connect(messages.show_message)
        messages.show_message("Something else.")
        for name in ("p2.png", "p10.png"):
            (album / name).write_bytes(b"\x89PNG\r\n\x1a\n broken")
        pad = bench.window.pad_panel.pad
        bench.pictures.folder.open(album)
        qtbot.waitUntil(lambda: pad.picture is not None, timeout=WAIT_MS)
        for name in ("p2.png", "p10.png"):
            QTest.keyClick(pad, Qt.Key.Key_Right)
            qtbot.waitUntil(lambda name=name: messages.text.startswith(name), timeout=WAIT_MS)  # type: ignore[misc]  # the name of this turn
        QTest.keyClick(pad, Qt.Key.Key_Right)
        assert messages.text == "Something else."
        messages.dismiss()
        assert messages.isHidden()

    def test_undo_finds_its_place_and_drawing_leaves_the_folder(
        self, bench: Bench, qtbot: QtBot, album: Path
    ) -> None:
        bar, pad = bench.pictures.bar, bench.window.pad_panel.pad
        bench.pictures.folder.open(album)
        qtbot.waitUntil(lambda: bar.text == "1 of 3 · p1.png", timeout=WAIT_MS)
        qtbot.waitUntil(lambda: pad.picture is not None, timeout=WAIT_MS)
        QTest.keyClick(pad, Qt.Key.Key_Right)
        qtbot.waitUntil(
            lambda: pad.picture is not None and pad.picture.title == "p2.png", timeout=WAIT_MS
        )
        pad.undo()
        qtbot.waitUntil(lambda: bar.text == "1 of 3 · p1.png", timeout=WAIT_MS)
        bench.inputs.show_source(Drawing())
        assert bar.text == ""

    def test_without_a_folder_one_sentence_says_so(self, bench: Bench) -> None:
        QTest.keyClick(bench.window.pad_panel.pad, Qt.Key.Key_Right)
        assert bench.failures == []
        hints: list[str] = []
        bench.pictures.told.connect(hints.append)
        bench.pictures.actions["previous_picture"]()
        assert hints == [NOTHING_OPEN]
        assert bench.failures == []

    def test_a_folder_without_pictures_is_one_sentence(
        self, bench: Bench, qtbot: QtBot, tmp_path: Path
    ) -> None:
        bench.pictures.folder.open(tmp_path)
        qtbot.waitUntil(lambda: len(bench.failures) == 1, timeout=WAIT_MS)
        assert "no pictures" in bench.failures[0]


class TestCamera:
    def film(self, bench: Bench, qtbot: QtBot, color: str) -> None:
        pad = bench.window.pad_panel.pad
        before = pad.picture
        assert bench.source.take is not None
        bench.source.take(FakeFrame(color))
        qtbot.waitUntil(lambda: pad.picture is not before, timeout=WAIT_MS)

    def test_every_frame_is_asked_about_without_a_history(self, bench: Bench, qtbot: QtBot) -> None:
        bench.show(ANIMALS)
        pad = bench.window.pad_panel.pad
        bench.pictures.actions["camera"]()
        assert bench.window.action_set["camera"].isChecked()
        assert bench.pictures.bar.shows_camera
        for color in ("red", "green", "blue"):
            self.film(bench, qtbot, color)
            source = bench.newest.source
            assert isinstance(source, Picture) and source is pad.picture
            assert source.rgb is not None
            assert tuple(source.rgb[0, 0]) == QColor(color).getRgb()[:3]
        bench.pictures.bar.stop_requested.emit()
        assert not bench.window.action_set["camera"].isChecked()
        assert bench.pictures.bar.text == ""
        assert pad.picture is not None  # the last frame stays
        pad.undo()
        assert pad.is_empty

    def test_another_input_stops_it(self, bench: Bench, qtbot: QtBot) -> None:
        bench.pictures.actions["camera"]()
        self.film(bench, qtbot, "red")
        bench.inputs.show_source(photo())
        assert not bench.services.camera.running
        assert bench.source.take is None

    def test_the_live_rate_is_told(self, bench: Bench, qtbot: QtBot) -> None:
        bench.show(ANIMALS)
        bench.pictures.actions["camera"]()
        self.film(bench, qtbot, "red")
        bench.answer(0.1, 0.2, 0.7)
        qtbot.waitUntil(
            lambda: bench.pictures.bar.text.endswith("answers a second"), timeout=WAIT_MS
        )
        rate = float(bench.pictures.bar.text.split()[2])
        assert 0 < rate <= 1.1

    def test_no_camera_is_one_sentence_and_no_switch(self, bench: Bench) -> None:
        from viewer.core.errors import UserError

        def none() -> FakeSource:
            raise UserError("There is no camera: connect one.")

        bench.services.camera._make_source = none
        bench.window.action_set["camera"].trigger()
        bench.pictures.actions["camera"]()
        assert bench.failures == ["There is no camera: connect one."]
        assert not bench.window.action_set["camera"].isChecked()

    def test_closing_the_window_stops_it(self, bench: Bench) -> None:
        bench.pictures.actions["camera"]()
        bench.window.close()
        assert not bench.services.camera.running


def test_the_clipboard_carries_colours(qtbot: QtBot) -> None:
    image = QImage(30, 20, QImage.Format.Format_ARGB32)
    image.fill(QColor(10, 200, 90))
    data = QMimeData()
    data.setImageData(image)
    data.setUrls([QUrl("https://example.org/a.png")])
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    clipboard.setMimeData(data)
    picture = picture_from_bytes(encoded(clipboard.image()), "Pasted picture")
    assert picture.rgb is not None
    assert (picture.rgb == (10, 200, 90)).all()


class TestReadingAhead:
    @pytest.fixture
    def files(self) -> Iterator[FileService]:
        service = FileService()
        service.start()
        yield service
        assert service.shutdown()

    def open(self, files: FileService, path: Path, qtbot: QtBot) -> Picture:
        with qtbot.waitSignal(files.inputs_ready, timeout=WAIT_MS) as ready:
            files.open_file(path)
        assert ready.args is not None
        picture = ready.args[0][0]
        assert isinstance(picture, Picture)
        return picture

    def test_a_picture_is_read_once(
        self, files: FileService, qtbot: QtBot, album: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read: list[Path] = []

        def noted(path: Path) -> Picture:
            read.append(path)
            return open_picture(path)

        monkeypatch.setattr(inputs_module, "open_picture", noted)
        files.read_ahead(album / "p2.png")
        qtbot.waitUntil(lambda: read == [album / "p2.png"], timeout=WAIT_MS)
        assert self.open(files, album / "p2.png", qtbot).title == "p2.png"
        assert self.open(files, album / "p1.png", qtbot).title == "p1.png"
        assert read == [album / "p2.png", album / "p1.png"]

    def test_a_file_that_has_changed_is_read_again(
        self, files: FileService, qtbot: QtBot, album: Path
    ) -> None:
        path = album / "p2.png"
        files.read_ahead(path)
        self.open(files, album / "p1.png", qtbot)  # the other is read by then, or not at all
        files.read_ahead(path)
        files.list_folder(album)
        Image.new("RGB", (31, 17), "yellow").save(path)
        picture = self.open(files, path, qtbot)
        assert picture.rgb is not None
        assert picture.rgb.shape == (17, 31, 3)

    def test_what_can_not_be_read_is_said_when_it_is_asked_for(
        self, files: FileService, qtbot: QtBot, album: Path
    ) -> None:
        (album / "p2.png").write_bytes(b"nothing")
        with qtbot.assertNotEmitted(files.failed):
            files.read_ahead(album / "p2.png")
            self.open(files, album / "p1.png", qtbot)
        with qtbot.waitSignal(files.failed, timeout=WAIT_MS):
            files.open_file(album / "p2.png")


def test_a_copy_of_what_the_network_sees_has_its_colours(bench: Bench) -> None:
    window = bench.window
    views = MagicMock(spec=ViewController)
    pixels = np.random.default_rng(0).random((3, 5, 7), np.float32)
    image = DigitImage(pixels, Legibility.OK)
    views.record = ActivationRecord(1, 0, image, MappingProxyType({}), None)
    exchange = ExchangeController(
        window, bench.inputs, MagicMock(spec=NetworkController), views, bench.services.files, window
    )
    exchange.copy()
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    copied = clipboard.image()
    for y in range(5):
        for x in range(7):
            expected = tuple(np.rint(pixels[:, y, x] * 255).astype(int).tolist())
            assert copied.pixelColor(x, y).getRgb()[:3] == expected


@pytest.mark.parametrize("colored", [True, False])
def test_images_of_a_folder_are_pictures_of_light(colored: bool) -> None:
    rng = np.random.default_rng(0)
    shape = (2, 4, 4, 3) if colored else (2, 4, 4)
    images = rng.integers(0, 256, shape, np.uint8)
    name = str(FolderName(Path("/photos"), 4, colored))
    mean = (0.5,) * (3 if colored else 1)
    labels = np.array([0, 1], np.uint8)
    dataset = ImageDataset(name, "test", images, labels, ("ant", "bee"), mean, mean)
    picture = picture_of(dataset, 1)
    assert picture.rgb is not None
    expected = images[1] if colored else np.repeat(images[1][..., np.newaxis], 3, axis=2)
    np.testing.assert_array_equal(picture.rgb, expected)
    native = Preparation(digit=False, fit=Fit.NATIVE)
    shown = prepare(picture, (3, 4, 4), native).pixels
    np.testing.assert_allclose(shown, expected.transpose(2, 0, 1) / 255, atol=1e-6)
