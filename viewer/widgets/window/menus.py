"""The menu bar, out of the table of actions."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMenu, QMenuBar, QWidget

from viewer.widgets.window.action_row import FILE, MENU_BAR, THEME, VIEW
from viewer.widgets.window.actions import ActionSet
from viewer.widgets.window.tool_bar import fill_menu


class RecentMenu(QMenu):
    """Files that were open before.

    Signals
    -------
    recent_chosen(str)
        Path of the file.
    """

    recent_chosen = pyqtSignal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Open &recent", parent)
        self.setToolTipsVisible(True)
        self.set_files(())

    def set_files(self, files: Sequence[tuple[str, str]]) -> None:
        """Offer files as (path, text), the newest first."""
        self.clear()
        for path, text in files:
            action = QAction(text.replace("&", "&&"), self)
            action.setToolTip(path)
            action.triggered.connect(lambda _checked, path=path: self.recent_chosen.emit(path))
            self.addAction(action)
        if not files:
            nothing = QAction("Nothing opened yet", self)
            nothing.setEnabled(False)
            self.addAction(nothing)


def fill_menu_bar(
    bar: QMenuBar, actions: ActionSet, recent: QMenu, color_menu: QMenu, panels: Sequence[QAction]
) -> QMenu:
    """Build the menus; a menu without a row is left out.

    Parameters
    ----------
    bar : QMenuBar
        Empty.
    actions : ActionSet
    recent, color_menu : QMenu
        Placed in File and View.
    panels : sequence of QAction
        Show or hide a dock each; the first entries of View.

    Returns
    -------
    QMenu
        View: a dock that comes later gets its entry there, too.
    """
    view = QMenu(VIEW, bar)
    for title in MENU_BAR:
        menu = view if title == VIEW else QMenu(title, bar)
        if title == VIEW:
            menu.addActions(list(panels))
            menu.addSeparator()
            menu.addMenu(color_menu)
            if actions.of_menu(THEME):
                themes = QMenu("&Theme", menu)
                fill_menu(themes, actions, THEME)
                menu.addMenu(themes)
            menu.addSeparator()
        fill_menu(menu, actions, title)
        if title == FILE:
            _insert_recent(menu, actions, recent)
        if not menu.isEmpty():
            bar.addMenu(menu)
    return view


def _insert_recent(menu: QMenu, actions: ActionSet, recent: QMenu) -> None:
    after = next((row for row, _ in actions.of_menu(FILE) if row.separator), None)
    if after is None:
        menu.addMenu(recent)
        return
    below = actions[after.name]
    shown = menu.actions()
    menu.insertMenu(shown[shown.index(below) - 1], recent)  # above the line over `below`
