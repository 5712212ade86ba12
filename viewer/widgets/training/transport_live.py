"""The settings that can be changed while a training runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QTimer, pyqtSignal
from PyQt6.QtWidgets import QBoxLayout, QSizePolicy, QWidget

from viewer.widgets.overrides import override
from viewer.widgets.switch import Switch
from viewer.widgets.theme import GRID_PX, TextSize, text_font
from viewer.widgets.training.setting_editors import NumberBox, SettingRow, outline
from viewer.widgets.training.setting_editors_steps import decades, towards_one
from viewer.widgets.training.setting_help import setting_help

if TYPE_CHECKING:
    from PyQt6.QtGui import QHideEvent

    from viewer.widgets.theme import Theme

BOX_PX = 76
BOX_COLUMN_PX = 96
TYPING_PAUSE_MS = 400  # 0.01 is typed as 0, 0.0, 0.01: a training is not to try all of them

# Ranges are those of the configuration, which is too heavy to import for the first window.
_LR = (1e-9, 1e3)
_MOMENTUM = (0.0, 0.9999)
_DECAY = (0.0, 10.0)
_NOW = " It holds from the next step on, and is marked on the curves."
_AUGMENTATION_TIP = (
    "Whether training images are distorted. Without it the network learns the training images"
    " faster, and overfits sooner."
)


class LiveControls(QWidget):
    """Learning rate, momentum, weight decay, augmentation on or off.

    Signals
    -------
    adjusted(dict)
        What a person changed, by the names of the configuration: `lr`, `momentum` and
        `weight_decay` (float), `augmentation` (bool: as configured, or none).
    """

    adjusted = pyqtSignal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._boxes = {
            "lr": NumberBox(*_LR, decades),
            "momentum": NumberBox(*_MOMENTUM, towards_one),
            "weight_decay": NumberBox(*_DECAY, decades),
        }
        self._switch = Switch("Augmentation")
        self._pending: dict[str, float] = {}
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_PAUSE_MS)
        self._rows = self._build_rows()
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        for row in self._rows.values():
            self._layout.addWidget(row)
        self._layout.addWidget(self._switch)
        self.set_column(column=False)
        self._connect_signals()

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._switch.set_theme(theme)
        outline(self, theme)

    def set_values(
        self,
        lr: float,
        momentum: float | None,
        weight_decay: float,
        *,
        augmentation: bool | None,
    ) -> None:
        """Show what holds now; gives no signal.

        Parameters
        ----------
        lr : float
        momentum : float or None
            None hides it: the optimiser has none to set.
        weight_decay : float
        augmentation : bool or None
            Whether images are distorted; None if none is configured, so there is no choice.
        """
        self._drop_pending()
        self._boxes["lr"].set_number(lr)
        self._boxes["momentum"].set_number(momentum or 0.0)
        self._boxes["weight_decay"].set_number(weight_decay)
        self._rows["momentum"].setVisible(momentum is not None)
        self._switch.setChecked(bool(augmentation))
        self._switch.setEnabled(augmentation is not None)

    def set_column(self, *, column: bool) -> None:
        """Stand below each other, for a popover; or side by side, in a bar."""
        direction = QBoxLayout.Direction
        self._layout.setDirection(direction.TopToBottom if column else direction.LeftToRight)
        self._layout.setSpacing(GRID_PX if column else 2 * GRID_PX)
        widest = max(row.label_width() for row in self._rows.values())
        for name, row in self._rows.items():
            row.set_label_width(widest if column else row.label_width())
            self._boxes[name].setFixedWidth(BOX_COLUMN_PX if column else BOX_PX)

    @override
    def hideEvent(self, a0: QHideEvent | None) -> None:
        if self._pause.isActive():  # closed at once after typing: that was meant
            self._tell_pending()
        super().hideEvent(a0)

    def _build_rows(self) -> dict[str, SettingRow]:
        rows = {}
        names = {"lr": "Learning rate", "momentum": "Momentum", "weight_decay": "Weight decay"}
        for name, title in names.items():
            self._boxes[name].setAccessibleName(f"{title} of the running training")
            rows[name] = SettingRow(title, [self._boxes[name]], setting_help(name) + _NOW)
            rows[name].setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._switch.setFont(text_font(TextSize.SMALL))
        self._switch.setToolTip(f"<p>{_AUGMENTATION_TIP}{_NOW}</p>")
        return rows

    def _connect_signals(self) -> None:
        for name, box in self._boxes.items():
            box.number_changed.connect(lambda value, name=name: self._on_number(name, value))
            box.editingFinished.connect(self._tell_pending)
        self._switch.clicked.connect(lambda on: self.adjusted.emit({"augmentation": on}))
        self._pause.timeout.connect(self._tell_pending)

    def _on_number(self, name: str, value: float) -> None:
        self._pending[name] = value
        self._pause.start()

    def _tell_pending(self) -> None:
        changes = dict(self._pending)
        self._drop_pending()
        if changes:
            self.adjusted.emit(changes)

    def _drop_pending(self) -> None:
        self._pause.stop()
        self._pending.clear()
