"""A sentence that can be selected and copied, and whose long words break where they must."""

from __future__ import annotations

import math

from PyQt6.QtCore import QEvent, QSize, Qt
from PyQt6.QtGui import QKeyEvent, QKeySequence, QTextDocument, QTextOption
from PyQt6.QtWidgets import QFrame, QSizePolicy, QTextEdit, QWidget

from viewer.widgets.overrides import override


class SelectableText(QTextEdit):
    """A text as it is, without markup, as high as it needs for its width; it never scrolls.

    A label doesn't break words, and leaves Ctrl+C to the window's shortcut.

    Parameters
    ----------
    parent : QWidget, optional
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        flags, bars = Qt.TextInteractionFlag, Qt.ScrollBarPolicy
        self.setTextInteractionFlags(flags.TextSelectableByMouse | flags.TextSelectableByKeyboard)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setTabChangesFocus(True)
        self.setAcceptDrops(False)  # what is dropped is the window's
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(bars.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(bars.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self._content.setDocumentMargin(0)
        viewport = self.viewport()
        assert viewport is not None
        viewport.setAutoFillBackground(False)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def text(self) -> str:
        """The text."""
        return self.toPlainText()

    def set_text(self, text: str) -> None:
        """Show another text, of which nothing is selected."""
        if text != self.text:
            self.setPlainText(text)
            self.updateGeometry()

    @override
    def event(self, e: QEvent | None) -> bool:
        if isinstance(e, QKeyEvent) and e.type() == QEvent.Type.ShortcutOverride:
            copies = e.matches(QKeySequence.StandardKey.Copy) and self.textCursor().hasSelection()
            if copies or e.matches(QKeySequence.StandardKey.SelectAll):
                e.accept()
                return True
        return super().event(e)

    @override
    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.fontMetrics().lineSpacing())

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, a0: int) -> int:
        content = self._content.clone()
        assert content is not None
        content.setTextWidth(a0)
        return math.ceil(content.size().height())

    @property
    def _content(self) -> QTextDocument:
        content = self.document()
        assert content is not None
        return content
