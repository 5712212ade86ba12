"""The table of layers in a window of its own, beside the main one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from viewer.widgets.theme import GRID_PX
from viewer.widgets.training.architecture_table import ArchitectureTable

if TYPE_CHECKING:
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme

WIDTH_PX, HEIGHT_PX = 680, 560


class TableDialog(QDialog):
    """Edits a table of layers; nothing is taken up before Use is pressed.

    Attributes
    ----------
    table : ArchitectureTable

    Signals
    -------
    table_accepted(object)
        Tuple of LayerRow, a possible network.
    """

    table_accepted = pyqtSignal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Build a network")
        self.setObjectName("dock_page")
        self.resize(WIDTH_PX, HEIGHT_PX)
        self.table = ArchitectureTable()
        buttons = QDialogButtonBox()
        self._use = buttons.addButton("Use", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton("Cancel", QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self._on_accepted)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 2 * GRID_PX)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self.table, 1)
        row = QVBoxLayout()
        row.setContentsMargins(2 * GRID_PX, 0, 2 * GRID_PX, 0)
        row.addWidget(buttons)
        layout.addLayout(row)
        self.table.table_changed.connect(self._show_state)

    def show_table(self) -> None:
        """Come to the front."""
        self._show_state()
        self.show()
        self.raise_()
        self.activateWindow()

    def set_theme(self, theme: Theme, icons: IconSet | None) -> None:
        """Take the theme's colours and icons."""
        self.table.set_theme(theme)
        if icons is not None:
            self.table.set_icons(icons)

    def _show_state(self) -> None:
        report = self.table.report()
        if self._use is not None:
            self._use.setEnabled(report.ok)
            self._use.setToolTip(report.problem or "Train this network from the next start on")

    def _on_accepted(self) -> None:
        if self.table.report().ok:
            self.table_accepted.emit(self.table.table())
            self.accept()
