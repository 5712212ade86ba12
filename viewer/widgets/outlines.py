"""Outlines of stock controls that can be seen, in the dark too."""

from __future__ import annotations

from PyQt6.QtGui import QPalette
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QCheckBox,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

FUSION_DARKER = 140  # percent
_KINDS = (QAbstractItemView, QAbstractSpinBox, QCheckBox, QLineEdit, QPlainTextEdit)


def outline_controls(page: QWidget) -> None:
    """Give the controls on a page an outline in the theme's strong border."""
    # Fusion draws a control's outline in its window colour, darker by this much.
    color = page.palette().color(QPalette.ColorRole.Dark).lighter(FUSION_DARKER)
    for kind in _KINDS:
        for control in page.findChildren(kind):
            colors = control.palette()
            colors.setColor(QPalette.ColorRole.Window, color)
            control.setPalette(colors)
