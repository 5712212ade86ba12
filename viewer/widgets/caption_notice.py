"""What is going on with the network, beside its name: one line with what can be done about it."""

from __future__ import annotations

from typing import NamedTuple

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.theme import GRID_PX, TextSize

HEIGHT_PX = 32
DISMISS_TEXT = "Dismiss"


class Notice(NamedTuple):
    """One notice.

    Attributes
    ----------
    text : str
        One line; it is shortened where there is no room.
    button : str
        What can be done about it; empty for nothing.
    tooltip : str
        What the button does.
    dismissible : bool
        Whether a person can take it away.
    """

    text: str
    button: str
    tooltip: str
    dismissible: bool = False


class CaptionNotice(QFrame):
    """Shows the most urgent of several notices; without one it takes no room.

    Parameters
    ----------
    order : tuple of str
        Names of the notices, the most urgent first.

    Signals
    -------
    pressed(str)
        Name of the notice whose button was pressed.
    """

    pressed = pyqtSignal(str)

    def __init__(self, order: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("caption_notice")
        self._order = order
        self._notices: dict[str, Notice] = {}
        self._text = ElidedLabel(size_pt=TextSize.BODY, fixed=True)
        self.button = _button()
        self.button.setObjectName("notice_button")
        self.button.clicked.connect(self._on_pressed)
        self.dismiss_button = _button(DISMISS_TEXT, "Take this note away")
        self.dismiss_button.clicked.connect(self._on_dismissed)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(HEIGHT_PX)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GRID_PX + GRID_PX // 2, 0, GRID_PX // 2, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._text)
        for button in (self.button, self.dismiss_button):
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.hide()

    @property
    def name(self) -> str:
        """Name of the notice that is shown; empty for none."""
        return next((name for name in self._order if name in self._notices), "")

    @property
    def text(self) -> str:
        """What is said; empty without a notice."""
        return self._notices[self.name].text if self.name else ""

    def show_notice(self, name: str, notice: Notice) -> None:
        """Show a notice in place of the last of its name.

        Raises
        ------
        ValueError
            If there is no place for it in the order.
        """
        if name not in self._order:
            raise ValueError(name)
        self._notices[name] = notice
        self._refresh()

    def clear(self, name: str) -> None:
        """Take a notice away, if it is there."""
        if self._notices.pop(name, None) is not None:
            self._refresh()

    def _refresh(self) -> None:
        notice = self._notices.get(self.name)
        if notice is not None:
            self._text.set_text(notice.text)
            self.setAccessibleName(notice.text)
            self.button.setText(notice.button)
            self.button.setVisible(bool(notice.button))
            self.button.setToolTip(notice.tooltip)
            self.dismiss_button.setVisible(notice.dismissible)
        self.setVisible(notice is not None)

    def _on_pressed(self) -> None:
        self.pressed.emit(self.name)

    def _on_dismissed(self) -> None:
        self.clear(self.name)


def _button(text: str = "", tooltip: str = "") -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tooltip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
