"""The docks that lessons open: placed beside the lesson, and put back as they were."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtCore import QPoint, QRect, Qt
from PyQt6.QtWidgets import QDockWidget

from viewer.core.lessons.actions import EXCITING, LAB, SLIDING, TRACE, TRAINING

if TYPE_CHECKING:
    from viewer.controllers.main import MainController
    from viewer.core.lessons.lesson import Step
    from viewer.widgets.window.main_window import MainWindow

OPENED_BY = {
    LAB: LAB,
    SLIDING: SLIDING,
    TRACE: TRACE,
    EXCITING: EXCITING,
    "panel": TRAINING,
    "train": TRAINING,
}
PANELS = (LAB, SLIDING, TRACE, EXCITING, TRAINING)
CORNER = Qt.Corner.BottomRightCorner
LESSONS = "lessons"  # the dock's name


@dataclass(frozen=True, slots=True)
class _Place:
    visible: bool
    geometry: QRect


class LessonPanels:
    """Shows and hides docks for lessons."""

    def __init__(self, main: MainController, window: MainWindow) -> None:
        self._main = main
        self._window = window
        self._before: dict[str, _Place] = {}
        self._opened: set[str] = set()
        self._put_away: list[QDockWidget] = []
        self._corner = window.corner(CORNER)
        self._widths: list[int] = []

    def remember(self) -> None:
        """Note which are open, and where; nothing stands below the lesson or floats over it."""
        self._opened = set()
        self._corner = self._window.corner(CORNER)
        self._widths = [dock.width() for dock in self._sides()]
        self._window.setCorner(CORNER, Qt.DockWidgetArea.RightDockWidgetArea)
        self._before = {}
        for name in PANELS:
            dock = self._dock(name)
            if dock is not None:
                self._before[name] = _Place(dock.isVisible(), dock.geometry())
        self._put_away = self._over_the_lesson()
        for dock in self._put_away:
            dock.hide()

    @contextmanager
    def keys_kept(self) -> Iterator[None]:
        """Let no window take the keyboard from the lesson as it opens."""
        found = [getattr(self._main, name, None) for name in (LAB, SLIDING, TRACE, EXCITING)]
        docks = [dock for dock in found if dock is not None]
        for dock in docks:
            dock.takes_keys = False
        try:
            yield
        finally:
            for dock in docks:
                dock.takes_keys = True

    def make_room(self, action: str) -> None:
        """Put what an action has opened beside the lesson, and give the keys back."""
        name = OPENED_BY.get(action)
        dock = None if name is None else self._dock(name)
        if name is None or dock is None:
            return
        first = name not in self._opened
        self._opened.add(name)
        if not dock.isFloating():
            return
        if first:
            dock.setGeometry(self._beside(dock))
        self._window.activateWindow()

    def tidy(self, step: Step) -> None:
        """Hide those that a step has no use for."""
        wanted = {OPENED_BY.get(action.name) for action in step.do}
        wanted.add(step.point_at.partition(":")[0])
        unwanted = self._opened - wanted
        for name in unwanted:
            self._hide(name)
        if TRAINING in unwanted:
            self._widen_sides()

    def restore(self) -> None:
        """Show those that were open, where they were; hide the others."""
        self._window.setCorner(CORNER, self._corner)
        for name in self._opened:
            before, dock = self._before.get(name), self._dock(name)
            if before is None or not before.visible:
                self._hide(name)
            elif dock is not None:
                dock.show()
            if before is not None and dock is not None and dock.isFloating():
                dock.setGeometry(before.geometry)
        for dock in self._put_away:
            dock.show()
        self._opened, self._put_away = set(), []
        self._widen_sides()

    def _widen_sides(self) -> None:
        # In a narrow window the wide training panel has pressed those beside it together.
        self._window.resizeDocks(self._sides(), self._widths, Qt.Orientation.Horizontal)

    def _sides(self) -> list[QDockWidget]:
        return [self._window.input_dock, self._window.inspector_dock]

    def _hide(self, name: str) -> None:
        dock = self._dock(name)
        if dock is not None:
            dock.hide()

    def _dock(self, name: str) -> QDockWidget | None:
        controller = getattr(self._main, name, None)
        dock: QDockWidget | None = getattr(controller, "dock", None)
        return dock

    def _over_the_lesson(self) -> list[QDockWidget]:
        """Return the floating docks that cover a part of the lesson."""
        docks = self._window.findChildren(QDockWidget)
        lessons = next((dock for dock in docks if dock.objectName() == LESSONS), None)
        if lessons is None or not lessons.isVisible():
            return []
        page = QRect(lessons.mapToGlobal(QPoint(0, 0)), lessons.size())
        others = (dock for dock in docks if dock is not lessons and dock.isVisible())
        return [d for d in others if d.isFloating() and d.frameGeometry().intersects(page)]

    def _beside(self, dock: QDockWidget) -> QRect:
        """Return the part of the window that the lesson leaves free, on the screen."""
        window = self._window
        lessons = window.findChild(QDockWidget, LESSONS)
        corner = window.mapToGlobal(QPoint(0, 0))
        area = QRect(corner, window.size())
        if lessons is not None and lessons.isVisible() and not lessons.isFloating():
            edge = lessons.mapTo(window, QPoint(0, 0)).x()
            if edge > window.width() / 2:
                area.setWidth(edge)
            else:
                area.setLeft(corner.x() + edge + lessons.width())
        smallest = dock.minimumSizeHint()
        area.setWidth(max(area.width(), smallest.width()))
        area.setHeight(max(area.height(), smallest.height()))
        return area
