"""The bar that runs a training: start, pause, step, stop, and how far it is."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from PyQt6.QtCore import QPoint, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from viewer.widgets.focus import hand_over
from viewer.widgets.icons import ICON_PX, blank_icon
from viewer.widgets.overrides import override
from viewer.widgets.theme import GRID_PX, LIGHT, RADIUS_PX, text_font
from viewer.widgets.training.transport_live import LiveControls
from viewer.widgets.training.transport_progress import Progress, ProgressBars, ProgressText

if TYPE_CHECKING:
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme

BAR_PX = 36
BUTTON_PX = 28
MARGIN_PX = 8
TEXT_ROOM_PX = 600  # that the figures keep before the live settings get a place in the bar
NOTHING_YET = "No run yet: choose the settings and press Start."


class RunState(StrEnum):
    """What a training is doing, which decides what can be asked of it."""

    IDLE = "idle"
    PREPARING = "preparing"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHING = "finishing"
    FINISHED = "finished"


_AT_REST = frozenset({RunState.IDLE, RunState.PAUSED, RunState.FINISHED})
_ALIVE = frozenset({RunState.PREPARING, RunState.RUNNING, RunState.PAUSED})
_ADJUSTABLE = frozenset({RunState.RUNNING, RunState.PAUSED})
_MESSAGES = {
    RunState.PREPARING: "Preparing the data and the network…",
    RunState.FINISHING: "Finishing: the last step is saved…",
}

# Text, icon and tooltip of the first button.
_START = ("Start", "play", "Start a training with these settings")
_PAUSE = ("Pause", "pause", "Pause after this batch; nothing is lost")
_CONTINUE = ("Continue", "play", "Go on where it was paused")


class Transport(QWidget):
    """Buttons, progress and the live settings in one row.

    Signals
    -------
    start_requested(), pause_requested(), continue_requested()
        By the first button, which is one of the three at a time.
    batch_requested(), epoch_requested()
        One batch, or what is left of the epoch, then pause; from rest.
    stop_requested()
        End the run and keep what it has learned.
    adjusted(dict)
        Settings that are to change while it runs: see `LiveControls`.
    """

    start_requested = pyqtSignal()
    pause_requested = pyqtSignal()
    continue_requested = pyqtSignal()
    batch_requested = pyqtSignal()
    epoch_requested = pyqtSignal()
    stop_requested = pyqtSignal()
    adjusted = pyqtSignal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._icons: IconSet | None = None
        self._state = RunState.IDLE
        self._blocked = ""  # why no training can start
        self._message = ""
        self._progress: Progress | None = None
        self._main = _button("Start", "")
        self._waiting = self._main  # for the keyboard, while the bar itself has it
        self._batch = _button("", "One batch, then pause", "One batch")
        self._epoch = _button("", "To the end of the epoch, then pause", "One epoch")
        self._stop = _button("", "Stop: end the run and keep what it has learned", "Stop")
        self._bars = ProgressBars()
        self._text = ProgressText()
        self.live = LiveControls()
        self._settings = _button("", "Settings that can change while it runs", "Live settings")
        self._popover = self._build_popover()
        self._inline = False
        self._build_layout()
        self._connect_signals()
        self._show_state()

    @property
    def state(self) -> RunState:
        """What the training is doing."""
        return self._state

    def set_state(self, state: str) -> None:
        """Offer what can be asked in `state`, a RunState or the value of one."""
        self._state = RunState(state)
        self._show_state()

    def set_progress(self, progress: Progress | None) -> None:
        """Show how far it is; None for no run."""
        self._progress = progress
        self._bars.set_progress(progress)
        self._show_message()

    def set_name(self, name: str) -> None:
        """Say whose figures they are: the views show another run. Empty if they don't."""
        self._text.set_name(name)

    def set_message(self, message: str) -> None:
        """Show a sentence in place of the figures; empty for the figures."""
        self._message = message
        self._show_message()

    def set_blocked(self, reason: str) -> None:
        """Say why no training can start, which holds the buttons that would; empty if one can."""
        self._blocked = reason
        self._show_state()

    def set_live(
        self,
        lr: float,
        momentum: float | None,
        weight_decay: float,
        *,
        augmentation: bool | None,
    ) -> None:
        """Show the settings that hold now; see `LiveControls.set_values`."""
        self.live.set_values(lr, momentum, weight_decay, augmentation=augmentation)
        self._arrange()

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self._bars.set_theme(theme)
        self._text.set_theme(theme)
        self.live.set_theme(theme)
        self._popover.setStyleSheet(
            f"#transport_popover {{ background: {theme.raised};"
            f" border: 1px solid {theme.border_strong}; border-radius: {RADIUS_PX}px; }}"
        )

    def set_icons(self, icons: IconSet, theme: Theme) -> None:
        """Give the buttons their icons."""
        self._icons, self._theme = icons, theme
        for button, name in (
            (self._batch, "skip-forward"),
            (self._epoch, "fast-forward"),
            (self._stop, "stop"),
            (self._settings, "sliders-horizontal"),
        ):
            button.setIcon(icons.icon(name, theme))
        self._show_state()

    @override
    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        self._arrange()

    def _build_popover(self) -> QFrame:
        popover = QFrame(self, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        popover.setObjectName("transport_popover")
        layout = QVBoxLayout(popover)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.addWidget(self.live)
        self.live.set_column(column=True)
        return popover

    def _build_layout(self) -> None:
        self.setFixedHeight(BAR_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        texts = (_START[0], _PAUSE[0], _CONTINUE[0])
        widest = max(self._main.fontMetrics().horizontalAdvance(text) for text in texts)
        self._main.setFixedWidth(widest + ICON_PX + 3 * GRID_PX)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(MARGIN_PX, 0, MARGIN_PX, 0)
        layout.setSpacing(4)
        for button in (self._main, self._batch, self._epoch, self._stop):
            layout.addWidget(button)
        layout.addSpacing(GRID_PX)
        layout.addWidget(self._bars)
        layout.addSpacing(GRID_PX)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._settings)
        self._row = layout

    def _connect_signals(self) -> None:
        self._main.clicked.connect(self._on_main_clicked)
        self._batch.clicked.connect(self.batch_requested)
        self._epoch.clicked.connect(self.epoch_requested)
        self._stop.clicked.connect(self.stop_requested)
        self._settings.clicked.connect(self._on_settings_clicked)
        self.live.adjusted.connect(self.adjusted)

    def _on_main_clicked(self) -> None:
        if self._state is RunState.RUNNING:
            self.pause_requested.emit()
        elif self._state is RunState.PAUSED:
            self.continue_requested.emit()
        else:
            self.start_requested.emit()

    def _on_settings_clicked(self) -> None:
        self._popover.show()  # before, its style isn't known, and neither is its size
        self._popover.adjustSize()
        corner = QPoint(self._settings.width() - self._popover.width(), -self._popover.height() - 4)
        self._popover.move(self._settings.mapToGlobal(corner))

    def _show_state(self) -> None:
        state = self._state
        text, icon, tip = {RunState.RUNNING: _PAUSE, RunState.PAUSED: _CONTINUE}.get(state, _START)
        starts = state in (RunState.IDLE, RunState.FINISHED)
        blocked = starts and bool(self._blocked)
        self._main.setText(f" {text}")  # the icon leaves no room of its own
        self._main.setAccessibleName(text)
        self._main.setToolTip(self._blocked if blocked else tip)
        if self._icons is not None:
            self._main.setIcon(self._icons.icon(icon, self._theme))
        rests = state in _AT_REST and not blocked
        self._enable(self._main, enabled=rests or state is RunState.RUNNING)
        self._enable(self._batch, enabled=rests)
        self._enable(self._epoch, enabled=rests)
        self._enable(self._stop, enabled=state in _ALIVE)
        self.live.setEnabled(state in _ADJUSTABLE)
        self._enable(self._settings, enabled=state in _ADJUSTABLE)
        if starts and not self._waiting.isEnabled():
            hand_over(self, self._main)  # a run that is over can't be stopped
        self._show_live()
        self._show_message()

    def _enable(self, button: QToolButton, *, enabled: bool) -> None:
        """Let a button be pressed, or not; the keyboard waits for it in the bar meanwhile.

        On the next button, the same key would do something else: stop what was just started.
        """
        if not enabled and hand_over(button, self):
            self._waiting = button
        button.setEnabled(enabled)
        if enabled and button is self._waiting:
            hand_over(self, button)

    def _show_message(self) -> None:
        over = self._state in (RunState.IDLE, RunState.FINISHED)
        paused = self._state is RunState.PAUSED
        self._text.set_progress(self._progress, over=over, paused=paused)
        nothing = NOTHING_YET if self._progress is None else ""
        self._text.set_message(self._message or _MESSAGES.get(self._state) or nothing)

    def _show_live(self) -> None:
        """Show the live settings, or the button for them; at rest the set-up has them."""
        starts = self._state in (RunState.IDLE, RunState.FINISHED)
        self._settings.setVisible(not self._inline and not starts)
        self.live.setVisible(not self._inline or not starts)
        if self._inline or self._state not in _ADJUSTABLE:
            self._popover.hide()

    def _arrange(self) -> None:
        """Put the live settings into the bar where there is room, else into the popover."""
        self.live.set_column(column=False)
        fixed = self._main.width() + 3 * (BUTTON_PX + 4) + self._bars.width() + 5 * GRID_PX
        needed = fixed + TEXT_ROOM_PX + self.live.sizeHint().width()
        inline = self.width() >= needed
        if inline != self._inline:
            self._inline = inline
            target = self._row if inline else self._popover.layout()
            assert target is not None
            target.addWidget(self.live)
            self._show_live()
        self.live.set_column(column=not inline)


def _button(text: str, tip: str, name: str = "") -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setFont(text_font())
    button.setIcon(blank_icon())
    button.setIconSize(QSize(ICON_PX, ICON_PX))
    button.setFixedHeight(BUTTON_PX)
    if text:
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    else:
        button.setFixedWidth(BUTTON_PX + 4)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setToolTip(tip)
    button.setAccessibleName(name or text)
    return button
