"""Paragraphs and formulas below each other; what stays the same is not laid out again."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from viewer.core.lessons.markup import Block, BlockKind
from viewer.widgets.lessons.formula import FormulaView
from viewer.widgets.theme import GRID_PX, TextSize, text_font

BULLET = "•"


class BlockList(QWidget):
    """Shows blocks of text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kinds: tuple[BlockKind, ...] = ()
        self._parts: list[QLabel | FormulaView] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(GRID_PX)

    def set_blocks(self, blocks: Sequence[Block]) -> None:
        """Show other blocks; only texts change where their kinds are the same."""
        kinds = tuple(block.kind for block in blocks)
        if kinds != self._kinds:
            self._rebuild(kinds)
        for part, block in zip(self._parts, blocks, strict=True):
            if isinstance(part, FormulaView):
                part.set_source(block.text)
            elif part.text() != block.text:
                part.setText(block.text)

    def text(self) -> str:
        """Return what is shown, one block a line."""
        return "\n".join(
            part.source if isinstance(part, FormulaView) else part.text() for part in self._parts
        )

    def _rebuild(self, kinds: tuple[BlockKind, ...]) -> None:
        while (item := self._layout.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._kinds, self._parts = kinds, []
        for kind in kinds:
            if kind is BlockKind.FORMULA:
                formula = FormulaView()
                self._parts.append(formula)
                self._layout.addWidget(formula)
            else:
                label = paragraph()
                self._parts.append(label)
                self._layout.addWidget(_entry(label) if kind is BlockKind.ENTRY else label)


def paragraph(size_pt: float = TextSize.BODY, *, bold: bool = False) -> QLabel:
    """Return a label for rich text that wraps."""
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setWordWrap(True)
    label.setFont(text_font(size_pt, bold=bold))
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    label.setSizePolicy(policy)
    return label


def _entry(label: QLabel) -> QWidget:
    row = QWidget()
    bullet = QLabel(BULLET)
    bullet.setAlignment(Qt.AlignmentFlag.AlignTop)
    layout = QHBoxLayout(row)
    layout.setContentsMargins(GRID_PX, 0, 0, 0)
    layout.setSpacing(GRID_PX)
    layout.addWidget(bullet)
    layout.addWidget(label, 1)
    return row
