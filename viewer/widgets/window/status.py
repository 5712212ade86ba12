"""The status bar: what is under the pointer, and how long things took."""

from __future__ import annotations

from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QLabel, QStatusBar, QWidget

from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.theme import GRID_PX, TextSize, text_font

NEWS_MS = 10_000


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
        self._old = QTimer(self)  # what was said is no news any more
        self._old.setSingleShot(True)
        self._old.setInterval(NEWS_MS)
        self._old.timeout.connect(self.timing.clear)

    def set_hover_text(self, text: str) -> None:
        """Show what is under the pointer; empty for nothing."""
        self.hover.set_text(text)

    def set_timing_text(self, text: str) -> None:
        """Show what was done, or whatever else is quiet, for a while."""
        self.timing.setText(text)
        self._old.start()
