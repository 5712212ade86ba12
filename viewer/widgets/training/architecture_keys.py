"""The keyboard in the table of layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QWidget
from typing_extensions import override

from viewer.widgets.training.architecture_row import LayerRowView

_PLAIN = Qt.KeyboardModifier.NoModifier
_CTRL = Qt.KeyboardModifier.ControlModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_ALT = Qt.KeyboardModifier.AltModifier
_KEYPAD = Qt.KeyboardModifier.KeypadModifier  # says only where the key is

Chord = tuple[Qt.Key, Qt.KeyboardModifier]

ANYWHERE: Mapping[Chord, str] = {
    (Qt.Key.Key_Insert, _PLAIN): "add",
    (Qt.Key.Key_D, _CTRL): "duplicate",
    (Qt.Key.Key_Up, _ALT): "move_up",
    (Qt.Key.Key_Down, _ALT): "move_down",
    (Qt.Key.Key_Z, _CTRL): "undo",
    (Qt.Key.Key_Z, _CTRL | _SHIFT): "redo",
    (Qt.Key.Key_Y, _CTRL): "redo",
}
ON_A_ROW: Mapping[Chord, str] = {
    (Qt.Key.Key_Up, _PLAIN): "previous",
    (Qt.Key.Key_Down, _PLAIN): "next",
    (Qt.Key.Key_Delete, _PLAIN): "delete",
    (Qt.Key.Key_Backspace, _PLAIN): "delete",
    (Qt.Key.Key_Return, _PLAIN): "edit",
    (Qt.Key.Key_Enter, _PLAIN): "edit",
    (Qt.Key.Key_F2, _PLAIN): "edit",
}
IN_AN_EDITOR: Mapping[Chord, str] = {(Qt.Key.Key_Escape, _PLAIN): "leave"}


class TableKeys(QObject):
    """Turns keys pressed on rows and in their editors into deeds.

    An event filter and no shortcuts: the window's own (undo of the drawing) would be
    ambiguous with them.

    Parameters
    ----------
    deeds : mapping of str to callable
        What to do, by the names in the tables above.
    parent : QObject
    """

    def __init__(self, deeds: Mapping[str, Callable[[], None]], parent: QObject) -> None:
        super().__init__(parent)
        self._deeds = deeds

    def watch(self, widget: QWidget) -> None:
        """Listen to the keys of a row or an editor."""
        widget.installEventFilter(self)

    @override
    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        if not isinstance(a1, QKeyEvent):
            return False
        name = self._name(a0, a1)
        if name is None:
            return False
        if a1.type() == QEvent.Type.ShortcutOverride:
            a1.accept()  # then it comes as a key, and is no shortcut of the window
            return True
        if a1.type() == QEvent.Type.KeyPress:
            self._deeds[name]()
            return True
        return False

    def _name(self, target: QObject | None, event: QKeyEvent) -> str | None:
        chord = (Qt.Key(event.key()), event.modifiers() & ~_KEYPAD)
        own = ON_A_ROW if isinstance(target, LayerRowView) else IN_AN_EDITOR
        return ANYWHERE.get(chord) or own.get(chord)
