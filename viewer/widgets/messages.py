"""What went wrong, in one sentence that waits to be read."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from viewer.widgets.overrides import override
from viewer.widgets.theme import GRID_PX

MAX_WIDTH_PX = 640
MARGIN_PX = 2 * GRID_PX
MAX_MESSAGES = 20  # older ones are lost: nobody reads that many
DISMISS_TEXT = "Dismiss"


class MessageStrip(QFrame):
    """A strip over the lower edge of its parent; it moves nothing and takes no focus.

    Messages lie on top of each other: dismissing one shows the one before.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("message_strip")
        self._messages: list[str] = []
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
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

    def show_message(self, text: str) -> None:
        """Show a sentence; one that waits already comes to the top."""
        if text in self._messages:
            self._messages.remove(text)
        self._messages.append(text)
        del self._messages[:-MAX_MESSAGES]
        self._refresh()

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

    @override
    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if watched is self.parent() and event is not None and event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _refresh(self) -> None:
        self.setVisible(bool(self._messages))
        if not self._messages:
            return
        self._text.setText(self.text)
        self.setAccessibleName(self.text)
        self._place()
        self.raise_()

    def _place(self) -> None:
        parent = self.parentWidget()
        assert parent is not None
        width = min(MAX_WIDTH_PX, parent.width() - 2 * MARGIN_PX)
        height = max(self.heightForWidth(width), self.sizeHint().height())
        self.setGeometry(
            (parent.width() - width) // 2, parent.height() - height - MARGIN_PX, width, height
        )
