"""Which layer, filter and input channel slide, and how it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QSpinBox, QWidget

from viewer.widgets.switch import Switch
from viewer.widgets.theme import GRID_PX, TextSize, text_font

if TYPE_CHECKING:
    from viewer.core.explain.sliding import Slide
    from viewer.widgets.theme import Theme

LAYER_CHARACTERS = 8
LAYER_MAX_PX = 160


class SlidingChooser(QWidget):
    """One row of choosers and switches.

    Signals
    -------
    filter_chosen(str, int)
        Layer and filter, by a person.
    in_channel_chosen(int)
    numbers_switched(bool), predict_switched(bool)
    """

    filter_chosen = pyqtSignal(str, int)
    in_channel_chosen = pyqtSignal(int)
    numbers_switched = pyqtSignal(bool)
    predict_switched = pyqtSignal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layer = QComboBox(self)
        self.layer.setAccessibleName("Layer")
        self.layer.setToolTip("A convolution or pooling layer")
        self.layer.setMinimumContentsLength(LAYER_CHARACTERS)
        self.layer.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.layer.setMaximumWidth(LAYER_MAX_PX)
        self.layer.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.filter = _spin_box("Filter", "The filter: a channel of the layer's output", self)
        self.in_channel = _spin_box(
            "Input channel", "The input channel that is shown; the filter reads all of them", self
        )
        self.numbers = Switch("Numbers", self)
        self.numbers.setToolTip("Write the values into the cells; large maps are zoomed")
        self.predict = Switch("Predict", self)
        self.predict.setToolTip("Work out the next value of the map before it is shown")
        self._captions = [_caption(t, self) for t in ("Layer", "Filter", "Input channel")]
        self._build_layout()
        self.layer.activated.connect(lambda _: self._choose(self.layer.currentText(), 0))
        self.filter.valueChanged.connect(lambda n: self._choose(self.layer.currentText(), n))
        self.in_channel.valueChanged.connect(self.in_channel_chosen)
        self.numbers.toggled.connect(self.numbers_switched)
        self.predict.toggled.connect(self.predict_switched)

    def _build_layout(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        choosers = (self.layer, self.filter, self.in_channel)
        for caption, chooser in zip(self._captions, choosers, strict=True):
            layout.addWidget(caption)
            layout.addWidget(chooser)
            layout.addSpacing(GRID_PX // 2)
        layout.addStretch(1)
        layout.addWidget(self.numbers)
        layout.addSpacing(GRID_PX)
        layout.addWidget(self.predict)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        for switch in (self.numbers, self.predict):
            switch.set_theme(theme)
        for caption in self._captions:
            palette = caption.palette()
            palette.setColor(caption.foregroundRole(), theme.color("text_muted"))
            caption.setPalette(palette)

    def set_layers(self, names: tuple[str, ...]) -> None:
        """Offer these layers."""
        with QSignalBlocker(self.layer):
            self.layer.clear()
            self.layer.addItems(names)
        self.setEnabled(bool(names))

    def set_slide(self, slide: Slide | None, in_channel: int) -> None:
        """Show what slides."""
        if slide is None:
            return
        with QSignalBlocker(self.layer):
            self.layer.setCurrentText(slide.node.name)
            self.layer.setToolTip(f"{slide.node.name}: {slide.node.type_name}")
        channels = slide.in_channels
        _set_range(self.filter, range(slide.node.output_shape[0]), slide.channel)
        _set_range(self.in_channel, channels, in_channel)

    def _choose(self, layer: str, channel: int) -> None:
        self.filter_chosen.emit(layer, channel)


def _set_range(box: QSpinBox, values: range, value: int) -> None:
    with QSignalBlocker(box):
        box.setRange(values[0], values[-1])
        box.setValue(value)
        box.setSuffix(_suffix(values))
        box.setEnabled(len(values) > 1)


def _suffix(values: range) -> str:
    if values[0] == 0:
        return f" of {len(values)}"
    return f" of {values[0]}–{values[-1]}" if len(values) > 1 else ""  # those of a group


def _spin_box(name: str, tip: str, parent: QWidget) -> QSpinBox:
    box = QSpinBox(parent)
    box.setAccessibleName(name)
    box.setToolTip(tip)
    box.setWrapping(True)
    box.setKeyboardTracking(False)
    box.setAlignment(Qt.AlignmentFlag.AlignLeft)
    return box


def _caption(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setFont(text_font(TextSize.SMALL))
    return label
