"""Less motion on screen: as the desktop asks for, or as the person chose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PyQt6.QtCore import QObject, QSettings, Qt
from PyQt6.QtWidgets import QApplication

if TYPE_CHECKING:
    from viewer.widgets.window.main_window import MainWindow

KEY = "appearance/reduce_motion"
ACTION = "reduce_motion"
# Where the platform tells Qt whether effects are wanted; elsewhere Qt always says no.
TELLING = ("windows", "cocoa")
_EFFECTS = (
    Qt.UIEffect.UI_AnimateMenu,
    Qt.UIEffect.UI_FadeMenu,
    Qt.UIEffect.UI_AnimateCombo,
    Qt.UIEffect.UI_AnimateTooltip,
    Qt.UIEffect.UI_FadeTooltip,
    Qt.UIEffect.UI_AnimateToolBox,
)


class Animated(Protocol):
    """What can move, or jump."""

    def set_animated(self, on: bool, /) -> None:
        """Let it move, or jump."""


class MotionController(QObject):
    """Keeps the choice, and tells it to what moves: sliding windows, docks, menus, tooltips.

    Parameters
    ----------
    window : MainWindow
    settings : QSettings
    animated : tuple of Animated
    """

    def __init__(
        self,
        window: MainWindow,
        settings: QSettings,
        animated: tuple[Animated, ...],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._settings = settings
        self._animated = animated
        self._effects = tuple(e for e in _EFFECTS if QApplication.isEffectEnabled(e))
        self.reduced = settings.value(KEY, platform_reduces(), bool)
        window.action_set.set_checked(ACTION, self.reduced)
        window.action_toggled.connect(self._on_action_toggled)
        self._apply()

    def _on_action_toggled(self, name: str, on: bool) -> None:
        if name == ACTION:
            self.reduced = on
            self._settings.setValue(KEY, on)
            self._apply()

    def _apply(self) -> None:
        moves = not self.reduced
        self._window.setAnimated(moves)  # docks that give way to another
        for effect in self._effects:
            QApplication.setEffectEnabled(effect, moves)
        for item in self._animated:
            item.set_animated(moves)


def platform_reduces() -> bool:
    """Return whether the platform says that animations are not wanted."""
    told = QApplication.platformName() in TELLING
    return told and not QApplication.isEffectEnabled(Qt.UIEffect.UI_General)
