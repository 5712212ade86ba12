"""What is going on with the network, beside its name, with what can be done about it."""

from __future__ import annotations

import re
from typing import NamedTuple

from PyQt6.QtCore import QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from viewer.widgets.overrides import override
from viewer.widgets.theme import GRID_PX, TextSize, text_font

HEIGHT_PX = 32
ONE_LINE_PX = 240  # a longer text is broken into two lines
STEP_PX = 8  # how closely their width is searched for
LONG_WORD = re.compile(r"\S{24,}")  # wider than a narrow notice
DISMISS_TEXT, DISMISS_NAME = "×", "Dismiss"


class Notice(NamedTuple):
    """One notice.

    Attributes
    ----------
    text : str
        One sentence. Where it takes more than two lines, what stands behind its colon goes to
        the tooltip.
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
    changed()
        Another notice is shown, or none.
    """

    pressed = pyqtSignal(str)
    changed = pyqtSignal()

    def __init__(self, order: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("caption_notice")
        self._order = order
        self._notices: dict[str, Notice] = {}
        self._text = _Text()
        self.button = _button()
        self.button.setObjectName("notice_button")
        self.button.clicked.connect(self._on_pressed)
        self.dismiss_button = _button(DISMISS_TEXT, "Take this note away")
        self.dismiss_button.setAccessibleName(DISMISS_NAME)
        self.dismiss_button.clicked.connect(self._on_dismissed)
        self.setMinimumHeight(HEIGHT_PX)
        self.set_wide(False)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GRID_PX + GRID_PX // 2, 2, GRID_PX // 2, 2)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._text, 1)
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

    def set_wide(self, wide: bool) -> None:
        """Take all the width there is, or no more than the text needs."""
        policy = QSizePolicy.Policy
        self.setSizePolicy(policy.Expanding if wide else policy.Maximum, policy.Fixed)

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
        self.changed.emit()

    def _on_pressed(self) -> None:
        self.pressed.emit(self.name)

    def _on_dismissed(self) -> None:
        self.clear(self.name)


class _Text(QLabel):
    """A sentence on one line, or on two of about the same length; on more where it must."""

    def __init__(self) -> None:
        super().__init__()
        self._whole = ""
        self.setFont(text_font(TextSize.BODY))
        self.setTextFormat(Qt.TextFormat.PlainText)  # a file may be called anything
        self.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_text(self, text: str) -> None:
        """Show another sentence."""
        words = (LONG_WORD.sub(_with_places_to_break, word) for word in text.split(" "))
        self._whole = " ".join(words)
        self._fit()
        self.updateGeometry()

    @override
    def sizeHint(self) -> QSize:
        width = whole = self.fontMetrics().horizontalAdvance(self._whole) + 2
        if whole > ONE_LINE_PX:
            width = whole // 2
            while not self._fits(width) and width < whole:
                width += STEP_PX
        return QSize(width, self._height_of(self._whole, width))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.fontMetrics().lineSpacing())

    @override
    def heightForWidth(self, a0: int) -> int:
        return self._height_of(self._text_for(a0), a0)

    @override
    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        self._fit()

    def _fit(self) -> None:
        text = self._text_for(self.width())
        self.setText(text)
        self.setToolTip("" if text == self._whole else self._whole)

    def _text_for(self, width: int) -> str:
        return self._whole if self._fits(width) else self._whole.partition(": ")[0]

    def _fits(self, width: int) -> bool:
        return self._height_of(self._whole, width) <= 2 * self.fontMetrics().lineSpacing()

    def _height_of(self, text: str, width: int) -> int:
        room = QRect(0, 0, width, 0)
        return self.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, text).height()


def _with_places_to_break(word: re.Match[str]) -> str:
    """Return a file's name with places where a line may end: it has no spaces."""
    return re.sub(r"(?<=[_./-])", "\u200b", word[0])


def _button(text: str = "", tooltip: str = "") -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tooltip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
