"""Putting a kernel of the lab into the network, and taking it out again."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from viewer.widgets.theme import GRID_PX, TextSize, text_font
from viewer.widgets.training.setting_editors import ROW_PX, NumberBox

INDEX_PX = 44
NO_NETWORK_TIP = "The network has no convolution to put a kernel into"
PUT_TIP = (
    "Replace this filter of the first layer in a copy of the network, and see at once what it "
    "does to everything after it"
)


class LabNetworkBar(QWidget):
    """Buttons for one filter of the network's first convolution.

    Signals
    -------
    apply_requested(int)
        The chosen kernel is to replace the filter with this index.
    undo_requested()
        The network is to have its own filter back.
    """

    apply_requested = pyqtSignal(int)
    undo_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filters = 0
        self._shape: tuple[int, int, int] | None = None
        self._put = QPushButton("Put into network filter")
        self._index = NumberBox(0, 0, whole=True)
        self._undo = QPushButton("Undo")
        for button in (self._put, self._undo):
            button.setFont(text_font(TextSize.SMALL))
            button.setFixedHeight(ROW_PX + 2)
        self._put.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._index.setFixedWidth(INDEX_PX)
        self._index.setToolTip("Filter of the first layer that is replaced")
        self._index.setAccessibleName("Filter of the first layer")
        self._undo.setToolTip("Give the network its own filters back")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        for part in (self._put, self._index, self._undo):
            layout.addWidget(part)
        self._put.clicked.connect(self._on_put)
        self._undo.clicked.connect(self.undo_requested)
        self.set_target(0, None)
        self.set_replaced(False)

    def set_target(self, filters: int, shape: tuple[int, int, int] | None) -> None:
        """Say how many filters the first convolution has and of which shape, (C, kH, kW)."""
        self._filters, self._shape = filters, shape
        self._index.setRange(0, max(0, filters - 1))
        self._index.setEnabled(filters > 0)

    def set_replaced(self, replaced: bool) -> None:
        """Say whether the network has a kernel of the lab in it."""
        self._undo.setEnabled(replaced)

    def set_kernel_shape(self, shape: tuple[int, int, int]) -> None:
        """Say what shape the chosen kernel has: only one that fits can be put into it."""
        reason = self._reason(shape)
        self._put.setEnabled(not reason)
        self._put.setToolTip(f"<p>{reason or PUT_TIP}.</p>")

    @property
    def index(self) -> int:
        """The filter that would be replaced."""
        return round(self._index.number())

    def _reason(self, shape: tuple[int, int, int]) -> str:
        """Return why a kernel of this shape can't be put into the network."""
        if self._shape is None or not self._filters:
            return NO_NETWORK_TIP
        channels, height, width = self._shape
        if shape[0] not in (1, channels):
            return f"The first layer takes {channels} channels, and this kernel has {shape[0]}"
        if shape[1] > height or shape[2] > width:
            return (
                f"The filters of the first layer are {height} × {width}, smaller than this "
                "kernel: make it smaller"
            )
        return ""

    def _on_put(self) -> None:
        self.apply_requested.emit(self.index)
