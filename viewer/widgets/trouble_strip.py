"""What goes wrong in a training, in one sentence, with what would help."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from viewer.widgets.theme import GRID_PX

UNDO_TEXT = "Undo"
DISMISS_TEXT = "Dismiss"


class TroubleStrip(QFrame):
    """One sentence, a button that applies the remedy, and one that takes it back.

    Signals
    -------
    remedy_requested(), undo_requested(), dismissed()
    """

    remedy_requested = pyqtSignal()
    undo_requested = pyqtSignal()
    dismissed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message_strip")
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self.remedy = _button("", "Do what helps")
        self.undo = _button(UNDO_TEXT, "Take the remedy back")
        self.dismiss = _button(DISMISS_TEXT, "Take this message away")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 4, GRID_PX, 4)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._text, 1)
        for button in (self.remedy, self.undo, self.dismiss):
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.remedy.clicked.connect(self.remedy_requested)
        self.undo.clicked.connect(self.undo_requested)
        self.dismiss.clicked.connect(self._on_dismissed)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence that is shown; empty without one."""
        return "" if self.isHidden() else self._text.text()

    def show_trouble(self, sentence: str, remedy: str) -> None:
        """Show what is wrong, and the remedy that one click applies; empty for none."""
        self._show(sentence)
        self.remedy.setText(remedy)
        self.remedy.setVisible(bool(remedy))
        self.undo.hide()

    def show_applied(self, sentence: str, *, undo: bool = True) -> None:
        """Say what was done, and offer to take it back."""
        self._show(sentence)
        self.remedy.hide()
        self.undo.setVisible(undo)

    def clear(self) -> None:
        """Show nothing."""
        self.hide()

    def _show(self, sentence: str) -> None:
        self._text.setText(sentence)
        self.setAccessibleName(sentence)
        self.show()

    def _on_dismissed(self) -> None:
        self.hide()
        self.dismissed.emit()


def _button(text: str, tooltip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tooltip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
