"""How good the network is on test images, and where it goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.evaluation.bar import EvaluationBar
from viewer.widgets.evaluation.classes import ScoreTable
from viewer.widgets.evaluation.confusion import ConfusionView
from viewer.widgets.evaluation.reliability import ReliabilityView
from viewer.widgets.evaluation.tiles import CaseTiles
from viewer.widgets.shared_row import Part, SharedRow
from viewer.widgets.theme import GRID_PX, LIGHT

if TYPE_CHECKING:
    from viewer.core.training.report import Report
    from viewer.widgets.theme import Theme

MARGIN_PX = 12
CLOSE_PX = 18
SEARCHED_CLASSES = 16  # from so many on, their table has a search
EMPTY_TEXT = (
    "“Evaluate” shows the network on screen all test images of its data set and counts what it "
    "gets right: by class, by confidence, and the mistakes one by one. “On a folder” takes images "
    "of your own, a folder for each class."
)
RUNNING_TEXT = "Evaluating…"


class EvaluationView(QWidget):
    """Figures above; confusion matrix, images, classes, reliability side by side below.

    Where there is little room, the last of them share a place, and tabs choose.

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
        self._bar = EvaluationBar()
        self.confusion = ConfusionView()
        self.scores = ScoreTable()
        self.search = QLineEdit()
        self.tiles = CaseTiles()
        self.reliability = ReliabilityView()
        self._tiles_title = ElidedLabel(bold=True)
        self._mistakes = QToolButton()
        self._empty = QLabel(EMPTY_TEXT)
        self._pages = QStackedWidget()
        self._cases, self._classes = QWidget(), QWidget()
        self._row = SharedRow(
            (
                Part("Matrix", self.confusion, 4),
                Part("Images", self._cases, 5),
                Part("Classes", self._classes, 2),
                Part("Calibration", self.reliability, 2),
            )
        )
        self._build()
        self._connect_signals()
        self.set_report(None)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        for part in (self.confusion, self.scores, self.tiles, self.reliability):
            part.set_theme(theme)
        self._bar.set_theme(theme)

    def set_report(self, report: Report | None, title: str = "") -> None:
        """Show a report of the network called `title`; None for what to do first."""
        self._report = report
        self._bar.set_report(report, title)
        self._pages.setCurrentIndex(0 if report is None else 1)
        if report is None:
            return
        self.confusion.set_report(report)
        self.search.clear()
        self.search.setVisible(len(report.class_names) >= SEARCHED_CLASSES)
        self.scores.set_report(report)
        self._classes.setMaximumWidth(self.scores.maximumWidth())
        self.reliability.set_reliability(report.reliability)
        self._show_cell(None)

    @property
    def report(self) -> Report | None:
        """The report shown."""
        return self._report

    def set_running(self, running: bool) -> None:
        """Say that an evaluation is at work, or that it is over; what was shown stays."""
        self._bar.set_running(running)
        self._empty.setText(RUNNING_TEXT if running else EMPTY_TEXT)

    def set_progress(self, done: int, total: int) -> None:
        """Tell how many images are done, and how many there are."""
        self._bar.set_progress(done, total)

    def set_current(self, index: int | None) -> None:
        """Mark the image that is on the pad, by its index in the data set."""
        self.tiles.set_current(index)

    def set_colors(self, name: str) -> None:
        """Use other sequential colours in the confusion matrix."""
        self.confusion.set_colors(name)

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
        cases = QVBoxLayout(self._cases)
        cases.setContentsMargins(0, 0, 0, 0)
        cases.setSpacing(GRID_PX // 2)
        cases.addLayout(heading)
        cases.addWidget(self.tiles, 1)
        self.search.setPlaceholderText("Find a class")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Find a class by name")
        classes = QVBoxLayout(self._classes)
        classes.setContentsMargins(0, 0, 0, 0)
        classes.setSpacing(GRID_PX // 2)
        classes.addWidget(self.search)
        classes.addWidget(self.scores, 1)
        self._empty.setObjectName("muted")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setMargin(4 * GRID_PX)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN_PX, GRID_PX // 4, MARGIN_PX, GRID_PX // 4)
        layout.setSpacing(GRID_PX // 4)
        layout.addWidget(self._bar)
        layout.addWidget(self._pages, 1)

    def _connect_signals(self) -> None:
        self._bar.evaluate.clicked.connect(self.evaluate_requested)
        self._bar.folder.clicked.connect(self.folder_requested)
        self._bar.cancel.clicked.connect(self.cancel_requested)
        self.confusion.cell_chosen.connect(self._on_cell_chosen)
        self.scores.class_chosen.connect(self._on_class_chosen)
        self.search.textChanged.connect(self.scores.set_filter)
        self._mistakes.clicked.connect(self._on_mistakes_clicked)
        self.tiles.chosen.connect(self.image_chosen)

    def _on_mistakes_clicked(self) -> None:
        self.confusion.set_selected(None)
        self._on_cell_chosen(None)

    def _on_cell_chosen(self, cell: tuple[int, int] | None) -> None:
        self.scores.set_selected(None)
        self._show_cell(cell)
        if cell is not None:
            self._row.show_part(self._cases)

    def _on_class_chosen(self, index: int) -> None:
        """Show the images of a class: those read wrongly first."""
        report = self._report
        if report is None:
            return
        self.confusion.set_selected((index, index))
        mistakes = report.mistakes[report.labels[report.mistakes] == index]
        right = report.images_of(index, index)
        count = len(mistakes) + len(right)
        title = f"{report.class_names[index]}: {len(mistakes):,} of {count:,} wrong"
        self._show_images(title, np.concatenate((mistakes, right)), of_all=False)

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
        self._show_images(title, indices, of_all=cell is None)

    def _show_images(self, title: str, indices: NDArray[np.int64], *, of_all: bool) -> None:
        self._tiles_title.set_text(title)
        self._mistakes.setVisible(not of_all)
        self.tiles.set_cases(self._report, indices)


def _cell_title(report: Report, cell: tuple[int, int]) -> str:
    true, predicted = (report.class_names[index] for index in cell)
    count = int(report.confusion[cell])
    return f"{true} → {predicted}: {count:,} image" + ("" if count == 1 else "s")
