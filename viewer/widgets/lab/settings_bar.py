"""How the kernels of the convolution lab are laid on the input: a bar of settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from PyQt6.QtCore import QSignalBlocker, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from viewer.core.explain.lab_settings import (
    MAX_DILATION,
    MAX_PADDING,
    MAX_STRIDE,
    SAME,
    VALID,
    Activation,
    Combination,
    LabSettings,
    PaddingMode,
    Pooling,
)
from viewer.core.explain.output_size import FORMULA
from viewer.widgets.switch import Switch
from viewer.widgets.theme import GRID_PX, TextSize, text_font
from viewer.widgets.training.setting_editors import ChoiceBox, NumberBox

if TYPE_CHECKING:
    from viewer.core.explain.lab_settings import Array
    from viewer.widgets.theme import Theme

NUMBER = "number"
WIDE_PX = 1000  # from here on all settings are in one line
PADDING_BOX_PX = 40
PADDING_SHARE = 3
BIAS_LIMIT = 99

_POOLINGS: Mapping[str, tuple[Pooling, int]] = {
    "none": (Pooling.NONE, 2),
    "max2": (Pooling.MAX, 2),
    "max3": (Pooling.MAX, 3),
    "average2": (Pooling.AVERAGE, 2),
    "average3": (Pooling.AVERAGE, 3),
}
_POOLING_TITLES = (
    ("none", "none"),
    ("max2", "max 2 × 2"),
    ("max3", "max 3 × 3"),
    ("average2", "average 2 × 2"),
    ("average3", "average 3 × 3"),
)
_ACTIVATION_TITLES = (
    (Activation.NONE.value, "none"),
    (Activation.RELU.value, "ReLU"),
    (Activation.LEAKY_RELU.value, "leaky ReLU"),
    (Activation.SIGMOID.value, "sigmoid"),
    (Activation.TANH.value, "tanh"),
)
_FLIP_TITLES = (("no", "correlation"), ("yes", "convolution"))

TIPS = {
    "Stride": "Cells that the kernel moves on by, across and down",
    "Padding": (
        "Cells added around the input: none (valid), as many as keep the size (same), or a "
        f"number on every side. The size is {FORMULA}"
    ),
    "Padding holds": "What the cells around the input hold",
    "Dilation": "Distance between the cells that neighbouring weights meet",
    "Bias": "Added to every value of every map",
    "Operation": (
        "A network computes cross-correlation and calls it convolution. The true convolution "
        "turns the kernel by 180° first"
    ),
    "Activation": "Done to every value of a map, after the bias",
    "Pooling": "Makes maps smaller: the largest value or the mean of every 2 × 2 or 3 × 3 cells",
    "All maps": "The maps of all kernels as one more: added up, or the largest value of each cell",
}


class LabSettingsBar(QWidget):
    """Stride, padding, dilation, bias, flip, activation, pooling and combination.

    Signals
    -------
    settings_changed()
        A person changed one of them.
    """

    settings_changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stride = NumberBox(1, MAX_STRIDE, whole=True)
        self._padding = ChoiceBox()
        self._amount = NumberBox(0, MAX_PADDING, whole=True)
        self._mode, self._flip = ChoiceBox(), ChoiceBox()
        self._dilation = NumberBox(1, MAX_DILATION, whole=True)
        self._bias = NumberBox(-BIAS_LIMIT, BIAS_LIMIT)
        self._activation, self._pooling, self._combination = ChoiceBox(), ChoiceBox(), ChoiceBox()
        self._fields = self._build()
        self._columns = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(GRID_PX)
        self._grid.setVerticalSpacing(GRID_PX // 2)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._arrange(5)
        self._connect_signals()
        self._show_amount()

    def settings(self, kernels: Array, *, row: bool) -> LabSettings:
        """Return the settings for kernels (n, C, kH, kW)."""
        padding: int | str = self._padding.key()
        if padding == NUMBER:
            padding = round(self._amount.number())
        pooling, pooling_size = _POOLINGS[self._pooling.key()]
        return LabSettings(
            kernels=kernels,
            stride=round(self._stride.number()),
            padding=padding,
            mode=PaddingMode(self._mode.key()),
            dilation=round(self._dilation.number()),
            bias=float(self._bias.number()),
            flip=self._flip.key() == "yes",
            activation=Activation(self._activation.key()),
            pooling=pooling,
            pooling_size=pooling_size,
            combination=Combination(self._combination.key()),
            row=row,
        )

    def set_settings(self, settings: LabSettings) -> None:
        """Show other settings; gives no signal."""
        self._stride.set_number(settings.stride)
        if isinstance(settings.padding, str):
            self._padding.set_key(settings.padding)
        else:
            self._padding.set_key(NUMBER)
            self._amount.set_number(settings.padding)
        self._mode.set_key(settings.mode)
        self._dilation.set_number(settings.dilation)
        self._bias.set_number(settings.bias)
        self._flip.set_key("yes" if settings.flip else "no")
        self._activation.set_key(settings.activation)
        self._pooling.set_key(_pooling_key(settings))
        self._combination.set_key(settings.combination)
        self._show_amount()

    def change(self, settings: LabSettings, **changes: object) -> None:
        """Show `settings` with some of them changed, as if a person had."""
        self.set_settings(replace(settings, **changes))  # type: ignore[arg-type]  # by name
        self.settings_changed.emit()

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        for switch in self.findChildren(Switch):
            switch.set_theme(theme)

    def _build(self) -> tuple[QWidget, ...]:
        self._padding.set_choices(((VALID, "valid"), (SAME, "same"), (NUMBER, "number")))
        self._mode.set_choices([(mode.value, mode.value) for mode in PaddingMode])
        self._flip.set_choices(_FLIP_TITLES)
        self._activation.set_choices(_ACTIVATION_TITLES)
        self._pooling.set_choices(_POOLING_TITLES)
        self._combination.set_choices([(kind.value, kind.value) for kind in Combination])
        self._amount.setFixedWidth(PADDING_BOX_PX)
        return (
            _field("Stride", self._stride),
            _field("Padding", self._padding, self._amount),
            _field("Padding holds", self._mode),
            _field("Dilation", self._dilation),
            _field("Bias", self._bias),
            _field("Operation", self._flip),
            _field("Activation", self._activation),
            _field("Pooling", self._pooling),
            _field("All maps", self._combination),
        )

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for place, field in enumerate(self._fields):
            self._grid.addWidget(field, place // columns, place % columns)
        for column in range(len(self._fields)):
            share = PADDING_SHARE if column == 1 else 2  # it has two controls
            self._grid.setColumnStretch(column, share if column < columns else 0)
        self.updateGeometry()

    def _connect_signals(self) -> None:
        for number in (self._stride, self._amount, self._dilation, self._bias):
            number.number_changed.connect(self._on_changed)
        for choice in (
            self._padding,
            self._mode,
            self._flip,
            self._activation,
            self._pooling,
            self._combination,
        ):
            choice.chosen.connect(self._on_changed)

    def _on_changed(self) -> None:
        self._show_amount()
        self.settings_changed.emit()

    def _show_amount(self) -> None:
        with QSignalBlocker(self._amount):
            self._amount.setEnabled(self._padding.key() == NUMBER)
        self._mode.setEnabled(self._padding.key() != VALID)

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        self._arrange(len(self._fields) if self.width() >= WIDE_PX else 5)
        super().resizeEvent(event)


def _field(name: str, *editors: QWidget) -> QWidget:
    field = QWidget()
    label = QLabel(name)
    label.setFont(text_font(TextSize.SMALL))
    label.setObjectName("muted")
    label.setBuddy(editors[0])
    tip = f"<p>{TIPS[name]}.</p>"
    layout = QVBoxLayout(field)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(2)
    layout.addWidget(label)
    line = QGridLayout()
    line.setHorizontalSpacing(2)
    for place, editor in enumerate(editors):
        line.addWidget(editor, 0, place)
        editor.setToolTip(tip)
        editor.setAccessibleName(name if place == 0 else f"{name}, number")
    layout.addLayout(line)
    label.setToolTip(tip)
    return field


def _pooling_key(settings: LabSettings) -> str:
    if settings.pooling == Pooling.NONE:  # also for its name
        return "none"
    return f"{settings.pooling}{settings.pooling_size}"
