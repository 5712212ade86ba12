"""Keys that mean the same in every view."""

from __future__ import annotations

from PyQt6.QtCore import Qt

ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
CHOOSE = (*ENTER, Qt.Key.Key_Space)
CLOSER = (Qt.Key.Key_Plus, Qt.Key.Key_Equal)  # the same key on many keyboards

_ARROWS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


def arrow(key: int) -> tuple[int, int] | None:
    """Return how many rows down and columns right an arrow key goes; None for other keys."""
    return _ARROWS.get(key)  # type: ignore[call-overload, no-any-return]  # an IntEnum


def tile_step(key: int, columns: int) -> int | None:
    """Return how many tiles on an arrow key goes, in rows of `columns`; None for other keys."""
    step = arrow(key)
    return None if step is None else step[0] * columns + step[1]
