"""Digits kept by their key: what is kept, what is told, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QPointF, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from viewer.controllers.drawings import DrawingsController
from viewer.controllers.inputs import InputController
from viewer.core.data.drawings import DrawingStore
from viewer.core.records import Picture
from viewer.services.dataset import DatasetService
from viewer.services.drawings import DrawingsService
from viewer.services.files import FileService
from viewer.services.inference import InferenceService
from viewer.widgets.inputs.drawings_view import DrawingsView
from viewer.widgets.inputs.ink_surface import Tool
from viewer.widgets.window.main_window import MainWindow

WAIT_MS = 20_000


class Desk:
    """A window with a pad, and its drawings in a file; no other thread runs."""

    def __init__(self, window: MainWindow, path: Path, qtbot: QtBot) -> None:
        self.window = window
        self.path = path
        self._qtbot = qtbot
        self.service = DrawingsService(path)
        self.inputs = InputController(
            window.pad_panel,
            window.prediction,
            InferenceService(),
            FileService(),
            DatasetService(),
            window,
        )
        self.controller = DrawingsController(window, self.inputs, self.service, window)
        self.told: list[str] = []
        self.failed: list[str] = []
        self.controller.told.connect(self.told.append)
        self.controller.failed.connect(self.failed.append)
        self.hinted: list[str] = []
        self.controller.hinted.connect(self.hinted.append)
        self.service.start()

    @property
    def view(self) -> DrawingsView:
        return self.window.findChildren(DrawingsView)[0]

    def draw(self, x: float = 30) -> None:
        pad = self.window.pad_panel.pad
        corner = QPointF(pad.square.topLeft())
        pad.begin(corner + QPointF(x, 30), Tool.PEN)
        pad.extend(corner + QPointF(x + 20, 90))
        pad.finish()

    def press(self, key: Qt.Key) -> None:
        QTest.keyClick(self.window.pad_panel.pad, key)  # type: ignore[call-overload]  # the stub has a self too many

    def keep(self, key: Qt.Key, x: float = 30) -> None:
        """Draw, press the key, and wait until it is kept."""
        count = len(self.told)
        self.draw(x)
        self.press(key)
        self.wait(lambda: len(self.told) > count)

    def wait(self, condition: Callable[[], bool]) -> None:
        self._qtbot.waitUntil(condition, timeout=WAIT_MS)

    def labels(self) -> list[str]:
        kept = self.controller._kept
        return [] if kept is None else list(kept.labels)


@pytest.fixture
def desk(make_window: Callable[..., MainWindow], tmp_path: Path, qtbot: QtBot) -> Iterator[Desk]:
    desk = Desk(make_window(), tmp_path / "mine.jsonl", qtbot)
    yield desk
    assert desk.service.shutdown()


def test_a_digit_key_keeps_the_drawing_and_clears_the_pad(desk: Desk) -> None:
    desk.keep(Qt.Key.Key_7)
    assert desk.told == ["Kept as an example of 7: 1 in all"]
    assert desk.window.pad_panel.pad.drawing().strokes == ()

    desk.keep(Qt.Key.Key_0, x=60)
    assert desk.told[1:] == ["Kept as an example of 0: 2 in all"]
    assert desk.service.shutdown()
    assert [drawing.label for drawing in DrawingStore(desk.path).items()] == ["7", "0"]
    assert desk.failed == []


def test_where_nothing_is_drawn_nothing_is_kept(desk: Desk) -> None:
    desk.press(Qt.Key.Key_7)

    assert desk.hinted == ["There is nothing to keep: draw a digit first."]
    assert not desk.path.exists()


def test_a_picture_is_no_drawing_of_ones_own(desk: Desk) -> None:
    picture = Picture(np.zeros((28, 28), np.float32), "test image 3", prepared=True)
    desk.inputs.show_source(picture)
    desk.press(Qt.Key.Key_7)

    assert desk.hinted == ["Only drawings of your own are kept: clear the pad and draw."]
    assert desk.inputs.source is picture  # it stays
    assert not desk.path.exists()


@pytest.mark.parametrize(
    ("key", "text", "modifiers", "repeats"),
    [
        (Qt.Key.Key_7, "7", Qt.KeyboardModifier.ControlModifier, False),
        (Qt.Key.Key_7, "7", Qt.KeyboardModifier.AltModifier, False),
        (Qt.Key.Key_7, "7", Qt.KeyboardModifier.NoModifier, True),  # held down
        (Qt.Key.Key_Q, "q", Qt.KeyboardModifier.NoModifier, False),
        (Qt.Key.Key_Shift, "", Qt.KeyboardModifier.NoModifier, False),
    ],
)
def test_other_keys_keep_nothing(
    desk: Desk, key: Qt.Key, text: str, modifiers: Qt.KeyboardModifier, repeats: bool
) -> None:
    desk.draw()
    event = QKeyEvent(QEvent.Type.KeyPress, key, modifiers, text, repeats)
    QApplication.sendEvent(desk.window.pad_panel.pad, event)

    assert len(desk.inputs.source.strokes) == 1  # type: ignore[union-attr]  # a drawing
    assert desk.told == desk.failed == []


def test_the_dock_shows_what_is_kept_and_changes_it(desk: Desk) -> None:
    for number, key in enumerate((Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3)):
        desk.keep(key, x=20 + 10 * number)
    desk.controller.show()
    desk.wait(lambda: desk.labels() == ["1", "2", "3"])

    desk.view.delete_requested.emit(1)
    desk.view.delete_requested.emit(1)  # at once again: of a list that is gone by then
    desk.wait(lambda: desk.labels() == ["1", "3"])
    desk.view.undo_requested.emit()
    desk.wait(lambda: desk.labels() == ["1", "2", "3"])
    desk.view.relabel_requested.emit(0, "9")
    desk.wait(lambda: desk.labels() == ["9", "2", "3"])

    desk.view.drawing_chosen.emit(2)
    assert desk.inputs.source.label == "3"
    assert desk.failed == []


def test_a_broken_line_is_told_and_no_failure(desk: Desk) -> None:
    desk.path.write_text("broken\n")
    desk.controller.show()

    desk.wait(lambda: len(desk.told) == 1)
    assert "could not be read" in desk.told[0]
    assert desk.failed == []
