"""Above the set-up: which branch it is for, until the branch is started or given up."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from viewer.widgets.theme import GRID_PX

TEXT = "Branch of {name} from step {step:,}: change the settings that are to differ."
EARLIER_TEXT = (
    "Branch of {name} from step {step:,}, the last kept step before {shown:,}: change the settings "
    "that are to differ."
)
START_TEXT, CANCEL_TEXT = "Start the branch", "Cancel"


class BranchBar(QFrame):
    """One sentence and two buttons; hidden while no branch is being set up.

    Signals
    -------
    start_requested()
        The branch is to begin with what is set.
    cancel_requested()
        There is to be none: the set-up is to be as it was.
    """

    start_requested = pyqtSignal()
    cancel_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("caption_notice")
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)  # a run may be called anything
        self._text.setWordWrap(True)
        self.start = QPushButton(START_TEXT)
        self.start.setToolTip("Begin a new run at that step, with these settings")
        self.cancel = QToolButton()
        self.cancel.setText(CANCEL_TEXT)
        self.cancel.setToolTip("Set up no branch; the settings are again as they were")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GRID_PX, GRID_PX // 2, GRID_PX // 2, GRID_PX // 2)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._text, 1)
        for button in (self.start, self.cancel):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.start.clicked.connect(self.start_requested)
        self.cancel.clicked.connect(self.cancel_requested)
        self.hide()

    @property
    def text(self) -> str:
        """What is said; empty while hidden."""
        return "" if self.isHidden() else self._text.text()

    def show_branch(self, name: str, step: int, shown: int | None = None) -> None:
        """Say that the set-up is that of a branch of a run, from one of its steps.

        Parameters
        ----------
        name : str
            Of the run.
        step : int
            Kept step that the branch begins with.
        shown : int or None
            The step on screen, which needn't be kept; None if none is.
        """
        earlier = shown is not None and shown != step
        text = (EARLIER_TEXT if earlier else TEXT).format(name=name, step=step, shown=shown)
        self._text.setText(text)
        self.setAccessibleName(text)
        self.show()
