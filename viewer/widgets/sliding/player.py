"""Play, pause, step, speed: how the window moves by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PyQt6.QtCore import QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QHideEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QSlider, QToolButton, QWidget
from typing_extensions import override

from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.icons import ICON_PX
from viewer.widgets.theme import GRID_PX, TextSize, text_font

if TYPE_CHECKING:
    from PyQt6.QtGui import QIcon

    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme

SPEEDS: Final = (0.5, 1, 2, 4, 8, 16, 32, 64)  # cells a second
DEFAULT_SPEED: Final = 3  # its place in SPEEDS
SLIDER_PX: Final = 96
BUTTON_PX: Final = 32
GLIDE_SHARE: Final = 0.5  # of the time for a cell: the rest of it the window stands still
GLIDE_MAX_MS: Final = 250
GLIDE_MIN_MS: Final = 30  # quicker than that, nobody sees it move

# Name, icon, text without icons, tooltip, what it asks for.
_BUTTONS = (
    ("First", "skip-back", "|<", "Back to the first cell; the map is emptied (Home)", "first"),
    ("Back", "caret-left", "<", "One cell back", "back"),
    ("Play", "play", "▶", "Slide on by itself (space bar)", "play"),
    ("Forward", "caret-right", ">", "One cell on", "forward"),
    ("Last", "skip-forward", ">|", "To the last cell; the map is filled (End)", "last"),
)


class SlidingPlayer(QWidget):
    """Buttons, the speed, and where the window is.

    Signals
    -------
    step_requested(int)
        +1 or -1, by a person or by the clock.
    end_requested(int)
        -1 for the first cell, +1 for the last.
    playing_changed(bool)
    """

    step_requested = pyqtSignal(int)
    end_requested = pyqtSignal(int)
    playing_changed = pyqtSignal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons: tuple[QIcon, QIcon] | None = None  # play, pause
        self._buttons = {
            key: _button(name, text, tip, self) for name, _, text, tip, key in _BUTTONS
        }
        self.speed = QSlider(Qt.Orientation.Horizontal, self)
        self.speed.setRange(0, len(SPEEDS) - 1)
        self.speed.setValue(DEFAULT_SPEED)
        self.speed.setPageStep(1)
        self.speed.setFixedWidth(SLIDER_PX)
        self.speed.setAccessibleName("Speed")
        self.speed.setToolTip("Cells a second")
        self._caption, self._speed_text = QLabel("Speed", self), QLabel("", self)
        self._place = ElidedLabel("", self)
        self._clock = QTimer(self)
        self._build_layout()
        self._connect_signals()
        self._on_speed_changed()

    def _build_layout(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        for button in self._buttons.values():
            layout.addWidget(button)
        layout.addSpacing(GRID_PX)
        for label in (self._caption, self._speed_text):
            label.setFont(text_font(TextSize.SMALL))
        widest = max(self._speed_text.fontMetrics().horizontalAdvance(_rate(s)) for s in SPEEDS)
        self._speed_text.setFixedWidth(widest + GRID_PX)
        layout.addWidget(self._caption)
        layout.addWidget(self.speed)
        layout.addWidget(self._speed_text)
        layout.addSpacing(GRID_PX)
        layout.addWidget(self._place, 1)

    def _connect_signals(self) -> None:
        self._buttons["first"].clicked.connect(lambda: self._end(-1))
        self._buttons["back"].clicked.connect(lambda: self._step(-1))
        self._buttons["play"].clicked.connect(self.toggle)
        self._buttons["forward"].clicked.connect(lambda: self._step(1))
        self._buttons["last"].clicked.connect(lambda: self._end(1))
        self.speed.valueChanged.connect(self._on_speed_changed)
        self._clock.timeout.connect(lambda: self.step_requested.emit(1))

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._place.set_color(theme.color("text"))
        for label in (self._caption, self._speed_text):
            palette = label.palette()
            palette.setColor(label.foregroundRole(), theme.color("text_muted"))
            label.setPalette(palette)

    def set_icons(self, icons: IconSet, theme: Theme) -> None:
        """Use icons on the buttons in place of text."""
        for name, icon, _, _, key in _BUTTONS:
            self._buttons[key].setIcon(icons.icon(icon, theme))
            self._buttons[key].setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
            self._buttons[key].setAccessibleName(name)
        self._icons = icons.icon("play", theme), icons.icon("pause", theme)
        self._show_playing()

    @property
    def playing(self) -> bool:
        """Whether the window moves by itself."""
        return self._clock.isActive()

    @property
    def glide_ms(self) -> int:
        """How long one step may be shown as a movement; 0 where it is too quick for that."""
        time = min(GLIDE_MAX_MS, int(self._clock.interval() * GLIDE_SHARE))
        return time if time >= GLIDE_MIN_MS else 0

    def set_playing(self, on: bool) -> None:
        """Start or stop."""
        if on == self.playing:
            return
        if on:
            self._clock.start()
        else:
            self._clock.stop()
        self._show_playing()
        self.playing_changed.emit(on)

    def toggle(self) -> None:
        """Start if it stands, stop if it moves."""
        self.set_playing(not self.playing)

    def set_playable(self, on: bool, *, steps: bool = True) -> None:
        """Offer playing, and stepping; neither where there is nothing to slide."""
        if not on:
            self.set_playing(False)
        for key, button in self._buttons.items():
            button.setEnabled(on if key in ("play", "last") else steps)

    def set_place(self, text: str) -> None:
        """Say where the window is."""
        self._place.set_text(text)

    def place(self) -> str:
        """Return what is said of where the window is."""
        return self._place.text()

    def button(self, key: str) -> QToolButton:
        """Return one of the buttons: first, back, play, forward, last."""
        return self._buttons[key]

    @override
    def hideEvent(self, event: QHideEvent | None) -> None:
        self.set_playing(False)  # nobody looks
        super().hideEvent(event)

    def _on_speed_changed(self) -> None:
        speed = SPEEDS[self.speed.value()]
        self._clock.setInterval(round(1000 / speed))
        self._speed_text.setText(_rate(speed))

    def _step(self, by: int) -> None:
        self.set_playing(False)
        self.step_requested.emit(by)

    def _end(self, which: int) -> None:
        self.set_playing(False)
        self.end_requested.emit(which)

    def _show_playing(self) -> None:
        button = self._buttons["play"]
        playing = self.playing
        button.setAccessibleName("Pause" if playing else "Play")
        button.setToolTip("Stand still (space bar)" if playing else _BUTTONS[2][3])
        button.setText("❚❚" if playing else "▶")
        if self._icons is not None:
            button.setIcon(self._icons[playing])


def _rate(speed: float) -> str:
    return f"{speed:g} a second"


def _button(name: str, text: str, tip: str, parent: QWidget) -> QToolButton:
    button = QToolButton(parent)
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(name)
    button.setIconSize(QSize(ICON_PX, ICON_PX))
    button.setFixedSize(BUTTON_PX, BUTTON_PX)
    return button
