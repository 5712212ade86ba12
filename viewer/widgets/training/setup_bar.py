"""The line over the settings: presets, file, and what is wrong or how long the run is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.icons import blank_icon
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font
from viewer.widgets.training.setup_sections import MARGIN_PX

if TYPE_CHECKING:
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme

BUTTON_PX = 24
SMALL_ICON_PX = 14


class Preset(NamedTuple):
    """Settings that are known to work.

    Attributes
    ----------
    key, title, description : str
    """

    key: str
    title: str
    description: str = ""


class SetupBar(QWidget):
    """Presets, load, save; beside them one sentence.

    Signals
    -------
    preset_chosen(str)
        Key of a preset.
    load_requested(), save_requested()
        Settings are to be read from or written to a file.
    preview_toggled(bool)
        A person wants the preview of the augmentation shown or hidden.
    """

    preset_chosen = pyqtSignal(str)
    preview_toggled = pyqtSignal(bool)
    load_requested = pyqtSignal()
    save_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._bad = False
        self._presets = _button("Presets", "Settings that are known to work")
        self._presets.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self._presets)
        self._menu.setToolTipsVisible(True)
        self._presets.setMenu(self._menu)
        self._load = _button("Load…", "Read all settings from a JSON file")
        self._save = _button(
            "Save…", "Write all settings to a JSON file; the command line reads it too"
        )
        self._preview = _button("Preview", "Training images before and after augmentation")
        self._preview.setCheckable(True)
        self._text = ElidedLabel("", self)
        self._build()
        self._load.clicked.connect(self.load_requested)
        self._save.clicked.connect(self.save_requested)
        self._preview.clicked.connect(self.preview_toggled)
        self.set_presets(())

    def set_presets(self, presets: Iterable[tuple[str, ...]]) -> None:
        """Offer presets as (key, title, description)."""
        self._menu.clear()
        for preset in (Preset(*entry) for entry in presets):
            action = self._menu.addAction(preset.title)
            assert action is not None
            action.setToolTip(preset.description)
            action.triggered.connect(lambda _, key=preset.key: self.preset_chosen.emit(key))
        self._presets.setEnabled(not self._menu.isEmpty())

    def set_text(self, text: str, *, problem: bool = False) -> None:
        """Say one sentence: what is wrong, or how long the run will be."""
        self._bad = problem
        self._text.set_text(text)
        self._color_text()

    def set_preview_shown(self, shown: bool) -> None:
        """Show whether the preview is shown; gives no signal."""
        self._preview.setChecked(shown)

    def text(self) -> str:
        """Return what is said."""
        return self._text.text()

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self._color_text()

    def set_icons(self, icons: IconSet, theme: Theme) -> None:
        """Give the buttons their icons."""
        for button, name in (
            (self._presets, "caret-down"),
            (self._load, "folder-open"),
            (self._save, "floppy-disk"),
            (self._preview, "image-square"),
        ):
            button.setIcon(icons.icon(name, theme))

    def _color_text(self) -> None:
        self._text.set_color(self._theme.color("warning" if self._bad else "text_muted"))

    def _build(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(MARGIN_PX - 4, 4, MARGIN_PX, 4)  # a flat button has its own 4
        layout.setSpacing(GRID_PX // 2)
        for button in (self._presets, self._load, self._save):
            layout.addWidget(button)
        layout.addSpacing(GRID_PX)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._preview)


def _button(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setFont(text_font(TextSize.SMALL))
    button.setToolTip(tip)
    button.setAccessibleName(text.removesuffix("…"))
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setIcon(blank_icon())
    button.setIconSize(QSize(SMALL_ICON_PX, SMALL_ICON_PX))
    button.setFixedSize(
        button.fontMetrics().horizontalAdvance(text) + SMALL_ICON_PX + 3 * GRID_PX, BUTTON_PX
    )
    return button
