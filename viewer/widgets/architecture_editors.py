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


class ShareBox(QDoubleSpinBox):
    """A share, without zeros behind its last digit."""

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
        editor = QSpinBox()
    else:
        editor = ShareBox()
        editor.setDecimals(3)
        editor.setSingleStep(SHARE_STEP)
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
        editor.setRange(min(int(field.low), int(value)), max(int(field.high), int(value)))
        editor.setValue(int(value))
    else:
        editor.setRange(min(field.low, float(value)), max(field.high, float(value)))
        editor.setValue(float(value))
