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
    QSizePolicy,
    QSlider,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.evaluation.comparison_answer import AnswerColumn, SeenPicture
from viewer.widgets.evaluation.robustness import ROTATION_AXIS, SHIFT_AXIS, RobustnessPlot
from viewer.widgets.shared_row import SPACING_PX, Part, SharedRow
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from viewer.core.records import FloatArray
    from viewer.core.training.report import Robustness
    from viewer.widgets.theme import Theme

MAX_SHIFT_PX = 6
MAX_ROTATION_DEG = 60
ROTATION_STEP_DEG = 5
SLIDERS_PX = 176
MARGIN_PX = 12
PAIR = 2
EMPTY_TEXT = "“Measure” tries both on 2,000 moved test images."
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
        self._note = ElidedLabel(EMPTY_TEXT)
        self._train = QPushButton("Train both")
        self._measure = QPushButton("Measure")
        self._cancel = QPushButton("Cancel")
        self._measuring = QStackedWidget()  # one of the two: nothing moves
        self._progress = QProgressBar()
        self.shift_plot = RobustnessPlot(SHIFT_AXIS)
        self.rotation_plot = RobustnessPlot(ROTATION_AXIS, shares_scale=True)
        self._x = _Slider("Right", MAX_SHIFT_PX, " px", 1)
        self._y = _Slider("Down", MAX_SHIFT_PX, " px", 1)
        self._angle = _Slider("Turn", MAX_ROTATION_DEG, "°", ROTATION_STEP_DEG)
        self._centre = QPushButton("Centre")
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
        self._note.set_color(theme.color("text_muted"))
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
        """Show the moved drawing or picture; see `SeenPicture.set_pixels`."""
        self._seen.set_pixels(pixels)

    def set_robustness(self, found: Robustness | None) -> None:
        """Show accuracies; None for none yet."""
        if found is None:
            for plot in (self.shift_plot, self.rotation_plot):
                plot.clear()
            self._note.set_text(EMPTY_TEXT)
            return
        shifts = found.shifts.astype(float)
        self.shift_plot.set_lines(found.names, shifts, found.shift_accuracy)
        self.rotation_plot.set_lines(found.names, found.rotations, found.rotation_accuracy)
        self._note.set_text(f"From {found.n:,} {found.dataset} test images.")

    def set_running(self, running: bool) -> None:
        """Say that accuracies are being taken, or that this is over."""
        self._measuring.setCurrentWidget(self._cancel if running else self._measure)
        self._progress.setVisible(running)
        self._progress.setRange(0, 0 if running else 1)

    def set_progress(self, done: int, total: int) -> None:
        """Tell how many images are done, and how many there are to do."""
        self._progress.setRange(0, max(1, total))
        self._progress.setValue(done)

    def set_trainable(self, reason: str = "") -> None:
        """Let “Train both” be pressed; or not, for a reason that its tooltip tells."""
        self._train.setEnabled(not reason)
        self._train.setToolTip(reason or TRAIN_TIP)

    def shift(self) -> tuple[int, int, float]:
        """Return where the sliders stand: right, down, degrees."""
        return self._x.value(), self._y.value(), float(self._angle.value())

    def set_shift(self, dx: int, dy: int, degrees: float) -> None:
        """Put the sliders somewhere; gives no signal."""
        for slider, value in ((self._x, dx), (self._y, dy), (self._angle, round(degrees))):
            slider.set_value(value)
        self._show_markers()

    def _build(self) -> None:
        self._train.setToolTip(TRAIN_TIP)
        self._measure.setToolTip(MEASURE_TIP)
        self._centre.setToolTip("Put all three sliders to 0")
        self._progress.setTextVisible(False)
        self._progress.setFixedHeight(GRID_PX // 2)
        row = SharedRow((Part("Move", self._build_moving()), Part("Measure", self._build_plots())))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(MARGIN_PX, GRID_PX // 4, MARGIN_PX, GRID_PX // 4)
        layout.addWidget(row)

    def _build_moving(self) -> QWidget:
        moving = QWidget()
        row = QHBoxLayout(moving)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING_PX)
        row.addWidget(self._build_sliders())
        for column in self.columns:
            row.addWidget(column, 1)
        return moving

    def _build_plots(self) -> QWidget:
        measured = QWidget()
        row = QHBoxLayout()
        row.setSpacing(SPACING_PX)
        row.addWidget(self.shift_plot, 1)
        row.addWidget(self.rotation_plot, 1)
        plots = QVBoxLayout(measured)
        plots.setContentsMargins(0, 0, 0, 0)
        plots.setSpacing(GRID_PX // 2)
        plots.addWidget(self._note)
        plots.addLayout(row, 1)
        plots.addLayout(self._build_buttons())
        return measured

    def _build_buttons(self) -> QHBoxLayout:
        self._measuring.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        for button in (self._measure, self._cancel):
            self._measuring.addWidget(button)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID_PX)
        for part in (self._measuring, self._train):
            buttons.addWidget(part)
        buttons.addWidget(self._progress, 1)
        buttons.addStretch()
        return buttons

    def _build_sliders(self) -> QWidget:
        sliders = QWidget()
        sliders.setFixedWidth(SLIDERS_PX)
        layout = QVBoxLayout(sliders)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        heading = QLabel("Move the\ninput")  # beside the picture there is room for two lines
        heading.setFont(text_font(TextSize.SMALL, bold=True))
        beside = QVBoxLayout()
        beside.addWidget(heading)
        beside.addStretch(1)
        beside.addWidget(self._centre)
        seen = QHBoxLayout()
        seen.setSpacing(GRID_PX)
        seen.addWidget(self._seen)
        seen.addLayout(beside, 1)
        layout.addLayout(seen)
        grid = QGridLayout()
        grid.setHorizontalSpacing(GRID_PX)
        grid.setVerticalSpacing(GRID_PX // 2)
        for place, slider in enumerate((self._x, self._y, self._angle)):
            grid.addWidget(slider.caption, place, 0)
            grid.addWidget(slider.slider, place, 1)
            grid.addWidget(slider.figure, place, 2)
        layout.addLayout(grid)
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
