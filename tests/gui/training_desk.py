"""The program with few digits to learn from, for tests of what it does with runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.few_digits import CONFIG, few_digits, load_few
from viewer.app import Application
from viewer.controllers.main import MainController
from viewer.controllers.training.panel import TrainingController
from viewer.controllers.training.setup import CONFIG_KEY
from viewer.core.training.events import BatchFinished
from viewer.core.training.kept_steps import KeptSteps
from viewer.core.training.progress import RunState
from viewer.core.training.session import RunSession
from viewer.widgets.training.panel import TrainingPanel

WAIT_MS = 20_000
LONG = replace(CONFIG, epochs=5000)  # of which no test sees the end


class Desk:
    """The program, and what a person does with it."""

    def __init__(
        self, qapp: QApplication, folder: Path, qtbot: QtBot, run: Path | None = None
    ) -> None:
        settings = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
        settings.setValue(CONFIG_KEY, LONG.to_json())
        self.settings = settings
        self.root = folder / "runs"
        self.application = Application(qapp, settings, runs_root=self.root, run=run)
        self.application.services.training._load_data = load_few
        self.window = self.application.window
        self.qtbot = qtbot
        self.sentences: list[str] = []  # that the person was told
        self._listen()
        self._closed = False
        self.window.resize(1200, 800)
        self.application.start()
        self.application.complete()
        self.wait(lambda: self.controller.views.network is not None)

    def _listen(self) -> None:
        show, hint = self.window.show_message, self.window.show_hint

        def note(sentence: str, about: str = "") -> None:
            self.sentences.append(sentence)
            show(sentence, about)

        def note_hint(sentence: str) -> None:
            self.sentences.append(sentence)
            hint(sentence)

        self.window.show_message = note  # type: ignore[method-assign]  # connected by name
        self.window.show_hint = note_hint  # type: ignore[method-assign]  # this one, too

    @property
    def controller(self) -> MainController:
        assert self.application.controller is not None
        return self.application.controller

    @property
    def training(self) -> TrainingController:
        return self.controller.training

    @property
    def panel(self) -> TrainingPanel:
        assert self.training.panel is not None
        return self.training.panel

    @property
    def state(self) -> RunState:
        return self.application.services.training.state

    @property
    def own_step(self) -> int:
        progress = self.application.services.training.progress
        return 0 if progress is None else progress.step

    @property
    def bar_text(self) -> str:
        """What stands on the bar of the panel."""
        return self.panel.transport._text.text()

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=WAIT_MS)

    def start(self) -> None:
        """Train, without an end, and wait for some batches."""
        self.training.toggle_run()
        self.wait(lambda: self.training.run.opened is not None and self.own_step >= 3)

    def look(self) -> None:
        """Look at the run's folder now, not within a second."""
        self.training.time.look()

    def follow(self, path: Path) -> None:
        self.training.following.follow(path)
        self.wait(lambda: self.training.panel is not None and self.training.time.path == path)

    def shows(self, step: int) -> bool:
        """Return whether weights on screen and slider are of this step."""
        weights = self.controller.views.weights
        if weights is None or self.application.services.inference.snapshot is None:
            return False  # there are none, or those of a file
        return weights.step == step == self.training.time.step

    def compares(self) -> bool:
        """Return whether the views show what two steps differ in."""
        snapshot = self.application.services.inference.snapshot
        return snapshot is not None and snapshot.reference is not None

    def close(self) -> None:
        """Close the window and end all threads; again does nothing."""
        if not self._closed:
            self._closed = True
            assert self.application.close()


class Writer:
    """Something else that trains: this thread, batch by batch."""

    def __init__(self, path: Path, name: str = "Far away") -> None:
        self.path = path
        self.session = RunSession.start(path, LONG, name=name, data=few_digits())
        self._events = self.session.events()

    def train(self, batches: int) -> None:
        """Train, and write everything."""
        goal = self.session.trainer.step + batches
        for event in self._events:
            if isinstance(event, BatchFinished) and event.step == goal:
                break
        self.session._logs.flush()

    @property
    def newest(self) -> int:
        return KeptSteps(self.path).steps()[-1]

    def close(self) -> None:
        self._events.close()
        self.session.close()


def finished_run(path: Path, name: str = "Done") -> Path:
    """Train a short run to its end."""
    session = RunSession.start(path, CONFIG, name=name, data=few_digits())
    for _ in session.events():
        pass
    session.close()
    return path
