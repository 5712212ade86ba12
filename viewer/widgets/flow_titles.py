"""What is written on a card, and how much room it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QFont, QFontMetricsF, QPainter

from viewer.core.card_layout import TITLE_LINE_PX, Rect, TextSizes
from viewer.core.records import Kind, NetworkRecord, Node
from viewer.widgets.theme import TextSize, Theme, text_font

NAME_GAP_PX = 6  # between name and type
COUNT_GAP_PX = 12  # between shape and parameters
MAX_NAME_PX = 200  # longer names, as of deep modules, lose their middle
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

    def name_text(self, node: Node) -> str:
        """Return a node's name, shortened if it is very long, or said elsewhere."""
        name = self.labels.get(node.name, node.name)
        return self._name_metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, MAX_NAME_PX)

    def name_px(self, node: Node) -> float:
        """Return the width of a node's name."""
        return self._name_metrics.horizontalAdvance(self.name_text(node))

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
        titles = {node.name: int(self._title_px(node)) + 1 for node in shown}
        names = (self.class_px(name) for name in network.class_names)
        return TextSizes(MappingProxyType(titles), int(max(names, default=0)) + 1)

    def _title_px(self, node: Node) -> float:
        first = self.name_px(node) + NAME_GAP_PX + self.small_px(type_text(node))
        if node.kind is Kind.BLOCK:
            first += BLOCK_BUTTON_PX
        second = self.small_px(shape_text(node))
        if node.parameters:
            second += COUNT_GAP_PX + self.small_px(parameters_text(node))
        return max(first, second)


def type_text(node: Node) -> str:
    """Return the operation's own name, unless the node is called that."""
    return "" if node.type_name.lower() == node.name.lower() else node.type_name


def shape_text(node: Node) -> str:
    """Return an output's shape: ``16 × 28 × 28``."""
    return " × ".join(str(length) for length in node.output_shape)


def parameters_text(node: Node) -> str:
    """Return how many parameters a node has: ``12,832 parameters``."""
    return f"{node.parameters:,} parameters"


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
    painter.drawText(line, _LEFT, _fitting(painter, fonts.name_text(node), line, reserved_px))
    painter.setFont(fonts.small)
    painter.setPen(theme.color("text_muted"))
    rest = line.adjusted(fonts.name_px(node) + NAME_GAP_PX, 0, 0, 0)
    painter.drawText(rest, _LEFT, _fitting(painter, type_text(node), rest, reserved_px))
    line.adjust(0, TITLE_LINE_PX, reserved_px, TITLE_LINE_PX)
    painter.drawText(line, _LEFT, shape_text(node))
    if node.parameters:
        painter.drawText(line, _RIGHT, parameters_text(node))


def _fitting(painter: QPainter, text: str, line: QRectF, reserved_px: int) -> str:
    """Return a text, without its end if something stands there and it would reach into it."""
    if not reserved_px:
        return text
    room = max(0, int(line.width()))
    return painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)
