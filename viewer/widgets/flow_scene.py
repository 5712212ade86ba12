"""A network laid out, with the pictures of all its layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PyQt6.QtCore import QPointF, QRectF, QSize
from PyQt6.QtGui import QPainter, QPen, QPixmap

from viewer.core.card_layout import Card
from viewer.core.explain.contributions import Contribution, contributions
from viewer.core.imaging.color_scale import Colors, network_limits, scale_for, table
from viewer.core.imaging.display import DisplaySettings, Scope
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
from viewer.widgets.flow_bars import ClassBars
from viewer.widgets.flow_edges import paint_edges, route_edges
from viewer.widgets.flow_geometry import card_at, selection_at, tile_rect
from viewer.widgets.flow_locks import LOCK_GAP_PX, LOCK_PX, Locks, lock_at, lock_rect, paint_lock
from viewer.widgets.flow_picture import MapsPicture, Ticks, paint_kernels, paint_strip
from viewer.widgets.flow_titles import TitleFonts, paint_title
from viewer.widgets.ready_text import NumberText, ReadyText
from viewer.widgets.theme import RADIUS_PX, Theme

DEAD_MARK_PX = 4
_CHARACTER_PX = 8  # of a number below the colour bar, generously
# An image is shown as what it is, whatever colours are chosen for maps.
_INPUT_COLORS = DisplaySettings(sequential="grey")

ZERO = "0"


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

    Attributes
    ----------
    network, layout, theme, dpr, fonts
        As given.
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
        self._nodes = {node.name: node for node in network.nodes}
        self._edges = route_edges(layout, network.nodes)
        self._pictures = {
            name: MapsPicture(self._nodes[name], card, theme, dpr)
            for name, card in layout.cards.items()
            if not card.bars
        }
        self._bars = {
            name: ClassBars(network, card, theme, fonts)
            for name, card in layout.cards.items()
            if card.bars
        }
        self._muted = theme.color("text_muted")
        self._numbers = NumberText(fonts.small)
        self._zero = ReadyText(fonts.small)
        self._limits_of: tuple[object, float] = (None, 0.0)

    def node(self, name: str) -> Node:
        """Return the node called `name`."""
        return self._nodes[name]

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
        paint_edges(painter, self._edges, self.theme)
        for card in self._cards_in(_visible(pixmap, offset)):
            self._paint_frame(painter, card)
        painter.end()
        self.paint_kernels(pixmap, offset)
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
        for card in self._cards_in(_visible(chrome, offset)):
            weights = self.weights.weights.get(card.node) if self.weights else None
            paint_kernels(painter, card, weights, display, self.theme, self.dpr)
        painter.end()

    def paint(self, painter: QPainter, visible: QRectF) -> None:
        """Paint all that depends on the record, bringing visible pictures up to date."""
        names = [card.node for card in self._cards_in(visible)]
        pictures = [self._pictures[name] for name in names if name in self._pictures]
        for picture in pictures:
            if picture.shown is not self.record or self.record is None:
                self._refresh(picture)
            picture.paint(painter)
        painter.setFont(self.fonts.small)
        painter.setPen(self._muted)
        for picture in pictures:
            self._paint_ticks(painter, picture)
        for name in names:
            if name in self._bars:
                self._bars[name].paint(painter, self.record)
        self._paint_dead(painter, visible)

    def card_at(self, point: QPointF) -> Card | None:
        """Return the card under a point."""
        return card_at(self.layout, point.x(), point.y())

    def lock_at(self, point: QPointF) -> str | None:
        """Return the layer whose lock is under a point."""
        return lock_at(self.layout, self.locks, point)

    def selection_at(self, point: QPointF) -> Selection | None:
        """Return the pixel, unit, class or weight under a point."""
        card = self.card_at(point)
        if card is None:
            return None
        found = selection_at(card, point.x(), point.y(), self.dpr)
        if found is None or not card.bars:
            return found
        return Selection(card.node, self._bars[card.node].shown(self.record)[found.channel])

    def row_of(self, card: Card, channel: int) -> int | None:
        """Return the tile that shows a channel; None if it isn't shown."""
        if not card.bars:
            return channel if 0 <= channel < card.grid.count else None
        order = self._bars[card.node].shown(self.record)
        return order.index(channel) if channel in order else None

    def values(self, name: str) -> FloatArray | None:
        """Return a node's output; None without a record of this network."""
        values = self.record.outputs.get(name) if self.record is not None else None
        if values is None or values.shape != self._nodes[name].output_shape:
            return None
        return values

    def value(self, selection: Selection) -> float | None:
        """Return the value that is selected; None if it isn't known."""
        if selection.in_channel is not None:
            return self._weight(selection)
        values = self.values(selection.node)
        if values is None:
            return None
        index = (selection.channel, selection.y, selection.x)
        return float(values[index] if values.ndim == 3 else values.flat[selection.channel])

    def contributions(self, selection: Selection) -> tuple[Contribution, ...]:
        """Return what makes up the selected value of a map."""
        node = self._nodes[selection.node]
        if self.record is None or selection.in_channel is not None:
            return ()
        index = (selection.channel, selection.y, selection.x)
        known = self.weights is not None and self.weights.kind is WeightsKind.WEIGHTS
        return contributions(node, index, self.record.outputs, self.weights if known else None)

    def _cards_in(self, visible: QRectF) -> Iterable[Card]:
        return (
            card
            for card in self.layout.cards.values()
            if card.frame.y < visible.bottom() and card.frame.bottom > visible.top()
        )

    def _weight(self, selection: Selection) -> float | None:
        card = self.layout.cards.get(selection.node)
        weights = self.weights.weights.get(selection.node) if self.weights else None
        if card is None or card.matrix is None or weights is None or selection.in_channel is None:
            return None
        kernels = as_kernels(weights, card.matrix)
        return float(kernels[selection.channel, selection.in_channel, selection.y, selection.x])

    def _refresh(self, picture: MapsPicture) -> None:
        node = picture.node
        values = self.values(node.name)
        picture.shown = self.record
        if values is None:
            picture.clear()
            return
        display, limits = self._display, None
        if node.kind is Kind.INPUT:
            display = _INPUT_COLORS
        elif display.scope is Scope.NETWORK:
            limits = self._network_limits(signed=node.signed)
        picture.show(values, scale_for(values, signed=node.signed, settings=display, limits=limits))

    def _network_limits(self, *, signed: bool) -> tuple[float, float]:
        if self._limits_of[0] is not self.record:
            layers = [
                values
                for node in self.network.nodes
                if node.kind not in (Kind.INPUT, Kind.SOFTMAX)
                and (values := self.values(node.name)) is not None
            ]
            self._limits_of = (self.record, network_limits(layers, signed=False)[1])
        magnitude = self._limits_of[1]
        return (-magnitude if signed else 0.0), magnitude

    def _paint_frame(self, painter: QPainter, card: Card) -> None:
        node, theme = self._nodes[card.node], self.theme
        painter.setPen(QPen(theme.color("border"), 1))
        painter.setBrush(theme.color("surface"))
        frame = card.frame
        outline = QRectF(frame.x, frame.y, frame.width, frame.height).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(outline, RADIUS_PX, RADIUS_PX)
        closed = self.locks.closed(card.node)
        reserved = 0 if closed is None else LOCK_PX + LOCK_GAP_PX
        paint_title(painter, node, card.title, self.fonts, theme, reserved)
        if closed is not None:
            paint_lock(painter, lock_rect(card), theme, closed=closed)
        if card.bar is not None:
            paint_strip(painter, card, self._lut(node))
        if card.bars:
            self._bars[card.node].paint_tracks(painter)

    def _lut(self, node: Node) -> Colors:
        display = _INPUT_COLORS if node.kind is Kind.INPUT else self._display
        name = display.signed if node.signed else display.sequential
        return table(name, signed=node.signed, dark=display.dark)

    def _paint_ticks(self, painter: QPainter, picture: MapsPicture) -> None:
        bar = picture.card.bar
        if bar is None:
            return
        baseline = bar.bottom - self._numbers.descent
        for fraction, text in _that_fit(picture.ticks, bar.width):
            left = bar.x + fraction * (bar.width - self._numbers.width(text))
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
            for channel in self.dead.get(card.node, ()):
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
