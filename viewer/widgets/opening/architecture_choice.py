"""Asks which of several architectures a file of weights belongs to."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.widgets.opening.texts import paragraph, short_name
from viewer.widgets.outlines import outline_controls
from viewer.widgets.theme import GRID_PX

WIDTH_PX = 384
MAX_ROWS, ROW_PX = 8, 24
TEXT = (
    "The weights in {name} fit several architectures, and each would give other answers. Choose "
    "the one that they were trained in."
)


class ArchitectureChoice(QDialog):
    """A short list, of which one is chosen.

    Parameters
    ----------
    name : str
        Name of the file.
    architectures : sequence of str
        The likeliest first.
    parent : QWidget

    Signals
    -------
    chosen(str)
        The architecture, once it is agreed to.
    """

    chosen = pyqtSignal(str)

    def __init__(self, name: str, architectures: Sequence[str], parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Choose the architecture")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        text = paragraph(TEXT.format(name=short_name(name)), WIDTH_PX)
        self.list = QListWidget()
        for architecture in architectures:
            item = QListWidgetItem(architecture, self.list)
            item.setSizeHint(QSize(0, ROW_PX))
        self.list.setCurrentRow(0)
        self.list.setAccessibleName("Architectures that fit")
        self.list.setFixedHeight(
            min(len(architectures), MAX_ROWS) * ROW_PX + 2 * self.list.frameWidth()
        )
        self.list.itemActivated.connect(self.accept)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        use = buttons.addButton("Open", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.accepted.connect(self._on_accepted)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(3 * GRID_PX,) * 4)
        layout.setSpacing(2 * GRID_PX)
        for widget in (text, self.list, buttons):
            layout.addWidget(widget)
        if use is not None:
            use.setDefault(True)
        outline_controls(self)
        self.list.setFocus()

    def _on_accepted(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.chosen.emit(item.text())
