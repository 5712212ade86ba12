"""The time machine's controls: which step is shown, the film, the step to compare with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QToolButton, QWidget

from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.focus import hand_over
from viewer.widgets.icons import ICON_PX, blank_icon
from viewer.widgets.overrides import override
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font
from viewer.widgets.training.time_slider_marks import MarkKind, Timeline, TimeMark
from viewer.widgets.training.time_slider_track import TimeTrack

if TYPE_CHECKING:
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme

__all__ = ["MarkKind", "TimeMark", "TimeSlider"]

TRACK_STRETCH = 3  # times the room of the text beside it
FRAME_MS = 160  # of the film at normal speed
SPEEDS = (1, 2, 4)
WIDEST_TEXT = "Step 00,000 of 00,000 · epoch 00"
WIDE_PX = 900  # from there on the text gets what it needs; below, the slider needs it more
NARROW_TEXT = "Step 00,000 of 00,000"  # what the text gets there
SEPARATOR = " · "  # of its parts, of which the last give way whole
EMPTY_TEXT = "No steps are kept yet"
AWAY_TEXT = "Not on screen"
PLAY_TIP = "Play the steps as a film (Space)"
PAUSE_TIP = "Stop the film (Space)"


class TimeSlider(QWidget):
    """A slider over the kept steps of a run.

    Signals
    -------
    step_chosen(int)
        The views are to show this kept step; answer with `set_shown`.
    live_requested()
        The views are to follow the newest weights.
    play_toggled(bool)
        The film began or ended.
    compare_requested(object)
        Kept step (int) that the one shown is to be compared with, or None for no comparison.
    limit_requested()
        The bound of the kept steps' size is to be changed.
    """

    step_chosen = pyqtSignal(int)
    live_requested = pyqtSignal()
    play_toggled = pyqtSignal(bool)
    compare_requested = pyqtSignal(object)
    limit_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._icons: IconSet | None = None
        self._timeline = Timeline()
        self._step = 0
        self._live = True
        self._away = False  # do the views show something else than the run?
        self._awaited: int | None = None  # chosen by the film and not yet shown
        self._reference: int | None = None
        self._storage, self._wide = "", True
        self._waiting: QWidget | None = None  # for the keyboard, which the slider has meanwhile
        self.track = TimeTrack(self)
        self.play = _tool_button("", PLAY_TIP, self)
        self.play.setCheckable(True)
        self.play.setIconSize(QSize(ICON_PX, ICON_PX))
        self.play.setIcon(blank_icon())
        self.speed = self._build_speed()
        self.compare = _tool_button(
            "Compare", "Choose a second step and see what differs (Shift moves its handle)", self
        )
        self.compare.setCheckable(True)
        self.live = _tool_button("Live", "Follow the newest weights", self)
        self.live.setCheckable(True)
        self._text = ElidedLabel(EMPTY_TEXT, self, separator=SEPARATOR)
        self.storage = _tool_button("", "Set how much room kept steps may take", self)
        self.storage.setFont(text_font(TextSize.SMALL))
        self._film = QTimer(self)
        self._build_layout()
        self._connect_signals()
        self.set_theme(LIGHT)
        self._show_state()

    def _build_speed(self) -> QComboBox:
        speed = QComboBox(self)
        speed.addItems([f"{factor}×" for factor in SPEEDS])
        speed.setToolTip("Speed of the film")
        speed.setAccessibleName("Speed of the film")
        return speed

    def _build_layout(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GRID_PX, 0, GRID_PX, 2)
        layout.setSpacing(GRID_PX // 2)
        layout.addWidget(self.play)
        layout.addWidget(self.speed)
        layout.addWidget(self.track, TRACK_STRETCH)
        layout.addWidget(self._text, 1)
        layout.addWidget(self.live)
        layout.addWidget(self.compare)
        layout.addWidget(self.storage)

    def _connect_signals(self) -> None:
        self.track.moved.connect(self._on_moved)
        self.track.reference_moved.connect(self._on_reference_moved)
        self.track.play_pressed.connect(self.play.click)
        self.play.toggled.connect(self._on_play_toggled)
        self.speed.currentIndexChanged.connect(self._on_speed_changed)
        self.live.clicked.connect(self._on_live_clicked)
        self.compare.clicked.connect(self._on_compare_clicked)
        self.storage.clicked.connect(self.limit_requested)
        self._film.timeout.connect(self._on_frame_due)

    @override
    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()  # the text's width is a wish: no window is kept wide by it
        return QSize(hint.width() - self._text.minimumWidth(), hint.height())

    @override
    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        text = WIDEST_TEXT if self.width() >= WIDE_PX else NARROW_TEXT
        self._text.setMinimumWidth(self._text.fontMetrics().horizontalAdvance(text) + GRID_PX)
        self._show_storage()

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.track.set_theme(theme)
        self._text.set_color(theme.color("text_muted"))
        self._show_icon()

    def set_icons(self, icons: IconSet) -> None:
        """Use icons of `icons`."""
        self._icons = icons
        self._show_icon()

    def set_steps(self, steps: tuple[int, ...]) -> None:
        """Show at which steps weights are kept, rising."""
        self._timeline = self._timeline._replace(
            steps=steps, last=max(self._timeline.last, steps[-1] if steps else 0)
        )
        self._show_state()

    def set_range(self, last_step: int, first_step: int = 0) -> None:
        """Show where the run begins and how far it has come; `clear` first for another run."""
        steps = self._timeline.steps
        last = max(last_step, steps[-1] if steps else 0)
        self._timeline = self._timeline._replace(first=first_step, last=last)
        self._show_state()

    def set_marks(self, marks: tuple[TimeMark, ...]) -> None:
        """Show marks; `TimeMark.kind` tells their shape."""
        self._timeline = self._timeline._replace(marks=tuple(sorted(marks)))
        self._show_state()

    def set_shown(self, step: int, live: bool) -> None:
        """Take note of the step that the views show, and whether they follow the newest."""
        if self._awaited is not None and step == self._awaited:
            self._awaited = None
        if live and self.playing:
            self.set_playing(False)
        if self.track.dragging or self.playing:
            return  # the handle is already further on
        self._step, self._live, self._away = step, live, False
        self._show_state()

    def set_away(self) -> None:
        """Take note that the views show something else than this run."""
        self.set_playing(False)
        self._live, self._away = False, True
        self._show_state()

    def set_reference(self, step: int | None) -> None:
        """Show which step is compared with; none if None."""
        self._reference = step
        self.track.set_reference(step)
        self.compare.setChecked(step is not None)
        self._show_state()

    def set_storage(self, text: str) -> None:
        """Show how much the kept steps take, ``61 steps, 14.2 MB of 512 MB``."""
        self._storage = text
        self._show_storage()

    def _show_storage(self) -> None:
        """Show the room that is taken: where there is little on the bar, the size alone."""
        text = self._storage
        wide = self.width() >= WIDE_PX
        tip = "Set how much room kept steps may take"
        self.storage.setText(text if wide else short_storage(text))
        self.storage.setToolTip(tip if wide or not text else f"{text}: {tip.lower()}")
        self.storage.setVisible(bool(text))
        if wide != self._wide:
            self._wide = wide
            self.storage.setMinimumWidth(0)
        # Only ever wider: with every figure that grows, the slider would move otherwise.
        widest = max(self.storage.minimumWidth(), self.storage.sizeHint().width())
        self.storage.setMinimumWidth(widest if text else 0)

    def clear(self) -> None:
        """Forget the run."""
        self.set_playing(False)
        self._timeline, self._step, self._live, self._away = Timeline(), 0, True, False
        self.set_reference(None)
        self.set_storage("")

    def step(self) -> int:
        """Return the step that is shown or has just been chosen."""
        return self._step

    def text(self) -> str:
        """Return what is said below the slider."""
        return self._text.text()

    @property
    def playing(self) -> bool:
        """Whether the film runs."""
        return self.play.isChecked()

    def set_playing(self, playing: bool) -> None:
        """Start or end the film."""
        self.play.setChecked(playing)

    def _on_moved(self, step: int) -> None:
        self.set_playing(False)
        self._go_to(step)

    def _go_to(self, step: int) -> None:
        self._step, self._live, self._away = step, False, False
        self._show_state()
        self.step_chosen.emit(step)

    def _on_play_toggled(self, playing: bool) -> None:
        self._awaited = None
        self._show_icon()
        self.play.setToolTip(PAUSE_TIP if playing else PLAY_TIP)
        if playing:
            self._film.start(self._frame_ms())
            steps = self._timeline.steps
            if steps and (self._live or self._step >= steps[-1]):
                self._show_frame(steps[0])
        else:
            self._film.stop()
        self.play_toggled.emit(playing)

    def _on_frame_due(self) -> None:
        if self._awaited is not None:
            return  # the frame before isn't on screen yet: never flood who draws it
        following = self._timeline.neighbour(self._step, 1)
        if following is None or following <= self._step:
            self.set_playing(False)
        else:
            self._show_frame(following)

    def _show_frame(self, step: int) -> None:
        self._awaited = step
        self._go_to(step)

    def _on_speed_changed(self) -> None:
        self._film.setInterval(self._frame_ms())

    def _frame_ms(self) -> int:
        return FRAME_MS // SPEEDS[self.speed.currentIndex()]

    def _on_live_clicked(self) -> None:
        self.set_playing(False)
        self._live, self._away = True, False
        self._show_state()
        self.live_requested.emit()

    def _on_compare_clicked(self, compare: bool) -> None:
        steps = self._timeline.steps
        if not compare or not steps:
            self.set_reference(None)
        else:
            self.set_reference(steps[0] if self._step != steps[0] else steps[-1])
        self.compare_requested.emit(self._reference)

    def _on_reference_moved(self, step: int) -> None:
        self._reference = step
        self._show_state()
        self.compare_requested.emit(step)

    def _show_state(self) -> None:
        timeline = self._timeline
        self.track.set_timeline(timeline)
        step = timeline.last if self._live else self._step
        self.track.set_step(step, self._live)
        self.track.set_run_shown(not self._away)
        self.live.setChecked(self._live and bool(timeline.steps))
        self._enable(enabled=bool(timeline.steps))
        text = AWAY_TEXT if self._away and timeline.steps else EMPTY_TEXT
        if timeline.steps and not self._away:
            if self._live:  # the newest weights are shown far more often than they are kept
                step = max(step, self._step)
                timeline = timeline._replace(last=step)
            text = timeline.text(step)
        if self._reference is not None:
            text += f"{SEPARATOR}compared with step {self._reference:,}"
        self._text.set_text(text)

    def _enable(self, *, enabled: bool) -> None:
        """Let everything be pressed, or nothing; the keyboard waits here between two runs."""
        for widget in (self.track, self.play, self.speed, self.compare, self.live):
            if not enabled and hand_over(widget, self):
                self._waiting = widget
            widget.setEnabled(enabled)
        if enabled and self._waiting is not None:
            hand_over(self, self._waiting)
            self._waiting = None

    def _show_icon(self) -> None:
        if self._icons is not None:
            self.play.setIcon(self._icons.icon("pause" if self.playing else "play", self._theme))


def short_storage(text: str) -> str:
    """Return the size in ``61 steps, 14.2 MB of 512 MB``, or the text if there is none."""
    _, comma, size = text.partition(", ")
    return size.partition(" of ")[0] if comma else text


def _tool_button(text: str, tip: str, parent: QWidget) -> QToolButton:
    button = QToolButton(parent)
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(text or tip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
