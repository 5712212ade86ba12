"""Chooses a filter of the network: its layer by name, the filter by number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from viewer.widgets.theme import GRID_PX

NO_FILTERS_TEXT = "The network has no convolution that fits the lab."
WIDTH_PX, HEIGHT_PX = 360, 400


@dataclass(frozen=True, slots=True)
class FilterLayer:
    """A convolution whose filters can be put on the bench.

    Attributes
    ----------
    name : str
    filters : int
    shape : (C, kH, kW)
        Of each of them.
    """

    name: str
    filters: int
    shape: tuple[int, int, int]

    @property
    def entry(self) -> str:
        """What stands in the list."""
        size = " × ".join(map(str, self.shape))
        count = "1 filter" if self.filters == 1 else f"{self.filters} filters"
        return f"{self.name}: {count}, {size}"


class FilterChooser(QDialog):
    """A list of layers with a search, and the number of a filter.

    Signals
    -------
    filter_chosen(str, int)
        Name of a layer, and one of its filters, from 0.
    """

    filter_chosen = pyqtSignal(str, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Filter of the network")
        self._layers: tuple[FilterLayer, ...] = ()
        self.search = QLineEdit()
        self.list = QListWidget()
        self.number = QSpinBox()
        self._count = QLabel()
        self._missing = QLabel(NO_FILTERS_TEXT)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        take = buttons.addButton("Take", QDialogButtonBox.ButtonRole.AcceptRole)
        assert take is not None, "it was just made"
        self.take = take
        self._build(buttons)
        buttons.accepted.connect(self._on_accepted)
        buttons.rejected.connect(self.reject)
        self.search.textChanged.connect(self._on_search)
        self.list.currentItemChanged.connect(lambda _now, _before: self._on_layer())
        self.list.itemDoubleClicked.connect(lambda _item: self._on_accepted())
        self.set_layers(())

    def set_layers(self, layers: Sequence[FilterLayer], layer: str = "", index: int = 0) -> None:
        """Offer the filters of layers; one of them is proposed, by layer and number."""
        self._layers = tuple(layers)
        self.search.clear()
        self.list.clear()
        for place, found in enumerate(self._layers):
            item = QListWidgetItem(found.entry)
            item.setData(Qt.ItemDataRole.UserRole, place)
            self.list.addItem(item)
        names = [found.name for found in self._layers]
        self.list.setCurrentRow(names.index(layer) if layer in names else 0)
        self._missing.setVisible(not layers)
        self._on_layer()
        if layer in names:
            self.number.setValue(index)

    def names(self) -> tuple[str, ...]:
        """Return the layers that the search leaves in the list."""
        items = (self.list.item(row) for row in range(self.list.count()))
        shown = (item for item in items if item is not None and not item.isHidden())
        return tuple(self._layers[item.data(Qt.ItemDataRole.UserRole)].name for item in shown)

    def _build(self, buttons: QDialogButtonBox) -> None:
        self.search.setPlaceholderText("Search layers")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Search layers")
        self.list.setAccessibleName("Layers")
        self.number.setAccessibleName("Filter")
        self._count.setObjectName("muted")
        self._missing.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(QLabel("Filter"))
        row.addWidget(self.number)
        row.addWidget(self._count, 1)
        layout = QVBoxLayout(self)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self.search)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._missing)
        layout.addLayout(row)
        layout.addWidget(buttons)
        self.resize(WIDTH_PX, HEIGHT_PX)

    def _layer(self) -> FilterLayer | None:
        item = self.list.currentItem()
        if item is None or item.isHidden():
            return None
        place: int = item.data(Qt.ItemDataRole.UserRole)
        return self._layers[place]

    def _on_search(self, text: str) -> None:
        first = -1
        for row in range(self.list.count()):
            item = self.list.item(row)
            if item is not None:
                item.setHidden(text.strip().lower() not in item.text().lower())
                first = row if first < 0 and not item.isHidden() else first
        if self._layer() is None and first >= 0:
            self.list.setCurrentRow(first)
        self._on_layer()

    def _on_layer(self) -> None:
        layer = self._layer()
        self.number.setRange(0, 0 if layer is None else layer.filters - 1)
        self._count.setText("" if layer is None else f"from 0 to {layer.filters - 1}")
        self.number.setEnabled(layer is not None)
        self.take.setEnabled(layer is not None)

    def _on_accepted(self) -> None:
        layer = self._layer()
        if layer is not None:
            self.accept()
            self.filter_chosen.emit(layer.name, self.number.value())
