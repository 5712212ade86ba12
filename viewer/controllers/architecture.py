"""A network that is built from a table of layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QFileDialog, QWidget

from viewer.core.errors import UserError
from viewer.core.nets.table import LayerRow, rows_from_json, rows_to_json
from viewer.core.nets.table_file import load_table, save_table
from viewer.core.nets.table_presets import TABLE_PRESETS
from viewer.widgets.table_dialog import TableDialog

if TYPE_CHECKING:
    from viewer.controllers.training.setup import SetupController
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme

TABLE = "table"
TABLE_FILTER = "Tables of layers (*.json);;All files (*)"


class ArchitectureController(QObject):
    """Opens the table of layers, and gives the set-up what was built.

    Signals
    -------
    failed(str)
        One sentence on a file.
    """

    failed = pyqtSignal(str)

    def __init__(
        self,
        parent_widget: QWidget,
        setup: SetupController,
        appearance: Callable[[], tuple[Theme | None, IconSet | None]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._parent_widget = parent_widget
        self._setup = setup
        self._appearance = appearance
        self._dialog: TableDialog | None = None
        setup.table_requested.connect(self.edit)
        setup.input_known.connect(self._show_input)

    def edit(self) -> None:
        """Show the table of the set-up, or one to start from."""
        dialog = self._dialog or self._build()
        config = self._setup.config()
        text = config.hyper.get("layers") if config.architecture == TABLE else None
        rows: Sequence[LayerRow] = next(iter(TABLE_PRESETS.values()))
        if isinstance(text, str):
            rows = rows_from_json(text)
        dialog.table.set_table(rows)
        self._show_input()
        if self._setup.input_of_dataset() is None:
            self._setup.ask_for_input()
        theme, icons = self._appearance()
        if theme is not None:
            dialog.set_theme(theme, icons)
        dialog.show_table()

    def _show_input(self) -> None:
        known = self._setup.input_of_dataset()
        if self._dialog is not None and known is not None:
            self._dialog.table.set_input(*known)

    def _build(self) -> TableDialog:
        dialog = self._dialog = TableDialog(self._parent_widget)
        table = dialog.table
        table.set_presets(list(TABLE_PRESETS))
        table.preset_chosen.connect(lambda name: table.put_table(TABLE_PRESETS[name]))
        table.load_requested.connect(self._on_load_requested)
        table.save_requested.connect(self._on_save_requested)
        dialog.table_accepted.connect(self._on_accepted)
        return dialog

    def _on_accepted(self, rows: tuple[LayerRow, ...]) -> None:
        config = self._setup.config()
        hyper = {"layers": rows_to_json(rows)}
        self._setup.set_config(
            replace(config, architecture=TABLE, hyper=hyper, start="", frozen=())
        )

    def _on_load_requested(self) -> None:
        assert self._dialog is not None
        chooser = QFileDialog(self._dialog, "Load table", filter=TABLE_FILTER)
        chooser.fileSelected.connect(lambda path: self._load(Path(path)))
        chooser.open()

    def _load(self, path: Path) -> None:
        assert self._dialog is not None
        try:
            self._dialog.table.put_table(load_table(path))
        except UserError as error:
            self.failed.emit(str(error))

    def _on_save_requested(self, rows: tuple[LayerRow, ...]) -> None:
        assert self._dialog is not None
        chooser = QFileDialog(self._dialog, "Save table", filter=TABLE_FILTER)
        chooser.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        chooser.setDefaultSuffix("json")
        chooser.fileSelected.connect(lambda path: self._save(Path(path), rows))
        chooser.open()

    def _save(self, path: Path, rows: tuple[LayerRow, ...]) -> None:
        try:
            save_table(path, rows)
        except UserError as error:
            self.failed.emit(str(error))
