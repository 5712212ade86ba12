"""What went wrong, in one sentence that waits to be read, or what to do first, in passing."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt, QTimer
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from viewer.widgets.overrides import override
from viewer.widgets.selectable_text import SelectableText
from viewer.widgets.theme import GRID_PX

MAX_WIDTH_PX = 640
MARGIN_PX = 2 * GRID_PX
MAX_MESSAGES = 20  # older ones are lost: nobody reads that many
HINT_MS = 8_000  # long enough to read a sentence twice
DISMISS_TEXT = "Dismiss"


class MessageStrip(QFrame):
    """A strip over the lower edge of its parent; it moves nothing and takes no focus by itself.

    Messages lie on top of each other: dismissing one shows the one before. A hint goes by itself,
    and what is said about one thing goes with the next message on it, its next try or success.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("message_strip")
        self._messages: list[str] = []
        self._about: dict[str, str] = {}  # what a message is about, where that was said
        self._hint = ""
        self._hint_timer = QTimer(self)
        self._hint_timer.setSingleShot(True)
        self._hint_timer.setInterval(HINT_MS)
        self._hint_timer.timeout.connect(self.drop_hint)
        self._text = SelectableText()  # it may name a line to run, or a file
        self._button = QToolButton()
        self._button.setText(DISMISS_TEXT)
        self._button.setToolTip("Take this message away")
        self._button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._button.clicked.connect(self.dismiss)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, GRID_PX, GRID_PX, GRID_PX)
        layout.setSpacing(2 * GRID_PX)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._button, 0, Qt.AlignmentFlag.AlignVCenter)
        parent.installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        """The message on top; empty without one."""
        return self._messages[-1] if self._messages else ""

    def show_message(self, text: str, about: str = "") -> None:
        """Show a sentence; one that waits already comes to the top.

        Parameters
        ----------
        text : str
        about : str
            What it is about, for `settle`; what was said about that before goes.
        """
        self._hint = "" if text == self._hint else self._hint  # it is to stay from now on
        self._messages = [
            old
            for old in self._messages
            if old != text and not (about and self._is_about(old, about))
        ]
        self._messages.append(text)
        del self._messages[:-MAX_MESSAGES]
        self._about = {old: self._about.get(old, "") for old in self._messages} | {text: about}
        self._refresh()

    def show_hint(self, text: str) -> None:
        """Show a sentence on what has to be done first, until `drop_hint` or for a while."""
        self.drop_hint()
        if text in self._messages:
            return
        self.show_message(text)
        self._hint = text
        self._hint_timer.start()

    def drop_hint(self) -> None:
        """Take the hint away, if there is one: something else is done."""
        self._hint_timer.stop()
        hint, self._hint = self._hint, ""
        if hint:
            self.withdraw(hint)

    def dismiss(self) -> None:
        """Take the message on top away."""
        if self._messages:
            self._messages.pop()
        self._refresh()

    def withdraw(self, text: str) -> None:
        """Take a sentence away that is of no use any more, wherever it lies."""
        if text in self._messages:
            self._messages.remove(text)
            self._refresh()

    def settle(self, about: str) -> None:
        """Take away what was said about one thing: it is tried again, or has gone well since."""
        left = [text for text in self._messages if not self._is_about(text, about)]
        if left != self._messages:
            self._messages = left
            self._refresh()

    @override
    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if watched is self.parent() and event is not None and event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _is_about(self, text: str, about: str) -> bool:
        return self._about.get(text) == about

    def _refresh(self) -> None:
        self.setVisible(bool(self._messages))
        if not self._messages:
            return
        self._text.set_text(self.text)
        self.setAccessibleName(self.text)
        self._place()
        self.raise_()

    def _place(self) -> None:
        parent = self.parentWidget()
        assert parent is not None
        width = min(MAX_WIDTH_PX, parent.width() - 2 * MARGIN_PX)
        height = self.heightForWidth(width)
        self.setGeometry(
            (parent.width() - width) // 2, parent.height() - height - MARGIN_PX, width, height
        )
