"""One appearance for the whole application: Fusion, a palette and a few quiet rules."""

from __future__ import annotations

from typing import Final

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QApplication

from viewer.widgets.theme import (
    DARK,
    GRID_PX,
    LIGHT,
    RADIUS_PX,
    TextSize,
    Theme,
    palette,
    system_theme,
    text_font,
)

SYSTEM_MODE: Final = "system"
LIGHT_MODE: Final = "light"
DARK_MODE: Final = "dark"
MODES: Final = (SYSTEM_MODE, LIGHT_MODE, DARK_MODE)

DOCK_SEPARATOR_PX = 5  # thin enough to be quiet, wide enough to be grabbed

# Only what a palette can't say. Rules for a class that Fusion paints well (menus, combo
# boxes, check boxes, sliders) would replace Fusion's painting altogether.
_RULES = """
QToolBar {{ background: {window}; border: 0; border-bottom: 1px solid {border};
            padding: 4px {grid}px; spacing: 4px; }}
QToolBar::separator {{ background: {border}; width: 1px; margin: 6px 4px; }}
QStatusBar {{ background: {window}; border-top: 1px solid {border}; }}
QStatusBar::item {{ border: 0; }}
QMenuBar {{ background: {window}; border: 0; }}
QMainWindow::separator {{ background: {window}; width: {separator}px; height: {separator}px; }}
QMainWindow::separator:hover {{ background: {border_strong}; }}
QScrollArea {{ background: {surface}; border: 0; }}
#dock_page {{ background: {surface}; }}
QLabel#dock_page {{ color: {text_muted}; }}
QDockWidget > QWidget#dock_page {{ background: {surface}; }}
QToolButton {{ background: transparent; border: 1px solid transparent;
               border-radius: {radius}px; color: {text}; padding: 0 4px; }}
QToolButton:hover {{ background: {border}; }}
QToolButton:pressed {{ background: {border_strong}; }}
QToolButton:checked {{ background: {border}; border-color: {text_muted}; }}
QToolButton:focus {{ border-color: {text}; }}
QToolButton:disabled {{ color: {text_muted}; }}
QToolButton::menu-indicator {{ image: none; width: 0; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QToolTip {{ background: {raised}; color: {text}; border: 1px solid {border_strong};
            padding: 4px; }}
#dock_title {{ background: {surface}; border: 0; }}
#dock_title QLabel, #muted {{ color: {text_muted}; }}
#network_caption {{ background: {window}; border: 0; }}
#placeholder {{ background: {window}; color: {text_muted}; }}
#message_strip {{ background: {raised}; border: 1px solid {border_strong};
                  border-left: 4px solid {warning}; border-radius: {radius}px; }}
#caption_notice {{ background: {raised}; border: 1px solid {border_strong};
                   border-radius: {radius}px; }}
#notice_button {{ border-color: {border_strong}; }}
#flow_search {{ background: {raised}; border: 1px solid {border_strong};
                border-radius: {radius}px; }}
#drop_hint {{ background: {raised}; color: {text}; border: 2px dashed {text_muted};
              border-radius: {radius}px; }}
"""


def style_sheet(theme: Theme) -> str:
    """Return the style sheet of `theme`."""
    colors = {token: getattr(theme, token) for token in theme._fields}
    return _RULES.format(grid=GRID_PX, radius=RADIUS_PX, separator=DOCK_SEPARATOR_PX, **colors)


class Appearance(QObject):
    """What the application looks like: as the desktop asks, or light, or dark.

    Attributes
    ----------
    mode : str
        One of `MODES`.
    theme : Theme
        The one in force.

    Signals
    -------
    theme_changed(Theme)
        Another theme is in force; palette and style sheet are already set.
    """

    theme_changed = pyqtSignal(object)

    def __init__(self, application: QApplication, mode: str = SYSTEM_MODE) -> None:
        super().__init__()
        self._application = application
        self.mode = mode if mode in MODES else SYSTEM_MODE
        self.theme = self._wanted()
        application.setStyle("Fusion")
        application.setFont(text_font(TextSize.BODY))
        self._apply()
        hints = QGuiApplication.styleHints()
        if hints is not None:
            hints.colorSchemeChanged.connect(self.on_system_scheme_changed)

    def set_mode(self, mode: str) -> None:
        """Take another of `MODES`.

        Raises
        ------
        ValueError
            If there is no such mode.
        """
        if mode not in MODES:
            raise ValueError(mode)
        self.mode = mode
        self._refresh()

    def on_system_scheme_changed(self) -> None:
        """Follow the desktop, where it is followed at all."""
        self._refresh()

    def _refresh(self) -> None:
        wanted = self._wanted()
        if wanted is self.theme:
            return
        self.theme = wanted
        self._apply()
        self.theme_changed.emit(wanted)

    def _wanted(self) -> Theme:
        if self.mode == SYSTEM_MODE:
            return system_theme()
        return DARK if self.mode == DARK_MODE else LIGHT

    def _apply(self) -> None:
        self._application.setPalette(palette(self.theme))
        self._application.setStyleSheet(style_sheet(self.theme))
