"""Everything the window can be told to do: the table, and the actions that are made of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QAction, QActionGroup, QKeySequence

from viewer.widgets.icons import blank_icon
from viewer.widgets.window.action_row import ActionRow, tooltip_of
from viewer.widgets.window.action_table_input import INPUT_ROWS
from viewer.widgets.window.action_table_view import VIEW_ROWS

if TYPE_CHECKING:
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme

# Menus are filled in this order.
ACTIONS: tuple[ActionRow, ...] = (*INPUT_ROWS, *VIEW_ROWS)


class ActionSet(QObject):
    """The actions of a table of rows.

    Signals
    -------
    action_triggered(str)
        The action of that name was chosen by a person.
    action_toggled(str, bool)
        Beside it, for a switch: its new state.
    """

    action_triggered = pyqtSignal(str)
    action_toggled = pyqtSignal(str, bool)

    def __init__(self, rows: Iterable[ActionRow], parent: QObject) -> None:
        super().__init__(parent)
        self.rows = tuple(rows)
        self._groups: dict[str, QActionGroup] = {}
        self._actions = {row.name: self._build(row) for row in self.rows}

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def __contains__(self, name: object) -> bool:
        return name in self._actions

    def __iter__(self) -> Iterator[QAction]:
        return iter(self._actions.values())

    def get(self, name: str) -> QAction | None:
        """Return the action called `name`; None where the table has no such row."""
        return self._actions.get(name)

    def of_menu(self, menu: str) -> list[tuple[ActionRow, QAction]]:
        """Return what stands in `menu`, from top to bottom."""
        return [(row, self._actions[row.name]) for row in self.rows if menu in row.menus]

    def set_checked(self, name: str, checked: bool) -> None:
        """Set a switch without a signal of this set; widgets that show it follow."""
        if name in self._actions:
            self._actions[name].setChecked(checked)

    def set_enabled(self, name: str, enabled: bool) -> None:
        """Grey out an action, or not."""
        if name in self._actions:
            self._actions[name].setEnabled(enabled)

    def set_icons(self, icons: IconSet, theme: Theme) -> None:
        """Give every action its icon."""
        for row in self.rows:
            if row.icon:
                self._actions[row.name].setIcon(icons.icon(row.icon, theme))

    def _build(self, row: ActionRow) -> QAction:
        action = QAction(row.text, self)
        action.setObjectName(row.name)
        action.setToolTip(tooltip_of(row))
        action.setShortcuts([QKeySequence(shortcut) for shortcut in row.shortcuts])
        action.setCheckable(row.checkable)
        action.setChecked(row.checked)
        if row.icon:
            action.setIcon(blank_icon())
        if row.group:
            group = self._groups.setdefault(row.group, QActionGroup(self))
            group.addAction(action)
        action.triggered.connect(lambda checked: self._on_triggered(row, checked))
        return action

    def _on_triggered(self, row: ActionRow, checked: bool) -> None:
        if row.checkable:
            self.action_toggled.emit(row.name, checked)
        self.action_triggered.emit(row.name)
