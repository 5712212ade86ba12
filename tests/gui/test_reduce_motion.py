"""Less motion: chosen, kept, and honoured by what moves."""

from __future__ import annotations

from unittest.mock import MagicMock

import pytest
from PyQt6.QtCore import QSettings, Qt
from PyQt6.QtWidgets import QApplication

from tests.gui.conftest import WindowMaker
from viewer.controllers.motion import ACTION, KEY, Animated, MotionController, platform_reduces


def test_motion_is_reduced_and_the_choice_is_kept(
    make_window: WindowMaker, settings: QSettings
) -> None:
    window, item = make_window(), MagicMock(spec=Animated)
    motion = MotionController(window, settings, (item,), window)
    assert not motion.reduced and window.isAnimated()
    item.set_animated.assert_called_with(True)
    window.action_set[ACTION].trigger()
    assert motion.reduced and not window.isAnimated()
    item.set_animated.assert_called_with(False)
    assert settings.value(KEY, False, bool)
    again = MagicMock(spec=Animated)
    MotionController(window, settings, (again,), window)
    again.set_animated.assert_called_with(False)
    assert window.action_set[ACTION].isChecked()
    window.action_set[ACTION].trigger()
    item.set_animated.assert_called_with(True)
    assert not settings.value(KEY, True, bool)


@pytest.mark.parametrize(
    ("platform", "effects", "reduces"),
    [
        ("windows", False, True),
        ("windows", True, False),
        ("cocoa", False, True),
        ("xcb", False, False),  # says no whatever the desktop says
    ],
)
def test_the_platform_is_asked_where_it_tells(
    qapp: QApplication,
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
    effects: bool,
    reduces: bool,
) -> None:
    asked: list[Qt.UIEffect] = []

    def enabled(effect: Qt.UIEffect) -> bool:
        asked.append(effect)
        return effects

    monkeypatch.setattr(QApplication, "platformName", lambda: platform)
    monkeypatch.setattr(QApplication, "isEffectEnabled", enabled)
    assert platform_reduces() is reduces
    assert set(asked) <= {Qt.UIEffect.UI_General}
