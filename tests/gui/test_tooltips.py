"""Every control of every dock says what it does when the pointer rests on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QScrollBar,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tests.few_digits import load_few
from viewer.app import Application
from viewer.controllers.lessons import learning
from viewer.controllers.main import MainController
from viewer.widgets.training.panel import SETUP
from viewer.widgets.window.docks import Dock

WAIT_MS = 30_000
CONTROLS = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit)
ACTIONS = (
    "lab", "sliding", "trace", "exciting", "lessons", "glossary", "browse_mnist", "pinned",
    "my_drawings", "training", "find",
)  # fmt: skip
PAGES = (SETUP, "Curves", "Layers", "Runs", "Evaluation", "Dense and convolutional")


@pytest.fixture
def application(
    qtbot: QtBot,
    qapp: QApplication,
    tmp_path: Path,
    fonts: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Application]:
    monkeypatch.setattr(learning, "own_folder", lambda: tmp_path / "lessons")
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    application = Application(qapp, settings, runs_root=tmp_path / "runs")
    application.services.training._load_data = load_few
    application.window.resize(1440, 900)
    application.start()
    application.complete()
    qtbot.waitUntil(lambda: main_of(application).is_shown, timeout=WAIT_MS)
    yield application
    assert application.close()


def main_of(application: Application) -> MainController:
    assert application.controller is not None
    return application.controller


def is_qts_own(widget: QWidget) -> bool:
    """Return whether Qt made it, inside of a field, a scroll area or tabs that don't fit."""
    parent = widget.parentWidget()
    return (
        widget.objectName().startswith("qt_")
        or isinstance(widget, QScrollBar)
        or isinstance(parent, QTabBar | QLineEdit | QAbstractSpinBox | QComboBox)
    )


def silent(root: QWidget) -> list[str]:
    """Return what stands in sight and has no tooltip, or no name for a screen reader."""
    QApplication.processEvents()
    found = []
    for widget in root.findChildren(QWidget):
        if not isinstance(widget, CONTROLS) or is_qts_own(widget) or not widget.isVisible():
            continue
        text = widget.text() if isinstance(widget, QAbstractButton) else ""
        name = widget.accessibleName() or text
        if not widget.toolTip() or not name:
            parent = widget.parentWidget()
            found.append(f"{type(widget).__name__} {name!r} in {type(parent).__name__}")
    return found


def test_every_control_of_every_dock_has_a_tooltip_and_a_name(application: Application) -> None:
    main, window = main_of(application), application.window
    assert silent(window) == []
    for name in ACTIONS:
        before = {dock.objectName() for dock in window.findChildren(Dock) if dock.isVisible()}
        window.action_set[name].trigger()
        after = {dock.objectName() for dock in window.findChildren(Dock) if dock.isVisible()}
        assert name == "find" or after - before, f"{name} shows no dock"
        assert silent(window) == [], name
    assert main.sliding.view is not None
    main.sliding.show()
    main.sliding.view.chooser.predict.click()
    assert silent(window) == []
    panel = main.training.panel
    assert panel is not None
    for page in PAGES:
        panel.show_page(page)
        assert silent(window) == [], page


@pytest.mark.parametrize("key", ["filter", "image", "edges"])  # a number, several, a choice
def test_every_control_of_a_lesson_has_a_tooltip_and_a_name(
    application: Application, qtbot: QtBot, key: str
) -> None:
    lessons = main_of(application).learning.lessons
    lessons.show()
    lessons.begin(key)
    assert lessons.lesson is not None and lessons.panel is not None
    for _ in range(len(lessons.lesson.steps) - 1):
        qtbot.waitUntil(lambda: lessons.is_ready, timeout=WAIT_MS)
        assert silent(lessons.panel) == []
        lessons.next()
    lessons.leave()
