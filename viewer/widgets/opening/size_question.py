"""Asks how large the images are that a network takes, where its file doesn't say it."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from viewer.core.nets.profile import MAX_CHANNELS, MAX_SIDE_PX
from viewer.widgets.opening.texts import paragraph, short_name
from viewer.widgets.outlines import outline_controls
from viewer.widgets.theme import GRID_PX

WIDTH_PX = 384
BOX_PX = 3 * GRID_PX  # Fusion makes number boxes less high than others
USUAL = (3, 224, 224)
TEXT = (
    "The size of the images that {name} takes could not be found out. Say it here: it is "
    "remembered for this file."
)


class SizeQuestion(QDialog):
    """Channels, height and width.

    Parameters
    ----------
    name : str
        Name of the file.
    reason : str
        Why it was not opened, one sentence.
    shape : (C, H, W) or None
        What was said before; None: the commonest one.
    parent : QWidget or None

    Signals
    -------
    answered((C, H, W))
        The size, once it is agreed to.
    """

    answered = pyqtSignal(object)

    def __init__(
        self,
        name: str,
        reason: str,
        shape: tuple[int, int, int] | None,
        parent: QWidget | None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Say the input size")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.text = paragraph(TEXT.format(name=short_name(name)), WIDTH_PX)
        self.reason = paragraph(reason, WIDTH_PX)
        self.reason.setObjectName("muted")
        channels, height, width = shape or USUAL
        self.channels = _number(channels, MAX_CHANNELS, "Channels")
        self.height_px = _number(height, MAX_SIDE_PX, "Height")
        self.width_px = _number(width, MAX_SIDE_PX, "Width")
        for box in (self.height_px, self.width_px):
            box.setSuffix(" px")
        self.channels.setMinimumWidth(self.height_px.sizeHint().width())  # one column
        self._build_layout()
        self.accepted.connect(lambda: self.answered.emit(self.shape()))
        outline_controls(self)
        self.height_px.setFocus()
        self.height_px.selectAll()

    def shape(self) -> tuple[int, int, int]:
        """Return (C, H, W) as it stands."""
        return self.channels.value(), self.height_px.value(), self.width_px.value()

    def _build_layout(self) -> None:
        size = QHBoxLayout()
        size.setSpacing(GRID_PX)
        for widget in (self.height_px, QLabel("×"), self.width_px):
            size.addWidget(widget)
        size.addStretch(1)
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GRID_PX)
        grid.setVerticalSpacing(GRID_PX)
        for row, name in enumerate(("Channels", "Height × width")):
            label = QLabel(name)
            label.setObjectName("muted")
            grid.addWidget(label, row, 0)
        grid.addWidget(self.channels, 0, 1, Qt.AlignmentFlag.AlignLeft)
        grid.addLayout(size, 1, 1)
        grid.setColumnStretch(1, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        use = buttons.addButton("Open", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(3 * GRID_PX,) * 4)
        layout.setSpacing(2 * GRID_PX)
        layout.addWidget(self.text)
        layout.addWidget(self.reason)
        layout.addLayout(grid)
        layout.addWidget(buttons)
        if use is not None:
            use.setDefault(True)


def _number(value: int, high: int, name: str) -> QSpinBox:
    box = QSpinBox()
    box.setRange(1, high)
    box.setValue(value)
    box.setMinimumHeight(BOX_PX)
    box.setAccessibleName(name)
    return box
