"""The temperature of a softmax, on a slider that is even in its logarithm."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from viewer.core.imaging.numbers import format_number
from viewer.widgets.theme import GRID_PX, TextSize, text_font

STEPS = 20  # on either side of 1: a tenth up to ten times


class TemperatureRow(QWidget):
    """Slider and number.

    Signals
    -------
    temperature_changed(float)
    """

    temperature_changed = pyqtSignal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(-STEPS, STEPS)
        self.slider.setValue(0)
        self.slider.setAccessibleName("Temperature")
        self.slider.setToolTip("The higher, the more alike the probabilities become; 1 is usual")
        self._label = QLabel()
        self._label.setFont(text_font(TextSize.SMALL))
        self._label.setMinimumWidth(
            self._label.fontMetrics().horizontalAdvance("Temperature T = 0.0000")
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._label)
        layout.addWidget(self.slider, 1)
        self.slider.valueChanged.connect(self._on_value_changed)
        self._write()

    @property
    def temperature(self) -> float:
        """0.1 to 10."""
        return float(10 ** (self.slider.value() / STEPS))

    def _on_value_changed(self) -> None:
        self._write()
        self.temperature_changed.emit(self.temperature)

    def _write(self) -> None:
        self._label.setText(f"Temperature T = {format_number(self.temperature, 2)}")
