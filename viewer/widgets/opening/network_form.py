"""Says what a file doesn't: class names, input size, mean, std, and how a picture is fitted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QImage, QTextCursor
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from viewer.core.errors import UserError
from viewer.core.nets.profile import Profile
from viewer.widgets.opening.network_form_fields import InputFields
from viewer.widgets.opening.network_form_preview import FormPreview
from viewer.widgets.outlines import outline_controls
from viewer.widgets.theme import GRID_PX, TextSize, text_font

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viewer.core.records import NetworkRecord

WIDTH_PX, HEIGHT_PX = 640, 560
PAUSE_MS = 150  # after the last change, before a preview is asked for
NAMES_LINES = 6
FILE_TEXT, APPLY_TEXT = "From a file…", "Apply"
NAMES_HINT = "One name a line, in the order of the outputs"


class NetworkForm(QDialog):
    """The input of a network and the names of its classes, with a preview of what it would see.

    The window behind stays usable. What can't be is said in a sentence, and not applied.

    Parameters
    ----------
    network : NetworkRecord
        On screen; its values are shown first.
    profile : Profile
        What was said about it before: what the form doesn't show of it is kept.
    parent : QWidget

    Attributes
    ----------
    fields : InputFields
    names : QPlainTextEdit
    preview : FormPreview

    Signals
    -------
    applied(Profile)
        A person wants these values.
    preview_requested(Profile)
        They were changed to something that is possible.
    names_file_requested()
        The class names are to come from a file.
    """

    applied = pyqtSignal(object)
    preview_requested = pyqtSignal(object)
    names_file_requested = pyqtSignal()

    def __init__(
        self, network: NetworkRecord, profile: Profile, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Input and classes of {network.title}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(WIDTH_PX, HEIGHT_PX)
        self._profile = profile
        self._classes = _outputs(network)
        self.fields = InputFields(network)
        self.preview = FormPreview()
        self.names = QPlainTextEdit("\n".join(network.class_names))
        self.names.setPlaceholderText(NAMES_HINT)
        self.names.setAccessibleName("Class names")
        self.names.setTabChangesFocus(True)
        self.names.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.names.setMinimumHeight(NAMES_LINES * self.names.fontMetrics().lineSpacing())
        self.count = QLabel()
        self.count.setObjectName("muted")
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.setMinimumHeight(2 * self.problem.fontMetrics().lineSpacing())
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.ask_for_preview)
        self._build_layout()
        outline_controls(self)
        self.fields.changed.connect(self._on_changed)
        self.names.textChanged.connect(self._on_changed)
        self._on_changed()

    def profile(self) -> Profile:
        """Return what the form says.

        Raises
        ------
        UserError
            If it is not possible: the sentence says what.
        """
        names = self.class_names()
        if self._classes and names and len(names) != self._classes:
            raise UserError(
                f"There are {len(names):,} names for {self._classes:,} outputs: "
                "give one name a line."
            )
        return replace(
            self._profile,
            input_shape=self.fields.input_shape(),
            mean=self.fields.mean(),
            std=self.fields.std(),
            class_names=names or None,
            preparation=self.fields.preparation(),
        )

    def class_names(self) -> tuple[str, ...]:
        """Return the names as they stand; lines without a name at the end don't count."""
        lines = self.names.toPlainText().rstrip().splitlines()
        return tuple(line.strip() for line in lines)

    def set_class_names(self, names: Sequence[str]) -> None:
        """Take names that were read from a file; they can be undone."""
        cursor = self.names.textCursor()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText("\n".join(names))

    def set_preview(self, image: QImage | None, text: str) -> None:
        """Show what the network would see; None where there is nothing to show."""
        self.preview.set_picture(image, text)

    def ask_for_preview(self) -> None:
        """Ask for a preview of the values as they stand, if they are possible."""
        if self.apply_button.isEnabled():
            self.preview_requested.emit(self.profile())

    def set_problem(self, sentence: str) -> None:
        """Say what went wrong with the values that were applied."""
        self.problem.setText(sentence)

    def _build_layout(self) -> None:
        columns = QHBoxLayout()
        columns.setSpacing(3 * GRID_PX)
        columns.addWidget(self.fields, 1)
        columns.addWidget(self.preview, 0, Qt.AlignmentFlag.AlignTop)
        heading = QHBoxLayout()
        title = QLabel("Class names")
        title.setFont(text_font(TextSize.BODY, bold=True))
        from_file = QPushButton(FILE_TEXT)
        from_file.setAutoDefault(False)
        from_file.clicked.connect(self.names_file_requested)
        heading.addWidget(title)
        heading.addWidget(self.count)
        heading.addStretch(1)
        heading.addWidget(from_file)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        apply = buttons.addButton(APPLY_TEXT, QDialogButtonBox.ButtonRole.AcceptRole)
        assert apply is not None
        self.apply_button = apply
        apply.setDefault(True)
        buttons.accepted.connect(self._on_apply)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(3 * GRID_PX,) * 4)
        layout.setSpacing(GRID_PX)
        layout.addLayout(columns)
        layout.addSpacing(GRID_PX)
        layout.addLayout(heading)
        layout.addWidget(self.names, 1)
        layout.addWidget(self.problem)
        layout.addWidget(buttons)
        QWidget.setTabOrder(from_file, self.names)  # it stands above them

    def _on_changed(self) -> None:
        self._pause.start()
        count = len(self.class_names())
        wanted = f" of {self._classes:,}" if self._classes else ""
        self.count.setText(f"{count:,}{wanted}")
        try:
            self.profile()
            sentence = ""
        except UserError as error:
            sentence = str(error)
        self.problem.setText(sentence)
        self.apply_button.setEnabled(not sentence)

    def _on_apply(self) -> None:
        self.applied.emit(self.profile())


def _outputs(network: NetworkRecord) -> int:
    """Return how many classes a network tells apart; 0 for one that is no classifier."""
    names = [node.name for node in network.nodes]
    if network.logits not in names:
        return len(network.class_names)
    return network.node(network.logits).output_shape[0]
