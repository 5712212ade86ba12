"""Why is this number what it is? One value's arithmetic, and the way down to the ink."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PyQt6.QtCore import QElapsedTimer, QEvent, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PyQt6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from viewer.core.explain.trace import trace
from viewer.core.explain.trace_parts import SoftmaxPart, Trace, UnexplainedPart
from viewer.core.imaging.display import DisplaySettings
from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.keys import CLOSER, ENTER
from viewer.widgets.sliding.numbers import CellNumbers
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize
from viewer.widgets.trace.canvas import TraceCanvas
from viewer.widgets.trace.crumbs import TraceCrumbs
from viewer.widgets.trace.page import TERMS, Page
from viewer.widgets.trace.temperature import TemperatureRow
from viewer.widgets.trace.text import comparison, heading, short_place

if TYPE_CHECKING:
    from viewer.core.records import ActivationRecord, NetworkRecord, Selection, WeightsRecord
    from viewer.widgets.theme import Theme

NO_NETWORK: Final = "Open a network to ask why its numbers are what they are"
NO_SELECTION: Final = "Click a pixel of a feature map, or a unit, to see where its value comes from"
NO_RECORD: Final = "Draw a digit to see the arithmetic"
NO_VALUE: Final = "There is no value here yet: draw a digit"
WEIGHT: Final = "This is a weight: it was learned. Click a pixel of a feature map to see its sum"
# How often the arithmetic follows the pen at most: numbers that change faster can't be read,
# and the other views keep all of the time that they need.
PACE_MS: Final = 60
HINT: Final = "Click a number to go down to it, Enter for the largest, Backspace to go back"
BACK: Final = "Backspace goes back"


class TraceView(QWidget):
    """Heading, path, arithmetic, and all digits of what is under the mouse.

    Signals
    -------
    selection_requested(Selection)
        The person went down to a term, or back up: select it everywhere.
    record_painted(int)
        Generation of the record whose arithmetic is on screen now.
    """

    selection_requested = pyqtSignal(object)
    record_painted = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._network: NetworkRecord | None = None
        self._weights: WeightsRecord | None = None
        self._record: ActivationRecord | None = None
        self._display = DisplaySettings()
        self._path: list[Selection] = []
        self._selection: Selection | None = None
        self._trace: Trace | None = None
        self._stale = True  # what changed while nobody could see it
        self._at_top = True
        self._terms = TERMS
        self._generation = -1  # of the record that the trace is of
        self._numbers = (CellNumbers(), CellNumbers(), CellNumbers())
        self._since = QElapsedTimer()  # the arithmetic was last done
        self._pace = QTimer(self)
        self._pace.setSingleShot(True)
        self._pace.timeout.connect(self._refresh)
        self.crumbs = TraceCrumbs(self)
        # Where it is narrow, the place gives way, not the value.
        middle = Qt.TextElideMode.ElideMiddle
        self.title = ElidedLabel("", self, size_pt=TextSize.TITLE, bold=True, mode=middle)
        self.comparison = ElidedLabel("", self)
        self.temperature = TemperatureRow(self)
        self.canvas = TraceCanvas(self)
        self.hover = ElidedLabel("", self)
        self._build_layout()
        self._connect_signals()
        self.temperature.hide()

    def _build_layout(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID_PX, GRID_PX, GRID_PX, GRID_PX)
        layout.setSpacing(GRID_PX // 2)
        layout.addWidget(self.crumbs)
        layout.addWidget(self.title)
        layout.addWidget(self.comparison)
        layout.addWidget(self.temperature)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self.hover)
        self.setFocusProxy(self.canvas)

    def _connect_signals(self) -> None:
        self.canvas.target_chosen.connect(self.descend)
        self.canvas.more_requested.connect(self.show_more)
        self.canvas.painted.connect(self._on_painted)
        self.canvas.hover_changed.connect(lambda text: self.hover.set_text(text or self._hint()))
        self.crumbs.crumb_chosen.connect(self.walk_back)
        self.temperature.temperature_changed.connect(lambda _: self._refresh())

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`; those of the values come with `set_display`."""
        self._theme = theme
        self.canvas.set_theme(theme)
        self.crumbs.set_theme(theme)
        for label, token in (
            (self.title, "text"),
            (self.comparison, "text_muted"),
            (self.hover, "text_muted"),
        ):
            label.set_color(theme.color(token))
        self._refresh()

    def set_display(self, display: DisplaySettings) -> None:
        """Colour the values as chosen."""
        self._display = display
        self._refresh()

    def set_network(self, network: NetworkRecord) -> None:
        """Show another network: without values as yet."""
        self._network, self._weights, self._record = network, None, None
        known = {node.name for node in network.nodes}
        if any(place.node not in known for place in self._path):
            self._path = []
        self._refresh()

    def set_weights(self, weights: WeightsRecord) -> None:
        """Use other weights of the same network; the record that follows shows them."""
        self._weights = weights

    def set_record(self, record: ActivationRecord) -> None:
        """Follow another record, soon after the other views: the value stays the same one."""
        self._record = record
        self._stale = True
        if self._trace is None:
            self._refresh()
        elif self.isVisible() and not self._pace.isActive():
            passed = self._since.elapsed() if self._since.isValid() else PACE_MS
            self._pace.start(max(0, PACE_MS - passed))

    def show_now(self) -> None:
        """Do the arithmetic that is still due, without waiting for its turn."""
        if self._stale:
            self._refresh()

    def set_selection(self, selection: Selection | None) -> None:
        """Explain another value; one that was not reached from here begins a new path."""
        if selection == self._selection:
            return
        self._selection = selection
        if selection is None or selection.in_channel is not None:
            self._path = []
        elif selection in self._path:
            del self._path[self._path.index(selection) + 1 :]
        else:
            self._path = [selection]
        self._at_top = True
        self._terms = TERMS
        self._refresh()

    def show_more(self) -> None:
        """Show more channels of a wide convolution."""
        self._terms += TERMS
        self._refresh()

    def descend(self, target: Selection) -> None:
        """Go one step down, to one of the terms."""
        if target not in self._path:
            self._path.append(target)
        self.selection_requested.emit(target)

    def go_down(self) -> None:
        """Go one step down, to the largest term."""
        if self._trace is not None and len(self._trace.children):
            self.descend(self._trace.children[0].selection)

    def walk_back(self, place: int) -> None:
        """Go back up to one value of the path."""
        if 0 <= place < len(self._path):
            self.selection_requested.emit(self._path[place])

    def go_up(self) -> None:
        """Go back up by one."""
        self.walk_back(len(self._path) - 2)

    @property
    def path(self) -> tuple[Selection, ...]:
        """The values on the way down, the last one is explained."""
        return tuple(self._path)

    @property
    def trace(self) -> Trace | None:
        """What is explained; None while there is nothing, or nobody looks."""
        return self._trace

    def _refresh(self) -> None:
        """Do the arithmetic; later, if nobody can see it now."""
        self._pace.stop()
        self._stale = not self.isVisible()
        if self._stale:
            return
        self._since.start()
        self._trace = self._ask()
        self._generation = -1 if self._record is None else self._record.generation
        self._show_words()
        blocks = () if self._trace is None else self._page(self._trace).blocks()
        self.canvas.set_blocks(blocks, self._missing(), top=self._at_top)
        self.hover.set_text(self.canvas.words or self._hint())
        self._at_top = False

    def _ask(self) -> Trace | None:
        if self._network is None or self._record is None or self._selection is None:
            return None
        return trace(self._network, self._weights, self._record, self._selection)

    def _page(self, shown: Trace) -> Page:
        assert self._network is not None and self._record is not None
        temperature = self.temperature.temperature
        return Page(
            self._network,
            self._record,
            shown,
            self._display,
            temperature,
            self._numbers,
            self._terms,
        )

    def _show_words(self) -> None:
        shown, network = self._trace, self._network
        self.temperature.setVisible(shown is not None and isinstance(shown.part, SoftmaxPart))
        if shown is None or network is None:
            self.title.set_text("")
            self.comparison.set_text("")
            self.crumbs.set_names(())
            return
        self.title.set_text(heading(network, shown))
        explained = not isinstance(shown.part, UnexplainedPart)
        self.comparison.set_text(comparison(shown) if explained else "")
        token = "text_muted" if shown.agrees else "warning"
        self.comparison.set_color(self._theme.color(token))
        names = tuple(short_place(network, place) for place in self._path)
        if names != self.crumbs.names:
            self.crumbs.set_names(names)

    def _hint(self) -> str:
        """Return what can be done where nothing is under the mouse."""
        if self._trace is not None and len(self._trace.children):
            return HINT
        return BACK if len(self._path) > 1 else ""

    def _on_painted(self) -> None:
        self.record_painted.emit(self._generation)

    def _missing(self) -> str:
        if self._network is None:
            return NO_NETWORK
        if self._selection is None:
            return NO_SELECTION
        if self._selection.in_channel is not None:
            return WEIGHT
        return NO_RECORD if self._record is None else NO_VALUE

    @override
    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self.show_now()

    @override
    def hideEvent(self, event: QHideEvent | None) -> None:
        super().hideEvent(event)
        self._pace.stop()

    @override
    def event(self, event: QEvent | None) -> bool:
        # Backspace clears the pad elsewhere.
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.key() == Qt.Key.Key_Backspace
        ):
            event.accept()
            return True
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() == Qt.Key.Key_Backspace:
            self.go_up()
            return
        if event is not None and event.key() in ENTER:
            self.go_down()
            return
        if event is not None and event.key() in CLOSER:
            self.show_more()
            return
        super().keyPressEvent(event)
