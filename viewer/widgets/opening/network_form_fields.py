"""The fields of the form that say how a picture becomes the input of a network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QSpinBox,
    QWidget,
)

from viewer.core.errors import UserError
from viewer.core.nets.profile import IMAGENET_MEAN, IMAGENET_STD, MAX_SIDE_PX
from viewer.core.records import Fit
from viewer.widgets.inputs.fit_chooser import CHOICES
from viewer.widgets.theme import GRID_PX

if TYPE_CHECKING:
    from viewer.core.records import NetworkRecord, Preparation

GREY, COLOUR = 1, 3
DIGIT = "digit"
FITS = (*((fit.value, text) for fit, text, _ in CHOICES), (DIGIT, "As a digit of MNIST"))
CUSTOM = "custom"
FIELD_PX = 3 * GRID_PX  # Fusion makes number boxes less high than others


class InputFields(QWidget):
    """Colour, size, fit, mean and std.

    Signals
    -------
    changed()
        A person changed something.
    """

    changed = pyqtSignal()

    def __init__(self, network: NetworkRecord, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._before = network.preparation
        channels, height, width = network.input_shape
        self.colour = _choice(_channel_choices(channels), str(channels))
        self.height_px, self.width_px = _size(height), _size(width)
        self.fit = _choice(FITS, DIGIT if self._before.digit else self._before.fit.value)
        self.resize_px = _size(self._before.resize, low=0)
        self.resize_px.setSpecialValueText("the input's own size")
        self._resize_label = QLabel("Shorter side to")
        self.invert = QCheckBox("Invert: it expects light on dark")
        self.invert.setChecked(self._before.invert)
        self.invert.setToolTip("Dark and light of every picture change places")
        self.scaling = _choice(_scalings(channels), CUSTOM)
        self.mean_text = QLineEdit(_text(network.mean))
        self.std_text = QLineEdit(_text(network.std))
        self._build_layout()
        self._connect_signals()
        self._show_state()

    def input_shape(self) -> tuple[int, int, int]:
        """Return (C, H, W)."""
        return int(self.colour.currentData()), self.height_px.value(), self.width_px.value()

    def mean(self) -> tuple[float, ...]:
        """Return one number a channel; UserError if it can't be read."""
        return _numbers("mean", self.mean_text.text())

    def std(self) -> tuple[float, ...]:
        """Return one number a channel; UserError if it can't be read."""
        return _numbers("std", self.std_text.text())

    def preparation(self) -> Preparation:
        """Return what is done to a picture; what the form doesn't show stays as it was."""
        key = str(self.fit.currentData())
        return replace(
            self._before,
            digit=key == DIGIT,
            fit=self._before.fit if key == DIGIT else Fit(key),
            resize=self.resize_px.value(),
            invert=self.invert.isChecked(),
        )

    def _build_layout(self) -> None:
        size = QHBoxLayout()
        size.setSpacing(GRID_PX)
        for widget in (self.height_px, QLabel("×"), self.width_px):
            size.addWidget(widget)
        size.addStretch(1)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * GRID_PX)
        grid.setVerticalSpacing(GRID_PX)
        rows: tuple[tuple[str, QWidget | QHBoxLayout, QWidget | None], ...] = (
            ("Channels", self.colour, None),
            ("Height × width", size, self.height_px),
            ("Fit", self.fit, None),
            (self._resize_label.text(), self.resize_px, None),
            ("", self.invert, None),
            ("Values", self.scaling, None),
            ("Mean", self.mean_text, None),
            ("Std", self.std_text, None),
        )
        for row, (name, editor, buddy) in enumerate(rows):
            if name:
                label = self._resize_label if editor is self.resize_px else QLabel(name)
                label.setObjectName("muted")
                grid.addWidget(label, row, 0)
            if isinstance(editor, QWidget):
                grid.addWidget(editor, row, 1)
                editor.setAccessibleName(name or editor.accessibleName())
            else:
                grid.addLayout(editor, row, 1)
            if buddy is not None:
                buddy.setAccessibleName("Height")
        self.width_px.setAccessibleName("Width")
        grid.setColumnStretch(1, 1)

    def _connect_signals(self) -> None:
        self.colour.currentIndexChanged.connect(self._on_colour_changed)
        self.scaling.activated.connect(self._on_scaling_chosen)
        for box in (self.height_px, self.width_px, self.resize_px):
            box.valueChanged.connect(self._on_changed)
        self.fit.currentIndexChanged.connect(self._on_changed)
        self.invert.toggled.connect(self._on_changed)
        for line in (self.mean_text, self.std_text):
            line.textChanged.connect(self._on_changed)

    def _on_colour_changed(self) -> None:
        channels = int(self.colour.currentData())
        for line, name in ((self.mean_text, "mean"), (self.std_text, "std")):
            line.setText(_text(_for_channels(_lenient(name, line.text()), channels)))
        self.scaling.clear()
        for key, text in _scalings(channels):
            self.scaling.addItem(text, key)
        self._on_changed()

    def _on_scaling_chosen(self) -> None:
        chosen = _values(str(self.scaling.currentData()), int(self.colour.currentData()))
        if chosen is not None:
            self.mean_text.setText(_text(chosen[0]))
            self.std_text.setText(_text(chosen[1]))

    def _on_changed(self) -> None:
        self._show_state()
        self.changed.emit()

    def _show_state(self) -> None:
        fit = str(self.fit.currentData())
        for widget in (self._resize_label, self.resize_px):  # other fits have no such step
            widget.setVisible(fit == Fit.CROP.value)
        self.invert.setEnabled(fit != DIGIT)
        channels = int(self.colour.currentData())
        written = (_lenient("mean", self.mean_text.text()), _lenient("std", self.std_text.text()))
        keys = [key for key, _ in _scalings(channels) if _values(key, channels) == written]
        self.scaling.setCurrentIndex(self.scaling.findData(keys[0] if keys else CUSTOM))


def _choice(choices: tuple[tuple[str, str], ...], key: str) -> QComboBox:
    box = QComboBox()
    for each, text in choices:
        box.addItem(text, each)
    box.setCurrentIndex(max(box.findData(key), 0))
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return box


def _size(value: int, low: int = 1) -> QSpinBox:
    box = QSpinBox()
    box.setRange(low, MAX_SIDE_PX)
    box.setValue(value)
    box.setSuffix(" px")
    box.setMinimumHeight(FIELD_PX)
    return box


def _channel_choices(channels: int) -> tuple[tuple[str, str], ...]:
    known = {GREY: "Grey (1)", COLOUR: "Colour (3)"}
    known.setdefault(channels, f"{channels} channels")
    return tuple((str(count), text) for count, text in sorted(known.items()))


def _scalings(channels: int) -> tuple[tuple[str, str], ...]:
    unit, signed = ("unit", "0 to 1"), ("signed", "−1 to 1")
    imagenet = (("imagenet", "As ImageNet"),) if channels == COLOUR else ()
    return (*imagenet, unit, signed, (CUSTOM, "Mean and std below"))


def _values(key: str, channels: int) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Return (mean, std) of a scaling; None where a person writes them."""
    known = {
        "imagenet": (IMAGENET_MEAN, IMAGENET_STD),
        "unit": ((0.0,) * channels, (1.0,) * channels),
        "signed": ((0.5,) * channels, (0.5,) * channels),
    }
    return known.get(key)


def _for_channels(values: tuple[float, ...], channels: int) -> tuple[float, ...]:
    """Return one value a channel: their mean where there are too many, or one repeated."""
    if not values or len(values) == channels:
        return values
    return (sum(values) / len(values),) * channels


def _text(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.6g}" for value in values)


def _numbers(name: str, text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.replace(",", " ").split())
    except ValueError:
        raise UserError(f"The {name} can't be read: write numbers with commas between.") from None


def _lenient(name: str, text: str) -> tuple[float, ...]:
    try:
        return _numbers(name, text)
    except UserError:
        return ()
