"""Colours, sizes and fonts of the window: the one place that names them.

Named tuples here and in the other modules of the first window, where elsewhere there are
frozen dataclasses: ``import dataclasses`` alone takes 6 ms, a tenth of the time to the
first paint.
"""

from __future__ import annotations

from typing import NamedTuple

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette

FONT_FAMILY = "Inter"

GRID_PX = 8
RADIUS_PX = 6


class Theme(NamedTuple):
    """Tokens of one appearance; every colour as ``#rrggbb``.

    Text colours have a contrast of at least 4.5:1 on `window`, `surface` and `raised`.
    `accent` means selection and nothing else; `bar` is a filled shape, 3:1 on all three.
    `ink` on `paper` is the drawing pad.
    """

    dark: bool
    window: str
    surface: str
    raised: str
    border: str
    border_strong: str
    text: str
    text_muted: str
    accent: str
    on_accent: str
    warning: str
    bar: str
    ink: str
    paper: str

    def color(self, token: str) -> QColor:
        """Return the token called `token` as a QColor."""
        return QColor(getattr(self, token))


LIGHT = Theme(
    dark=False,
    window="#f3f4f5",
    surface="#ffffff",
    raised="#f8f9f9",
    border="#dfe1e4",
    border_strong="#b7bcc2",
    text="#1b1e22",
    text_muted="#5b626b",
    accent="#0b6bcb",
    on_accent="#ffffff",
    warning="#9a4b00",
    bar="#858d97",
    ink="#1b1e22",
    paper="#ffffff",
)

DARK = Theme(
    dark=True,
    window="#16181b",
    surface="#1e2124",
    raised="#26292d",
    border="#33373c",
    border_strong="#555b63",
    text="#eceef0",
    text_muted="#a3abb4",
    accent="#5aa9f8",
    on_accent="#0d1720",
    warning="#f0a35c",
    bar="#7b848e",
    ink="#eceef0",
    paper="#0f1113",
)


class TextSize:
    """The three text sizes, in points at the normal scale."""

    SMALL = 9.0
    BODY = 10.0
    TITLE = 13.0


def system_theme() -> Theme:
    """Return the theme that the desktop asks for; light where it doesn't say."""
    hints = QGuiApplication.styleHints()
    dark = hints is not None and hints.colorScheme() == Qt.ColorScheme.Dark
    return DARK if dark else LIGHT


def text_font(size_pt: float = TextSize.BODY, *, bold: bool = False) -> QFont:
    """Return the interface font with tabular numerals.

    Parameters
    ----------
    size_pt : float
        One of `TextSize`.
    bold : bool
        Semi-bold instead of regular.
    """
    font = QFont(FONT_FAMILY)
    font.setPointSizeF(size_pt)
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def load_fonts(paths: list[str]) -> None:
    """Add the font files in the box to the application's fonts."""
    for path in paths:
        QFontDatabase.addApplicationFont(path)


def palette(theme: Theme) -> QPalette:
    """Return the Qt palette that carries `theme` into every stock widget."""
    result = QPalette()
    role = QPalette.ColorRole
    for target, token in (
        (role.Window, "window"),
        (role.WindowText, "text"),
        (role.Base, "surface"),
        (role.AlternateBase, "raised"),
        (role.ToolTipBase, "raised"),
        (role.ToolTipText, "text"),
        (role.Text, "text"),
        (role.Button, "raised"),
        (role.ButtonText, "text"),
        (role.Highlight, "accent"),
        (role.HighlightedText, "on_accent"),
        (role.PlaceholderText, "text_muted"),
        (role.Link, "accent"),
        (role.Mid, "border"),
        (role.Dark, "border_strong"),
        (role.Accent, "accent"),
    ):
        result.setColor(target, theme.color(token))
    muted = theme.color("text_muted")
    muted.setAlpha(150)
    for target in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, target, muted)
    return result
