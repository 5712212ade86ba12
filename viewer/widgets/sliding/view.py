"""One filter sliding over its input, cell by cell, on the numbers of the record at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from viewer.core.explain.sliding import Slide, slidable, slide_of
from viewer.core.imaging.display import DisplaySettings
from viewer.core.records import Selection
from viewer.widgets.sliding.canvas import HINT, SlidingCanvas
from viewer.widgets.sliding.chooser import SlidingChooser
from viewer.widgets.sliding.course import Course
from viewer.widgets.sliding.player import SlidingPlayer
from viewer.widgets.sliding.predict import PredictRow
from viewer.widgets.sliding.scene import Records, Scene, scene_of
from viewer.widgets.sliding.sum import SumPanel
from viewer.widgets.sliding.text import arithmetic, every_term, longest_terms
from viewer.widgets.theme import GRID_PX, LIGHT

if TYPE_CHECKING:
    from viewer.core.explain.sliding_values import Placement
    from viewer.core.records import ActivationRecord, NetworkRecord, WeightsRecord
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme

NO_NETWORK: Final = "Open a network to see its filters slide"
NOTHING_SLIDES: Final = "Nothing slides in this network: it has no convolution and no pooling"
NO_RECORD: Final = "Draw a digit to see the filter slide over it"
AGREES: Final = 1e-5  # relative to the sums: what single precision leaves


class SlidingView(QWidget):
    """Input, kernel and map, the arithmetic below, and the controls.

    Signals
    -------
    filter_changed(str, int)
        Layer and filter that a person chose here.
    cell_changed(object)
        Selection of the map's cell that the window is at, wherever the move came from.
    """

    filter_changed = pyqtSignal(str, int)
    cell_changed = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._network: NetworkRecord | None = None
        self._weights: WeightsRecord | None = None
        self._record: ActivationRecord | None = None
        self._display = DisplaySettings()
        self._slide: Slide | None = None
        self._in_channel = 0
        self._course = Course()
        self._animated = True
        self._stale = False  # what changed while nobody could see it
        self.chooser = SlidingChooser(self)
        self.canvas = SlidingCanvas(self)
        self.sums = SumPanel(self)
        self.predict = PredictRow(self)
        self.player = SlidingPlayer(self)
        self._build_layout()
        self._connect_signals()
        self.predict.hide()
        self._refresh()

    def _build_layout(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID_PX, GRID_PX, GRID_PX, GRID_PX)
        layout.setSpacing(GRID_PX // 2)
        layout.addWidget(self.chooser)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self.sums)
        layout.addWidget(self.predict)
        layout.addWidget(self.player)
        self.setFocusProxy(self.canvas)

    def _connect_signals(self) -> None:
        self.chooser.filter_chosen.connect(self._on_filter_chosen)
        self.chooser.in_channel_chosen.connect(self._on_in_channel_chosen)
        self.chooser.numbers_switched.connect(self.canvas.set_numbers)
        self.chooser.predict_switched.connect(self._on_predict_switched)
        self.canvas.cell_chosen.connect(self._on_cell_chosen)
        self.canvas.end_requested.connect(self.go_to_end)
        self.canvas.play_toggled.connect(self._on_play_toggled)
        self.canvas.hover_changed.connect(lambda text: self.sums.set_hover(text or HINT))
        self.player.step_requested.connect(self.step)
        self.player.end_requested.connect(self.go_to_end)
        self.player.playing_changed.connect(self._on_playing_changed)
        self.predict.checked.connect(self._on_checked)
        self.predict.next_requested.connect(self._on_next_requested)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`; those of the maps come with `set_display`."""
        self._theme = theme
        for part in (self.chooser, self.canvas, self.sums, self.predict, self.player):
            part.set_theme(theme)
        self._refresh()

    def set_icons(self, icons: IconSet, theme: Theme) -> None:
        """Give the buttons their icons."""
        self.player.set_icons(icons, theme)

    def set_display(self, display: DisplaySettings) -> None:
        """Colour the values as chosen."""
        self._display = display
        self._refresh()

    def set_animated(self, on: bool) -> None:
        """Let the window glide from cell to cell, or jump."""
        self._animated = on

    def set_network(self, network: NetworkRecord) -> None:
        """Show another network: its first layer that slides."""
        self.player.set_playing(False)
        self._network, self._weights, self._record = network, None, None
        names = tuple(node.name for node in slidable(network))
        self.chooser.set_layers(names)
        self._take(slide_of(network, names[0], 0) if names else None)

    def set_weights(self, weights: WeightsRecord) -> None:
        """Use other weights of the same network."""
        self._weights = weights
        self._refresh()

    def set_record(self, record: ActivationRecord) -> None:
        """Show another record; the window stays where it is."""
        self._record = record
        self._refresh()

    def select(self, node: str, channel: int) -> bool:
        """Let a filter slide; what makes its maps for an activation or a normalisation.

        Returns
        -------
        bool
            False if nothing slides there: all stays as it is.
        """
        slide = None if self._network is None else slide_of(self._network, node, channel)
        if slide is None:
            return False
        if slide != self._slide:
            self._take(slide)
        return True

    def move_to(self, y: int, x: int) -> None:
        """Put the window to the cell (y, x) of the map: where it starts, if it hasn't moved yet."""
        if self._slide is None:
            return
        if self._course.at_start:
            self._course.empty()
        self._move(self._slide.position(y, x))

    def step(self, by: int) -> None:
        """Go to a neighbouring cell, row by row."""
        if self._slide is None:
            return
        if self.player.playing and self._course.position >= self._course.last:
            self.player.set_playing(False)
            return
        glide = self.player.glide_ms if self._animated else 0
        self._move(self._course.position + by, glide)
        if self._course.position >= self._course.last:
            self.player.set_playing(False)

    def go_to_end(self, which: int) -> None:
        """Go to the first cell and empty the map (-1), or to the last one and fill it (+1)."""
        if self._slide is None:
            return
        if which < 0:
            self._course.empty()
        elif not self.predicting:
            self._course.fill()
        self._move(0 if which < 0 else self._course.last)

    @property
    def cell(self) -> tuple[int, int]:
        """The cell (y, x) of the map that the window is at."""
        return self._course.cell

    @property
    def slide(self) -> Slide | None:
        """The filter that slides."""
        return self._slide

    @property
    def scene(self) -> Scene | None:
        """What is shown."""
        return self.canvas.scene

    @property
    def predicting(self) -> bool:
        """Whether values are to be predicted before they are shown."""
        return self.chooser.predict.isChecked()

    def _take(self, slide: Slide | None) -> None:
        old = self._slide
        self._slide = slide
        if slide is not None:
            kept = old is not None and old.node == slide.node
            if not kept:
                self.player.set_playing(False)
                self._course = Course(slide.map_shape)
            if self._in_channel not in slide.in_channels:
                self._in_channel = slide.in_channels[0]
            self.chooser.set_slide(slide, self._in_channel)
            self._move(self._course.position)
        else:
            self._refresh()

    def _move(self, position: int, glide_ms: int = 0) -> None:
        self._course.move(position, visit=not self.predicting)
        if self.predicting:
            self._ask()
        self._refresh(glide_ms)
        if self._slide is not None:
            y, x = self._course.cell
            self.cell_changed.emit(Selection(self._slide.node.name, self._slide.channel, y, x))

    def _ask(self) -> None:
        y, x = self._course.cell
        self.predict.ask(f"Value at y {y}, x {x}:", known=self._course.is_known)

    def _on_filter_chosen(self, layer: str, channel: int) -> None:
        if self.select(layer, channel):
            self.filter_changed.emit(layer, channel)

    def _on_in_channel_chosen(self, channel: int) -> None:
        self._in_channel = channel
        self._refresh()

    def _on_cell_chosen(self, cell: tuple[int, int]) -> None:
        self.player.set_playing(False)
        if self._slide is not None:
            self._move(self._slide.position(*cell))

    def _on_play_toggled(self) -> None:
        if not self.predicting and self._slide is not None:
            self.player.toggle()

    def _on_playing_changed(self, playing: bool) -> None:
        if playing and self._course.position >= self._course.last:
            self.go_to_end(-1)

    def _on_predict_switched(self, on: bool) -> None:
        self.player.set_playing(False)
        self.predict.setVisible(on)
        self.predict.reset()
        if on:
            self._on_next_requested()
            self.predict.answer.setFocus()
        elif self._slide is not None:
            self._move(self._course.position)

    def _on_next_requested(self) -> None:
        position = self._course.next_empty()
        if position is None:  # all is known: from the start, with an empty map
            self._course.empty()
            position = 0
        self._move(position, self.player.glide_ms if self._animated else 0)

    def _on_checked(self) -> None:
        self._course.visit()
        self._refresh()

    def _refresh(self, glide_ms: int = 0) -> None:
        """Show the numbers of the position; later, if nobody can see them now."""
        self._stale = not self.isVisible()
        if self._stale:
            return
        scene = self._make_scene()
        self.canvas.set_scene(scene, self._missing(), glide_ms)
        self.player.set_playable(scene is not None and not self.predicting, steps=scene is not None)
        if scene is None or self._slide is None:
            self.predict.set_value(None)
            self.sums.set_lines(("", "", ""))
            self.sums.setToolTip("")
            self.player.set_place("")
            return
        item = scene.item
        self.predict.set_value(item.value)
        self.sums.set_lines(
            arithmetic(self._slide, item, hidden=scene.hidden),
            longest=longest_terms(item),
            agrees=_agrees(item) or scene.hidden,
        )
        self.sums.setToolTip(every_term(self._slide, item))
        number = f"{self._course.position + 1:,} of {self._slide.count:,}"
        self.player.set_place(f"y {item.y}, x {item.x}  ·  cell {number}")

    def _make_scene(self) -> Scene | None:
        if self._network is None or self._record is None or self._slide is None:
            return None
        empty = int(self._theme.border[1:], 16)
        records = Records(self._network, self._weights, self._record, self._display, empty)
        hidden = self.predicting and not self._course.is_known
        course = self._course
        return scene_of(
            records, self._slide, course.cell, self._in_channel, course.visited, hidden=hidden
        )

    def _missing(self) -> str:
        if self._network is None:
            return NO_NETWORK
        return NOTHING_SLIDES if self._slide is None else NO_RECORD

    @override
    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        if self._stale:
            self._refresh()


def _agrees(item: Placement) -> bool:
    size = max(1.0, abs(item.value), abs(item.channel_sum), abs(item.other_sum))
    return abs(item.difference) <= AGREES * size
