"""What a lesson points at and what it hides, followed while the window changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from PyQt6.QtCore import QObject, QRect, QTimer

from viewer.widgets.lessons.cover import LessonCover
from viewer.widgets.lessons.pointer import LessonPointer

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QWidget

    from viewer.widgets.theme import Theme
    from viewer.widgets.window.main_window import MainWindow

FOLLOW_MS = 150  # how soon frame and covers follow what they are about


class Marks(NamedTuple):
    """What is to be marked now.

    Attributes
    ----------
    point_at : str
        Empty for nothing.
    hide : sequence of str
    """

    point_at: str = ""
    hide: Sequence[str] = ()


class LessonMarks(QObject):
    """Frames and covers parts of the window.

    Parameters
    ----------
    window : MainWindow
    wanted : callable
        Returns what is to be marked now.
    place : callable
        Returns where something is, by its name; None while it isn't shown.
    on_hidden : callable
        Is told what is hidden now: no other way to it may be open.

    Attributes
    ----------
    pointer : LessonPointer
    """

    def __init__(
        self,
        window: MainWindow,
        wanted: Callable[[], Marks],
        place: Callable[[str], tuple[QWidget, QRect] | None],
        on_hidden: Callable[[Sequence[str]], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._wanted = wanted
        self._place = place
        self._on_hidden = on_hidden
        self._theme: Theme | None = None
        self._covers: dict[str, LessonCover] = {}
        self.pointer = LessonPointer(window)
        self._timer = QTimer(self)
        self._timer.setInterval(FOLLOW_MS)
        self._timer.timeout.connect(self.refresh)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.pointer.set_theme(theme)
        for cover in self._covers.values():
            cover.set_theme(theme)

    def start(self) -> None:
        """Follow from now on."""
        self._timer.start()

    def stop(self) -> None:
        """Mark nothing any more."""
        self._timer.stop()
        self._show(Marks())

    def refresh(self) -> None:
        """Put the marks where they belong now."""
        self._show(self._wanted())

    def _show(self, marks: Marks) -> None:
        self._on_hidden(marks.hide)
        self.pointer.point_at(self._place(marks.point_at) if marks.point_at else None)
        for target in set(self._covers) - set(marks.hide):
            self._covers.pop(target).take_away()
        for target in marks.hide:
            place = self._place(target)
            if place is None:
                continue
            if target not in self._covers:
                self._covers[target] = LessonCover()
                if self._theme is not None:
                    self._covers[target].set_theme(self._theme)
            self._covers[target].put_over(*place)
