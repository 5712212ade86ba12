"""Bands around opened blocks, and the controls that open and close them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from viewer.core.blocks import BlockTree, ShownGraph
from viewer.core.card_layout import TITLE_LINE_PX, Card, Rect
from viewer.core.layout import FlowLayout
from viewer.core.layout_lanes import HEADING_PX, Band
from viewer.core.records import Kind, NetworkRecord
from viewer.widgets.flow.titles import BLOCK_BUTTON_PX, NAME_GAP_PX, TitleFonts
from viewer.widgets.theme import RADIUS_PX, Theme

BUTTON_PX = TITLE_LINE_PX
BUTTON_GAP_PX = BLOCK_BUTTON_PX - BUTTON_PX  # between it and what is written there
REACH_PX = 4  # around it, that a press counts for it
_SIDE_PX = 11  # of the square that is drawn
_SIGN_PX = 3  # half the length of a plus
_TEXT_INSET_PX = 6
_TINT = 0.5  # of the border's colour in a band
_LINE_PX = 1.2

OPEN_TIP = "Open {}: show the {} operations inside. Click, or press O."
CLOSE_TIP = "Close {}: show its {} operations as one card. Click, or press O."

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class BlockButton(NamedTuple):
    """A control that opens or closes a block.

    Attributes
    ----------
    path : str
        Of the block.
    opens : bool
    """

    path: str
    opens: bool

    def tip(self, operations: int) -> str:
        """Say what a click does to a block of so many operations."""
        return (OPEN_TIP if self.opens else CLOSE_TIP).format(self.path, operations)


class OpenBlocks:
    """Which blocks of a network are open.

    Attributes
    ----------
    tree : BlockTree
    paths : frozenset of str
        Of the open ones.
    shown : ShownGraph
        What there is to see.
    """

    def __init__(self, network: NetworkRecord) -> None:
        self.tree = BlockTree(network)
        self.paths = self.tree.open_at_first
        self.shown = self.tree.shown(self.paths)

    def set(self, paths: frozenset[str]) -> bool:
        """Open the blocks of these paths and no others; return whether that changes anything."""
        paths = frozenset(path for path in paths if path in self.tree.blocks)
        if paths == self.paths:
            return False
        self.paths = paths
        self.shown = self.tree.shown(paths)
        return True

    def block_of(self, name: str) -> str | None:
        """Return the path of the block that a key opens or closes at a node, or at a card."""
        if name in self.tree.blocks:
            return name
        around = self.tree.around(name)
        shown = self.shown.shown_of.get(name, name)
        if shown in self.tree.blocks:
            return shown
        return around[-1] if around else None


def open_rect(card: Card) -> QRectF:
    """Return where the control of a collapsed block's card is."""
    return QRectF(card.title.right - BUTTON_PX, card.title.y, BUTTON_PX, BUTTON_PX)


def close_rects(band: Band) -> Iterator[QRectF]:
    """Yield where the controls of an opened block are: one in each of its rows."""
    for place in _headings(band):
        x = place.right - BUTTON_PX - BUTTON_GAP_PX / 2
        yield QRectF(x, place.y, BUTTON_PX, HEADING_PX)


def button_at(layout: FlowLayout, shown: ShownGraph, point: QPointF) -> BlockButton | None:
    """Return the control at a point of the layout."""
    for band in reversed(layout.bands):
        if any(_reach(place).contains(point) for place in close_rects(band)):
            return BlockButton(band.path, opens=False)
    for node in shown.nodes:
        card = layout.cards.get(node.name)
        is_block = node.kind is Kind.BLOCK and card is not None
        if is_block and card is not None and _reach(open_rect(card)).contains(point):
            return BlockButton(node.name, opens=True)
    return None


def heading_tip(bands: Sequence[Band], fonts: TitleFonts, point: QPointF) -> str:
    """Return the path of the opened block whose heading is at a point, if it is shortened."""
    for band in reversed(bands):
        for place in _headings(band):
            line = _line_of(place)
            if line.contains(point):
                return "" if _shortened(band.path, line, fonts) == band.path else band.path
    return ""


def paint_bands(painter: QPainter, bands: Iterable[Band], theme: Theme, visible: QRectF) -> None:
    """Tint the places of opened blocks."""
    painter.setPen(QPen(theme.color("border"), 1))
    for band in bands:
        painter.setBrush(_tint(theme, band.depth))
        for rect in band.rects:
            outline = QRectF(rect.x, rect.y, rect.width, rect.height)
            if visible.intersects(outline):
                outline.adjust(0.5, 0.5, -0.5, -0.5)
                painter.drawRoundedRect(outline, RADIUS_PX, RADIUS_PX)


def paint_headings(
    painter: QPainter, bands: Iterable[Band], theme: Theme, fonts: TitleFonts, visible: QRectF
) -> None:
    """Write the names of opened blocks, and draw their controls."""
    for band in bands:
        for place, button in zip(_headings(band), close_rects(band), strict=True):
            if visible.intersects(QRectF(place.x, place.y, place.width, place.height)):
                _paint_name(painter, band, _line_of(place), theme, fonts)
                paint_button(painter, button, theme, opens=False)


def paint_button(painter: QPainter, place: QRectF, theme: Theme, *, opens: bool) -> None:
    """Draw a square with a plus, or a minus."""
    square = QRectF(0, 0, _SIDE_PX, _SIDE_PX)
    square.moveCenter(QPointF(round(place.center().x()) + 0.5, round(place.center().y()) + 0.5))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.color("text_muted"), 1))
    painter.setBrush(theme.color("surface"))
    painter.drawRoundedRect(square, 2, 2)
    painter.setPen(QPen(theme.color("text"), _LINE_PX))
    middle, across, down = square.center(), QPointF(_SIGN_PX, 0), QPointF(0, _SIGN_PX)
    painter.drawLine(middle - across, middle + across)
    if opens:
        painter.drawLine(middle - down, middle + down)
    painter.restore()


def _paint_name(
    painter: QPainter, band: Band, line: QRectF, theme: Theme, fonts: TitleFonts
) -> None:
    """Write a path and a class, over the lines that come from above."""
    painter.setFont(fonts.small_bold)
    name = _shortened(band.path, line, fonts)
    after = fonts.small_px(name) + NAME_GAP_PX
    width = fonts.small_px(band.type_name)
    has_room = after + width <= line.width()
    covered = QRectF(line.x() - 2, line.y() + 2, after + (width if has_room else 0), line.height())
    painter.fillRect(covered.adjusted(0, 0, 0, -3), _tint(theme, band.depth))
    painter.setPen(theme.color("text"))
    painter.drawText(line, _LEFT, name)
    if has_room:
        painter.setFont(fonts.small)
        painter.setPen(theme.color("text_muted"))
        painter.drawText(line.adjusted(after, 0, 0, 0), _LEFT, band.type_name)


def _tint(theme: Theme, depth: int) -> QColor:
    """Return the colour of a band: nested ones stand off those around them."""
    window, border = theme.color("window"), theme.color("border")
    share = 1 - (1 - _TINT) ** (depth + 1)
    mixed = (
        round(of_window + (of_border - of_window) * share)
        for of_window, of_border in zip(window.getRgb()[:3], border.getRgb()[:3], strict=True)
    )
    return QColor(*mixed)


def _headings(band: Band) -> Iterator[Rect]:
    """Yield the rooms for a band's name: one in each row, or only one where it is in pieces."""
    rects = (
        band.rects if len({rect.y for rect in band.rects}) == len(band.rects) else band.rects[:1]
    )
    for rect in rects:
        yield Rect(rect.x, rect.y, rect.width, HEADING_PX)


def _line_of(heading: Rect) -> QRectF:
    """Return where a band's name is written: beside its control."""
    inset, control = _TEXT_INSET_PX, BUTTON_PX + BUTTON_GAP_PX
    return QRectF(heading.x + inset, heading.y, heading.width - inset - control, heading.height)


def _shortened(path: str, line: QRectF, fonts: TitleFonts) -> str:
    """Return a path without its middle, if it is longer than its line."""
    metrics = QFontMetricsF(fonts.small_bold)
    return metrics.elidedText(path, Qt.TextElideMode.ElideMiddle, line.width())


def _reach(place: QRectF) -> QRectF:
    return place.adjusted(-REACH_PX, -REACH_PX, REACH_PX, REACH_PX)
