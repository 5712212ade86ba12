"""Docks with quiet titles."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QSize, Qt
from PyQt6.QtGui import QFont, QKeyEvent, QPainter, QPaintEvent, QPalette
from PyQt6.QtWidgets import (
    QApplication,
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QToolButton,
    QWidget,
)

from viewer.widgets.icons import blank_icon
from viewer.widgets.overrides import override
from viewer.widgets.theme import GRID_PX, TextSize, text_font

if TYPE_CHECKING:
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme

TITLE_BUTTON_PX = 20
TITLE_ICON_PX = 12
TITLE_SPACING_PERCENT = 106  # capitals need air


class DockTitle(QFrame):
    """The bar over a dock: its name, a button to float it and one to close it."""

    def __init__(self, dock: QDockWidget) -> None:
        super().__init__(dock)
        self.setObjectName("dock_title")
        self._label = label = QLabel()
        font = text_font(TextSize.SMALL, bold=True)
        font.setLetterSpacing(QFont.SpacingType.PercentageSpacing, TITLE_SPACING_PERCENT)
        label.setFont(font)
        self._float = _title_button()
        self._close = _title_button()
        self.set_name(dock.windowTitle())
        self._float.clicked.connect(lambda: dock.setFloating(not dock.isFloating()))
        self._close.clicked.connect(dock.close)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GRID_PX, 2, 4, 2)
        layout.setSpacing(2)
        layout.addWidget(label, 1)
        layout.addWidget(self._float)
        layout.addWidget(self._close)

    def set_name(self, name: str) -> None:
        """Show another name."""
        self._label.setText(name.upper())
        for button, text in (
            (self._float, f"Detach or attach {name.lower()}"),
            (self._close, f"Close {name.lower()} (the View menu brings it back)"),
        ):
            button.setToolTip(text)
            button.setAccessibleName(text)

    def set_icons(self, icons: IconSet, theme: Theme) -> None:
        """Give the two buttons their icons."""
        self._float.setIcon(icons.icon("arrow-square-out", theme))
        self._close.setIcon(icons.icon("x", theme))


class Dock(QDockWidget):
    """A dock that can be moved, closed and floated.

    Parameters
    ----------
    name : str
        For saving the layout; never change it.
    title : str
        To show.

    Attributes
    ----------
    explains : bool
        It comes as a window of its own, over the main one. Of several the next one gets the
        keyboard when one is dismissed.
    """

    def __init__(self, name: str, title: str, parent: QWidget) -> None:
        super().__init__(title, parent)
        self.setObjectName(name)
        self.explains = False
        self._active_s = 0.0  # when its window had the keyboard last, by a monotonic clock
        self.title_bar = DockTitle(self)
        self.setTitleBarWidget(self.title_bar)

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        super().paintEvent(event)
        if self.isFloating():  # in the frame that the style leaves free
            painter = QPainter(self)
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() == Qt.Key.Key_Escape and self.isFloating():
            self.dismiss()
            return
        super().keyPressEvent(event)

    @override
    def event(self, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.WindowActivate and self.isFloating():
            self._active_s = time.monotonic()
        return super().event(event)

    @property
    def has_keys(self) -> bool:
        """Whether the keyboard is in it."""
        if self.isFloating():
            return self.isVisible() and self.isActiveWindow()
        focus = QApplication.focusWidget()
        return focus is not None and self.isAncestorOf(focus)

    def bring(self, focus: QWidget | None = None) -> None:
        """Bring it to the front and give it the keyboard, whatever window has it now.

        Parameters
        ----------
        focus : QWidget, optional
            The part of it that gets the keys; what had them last otherwise.
        """
        self.show()
        self.raise_()
        window = self.window()
        if window is not None:
            window.activateWindow()  # not every desktop gives a new window the keyboard
        if focus is not None:
            focus.setFocus()

    def dismiss(self) -> None:
        """Close it; the floating window below that explains gets the keyboard, or the main one."""
        had_keys = self.has_keys
        self.close()
        main = self.parentWidget()
        if main is None or not had_keys:
            return
        others = [
            dock
            for dock in main.findChildren(Dock)
            if dock is not self and dock.explains and dock.isFloating() and dock.isVisible()
        ]
        if others:
            below = max(others, key=lambda dock: dock._active_s)
            below.raise_()
            below.activateWindow()
        else:
            main.activateWindow()

    def set_title(self, title: str) -> None:
        """Show another title; the layout is still remembered by the name."""
        self.setWindowTitle(title)
        self.title_bar.set_name(title)


def as_page(page: QWidget) -> QWidget:
    """Give what fills a dock the surface's colour, as the docks that scroll have it."""
    page.setObjectName("dock_page")
    page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    return page


def scrolling(page: QWidget) -> QScrollArea:
    """Return `page` in an area that scrolls where the page can't shrink any more."""
    page.setObjectName("dock_page")
    area = QScrollArea()
    area.setWidget(page)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area


def _title_button() -> QToolButton:
    button = QToolButton()
    button.setIcon(blank_icon())
    button.setIconSize(QSize(TITLE_ICON_PX, TITLE_ICON_PX))
    button.setFixedSize(TITLE_BUTTON_PX, TITLE_BUTTON_PX)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
