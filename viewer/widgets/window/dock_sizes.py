"""Docks keep their heights when the window shrinks and grows again.

Qt shares what is missing among the docks as the window shrinks, and what is won as it grows,
but not the same way: the pad would be small for ever.
"""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PyQt6.QtWidgets import QDockWidget, QMainWindow

from viewer.widgets.overrides import override

SETTLING_MS = 100


class DockSizes(QObject):
    """Gives the docks below each other the heights that they had.

    Heights that a person or a new dock brings about are remembered; those that a resized window
    brings about are not. In the column of `flexible` that dock takes what is left; the dock at
    the bottom keeps its share of the window.

    Parameters
    ----------
    window : QMainWindow
    flexible : str
        Name of the dock that takes what is left.
    """

    def __init__(self, window: QMainWindow, flexible: str) -> None:
        super().__init__(window)
        self._window = window
        self._flexible = flexible
        self._heights: dict[str, int] = {}  # of docks, by name
        self._shares: dict[str, float] = {}  # of the window's height, of docks at the bottom
        self._shown: set[str] = set()  # docks at the bottom, by name
        self._size = QSize()  # of the window, when they were remembered
        self._timer = QTimer(self)  # once Qt has laid everything out
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._on_laid_out)
        self._settling = QTimer(self)  # what docks do meanwhile comes of the window's new size
        self._settling.setSingleShot(True)
        self._settling.setInterval(SETTLING_MS)
        window.installEventFilter(self)

    def watch(self, dock: QDockWidget) -> None:
        """Remember the height of this dock, too."""
        dock.installEventFilter(self)

    @override
    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        if a1 is not None and a1.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._timer.start()
        return False

    def _on_laid_out(self) -> None:
        window = self._window
        if not window.isVisible():
            return
        shown = {dock.objectName() for dock in self._bottom()}
        again = bool((shown - self._shown) & self._shares.keys())  # hidden in a window of any size
        self._shown = shown
        if again or (not self._size.isEmpty() and window.size() != self._size):
            self._restore()
            self._settling.start()
        elif not self._settling.isActive():
            self._remember()
        self._size = window.size()

    def _remember(self) -> None:
        for dock in self._column():
            self._heights[dock.objectName()] = dock.height()
        for dock in self._bottom():
            self._shares[dock.objectName()] = dock.height() / self._window.height()

    def _restore(self) -> None:
        column = self._column()
        others = [dock for dock in column if dock.objectName() != self._flexible]
        if len(others) < len(column):
            wanted = [self._heights.get(dock.objectName(), dock.height()) for dock in others]
            total = sum(dock.height() for dock in column)
            # Where there is less than all want, the others give way first.
            least = min(self._heights.get(self._flexible, 0), total - len(others))
            flexible = next(dock for dock in column if dock not in others)
            height = max(total - sum(wanted), least, 1)
            rest = [one * (total - height) // max(sum(wanted), 1) for one in wanted]
            self._resize([flexible, *others], [height, *(max(one, 1) for one in rest)])
        bottom = self._bottom()
        shares = [self._shares.get(dock.objectName(), 0.0) for dock in bottom]
        heights = [max(round(share * self._window.height()), 1) for share in shares]
        if all(shares):
            self._resize(bottom, heights)

    def _resize(self, docks: list[QDockWidget], heights: list[int]) -> None:
        if docks:
            self._window.resizeDocks(docks, heights, Qt.Orientation.Vertical)

    def _column(self) -> list[QDockWidget]:
        """Return the docks above and below the flexible one."""
        for flexible in self._window.findChildren(QDockWidget, self._flexible):
            found = self._docks(self._window.dockWidgetArea(flexible))
            return [dock for dock in found if dock.x() == flexible.x()]
        return []

    def _bottom(self) -> list[QDockWidget]:
        """Return the docks at the bottom, which are beside each other."""
        return self._docks(Qt.DockWidgetArea.BottomDockWidgetArea)

    def _docks(self, area: Qt.DockWidgetArea) -> list[QDockWidget]:
        window = self._window
        return [
            dock
            for dock in window.findChildren(QDockWidget)
            if window.dockWidgetArea(dock) == area
            and dock.isVisible()
            and not dock.isFloating()
            and not dock.visibleRegion().isEmpty()  # behind another one's tab
        ]
