"""Which kernel of a filter of the network is on the lab's bench."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QWidget

from viewer.widgets.theme import GRID_PX, TextSize, text_font
from viewer.widgets.training.setting_editors import NumberBox


class FilterChannel(QWidget):
    """A line with the input channel of a kernel; hidden while there is nothing to choose.

    Signals
    -------
    channel_chosen(int)
        The filter's kernel for this input channel is wanted.
    """

    channel_chosen = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ""
        self._channel = NumberBox(0, 0, whole=True)
        self._channel.setToolTip("Channel of the layer before that this kernel is for")
        self._channel.setAccessibleName("Input channel of the kernel")
        self._count = QLabel("")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        for part in (QLabel("Input channel"), self._channel, self._count):
            layout.addWidget(part)
            if isinstance(part, QLabel):
                part.setFont(text_font(TextSize.SMALL))
                part.setObjectName("muted")
        layout.addStretch(1)
        self._channel.number_changed.connect(lambda number: self.channel_chosen.emit(round(number)))
        self.hide()

    def offer(self, name: str, channel: int, count: int) -> None:
        """Offer the kernels of a filter.

        Parameters
        ----------
        name : str
            Of the kernel that is on the bench.
        channel, count : int
            The input channel that it is for, and how many there are; 1 for nothing to offer.
        """
        self._name = name if count > 1 else ""
        self._channel.setRange(0, max(0, count - 1))
        self._channel.set_number(channel)
        self._count.setText(f"of {count:,}")

    def show_for(self, name: str) -> None:
        """Show the line if the chosen kernel is the one that was offered others of."""
        self.setVisible(bool(self._name) and name == self._name)
