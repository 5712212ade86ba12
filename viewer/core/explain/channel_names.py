"""What a channel is called."""

from __future__ import annotations

from viewer.core.records import Kind, Node

COLORS = ("red", "green", "blue")


def channel_name(node: Node, channel: int) -> str:
    """Return the name of a channel of a node's output: those of a picture are its colours."""
    if node.kind is Kind.INPUT and node.output_shape[:1] == (len(COLORS),):
        return f"channel {channel} ({COLORS[channel]})"
    return f"channel {channel}"
