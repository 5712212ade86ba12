"""Asks whether a file may run code: what it would run is named first."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

from viewer.core.sentences import export_line
from viewer.widgets.opening.texts import paragraph, short_name
from viewer.widgets.outlines import outline_controls
from viewer.widgets.selectable_text import SelectableText
from viewer.widgets.theme import GRID_PX, TextSize, text_font

WIDTH_PX = 448
MAX_LINES, MIN_LINES = 8, 2
HEADING = "{name} can run code on this computer"
TEXT = (
    "It is a Python pickle: opening it runs what is listed here with your rights, and so it can "
    "do what you can, such as delete files. Open it only if you trust who made it."
)
INSTEAD = (
    "A network of your own opens without this question as a program, which this line writes in "
    "Python:"
)
OR_SHOW = "Or show it from there with viewer.show(model, image)."


class TrustDialog(QDialog):
    """Names what a file would import; accepted if a person trusts it. Cancel is the default.

    Parameters
    ----------
    name : str
        Name of the file.
    imports : sequence of str
        What it would import (``posix.system``).
    parent : QWidget
    """

    def __init__(self, name: str, imports: Sequence[str], parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Open a file that runs code")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        heading = paragraph(HEADING.format(name=short_name(name)), WIDTH_PX)
        heading.setFont(text_font(TextSize.TITLE, bold=True))
        text = paragraph(TEXT, WIDTH_PX)
        self.imports = QPlainTextEdit("\n".join(imports))
        self.imports.setReadOnly(True)
        self.imports.setTabChangesFocus(True)
        self.imports.setAccessibleName("What it would import")
        self.imports.setFixedHeight(self._list_px(len(imports)))
        self.line = SelectableText()
        self.line.set_text(export_line())
        self.line.setAccessibleName("What writes such a program")
        instead, or_show = paragraph(INSTEAD, WIDTH_PX), paragraph(OR_SHOW, WIDTH_PX)
        for note in (instead, or_show):
            note.setObjectName("muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(3 * GRID_PX,) * 4)
        layout.setSpacing(2 * GRID_PX)
        for widget in (heading, text, self.imports, instead, self.line, or_show, self._buttons()):
            layout.addWidget(widget)
        outline_controls(self)
        self.cancel_button.setFocus()

    def _buttons(self) -> QDialogButtonBox:
        roles = QDialogButtonBox.ButtonRole
        box = QDialogButtonBox()
        trust = box.addButton("Trust it and open", roles.DestructiveRole)
        cancel = box.addButton("Cancel", roles.RejectRole)
        assert trust is not None and cancel is not None
        self.trust_button, self.cancel_button = trust, cancel
        trust.setAutoDefault(False)
        trust.clicked.connect(self.accept)
        box.rejected.connect(self.reject)
        cancel.setDefault(True)
        return box

    def _list_px(self, count: int) -> int:
        lines = min(max(count, MIN_LINES), MAX_LINES)
        return lines * self.imports.fontMetrics().lineSpacing() + 2 * GRID_PX
