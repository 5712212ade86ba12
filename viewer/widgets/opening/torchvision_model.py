"""The rows of the list of architectures: to be sorted by number and searched by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QAbstractTableModel, QModelIndex, QObject, QSortFilterProxyModel, Qt

from viewer.widgets.overrides import override

if TYPE_CHECKING:
    from viewer.core.nets.catalog_entries import CatalogEntry

HEADINGS = ("Architecture", "Parameters", "Top-1", "Download")
HEADING_TIPS = (
    "torchvision's name",
    "Numbers that a training sets",
    "Images of ImageNet's validation set whose most probable class is right, with the first of "
    "the published weights",
    "Size of these weights",
)
SORT_ROLE = int(Qt.ItemDataRole.UserRole)
MEGABYTE = 1e6
NUMBER_DIGITS = 6  # of a number within a name, when it is sorted


class CatalogModel(QAbstractTableModel):
    """Name, parameters, best accuracy and size of its weights of each architecture."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.entries: tuple[CatalogEntry, ...] = ()

    def set_entries(self, entries: tuple[CatalogEntry, ...]) -> None:
        """Show other architectures."""
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    @override
    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.entries)

    @override
    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return len(HEADINGS)

    @override
    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return _texts(entry)[index.column()]
        if role == SORT_ROLE:
            return _values(entry)[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column():
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == 1:
            return f"{entry.parameters:,} parameters"
        return None

    @override
    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return HEADINGS[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return HEADING_TIPS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None


class CatalogFilter(QSortFilterProxyModel):
    """Sorts by the numbers behind the texts, and keeps what has the searched letters."""

    def __init__(self, model: CatalogModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setSourceModel(model)
        self.setSortRole(SORT_ROLE)
        self.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setFilterKeyColumn(0)


def megabytes(size_bytes: int) -> str:
    """Return a size for people."""
    return f"{size_bytes / MEGABYTE:.1f} MB" if size_bytes < 1e9 else f"{size_bytes / 1e9:.2f} GB"


def _texts(entry: CatalogEntry) -> tuple[str, ...]:
    accuracy, size = _values(entry)[2:]
    return (
        entry.name,
        f"{entry.parameters / 1e6:.1f} M" if entry.parameters else "",
        f"{100 * accuracy:.2f} %" if accuracy else "",
        megabytes(size) if size else "",
    )


def _values(entry: CatalogEntry) -> tuple[str, int, float, int]:
    """Return what is sorted by; accuracy and size are those of torchvision's default weights."""
    # resnet18 stands before resnet101.
    name = re.sub(r"\d+", lambda found: found[0].zfill(NUMBER_DIGITS), entry.name)
    first = entry.weights[0] if entry.weights else None
    accuracy = (first.accuracy or 0.0) if first else 0.0
    return name, entry.parameters, accuracy, first.size_bytes if first else 0
