"""The menu of kernels to begin with."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMenu, QWidget

from viewer.core.explain.lab_presets import KERNELS, ROW_KERNELS, KernelPreset

NO_FILTERS_TEXT = "The network has no convolution"


class PresetMenu(QMenu):
    """Presets in groups, and the filters of the network.

    Signals
    -------
    preset_chosen(str)
        Key of a preset.
    network_filters_requested()
        Their names are needed now.
    network_filter_chosen(int)
        Place of one of them in what `set_network_filters` was given.
    """

    preset_chosen = pyqtSignal(str)
    network_filters_requested = pyqtSignal()
    network_filter_chosen = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._for_pictures: list[QAction] = []
        self._for_rows: list[QAction] = []
        groups: dict[str, QMenu] = {}
        for preset in KERNELS:
            if preset.group not in groups:
                groups[preset.group] = _submenu(self, preset.group)
                self._for_pictures.append(_entry_of(groups[preset.group]))
            self._add(groups[preset.group], preset)
        for preset in ROW_KERNELS:
            self._for_rows.append(self._add(self, preset))
        self.addSeparator()
        self._filters = _submenu(self, "Filter of the network")
        self._filters.aboutToShow.connect(self.network_filters_requested)
        self.set_network_filters(())
        self.set_row(False)

    def set_row(self, row: bool) -> None:
        """Offer what suits rows of numbers, or pictures."""
        for action in self._for_pictures:
            action.setVisible(not row)
        for action in self._for_rows:
            action.setVisible(row)

    def set_network_filters(self, names: Sequence[str]) -> None:
        """List the filters of the network."""
        self._filters.clear()
        if not names:
            _new_action(self._filters, NO_FILTERS_TEXT).setEnabled(False)
        for number, name in enumerate(names):
            action = _new_action(self._filters, name)
            action.triggered.connect(
                lambda _, number=number: self.network_filter_chosen.emit(number)
            )

    def _add(self, menu: QMenu, preset: KernelPreset) -> QAction:
        action = _new_action(menu, preset.title)
        action.triggered.connect(lambda _, key=preset.key: self.preset_chosen.emit(key))
        return action


def _submenu(menu: QMenu, title: str) -> QMenu:
    child = QMenu(title, menu)
    menu.addMenu(child)
    return child


def _entry_of(menu: QMenu) -> QAction:
    action = menu.menuAction()
    assert action is not None
    return action


def _new_action(menu: QMenu, text: str) -> QAction:
    action = QAction(text, menu)
    menu.addAction(action)
    return action
