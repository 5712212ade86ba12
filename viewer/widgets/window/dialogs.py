"""Two small windows: the keyboard shortcuts, and what this program is."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import PYQT_VERSION_STR, Qt
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from viewer.widgets.theme import GRID_PX, TextSize, text_font
from viewer.widgets.window.action_row import ActionRow, key_text, plain_text

CLOSING_WIDTH_PX = 320
# What one part of the window does with keys and mouse while it has the focus: no actions.
NETWORK_ROWS = (
    ("Network: another channel", "Arrow keys"),
    ("Network: another layer", f"{key_text('Ctrl+Left')} or {key_text('Ctrl+Right')}"),
    ("Network: one layer alone, and back", f"Enter or double click, {key_text('Esc')}"),
    ("Network: open or close a block", "O"),
    ("Network: freeze or free a layer", key_text("Shift+L")),
    ("Network: zoom", "Ctrl and the wheel"),
    ("Network: move", "Middle button, or Space and drag"),
)
PAD_ROWS = (
    ("Pad: draw", "Left button, pen or finger"),
    ("Pad: erase", "Right button, or the pen's other end"),
    ("Pad: keep the digit as an example", "0 to 9"),
    ("Pad: another picture of the folder", "Left or Right"),
)


def shortcut_rows(rows: Sequence[ActionRow]) -> list[tuple[str, str]]:
    """Return (what, keys) for everything in the table that has a shortcut."""
    return [
        (plain_text(row), " or ".join(key_text(shortcut) for shortcut in row.shortcuts))
        for row in rows
        if row.shortcuts
    ]


class ShortcutsDialog(QDialog):
    """All shortcuts of the table and of its parts, in two columns; the window stays usable."""

    def __init__(self, rows: Sequence[ActionRow], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        entries = [*shortcut_rows(rows), *NETWORK_ROWS, *PAD_ROWS]
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GRID_PX)
        grid.setVerticalSpacing(GRID_PX // 2)
        half = (len(entries) + 1) // 2
        for index, (what, keys) in enumerate(entries):
            row, column = index % half, 3 * (index // half)
            name = QLabel(what)
            name.setObjectName("muted")
            grid.addWidget(name, row, column)
            grid.addWidget(QLabel(keys), row, column + 1)
        grid.setColumnMinimumWidth(2, 2 * GRID_PX)
        _frame(self, grid)


class AboutDialog(QDialog):
    """Name, version, licence."""

    def __init__(self, version: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("About convnet-viewer")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        grid = QGridLayout()
        grid.setVerticalSpacing(GRID_PX)
        title = QLabel(f"convnet-viewer {version}")
        title.setFont(text_font(TextSize.TITLE, bold=True))
        grid.addWidget(title, 0, 0)
        grid.addWidget(
            QLabel("Draw a digit and see every layer of a convolutional network answer, live."),
            1,
            0,
        )
        details = QLabel(
            "MIT licence. MNIST by LeCun, Cortes and Burges, CC BY-SA 3.0.\n"
            f"Typeface Inter, icons Phosphor. PyQt {PYQT_VERSION_STR}."
        )
        details.setObjectName("muted")
        grid.addWidget(details, 2, 0)
        _frame(self, grid)


class ClosingDialog(QDialog):
    """Asks whether the window is to close; accepted if it is."""

    def __init__(self, question: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Close")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        text = QLabel(question)
        text.setWordWrap(True)
        text.setMinimumWidth(CLOSING_WIDTH_PX)
        roles = QDialogButtonBox.ButtonRole
        buttons = QDialogButtonBox()
        buttons.addButton("Save and close", roles.AcceptRole)
        stay = buttons.addButton("Stay", roles.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(3 * GRID_PX,) * 4)
        layout.setSpacing(3 * GRID_PX)
        layout.addWidget(text)
        layout.addWidget(buttons)
        if stay is not None:
            stay.setDefault(True)
            stay.setFocus()  # or Qt gives it to the first, which becomes the default by it


def _frame(dialog: QDialog, grid: QGridLayout) -> None:
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.close)
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(*(3 * GRID_PX,) * 4)
    layout.setSpacing(3 * GRID_PX)
    layout.addLayout(grid)
    layout.addWidget(buttons)
