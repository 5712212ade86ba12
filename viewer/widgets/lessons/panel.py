"""The lessons: a list, and the page of the one that is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize
from PyQt6.QtWidgets import QStackedLayout, QWidget
from typing_extensions import override

from viewer.widgets.lessons.list import LessonList
from viewer.widgets.lessons.page import LessonPage

if TYPE_CHECKING:
    from viewer.widgets.theme import Theme

PREFERRED_PX, MIN_WIDTH_PX, MIN_HEIGHT_PX = 320, 280, 240


class LessonsPanel(QWidget):
    """Shows the list or a page.

    Attributes
    ----------
    list : LessonList
    page : LessonPage
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = LessonList()
        self.page = LessonPage()
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(self.list)
        self._stack.addWidget(self.page)

    @property
    def in_lesson(self) -> bool:
        """Whether a page is shown."""
        return self._stack.currentWidget() is self.page

    def show_list(self) -> None:
        """Turn to the list."""
        self._stack.setCurrentWidget(self.list)
        self.list.list.setFocus()

    def show_page(self) -> None:
        """Turn to the page."""
        self._stack.setCurrentWidget(self.page)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self.list.set_theme(theme)
        self.page.set_theme(theme)

    @override
    def sizeHint(self) -> QSize:
        return QSize(PREFERRED_PX, 480)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(MIN_WIDTH_PX, MIN_HEIGHT_PX)
