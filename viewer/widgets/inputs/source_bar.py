"""Where a picture comes from, below the pad: its place in a folder, or the camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.icons import ICON_PX, blank_icon
from viewer.widgets.theme import GRID_PX, TextSize, text_font

if TYPE_CHECKING:
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme

BUTTON_PX = 28
STOP_TEXT = "Stop"


class SourceBar(QWidget):
    """One line with buttons; hidden while there is nothing to say.

    Signals
    -------
    walk_requested(int)
        The next picture (1) or the one before (-1) is wanted.
    stop_requested()
        The camera is to stop.
    """

    walk_requested = pyqtSignal(int)
    stop_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self._previous = _button("Previous picture (Left on the pad, or Ctrl+PgUp)")
        self._next = _button("Next picture (Right on the pad, or Ctrl+PgDown)")
        self._stop = QToolButton()
        self._build()
        self._previous.clicked.connect(lambda: self.walk_requested.emit(-1))
        self._next.clicked.connect(lambda: self.walk_requested.emit(1))
        self._stop.clicked.connect(self.stop_requested)
        self.hide()

    @property
    def text(self) -> str:
        """What is said; empty while hidden."""
        return "" if self.isHidden() else self._label.text()

    @property
    def shows_camera(self) -> bool:
        """Whether it tells of the camera."""
        return not self.isHidden() and not self._stop.isHidden()

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._label.set_color(theme.color("text"))

    def set_icons(self, icons: IconSet, theme: Theme) -> None:
        """Give the buttons their icons."""
        self._previous.setIcon(icons.icon("caret-left", theme))
        self._next.setIcon(icons.icon("caret-right", theme))

    def show_place(self, number: int, count: int, name: str) -> None:
        """Say which picture of a folder this is, counted from one."""
        self._show(f"{number:,} of {count:,} · {name}", camera=False)

    def show_camera(self, text: str) -> None:
        """Say how the camera does."""
        self._show(text, camera=True)

    def _show(self, text: str, *, camera: bool) -> None:
        self._label.set_text(text)
        self._previous.setVisible(not camera)
        self._next.setVisible(not camera)
        self._stop.setVisible(camera)
        self.show()

    def _build(self) -> None:
        self._stop.setText(STOP_TEXT)
        self._stop.setToolTip("Stop the camera; its last picture stays")
        self._stop.setFont(text_font(TextSize.SMALL))
        self._stop.setFixedHeight(BUTTON_PX)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._previous)
        layout.addWidget(self._label, 1)
        layout.addWidget(self._next)
        layout.addWidget(self._stop)


def _button(tip: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(blank_icon())
    button.setIconSize(QSize(ICON_PX, ICON_PX))
    button.setFixedSize(BUTTON_PX, BUTTON_PX)
    button.setToolTip(tip)
    button.setAccessibleName(tip.partition(" (")[0])
    return button
