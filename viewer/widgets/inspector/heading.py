"""What is selected, in words, and the way to its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QIcon, QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from viewer.core.card_layout import tiles_shape
from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.inspector.model import description, heading
from viewer.widgets.overrides import override
from viewer.widgets.theme import TextSize, text_font

if TYPE_CHECKING:
    from viewer.core.records import Node
    from viewer.widgets.theme import Theme

BUTTON_PX = 24  # three of them leave room for the name
NAME_GAP_PX = 4  # as wide as a space


class InspectorHeading(QWidget):
    """Name of the layer, which channel of how many, type, shape and settings.

    Signals
    -------
    step_requested(int)
        +1 for the next channel, -1 for the previous one.
    why_requested()
        Where does the selected value come from?
    """

    step_requested = pyqtSignal(int)
    why_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ElidedLabel(
            "",
            self,
            size_pt=TextSize.TITLE,
            bold=True,
            mode=Qt.TextElideMode.ElideLeft,
            fixed=True,
        )
        self._place = ElidedLabel("", self, size_pt=TextSize.TITLE, fixed=True)
        self._channel = ""
        self._two_lines = False
        self._title = QHBoxLayout()
        self._lines = QVBoxLayout(self)
        self.why = _button("?", "Why this number? (T)", self)
        self._previous = _button("<", "Previous channel", self)
        self._next = _button(">", "Next channel", self)
        self._about = QLabel("", self)
        self._about.setFont(text_font(TextSize.SMALL))
        self._about.setWordWrap(True)
        self._about.setTextFormat(Qt.TextFormat.PlainText)
        self._build_layout()
        self._previous.clicked.connect(lambda: self.step_requested.emit(-1))
        self._next.clicked.connect(lambda: self.step_requested.emit(1))
        self.why.clicked.connect(lambda: self.why_requested.emit())

    def _build_layout(self) -> None:
        title = self._title
        title.setSpacing(NAME_GAP_PX)
        title.addWidget(self._name)
        title.addWidget(self._place)
        title.addStretch(1)
        buttons = QHBoxLayout()
        buttons.setSpacing(0)
        for button in (self.why, self._previous, self._next):
            buttons.addWidget(button)
        title.addLayout(buttons)
        layout = self._lines
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(title)
        layout.addWidget(self._about)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._name.set_color(theme.color("text"))
        self._place.set_color(theme.color("text_muted"))
        palette = self._about.palette()
        palette.setColor(self._about.foregroundRole(), theme.color("text_muted"))
        self._about.setPalette(palette)

    def set_icons(self, previous: QIcon, following: QIcon, why: QIcon | None = None) -> None:
        """Use icons on the buttons in place of text."""
        pairs = [(self._previous, previous), (self._next, following)]
        if why is not None:
            pairs.append((self.why, why))
        for button, icon in pairs:
            button.setIcon(icon)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)

    def set_node(self, node: Node, channel: int) -> None:
        """Name channel `channel` of `node`."""
        self._name.set_text(node.name)
        self._channel = heading(node, channel)
        self._arrange()
        self._about.setText(description(node))
        self._previous.setEnabled(channel > 0)
        count = tiles_shape(node.output_shape)[0]
        self._next.setEnabled(channel + 1 < count)

    def text(self) -> str:
        """Return the heading, without the line below it."""
        return f"{self._name.text()} · {self._channel}"

    def _arrange(self) -> None:
        """Give a long name a line of its own, so that neither it nor the channel is cut short."""
        self._place.set_text(f"· {self._channel}")
        texts = self._name.sizeHint().width() + self._place.sizeHint().width()
        two_lines = texts + 3 * (NAME_GAP_PX + BUTTON_PX) > self.width()
        if two_lines:
            self._place.set_text(self._channel)
        if two_lines != self._two_lines:
            self._two_lines = two_lines
            (self._title if two_lines else self._lines).removeWidget(self._name)
            (self._lines if two_lines else self._title).insertWidget(0, self._name)

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._arrange()


def _button(text: str, tip: str, parent: QWidget) -> QToolButton:
    button = QToolButton(parent)
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setFixedWidth(BUTTON_PX)
    return button
