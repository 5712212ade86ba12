"""Editors of one setting in the table of layers."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from PyQt6.QtCore import QLocale, Qt
from PyQt6.QtGui import QFontMetricsF
from PyQt6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from viewer.core.nets.table_rows import FUNCTION_TITLES, RowField
from viewer.widgets.theme import TextSize, text_font

if TYPE_CHECKING:
    from viewer.core.nets.table_rows import Value

FRAME_PX = 10  # of a spin box, both sides
SHARE_STEP = 0.05
MOST_TYPED = 99_999


class CountBox(QSpinBox):
    """A whole number: any can be typed, and the row says which are possible.

    A box that refuses a digit gives 4 where 40 was meant. Its arrows keep to what is possible.
    """

    def __init__(self, field: RowField) -> None:
        super().__init__()
        self._low, self._high = int(field.low), int(field.high)
        self.setRange(0, MOST_TYPED)

    @override
    def stepBy(self, steps: int) -> None:
        self.setValue(min(max(self.value() + steps, self._low), self._high))

    @override
    def stepEnabled(self) -> QSpinBox.StepEnabledFlag:
        flags = QSpinBox.StepEnabledFlag
        found = flags.StepUpEnabled if self.value() < self._high else flags.StepNone
        return found | flags.StepDownEnabled if self.value() > self._low else found


class ShareBox(QDoubleSpinBox):
    """A share, without zeros behind its last digit; what can be typed is as of `CountBox`."""

    def __init__(self, field: RowField) -> None:
        super().__init__()
        self._low, self._high = field.low, field.high
        self.setDecimals(3)
        self.setSingleStep(SHARE_STEP)
        self.setRange(0, MOST_TYPED)

    @override
    def stepBy(self, steps: int) -> None:
        self.setValue(min(max(self.value() + steps * SHARE_STEP, self._low), self._high))

    @override
    def stepEnabled(self) -> QDoubleSpinBox.StepEnabledFlag:
        flags = QDoubleSpinBox.StepEnabledFlag
        found = flags.StepUpEnabled if self.value() < self._high else flags.StepNone
        return found | flags.StepDownEnabled if self.value() > self._low else found

    @override
    def textFromValue(self, v: float) -> str:
        return f"{v:g}"


Editor = QSpinBox | ShareBox | QComboBox


def captioned(field: RowField, editor: QWidget) -> QWidget:
    """Return an editor below its caption."""
    holder = QWidget()
    caption = QLabel(field.label, holder)
    caption.setFont(text_font(TextSize.SMALL))
    caption.setObjectName("muted")
    caption.setToolTip(field.help)
    layout = QVBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(1)
    layout.addWidget(caption)
    layout.addWidget(editor)
    holder.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return holder


def least_width(field: RowField) -> int:
    """Return the width that a number and its caption need."""
    caption = QFontMetricsF(text_font(TextSize.SMALL)).horizontalAdvance(field.label)
    longest = f"{field.high:g}" if isinstance(field.default, int) else "0.555"
    number = QFontMetricsF(text_font(TextSize.BODY)).horizontalAdvance(longest)
    return ceil(max(caption + 1, number + FRAME_PX))


def new_editor(field: RowField) -> Editor:
    """Return an editor of a setting: a list of choices, or a box for a number."""
    editor: Editor
    if field.choices:
        editor = QComboBox()
        for choice in field.choices:
            editor.addItem(FUNCTION_TITLES.get(choice, choice), choice)
    elif isinstance(field.default, int):
        editor = CountBox(field)
    else:
        editor = ShareBox(field)
    if isinstance(editor, QAbstractSpinBox):
        editor.setKeyboardTracking(False)  # a number counts once it is typed to its end
        editor.setLocale(QLocale.c())
    editor.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # not the wheel's
    editor.setToolTip(field.help)
    editor.setAccessibleName(field.label)
    return editor


def set_editor(editor: Editor, field: RowField, value: Value) -> None:
    """Show a value; one that is out of range, from a file, is shown as it is."""
    if isinstance(editor, QComboBox):
        editor.setCurrentIndex(editor.findData(value))
    elif isinstance(editor, QSpinBox):
        editor.setRange(min(0, int(value)), max(MOST_TYPED, int(value)))
        editor.setValue(int(value))
    else:
        editor.setRange(min(0, float(value)), max(MOST_TYPED, float(value)))
        editor.setValue(float(value))
