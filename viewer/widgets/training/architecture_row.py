"""One row in the table of layers: its name and kind, editors of its settings, what it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QObject, QRectF, QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from viewer.core.nets.table_rows import BATCH_NORM, CONVOLUTION, ROW_KINDS
from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font
from viewer.widgets.training.architecture_cells import (
    COLUMN_GAP_PX,
    NAME_PX,
    PARAMETERS_PX,
    SHAPE_PX,
    WarningMark,
    figure,
    fix_width,
    paint_frame,
    parameters_text,
    row_margins,
    shape_text,
)
from viewer.widgets.training.architecture_editors import (
    Editor,
    captioned,
    least_width,
    new_editor,
    set_editor,
)

if TYPE_CHECKING:
    from viewer.core.nets.table import RowReport
    from viewer.core.nets.table_rows import LayerRow
    from viewer.widgets.theme import Theme

SELECTED_PX = 3  # bar at the left of the current row
WIDE_EDITOR_PX = 66  # with room for the arrows of a spin box
ARROWS_FROM_PX = 58  # narrower, the arrows would cover the digits
_SHORT_TITLES = {BATCH_NORM: "Batch norm"}


class LayerRowView(QFrame):
    """A row of the table with its editors.

    Attributes
    ----------
    kind : str
        Of the row that it shows; empty before the first.

    Signals
    -------
    value_edited(str, object)
        Name of a setting and the value that a person gave it.
    chosen()
        The row, or one of its editors, was clicked or has the keyboard.
    """

    value_edited = pyqtSignal(str, object)
    chosen = pyqtSignal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self.kind = ""
        self._selected = False
        self._keys: QObject | None = None
        self._editors: dict[str, Editor] = {}
        self._name = ElidedLabel("", self, size_pt=TextSize.BODY, bold=True)
        self._title = ElidedLabel("", self)
        self._settings = QWidget(self)
        self._shape = figure(SHAPE_PX, self)
        self._parameters = figure(PARAMETERS_PX, self)
        self._mark = WarningMark(self)
        self._problem = QLabel(self)
        self._problem.setFont(text_font(TextSize.SMALL))
        self._problem.setWordWrap(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._build_layout()
        self.set_theme(LIGHT)

    def _build_layout(self) -> None:
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(self._name)
        names.addWidget(self._title)
        for label in (self._name, self._title):
            fix_width(label, NAME_PX)
        self._fields = QHBoxLayout(self._settings)
        self._fields.setContentsMargins(0, 0, 0, 0)
        self._fields.setSpacing(GRID_PX // 2)
        problem = QHBoxLayout()
        problem.setSpacing(GRID_PX // 2)
        problem.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        problem.addWidget(self._problem, 1)
        grid = QGridLayout(self)
        grid.setContentsMargins(*row_margins())
        grid.setHorizontalSpacing(COLUMN_GAP_PX)
        grid.setVerticalSpacing(GRID_PX // 2)
        grid.addLayout(names, 0, 0, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self._settings, 0, 1)
        grid.addWidget(self._shape, 0, 2)
        grid.addWidget(self._parameters, 0, 3)
        grid.addLayout(problem, 1, 0, 1, 4)
        grid.setColumnStretch(1, 1)

    def set_row(self, row: LayerRow, report: RowReport) -> None:
        """Show a row and what it comes to; signals stay silent."""
        if row.kind != self.kind:
            self._build_editors(row)
        for name, editor in self._editors.items():
            item = next(item for item in row.fields if item.name == name)
            with QSignalBlocker(editor):
                set_editor(editor, item, row.values[name])
        self._name.set_text(report.name)
        self._shape.setText(shape_text(report))
        self._parameters.setText(parameters_text(report))
        self._problem.setText(report.problem)
        self._problem.setVisible(bool(report.problem))
        self._mark.setVisible(bool(report.problem))
        spoken = f"{report.name}, {ROW_KINDS[row.kind].title}"
        self.setAccessibleName(spoken)
        self.setAccessibleDescription(report.problem or shape_text(report))

    def set_key_filter(self, keys: QObject) -> None:
        """Let `keys` see the keys of the row and of its editors first."""
        self._keys = keys
        for widget in (self, *self._editors.values()):
            widget.installEventFilter(keys)

    def set_selected(self, selected: bool) -> None:
        """Mark it as the current row."""
        if selected != self._selected:
            self._selected = selected
            self.update()

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self._title.set_color(theme.color("text_muted"))
        self._mark.set_theme(theme)
        palette = self._problem.palette()
        palette.setColor(self._problem.foregroundRole(), theme.color("warning"))
        self._problem.setPalette(palette)
        self.update()

    def problem(self) -> str:
        """Return what is said to be wrong; empty if nothing is."""
        return self._problem.text()

    def editor(self, name: str) -> QWidget:
        """Return the editor of a setting."""
        return self._editors[name]

    def focus_chain(self) -> list[QWidget]:
        """Return the row and its editors in the order of the Tab key."""
        return [self, *self._editors.values()]

    def focus_editor(self) -> None:
        """Give the keyboard to the first editor, if there is one."""
        for editor in self._editors.values():
            editor.setFocus(Qt.FocusReason.OtherFocusReason)
            if isinstance(editor, QAbstractSpinBox):
                editor.selectAll()
            return

    def _build_editors(self, row: LayerRow) -> None:
        self.kind = row.kind
        row_kind = ROW_KINDS[row.kind]
        self._title.set_text(_SHORT_TITLES.get(row.kind, row_kind.title))
        self.setToolTip(row_kind.help)
        while (item := self._fields.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        self._editors = {}
        for field in row_kind.fields:
            editor = new_editor(field)
            editor.installEventFilter(self)
            if self._keys is not None:
                editor.installEventFilter(self._keys)
            self._connect(field.name, editor)
            self._editors[field.name] = editor
            holder = captioned(field, editor)
            self._fields.addWidget(holder)
            holder.show()  # at once: the layout would do it a moment later, and Tab skip it
        self._fields.addStretch(1)
        self._fit_editors()

    def _connect(self, name: str, editor: Editor) -> None:
        def report(value: object) -> None:
            self.value_edited.emit(name, value)

        if isinstance(editor, QComboBox):
            editor.activated.connect(lambda index: report(editor.itemData(index)))
        else:
            editor.valueChanged.connect(report)

    def _fit_editors(self) -> None:
        """Give the editors the width that there is, with arrows where they have room."""
        boxes = {n: e for n, e in self._editors.items() if isinstance(e, QAbstractSpinBox)}
        least = {field.name: least_width(field) for field in ROW_KINDS[self.kind].fields}
        free = self.width() - NAME_PX - SHAPE_PX - PARAMETERS_PX - 3 * COLUMN_GAP_PX
        free -= sum(row_margins()[::2]) + 3 * self._fields.spacing()
        four = sum(least_width(field) for field in ROW_KINDS[CONVOLUTION].fields)
        extra = max(free - four, 0) // len(ROW_KINDS[CONVOLUTION].fields)
        buttons = QAbstractSpinBox.ButtonSymbols
        for name, box in boxes.items():
            width = min(least[name] + extra, WIDE_EDITOR_PX)
            arrows = width >= ARROWS_FROM_PX
            box.setFixedWidth(width)
            box.setButtonSymbols(buttons.UpDownArrows if arrows else buttons.NoButtons)

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if self.kind:
            self._fit_editors()

    @override
    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        if a1 is not None and isinstance(a0, QWidget):
            if a1.type() == QEvent.Type.FocusIn:
                self.chosen.emit()
            # The wheel scrolls the table, and turns a number only where one is typing.
            if a1.type() == QEvent.Type.Wheel and not a0.hasFocus():
                a1.ignore()
                return True
        return super().eventFilter(a0, a1)

    @override
    def event(self, e: QEvent | None) -> bool:
        if e is not None and e.type() in (QEvent.Type.FocusIn, QEvent.Type.MouseButtonPress):
            self.chosen.emit()
        if e is not None and e.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        return super().event(e)

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        theme = self._theme
        paint_frame(painter, self, theme, "raised" if self._selected else "surface")
        if self._selected:
            bar = QRectF(0, 0, SELECTED_PX, self.height() - 1)
            painter.fillRect(bar, theme.color("accent"))
        if self.hasFocus():
            painter.setPen(theme.color("text_muted"))
            painter.drawRect(self.rect().adjusted(SELECTED_PX, 0, -1, -2))
