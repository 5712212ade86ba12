"""Which colours the maps are shown in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PyQt6.QtCore import QRectF, pyqtSignal
from PyQt6.QtGui import QAction, QActionGroup, QColor, QIcon, QLinearGradient, QPainter, QPixmap
from PyQt6.QtWidgets import QMenu, QWidget

from viewer.widgets.icons import ICON_PX


class ColorChoice(NamedTuple):
    """One choice of a group.

    Attributes
    ----------
    key : str
        What `ColorMenu.color_chosen` carries.
    text : str
        To show.
    colors : tuple of str
        ``#rrggbb`` from the lowest value to the highest; empty for no swatch.
    """

    key: str
    text: str
    colors: tuple[str, ...] = ()


class ColorGroup(NamedTuple):
    """Choices of which one holds: the sequential map, the signed map, the scope.

    Attributes
    ----------
    key : str
        ``sequential``, ``signed``, ``scope``: the first that `color_chosen` carries.
    title : str
        Heading in the menu.
    choices : sequence of ColorChoice
    current : str
        Key of the one that holds.
    """

    key: str
    title: str
    choices: Sequence[ColorChoice]
    current: str


class ColorMenu(QMenu):
    """A menu of groups of which one choice each is checked.

    Signals
    -------
    color_chosen(str, str)
        Group and choice, by a person.
    """

    color_chosen = pyqtSignal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("&Colours", parent)
        self._actions: dict[tuple[str, str], QAction] = {}
        self._groups: list[QActionGroup] = []

    def set_groups(self, groups: Sequence[ColorGroup]) -> None:
        """Offer other choices; gives no signal."""
        self.clear()
        self._actions.clear()
        self._groups.clear()
        for group in groups:
            self._add_group(group)

    def set_current(self, group: str, choice: str) -> None:
        """Check another choice; gives no signal."""
        self._actions[group, choice].setChecked(True)

    def current(self, group: str) -> str:
        """Return the key of the choice that holds in a group."""
        return next(
            choice
            for (key, choice), action in self._actions.items()
            if key == group and action.isChecked()
        )

    def _add_group(self, group: ColorGroup) -> None:
        self.addSection(group.title)
        exclusive = QActionGroup(self)
        self._groups.append(exclusive)
        for choice in group.choices:
            action = QAction(choice.text, self)
            action.setCheckable(True)
            action.setChecked(choice.key == group.current)
            if choice.colors:
                action.setIcon(_swatch(choice.colors))
            action.triggered.connect(
                lambda _checked, key=choice.key: self.color_chosen.emit(group.key, key)
            )
            exclusive.addAction(action)
            self.addAction(action)
            self._actions[group.key, choice.key] = action


def _swatch(colors: Sequence[str]) -> QIcon:
    pixmap = QPixmap(2 * ICON_PX, 2 * ICON_PX)
    gradient = QLinearGradient(0, 0, pixmap.width(), 0)
    for index, color in enumerate(colors):
        gradient.setColorAt(index / max(1, len(colors) - 1), QColor(color))
    painter = QPainter(pixmap)
    painter.fillRect(QRectF(pixmap.rect()), gradient)
    painter.end()
    return QIcon(pixmap)
