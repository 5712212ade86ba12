"""Keys and wheels that all views share."""

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QKeyEvent, QWheelEvent
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from viewer.widgets.kernel_view import KernelView
from viewer.widgets.keys import CHOOSE, arrow, tile_step
from viewer.widgets.wheel import Wheel

PRESS, NONE = QEvent.Type.KeyPress, Qt.KeyboardModifier.NoModifier


def turned(down: int, across: int = 0) -> QWheelEvent:
    """Return an event of a wheel that was turned by so many eighths of a degree."""
    return QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(),
        QPoint(across, down),
        Qt.MouseButton.NoButton,
        NONE,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )


def test_arrows() -> None:
    pressed = QKeyEvent(PRESS, Qt.Key.Key_Up, NONE).key()
    assert (arrow(pressed), tile_step(pressed, 4)) == ((-1, 0), -4)
    assert tile_step(Qt.Key.Key_Right.value, 4) == 1
    assert arrow(Qt.Key.Key_A.value) is None and tile_step(Qt.Key.Key_A.value, 4) is None
    assert QKeyEvent(PRESS, Qt.Key.Key_Space, NONE).key() in CHOOSE


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ([120, -120, 240], [1, -1, 2]),
        ([40, 40, 40, 40], [0, 0, 1, 0]),  # a touchpad
        ([-50, -50, -50], [0, 0, -1]),
        ([100, -100, -20], [0, 0, -1]),  # the other way begins anew
    ],
)
def test_notches(turns: list[int], expected: list[int]) -> None:
    wheel = Wheel()
    assert [wheel.notches(turned(turn)) for turn in turns] == expected


def test_a_touchpad_does_not_fly_through_the_pages(qtbot: QtBot) -> None:
    view = KernelView()
    qtbot.addWidget(view)
    view.resize(120, 60)
    view.set_kernels(np.zeros((400, 3, 3), np.float32))
    view.show()
    assert view.pages > 4
    first: list[int] = []
    view.page_changed.connect(lambda start, *_: first.append(start))
    for _ in range(8):
        QApplication.sendEvent(view, turned(-15))
    assert len(first) == 1 and first[0] > 0
    QApplication.sendEvent(view, turned(0, across=-120))  # sideways
    assert len(first) == 1
    QApplication.sendEvent(view, turned(120))
    assert first[1:] == [0]
