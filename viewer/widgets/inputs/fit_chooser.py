"""Choosing how a picture of any size becomes one of the network's size."""

from __future__ import annotations

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QSizePolicy, QWidget

from viewer.core.records import Fit
from viewer.widgets.theme import TextSize, text_font

CHOICES = (
    (Fit.CROP, "Crop", "Resize the shorter side, then cut the middle out: as networks learn"),
    (Fit.STRETCH, "Stretch", "Resize to the network's size, whatever the proportions"),
    (Fit.PAD, "Pad", "Resize the longer side, and fill what is left with the network's mean"),
    (Fit.NATIVE, "Native size", "Leave the size alone: the network answers at the picture's own"),
)


class FitChooser(QComboBox):
    """One of the ways to fit.

    Signals
    -------
    fit_chosen(Fit)
        A person chose another.
    """

    fit_chosen = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._refusal = ""
        self.setFont(text_font(TextSize.SMALL))
        self.setAccessibleName("How a picture is fitted")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        for index, (_, text, tip) in enumerate(CHOICES):
            self.addItem(text)
            self.setItemData(index, tip, Qt.ItemDataRole.ToolTipRole)
        self.activated.connect(self._on_activated)
        self._show_tip(0)

    @property
    def fit(self) -> Fit:
        """The one that is shown."""
        return CHOICES[self.currentIndex()][0]

    def set_fit(self, fit: Fit) -> None:
        """Show another; gives no signal."""
        index = [choice[0] for choice in CHOICES].index(fit)
        with QSignalBlocker(self):
            self.setCurrentIndex(index)
        self._show_tip(index)

    def set_refusal(self, reason: str) -> None:
        """Say why there is nothing to choose; empty if there is."""
        self._refusal = reason
        self.setEnabled(not reason)
        self._show_tip(self.currentIndex())

    def _on_activated(self, index: int) -> None:
        self._show_tip(index)
        self.fit_chosen.emit(CHOICES[index][0])

    def _show_tip(self, index: int) -> None:
        self.setToolTip(self._refusal or CHOICES[index][2])
