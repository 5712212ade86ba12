"""The buttons above the table of layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from viewer.core.nets.table_rows import ROW_KINDS
from viewer.widgets.icons import ICON_PX
from viewer.widgets.theme import GRID_PX

if TYPE_CHECKING:
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme

BUTTON_PX = 28

# Name, text until icons are there, icon, tooltip.
_BUTTONS = (
    ("up", "↑", "arrow-up", "Move the layer up (Alt+Up)"),
    ("down", "↓", "arrow-down", "Move the layer down (Alt+Down)"),
    ("duplicate", "⧉", "copy", "Duplicate the layer (Ctrl+D)"),
    ("delete", "×", "trash", "Delete the layer (Delete)"),
    ("undo", "↶", "arrow-u-up-left", "Undo the last edit (Ctrl+Z)"),
    ("redo", "↷", "arrow-u-up-right", "Redo (Ctrl+Shift+Z)"),
    ("load", "Load", "folder-open", "Load a table of layers from a file"),
    ("save", "Save", "floppy-disk", "Save the table of layers as a file"),
)
_GAP_BEFORE = ("undo", "load")


class ArchitectureTools(QWidget):
    """Add, move, duplicate, delete, undo, redo, start from, load, save.

    Signals
    -------
    kind_chosen(str)
        A row of this kind is to be added.
    move_clicked(int)
        The current row is to go down by so many places.
    duplicate_clicked(), delete_clicked(), undo_clicked(), redo_clicked()
    preset_chosen(str)
        A table to start from, by its name.
    load_clicked(), save_clicked()
    """

    kind_chosen = pyqtSignal(str)
    move_clicked = pyqtSignal(int)
    duplicate_clicked = pyqtSignal()
    delete_clicked = pyqtSignal()
    undo_clicked = pyqtSignal()
    redo_clicked = pyqtSignal()
    preset_chosen = pyqtSignal(str)
    load_clicked = pyqtSignal()
    save_clicked = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kinds = QMenu(self)
        self._kinds.setToolTipsVisible(True)
        for row_kind in ROW_KINDS.values():
            action = self._kinds.addAction(row_kind.title)
            assert action is not None, "a menu returns what it adds"
            action.setToolTip(row_kind.help)
            action.triggered.connect(
                lambda _checked, kind=row_kind.kind: self.kind_chosen.emit(kind)
            )
        self._presets = QMenu(self)
        self.add_button = self._menu_button("Add layer", self._kinds)
        self.add_button.setToolTip("Add a layer behind the current one (Insert)")
        self.start_button = self._menu_button("Start from", self._presets)
        self.start_button.setToolTip("Replace the table by a ready one")
        self.start_button.hide()
        self.buttons = {name: self._button(text, tip) for name, text, _, tip in _BUTTONS}
        self._build_layout()
        self._connect_signals()

    def _build_layout(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID_PX // 2, GRID_PX // 2, GRID_PX // 2, GRID_PX // 2)
        row.setSpacing(GRID_PX // 4)
        row.addWidget(self.add_button)
        for name, button in self.buttons.items():
            if name == "load":
                row.addStretch(1)
                row.addWidget(self.start_button)
            elif name in _GAP_BEFORE:
                row.addSpacing(GRID_PX)
            row.addWidget(button)

    def _connect_signals(self) -> None:
        self.buttons["up"].clicked.connect(lambda: self.move_clicked.emit(-1))
        self.buttons["down"].clicked.connect(lambda: self.move_clicked.emit(1))
        for name, signal in (
            ("duplicate", self.duplicate_clicked),
            ("delete", self.delete_clicked),
            ("undo", self.undo_clicked),
            ("redo", self.redo_clicked),
            ("load", self.load_clicked),
            ("save", self.save_clicked),
        ):
            self.buttons[name].clicked.connect(signal)

    def set_presets(self, names: Sequence[str]) -> None:
        """Offer these tables to start from."""
        self._presets.clear()
        for name in names:
            action = self._presets.addAction(name)
            assert action is not None, "a menu returns what it adds"
            action.triggered.connect(lambda _checked, name=name: self.preset_chosen.emit(name))
        self.start_button.setVisible(bool(names))

    def set_icons(self, icons: IconSet, theme: Theme) -> None:
        """Use icons of `icons` on the buttons."""
        for name, _, icon, _ in _BUTTONS:
            self.buttons[name].setIcon(icons.icon(icon, theme))
            self.buttons[name].setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        for button, icon in ((self.add_button, "plus"), (self.start_button, "caret-down")):
            button.setIcon(icons.icon(icon, theme))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    def set_state(self, *, current: int, count: int, full: bool, undo: bool, redo: bool) -> None:
        """Enable what can be done: `current` is the row that edits are about, -1 for none."""
        for name, possible in (
            ("up", current > 0),
            ("down", 0 <= current < count - 1),
            ("duplicate", current >= 0 and not full),
            ("delete", current >= 0),
            ("undo", undo),
            ("redo", redo),
        ):
            self.buttons[name].setEnabled(possible)
        self.add_button.setEnabled(not full)

    def open_kinds(self) -> None:
        """Open the menu of layers to add."""
        if self.add_button.isEnabled():
            self.add_button.showMenu()

    def _menu_button(self, text: str, menu: QMenu) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setIconSize(QSize(ICON_PX, ICON_PX))
        button.setMinimumHeight(BUTTON_PX)
        return button

    def _button(self, text: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip.split(" (")[0])
        button.setIconSize(QSize(ICON_PX, ICON_PX))
        button.setMinimumSize(BUTTON_PX, BUTTON_PX)
        return button
