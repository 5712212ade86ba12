"""How the curves are drawn is remembered."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.training_desk import Desk
from viewer.controllers.training.curves_memory import SMOOTHING_KEY, CurvesMemory
from viewer.widgets.training.curves import DEFAULT_STEPS, CurvesView, slider_steps, slider_value

USUAL = slider_steps(slider_value(DEFAULT_STEPS))  # what the slider makes of it


def shown(view: CurvesView) -> tuple[bool, int]:
    return view.log.isChecked(), slider_steps(view.smoothing.value())


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


def opened(qtbot: QtBot, settings: QSettings) -> CurvesView:
    """Return the curves as a start of the program shows them."""
    view = CurvesView()
    qtbot.addWidget(view)
    CurvesMemory(view, settings, view)
    return view


def test_what_is_changed_is_there_at_the_next_start(qtbot: QtBot, settings: QSettings) -> None:
    view = opened(qtbot, settings)
    assert shown(view) == (False, USUAL)
    view.log.toggle()
    view.smoothing.setValue(view.smoothing.maximum())
    settings.sync()
    again = QSettings(settings.fileName(), QSettings.Format.IniFormat)  # all values as text
    assert shown(opened(qtbot, again)) == (True, 1000)


@pytest.mark.parametrize("value", ["much", "0", "5000", None, [1, 2]])
def test_what_nobody_chose_is_left_out(qtbot: QtBot, settings: QSettings, value: object) -> None:
    settings.setValue(SMOOTHING_KEY, value)
    assert shown(opened(qtbot, settings)) == (False, USUAL)


def test_the_training_panel_remembers(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> None:
    for wanted in (False, True):
        desk = Desk(qapp, tmp_path, qtbot)
        desk.training.show()
        assert desk.panel.curves.log.isChecked() is wanted
        desk.panel.curves.log.setChecked(True)
        desk.close()
