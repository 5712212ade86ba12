"""What is written on a card, and how much room it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import MappingProxyType

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QFont, QFontMetricsF, QPainter

from viewer.core.card_layout import TITLE_LINE_PX, Rect, TextSizes
from viewer.core.records import Kind, NetworkRecord, Node
from viewer.widgets.theme import TextSize, Theme, text_font

NAME_GAP_PX = 6  # between name and type
COUNT_GAP_PX = 12  # between shape and parameters
MAX_NAME_PX = 200  # a card is not wider for a longer name, as of a deep module
MAX_CLASS_PX = 120
BLOCK_BUTTON_PX = 20  # at the right end of a block's title, with a gap

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class TitleFonts:
    """The fonts of a card, and their measures.

    Attributes
    ----------
    labels : mapping of node name to str
        What some cards are called instead, where the rest of the name stands around them.
    """

    def __init__(self) -> None:
        self.labels: Mapping[str, str] = {}
        self.name: QFont = text_font(TextSize.BODY, bold=True)
        self.small: QFont = text_font(TextSize.SMALL)
        self.small_bold: QFont = text_font(TextSize.SMALL, bold=True)
        for font in (self.name, self.small, self.small_bold):
            font.setFeature(QFont.Tag("calt"), 0)  # it would write 1×1 for a layer called 1x1
        self._name_metrics = QFontMetricsF(self.name)
        self._small_metrics = QFontMetricsF(self.small_bold)
        # Of 1,000 classes: measuring them takes longer than painting a card.
        self._classes: dict[str, tuple[str, float]] = {}

    def label(self, node: Node) -> str:
        """Return what a node is called on its card: its name, without what is said elsewhere."""
        return self.labels.get(node.name, node.name)

    def shortened(self, name: str, room_px: float) -> str:
        """Return a name without its middle, if it is longer than its room.

        Modules of one network are called alike at the beginning, those of its blocks at the end.
        """
        return self._name_metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room_px)

    def name_px(self, name: str) -> float:
        """Return the width of a name, written as it is."""
        return self._name_metrics.horizontalAdvance(name)

    def small_px(self, text: str) -> float:
        """Return the width of small text, bold or not."""
        return self._small_metrics.horizontalAdvance(text)

    def class_text(self, name: str) -> str:
        """Return a class's name, shortened if it is very long."""
        return self._class(name)[0]

    def class_px(self, name: str) -> float:
        """Return the width of a class's name, as it is shortened."""
        return self._class(name)[1]

    def _class(self, name: str) -> tuple[str, float]:
        found = self._classes.get(name)
        if found is None:
            ellipsis = Qt.TextElideMode.ElideRight
            text = self._small_metrics.elidedText(name, ellipsis, MAX_CLASS_PX)
            found = self._classes[name] = text, self.small_px(text)
        return found

    def measure(self, network: NetworkRecord, nodes: Sequence[Node] | None = None) -> TextSizes:
        """Return the room that the texts of a network need.

        Parameters
        ----------
        network : NetworkRecord
        nodes : sequence of Node, optional
            What is shown of it; all nodes by default.
        """
        shown = network.nodes if nodes is None else nodes
        small_px, label_px = cache(self.small_px), cache(self._label_px)  # many are alike
        titles = {
            node.name: int(_title_px(node, label_px(self.label(node)), small_px)) + 1
            for node in shown
        }
        names = (self.class_px(name) for name in network.class_names)
        return TextSizes(MappingProxyType(titles), int(max(names, default=0)) + 1)

    def _label_px(self, label: str) -> float:
        return self.name_px(self.shortened(label, MAX_NAME_PX))


def type_text(node: Node) -> str:
    """Return the operation's own name, unless the node is called that."""
    return "" if node.type_name.lower() == node.name.lower() else node.type_name


def shape_text(node: Node) -> str:
    """Return an output's shape: ``16 × 28 × 28``."""
    return " × ".join(str(length) for length in node.output_shape)


def parameters_text(node: Node) -> str:
    """Return how many parameters a node has: ``12,832 parameters``."""
    return f"{node.parameters:,} parameters"


def name_text(node: Node, place: Rect, fonts: TitleFonts, reserved_px: int = 0) -> str:
    """Return what a node is called, as far as there is room for it beside its type.

    Parameters
    ----------
    node : Node
    place : Rect
        Of the title.
    fonts : TitleFonts
    reserved_px : int
        As of `paint_title`.
    """
    room_px = place.width - reserved_px
    beside_type = room_px - NAME_GAP_PX - fonts.small_px(type_text(node))
    return fonts.shortened(fonts.label(node), max(beside_type, min(room_px, MAX_NAME_PX)))


def paint_title(
    painter: QPainter,
    node: Node,
    place: Rect,
    fonts: TitleFonts,
    theme: Theme,
    reserved_px: int = 0,
) -> None:
    """Write the two title lines of a card.

    Parameters
    ----------
    painter : QPainter
    node : Node
    place : Rect
    fonts : TitleFonts
    theme : Theme
    reserved_px : int
        Room at the right end of the first line for something else: what is written there is
        shortened where it is too long.
    """
    line = QRectF(place.x, place.y, place.width - reserved_px, TITLE_LINE_PX)
    painter.setFont(fonts.name)
    painter.setPen(theme.color("text"))
    name = name_text(node, place, fonts, reserved_px)
    painter.drawText(line, _LEFT, name)
    painter.setFont(fonts.small)
    painter.setPen(theme.color("text_muted"))
    rest = line.adjusted(fonts.name_px(name) + NAME_GAP_PX, 0, 0, 0)
    painter.drawText(rest, _LEFT, _fitting(painter, type_text(node), rest, reserved_px))
    line.adjust(0, TITLE_LINE_PX, reserved_px, TITLE_LINE_PX)
    painter.drawText(line, _LEFT, shape_text(node))
    if node.parameters:
        painter.drawText(line, _RIGHT, parameters_text(node))


def _title_px(node: Node, name_px: float, small_px: Callable[[str], float]) -> float:
    first = name_px + NAME_GAP_PX + small_px(type_text(node))
    if node.kind is Kind.BLOCK:
        first += BLOCK_BUTTON_PX
    second = small_px(shape_text(node))
    if node.parameters:
        second += COUNT_GAP_PX + small_px(parameters_text(node))
    return max(first, second)


def _fitting(painter: QPainter, text: str, line: QRectF, reserved_px: int) -> str:
    """Return a text, without its end if something stands there and it would reach into it."""
    if not reserved_px:
        return text
    room = max(0, int(line.width()))
    return painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)
