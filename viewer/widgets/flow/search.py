"""A field above the network view that finds layers and blocks by name or type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from viewer.widgets.keys import ENTER
from viewer.widgets.theme import GRID_PX

WIDTH_PX = 320
MAX_ROWS = 8  # of the list, before it scrolls
HINT = "Name or type: conv, layer2"
NOTHING = "No layer"


class Hit(NamedTuple):
    """A row of the list.

    Attributes
    ----------
    name : str
        Of the layer, or path of the block.
    detail : str
        What it is.
    """

    name: str
    detail: str


class SearchBar(QFrame):
    """A field, how many were found, and a list of them.

    Enter and the arrow down go to the next one, Shift and Enter and the arrow up to the one
    before, round and round; Esc closes.

    Signals
    -------
    query_changed(str)
    hit_chosen(int)
        The person went to this row of the list.
    resized()
        It has to be placed anew.
    closed()
    """

    query_changed = pyqtSignal(str)
    hit_chosen = pyqtSignal(int)
    resized = pyqtSignal()
    closed = pyqtSignal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("flow_search")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.field = QLineEdit()
        self.field.setPlaceholderText(HINT)
        self.field.setAccessibleName("Find a layer")
        self.field.setToolTip("Part of a layer's or block's name or type; Enter goes to the next")
        self.field.setClearButtonEnabled(True)
        self.count = QLabel()
        self.count.setObjectName("muted")
        self.list = QListWidget()
        self.list.setAccessibleName("Layers found")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setUniformItemSizes(True)
        self.list.hide()
        self._row = -1
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID_PX // 2)
        row.addWidget(self.field, 1)
        row.addWidget(self.count)
        for arrow, tip, act in (
            (Qt.ArrowType.UpArrow, "The one before (Shift+Enter)", lambda: self.walk(-1)),
            (Qt.ArrowType.DownArrow, "The next one (Enter)", lambda: self.walk(1)),
            (Qt.ArrowType.NoArrow, "Close (Esc)", self.close_search),
        ):
            button = QToolButton()
            button.setArrowType(arrow)
            button.setText("×")
            button.setToolTip(tip)
            button.setAccessibleName(tip.partition(" (")[0])
            button.setAutoRaise(True)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(act)
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID_PX, GRID_PX, GRID_PX, GRID_PX)
        column.setSpacing(GRID_PX // 2)
        column.addLayout(row)
        column.addWidget(self.list)
        self.field.textChanged.connect(self.query_changed)
        self.list.itemClicked.connect(lambda item: self._go(self.list.row(item)))
        self.hide()

    def open_search(self) -> None:
        """Show it, ready for typing over what was searched last."""
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()
        self._fit()

    def close_search(self) -> None:
        """Hide it."""
        if self.isVisible():
            self.hide()
            self.closed.emit()

    def set_hits(self, hits: Sequence[Hit]) -> None:
        """List what was found; none is chosen as yet."""
        self._row = -1
        self.list.clear()
        self.list.addItems([f"{hit.name}   {hit.detail}" for hit in hits])
        self.list.setVisible(bool(hits))
        self._tell()
        self._fit()

    def walk(self, step: int) -> None:
        """Go to the hit some rows on, from the last one to the first."""
        count = self.list.count()
        if count:
            start = -1 if self._row < 0 and step > 0 else max(self._row, 0)
            self._go((start + step) % count)

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        key = event.key()
        back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key in ENTER:
            self.walk(-1 if back else 1)
        elif key == Qt.Key.Key_Down:
            self.walk(1)
        elif key == Qt.Key.Key_Up:
            self.walk(-1)
        elif key == Qt.Key.Key_Escape:
            self.close_search()
        else:
            super().keyPressEvent(event)

    def _go(self, row: int) -> None:
        self._row = row
        self.list.setCurrentRow(row)
        self._tell()
        self.hit_chosen.emit(row)

    def _tell(self) -> None:
        count = self.list.count()
        if not self.field.text().strip():
            self.count.setText("")
        elif not count:
            self.count.setText(NOTHING)
        else:
            self.count.setText(f"{self._row + 1} of {count}" if self._row >= 0 else f"{count}")

    def _fit(self) -> None:
        """Be as high as the list has to be."""
        rows = min(MAX_ROWS, self.list.count())
        if rows:
            self.list.setFixedHeight(rows * max(1, self.list.sizeHintForRow(0)) + 4)
        parent = self.parentWidget()
        width = WIDTH_PX if parent is None else min(WIDTH_PX, parent.width() - 4 * GRID_PX)
        self.setFixedWidth(max(1, width))
        self.adjustSize()
        self.resized.emit()
