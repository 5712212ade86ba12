"""What goes wrong in a training, in one sentence, with what would help."""

from __future__ import annotations

from PyQt6 import sip
from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import (
    QApplication,
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QWidget,
)

from viewer.widgets.overrides import override
from viewer.widgets.theme import GRID_PX

UNDO_TEXT = "Undo"
DISMISS_TEXT = "Dismiss"
TEXT_PX = 400  # a sentence has at least so much in a line, if it is that long


class TroubleStrip(QFrame):
    """One sentence, a button that applies the remedy, and one that takes it back.

    Signals
    -------
    remedy_requested(), undo_requested(), dismissed()
    room_wanted(int)
        Pixels of height that it needs to be read; 0 while it is hidden.
    """

    remedy_requested = pyqtSignal()
    undo_requested = pyqtSignal()
    dismissed = pyqtSignal()
    room_wanted = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message_strip")
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self.remedy = _push_button("", "Do what helps")
        self.undo = _push_button(UNDO_TEXT, "Take the remedy back")
        self.dismiss = _button(DISMISS_TEXT, "Take this message away")
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(2 * GRID_PX, 4, GRID_PX, 4)
        self._row.setSpacing(GRID_PX // 2)
        self._row.addWidget(self._text, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID_PX)
        buttons.addStretch(1)
        for button in (self.remedy, self.undo, self.dismiss):
            buttons.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        self._row.addLayout(buttons)
        self.remedy.clicked.connect(self.remedy_requested)
        self.undo.clicked.connect(self.undo_requested)
        self.dismiss.clicked.connect(self._on_dismissed)
        self._before: QWidget | None = None  # had the keyboard before one of the buttons
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._on_focus_changed)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence that is shown; empty without one."""
        return "" if self.isHidden() else self._text.text()

    def show_trouble(self, sentence: str, remedy: str) -> None:
        """Show what is wrong, and the remedy that one click applies; empty for none."""
        self.remedy.setText(remedy)
        self.remedy.setVisible(bool(remedy))
        self.undo.hide()
        self._show(sentence)

    def show_applied(self, sentence: str, *, undo: bool = True) -> None:
        """Say what was done, and offer to take it back."""
        self.undo.setVisible(undo)
        if self.remedy.hasFocus():
            (self.undo if undo else self.dismiss).setFocus()
        self.remedy.hide()
        self._show(sentence)

    def clear(self) -> None:
        """Show nothing."""
        self._give_focus_back()
        self.hide()
        self.room_wanted.emit(0)

    def _show(self, sentence: str) -> None:
        self._text.setText(sentence)
        self.setAccessibleName(sentence)
        self.show()
        self._arrange()

    @override
    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        if not self.isHidden():
            self._arrange()

    def _arrange(self) -> None:
        """Put the buttons beside the sentence, or below it where it would be cut into shreds."""
        shown = [b for b in (self.remedy, self.undo, self.dismiss) if not b.isHidden()]
        margins = self._row.contentsMargins()
        room = self.width() - margins.left() - margins.right() - GRID_PX
        beside = room - sum(button.sizeHint().width() + GRID_PX for button in shown)
        whole = self._text.fontMetrics().horizontalAdvance(self._text.text())
        below = beside < min(whole, TEXT_PX)
        direction = QBoxLayout.Direction
        self._row.setDirection(direction.TopToBottom if below else direction.LeftToRight)
        text_px = self._text.heightForWidth(room if below else beside)
        button_px = self.dismiss.sizeHint().height()
        inner = text_px + button_px + self._row.spacing() if below else max(text_px, button_px)
        height = inner + margins.top() + margins.bottom() + 2 * self.frameWidth()
        self.setMinimumHeight(height)
        self.room_wanted.emit(height)

    def _on_dismissed(self) -> None:
        self.clear()
        self.dismissed.emit()

    def _on_focus_changed(self, before: QWidget | None, now: QWidget | None) -> None:
        entered = now is not None and self.isAncestorOf(now)
        if entered and before is not None and not self.isAncestorOf(before):
            self._before = before

    def _give_focus_back(self) -> None:
        """Let the keyboard be where it was: Qt would give it to whatever comes next."""
        now, before = QApplication.focusWidget(), self._before
        if now is None or not self.isAncestorOf(now) or before is None or sip.isdeleted(before):
            return
        if before.isVisible() and before.isEnabled():
            before.setFocus(Qt.FocusReason.OtherFocusReason)


def _push_button(text: str, tooltip: str) -> QPushButton:
    """Return a button that can be seen to be one: it is what is hoped to be pressed."""
    button = QPushButton(text)
    button.setToolTip(tooltip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def _button(text: str, tooltip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tooltip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
