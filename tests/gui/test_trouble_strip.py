"""The strip that says what goes wrong in a training."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from viewer.widgets.style import Appearance
from viewer.widgets.training.trouble_strip import TroubleStrip

SENTENCE = (
    "The validation loss has risen from 1.6 to 4.16 in 12 epochs while the training loss fell: "
    "the network learns its images by heart."
)
REMEDY = "Go back to the best epoch and vary the images (turn, shift, scale)"


class Desk:
    """A strip between two lines of text."""

    def __init__(self, qtbot: QtBot) -> None:
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.first, self.strip, self.last = QLineEdit(), TroubleStrip(), QLineEdit()
        layout = QVBoxLayout(self.window)
        for widget in (self.first, self.strip, self.last):
            layout.addWidget(widget)
        self.window.resize(740, 300)
        with qtbot.waitExposed(self.window):
            self.window.show()


@pytest.fixture
def desk(qtbot: QtBot, appearance: Appearance) -> Desk:
    return Desk(qtbot)


@pytest.mark.parametrize("end", ["dismiss", "clear"])
def test_the_keyboard_goes_back_to_where_it_was(qtbot: QtBot, desk: Desk, end: str) -> None:
    desk.last.setFocus()
    desk.strip.show_trouble(SENTENCE, REMEDY)
    desk.strip.dismiss.setFocus()
    qtbot.waitUntil(desk.strip.dismiss.hasFocus)
    if end == "dismiss":
        QTest.keyClick(desk.strip.dismiss, Qt.Key.Key_Space)  # type: ignore[call-overload]  # the stub has a self too many
    else:
        desk.strip.clear()

    assert desk.strip.text == ""
    qtbot.waitUntil(desk.last.hasFocus)


def test_the_keyboard_is_left_alone_where_the_strip_has_it_not(qtbot: QtBot, desk: Desk) -> None:
    desk.strip.show_trouble(SENTENCE, REMEDY)
    desk.first.setFocus()
    desk.strip.dismiss.click()
    qtbot.waitUntil(desk.first.hasFocus)


def test_what_undoes_gets_the_keyboard_of_what_was_done(qtbot: QtBot, desk: Desk) -> None:
    desk.strip.show_trouble(SENTENCE, REMEDY)
    desk.strip.remedy.setFocus()
    qtbot.waitUntil(desk.strip.remedy.hasFocus)
    desk.strip.show_applied("Done.")
    qtbot.waitUntil(desk.strip.undo.hasFocus)


@pytest.mark.parametrize("width", [360, 740, 1400])
def test_a_sentence_is_whole_at_any_width(qtbot: QtBot, desk: Desk, width: int) -> None:
    wanted: list[int] = []
    desk.strip.room_wanted.connect(wanted.append)
    desk.window.resize(width, 400)
    desk.strip.show_trouble(SENTENCE, REMEDY)
    label = desk.strip._text

    def is_laid_out() -> bool:
        below = desk.strip.dismiss.y() >= label.geometry().bottom()
        return below == (width < 1000) and label.height() >= label.heightForWidth(label.width())

    qtbot.waitUntil(is_laid_out)
    assert label.geometry().right() < desk.strip.width()
    assert wanted[-1] >= label.heightForWidth(label.width())
    desk.strip.clear()
    assert wanted[-1] == 0


def test_a_short_sentence_has_its_buttons_beside_it(qtbot: QtBot, desk: Desk) -> None:
    desk.strip.show_trouble("Far away: its process ended at step 9.", "Continue here")
    qtbot.waitUntil(lambda: desk.strip.dismiss.width() > 0)
    assert desk.strip.dismiss.y() < desk.strip._text.geometry().bottom()
