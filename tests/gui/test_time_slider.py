from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from viewer.widgets.style import Appearance
from viewer.widgets.training.time_slider import TimeMark, TimeSlider
from viewer.widgets.training.time_slider_marks import Timeline, mark_text

QTest: Any = _QTest  # its stubs give its static methods a `self`

STEPS = (0, 1, 2, 4, 8, 16, 32, 64, 100, 150, 200)
MARKS = (
    TimeMark(0, "start"),
    TimeMark(100, "epoch"),
    TimeMark(150, "change", "lr 0.1 → 0.01"),
    TimeMark(200, "epoch"),
    TimeMark(200, "best", "98.9 %"),
)


@pytest.fixture
def slider(qtbot: QtBot, appearance: Appearance) -> Iterator[TimeSlider]:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1024, 60)
    widget = TimeSlider(window)
    widget.resize(1024, 58)
    widget.set_steps(STEPS)
    widget.set_range(200)
    widget.set_marks(MARKS)
    with qtbot.waitExposed(window):
        window.show()
    yield widget
    widget.set_playing(False)


def _chosen(slider: TimeSlider) -> list[int]:
    chosen: list[int] = []
    slider.step_chosen.connect(chosen.append)
    return chosen


def _at(slider: TimeSlider, step: int) -> QPoint:
    return QPoint(round(slider.track.x_of(step)), 23)


def test_live_tells_the_step_that_is_shown_not_the_last_kept_one(slider: TimeSlider) -> None:
    slider.set_shown(217, True)
    assert slider.text().startswith("Step 217 of 217")
    slider.set_shown(100, False)
    assert slider.text().startswith("Step 100 of 200")


def test_growing_figures_do_not_move_the_slider(slider: TimeSlider) -> None:
    slider.set_storage("100 steps, 100.0 MB of 512 MB")
    QTest.qWait(0)
    width = slider.track.width()
    slider.set_storage("9 steps, 1.0 MB of 512 MB")
    QTest.qWait(0)
    assert slider.track.width() == width


def test_timeline_goes_both_ways_and_gives_the_start_room() -> None:
    line = Timeline(200, STEPS, MARKS)
    assert line.step_at(line.share(50)) == pytest.approx(50)
    assert line.share(50) == pytest.approx(0.5)
    assert all(line.nearest(line.share(step)) == step for step in STEPS)
    assert [line.neighbour(5, by) for by in (-1, 1)] == [4, 8]
    assert [line.neighbour(8, by) for by in (-1, 1)] == [4, 16]
    assert (line.neighbour(0, -1), line.neighbour(200, 1)) == (0, 200)
    assert [line.next_mark(s, 1) for s in (0, 100, 120, 200)] == [100, 150, 150, 200]
    assert [line.next_mark(s, -1) for s in (0, 120, 200)] == [0, 100, 150]
    assert Timeline().nearest(0.5) is None


def test_a_branch_has_the_whole_line() -> None:
    line = Timeline(1160, tuple(range(1123, 1161)), first=1123)
    assert (line.share(1123), line.share(1160)) == (0.0, 1.0)
    assert line.step_at(line.share(1140)) == pytest.approx(1140)
    assert all(line.nearest(line.share(step)) == step for step in line.steps)


def test_the_slider_begins_where_the_run_does(slider: TimeSlider) -> None:
    slider.clear()
    slider.set_steps((1123, 1130, 1160))
    slider.set_range(1160, 1123)
    assert slider.track.x_of(1160) - slider.track.x_of(1123) == slider.track.width() - 20
    slider.clear()
    assert slider.track.timeline.first == 0 or not slider.track.timeline.steps


def test_the_step_is_read_whole_in_a_narrow_window(slider: TimeSlider) -> None:
    slider.set_storage("100 steps, 100.0 MB of 512 MB")
    slider.set_range(98_765)
    slider.set_marks(tuple(TimeMark(step, "epoch") for step in (10, 50)))
    slider.resize(640, 58)
    slider.set_shown(98_765, live=True)
    QTest.qWait(0)
    assert slider._text.shown_text() == "Step 98,765 of 98,765"
    assert slider._text.toolTip() == slider.text() == "Step 98,765 of 98,765 · epoch 3"
    assert slider.track.width() >= slider.track.minimumSizeHint().width()
    assert slider.minimumSizeHint().width() < 500  # of the window, though, it keeps none wide


def test_while_something_else_is_on_screen_no_step_is_shown(slider: TimeSlider) -> None:
    def accent_at(step: int) -> bool:
        here = slider.track.grab().toImage().pixelColor(_at(slider, step))
        return here.rgb() == slider._theme.color("accent").rgb()

    slider.set_shown(200, live=True)
    assert accent_at(200)
    slider.set_away()
    assert slider.text() == "Not on screen"
    assert not slider.live.isChecked() and slider.live.isEnabled()
    assert not accent_at(200)
    chosen = _chosen(slider)
    QTest.mouseClick(slider.track, Qt.MouseButton.LeftButton, pos=_at(slider, 64))
    assert chosen == [64] and accent_at(64)
    assert slider.text().startswith("Step 64")


def test_epoch_of_a_step() -> None:
    line = Timeline(250, STEPS, MARKS)
    assert [line.epoch(step) for step in (0, 100, 101, 200, 201)] == [1, 1, 2, 2, 3]
    assert Timeline(200, STEPS, MARKS).epoch(200) == 2
    assert Timeline(9).epoch(3) is None


def test_text(slider: TimeSlider) -> None:
    slider.set_shown(150, live=False)
    assert slider.text() == "Step 150 of 200 · epoch 2"
    slider.set_range(4690)
    slider.set_shown(4690, live=True)
    assert slider.text().startswith("Step 4,690 of 4,690")
    assert slider.live.isChecked()


def test_without_steps_nothing_can_be_pressed(slider: TimeSlider) -> None:
    slider.clear()
    assert slider.text() == "No steps are kept yet"
    assert not slider.track.isEnabled() and not slider.play.isEnabled()


def test_the_keyboard_waits_for_the_next_run(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    other, slider = QPushButton("Other"), TimeSlider()
    layout.addWidget(other)
    layout.addWidget(slider)
    slider.set_steps((0, 5))
    window.show()
    slider.track.setFocus()
    slider.clear()
    assert window.focusWidget() is slider  # and on no button that a key would press
    slider.set_steps((0, 3))
    assert window.focusWidget() is slider.track
    slider.clear()
    other.setFocus()
    slider.set_steps((0, 3))
    assert window.focusWidget() is other


def test_drag_chooses_kept_steps_only(slider: TimeSlider) -> None:
    chosen = _chosen(slider)
    track = slider.track
    QTest.mousePress(track, Qt.MouseButton.LeftButton, pos=_at(slider, 64))
    QTest.mouseMove(track, _at(slider, 64) + QPoint(2, 0))
    QTest.mouseMove(track, _at(slider, 100))
    QTest.mouseRelease(track, Qt.MouseButton.LeftButton, pos=_at(slider, 100))
    assert chosen == [64, 100]
    assert slider.step() == 100 and not slider.live.isChecked()


def test_shown_step_moves_nothing_under_the_hand(slider: TimeSlider) -> None:
    QTest.mousePress(slider.track, Qt.MouseButton.LeftButton, pos=_at(slider, 64))
    slider.set_shown(4, live=False)
    assert slider.step() == 64
    QTest.mouseRelease(slider.track, Qt.MouseButton.LeftButton, pos=_at(slider, 64))
    slider.set_shown(4, live=False)
    assert slider.step() == 4


def test_keys(slider: TimeSlider) -> None:
    slider.set_shown(8, live=False)
    chosen = _chosen(slider)
    for key in ("Key_Right", "Key_Left", "Key_Left", "Key_PageDown", "Key_End", "Key_PageUp"):
        QTest.keyClick(slider.track, getattr(Qt.Key, key))
    QTest.keyClick(slider.track, Qt.Key.Key_Home)
    assert chosen == [16, 8, 4, 100, 200, 150, 0]
    QTest.keyClick(slider.track, Qt.Key.Key_Home)
    assert len(chosen) == 7


def test_live_is_asked_for(qtbot: QtBot, slider: TimeSlider) -> None:
    slider.set_shown(8, live=False)
    with qtbot.waitSignal(slider.live_requested):
        slider.live.click()
    slider.set_range(300)
    assert slider.text().startswith("Step 300 of 300")


def test_film_waits_until_a_step_is_shown(qtbot: QtBot, slider: TimeSlider) -> None:
    chosen = _chosen(slider)
    slider.set_shown(64, live=False)
    slider.speed.setCurrentIndex(2)
    with qtbot.waitSignal(slider.step_chosen):
        QTest.keyClick(slider.track, Qt.Key.Key_Space)
    assert chosen == [100]
    for _ in range(3):
        slider._film.timeout.emit()  # frames fall due, but 100 isn't on screen yet
    assert chosen == [100]
    with qtbot.waitSignal(slider.step_chosen):
        slider.set_shown(100, live=False)
    assert chosen == [100, 150]
    slider.set_shown(64, live=False)  # late: not what is waited for
    slider._film.timeout.emit()
    assert chosen == [100, 150]
    with qtbot.waitSignal(slider.step_chosen):
        slider.set_shown(150, live=False)
    with qtbot.waitSignal(slider.play_toggled) as ended:
        slider.set_shown(200, live=False)
    assert ended.args == [False] and not slider.playing


def test_film_begins_again_at_the_end(slider: TimeSlider) -> None:
    chosen = _chosen(slider)
    slider.set_shown(200, live=True)
    slider.set_playing(True)
    assert chosen == [0]
    QTest.mouseClick(slider.track, Qt.MouseButton.LeftButton, pos=_at(slider, 64))
    assert not slider.playing and chosen == [0, 64]


def test_compare(slider: TimeSlider) -> None:
    asked: list[int | None] = []
    slider.compare_requested.connect(asked.append)
    slider.set_shown(64, live=False)
    slider.compare.click()
    shift = Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(slider.track, Qt.Key.Key_Right, shift)
    QTest.mouseClick(slider.track, Qt.MouseButton.LeftButton, shift, _at(slider, 32))
    QTest.mousePress(slider.track, Qt.MouseButton.LeftButton, pos=_at(slider, 32))
    QTest.mouseMove(slider.track, _at(slider, 16))
    QTest.mouseRelease(slider.track, Qt.MouseButton.LeftButton, pos=_at(slider, 16))
    assert slider.text().endswith("compared with step 16")
    slider.compare.click()
    assert asked == [0, 1, 32, 16, None]
    assert slider.step() == 64


def test_marks_say_what_they_are(slider: TimeSlider) -> None:
    assert "lr 0.1 → 0.01" in slider.track.tip_at(slider.track.x_of(150))
    assert "98.9 %" in slider.track.tip_at(slider.track.x_of(200))
    assert "epoch 1" in slider.track.tip_at(slider.track.x_of(100))
    assert "Kept step 16" in slider.track.tip_at(slider.track.x_of(16))
    assert "Start" in mark_text(MARKS[0], 0)


def test_crowded_epochs_give_way_to_the_others(slider: TimeSlider) -> None:
    many = tuple(TimeMark(step, "epoch") for step in range(1, 201))
    slider.set_marks((*many, TimeMark(150, "change")))
    shown = slider.track.shown_marks()
    assert TimeMark(150, "change") in shown
    places = sorted(slider.track.x_of(mark.step) for mark in shown)
    assert min(b - a for a, b in pairwise(places)) >= 9


def test_storage_leads_to_its_bound(qtbot: QtBot, slider: TimeSlider) -> None:
    slider.set_storage("61 steps, 14.2 MB of 512 MB")
    with qtbot.waitSignal(slider.limit_requested):
        slider.storage.click()
