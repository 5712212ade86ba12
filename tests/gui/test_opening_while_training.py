"""A network and a run that are asked for at about the same time: the later one is shown."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.few_digits import load_few
from tests.gui.training_desk import WAIT_MS, Desk
from viewer.controllers.training.dock import OPEN_KEY
from viewer.core.errors import UserError
from viewer.core.nets import opening as opening_module
from viewer.core.training.config import TrainingConfig
from viewer.core.training.loop import TrainingData
from viewer.core.training.progress import RunState

open_for_real = opening_module.open_network


class Gate:
    """Holds a thread up until it is opened."""

    def __init__(self) -> None:
        self.entered, self._leave = threading.Event(), threading.Event()

    def pass_through(self) -> None:
        self.entered.set()
        assert self._leave.wait(WAIT_MS / 1000)

    def open(self) -> None:
        self._leave.set()


class Slow(Desk):
    """The program, in which data and networks come when the test says so."""

    data: Gate
    network: Gate
    refusal: UserError | None = None

    def load(self, config: TrainingConfig) -> TrainingData:
        self.data.pass_through()
        return load_few(config)

    def open_network(self, model: str, **said: Any) -> Any:
        if model == "lenet5":
            self.network.pass_through()
            if self.refusal is not None:
                raise self.refusal
        return open_for_real(model, **said)

    def press_start(self) -> None:
        self.training.toggle_run()
        self.wait(self.data.entered.is_set)

    def ask_for_network(self) -> None:
        self.controller.networks.open("lenet5")
        self.wait(self.network.entered.is_set)

    @property
    def model(self) -> str:
        """Name of the network on screen; empty for a run's."""
        return self.controller.networks.model

    @property
    def trains(self) -> bool:
        return self.state is RunState.RUNNING and self.own_step >= 3

    @property
    def shows_run(self) -> bool:
        return self.application.services.inference.snapshot is not None


@pytest.fixture
def desk(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Slow]:
    importlib.import_module("viewer.core.engine")  # would keep the `open_network` of this test
    threads = torch.get_num_threads()
    desk = Slow(qapp, tmp_path, qtbot)
    desk.data, desk.network = Gate(), Gate()
    desk.application.services.training._load_data = desk.load
    monkeypatch.setattr(opening_module, "open_network", desk.open_network)
    yield desk
    desk.data.open()
    desk.network.open()
    desk.close()
    torch.set_num_threads(threads)


def test_a_network_asked_for_after_start_comes_and_the_run_goes_on(desk: Slow) -> None:
    desk.press_start()
    desk.ask_for_network()
    desk.data.open()
    desk.wait(lambda: desk.trains)
    assert not desk.shows_run
    desk.network.open()
    desk.wait(lambda: desk.model == "lenet5")
    begun = desk.own_step
    desk.wait(lambda: desk.own_step > begun + 10)
    assert desk.model == "lenet5" and not desk.shows_run
    assert desk.sentences == []
    desk.training.time.go_live()
    desk.wait(lambda: desk.shows_run)


def test_a_network_that_came_while_the_run_was_prepared_stays(desk: Slow) -> None:
    desk.press_start()
    desk.ask_for_network()
    desk.network.open()
    desk.wait(lambda: desk.model == "lenet5")
    desk.data.open()
    desk.wait(lambda: desk.trains)
    assert desk.model == "lenet5" and not desk.shows_run


def test_the_run_is_shown_after_all_if_the_network_can_not_be_opened(desk: Slow) -> None:
    desk.refusal = UserError("lenet5 is damaged: get it again.")
    desk.press_start()
    desk.ask_for_network()
    desk.data.open()
    desk.wait(lambda: desk.trains)
    desk.network.open()
    desk.wait(lambda: desk.shows_run)
    assert desk.sentences == ["lenet5 is damaged: get it again."]


def test_a_network_that_is_left_for_a_run_asked_for_later_is_named(desk: Slow) -> None:
    desk.ask_for_network()
    desk.press_start()
    desk.data.open()
    desk.wait(lambda: desk.shows_run)
    assert desk.sentences == [
        "lenet5 was not opened: a run was asked for meanwhile. Open it again to see it."
    ]
    desk.network.open()
    desk.wait(lambda: desk.trains and desk.model == "")
    assert desk.shows_run


def test_what_is_remembered_at_the_end_is_stored_before_any_thread_is_waited_for(
    desk: Slow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.training.show()
    stored: list[bool] = []
    shutdown = desk.application.shutdown

    def look() -> bool:
        found = tmp_path / "found.ini"  # another name: Qt shares what it has read
        found.write_bytes((tmp_path / "settings.ini").read_bytes())
        settings = QSettings(str(found), QSettings.Format.IniFormat)
        stored.append(settings.value(OPEN_KEY, False, bool))
        return shutdown()

    monkeypatch.setattr(desk.application, "shutdown", look)
    desk.close()
    assert stored == [True]
