"""A question of a lesson: a number to be typed or an answer to be chosen, and what is said."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QKeyEvent, QPalette
from PyQt6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from viewer.core.lessons.lesson import AnswerKind, Ask
from viewer.core.lessons.markup import rich
from viewer.widgets.keys import ENTER
from viewer.widgets.lessons.blocks import paragraph
from viewer.widgets.theme import GRID_PX, LIGHT

if TYPE_CHECKING:
    from viewer.widgets.theme import Theme

FIELD_PX = 28
MANY_CHARACTERS = 200
FIELD_TIP = "A number such as 12, −0.5, 3/4 or 25 %; Return checks it"
_PLACEHOLDERS = {AnswerKind.NUMBER: "A number", AnswerKind.NUMBERS: "Numbers, with spaces between"}


RADIO_PX = 14
# The style's own circles are all but invisible on dark.
_RADIO = """
QRadioButton::indicator {{
    width: {side}px; height: {side}px; border-radius: {round}px;
    border: 1px solid {text_muted}; background: {surface};
}}
QRadioButton::indicator:hover, QRadioButton::indicator:focus {{ border-color: {accent}; }}
QRadioButton::indicator:checked {{ border: 4px solid {accent}; width: 8px; height: 8px; }}
QRadioButton::indicator:disabled {{ border-color: {border}; }}
QRadioButton::indicator:checked:disabled {{ border-color: {text_muted}; }}
"""


class AnswerBox(QWidget):
    """Asks, takes an answer, and tells whether it is right.

    Signals
    -------
    answer_given(str)
        What was typed, or the index of the choice.
    """

    answer_given = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._right: bool | None = None
        self._choices = QButtonGroup(self)
        self._choice_buttons: list[QRadioButton] = []
        self.question = paragraph(bold=True)
        self.field = QLineEdit()
        self.field.setMaxLength(MANY_CHARACTERS)
        self.field.setMinimumHeight(FIELD_PX)
        self.field.setAccessibleName("Answer")
        self.field.setToolTip(FIELD_TIP)
        self.check = QPushButton("Check")
        self.check.setMinimumHeight(FIELD_PX)
        self.check.setToolTip("Compare the answer with the values on screen (Return)")
        self.check.setAutoDefault(True)
        self.feedback = paragraph()
        self._choice_page = QWidget()
        self._choice_layout = QVBoxLayout(self._choice_page)
        self._choice_layout.setContentsMargins(0, 0, 0, 0)
        self._choice_layout.setSpacing(GRID_PX // 2)
        self._build()
        self.check.clicked.connect(self._give)
        self.field.returnPressed.connect(self._give)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.setStyleSheet(_RADIO.format(**theme._asdict(), side=RADIO_PX, round=RADIO_PX // 2 + 1))
        self._color_feedback()

    def set_ask(self, ask: Ask | None) -> None:
        """Ask something else; None asks nothing."""
        self.setVisible(ask is not None)
        self.set_feedback("", None)
        self.field.clear()
        self._set_choices(() if ask is None else ask.choices)
        if ask is None:
            return
        choice = ask.kind is AnswerKind.CHOICE
        self.field.setVisible(not choice)
        self._choice_page.setVisible(choice)
        self.field.setPlaceholderText(_PLACEHOLDERS.get(ask.kind, ""))

    def set_question(self, text: str) -> None:
        """Word the question, as rich text."""
        if self.question.text() != text:
            self.question.setText(text)

    def set_feedback(self, sentence: str, right: bool | None) -> None:
        """Tell what the answer is worth; None for neither right nor wrong."""
        self._right = right
        mark = {True: "✓ ", False: "✗ ", None: ""}[right]
        self.feedback.setText(f"{mark}{rich(sentence)}" if sentence else "")
        self.feedback.setVisible(bool(sentence))
        self._color_feedback()

    def take_focus(self) -> None:
        """Let the keys go to the answer."""
        if self._choice_buttons:
            self._choice_buttons[0].setFocus()
        else:
            self.field.setFocus()

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(self.field, 1)
        row.addStretch()
        row.addWidget(self.check)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self.question)
        layout.addWidget(self._choice_page)
        layout.addLayout(row)
        layout.addWidget(self.feedback)

    def _set_choices(self, choices: tuple[str, ...]) -> None:
        for button in self._choice_buttons:
            self._choices.removeButton(button)
            button.hide()
            button.deleteLater()
        self._choice_buttons = []
        for index, text in enumerate(choices):
            button = QRadioButton(text.replace("&", "&&"))
            button.setToolTip("Choose this answer, then Check")
            self._choices.addButton(button, index)
            self._choice_layout.addWidget(button)
            self._choice_buttons.append(button)
        order = [self.field, *self._choice_buttons, self.check]
        for one, following in pairwise(order):
            QWidget.setTabOrder(one, following)

    def _give(self) -> None:
        if self._choice_buttons:
            chosen = self._choices.checkedId()
            self.answer_given.emit(str(chosen) if chosen >= 0 else "")
        else:
            self.answer_given.emit(self.field.text())

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() in ENTER:
            self._give()  # on a choice: Space chooses, Return checks
        else:
            super().keyPressEvent(event)

    def _color_feedback(self) -> None:
        colors = self.feedback.palette()
        token = "warning" if self._right is False else "text"
        colors.setColor(QPalette.ColorRole.WindowText, self._theme.color(token))
        self.feedback.setPalette(colors)
