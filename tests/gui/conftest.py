"""What tests of widgets share: one appearance, the fonts in the box, a window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from viewer.core.resources import resource_path
from viewer.widgets.style import LIGHT_MODE, Appearance
from viewer.widgets.theme import DARK, LIGHT, Theme, load_fonts
from viewer.widgets.window.main_window import MainWindow

WindowMaker = Callable[..., MainWindow]


@pytest.fixture(scope="session")
def fonts(qapp: QApplication) -> None:
    """Load the fonts in the box: text has the same width on every machine."""
    load_fonts([str(resource_path("fonts", f"Inter-{w}.otf")) for w in ("Regular", "SemiBold")])


@pytest.fixture(params=[LIGHT, DARK], ids=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> Theme:
    """Run the test in light and in dark."""
    chosen: Theme = request.param
    return chosen


@pytest.fixture
def appearance(qapp: QApplication, fonts: None) -> Iterator[Appearance]:
    """Give the application its light appearance, and its own back afterwards."""
    palette, sheet, font = qapp.palette(), qapp.styleSheet(), qapp.font()
    yield Appearance(qapp, LIGHT_MODE)
    qapp.setStyleSheet(sheet)
    qapp.setPalette(palette)
    qapp.setFont(font)


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    """Return settings in a file of this test."""
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def make_window(qtbot: QtBot, appearance: Appearance, settings: QSettings) -> Iterator[WindowMaker]:
    """Return a function that builds and shows a window: of a size, or 0 for its own."""
    kept: list[MainWindow] = []  # qtbot itself keeps none alive

    def make(width: int = 1024, height: int = 640, **options: object) -> MainWindow:
        window = MainWindow(settings, appearance, **options)  # type: ignore[arg-type]  # rows
        qtbot.addWidget(window)
        kept.append(window)
        if width:
            window.resize(width, height)
        with qtbot.waitExposed(window):
            window.show()
        return window

    yield make
    kept.clear()
