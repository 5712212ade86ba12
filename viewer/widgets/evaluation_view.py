"""How good the network is on test images, and where it goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from viewer.core.imaging.numbers import format_number
from viewer.widgets.confusion_view import ConfusionView
from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.evaluation_view_classes import ScoreTable
from viewer.widgets.evaluation_view_tiles import CaseTiles
from viewer.widgets.reliability_view import ReliabilityView
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize

if TYPE_CHECKING:
    from viewer.core.training.report import Report
    from viewer.widgets.theme import Theme

HEADLINE_PX = 140
SPACING_PX = 12
CLOSE_PX = 18
EMPTY_TEXT = (
    "“Evaluate” shows the network on screen all test images of its data set and counts what it "
    "gets right: by class, by confidence, and the mistakes one by one. “On a folder” takes images "
    "of your own, a folder for each class."
)
RUNNING_TEXT = "Evaluating …"
BUTTON_TIP = "Classify all test images by the weights shown now"
FOLDER_TIP = (
    "Classify the images of a folder that has a folder for each class, prepared as the network "
    "wants them; classes are told by the folders' names"
)


class EvaluationView(QWidget):
    """Headline figures, confusion matrix, classes, images, reliability, side by side.

    Signals
    -------
    evaluate_requested()
    folder_requested()
        On images of a folder that is still to be chosen.
    cancel_requested()
    image_chosen(int)
        Index in the data set of an image that was clicked.
    """

    evaluate_requested = pyqtSignal()
    folder_requested = pyqtSignal()
    cancel_requested = pyqtSignal()
    image_chosen = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._report: Report | None = None
        self._headline = _Headline()
        self.confusion = ConfusionView()
        self.scores = ScoreTable()
        self.tiles = CaseTiles()
        self.reliability = ReliabilityView()
        self._tiles_title = ElidedLabel(bold=True)
        self._mistakes = QToolButton()
        self._empty = QLabel(EMPTY_TEXT)
        self._pages = QStackedWidget()
        self._build()
        self._connect_signals()
        self.set_report(None)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        for part in (self.confusion, self.scores, self.tiles, self.reliability):
            part.set_theme(theme)
        self._headline.set_theme(theme)

    def set_report(self, report: Report | None, title: str = "") -> None:
        """Show a report of the network called `title`; None for what to do first."""
        self._report = report
        self._headline.set_report(report, title)
        self._pages.setCurrentIndex(0 if report is None else 1)
        if report is None:
            return
        self.confusion.set_confusion(report.confusion, report.class_names)
        self.scores.set_report(report)
        self.reliability.set_reliability(report.reliability)
        self._show_cell(None)

    @property
    def report(self) -> Report | None:
        """The report shown."""
        return self._report

    def set_running(self, running: bool) -> None:
        """Say that an evaluation is at work, or that it is over; what was shown stays."""
        self._headline.set_running(running)
        self._empty.setText(RUNNING_TEXT if running else EMPTY_TEXT)

    def set_progress(self, done: int, total: int) -> None:
        """Tell how many images are done, and how many there are."""
        self._headline.set_progress(done, total)

    def set_current(self, index: int | None) -> None:
        """Mark the image that is on the pad, by its index in the data set."""
        self.tiles.set_current(index)

    def set_colors(self, name: str) -> None:
        """Use other sequential colours in the confusion matrix."""
        self.confusion.set_colors(name)

    def tiles_title(self) -> str:
        """Return the line above the images."""
        return self._tiles_title.text()

    def headline_texts(self) -> tuple[str, ...]:
        """Return the lines of the headline as shown."""
        return self._headline.texts()

    def _build(self) -> None:
        self._mistakes.setText("×")
        self._mistakes.setToolTip("Show all mistakes again, the most confident first (Esc)")
        self._mistakes.setAccessibleName("All mistakes")
        self._mistakes.setFixedSize(CLOSE_PX, CLOSE_PX)
        keep = self._mistakes.sizePolicy()
        keep.setRetainSizeWhenHidden(True)  # nothing jumps when a cell is chosen
        self._mistakes.setSizePolicy(keep)
        heading = QHBoxLayout()
        heading.setSpacing(GRID_PX)
        heading.addWidget(self._tiles_title, 1)
        heading.addWidget(self._mistakes)
        cases = QVBoxLayout()
        cases.setSpacing(GRID_PX // 2)
        cases.addLayout(heading)
        cases.addWidget(self.tiles, 1)
        content = QWidget()
        row = QHBoxLayout(content)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING_PX)
        row.addWidget(self.confusion, 4)
        row.addWidget(self.scores)
        row.addLayout(cases, 5)
        row.addWidget(self.reliability, 2)
        self._empty.setObjectName("muted")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setMargin(4 * GRID_PX)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(content)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, GRID_PX, 12, GRID_PX)
        layout.setSpacing(SPACING_PX)
        layout.addWidget(self._headline)
        layout.addWidget(self._pages, 1)

    def _connect_signals(self) -> None:
        self._headline.evaluate.clicked.connect(self.evaluate_requested)
        self._headline.folder.clicked.connect(self.folder_requested)
        self._headline.cancel.clicked.connect(self.cancel_requested)
        self.confusion.cell_chosen.connect(self._show_cell)
        self._mistakes.clicked.connect(self._on_mistakes_clicked)
        self.tiles.chosen.connect(self.image_chosen)

    def _on_mistakes_clicked(self) -> None:
        self.confusion.set_selected(None)
        self._show_cell(None)

    def _show_cell(self, cell: tuple[int, int] | None) -> None:
        report = self._report
        if report is None:
            return
        if cell is None:
            indices = report.mistakes
            title = "Mistakes, surest first" if len(indices) else "No mistakes"
        else:
            indices = report.images_of(*cell)
            title = _cell_title(report, cell)
        self._tiles_title.set_text(title)
        self._mistakes.setVisible(cell is not None)
        self.tiles.set_cases(report, indices)


def _cell_title(report: Report, cell: tuple[int, int]) -> str:
    true, predicted = (report.class_names[index] for index in cell)
    count = int(report.confusion[cell])
    return f"{true} → {predicted}: {count:,} image" + ("" if count == 1 else "s")


class _Headline(QWidget):
    """The figures that are read first, and the buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(HEADLINE_PX)
        self.evaluate = QPushButton("Evaluate")
        self.evaluate.setToolTip(BUTTON_TIP)
        self.folder = QPushButton("On a folder …")
        self.folder.setToolTip(FOLDER_TIP)
        self.cancel = QPushButton("Cancel")
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setFixedHeight(GRID_PX // 2)
        self._title = ElidedLabel(bold=True)
        self._accuracy = ElidedLabel(size_pt=TextSize.TITLE, bold=True)
        self._lines = [ElidedLabel() for _ in range(4)]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for label in (self._title, self._accuracy, *self._lines):
            layout.addWidget(label)
        layout.addStretch(1)
        layout.addWidget(self._progress)
        layout.addSpacing(GRID_PX // 2)
        layout.addWidget(self.evaluate)
        layout.addWidget(self.folder)
        layout.addWidget(self.cancel)
        keep = QSizePolicy(self._progress.sizePolicy())
        keep.setRetainSizeWhenHidden(True)
        self._progress.setSizePolicy(keep)
        self.set_running(False)

    def set_theme(self, theme: Theme) -> None:
        for label in self._lines:
            label.set_color(theme.color("text_muted"))

    def set_report(self, report: Report | None, title: str) -> None:
        self._title.set_text("No evaluation yet" if report is None else title)
        self._accuracy.set_text("" if report is None else f"{100 * report.accuracy:.2f} %")
        texts = [""] * 4
        if report is not None:
            texts = [
                f"{report.dataset} test",
                f"{len(report.mistakes):,} of {report.n:,} wrong",
                f"Loss {format_number(report.loss)} nats",
                f"Calibration error {100 * report.reliability.error:.1f} %",
            ]
        for label, text in zip(self._lines, texts, strict=True):
            label.set_text(text)

    def texts(self) -> tuple[str, ...]:
        return tuple(label.text() for label in (self._title, self._accuracy, *self._lines))

    def set_running(self, running: bool) -> None:
        self.evaluate.setVisible(not running)
        self.folder.setVisible(not running)
        self.cancel.setVisible(running)
        self._progress.setVisible(running)
        self._progress.setRange(0, 0 if running else 1)  # until the first batch is done

    def set_progress(self, done: int, total: int) -> None:
        self._progress.setRange(0, max(1, total))
        self._progress.setValue(done)
        self._progress.setToolTip(f"{done:,} of {total:,} images")
