"""Where the window was and how its docks lay, remembered between runs."""

from __future__ import annotations

from PyQt6.QtCore import QByteArray, QPoint, QRect, QSettings, QSize
from PyQt6.QtGui import QGuiApplication, QScreen
from PyQt6.QtWidgets import QMainWindow, QWidget

GEOMETRY_KEY = "window/geometry"
STATE_KEY = "window/state"
STATE_VERSION = 1  # raise it when the docks of an older layout can't be restored any more
PREFERRED_SIZE = QSize(1440, 900)
# What a desktop puts around a window, about: it is only known once the window is there.
FRAME_PX = QSize(8, 40)
VISIBLE_PX = 64  # of the title bar, at least: enough to take hold of the window


def save_state(window: QMainWindow, settings: QSettings) -> None:
    """Remember size, place and docks."""
    settings.setValue(GEOMETRY_KEY, window.saveGeometry())
    settings.setValue(STATE_KEY, window.saveState(STATE_VERSION))
    settings.sync()  # now: a process that has to be ended hard writes nothing later


def restore_state(window: QMainWindow, settings: QSettings) -> bool:
    """Take up size, place and docks again; False if there is no usable layout of docks.

    A window that would be out of reach, because a screen is gone or smaller now, is brought
    back onto one.
    """
    geometry = settings.value(GEOMETRY_KEY)
    if not (isinstance(geometry, QByteArray) and window.restoreGeometry(geometry)):
        window.resize(PREFERRED_SIZE.boundedTo(_room(window.screen())))
    keep_in_reach(window)
    state = settings.value(STATE_KEY)
    return isinstance(state, QByteArray) and window.restoreState(state, STATE_VERSION)


def keep_in_reach(window: QMainWindow) -> None:
    """Move and shrink a window that no screen shows enough of."""
    screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
    frame = window.geometry()
    home = next((area for area in screens if _reachable(frame, area)), None)
    area = home or screens[0]
    size = frame.size().boundedTo(area.size())
    if size != frame.size():
        window.resize(size)
    if home is None:
        place = QRect(area.topLeft(), size)
        place.moveCenter(area.center())
        window.move(place.topLeft())


def place_inside(window: QWidget, size: QSize, over: QWidget) -> None:
    """Put a window in the middle of another, no larger than the screen and whole on it.

    Parameters
    ----------
    window : QWidget
    size : QSize
        That it has where there is room.
    over : QWidget
    """
    screen = over.screen()
    window.resize(size.boundedTo(_room(screen)))
    place = QRect(QPoint(0, 0), window.size() + FRAME_PX)
    place.moveCenter(over.frameGeometry().center())
    if screen is not None:
        area = screen.availableGeometry()
        place.moveRight(min(place.right(), area.right()))
        place.moveBottom(min(place.bottom(), area.bottom()))
        place.moveLeft(max(place.left(), area.left()))
        place.moveTop(max(place.top(), area.top()))
    window.move(place.topLeft())


def _room(screen: QScreen | None) -> QSize:
    """Return how large a window with its frame can be."""
    return PREFERRED_SIZE if screen is None else screen.availableGeometry().size() - FRAME_PX


def _reachable(frame: QRect, area: QRect) -> bool:
    title = QRect(frame.x(), frame.y(), frame.width(), 1)
    return title.intersected(area).width() >= min(VISIBLE_PX, frame.width())
