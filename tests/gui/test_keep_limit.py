"""The bound of the kept steps: chosen, remembered, obeyed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication, QDialogButtonBox
from pytestqt.qtbot import QtBot

from tests.gui.training_desk import Desk
from viewer.controllers.training.keep_limit import DEFAULT_MB, LIMIT_KEY, KeepLimitController
from viewer.controllers.training.time_machine import TimeMachine
from viewer.core.training.progress import RunState
from viewer.services.training import TrainingService
from viewer.widgets.training.keep_limit_dialog import MAX_MB, KeepLimitDialog
from viewer.widgets.training.time_slider import TimeSlider


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def desk(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(qapp, tmp_path, qtbot)
    yield desk
    desk.close()


def ask(desk: Desk) -> KeepLimitDialog:
    desk.panel.time.storage.click()
    dialog: KeepLimitDialog = desk.window.findChildren(KeepLimitDialog)[-1]
    return dialog


def press(dialog: KeepLimitDialog, which: QDialogButtonBox.StandardButton) -> None:
    box = dialog.findChild(QDialogButtonBox)
    assert box is not None
    button = box.button(which)
    assert button is not None
    button.click()


def limit_bytes(desk: Desk) -> int:
    session = desk.application.services.training._session
    return 0 if session is None else session.kept.limit_bytes


def test_a_bound_holds_for_the_run_at_hand_and_the_next(desk: Desk) -> None:
    desk.start()
    assert limit_bytes(desk) == DEFAULT_MB * 1_000_000
    desk.wait(lambda: desk.panel.time.storage.text().endswith(" MB of 512 MB"))
    dialog = ask(desk)
    assert dialog.room.value() == DEFAULT_MB
    dialog.room.setValue(2000)
    press(dialog, QDialogButtonBox.StandardButton.Ok)
    desk.wait(lambda: limit_bytes(desk) == 2_000_000_000)
    assert desk.panel.time.storage.text().endswith(" of 2,000 MB")
    assert desk.settings.value(LIMIT_KEY, type=int) == 2000

    desk.training.run._service.stop()
    desk.wait(lambda: desk.state is RunState.IDLE)
    assert limit_bytes(desk) == 0
    desk.training.toggle_run()
    desk.wait(lambda: limit_bytes(desk) == 2_000_000_000)


def test_a_smaller_bound_drops_steps_at_once(desk: Desk) -> None:
    desk.start()
    desk.wait(lambda: len(desk.training.time.kept) > 20)
    service = desk.application.services.training
    service.pause()
    service.set_keep_limit(600_000)  # of some 90 kB each
    desk.look()

    desk.wait(lambda: 0 < len(desk.training.time.kept) < 10)


def test_cancelled_changes_nothing(desk: Desk) -> None:
    desk.training.show()
    desk.panel.time.set_storage("1 step")
    dialog = ask(desk)
    dialog.room.setValue(7)
    press(dialog, QDialogButtonBox.StandardButton.Cancel)

    assert desk.training.keep_limit.limit_mb == DEFAULT_MB
    assert not desk.settings.contains(LIMIT_KEY)


@pytest.mark.parametrize(
    ("stored", "wanted"),
    [("64", 64), ("none", DEFAULT_MB), ("0", DEFAULT_MB), (str(MAX_MB + 1), DEFAULT_MB)],
)
def test_what_was_chosen_is_taken_up_again(
    qtbot: QtBot, settings: QSettings, stored: str, wanted: int
) -> None:
    class Time:
        limit = 0

        def set_limit(self, limit_bytes: int) -> None:
            self.limit = limit_bytes

    slider, time = TimeSlider(), Time()
    qtbot.addWidget(slider)
    settings.setValue(LIMIT_KEY, stored)
    training = TrainingService(lambda _snapshot: None)
    machine: TimeMachine = time  # type: ignore[assignment]  # all that is asked of it
    controller = KeepLimitController(slider, machine, training, settings, slider)

    assert controller.limit_mb == wanted
    assert time.limit == wanted * 1_000_000
