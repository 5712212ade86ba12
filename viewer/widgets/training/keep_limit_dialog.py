"""Asks how much room the kept steps of a run may take."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QSpinBox, QVBoxLayout, QWidget

from viewer.widgets.theme import GRID_PX

WIDTH_PX = 320
MIN_MB, MAX_MB, STEP_MB = 1, 1_000_000, 64
TEXT = (
    "Steps of a run are kept so that they can be visited again. Beyond this room, those go "
    "first that differ least from their neighbours."
)


class KeepLimitDialog(QDialog):
    """A number of megabytes.

    Signals
    -------
    chosen(int)
        Megabytes, once they are agreed to.
    """

    chosen = pyqtSignal(int)

    def __init__(self, limit_mb: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Room for kept steps")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        text = QLabel(TEXT)
        text.setWordWrap(True)
        text.setMinimumWidth(WIDTH_PX)
        self.room = QSpinBox()
        self.room.setRange(MIN_MB, MAX_MB)
        self.room.setSingleStep(STEP_MB)
        self.room.setGroupSeparatorShown(True)
        self.room.setSuffix(" MB a run")
        self.room.setAccessibleName("Megabytes for the kept steps of a run")
        self.room.setValue(limit_mb)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.accepted.connect(lambda: self.chosen.emit(self.room.value()))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(3 * GRID_PX,) * 4)
        layout.setSpacing(2 * GRID_PX)
        layout.addWidget(text)
        layout.addWidget(self.room)
        layout.addWidget(buttons)
        self.room.selectAll()
        self.room.setFocus()
