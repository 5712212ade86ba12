"""The status bar: what is under the pointer, and how long things took."""

from __future__ import annotations

from PyQt6.QtWidgets import QLabel, QStatusBar, QWidget

from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.theme import GRID_PX, TextSize, text_font


class StatusBar(QStatusBar):
    """A line on the left for the pointer, quiet information on the right."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.setContentsMargins(GRID_PX, 0, GRID_PX, 0)
        self.hover = ElidedLabel()
        self.timing = QLabel()
        self.timing.setObjectName("muted")
        self.timing.setFont(text_font(TextSize.SMALL))
        self.addWidget(self.hover, 1)
        self.addPermanentWidget(self.timing)

    def set_hover_text(self, text: str) -> None:
        """Show what is under the pointer; empty for nothing."""
        self.hover.set_text(text)

    def set_timing_text(self, text: str) -> None:
        """Show how long the last answer took, or whatever else is quiet."""
        self.timing.setText(text)
