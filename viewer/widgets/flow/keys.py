"""From a selection to the next one, by the keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from viewer.core.card_layout import Card
from viewer.core.records import Kind, Node, Selection


def first_selection(nodes: Sequence[Node]) -> Selection | None:
    """Return what the first key selects: the middle of the first computed map."""
    computed = [node for node in nodes if node.kind is not Kind.INPUT] or list(nodes)
    return _middle(computed[0], 0) if computed else None


def next_channel(card: Card, node: Node, selection: Selection, dx: int, dy: int) -> Selection:
    """Return the selection some columns and rows of maps away; the same one at the border.

    Parameters
    ----------
    card : Card
    node : Node
    selection : Selection
    dx, dy : int
    """
    columns = 1 if card.bars else card.grid.columns
    count = node.output_shape[0] if card.bars else card.grid.count
    if card.color:  # one picture of three channels, side by side for the keys
        columns = count = node.output_shape[0]
    row, column = divmod(selection.channel, columns)
    row, column = row + dy, column + dx
    channel = row * columns + column
    if not (0 <= column < columns and row >= 0 and channel < count):
        return selection
    if selection.in_channel is not None:
        return _middle(node, channel)
    return replace(selection, channel=channel)


def next_layer(nodes: Sequence[Node], selection: Selection, step: int) -> Selection:
    """Return the selection some layers away, of the same channel if that layer has it."""
    names = [node.name for node in nodes]
    if selection.node not in names:
        return first_selection(nodes) or selection
    index = names.index(selection.node) + step
    if not 0 <= index < len(nodes):
        return selection
    node = nodes[index]
    channel = min(selection.channel, node.output_shape[0] - 1)
    if _size(node) == _size(nodes[index - step]):
        return Selection(node.name, channel, selection.y, selection.x)
    return _middle(node, channel)


def _middle(node: Node, channel: int) -> Selection:
    height, width = _size(node)
    return Selection(node.name, channel, height // 2, width // 2)


def _size(node: Node) -> tuple[int, ...]:
    return node.output_shape[1:] if len(node.output_shape) == 3 else (1, 1)
