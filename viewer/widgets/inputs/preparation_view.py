"""The preparation of a picture step by step: what it looks like, and what each step is worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QPoint, QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QImage, QPainter, QPixmap, QShowEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.overrides import override
from viewer.widgets.switch import Switch
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from viewer.core.imaging.preparation_steps import StepResult
    from viewer.widgets.theme import Theme

THUMBNAIL_PX = 40
ROW_GAP_PX = 2  # all four steps of a photo are to be seen in the window's usual size
ARROW_PX = 10
HEADING = "Preparation"
NOTHING_DONE = "Nothing is done to the picture"
FOLD_TOOLTIP, UNFOLD_TOOLTIP = "Hide the steps", "Show every step, with what it is worth"
RESET_TEXT = "Reset"
RESET_TOOLTIP = "Prepare pictures as the network has it"


class StepRow(QWidget):
    """One step: its picture, its name with a switch, its numbers, and its effect.

    Signals
    -------
    switched()
        A person turned the step on or off.
    """

    switched = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture = QLabel()
        self._title = QLabel()
        self._text = QLabel()
        self._effect = ElidedLabel()
        self.switch = Switch("")
        self._theme = LIGHT
        self._shown: NDArray[np.uint8] | None = None
        self._build()
        self.switch.clicked.connect(self.switched)

    @property
    def title(self) -> str:
        """Name of the step."""
        return self._title.text()

    @property
    def text(self) -> str:
        """What the step does, with its numbers."""
        return self._text.text()

    @property
    def effect(self) -> str:
        """What the answer would be with the step switched over."""
        return self._effect.text()

    @property
    def picture(self) -> QPixmap:
        """What the picture looks like after the step."""
        return self._picture.pixmap()

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self.switch.set_theme(theme)
        self._effect.set_color(theme.color("text"))
        if self._shown is not None:
            self._show_picture(self._shown)

    def set_step(self, result: StepResult) -> None:
        """Show a step; gives no signal."""
        self._title.setText(result.title)
        self._text.setText(result.description)
        self.switch.setVisible(result.otherwise is not None)
        self.switch.setChecked(result.done)
        self.switch.setAccessibleName(result.title)
        self.switch.setToolTip(f"Switch this step {'off' if result.done else 'on'}")
        if result.otherwise is None:
            self.set_effect("")
        self._show_picture(result.picture)

    def set_effect(self, text: str) -> None:
        """Say what the answer would be with the step switched over; empty for nothing."""
        self._effect.set_text(text)

    def _show_picture(self, picture: NDArray[np.uint8]) -> None:
        self._shown = picture
        self._picture.setPixmap(thumbnail(picture, self._theme, self.devicePixelRatioF()))

    def _build(self) -> None:
        self._picture.setFixedSize(THUMBNAIL_PX, THUMBNAIL_PX)
        self._title.setFont(text_font(TextSize.SMALL, bold=True))
        self._text.setFont(text_font(TextSize.SMALL))
        self._text.setObjectName("muted")
        self._text.setWordWrap(True)
        # Words may break anywhere the dock wants them to: never a horizontal scroll bar.
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        head = QHBoxLayout()
        head.setSpacing(GRID_PX)
        head.addWidget(self._title, 1)
        head.addWidget(self.switch)
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addLayout(head)
        texts.addWidget(self._text)
        texts.addWidget(self._effect)
        texts.addStretch()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(texts, 1)


class PreparationView(QWidget):
    """Every step of the preparation, from the picture to the network, or one line that names them.

    It is folded to that line where the dock is low, until a person chooses.

    Signals
    -------
    step_switched(Step)
        A person turned a step on or off.
    reset_requested()
        The network's own preparation is wanted.
    shown()
        It, or its steps, came into sight: what they say may be old.
    """

    step_switched = pyqtSignal(object)
    reset_requested = pyqtSignal()
    shown = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._results: tuple[StepResult, ...] = ()
        self._fold = QToolButton()
        self._summary = ElidedLabel()
        self._steps = QWidget()  # what is folded away
        self._open = True
        self._chosen = False  # whether a person has folded or unfolded it
        self._answer = ElidedLabel()
        self._reset = QToolButton()
        self.rows: list[StepRow] = []
        self._list = QVBoxLayout()
        self._build()

    @property
    def answer(self) -> str:
        """The answer to the picture as it is prepared now."""
        return self._answer.text()

    @property
    def results(self) -> tuple[StepResult, ...]:
        """The steps that are shown."""
        return self._results

    @property
    def is_open(self) -> bool:
        """Whether the steps are to be seen, not only the line that names them."""
        return self._open

    @property
    def summary(self) -> str:
        """The steps that are done, in one line."""
        return self._summary.text()

    def suggest_open(self, open_: bool) -> None:
        """Fold or unfold it for the room there is, unless a person has chosen."""
        if not self._chosen:
            self._set_open(open_)

    def set_theme(self, theme: Theme) -> None:
        """Take the theme's colours."""
        self._theme = theme
        self._summary.set_color(theme.color("text_muted"))
        self._answer.set_color(theme.color("text"))
        for row in self.rows:
            row.set_theme(theme)

    def set_steps(self, results: Sequence[StepResult]) -> None:
        """Show the steps; what is said of their effect stays until it is set anew."""
        if [r.step for r in results] != [r.step for r in self._results]:
            self._rebuild(len(results))
        self._results = tuple(results)
        done = ", ".join(result.title for result in results if result.done)
        self._summary.set_text(done.capitalize() or NOTHING_DONE)
        for row, result in zip(self.rows, results, strict=True):
            row.set_step(result)

    def set_changed(self, changed: bool) -> None:
        """Say whether the preparation is other than the network's own."""
        self._reset.setEnabled(changed)

    def set_answer(self, text: str) -> None:
        """Say what the network answers to the picture as it is prepared; empty for nothing."""
        self._answer.set_text(text)
        self._answer.setVisible(bool(text))

    def set_effect(self, index: int, text: str) -> None:
        """Say what it would answer with one step switched over; empty for nothing."""
        if index < len(self.rows):
            self.rows[index].set_effect(text)

    @override
    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self.shown.emit()

    def _rebuild(self, count: int) -> None:
        while len(self.rows) > count:
            row = self.rows.pop()
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        for row in self.rows:
            row.set_effect("")
        while len(self.rows) < count:
            row = StepRow()
            row.set_theme(self._theme)
            index = len(self.rows)
            row.switched.connect(lambda index=index: self._on_switched(index))
            self.rows.append(row)
            self._list.addWidget(row)

    def _on_switched(self, index: int) -> None:
        if index < len(self._results):
            self.step_switched.emit(self._results[index].step)

    def _build(self) -> None:
        self._fold.setText(HEADING)
        self._fold.setFont(text_font(TextSize.SMALL))
        self._fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._fold.setIconSize(QSize(ARROW_PX, ARROW_PX))
        self._fold.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._fold.clicked.connect(self._on_fold_clicked)
        self._reset.setText(RESET_TEXT)
        self._reset.setToolTip(RESET_TOOLTIP)
        self._reset.setFont(text_font(TextSize.SMALL))
        self._reset.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._reset.clicked.connect(self.reset_requested)
        self._reset.setEnabled(False)
        self._answer.hide()
        head = QHBoxLayout()
        head.addWidget(self._fold)
        head.addStretch(1)
        head.addWidget(self._reset)
        self._list.setSpacing(ROW_GAP_PX)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        layout.addLayout(head)
        layout.addWidget(self._summary)
        layout.addWidget(self._steps)
        steps = QVBoxLayout(self._steps)
        steps.setContentsMargins(0, 0, 0, 0)
        steps.setSpacing(GRID_PX // 4)
        steps.addWidget(self._answer)
        steps.addLayout(self._list)
        self._show_open()

    def _on_fold_clicked(self) -> None:
        self._chosen = True
        self._set_open(not self._open)

    def _set_open(self, open_: bool) -> None:
        if open_ == self._open:
            return
        self._open = open_
        self._show_open()
        if open_ and self.isVisible():
            self.shown.emit()

    def _show_open(self) -> None:
        self._steps.setVisible(self._open)
        self._summary.setVisible(not self._open)
        arrows = Qt.ArrowType
        self._fold.setArrowType(arrows.DownArrow if self._open else arrows.RightArrow)
        self._fold.setToolTip(FOLD_TOOLTIP if self._open else UNFOLD_TOOLTIP)


def thumbnail(picture: NDArray[np.uint8], theme: Theme, ratio: float) -> QPixmap:
    """Return a square with the whole of a picture, (h, w, 3) uint8, in its middle."""
    height, width = picture.shape[:2]
    data = np.ascontiguousarray(picture).tobytes()
    image = QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888)
    side = max(1, round(THUMBNAIL_PX * ratio))
    scale = side / max(width, height)
    size = QSize(max(1, round(width * scale)), max(1, round(height * scale)))
    smooth = scale < 1  # pixels of small images are to be seen as such
    mode = Qt.TransformationMode
    image = image.scaled(
        size,
        Qt.AspectRatioMode.IgnoreAspectRatio,
        mode.SmoothTransformation if smooth else mode.FastTransformation,
    )
    result = QPixmap(side, side)
    result.fill(theme.color("surface"))
    painter = QPainter(result)
    place = QRect(QPoint((side - size.width()) // 2, (side - size.height()) // 2), size)
    painter.drawImage(place.topLeft(), image)
    painter.setPen(theme.color("border_strong"))  # white paper has an edge, too
    painter.drawRect(place.adjusted(0, 0, -1, -1))
    painter.end()
    result.setDevicePixelRatio(ratio)
    return result
