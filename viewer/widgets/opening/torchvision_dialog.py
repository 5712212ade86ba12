"""Chooses an architecture of torchvision, and the weights that it is to have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QItemSelectionModel, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from viewer.widgets.opening.torchvision_model import CatalogFilter, CatalogModel, megabytes
from viewer.widgets.outlines import outline_controls
from viewer.widgets.overrides import override
from viewer.widgets.theme import GRID_PX

if TYPE_CHECKING:
    from PyQt6.QtCore import QModelIndex

    from viewer.core.nets.catalog_entries import CatalogEntry, PublishedWeights

WIDTH_PX, HEIGHT_PX = 640, 520
UNTRAINED, FROM_FILE = "", "\0file"
LOADING = "Asking torchvision…"
NOTHING = "No architecture is called that"
PREFERRED = "resnet18"
ROW_PX = 3 * GRID_PX  # Fusion's rows are too tight to be hit
_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class _Rows(QStyledItemDelegate):
    """Rows of the table, with room around their text."""

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return super().sizeHint(option, index).expandedTo(QSize(0, ROW_PX))


class TorchvisionDialog(QDialog):
    """A list to search, and the choice of weights below it; the window stays usable.

    Signals
    -------
    chosen(str, str)
        Name of the architecture and key of its published weights; empty for untrained.
    file_requested(str)
        Name of an architecture whose weights are to come from a file.
    """

    chosen = pyqtSignal(str, str)
    file_requested = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Open from torchvision")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(WIDTH_PX, HEIGHT_PX)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search, such as resnet")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Search")
        self._model = CatalogModel(self)
        self._filter = CatalogFilter(self._model, self)
        self.table = self._build_table()
        self.state = QLabel(LOADING, self.table)
        self.state.setObjectName("muted")
        self.state.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.weights = QComboBox()
        self.weights.setAccessibleName("Weights")
        self._build_layout()
        outline_controls(self)
        self.search.textChanged.connect(self._on_search_changed)
        self._selection.currentChanged.connect(self._on_current_changed)
        self.table.doubleClicked.connect(lambda _: self._on_open())
        self._show_state()
        self.search.setFocus()

    @property
    def entry(self) -> CatalogEntry | None:
        """The architecture that is selected; None if none is."""
        index = self._filter.mapToSource(self.table.currentIndex())
        return self._model.entries[index.row()] if index.isValid() else None

    def set_catalog(self, entries: tuple[CatalogEntry, ...]) -> None:
        """Show these architectures; the selection stays where it can."""
        current = self.entry
        name = PREFERRED if current is None else current.name
        key = self.weights.currentData()
        self._model.set_entries(entries)
        self.select(name)
        if current is not None:
            self.weights.setCurrentIndex(max(self.weights.findData(key), 0))
        self._show_state()

    @override
    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        if a0 is not None and a0.key() in _KEYS and self.search.hasFocus():
            QApplication.sendEvent(self.table, a0)  # walk the list without leaving the search
            return
        super().keyPressEvent(a0)

    def set_failed(self, sentence: str) -> None:
        """Say why there is no list."""
        self._show_state(sentence)

    def select(self, name: str) -> None:
        """Select an architecture, or the first there is."""
        rows = range(self._filter.rowCount())
        names = [self._filter.index(row, 0).data() for row in rows]
        row = names.index(name) if name in names else 0
        index = self._filter.index(row, 0)
        flags = QItemSelectionModel.SelectionFlag
        self._selection.setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        self.table.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    @property
    def _selection(self) -> QItemSelectionModel:
        selection = self.table.selectionModel()
        assert selection is not None
        return selection

    def _build_table(self) -> QTreeView:
        table = QTreeView()
        table.setModel(self._filter)
        table.setItemDelegate(_Rows(table))
        table.setRootIsDecorated(False)
        table.setUniformRowHeights(True)
        table.setAlternatingRowColors(False)
        table.setSortingEnabled(True)
        table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        table.setAccessibleName("Architectures")
        header = table.header()
        assert header is not None
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in range(1, self._model.columnCount()):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, 15 * GRID_PX)
        return table

    def _build_layout(self) -> None:
        row = QHBoxLayout()
        label = QLabel("Weights")
        label.setBuddy(self.weights)
        row.addWidget(label)
        row.addSpacing(GRID_PX)
        row.addWidget(self.weights, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        button = buttons.addButton("Open", QDialogButtonBox.ButtonRole.AcceptRole)
        assert button is not None
        self.open_button = button
        button.setDefault(True)
        buttons.accepted.connect(self._on_open)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(3 * GRID_PX,) * 4)
        layout.setSpacing(2 * GRID_PX)
        layout.addWidget(self.search)
        layout.addWidget(self.table, 1)
        layout.addLayout(row)
        layout.addWidget(buttons)
        over = QVBoxLayout(self.table)
        over.addWidget(self.state)

    def _on_search_changed(self, text: str) -> None:
        current = self.entry
        self._filter.setFilterFixedString(text.strip())
        self.select("" if current is None else current.name)
        self._show_state()

    def _on_current_changed(self, _index: QModelIndex) -> None:
        entry = self.entry
        self.weights.clear()
        for weights in () if entry is None else entry.weights:
            self.weights.addItem(_described(weights), weights.key)
        if entry is not None:
            self.weights.addItem("Untrained: random weights", UNTRAINED)
            self.weights.addItem("From a file…", FROM_FILE)
        self._show_state()

    def _show_state(self, text: str = "") -> None:
        if not text and not self._filter.rowCount():
            text = NOTHING if self._model.entries else LOADING
        self.state.setText(text)
        self.state.setVisible(bool(text))
        self.weights.setEnabled(self.entry is not None)
        self.open_button.setEnabled(self.entry is not None)

    def _on_open(self) -> None:
        entry, key = self.entry, self.weights.currentData()
        if entry is None:
            return
        self.accept()
        if key == FROM_FILE:
            self.file_requested.emit(entry.name)
        else:
            self.chosen.emit(entry.name, key)


def _described(weights: PublishedWeights) -> str:
    parts = [weights.title]
    if weights.accuracy is not None:
        parts.append(f"{100 * weights.accuracy:.2f} % right on {weights.dataset}")
    here = "on this computer" if weights.is_here else f"{megabytes(weights.size_bytes)} to download"
    return " · ".join((*parts, here))
