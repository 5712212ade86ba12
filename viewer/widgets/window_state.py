"""Where the window was and how its docks lay, remembered between runs."""

from __future__ import annotations

from PyQt6.QtCore import QByteArray, QRect, QSettings, QSize
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QMainWindow

GEOMETRY_KEY = "window/geometry"
STATE_KEY = "window/state"
STATE_VERSION = 1  # raise it when the docks of an older layout can't be restored any more
PREFERRED_SIZE = QSize(1440, 900)
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
        window.resize(PREFERRED_SIZE)
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


def _reachable(frame: QRect, area: QRect) -> bool:
    title = QRect(frame.x(), frame.y(), frame.width(), 1)
    return title.intersected(area).width() >= min(VISIBLE_PX, frame.width())
