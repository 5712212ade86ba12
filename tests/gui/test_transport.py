"""The bar that runs a training."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import pairwise
from typing import Any

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import QToolButton, QWidget
from pytestqt.qtbot import QtBot

from viewer.core.training import progress as core_progress
from viewer.core.training.config import TrainingConfig
from viewer.core.training.progress import Progress
from viewer.widgets.icons import IconSet
from viewer.widgets.switch import Switch
from viewer.widgets.theme import Theme
from viewer.widgets.training.setting_editors import NumberBox
from viewer.widgets.training.transport import NOTHING_YET, RunState, Transport
from viewer.widgets.training.transport_progress import (
    ProgressBars,
    ProgressText,
    duration_text,
    epoch_share,
    run_share,
)

QTest: Any = _QTest  # its stubs give its static methods a `self`

PROGRESS = Progress(1234, 4690, 938, 5912.3, 0.1234, 0.9712, batch_size=72)


@pytest.fixture
def bar(qtbot: QtBot, fonts: None) -> Transport:
    bar = Transport()
    qtbot.addWidget(bar)
    bar.resize(1024, 36)
    with qtbot.waitExposed(bar):
        bar.show()
    return bar


def _buttons(bar: Transport) -> dict[str, QToolButton]:
    return {button.accessibleName(): button for button in bar.findChildren(QToolButton)}


def _text(bar: Transport) -> ProgressText:
    return bar.findChildren(ProgressText)[0]


@pytest.mark.parametrize(
    ("state", "enabled"),
    [
        (RunState.IDLE, {"Start", "One batch", "One epoch"}),
        (RunState.PREPARING, {"Stop"}),
        (RunState.RUNNING, {"Pause", "Stop", "Live settings"}),
        (RunState.PAUSED, {"Continue", "One batch", "One epoch", "Stop", "Live settings"}),
        (RunState.FINISHING, set()),
        (RunState.FINISHED, {"Start", "One batch", "One epoch"}),
    ],
)
def test_the_state_decides_what_can_be_asked(
    bar: Transport, state: RunState, enabled: set[str]
) -> None:
    bar.set_state(state)
    assert bar.state is state
    assert {n for n, b in _buttons(bar).items() if b.isEnabled()} == enabled
    assert bar.live.isEnabled() == (state in (RunState.RUNNING, RunState.PAUSED))


@pytest.mark.parametrize(
    ("state", "name", "signal"),
    [
        (RunState.IDLE, "Start", "start_requested"),
        (RunState.RUNNING, "Pause", "pause_requested"),
        (RunState.PAUSED, "Continue", "continue_requested"),
        (RunState.PAUSED, "One batch", "batch_requested"),
        (RunState.PAUSED, "One epoch", "epoch_requested"),
        (RunState.RUNNING, "Stop", "stop_requested"),
    ],
)
def test_every_button_asks_for_its_own(
    qtbot: QtBot, bar: Transport, state: RunState, name: str, signal: str
) -> None:
    bar.set_state(state)
    with qtbot.waitSignal(getattr(bar, signal)):
        QTest.mouseClick(_buttons(bar)[name], Qt.MouseButton.LeftButton)


def test_a_reason_holds_the_start_and_only_that(bar: Transport) -> None:
    bar.set_blocked("Choose a data set.")
    start = _buttons(bar)["Start"]
    assert not start.isEnabled()
    assert start.toolTip() == "Choose a data set."
    bar.set_state(RunState.PAUSED)
    assert _buttons(bar)["Continue"].isEnabled()
    bar.set_state(RunState.IDLE)
    bar.set_blocked("")
    assert _buttons(bar)["Start"].isEnabled()


def test_figures_are_told_in_full(bar: Transport) -> None:
    bar.set_state(RunState.RUNNING)
    bar.set_progress(PROGRESS)
    assert _text(bar).text() == (
        "Epoch 2 of 5 · step 1,234 of 4,690 · 5,900 images/s · 0:42 left · loss 0.123 ·"
        " accuracy 97.1 %"
    )
    assert len(_text(bar).shown()) == 6
    epoch, run = bar.findChildren(ProgressBars)[0].shares()
    assert epoch == pytest.approx((1234 - 938) / 938)
    assert run == pytest.approx(1234 / 4690)


def test_the_last_step_fills_both_bars() -> None:
    last = replace(PROGRESS, step=4690)
    assert (last.epoch, epoch_share(last), run_share(last)) == (5, 1.0, 1.0)
    assert epoch_share(replace(PROGRESS, step=0)) == 0.0
    assert epoch_share(replace(PROGRESS, step=938)) == 1.0


def test_the_states_are_those_of_the_service() -> None:
    assert [s.value for s in RunState] == [s.value for s in core_progress.RunState]


def test_what_is_not_known_yet_is_a_dash(bar: Transport) -> None:
    bar.set_state(RunState.RUNNING)
    bar.set_progress(Progress(0, 4690, 938))
    assert _text(bar).text() == (
        "Epoch 1 of 5 · step 0 of 4,690 · – images/s · – left · loss – · accuracy –"
    )


def test_a_state_of_the_service_is_understood(bar: Transport) -> None:
    bar.set_state(core_progress.RunState.PAUSED)
    assert bar.state is RunState.PAUSED


def test_the_width_does_not_change_with_the_numbers(bar: Transport) -> None:
    bar.set_progress(PROGRESS)
    text = _text(bar)
    width = text.full_width()
    for changes in ({"step": 7}, {"step": 1111}, {"loss": 1.111}, {"images_per_s": 9876.0}):
        bar.set_progress(replace(PROGRESS, **changes))
        assert text.full_width() == width


@pytest.mark.parametrize(
    ("width", "missing"), [(250, "accuracy"), (400, "step"), (520, "images/s")]
)
def test_where_there_is_no_room_the_least_important_go(
    qtbot: QtBot, fonts: None, width: int, missing: str
) -> None:
    text = ProgressText()
    qtbot.addWidget(text)
    text.set_progress(PROGRESS)
    text.resize(width, 20)
    shown = " ".join(text.shown())
    assert "loss" in shown
    assert missing not in shown


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (float("inf"), "–"), (0, "0:00"), (62.4, "1:02"), (3599.6, "1:00:00")],
)
def test_times_are_minutes_and_seconds(seconds: float | None, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("state", "step", "word"),
    [
        (RunState.IDLE, 1234, "Stopped"),
        (RunState.FINISHED, 4690, "Finished"),
        (RunState.PAUSED, 1234, "Paused"),
    ],
)
def test_a_run_that_is_at_rest_has_no_speed(
    bar: Transport, state: RunState, step: int, word: str
) -> None:
    bar.set_progress(replace(PROGRESS, step=step))
    bar.set_state(RunState.RUNNING)
    assert "left" in _text(bar).text()
    bar.set_state(state)
    text = _text(bar).text()
    assert text.startswith(f"{word} · Epoch ")
    assert "left" not in text
    assert "images/s" not in text


def test_messages_stand_in_place_of_figures(bar: Transport) -> None:
    assert _text(bar).text() == NOTHING_YET
    bar.set_progress(PROGRESS)
    bar.set_state(RunState.RUNNING)
    assert _text(bar).text().startswith("Epoch 2")
    bar.set_state(RunState.FINISHING)
    assert _text(bar).text().startswith("Finishing")
    bar.set_state(RunState.RUNNING)
    bar.set_message("The loss is not finite.")
    assert _text(bar).text() == "The loss is not finite."
    bar.set_message("")
    assert _text(bar).text().startswith("Epoch 2")


def _box(bar: Transport, name: str) -> NumberBox:
    boxes = bar.live.findChildren(NumberBox)
    return next(box for box in boxes if box.accessibleName().startswith(name))


def test_live_settings_tell_a_person_s_changes_only(qtbot: QtBot, bar: Transport) -> None:
    bar.set_state(RunState.RUNNING)
    with qtbot.assertNotEmitted(bar.adjusted, wait=450):
        bar.set_live(0.004, 0.9, 0.01, augmentation=True)
    with qtbot.waitSignal(bar.adjusted) as signal:
        QTest.keyClick(_box(bar, "Learning rate"), Qt.Key.Key_Down)
    assert signal.args == [{"lr": 0.002}]
    with qtbot.waitSignal(bar.adjusted) as signal:
        QTest.keyClick(bar.live.findChildren(Switch)[0], Qt.Key.Key_Space)
    assert signal.args == [{"augmentation": False}]


@pytest.mark.parametrize(
    ("name", "field"),
    [("Learning rate", "lr"), ("Momentum", "momentum"), ("Weight decay", "weight_decay")],
)
def test_the_ranges_are_those_of_the_configuration(bar: Transport, name: str, field: str) -> None:
    limits = next(item.metadata for item in fields(TrainingConfig) if item.name == field)
    box = _box(bar, name)
    assert (box.minimum(), box.maximum()) == (limits["low"], limits["high"])


def test_a_number_is_told_once_it_is_typed(qtbot: QtBot, bar: Transport) -> None:
    bar.set_state(RunState.PAUSED)
    bar.set_live(0.004, 0.9, 0.01, augmentation=None)
    told: list[dict[str, float]] = []
    bar.adjusted.connect(told.append)
    box = _box(bar, "Weight decay")
    box.selectAll()
    QTest.keyClicks(box, "0.05")
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert told == [{"weight_decay": 0.05}]
    assert not bar.live.findChildren(Switch)[0].isEnabled()


def test_what_was_typed_is_forgotten_when_other_values_come(qtbot: QtBot, bar: Transport) -> None:
    bar.set_state(RunState.RUNNING)
    QTest.keyClick(_box(bar, "Learning rate"), Qt.Key.Key_Up)
    with qtbot.assertNotEmitted(bar.adjusted, wait=450):
        bar.set_live(0.004, None, 0.01, augmentation=True)


@pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard")
def test_live_settings_stand_in_the_bar_or_in_a_popover(qtbot: QtBot, bar: Transport) -> None:
    bar.set_state(RunState.RUNNING)
    bar.set_live(0.004, None, 0.01, augmentation=True)
    settings = _buttons(bar)["Live settings"]
    assert settings.isVisible()
    assert not bar.live.isVisible()
    bar.resize(1600, 36)
    assert bar.live.parentWidget() is bar
    assert bar.live.isVisible()
    assert not settings.isVisible()
    assert bar.rect().contains(bar.live.geometry())
    bar.set_state(RunState.FINISHED)  # the set-up has them
    assert not bar.live.isVisible()
    bar.set_state(RunState.RUNNING)
    bar.resize(1024, 36)
    assert not bar.live.isVisible()
    QTest.mouseClick(settings, Qt.MouseButton.LeftButton)
    assert bar.live.isVisible()
    bar.set_state(RunState.FINISHED)
    assert not bar.live.isVisible()


@pytest.mark.parametrize("width", [480, 1024, 1440, 1920])
def test_nothing_overlaps(bar: Transport, width: int) -> None:
    bar.set_state(RunState.RUNNING)
    bar.set_live(0.004, 0.9, 0.01, augmentation=True)
    bar.set_progress(PROGRESS)
    bar.resize(width, 36)
    children = [c for c in bar.findChildren(QWidget, options=_DIRECT) if c.isVisible()]
    places = sorted((child.geometry() for child in children), key=lambda place: place.x())
    for left, right in pairwise(places):
        assert left.right() < right.x()
    assert places[-1].right() < width


_DIRECT = Qt.FindChildOption.FindDirectChildrenOnly


def test_icons_and_colours_follow_the_theme(bar: Transport, theme: Theme) -> None:
    bar.set_theme(theme)
    bar.set_icons(IconSet(), theme)
    bar.set_progress(PROGRESS)
    image = bar.findChildren(ProgressBars)[0].grab().toImage()
    assert image.pixelColor(4, 4) == theme.color("bar")
    assert image.pixelColor(84, 4) == theme.color("border")


def test_the_keyboard_waits_for_its_button(bar: Transport, qtbot: QtBot) -> None:
    def press(name: str, *states: RunState) -> str:
        """Press a button by its key; return what has the keyboard once the states are over."""
        button = _buttons(bar)[name]
        button.setFocus()
        QTest.keyClick(button, Qt.Key.Key_Space)
        for state in states:
            bar.set_state(state)
        focused = bar.focusWidget()
        return "" if focused is None else focused.accessibleName()

    # Not Stop, which can be pressed all the while.
    assert press("Start", RunState.PREPARING, RunState.RUNNING) == "Pause"
    assert press("Pause", RunState.PAUSED) == "Continue"
    assert press("One batch", RunState.RUNNING, RunState.PAUSED) == "One batch"
    assert press("Stop", RunState.FINISHING, RunState.FINISHED) == "Start"
