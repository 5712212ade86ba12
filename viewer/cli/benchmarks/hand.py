"""A hand that draws on the pad, by mouse events as the window system sends them."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QPointF, Qt
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtWidgets import QApplication

from viewer.cli.benchmarks.pen import UnitPoint
from viewer.widgets.pad import DrawingPad

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
        QApplication.sendEvent(self._pad, self.event(_PRESS, point))

    def move(self, point: UnitPoint) -> None:
        """Move the pen that is down."""
        QApplication.sendEvent(self._pad, self.event(_MOVE, point))

    def release(self, point: UnitPoint) -> None:
        """Lift the pen."""
        QApplication.sendEvent(self._pad, self.event(_RELEASE, point))

    def event(self, kind: QEvent.Type, point: UnitPoint) -> QMouseEvent:
        """Return the event of a press, a movement or a release.

        Only the pad's geometry is read, so that another thread can post what comes back.
        """
        paper = self._pad.square
        place = QPointF(paper.x() + point[0] * paper.width(), paper.y() + point[1] * paper.height())
        none, left = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
        return QMouseEvent(
            kind,
            place,
            place,
            none if kind is _MOVE else left,
            none if kind is _RELEASE else left,
            Qt.KeyboardModifier.NoModifier,
        )
