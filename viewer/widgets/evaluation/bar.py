"""The line above an evaluation: the figures that are read first, and the buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QElapsedTimer, Qt
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from viewer.core.imaging.numbers import format_number
from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.focus import hand_over
from viewer.widgets.theme import GRID_PX, TextSize, text_font
from viewer.widgets.training.transport_progress import duration_text

if TYPE_CHECKING:
    from viewer.core.training.report import Report
    from viewer.widgets.theme import Theme

PROGRESS_PX = 96
STEADY_S = 2.0  # of an evaluation, until the time that is left can be told
SEPARATOR = " · "
BUTTON_TIP = "Classify all test images by the weights shown now"
FOLDER_TIP = (
    "Classify the images of a folder that has a folder for each class, prepared as the network "
    "wants them; classes are told by the folders' names"
)


class EvaluationBar(QWidget):
    """Which network, its accuracy and its other figures; or how far an evaluation is.

    Attributes
    ----------
    evaluate, folder, cancel : QPushButton
        To begin, on the test images or on a folder, and to end what was begun.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.evaluate = QPushButton("Evaluate")
        self.evaluate.setToolTip(BUTTON_TIP)
        self.folder = QPushButton("On a folder…")
        self.folder.setToolTip(FOLDER_TIP)
        self.cancel = QPushButton("Cancel")
        self._title = ElidedLabel(bold=True, fixed=True, mode=Qt.TextElideMode.ElideMiddle)
        self._accuracy = QLabel()
        self._accuracy.setFont(text_font(TextSize.TITLE, bold=True))
        self._left_out = QLabel()
        self._left_out.setFont(text_font(TextSize.SMALL))
        self._left_out.setObjectName("muted")
        self._figures = ElidedLabel(separator=SEPARATOR)
        self._begun_by = self.evaluate  # it gets the keyboard back
        self._told = ""  # of the report, while progress stands in its place
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setFixedSize(PROGRESS_PX, GRID_PX // 2)
        self._clock = QElapsedTimer()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        for label in (self._title, self._accuracy, self._left_out):
            layout.addWidget(label)
        layout.addWidget(self._figures, 1)
        for part in (self._progress, self.evaluate, self.folder, self.cancel):
            layout.addWidget(part)
        self.set_running(False)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._figures.set_color(theme.color("text_muted"))

    def set_report(self, report: Report | None, title: str) -> None:
        """Show the figures of a report of the network called `title`; None for none yet."""
        self._title.set_text("No evaluation yet" if report is None else title)
        self._accuracy.setText("" if report is None else f"{100 * report.accuracy:.2f} %")
        left_out = 0 if report is None else len(report.left_out)
        self._left_out.setText(f"{left_out:,} not readable" if left_out else "")
        self._left_out.setToolTip(report.notice() if report is not None and left_out else "")
        for label in (self._accuracy, self._left_out):
            label.setVisible(bool(label.text()))
        self._told = "" if report is None else SEPARATOR.join(_figures(report))
        self._figures.set_text(self._told)

    def set_running(self, running: bool) -> None:
        """Say that an evaluation is at work, or that it is over."""
        begin = (self.evaluate, self.folder)
        for button in (self.cancel,) if running else begin:
            button.show()  # before the others are hidden, one of which may have the keyboard
        if running:
            focused = [button for button in begin if hand_over(button, self.cancel)]
            self._begun_by = focused[0] if focused else self._begun_by
        else:
            hand_over(self.cancel, self._begun_by)
        for button in begin if running else (self.cancel,):
            button.hide()
        self._progress.setVisible(running)
        self._progress.setRange(0, 0 if running else 1)  # until the first batch is done
        self._figures.set_text("" if running else self._told)
        self._clock.restart()

    def set_progress(self, done: int, total: int) -> None:
        """Tell how many images are done, and how many there are."""
        self._progress.setRange(0, max(1, total))
        self._progress.setValue(done)
        texts = [f"{done:,} of {total:,} images"]
        spent_s = self._clock.elapsed() / 1000
        if spent_s >= STEADY_S and done:
            left_s = spent_s / done * (total - done)
            texts.append(f"{duration_text(left_s)} left")
        self._figures.set_text(SEPARATOR.join(texts))


def _figures(report: Report) -> tuple[str, ...]:
    return (
        f"Folder {report.dataset}" if report.files else f"{report.dataset} test",
        f"{len(report.mistakes):,} of {report.n:,} wrong",
        f"Loss {format_number(report.loss)} nats",
        f"Calibration error {100 * report.reliability.error:.1f} %",
    )
