"""Contrast of every pair of colours, and one appearance for the application."""

from __future__ import annotations

import pytest
from PyQt6.QtGui import QColor, QFont, QFontInfo, QFontMetricsF, QGuiApplication, QPalette
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from viewer.widgets.icons import IconSet
from viewer.widgets.style import DARK_MODE, LIGHT_MODE, SYSTEM_MODE, Appearance, style_sheet
from viewer.widgets.theme import DARK, LIGHT, Theme, text_font

GROUNDS = ("window", "surface", "raised")


def luminance(color: str) -> float:
    """Relative luminance after WCAG 2.2."""
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(first: str, second: str) -> float:
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_of_the_extremes_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # by hand


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("text", ["text", "text_muted", "accent", "warning"])
def test_text_can_be_read(theme: Theme, text: str, ground: str) -> None:
    assert contrast(getattr(theme, text), getattr(theme, ground)) >= 4.5


@pytest.mark.parametrize("ground", GROUNDS)
def test_shapes_can_be_seen(theme: Theme, ground: str) -> None:
    assert contrast(theme.bar, getattr(theme, ground)) >= 3


@pytest.mark.parametrize(
    ("first", "second"), [("on_accent", "accent"), ("ink", "paper"), ("text_muted", "paper")]
)
def test_pairs_that_only_meet_each_other(theme: Theme, first: str, second: str) -> None:
    assert contrast(getattr(theme, first), getattr(theme, second)) >= 4.5


def test_text_on_a_hovered_button_can_be_read(theme: Theme) -> None:
    assert contrast(theme.text, theme.border) >= 4.5
    assert contrast(theme.text, theme.border_strong) >= 4.5  # while it is pressed


def test_the_style_sheet_names_colours_only(theme: Theme) -> None:
    sheet = style_sheet(theme)
    assert "{" in sheet
    assert theme.surface in sheet
    other = LIGHT if theme.dark else DARK
    assert other.window not in sheet


def test_numerals_all_have_one_width(fonts: None) -> None:
    metrics = QFontMetricsF(text_font())
    assert QFontInfo(text_font()).family() == "Inter"
    assert len({metrics.horizontalAdvance(digit * 8) for digit in "0123456789"}) == 1
    untouched = QFont("Inter")
    assert QFontMetricsF(untouched).horizontalAdvance("1111") < QFontMetricsF(
        untouched
    ).horizontalAdvance("0000")


def test_switching_reaches_palette_and_style_sheet(
    qtbot: QtBot, qapp: QApplication, appearance: Appearance
) -> None:
    with qtbot.waitSignal(appearance.theme_changed) as changed:
        appearance.set_mode(DARK_MODE)
    assert changed.args == [DARK]
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(DARK.window)
    assert DARK.surface in qapp.styleSheet()


def test_the_same_theme_again_is_no_change(qtbot: QtBot, appearance: Appearance) -> None:
    with qtbot.assertNotEmitted(appearance.theme_changed):
        appearance.set_mode(LIGHT_MODE)


def test_the_system_is_followed_only_in_system_mode(
    qtbot: QtBot, appearance: Appearance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.widgets.style.system_theme", lambda: DARK)
    hints = QGuiApplication.styleHints()
    assert hints is not None
    with qtbot.assertNotEmitted(appearance.theme_changed):
        hints.colorSchemeChanged.emit(hints.colorScheme())
    appearance.set_mode(SYSTEM_MODE)
    assert appearance.theme is DARK
    monkeypatch.setattr("viewer.widgets.style.system_theme", lambda: LIGHT)
    with qtbot.waitSignal(appearance.theme_changed):
        hints.colorSchemeChanged.emit(hints.colorScheme())
    assert appearance.theme is LIGHT


def test_an_unknown_mode_is_refused(appearance: Appearance) -> None:
    with pytest.raises(ValueError, match="sepia"):
        appearance.set_mode("sepia")


def test_icons_take_the_colour_of_the_theme(qtbot: QtBot, theme: Theme) -> None:
    image = IconSet().icon("folder-open", theme).pixmap(18, 18).toImage()
    inked = [
        image.pixelColor(x, y)
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).alpha() == 255
    ]
    assert inked
    assert all(abs(color.red() - QColor(theme.text).red()) <= 2 for color in inked)


def test_an_unknown_icon_is_refused(qtbot: QtBot) -> None:
    with pytest.raises(KeyError):
        IconSet().icon("no such icon", LIGHT)
