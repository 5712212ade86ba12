"""A hand that draws on the pad, by mouse events as the window system sends them."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QPointF, Qt
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtWidgets import QApplication

from viewer.cli.benchmarks.pen import UnitPoint
from viewer.widgets.inputs.pad import DrawingPad

_PRESS = QEvent.Type.MouseButtonPress
_MOVE = QEvent.Type.MouseMove
_RELEASE = QEvent.Type.MouseButtonRelease


class Hand:
    """Draws with the left button.

    Parameters
    ----------
    pad : DrawingPad
        Where to draw; points are given as parts of its square of paper.
    """

    def __init__(self, pad: DrawingPad) -> None:
        self._pad = pad

    def press(self, point: UnitPoint) -> None:
        """Put the pen down."""
        self._send(_PRESS, point)

    def move(self, point: UnitPoint) -> None:
        """Move the pen that is down."""
        self._send(_MOVE, point)

    def release(self, point: UnitPoint) -> None:
        """Lift the pen."""
        self._send(_RELEASE, point)

    def _send(self, kind: QEvent.Type, point: UnitPoint) -> None:
        paper = self._pad.square
        place = QPointF(paper.x() + point[0] * paper.width(), paper.y() + point[1] * paper.height())
        none, left = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
        event = QMouseEvent(
            kind,
            place,
            place,
            none if kind is _MOVE else left,
            none if kind is _RELEASE else left,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(self._pad, event)
