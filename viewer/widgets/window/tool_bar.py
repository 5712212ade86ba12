"""The tool bar: network, input, colours, zoom, theme, help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from PyQt6.QtCore import QSignalBlocker, QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from viewer.widgets.icons import ICON_PX, blank_icon
from viewer.widgets.window.action_row import SOURCE, THEME
from viewer.widgets.window.actions import ActionSet

if TYPE_CHECKING:
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme

BUTTON_PX = 32
CHOOSER_PX = 200
MENU_BUTTON_EXTRA_PX = ICON_PX + 24  # icon, its gap, padding on both sides


class NetworkChoice(NamedTuple):
    """A network that can be switched to.

    Attributes
    ----------
    key : str
        What `ToolBar.network_chosen` carries: the name of a shipped one, or a path.
    text : str
        To show.
    """

    key: str
    text: str


class ToolBar(QToolBar):
    """Visible controls for what is used most.

    Signals
    -------
    network_chosen(str)
        Key of the network that a person chose.
    """

    network_chosen = pyqtSignal(str)

    def __init__(self, actions: ActionSet, color_menu: QMenu, parent: QWidget) -> None:
        super().__init__("Tool bar", parent)
        self.setObjectName("tool_bar")
        self.setMovable(False)
        self.setIconSize(QSize(ICON_PX, ICON_PX))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self._actions = actions
        self._menu_buttons: list[tuple[QToolButton, str]] = []
        self._offered = 0  # entries of the chooser that `set_networks` gave
        self.chooser = self._build_chooser()
        self._add_actions("open_model")
        self.addWidget(self.chooser)
        self.addSeparator()
        self.source_button = self._add_menu("Input", "image-square", "Where the input comes from")
        self.source_button.setMenu(self._menu_of(SOURCE, self.source_button))
        self.color_button = self._add_menu("Colours", "palette", "Colour maps and their scope")
        self.color_button.setMenu(color_menu)
        self.addSeparator()
        self._add_actions("zoom_fit", "zoom_out", "zoom_in")
        self.addSeparator()
        self._add_actions("training", "lessons")
        self._add_spacer()
        self.theme_button = self._add_menu("", "circle-half", "Light or dark")
        self.theme_button.setMenu(self._menu_of(THEME, self.theme_button))
        self._add_actions("shortcuts")

    def set_networks(
        self, shipped: Sequence[NetworkChoice], recent: Sequence[NetworkChoice] = ()
    ) -> None:
        """Offer other networks; gives no signal and keeps the current one where it can."""
        with QSignalBlocker(self.chooser):
            current = self.chooser.currentData()
            self.chooser.clear()
            for choice in shipped:
                self.chooser.addItem(choice.text, choice.key)
            if recent and shipped:
                self.chooser.insertSeparator(self.chooser.count())
            for choice in recent:
                self.chooser.addItem(choice.text, choice.key)
                self.chooser.setItemData(
                    self.chooser.count() - 1, choice.key, Qt.ItemDataRole.ToolTipRole
                )
            self._offered = self.chooser.count()
            self.chooser.setCurrentIndex(self.chooser.findData(current))

    def set_current_network(self, choice: NetworkChoice) -> None:
        """Show which network is on screen, adding it where it was not offered; no signal."""
        with QSignalBlocker(self.chooser):
            index = self.chooser.findData(choice.key)
            if index < 0:
                self.chooser.addItem(choice.text, choice.key)
                index = self.chooser.count() - 1
            elif index >= self._offered:  # added here before: a run has had another name
                self.chooser.setItemText(index, choice.text)
            self.chooser.setCurrentIndex(index)

    def set_icons(self, icons: IconSet, theme: Theme) -> None:
        """Give the buttons with menus their icons; the others take their action's."""
        for button, name in self._menu_buttons:
            button.setIcon(icons.icon(name, theme))

    def _build_chooser(self) -> QComboBox:
        chooser = QComboBox()
        chooser.setFixedSize(CHOOSER_PX, BUTTON_PX)
        chooser.setToolTip("The network that answers")
        chooser.setAccessibleName("Network")
        chooser.setPlaceholderText("Loading…")
        chooser.activated.connect(
            lambda index: self.network_chosen.emit(str(chooser.itemData(index)))
        )
        return chooser

    def _add_actions(self, *names: str) -> None:
        for name in names:
            action = self._actions.get(name)
            if action is not None:
                self.addAction(action)
                button = self.widgetForAction(action)
                assert isinstance(button, QToolButton)
                button.setFixedSize(BUTTON_PX, BUTTON_PX)
                button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
                button.setAccessibleName(action.text().replace("&", ""))

    def _add_menu(self, text: str, icon: str, tooltip: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setIcon(blank_icon())
        button.setIconSize(self.iconSize())
        button.setToolTip(tooltip)
        button.setAccessibleName(text or tooltip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        width = BUTTON_PX
        if text:
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            width = button.fontMetrics().horizontalAdvance(text) + MENU_BUTTON_EXTRA_PX
        button.setFixedSize(width, BUTTON_PX)
        self._menu_buttons.append((button, icon))
        self.addWidget(button)
        return button

    def _menu_of(self, name: str, parent: QWidget) -> QMenu:
        menu = QMenu(parent)
        fill_menu(menu, self._actions, name)
        return menu

    def _add_spacer(self) -> None:
        spacer = QWidget()
        spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(spacer)


def fill_menu(menu: QMenu, actions: ActionSet, name: str) -> None:
    """Add the actions that stand in the menu called `name`."""
    menu.setToolTipsVisible(True)
    for row, action in actions.of_menu(name):
        if row.separator and not menu.isEmpty():
            menu.addSeparator()
        menu.addAction(action)
