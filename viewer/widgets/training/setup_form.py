"""The settings that have one plain value each, as rows in their sections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QWidget

from viewer.core.errors import UserError
from viewer.widgets.switch import Switch
from viewer.widgets.training.setting_editors import ChoiceBox, NumberBox, SettingRow
from viewer.widgets.training.setting_help import setting_help
from viewer.widgets.training.setup_fields import (
    NEEDS,
    RUN,
    SECTIONS,
    SPECIAL,
    Editor,
    build_editor,
    fill_editor,
    is_augmentation,
    plain_fields,
    read_editor,
    style_of,
)

if TYPE_CHECKING:
    from viewer.core.training.config import TrainingConfig
    from viewer.widgets.theme import Theme
    from viewer.widgets.training.setup_sections import SectionFlow


class SettingForm(QObject):
    """Controls for whatever fields the configuration has, made from their metadata.

    Signals
    -------
    changed()
        A person changed a setting.
    """

    changed = pyqtSignal()

    def __init__(self, flow: SectionFlow, parent: QObject) -> None:
        super().__init__(parent)
        self._flow = flow
        self._editors: dict[str, Editor] = {}
        self._rows: dict[str, SettingRow] = {}

    def add_rows(self, others: Mapping[str, QWidget]) -> None:
        """Add a row for every setting, and `others` after the setting of that name."""
        placed = {name for rows in SECTIONS.values() for row in rows for name in row}
        for title, rows in SECTIONS.items():
            for names in rows:
                self._add_row(title, names)
                if names[0] in others:
                    self._flow.add_row(title, others[names[0]])
        for name in plain_fields():
            if name not in placed:
                self._add_row(RUN, (name,))
        self._connect_signals()

    def fill(self, config: TrainingConfig) -> None:
        """Show a configuration; gives no signal."""
        for name, editor in self._editors.items():
            owner = config.augmentation if is_augmentation(name) else config
            fill_editor(editor, getattr(owner, name))

    def values(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the values by name: those of the configuration, those of its augmentation.

        Raises
        ------
        UserError
            If two of them exclude each other.
        """
        values: dict[str, Any] = {name: read_editor(e) for name, e in self._editors.items()}
        if values["gain_low"] > values["gain_high"]:
            raise UserError("The first number of the ink gain is above the second: exchange them.")
        distortions = {name: values.pop(name) for name in list(values) if is_augmentation(name)}
        return values, distortions

    def show_needed(self) -> None:
        """Hide what the chosen optimiser and schedule have no use for."""
        changed = False
        for name, (other, value) in NEEDS.items():
            if name in self._rows and other in self._editors:
                needed = read_editor(self._editors[other]) == value
                changed |= self._rows[name].isHidden() == needed
                self._rows[name].setVisible(needed)
        if changed:
            self._flow.lay_out()

    def editor(self, name: str) -> Editor:
        """Return the control of a setting; KeyError if it has none."""
        return self._editors[name]

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        for editor in self._editors.values():
            if isinstance(editor, Switch):
                editor.set_theme(theme)

    def _add_row(self, title: str, names: Sequence[str]) -> None:
        items = plain_fields()
        wanted = [name for name in names if name in items and name not in SPECIAL]
        built = {name: build_editor(items[name]) for name in wanted}
        editors = {name: editor for name, editor in built.items() if editor is not None}
        if not editors:
            return
        tips = {name: setting_help(name, items[name].metadata["help"]) for name in editors}
        for name, editor in editors.items():
            editor.setToolTip(f"<p>{tips[name]}</p>")
        first = next(iter(editors))
        row = SettingRow(style_of(first).label, list(editors.values()), tips[first])
        self._editors.update(editors)
        self._rows[first] = row
        self._flow.add_row(title, row)

    def _connect_signals(self) -> None:
        for editor in self._editors.values():
            if isinstance(editor, NumberBox):
                editor.number_changed.connect(self.changed)
            elif isinstance(editor, ChoiceBox):
                editor.chosen.connect(self.changed)
            else:
                editor.clicked.connect(self.changed)
