"""All channels of a layer, a page at a time: sorted, and found by their numbers."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QSignalBlocker, QTimer, pyqtSignal
from PyQt6.QtGui import QIntValidator, QWheelEvent
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from viewer.core.channel_strength import Order, channel_order
from viewer.widgets.channel_tiles import ChannelTiles
from viewer.widgets.pager import Pager, span
from viewer.widgets.theme import GRID_PX
from viewer.widgets.wheel import Wheel

if TYPE_CHECKING:
    from viewer.core.imaging.color_scale import ColorScale
    from viewer.core.records import FloatArray
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme

FIND_PX = 72  # room for a channel's number
PAUSE_MS = 150  # without a new answer, until channels are sorted by strength again
_TEXTS = {
    Order.NUMBER: "By number",
    Order.MEAN: "By mean magnitude",
    Order.MAXIMUM: "By maximum",
}


class ChannelBrowser(QWidget):
    """Pictures of a layer's channels in pages.

    Only the channels of the page are coloured. Sorted by strength, the order follows the
    answer at hand as soon as no other one comes, and dead channels come last.

    Attributes
    ----------
    tiles : ChannelTiles

    Signals
    -------
    channel_chosen(int)
        A channel was clicked, or its number was entered.
    channel_opened(int)
        A channel was double-clicked: it is wanted large.
    """

    channel_chosen = pyqtSignal(int)
    channel_opened = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._count = 0
        self._maps: FloatArray | None = None
        self._scale: ColorScale | None = None
        self._dead: frozenset[int] = frozenset()
        self._order: NDArray[np.intp] = np.arange(0)
        self._message = ""
        self._first = 0  # place of the first channel of the page
        self._selected: int | None = None
        self._by = QComboBox(self)
        self._find = QLineEdit(self)
        self.tiles = ChannelTiles(self)
        self._pager = Pager(self)
        self._wheel = Wheel()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._build_layout()
        self._pause.timeout.connect(self._sort)
        self._by.currentIndexChanged.connect(self._on_order_chosen)
        self._find.returnPressed.connect(self._on_number_entered)
        self._pager.place_requested.connect(self._turn_to)
        self.tiles.capacity_changed.connect(self._show_page)
        self.tiles.chosen.connect(self.channel_chosen)
        self.tiles.opened.connect(self.channel_opened)

    def _build_layout(self) -> None:
        for order in Order:
            self._by.addItem(_TEXTS[order], order)
        self._by.setToolTip("Sort the channels")
        self._by.setAccessibleName("Sort the channels")
        self._find.setPlaceholderText("Find…")
        self._find.setToolTip("Number of a channel; Enter goes to it")
        self._find.setAccessibleName("Number of a channel")
        self._find.setFixedWidth(FIND_PX)
        self._by.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        top = QHBoxLayout()
        top.setSpacing(GRID_PX)
        top.addWidget(self._by, 1)
        top.addWidget(self._find)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        layout.addLayout(top)
        layout.addWidget(self.tiles, 1)
        layout.addWidget(self._pager)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self.tiles.set_theme(theme)
        self._pager.set_theme(theme)

    def set_icons(self, icons: IconSet, theme: Theme) -> None:
        """Use icons of `icons` on the buttons."""
        self._pager.set_icons(icons, theme)

    @property
    def order(self) -> Order:
        """By what the channels are sorted."""
        return Order(self._by.currentData())

    def shown(self) -> tuple[int, ...]:
        """Return the channels of this page."""
        end = self._first + self.tiles.capacity
        return tuple(int(channel) for channel in self._order[self._first : end])

    def message(self) -> str:
        """Return what is said of the number that was looked for."""
        return self._message

    def set_layer(self, count: int) -> None:
        """Show a layer of so many channels, without values as yet."""
        self._count, self._maps, self._scale = count, None, None
        self._dead = frozenset()
        self._first = 0
        self._message = ""
        with QSignalBlocker(self._find):
            self._find.clear()
        self._find.setValidator(QIntValidator(0, 999_999, self._find))
        self._sort()

    def set_maps(self, maps: FloatArray | None, scale: ColorScale | None) -> None:
        """Show what the layer answers.

        Parameters
        ----------
        maps : (C, H, W) float32 or None
        scale : ColorScale
            Of the whole layer.
        """
        first = self._maps is None or maps is None
        self._maps, self._scale = maps, scale
        if first or self.order is Order.NUMBER:
            self._sort()
        else:
            # To look at every value takes as long as a frame; and tiles that change places
            # while somebody draws are hard to follow.
            self._pause.start()
            self._show_page()

    def set_dead(self, dead: Collection[int]) -> None:
        """Put these channels last, where they are sorted by strength."""
        if frozenset(dead) != self._dead:
            self._dead = frozenset(dead)
            self._sort()

    def set_selected(self, channel: int | None) -> None:
        """Outline a channel, and turn to its page if it is another one than before."""
        if channel == self._selected:
            return
        self._selected = channel
        if channel is not None and channel not in self.shown():
            self._turn_to_channel(channel)
        self.tiles.set_selected(channel)

    @override
    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is not None:
            if notches := self._wheel.notches(event):
                self._pager.turn(-notches)
            event.accept()

    def _sort(self) -> None:
        self._pause.stop()
        self._order = channel_order(self._maps, self.order, self._count, self._dead)
        self._show_page()

    def _show_page(self) -> None:
        capacity = max(1, self.tiles.capacity)
        self._first = min(self._first, max(self._count - 1, 0)) // capacity * capacity
        channels = self.shown()
        maps = None if self._maps is None else self._maps[list(channels)]
        self.tiles.set_tiles(channels, maps, self._scale, self._dead)
        by_number = self.order is Order.NUMBER or self._maps is None
        end = self._first + len(channels)
        shown = span("channel", self._first, end, by_number=by_number)
        text = self._message or f"{shown} of {self._count:,}"
        # That these are channels is plain; how many there are stands in the heading, too.
        numbers = shown.split(" ", 1)[1]
        shorter = (f"{numbers} of {self._count:,}", numbers.replace(" to ", "–"))
        told = shorter if by_number and not self._message else ()
        self._pager.set_state(self._first, len(channels), self._count, capacity, text, told)

    def _turn_to(self, place: int) -> None:
        self._first, self._message = place, ""
        self._show_page()

    def _turn_to_channel(self, channel: int) -> None:
        places = np.flatnonzero(self._order == channel)
        if len(places):
            self._turn_to(int(places[0]))

    def _on_order_chosen(self) -> None:
        self._first = 0
        self._sort()

    def _on_number_entered(self) -> None:
        text = self._find.text()
        if not text:
            return
        channel = int(text)
        if channel >= self._count:
            self._message = f"Channels are 0 to {self._count - 1:,}: enter one of these."
            self._show_page()
            return
        self._turn_to_channel(channel)
        self.channel_chosen.emit(channel)
