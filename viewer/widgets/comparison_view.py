"""A dense network beside a convolutional one: what a shift and a rotation do to each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QFontMetrics
from PyQt6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from viewer.widgets.comparison_view_answer import AnswerColumn, SeenPicture
from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.robustness_view import ROTATION_AXIS, SHIFT_AXIS, RobustnessPlot
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from viewer.core.records import FloatArray
    from viewer.core.training.report import Robustness
    from viewer.widgets.theme import Theme

MAX_SHIFT_PX = 6
MAX_ROTATION_DEG = 60
ROTATION_STEP_DEG = 5
CONTROLS_PX = 148
SLIDERS_PX = 180
PAIR = 2
EMPTY_TEXT = "“Measure” moves 2,000 test images and takes the accuracy of both networks."
TRAIN_TIP = (
    "Train a dense and a convolutional network of no more parameters on the same images, with "
    "the same budget and seed, one after the other"
)
MEASURE_TIP = "Take the accuracy of both networks on test images shifted by 0 to 6 px and rotated"


class ComparisonView(QWidget):
    """Accuracy against shift and rotation, and one drawing moved with both answers live.

    Signals
    -------
    shift_changed(int, int, float)
        Pixels to the right, pixels down, degrees anticlockwise: where the sliders stand.
    measure_requested()
    cancel_requested()
    train_requested()
        Both networks are to be trained anew.
    """

    shift_changed = pyqtSignal(int, int, float)
    measure_requested = pyqtSignal()
    cancel_requested = pyqtSignal()
    train_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._title = ElidedLabel("Dense or convolutional", bold=True)
        self._note = QLabel(EMPTY_TEXT)
        self._train = QPushButton("Train both")
        self._measure = QPushButton("Measure")
        self._cancel = QPushButton("Cancel")
        self._progress = QProgressBar()
        self.shift_plot = RobustnessPlot(SHIFT_AXIS)
        self.rotation_plot = RobustnessPlot(ROTATION_AXIS)
        self._x = _Slider("Right", MAX_SHIFT_PX, " px", 1)
        self._y = _Slider("Down", MAX_SHIFT_PX, " px", 1)
        self._angle = _Slider("Turn", MAX_ROTATION_DEG, "°", ROTATION_STEP_DEG)
        self._centre = QPushButton("Back to the middle")
        self._seen = SeenPicture()
        self.columns = tuple(AnswerColumn(index) for index in range(PAIR))
        self._build()
        self._connect_signals()
        self.set_running(False)
        self._on_moved()

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        for plot in (self.shift_plot, self.rotation_plot):
            plot.set_theme(theme)
        for column in self.columns:
            column.set_theme(theme)
        self._seen.set_theme(theme)

    def set_names(self, names: tuple[str, ...]) -> None:
        """Name the two networks; their answers are yet to come, and so are their accuracies."""
        for column, name in zip(self.columns, names, strict=False):
            column.set_answer(name, None, ())
        self.set_robustness(None)

    def set_answers(
        self,
        index: int,
        name: str,
        probabilities: FloatArray | None,
        class_names: tuple[str, ...],
    ) -> None:
        """Show what network `index` (0 or 1) says; None where there is nothing to classify.

        Parameters
        ----------
        index : int
        name : str
        probabilities : (K,) float32, or None
        class_names : tuple of K str
        """
        self.columns[index].set_answer(name, probabilities, class_names)

    def set_picture(self, pixels: FloatArray | None) -> None:
        """Show the moved drawing, (H, W) float32 in [0, 1], ink 1."""
        self._seen.set_pixels(pixels)

    def set_robustness(self, found: Robustness | None) -> None:
        """Show accuracies; None for none yet."""
        if found is None:
            for plot in (self.shift_plot, self.rotation_plot):
                plot.clear()
            self._note.setText(EMPTY_TEXT)
            return
        shifts = found.shifts.astype(float)
        self.shift_plot.set_lines(found.names, shifts, found.shift_accuracy)
        self.rotation_plot.set_lines(found.names, found.rotations, found.rotation_accuracy)
        self._note.setText(f"From {found.n:,} {found.dataset} test images.")

    def set_running(self, running: bool) -> None:
        """Say that accuracies are being taken, or that this is over."""
        self._measure.setVisible(not running)
        self._cancel.setVisible(running)
        self._progress.setVisible(running)
        self._progress.setRange(0, 0 if running else 1)

    def set_progress(self, done: int, total: int) -> None:
        """Tell how many images are done, and how many there are to do."""
        self._progress.setRange(0, max(1, total))
        self._progress.setValue(done)

    def set_trainable(self, trainable: bool) -> None:
        """Let “Train both” be pressed, or not while something else trains."""
        self._train.setEnabled(trainable)

    def shift(self) -> tuple[int, int, float]:
        """Return where the sliders stand: right, down, degrees."""
        return self._x.value(), self._y.value(), float(self._angle.value())

    def set_shift(self, dx: int, dy: int, degrees: float) -> None:
        """Put the sliders somewhere; gives no signal."""
        for slider, value in ((self._x, dx), (self._y, dy), (self._angle, round(degrees))):
            slider.set_value(value)
        self._show_markers()

    def note(self) -> str:
        """Return the sentence on what the plots are from."""
        return self._note.text()

    def _build(self) -> None:
        self._train.setToolTip(TRAIN_TIP)
        self._measure.setToolTip(MEASURE_TIP)
        self._centre.setToolTip("Put all three sliders to 0")
        self._note.setObjectName("muted")
        self._note.setFont(text_font(TextSize.SMALL))
        self._note.setWordWrap(True)
        self._progress.setTextVisible(False)
        self._progress.setFixedHeight(GRID_PX // 2)
        keep = self._progress.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self._progress.setSizePolicy(keep)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, GRID_PX, 12, GRID_PX)
        row.setSpacing(2 * GRID_PX)
        row.addWidget(self._build_controls())
        row.addWidget(self.shift_plot, 3)
        row.addWidget(self.rotation_plot, 3)
        row.addWidget(self._build_sliders())
        for column in self.columns:
            row.addWidget(column, 2)

    def _build_controls(self) -> QWidget:
        controls = QWidget()
        controls.setFixedWidth(CONTROLS_PX)
        layout = QVBoxLayout(controls)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        layout.addWidget(self._title)
        layout.addWidget(self._note)
        layout.addStretch(1)
        for part in (self._progress, self._train, self._measure, self._cancel):
            layout.addWidget(part)
        return controls

    def _build_sliders(self) -> QWidget:
        sliders = QWidget()
        sliders.setFixedWidth(SLIDERS_PX)
        layout = QVBoxLayout(sliders)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        layout.addWidget(ElidedLabel("Move the drawing", bold=True))
        layout.addWidget(self._seen, 0, Qt.AlignmentFlag.AlignLeft)
        grid = QGridLayout()
        grid.setHorizontalSpacing(GRID_PX)
        grid.setVerticalSpacing(GRID_PX // 2)
        for place, slider in enumerate((self._x, self._y, self._angle)):
            grid.addWidget(slider.caption, place, 0)
            grid.addWidget(slider.slider, place, 1)
            grid.addWidget(slider.figure, place, 2)
        layout.addLayout(grid)
        layout.addWidget(self._centre)
        layout.addStretch(1)
        return sliders

    def _connect_signals(self) -> None:
        self._train.clicked.connect(self.train_requested)
        self._measure.clicked.connect(self.measure_requested)
        self._cancel.clicked.connect(self.cancel_requested)
        self._centre.clicked.connect(self._on_centre_clicked)
        for slider in (self._x, self._y, self._angle):
            slider.slider.valueChanged.connect(self._on_moved)

    def _on_centre_clicked(self) -> None:
        self.set_shift(0, 0, 0)
        self._on_moved()

    def _on_moved(self) -> None:
        self._show_markers()
        self.shift_changed.emit(*self.shift())

    def _show_markers(self) -> None:
        dx, dy, degrees = self.shift()
        # The plot's directions are straight and diagonal: the larger part is what counts there.
        self.shift_plot.set_marker(max(abs(dx), abs(dy)))
        self.rotation_plot.set_marker(degrees)
        self._centre.setEnabled((dx, dy, degrees) != (0, 0, 0))


class _Slider:
    """A slider about zero, with its name and its value."""

    def __init__(self, name: str, most: int, unit: str, step: int) -> None:
        self._unit, self._step = unit, step
        self.caption = QLabel(name)
        self.caption.setFont(text_font(TextSize.SMALL))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(-(most // step), most // step)
        self.slider.setPageStep(1)
        self.slider.setAccessibleName(name)
        self.slider.setToolTip(_TIPS[name])
        self.figure = QLabel()
        self.figure.setFont(text_font(TextSize.SMALL))
        self.figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        widest = QFontMetrics(self.figure.font()).horizontalAdvance(f"−{most}{unit}")
        self.figure.setFixedWidth(widest + 2)  # nothing jumps when the value gets longer
        self.slider.valueChanged.connect(self._show)
        self._show()

    def value(self) -> int:
        """Return the value in its unit."""
        return self.slider.value() * self._step

    def set_value(self, value: int) -> None:
        """Move it without a signal."""
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(value / self._step))
        self._show()

    def _show(self) -> None:
        self.figure.setText(f"{self.value()}{self._unit}".replace("-", "−"))


_TIPS = {
    "Right": "Shift by whole pixels of what the networks see; left is negative",
    "Down": "Shift by whole pixels of what the networks see; up is negative",
    "Turn": "Rotate about the centre, anticlockwise, before the shift",
}
