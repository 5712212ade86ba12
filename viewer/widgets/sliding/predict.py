"""The row in which a learner predicts a value, and is told whether it was right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from viewer.core.explain.sliding_prediction import TOLERANCE_TEXT, is_right, read_answer
from viewer.core.imaging.numbers import format_number
from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.theme import GRID_PX, LIGHT

if TYPE_CHECKING:
    from viewer.widgets.theme import Theme

ANSWER_PX: Final = 96
BUTTON_PX: Final = 72
NO_NUMBER: Final = "Enter a number, for example −0.52."
ASK: Final = f"Work it out and press Enter: {TOLERANCE_TEXT} is right."
ANSWER_TIP: Final = "The value that the map gets at this place: products added up, and the bias"
CHECK_TIP: Final = "Compare it with the network's own value (Return)"
NEXT_TIP: Final = "Go on with the next cell (Return)"
KNOWN: Final = "This value is shown already."

# On white and on the dark surface, 4.5:1 and more; the words say it, too.
_RIGHT_COLORS: Final = {False: "#1a7f37", True: "#56d364"}


class PredictRow(QWidget):
    """A field for the answer, what came of it, and the tally.

    Signals
    -------
    checked()
        The answer was compared with the value; the value can be shown.
    next_requested()
        The next cell, after an answer.
    """

    checked = pyqtSignal()
    next_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._value: float | None = None  # what is to be predicted
        self._verdict: bool | None = None
        self._known = False
        self.right = self.asked = 0
        self._question = QLabel("", self)
        self.answer = QLineEdit(self)
        self.answer.setFixedWidth(ANSWER_PX)
        self.answer.setAccessibleName("Predicted value")
        self.answer.setPlaceholderText("value")
        self.answer.setToolTip(ANSWER_TIP)
        self.button = QToolButton(self)
        self.button.setFixedWidth(BUTTON_PX)
        self._said = ElidedLabel(ASK, self)
        self._tally = QLabel("", self)
        self._build_layout()
        self.answer.returnPressed.connect(self._on_entered)
        self.button.clicked.connect(self._on_entered)
        self._show_state()

    def _build_layout(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        for widget in (self._question, self.answer, self.button):
            layout.addWidget(widget)
        layout.addWidget(self._said, 1)
        layout.addWidget(self._tally, 0, Qt.AlignmentFlag.AlignRight)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self._show_state()

    def ask(self, question: str, *, known: bool = False) -> None:
        """Ask for the value of another cell; not if it is `known` already."""
        self._question.setText(question)
        self._verdict, self._known = None, known
        self.answer.clear()
        self._say(KNOWN if known else ASK)
        self._show_state()

    def set_value(self, value: float | None) -> None:
        """Take the value that an answer is compared with: it follows the drawing."""
        self._value = value

    @property
    def answered(self) -> bool:
        """Whether the value is known, and the next one can be asked for."""
        return self._known or self._verdict is not None

    def said(self) -> str:
        """Return the verdict, or what to do."""
        return self._said.text()

    def reset(self) -> None:
        """Begin the tally anew."""
        self.right = self.asked = 0
        self._show_state()

    def _on_entered(self) -> None:
        if self.answered:
            self.next_requested.emit()
            return
        number = read_answer(self.answer.text())
        if self._value is None:
            return
        if number is None:
            self._say(NO_NUMBER)
            return
        self._verdict = is_right(number, self._value)
        self.asked += 1
        self.right += self._verdict
        value = format_number(self._value)
        given = format_number(number)
        self._say(f"Right: it is {value}." if self._verdict else f"Not {given}: it is {value}.")
        self._show_state()
        self.checked.emit()

    def _say(self, text: str) -> None:
        self._said.set_text(text)

    def _show_state(self) -> None:
        self.button.setText("Next" if self.answered else "Check")
        self.button.setToolTip(NEXT_TIP if self.answered else CHECK_TIP)
        self.button.setAccessibleName(self.button.text())
        self.answer.setReadOnly(self.answered)
        self._tally.setText(f"{self.right} of {self.asked} right" if self.asked else "")
        if self._verdict is None:
            color = self._theme.color("text_muted")
        elif self._verdict:
            color = QColor(_RIGHT_COLORS[self._theme.dark])
        else:
            color = self._theme.color("warning")
        self._said.set_color(color)
