"""Paragraphs of the dialogs, which name files: one may be called anything."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel

MAX_NAME = 40  # letters; a name has no spaces to break a line at


def paragraph(text: str, width_px: int) -> QLabel:
    """Return a text as it is, without markup, broken into lines at least `width_px` wide."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setMinimumWidth(width_px)
    return label


def short_name(name: str) -> str:
    """Return a file's name for a sentence: a long one without its middle."""
    if len(name) <= MAX_NAME:
        return name
    end = MAX_NAME // 2
    return f"{name[: MAX_NAME - end - 1]}…{name[-end:]}"
