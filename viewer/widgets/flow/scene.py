"""A network laid out, with the pictures of all its layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QPainter, QPen, QPixmap

from viewer.core.blocks import ShownGraph
from viewer.core.card_layout import NOTE_PX, Card, Rect
from viewer.core.explain.contributions import Contribution, contributions
from viewer.core.imaging.color_scale import Colors, table
from viewer.core.imaging.display import DisplaySettings
from viewer.core.imaging.kernels import as_kernels
from viewer.core.layout import FlowLayout
from viewer.core.records import (
    ActivationRecord,
    FloatArray,
    Kind,
    NetworkRecord,
    Node,
    Selection,
    WeightsKind,
    WeightsRecord,
)
from viewer.widgets.flow.bars import ClassBars
from viewer.widgets.flow.blocks import (
    BUTTON_GAP_PX,
    BUTTON_PX,
    BlockButton,
    button_at,
    heading_tip,
    open_rect,
    paint_bands,
    paint_button,
    paint_headings,
)
from viewer.widgets.flow.coloring import Coloring
from viewer.widgets.flow.edges import paint_edges, route_edges
from viewer.widgets.flow.geometry import card_at, selection_at, tile_rect
from viewer.widgets.flow.kernel_picture import KernelPictures
from viewer.widgets.flow.locks import LOCK_GAP_PX, LOCK_PX, Locks, lock_at, lock_rect, paint_lock
from viewer.widgets.flow.picture import BandStore, MapsPicture, Ticks, paint_strip
from viewer.widgets.flow.titles import TitleFonts, name_text, paint_title
from viewer.widgets.ready_text import NumberText, ReadyText
from viewer.widgets.theme import RADIUS_PX, Theme

DEAD_MARK_PX = 4
_CHARACTER_PX = 8  # of a number below the colour bar, generously

ZERO = "0"
COLOR_NAMES = ("red", "green", "blue")


class FlowScene:
    """Paints the cards of a network, and answers what is at a point.

    Parameters
    ----------
    network : NetworkRecord
    layout : FlowLayout
    theme : Theme
    display : DisplaySettings
    dpr : float
        Device pixel ratio.
    fonts : TitleFonts
    reuse : FlowScene, optional
        One that was shown before: what it has painted and still fits is taken over.
    shown : ShownGraph, optional
        What the cards are of, where blocks are collapsed; the network's nodes by default.

    Attributes
    ----------
    network, layout, theme, dpr, fonts, shown
        As given.
    complete : bool
        Whether all that was in sight when it was painted last is of the newest record; if
        not, painting goes on with the next call of `paint`.
    record : ActivationRecord or None
    weights : WeightsRecord or None
    dead : mapping of node name to frozenset of int
        Channels to mark.
    locks : Locks
        Of layers that can be frozen.
    """

    def __init__(
        self,
        network: NetworkRecord,
        layout: FlowLayout,
        theme: Theme,
        display: DisplaySettings,
        dpr: float,
        fonts: TitleFonts,
        reuse: FlowScene | None = None,
        shown: ShownGraph | None = None,
    ) -> None:
        self.network = network
        self.layout = layout
        self.theme = theme
        self.dpr = dpr
        self.fonts = fonts
        self.record: ActivationRecord | None = None
        self.weights: WeightsRecord | None = None
        self.dead: Mapping[str, frozenset[int]] = {}
        self.locks = Locks()
        self._display = display
        names = {node.name: node.name for node in network.nodes}
        self.shown = shown or ShownGraph(network.nodes, names, names)
        self._real = {node.name: node for node in network.nodes}
        self._nodes = {node.name: node for node in self.shown.nodes}
        self._edges = route_edges(layout, self.shown.nodes)
        self.complete = True
        coloring = None if reuse is None else reuse._coloring
        self._coloring: Coloring = Coloring(network, theme, display, dpr, coloring)
        if coloring is not None:
            self._coloring.take_over(coloring, layout.cards, self._nodes)
        self._kernels: KernelPictures = KernelPictures() if reuse is None else reuse._kernels
        self._bars = {
            name: ClassBars(network, card, theme, fonts, dpr)
            for name, card in layout.cards.items()
            if card.bars
        }
        self._muted = theme.color("text_muted")
        self._numbers = NumberText(fonts.small)
        self._zero = ReadyText(fonts.small)

    @property
    def store(self) -> BandStore:
        """What is kept of the maps' pictures."""
        return self._coloring.store

    def node(self, name: str) -> Node:
        """Return the node of the network, or the collapsed block, called `name`."""
        return self._real.get(name) or self._nodes[name]

    def card_of(self, name: str) -> Card | None:
        """Return the card that shows the values of a node of the network; None if none does."""
        shown = self.shown.showing(name)
        return None if shown is None else self.layout.cards.get(shown)

    def chrome(self, size: QSize, offset: QPointF) -> QPixmap:
        """Return everything that doesn't depend on a record.

        Parameters
        ----------
        size : QSize
            Of the viewport in logical pixels.
        offset : QPointF
            What is scrolled away.
        """
        pixmap = QPixmap(size * self.dpr)
        pixmap.setDevicePixelRatio(self.dpr)
        pixmap.fill(self.theme.color("window"))
        painter = QPainter(pixmap)
        painter.translate(-offset)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        visible = _visible(pixmap, offset)
        paint_bands(painter, self.layout.bands, self.theme, visible)
        paint_edges(painter, self._edges, self.theme, visible)
        paint_headings(painter, self.layout.bands, self.theme, self.fonts, visible)
        for card in self._cards_in(visible):
            self._paint_frame(painter, card)
        painter.end()
        self.paint_kernels(pixmap, offset)
        for bars in self._bars.values():
            bars.forget()
        return pixmap

    def paint_kernels(self, chrome: QPixmap, offset: QPointF) -> None:
        """Paint the kernels over those of before: while a network learns, nothing else changes.

        Parameters
        ----------
        chrome : QPixmap
            As `chrome` made it for the same `offset`.
        offset : QPointF
        """
        painter = QPainter(chrome)
        painter.translate(-offset)
        display = self._display
        if self.weights is not None and self.weights.kind is WeightsKind.GRADIENTS:
            display = display.for_gradients()
        self._kernels.set(self.weights, display, self.theme)
        for card in self._cards_in(_visible(chrome, offset)):
            self._kernels.paint(painter, card, self.dpr)
        painter.end()

    def paint_bars(self, chrome: QPixmap, offset: QPointF) -> None:
        """Paint the classes' rows over those of before, as far as the record changes them.

        Parameters
        ----------
        chrome : QPixmap
            As `chrome` made it for the same `offset`.
        offset : QPointF
        """
        for bars in self._bars.values():
            if rows := bars.changed(self.record):
                painter = QPainter(chrome)
                painter.translate(-offset)
                bars.paint(painter, rows)
                painter.end()

    def paint(self, painter: QPainter, visible: QRectF) -> None:
        """Paint the maps and their numbers, bringing visible pictures up to date.

        That takes as many calls as `complete` says: each does a part of what there is to do.
        """
        cards = list(self._cards_in(visible))
        picture_of, nodes = self._coloring.picture, self._nodes
        pictures = [picture_of(card, nodes[card.node]) for card in cards if not card.bars]
        in_sight = [(picture, picture.visible_bands(visible)) for picture in pictures]
        self.complete = self._coloring.refresh(in_sight, self.record, self.values)
        for picture, bands in in_sight:
            picture.paint(painter, bands)
        self.store.trim(sum(len(bands) for _, bands in in_sight))
        painter.setFont(self.fonts.small)
        painter.setPen(self._muted)
        for picture in pictures:
            self._paint_ticks(painter, picture)
        self._paint_dead(painter, visible)

    def card_at(self, point: QPointF) -> Card | None:
        """Return the card under a point."""
        return card_at(self.layout, point.x(), point.y())

    def name_tip(self, point: QPointF) -> str:
        """Return the whole name of what has its title at a point; empty if it stands there."""
        card = self.card_at(point)
        if card is None or not card.title.contains(point.x(), point.y()):
            return heading_tip(self.layout.bands, self.fonts, point)
        node = self._nodes[card.node]
        shown = name_text(node, card.title, self.fonts, self._reserved_px(node))
        return "" if shown == node.name else node.name

    def lock_at(self, point: QPointF) -> str | None:
        """Return the layer whose lock is under a point."""
        return lock_at(self.layout, self.locks, point)

    def paint_edges_of(self, painter: QPainter, name: str, visible: QRectF) -> None:
        """Point out the lines to and from a card, where lines could be mixed up."""
        if any(len(node.inputs) > 1 for node in self.shown.nodes):
            own = [edge for edge in self._edges if name in (edge.source, edge.target)]
            paint_edges(painter, own, self.theme, visible, strong=True)

    def block_button_at(self, point: QPointF) -> BlockButton | None:
        """Return the control under a point that opens or closes a block."""
        return button_at(self.layout, self.shown, point)

    def selection_at(self, point: QPointF) -> Selection | None:
        """Return the pixel, unit, class or weight under a point.

        On the card of a collapsed block, of the node whose values it shows.
        """
        card = self.card_at(point)
        if card is None:
            return None
        found = selection_at(card, point.x(), point.y(), self.dpr)
        if found is None or not card.bars:
            name = self.shown.output_of[card.node]
            return found if found is None or name == card.node else replace(found, node=name)
        return Selection(card.node, self._bars[card.node].shown(self.record)[found.channel])

    def row_of(self, card: Card, channel: int) -> int | None:
        """Return the tile that shows a channel; None if it isn't shown."""
        if not card.bars:
            count = len(COLOR_NAMES) if card.color else card.grid.count
            return channel if 0 <= channel < count else None
        order = self._bars[card.node].shown(self.record)
        return order.index(channel) if channel in order else None

    def values(self, name: str) -> FloatArray | None:
        """Return the output of a node or a collapsed block; None without a record of it."""
        name = self.shown.output_of.get(name, name)
        values = self.record.outputs.get(name) if self.record is not None else None
        if values is None or values.shape != self._real[name].output_shape:
            return None
        return values

    def value(self, selection: Selection) -> float | None:
        """Return the value that is selected; None if it isn't known."""
        if selection.in_channel is not None:
            return self._weight(selection)
        values = self.values(selection.node)
        if values is None:
            return None
        if values.ndim == 1:
            return float(values[selection.channel])
        maps = values if values.ndim == 3 else values[None]  # (C, H, W)
        return float(maps[selection.channel, selection.y, selection.x])

    def contributions(self, selection: Selection) -> tuple[Contribution, ...]:
        """Return what makes up the selected value of a map."""
        node = self._real[selection.node]
        if self.record is None or selection.in_channel is not None:
            return ()
        index = (selection.channel, selection.y, selection.x)
        known = self.weights is not None and self.weights.kind is WeightsKind.WEIGHTS
        return contributions(node, index, self.record.outputs, self.weights if known else None)

    def _cards_in(self, visible: QRectF) -> Iterable[Card]:
        return (
            card
            for card in self.layout.cards.values()
            if card.frame.y < visible.bottom()
            and card.frame.bottom > visible.top()
            and card.frame.x < visible.right()
            and card.frame.right > visible.left()
        )

    def color_weights(self, selection: Selection) -> tuple[tuple[str, float], ...]:
        """Return the weights on red, green and blue at a pixel of a kernel shown in colour."""
        card = self.card_of(selection.node)
        weights = self.weights.weights.get(selection.node) if self.weights else None
        shown_in_color = card is not None and card.matrix is not None and card.matrix.color
        if weights is None or selection.in_channel is None or not shown_in_color:
            return ()
        column = weights[selection.channel, :, selection.y, selection.x]  # (3,)
        return tuple(zip(COLOR_NAMES, column.tolist(), strict=True))

    def color_values(self, selection: Selection) -> tuple[tuple[str, float], ...]:
        """Return the red, green and blue at a pixel of an input shown in colour."""
        card, values = self.card_of(selection.node), self.values(selection.node)
        if card is None or not card.color or values is None:
            return ()
        column = values[:, selection.y, selection.x]  # (3,)
        return tuple(zip(COLOR_NAMES, column.tolist(), strict=True))

    def _weight(self, selection: Selection) -> float | None:
        card = self.card_of(selection.node)
        weights = self.weights.weights.get(selection.node) if self.weights else None
        if card is None or card.matrix is None or weights is None or selection.in_channel is None:
            return None
        kernels = as_kernels(weights, card.matrix)
        if selection.channel >= len(kernels) or selection.in_channel >= kernels.shape[1]:
            return None  # not part of the excerpt
        return float(kernels[selection.channel, selection.in_channel, selection.y, selection.x])

    def _paint_frame(self, painter: QPainter, card: Card) -> None:
        node, theme = self._nodes[card.node], self.theme
        painter.setPen(QPen(theme.color("border"), 1))
        painter.setBrush(theme.color("surface"))
        frame = card.frame
        outline = QRectF(frame.x, frame.y, frame.width, frame.height).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(outline, RADIUS_PX, RADIUS_PX)
        closed = self.locks.closed(card.node)
        if node.kind is Kind.BLOCK:
            paint_button(painter, open_rect(card), theme, opens=True)
        paint_title(painter, node, card.title, self.fonts, theme, self._reserved_px(node))
        if closed is not None:
            place = lock_rect(card, block=node.kind is Kind.BLOCK)
            paint_lock(painter, place, theme, closed=closed)
        if card.kernels is not None and card.matrix is not None and card.matrix.note:
            self._paint_note(painter, card.kernels, card.matrix.note)
        if card.bar is not None:
            paint_strip(painter, card, self._lut(node))

    def _reserved_px(self, node: Node) -> int:
        """Return the room that a lock and a button take at the right end of a title."""
        lock = 0 if self.locks.closed(node.name) is None else LOCK_PX + LOCK_GAP_PX
        return lock + (BUTTON_PX + BUTTON_GAP_PX if node.kind is Kind.BLOCK else 0)

    def _paint_note(self, painter: QPainter, above: Rect, note: str) -> None:
        """Say what of the kernels is shown."""
        painter.setFont(self.fonts.small)
        painter.setPen(self._muted)
        place = QRectF(above.x, above.bottom, above.width, NOTE_PX)
        metrics = painter.fontMetrics()
        text = metrics.elidedText(note, Qt.TextElideMode.ElideRight, above.width)
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def _lut(self, node: Node) -> Colors:
        display = self._display.for_input() if node.kind is Kind.INPUT else self._display
        name = display.signed if node.signed else display.sequential
        return table(name, signed=node.signed, dark=display.dark)

    def _paint_ticks(self, painter: QPainter, picture: MapsPicture) -> None:
        bar = picture.card.bar
        if bar is None:
            return
        baseline = bar.bottom - self._numbers.descent
        for fraction, text in _that_fit(picture.ticks, bar.width):
            left = float(bar.x)
            if fraction:
                left += fraction * (bar.width - self._numbers.width(text))
            if text == ZERO:  # every colour bar has one: laid out once
                self._zero.draw(painter, left, baseline - self._numbers.ascent, text)
            else:
                painter.drawText(QPointF(left, baseline), text)

    def _paint_dead(self, painter: QPainter, visible: QRectF) -> None:
        if not self.dead:
            return
        painter.setPen(self.theme.color("surface"))
        painter.setBrush(self.theme.color("warning"))
        for card in self._cards_in(visible):
            for channel in self.dead.get(self.shown.output_of[card.node], ()):
                if self.row_of(card, channel) is not None and not card.bars:
                    corner = tile_rect(card, channel, self.dpr).topRight()
                    side = min(DEAD_MARK_PX, card.scale * card.grid.width - 1)
                    painter.drawRect(QRectF(corner.x() - side - 1, corner.y(), side, side))


def _visible(chrome: QPixmap, offset: QPointF) -> QRectF:
    """Return the part of the scene that a pixmap shows."""
    return QRectF(offset, chrome.deviceIndependentSize())


def _that_fit(ticks: Ticks, width: int) -> Ticks:
    """Leave out the middle one where the ends are too long."""
    crowded = len(ticks) == 3 and sum(len(text) for _, text in ticks) * _CHARACTER_PX > width
    return (ticks[0], ticks[2]) if crowded else ticks
