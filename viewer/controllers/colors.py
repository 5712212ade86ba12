"""The colours menu: what there is to choose, and remembering the choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QSettings

from viewer.core.imaging.color_scale import available, table
from viewer.core.imaging.display import DisplaySettings, Scope
from viewer.widgets.color_menu import ColorChoice, ColorGroup

if TYPE_CHECKING:
    from viewer.controllers.views import ViewController
    from viewer.widgets.window.main_window import MainWindow

SETTINGS_PREFIX = "colors/"
SWATCH_STEPS = 16
SCOPES = {
    Scope.LAYER: "One scale a layer",
    Scope.CHANNEL: "One scale a channel",
    Scope.NETWORK: "One scale for the whole network",
}


class ColorController(QObject):
    """Offers colour maps and scopes, and gives the views what is chosen."""

    def __init__(
        self,
        window: MainWindow,
        views: ViewController,
        settings: QSettings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._views = views
        self._settings = settings
        self._restore()
        window.color_chosen.connect(self._on_color_chosen)
        # Twenty swatches take a while: they are drawn when somebody looks.
        window.color_menu.aboutToShow.connect(self._offer)

    def _restore(self) -> None:
        for key in ("sequential", "signed", "scope"):
            stored = self._settings.value(SETTINGS_PREFIX + key)
            if isinstance(stored, str):
                self._apply(key, stored)

    def _apply(self, group: str, choice: str) -> None:
        if group == "sequential" and choice in available(False):
            self._views.set_display(sequential=choice)
        elif group == "signed" and choice in available(True):
            self._views.set_display(signed=choice)
        elif group == "scope" and choice in list(Scope):
            self._views.set_display(scope=Scope(choice))

    def _offer(self) -> None:
        display = self._views.display
        dark = display.dark
        self._window.set_color_choices(
            [
                _maps("sequential", "Values from zero up", display, signed=False, dark=dark),
                _maps("signed", "Values of both signs", display, signed=True, dark=dark),
                ColorGroup(
                    "scope",
                    "Scale",
                    [ColorChoice(str(scope), text) for scope, text in SCOPES.items()],
                    str(display.scope),
                ),
            ]
        )

    def _on_color_chosen(self, group: str, choice: str) -> None:
        self._apply(group, choice)
        self._settings.setValue(SETTINGS_PREFIX + group, choice)


def _maps(
    key: str, title: str, display: DisplaySettings, *, signed: bool, dark: bool
) -> ColorGroup:
    choices = [
        ColorChoice(name, name.capitalize(), _swatch(name, signed=signed, dark=dark))
        for name in available(signed)
    ]
    return ColorGroup(key, title, choices, display.signed if signed else display.sequential)


def _swatch(name: str, *, signed: bool, dark: bool) -> tuple[str, ...]:
    lut = table(name, signed=signed, dark=dark)
    steps = [1 + round(i * 254 / (SWATCH_STEPS - 1)) for i in range(SWATCH_STEPS)]
    return tuple(f"#{int(lut[i]) & 0xFFFFFF:06x}" for i in steps)
