"""The menu of kernels to begin with."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMenu, QWidget

from viewer.core.explain.lab_presets import KERNELS, ROW_KERNELS, KernelPreset


class PresetMenu(QMenu):
    """Presets in groups, and the ways to the filters of the network.

    Signals
    -------
    preset_chosen(str)
        Key of a preset.
    network_filters_requested()
        They are needed now: `set_selected_filter`.
    selected_filter_chosen()
        The filter that is selected is to be put on the bench.
    chooser_requested()
        So is another one.
    """

    preset_chosen = pyqtSignal(str)
    network_filters_requested = pyqtSignal()
    selected_filter_chosen = pyqtSignal()
    chooser_requested = pyqtSignal()

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
        self._selected = _new_action(self, "")
        self._selected.triggered.connect(lambda _: self.selected_filter_chosen.emit())
        _new_action(self, "Filter of the network…").triggered.connect(
            lambda _: self.chooser_requested.emit()
        )
        self.aboutToShow.connect(self.network_filters_requested)
        self.set_selected_filter("")
        self.set_row(False)

    def set_row(self, row: bool) -> None:
        """Offer what suits rows of numbers, or pictures."""
        for action in self._for_pictures:
            action.setVisible(not row)
        for action in self._for_rows:
            action.setVisible(row)

    def set_selected_filter(self, title: str) -> None:
        """Offer the filter or kernel that is selected in the network; empty for none."""
        self._selected.setText(f"Selected: {title}")
        self._selected.setVisible(bool(title))

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
