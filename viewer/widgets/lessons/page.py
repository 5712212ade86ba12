"""One page of a lesson: its text, its question, and the way on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import QPoint, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QKeySequence, QShortcut
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from viewer.core.lessons.lesson import Step
from viewer.core.lessons.markup import Block
from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.lessons.answer import AnswerBox
from viewer.widgets.lessons.blocks import BlockList, paragraph
from viewer.widgets.lessons.drag import DragPicture
from viewer.widgets.theme import GRID_PX, TextSize

if TYPE_CHECKING:
    from viewer.core.records import FloatArray
    from viewer.widgets.theme import Theme

BUTTON_PX = 28
LAST_TEXT, NEXT_TEXT = "Finish", "Next"


class LessonPage(QWidget):
    """Shows a step of a lesson.

    Attributes
    ----------
    answer : AnswerBox
    drag : DragPicture
    next_button, back_button, again_button, leave_button

    Signals
    -------
    next_requested(), back_requested()
        Another step.
    again_requested()
        The step is to be set up again.
    leave_requested()
        The lesson is to be closed.
    answer_given(str)
    shift_requested(int, int)
        The picture was dragged, see `DragPicture`.
    """

    next_requested = pyqtSignal()
    back_requested = pyqtSignal()
    again_requested = pyqtSignal()
    leave_requested = pyqtSignal()
    answer_given = pyqtSignal(str)
    shift_requested = pyqtSignal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.leave_button = _small_button("Close lesson", "Close the lesson: what was on screen")
        self.leave_button.setToolTip("Close the lesson; your drawing and network come back (Esc)")
        self.again_button = _small_button("Again", "Set the step up again")
        self.lesson_title = ElidedLabel("", size_pt=TextSize.SMALL)
        self.lesson_title.setObjectName("muted")
        self.place = ElidedLabel("", size_pt=TextSize.SMALL, fixed=True)
        self.place.setObjectName("muted")
        self.title = paragraph(TextSize.TITLE, bold=True)
        self.text = BlockList()
        self.drag = DragPicture()
        self.answer = AnswerBox()
        self.reveal = BlockList()
        self.message = paragraph()
        self._area = QScrollArea()
        self.back_button = QPushButton("Back")
        self.next_button = QPushButton(NEXT_TEXT)
        self.back_button.setToolTip("Alt+Left")
        self.next_button.setToolTip("Alt+Right")
        self._settled = QTimer(self)  # fires once texts that wrap have their heights
        self._settled.setSingleShot(True)
        self._settled.setInterval(0)
        self._build()
        self._connect_signals()

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self.answer.set_theme(theme)
        self.drag.set_theme(theme)
        for label in (self.lesson_title, self.place):
            label.set_color(theme.color("text_muted"))

    def set_step(self, lesson: str, step: Step, number: int, count: int) -> None:
        """Open a page, numbered from 1; its blocks follow."""
        self.lesson_title.set_text(lesson)
        self.place.set_text(f"Step {number} of {count}")
        self.title.setText(step.title)
        self.text.set_blocks(())
        self.set_reveal(())
        self.set_message("")
        self.answer.set_ask(step.ask)
        self.drag.setVisible(step.drag)
        self.drag.set_shift(0, 0)
        self.again_button.setVisible(bool(step.do))
        self.back_button.setEnabled(number > 1)
        self.next_button.setText(LAST_TEXT if number == count else NEXT_TEXT)
        bar = self._area.verticalScrollBar()
        if bar is not None:
            bar.setValue(0)

    def set_ready(self, ready: bool) -> None:
        """Say whether everything that the step speaks of is on screen."""
        self.answer.check.setEnabled(ready)

    def set_blocks(self, blocks: Sequence[Block]) -> None:
        """Show the text with the values of now."""
        self.text.set_blocks(blocks)

    def set_reveal(self, blocks: Sequence[Block]) -> None:
        """Show what follows the answer; nothing before it."""
        self.reveal.set_blocks(blocks)
        self.reveal.setVisible(bool(blocks))

    def set_message(self, sentence: str) -> None:
        """Say what went wrong with the step."""
        self.message.setText(sentence)
        self.message.setVisible(bool(sentence))

    def set_pixels(self, pixels: FloatArray | None) -> None:
        """Show what the network sees, where it can be dragged."""
        if self.drag.isVisibleTo(self):
            self.drag.set_pixels(pixels)

    def take_focus(self) -> None:
        """Let the keys go where the step wants something."""
        if self.drag.isVisibleTo(self) and not self.answer.isVisibleTo(self):
            self.drag.setFocus()
        elif self.answer.isVisibleTo(self):
            self.answer.take_focus()
        else:
            self.next_button.setFocus()

    def _build(self) -> None:
        self._content = self._build_content()
        self._area.setWidget(self._content)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for button in (self.back_button, self.next_button):
            button.setMinimumHeight(BUTTON_PX)
            button.setAutoDefault(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(_row(GRID_PX // 2, self.leave_button, None, self.again_button))
        layout.addWidget(self._area, 1)
        layout.addLayout(_row(GRID_PX, self.back_button, None, self.next_button))

    def _build_content(self) -> QWidget:
        content = QWidget()
        content.setObjectName("dock_page")
        heading = QHBoxLayout()
        heading.setSpacing(GRID_PX)
        heading.addWidget(self.lesson_title, 1)
        heading.addWidget(self.place)
        layout = QVBoxLayout(content)
        layout.setContentsMargins(12, 0, 12, GRID_PX)
        layout.setSpacing(GRID_PX)
        layout.addLayout(heading)
        layout.addWidget(self.title)
        layout.addWidget(self.text)
        layout.addWidget(self.drag, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self.message)
        layout.addWidget(self.answer)
        layout.addWidget(self.reveal)
        layout.addStretch(1)
        return content

    def _connect_signals(self) -> None:
        self._settled.timeout.connect(self._scroll_to_end)
        self.leave_button.clicked.connect(self.leave_requested)
        self.again_button.clicked.connect(self.again_requested)
        self.back_button.clicked.connect(self.back_requested)
        self.next_button.clicked.connect(self.next_requested)
        self.answer.answer_given.connect(self.answer_given)
        self.drag.shift_requested.connect(self.shift_requested)
        for keys, signal in (
            ("Alt+Right", self.next_requested),
            ("Alt+Left", self.back_requested),
            ("Esc", self.leave_requested),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(signal)

    def go_on(self) -> None:
        """Scroll to what follows the answer; the keys go to the button that leads on."""
        self.next_button.setFocus()
        self._settled.start()

    def _scroll_to_end(self) -> None:
        """Bring what follows the answer into sight, from its top where it is too high."""
        bar = self._area.verticalScrollBar()
        if bar is None:
            return
        shown = self.reveal if self.reveal.isVisibleTo(self) else self.answer
        top, bottom = shown.geometry().top(), shown.geometry().bottom() + 1
        if shown is self.reveal:  # with the verdict above it, if there is room
            top = self.answer.feedback.mapTo(self._content, QPoint(0, 0)).y()
        room = self._area.height()
        if bottom > bar.value() + room:
            bar.setValue(min(bottom + GRID_PX - room, top))


def _small_button(text: str, name: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(name)
    button.setAccessibleName(text)
    button.setMinimumHeight(BUTTON_PX - 4)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def _row(margin: int, left: QWidget, _gap: None, right: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setContentsMargins(GRID_PX, margin, GRID_PX, margin)
    row.addWidget(left)
    row.addStretch(1)
    row.addWidget(right)
    return row
