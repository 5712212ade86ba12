"""The whole program in one process: window, controllers, services, the real networks."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PyQt6.QtCore import (
    QMimeData,
    QObject,
    QPoint,
    QPointF,
    QSettings,
    Qt,
    QTimer,
    QtMsgType,
    QUrl,
    pyqtSignal,
)
from PyQt6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PyQt6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from viewer.app import Application, _QtMessages, install_exception_hooks
from viewer.cli.messages import complain
from viewer.controllers.exchange import encoded
from viewer.core.imaging.digit import digit
from viewer.core.imaging.pictures import picture_from_bytes
from viewer.core.nets.checkpoint import load_checkpoint
from viewer.core.nets.shipped import resolve_model
from viewer.core.records import Drawing, Picture, Selection, Stroke
from viewer.services.opening import LEAVE_S, PATIENCE_S
from viewer.widgets.inputs.ink_surface import Tool
from viewer.widgets.window.docks import Dock

SEVEN = np.array([(70, 62), (140, 59), (210, 62), (174, 140), (126, 238)], np.float32)
WAIT_MS = 20_000


@pytest.fixture
def start(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Callable[..., Application]]:
    """Return a function that starts the program and waits for its network."""
    running: list[Application] = []

    def run(**arguments: object) -> Application:
        settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
        application = Application(qapp, settings, **arguments)  # type: ignore[arg-type]  # as given
        running.append(application)
        application.window.resize(1200, 800)
        application.start()
        application.complete()
        qtbot.waitUntil(lambda: shown(application), timeout=WAIT_MS)
        return application

    yield run
    for application in running:
        assert application.close()


def shown(application: Application) -> bool:
    controller = application.controller
    assert controller is not None
    return controller.is_shown


def draw(application: Application, points: np.ndarray = SEVEN) -> None:
    pad = application.window.pad_panel.pad
    side = pad.square.width() / 280
    corner = QPointF(pad.square.topLeft())
    pad.begin(corner + QPointF(*points[0]) * side, Tool.PEN)
    for point in points[1:]:
        pad.extend(corner + QPointF(*point) * side)
    pad.finish()


def test_a_drawn_seven_is_read_and_every_number_is_torchs(
    start: Callable[..., Application], qtbot: QtBot
) -> None:
    application = start()
    draw(application)
    controller = application.controller
    assert controller is not None
    qtbot.waitUntil(lambda: application.window.windowTitle().startswith("7 "), timeout=WAIT_MS)

    record = controller.views.record
    assert record is not None and record.probabilities is not None
    loaded = load_checkpoint(resolve_model("digits"))
    pixels = torch.from_numpy(digit(controller.inputs.source).pixels.copy())
    x = (pixels - loaded.metadata.mean[0]) / loaded.metadata.std[0]
    with torch.inference_mode():
        value = x[None, None]
        for name, module in loaded.module.named_children():
            value = module(value)
            np.testing.assert_array_equal(record.outputs[name], value[0].numpy(), err_msg=name)
        probabilities = value.softmax(-1)[0].numpy()
    np.testing.assert_array_equal(record.probabilities, probabilities)
    assert application.window.prediction.winner == "7"


def test_a_folder_of_pictures_is_gone_through(
    start: Callable[..., Application], qtbot: QtBot, tmp_path: Path
) -> None:
    folder = tmp_path / "album"
    folder.mkdir()
    for name in ("p2.png", "p10.png"):
        QImage(40, 30, QImage.Format.Format_RGB32).save(str(folder / name))
    application = start(source=folder)
    controller, pad = application.controller, application.window.pad_panel.pad
    assert controller is not None
    qtbot.waitUntil(lambda: pad.picture is not None, timeout=WAIT_MS)
    first = pad.picture
    assert first is not None and Path(first.path or "").name == "p2.png"

    controller.pictures.folder.walk(1)
    qtbot.waitUntil(lambda: pad.picture is not first, timeout=WAIT_MS)
    assert pad.picture is not None and Path(pad.picture.path or "").name == "p10.png"


def test_a_blank_pad_has_no_prediction(start: Callable[..., Application], qtbot: QtBot) -> None:
    application = start()

    assert application.window.prediction.winner is None
    assert "Draw" in application.window.prediction.message


def test_the_last_of_many_points_is_always_shown(
    start: Callable[..., Application], qtbot: QtBot
) -> None:
    application = start()
    controller = application.controller
    assert controller is not None
    rng = np.random.default_rng(0)
    draw(application, rng.uniform(20, 260, (1000, 2)).astype(np.float32))
    qtbot.waitUntil(lambda: shown(application), timeout=WAIT_MS)

    record = controller.views.record
    assert record is not None
    np.testing.assert_array_equal(record.image.pixels, digit(controller.inputs.source).pixels)


def test_the_drawing_stays_when_the_network_changes(
    start: Callable[..., Application], qtbot: QtBot
) -> None:
    application = start()
    draw(application)
    before = application.window.pad_panel.pad.drawing()
    qtbot.waitUntil(lambda: application.window.windowTitle().startswith("7 "), timeout=WAIT_MS)
    told: list[tuple[str | None, str]] = []
    assert application.controller is not None
    application.controller.views.network_changed.connect(
        lambda _: told.append((application.window.prediction.winner, application.window._winner))
    )
    application.window.network_chosen.emit("mlp")
    qtbot.waitUntil(
        lambda: application.window.windowTitle().startswith("7 – mlp") and shown(application),
        timeout=WAIT_MS,
    )

    assert told == [(None, "")]  # the answer of the network before went with it
    after = application.window.pad_panel.pad.drawing()
    np.testing.assert_array_equal(after.strokes[0].points, before.strokes[0].points)
    controller = application.controller
    assert controller is not None and controller.views.record is not None
    assert controller.views.network is not None
    assert set(controller.views.record.outputs) == {n.name for n in controller.views.network.nodes}


def test_a_broken_network_leaves_the_good_one_in_place(
    start: Callable[..., Application], qtbot: QtBot, tmp_path: Path
) -> None:
    application = start()
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"\x00" * 64)
    application.window.files_dropped.emit([str(broken)])
    qtbot.waitUntil(lambda: "broken" in application.window.messages.text, timeout=WAIT_MS)
    draw(application)

    qtbot.waitUntil(
        lambda: application.window.windowTitle().startswith("7 – digits"), timeout=WAIT_MS
    )


def test_a_broken_network_on_the_command_line_gives_way_to_the_default(
    start: Callable[..., Application], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no")
    application = start(model=str(broken))

    assert "digits" in application.window.windowTitle()
    assert "broken" in application.window.messages.text


def test_a_dropped_picture_is_read_off_the_window_thread(
    start: Callable[..., Application], qtbot: QtBot, tmp_path: Path
) -> None:
    application = start()
    path = tmp_path / "seven.png"
    image = QImage(200, 200, QImage.Format.Format_Grayscale8)
    image.fill(255)
    for y in range(30, 50):
        for x in range(40, 160):
            image.setPixel(x, y, 0)
    for y in range(50, 180):
        centre = 150 - (y - 50) // 2
        for x in range(centre - 10, centre + 10):
            image.setPixel(x, y, 0)
    assert image.save(str(path))
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    plain = Qt.KeyboardModifier.NoModifier
    # Qt hands a drop to nobody that was not entered before.
    QApplication.sendEvent(
        application.window, QDragEnterEvent(QPoint(600, 400), copy, data, left, plain)
    )
    QApplication.sendEvent(
        application.window, QDropEvent(QPointF(600, 400), copy, data, left, plain)
    )

    qtbot.waitUntil(lambda: application.window.windowTitle().startswith("7 "), timeout=WAIT_MS)
    assert isinstance(application.window.pad_panel.pad.source(), Picture)


def test_a_test_image_shows_its_label_until_drawing_begins(
    start: Callable[..., Application], qtbot: QtBot
) -> None:
    application = start()
    application.services.dataset.request_image(0)  # a 7
    qtbot.waitUntil(lambda: application.window.windowTitle().startswith("7 "), timeout=WAIT_MS)
    assert application.window.pad_panel.pad.picture is not None

    draw(application)

    assert application.window.pad_panel.pad.picture is None


def test_the_raw_switch_changes_what_the_network_sees(
    start: Callable[..., Application], qtbot: QtBot
) -> None:
    application = start()
    controller = application.controller
    assert controller is not None
    controller.inputs.show_source(
        Drawing((Stroke((SEVEN / 4 + 10).astype(np.float32), 6.0),), canvas=(280.0, 280.0))
    )
    qtbot.waitUntil(lambda: shown(application), timeout=WAIT_MS)
    prepared = controller.views.record
    application.window.action_set["prepare"].trigger()
    qtbot.waitUntil(lambda: controller.views.record is not prepared, timeout=WAIT_MS)

    assert prepared is not None and controller.views.record is not None
    assert prepared.image.pixels[:, 20:].sum() > 0
    assert controller.views.record.image.pixels[:, 20:].sum() == 0


def test_selection_follows_everywhere_and_goes_with_the_network(
    start: Callable[..., Application], qtbot: QtBot
) -> None:
    application = start()
    controller = application.controller
    assert controller is not None
    chosen = Selection("conv2", 3, 2, 1)
    controller.flow.selection_changed.emit(chosen)
    assert controller.views.selection == chosen

    application.window.network_chosen.emit("mlp")
    qtbot.waitUntil(lambda: "mlp" in application.window.windowTitle(), timeout=WAIT_MS)

    assert controller.views.selection is None


def test_hovering_tells_the_exact_value(start: Callable[..., Application], qtbot: QtBot) -> None:
    application = start()
    draw(application)
    qtbot.waitUntil(lambda: application.window.windowTitle().startswith("7 "), timeout=WAIT_MS)
    controller = application.controller
    assert controller is not None and controller.views.record is not None
    controller.flow.hover_changed.emit(Selection("conv1", 2, 14, 15))

    text = application.window.status.hover.text()
    value = controller.views.record.outputs["conv1"][2, 14, 15]
    assert "conv1" in text and "channel 2" in text
    assert np.float32(text.rpartition(" ")[2].replace("−", "-")) == value


def test_an_older_record_never_replaces_a_newer_one(start: Callable[..., Application]) -> None:
    application = start()
    controller = application.controller
    assert controller is not None and controller.views.record is not None
    newest = controller.views.record
    controller.views.set_record(replace(newest, generation=newest.generation - 1))

    assert controller.views.record is newest


def test_settings_of_display_never_cause_a_forward_pass(
    start: Callable[..., Application], qtbot: QtBot
) -> None:
    application = start()
    controller = application.controller
    assert controller is not None
    record, generation = controller.views.record, controller.inputs.generation
    for group, choice in (("scope", "channel"), ("sequential", "magma"), ("signed", "tutorial")):
        application.window.color_chosen.emit(group, choice)
    application.window.action_set["theme_dark"].trigger()

    assert controller.inputs.generation == generation
    assert controller.views.record is record
    assert (controller.views.display.scope, controller.views.display.dark) == ("channel", True)


def test_an_exception_in_a_slot_is_shown_and_the_program_lives_on(
    start: Callable[..., Application], monkeypatch: pytest.MonkeyPatch
) -> None:
    application = start()
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    install_exception_hooks(application.window)
    try:
        raise ValueError("a slot failed")
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)

    assert "a slot failed" in application.window.messages.text


def test_threads_end_with_the_window(start: Callable[..., Application]) -> None:
    application = start()
    names = {"inference", "files", "dataset"}
    assert names <= {thread.name for thread in threading.enumerate()}

    application.window.close()
    assert application.shutdown()

    assert not names & {thread.name for thread in threading.enumerate()}


def test_who_leaves_waits_only_a_moment_for_what_is_being_opened(
    start: Callable[..., Application], monkeypatch: pytest.MonkeyPatch
) -> None:
    application = start()
    services = application._services
    assert services is not None
    assert services.inference.patience_s == PATIENCE_S
    with monkeypatch.context() as patch:
        patch.setattr(application, "shutdown", lambda: False)
        assert not application.close(leaves=True)
    assert services.inference.patience_s == LEAVE_S


def label_shown(application: Application) -> str | None:
    return application.window.prediction.label


def test_a_label_goes_with_what_it_belongs_to(
    start: Callable[..., Application], qtbot: QtBot
) -> None:
    application = start()
    controller, pad = application.controller, application.window.pad_panel.pad
    assert controller is not None
    application.services.dataset.request_image(0)  # a 7
    qtbot.waitUntil(lambda: label_shown(application) == "7", timeout=WAIT_MS)

    pad.clear()
    qtbot.waitUntil(lambda: label_shown(application) is None, timeout=WAIT_MS)
    pad.undo()
    qtbot.waitUntil(lambda: label_shown(application) == "7", timeout=WAIT_MS)

    controller.inputs.show_source(Drawing((Stroke(SEVEN),), canvas=(280.0, 280.0), label="1"))
    assert label_shown(application) == "1"
    draw(application)  # a stroke more: nobody knows what it is now
    qtbot.waitUntil(lambda: label_shown(application) is None, timeout=WAIT_MS)


def test_the_browser_marks_an_image_only_while_it_is_on_the_pad(
    start: Callable[..., Application], qtbot: QtBot
) -> None:
    application = start()
    controller = application.controller
    assert controller is not None
    application.services.dataset.request_image(3)
    qtbot.waitUntil(lambda: controller.dataset.index == 3, timeout=WAIT_MS)

    controller.inputs.show_source(Picture(np.ones((40, 40), np.float32), "photo.png"))
    assert controller.dataset.index is None
    application.window.pad_panel.pad.undo()
    qtbot.waitUntil(lambda: controller.dataset.index == 3, timeout=WAIT_MS)


def test_the_browsers_dock_has_its_buttons_and_a_place_in_the_menu(
    start: Callable[..., Application],
) -> None:
    application = start()
    window = application.window
    window.action_set["browse_mnist"].trigger()
    dock = next(d for d in window.findChildren(Dock) if d.objectName() == "dataset")

    for button in dock.title_bar.findChildren(QToolButton):
        image = button.icon().pixmap(12, 12).toImage()
        assert any(image.pixelColor(x, y).alpha() for x in range(12) for y in range(12))
    bar = window.menuBar()
    assert bar is not None
    (view,) = (a.menu() for a in bar.actions() if a.text() == "&View")
    assert view is not None and dock.toggleViewAction() in view.actions()


def test_a_file_opened_by_a_relative_path_stays_chosen_when_another_fails(
    start: Callable[..., Application],
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copy(resolve_model("lenet5"), tmp_path / "mine.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"no")
    monkeypatch.chdir(tmp_path)
    application = start(model="mine.safetensors")
    controller, chooser = application.controller, application.window.tool_bar.chooser
    assert controller is not None

    controller.networks.open("bad.safetensors")
    qtbot.waitUntil(lambda: bool(application.window.messages.text), timeout=WAIT_MS)

    assert chooser.currentData() == str((tmp_path / "mine.safetensors").resolve())
    assert [chooser.itemText(i) for i in range(chooser.count())].count("mine") == 1


@pytest.mark.parametrize("stored", [5, {"a": 1}, [7, None, ""], "", b"x"])
def test_recent_files_that_somebody_else_wrote_are_no_obstacle(
    start: Callable[..., Application], tmp_path: Path, stored: object
) -> None:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    settings.setValue("files/recent_models", stored)
    settings.sync()

    assert start().window.prediction.message == "Draw a digit"


def test_what_can_not_be_pasted_is_a_hint_until_something_is_drawn(
    start: Callable[..., Application],
) -> None:
    application = start()
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    clipboard.setText("no picture")
    application.window.action_set["paste"].trigger()
    assert application.window.messages.text.startswith("There is no picture on the clipboard")
    draw(application)
    QApplication.processEvents()
    assert application.window.messages.text == ""


def test_a_pasted_drawing_on_transparent_ground_keeps_its_ink() -> None:
    image = QImage(64, 64, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    for y in range(10, 54):
        for x in range(30, 36):
            image.setPixelColor(x, y, Qt.GlobalColor.black)

    picture = picture_from_bytes(encoded(image), "pasted")

    assert (picture.pixels[32, 32], picture.pixels[5, 5]) == (0.0, 1.0)


def test_the_program_starts_without_standard_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdout", "stderr"):  # a GUI entry point on Windows
        monkeypatch.setattr(sys, name, None)
    messages = _QtMessages()
    context: Any = None  # Qt alone can make one, and it isn't looked at
    messages(QtMsgType.QtWarningMsg, context, "before the start")
    messages.on_started()
    messages(QtMsgType.QtWarningMsg, context, "after it")
    complain("wrong")


def test_a_selected_map_brings_the_inspector_to_the_front(
    start: Callable[..., Application], qtbot: QtBot
) -> None:
    application = start()
    controller = application.controller
    assert controller is not None
    controller.dataset.browse()
    inspector = application.window.inspector_dock
    qtbot.waitUntil(lambda: inspector.visibleRegion().isEmpty(), timeout=WAIT_MS)

    controller.flow.selection_changed.emit(Selection("conv1", 0))

    qtbot.waitUntil(lambda: not inspector.visibleRegion().isEmpty(), timeout=WAIT_MS)


def test_a_replaced_filter_is_said_and_can_be_taken_back(
    start: Callable[..., Application], qtbot: QtBot
) -> None:
    application = start()
    controller = application.controller
    assert controller is not None
    details = application.window.caption.details
    before = details.text()
    own = controller.views.weights
    assert own is not None
    kernel = np.ones((1, 5, 5), np.float32)
    application.services.inference.replace_filter("conv1", 3, kernel)
    qtbot.waitUntil(lambda: "a filter is replaced" in details.text(), timeout=WAIT_MS)
    assert "99" not in details.text()  # the file's accuracy is not that of this network

    record, weights = controller.views.record, controller.views.weights
    assert record is not None and weights is not None
    np.testing.assert_array_equal(weights.weights["conv1"][3], kernel)
    expected = torch.nn.functional.conv2d(
        torch.tensor(record.outputs["input"])[None],
        torch.tensor(weights.weights["conv1"]),
        torch.tensor(weights.biases["conv1"]),
        padding=2,
    )
    np.testing.assert_allclose(record.outputs["conv1"], expected[0], rtol=1e-5, atol=1e-5)

    application.services.inference.restore_filters()
    qtbot.waitUntil(lambda: details.text() == before, timeout=WAIT_MS)
    restored = controller.views.weights
    assert restored is not None
    np.testing.assert_array_equal(restored.weights["conv1"], own.weights["conv1"])


class Late(QObject):
    told = pyqtSignal(object)


def test_an_answer_in_the_last_moment_puts_nothing_off(start: Callable[..., Application]) -> None:
    application = start()
    controller = application.controller
    assert controller is not None
    record = controller.views.record
    assert record is not None
    later = replace(record, generation=record.generation + 1)
    late = Late()
    queued = Qt.ConnectionType.QueuedConnection
    late.told.connect(controller.views.set_record, queued)  # type: ignore[call-arg]  # it takes two
    late.told.emit(later)  # in the queue when the window closes
    assert application.shutdown()
    assert controller.views.record is later
    assert [timer for timer in controller.findChildren(QTimer) if timer.isActive()] == []
