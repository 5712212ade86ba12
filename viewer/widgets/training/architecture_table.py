"""An editor for a table of layers: what each row gives is shown as it is edited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from viewer.core.nets.table import check_table
from viewer.core.nets.table_rows import LayerRow
from viewer.widgets.elided_label import ElidedLabel
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font
from viewer.widgets.training.architecture_cells import (
    COLUMN_GAP_PX,
    NAME_PX,
    PARAMETERS_PX,
    SHAPE_PX,
    PlainRow,
    WarningMark,
    row_margins,
)
from viewer.widgets.training.architecture_edits import NONE, TableEdits
from viewer.widgets.training.architecture_keys import TableKeys
from viewer.widgets.training.architecture_row import LayerRowView
from viewer.widgets.training.architecture_tools import ArchitectureTools

if TYPE_CHECKING:
    from viewer.core.nets.table import TableReport
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme

NO_ROWS = "No layers yet: add one, or start from a ready table"


class ArchitectureTable(QWidget):
    """Rows of layers that can be added, edited, moved and deleted, by mouse or keyboard.

    Below each row that is not possible stands why. Keys anywhere in the table: Insert adds,
    Ctrl+D duplicates, Alt+Up and Alt+Down move, Ctrl+Z and Ctrl+Shift+Z undo and redo. On a
    row: Up and Down walk, Delete deletes, Enter edits; Escape leaves an editor.

    Signals
    -------
    table_changed(object)
        Tuple of LayerRow, after an edit by a person; possible or not.
    preset_chosen(str)
        A table to start from is wanted; answer with `put_table`.
    load_requested()
        A table is to be read from a file; answer with `put_table`.
    save_requested(object)
        These rows, a tuple of LayerRow, are to be written to a file.
    """

    table_changed = pyqtSignal(object)
    preset_chosen = pyqtSignal(str)
    load_requested = pyqtSignal()
    save_requested = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._icons: IconSet | None = None
        self._edits = TableEdits()
        self._shape: tuple[int, int, int] = (1, 28, 28)
        self._classes = 10
        self._views: list[LayerRowView] = []
        self.tools = ArchitectureTools(self)
        self._area = QScrollArea(self)
        self._list = QWidget()
        self._input = PlainRow("input", "the image", self._list)
        self._flatten = PlainRow("flatten", "added by itself", self._list)
        self._output = PlainRow("output", "added by itself", self._list)
        self._hint = QLabel(NO_ROWS, self._list)
        self._mark = WarningMark(self)
        self._total = ElidedLabel("", self, size_pt=TextSize.BODY, bold=True)
        self._result = ElidedLabel("", self)
        self._keys = TableKeys(self._deeds(), self)
        self._settled = QTimer(self)  # runs out once the layout has its new places
        self._settled.setSingleShot(True)
        self._settled.setInterval(0)
        self._report = check_table((), self._shape, self._classes)
        self._flatten.setToolTip("Puts all values of the maps in one row, for dense layers.")
        self._output.setToolTip("A dense layer with one unit for each class.")
        self._build_layout()
        self._connect_signals()
        self.set_theme(LIGHT)
        self._refresh()

    def _build_layout(self) -> None:
        self._hint.setObjectName("muted")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setWordWrap(True)
        self._hint.setMargin(2 * GRID_PX)
        self._list.setObjectName("dock_page")
        self._list.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._rows = QVBoxLayout(self._list)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(0)
        for part in (self._input, self._hint, self._flatten, self._output):
            self._rows.addWidget(part)
        self._rows.addStretch(1)
        self._area.setWidget(self._list)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._header = self._build_header()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.tools)
        layout.addWidget(self._header)
        layout.addWidget(self._area, 1)
        layout.addWidget(self._build_footer())

    def _build_header(self) -> QWidget:
        header = QWidget(self)
        row = QHBoxLayout(header)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(COLUMN_GAP_PX)
        right = Qt.AlignmentFlag.AlignRight
        for text, width, side in (
            ("Layer", NAME_PX, Qt.AlignmentFlag.AlignLeft),
            ("Settings", 0, Qt.AlignmentFlag.AlignLeft),
            ("Output", SHAPE_PX, right),
            ("Parameters", PARAMETERS_PX, right),
        ):
            label = QLabel(text, header)
            label.setFont(text_font(TextSize.SMALL))
            label.setObjectName("muted")
            label.setAlignment(side)
            if width:
                label.setFixedWidth(width)
            row.addWidget(label, 0 if width else 1)
        return header

    def _build_footer(self) -> QWidget:
        footer = QWidget(self)
        row = QHBoxLayout(footer)
        row.setContentsMargins(GRID_PX, GRID_PX, GRID_PX, GRID_PX)
        row.setSpacing(GRID_PX)
        row.addWidget(self._mark)
        row.addWidget(self._result, 1)
        row.addWidget(self._total)
        self._total.setSizePolicy(self._mark.sizePolicy())
        footer.setMinimumHeight(4 * GRID_PX)
        return footer

    def _connect_signals(self) -> None:
        self._list.installEventFilter(self)
        self._settled.timeout.connect(self._scroll_to_current)
        tools, edits = self.tools, self._edits
        tools.kind_chosen.connect(lambda kind: self._edit(lambda: edits.insert(LayerRow(kind))))
        tools.duplicate_clicked.connect(lambda: self._edit(edits.duplicate))
        tools.delete_clicked.connect(lambda: self._edit(edits.delete))
        tools.move_clicked.connect(lambda places: self._edit(lambda: edits.move(places)))
        tools.undo_clicked.connect(lambda: self._edit(edits.undo))
        tools.redo_clicked.connect(lambda: self._edit(edits.redo))
        tools.preset_chosen.connect(self.preset_chosen)
        tools.load_clicked.connect(self.load_requested)
        tools.save_clicked.connect(lambda: self.save_requested.emit(self.table()))

    def _deeds(self) -> dict[str, Callable[[], None]]:
        edits = self._edits
        return {
            "add": self.tools.open_kinds,
            "duplicate": lambda: self._edit(edits.duplicate),
            "delete": lambda: self._edit(edits.delete),
            "move_up": lambda: self._edit(lambda: edits.move(-1)),
            "move_down": lambda: self._edit(lambda: edits.move(1)),
            "undo": lambda: self._edit(edits.undo),
            "redo": lambda: self._edit(edits.redo),
            "previous": lambda: self.choose_row(max(edits.current - 1, 0)),
            "next": lambda: self.choose_row(edits.current + 1),
            "edit": lambda: self._views[edits.current].focus_editor(),
            "leave": lambda: self._views[edits.current].setFocus(),
        }

    def set_table(self, rows: Sequence[LayerRow]) -> None:
        """Show other rows, and forget the edits so far."""
        self._edits.reset(tuple(rows))
        self._refresh()

    def put_table(self, rows: Sequence[LayerRow]) -> None:
        """Replace the rows as an edit: it can be undone, and is reported as changed."""
        self._edit(lambda: self._edits.replace(tuple(rows)))

    def table(self) -> tuple[LayerRow, ...]:
        """Return the rows as they are, possible or not."""
        return self._edits.rows

    def report(self) -> TableReport:
        """Return what the table comes to for the input in force."""
        return self._report

    def set_input(self, shape: tuple[int, int, int], classes: int) -> None:
        """Take the shape (C, H, W) of the images and the number of classes."""
        self._shape, self._classes = shape, classes
        self._refresh()

    def set_presets(self, names: Sequence[str]) -> None:
        """Offer these tables to start from."""
        self.tools.set_presets(names)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        for plain in (self._input, self._flatten, self._output):
            plain.set_theme(theme)
        for view in self._views:
            view.set_theme(theme)
        self._mark.set_theme(theme)
        self._total.set_color(theme.color("text"))
        self._show_total()
        if self._icons is not None:
            self.set_icons(self._icons)

    def set_icons(self, icons: IconSet) -> None:
        """Use icons of `icons` on the buttons, text until then."""
        self._icons = icons
        self.tools.set_icons(icons, self._theme)

    def choose_row(self, index: int) -> None:
        """Make a row the current one and give it the keyboard."""
        self._edits.choose(index)
        self._show_current()
        if self._edits.current != NONE:
            view = self._views[self._edits.current]
            if not view.isAncestorOf(QApplication.focusWidget()):
                view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _edit(self, change: Callable[[], None]) -> None:
        """Make a change, show it, and say so."""
        before = self._edits.rows
        in_table = self._has_keyboard()
        change()
        if self._edits.rows == before:
            return
        self._refresh()
        if in_table and self._edits.current != NONE:
            view = self._views[self._edits.current]
            if not view.isAncestorOf(QApplication.focusWidget()):
                view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.table_changed.emit(self._edits.rows)

    def _has_keyboard(self) -> bool:
        return self._list.isAncestorOf(QApplication.focusWidget())

    def _refresh(self) -> None:
        rows = self._edits.rows
        self._report = check_table(rows, self._shape, self._classes)
        self._match_views(rows)
        for view, row, report in zip(self._views, rows, self._report.rows, strict=True):
            view.set_row(row, report)
        self._place_flatten()
        self._hint.setVisible(not rows)
        self._input.set_shape(self._shape)
        self._flatten.set_report(self._report.flatten)
        self._output.set_report(self._report.output)
        self._show_current()
        self._show_total()

    def _match_views(self, rows: Sequence[LayerRow]) -> None:
        """Make a widget for each row; those of the rows around a change are left alone."""
        old, new = [view.kind for view in self._views], [row.kind for row in rows]
        first = _common(old, new)
        last = _common(old[first:][::-1], new[first:][::-1])
        surplus = len(old) - len(new)
        place = len(old) - last  # behind what has changed
        for view in self._views[place - max(surplus, 0) : place]:
            self._rows.removeWidget(view)
            view.hide()
            view.deleteLater()
        del self._views[place - max(surplus, 0) : place]
        self._views[place:place] = [self._new_view() for _ in range(-surplus)]

    def _new_view(self) -> LayerRowView:
        view = LayerRowView(self._list)
        view.set_theme(self._theme)
        view.set_key_filter(self._keys)
        view.chosen.connect(lambda: self._on_row_chosen(self._views.index(view)))
        view.value_edited.connect(
            lambda name, value: self._edit(
                lambda: self._edits.set_value(self._views.index(view), name, value)
            )
        )
        return view

    def _place_flatten(self) -> None:
        """Order the layout: input, rows with flatten among them, output."""
        order: list[QWidget] = [self._input, self._hint, *self._views]
        order.insert(2 + self._report.flatten_at, self._flatten)
        order.append(self._output)
        for place, part in enumerate(order):
            if self._rows.indexOf(part) != place:
                self._rows.insertWidget(place, part)
            part.setVisible(part is not self._hint or not self._views)
        chain = [part for view in self._views for part in view.focus_chain()]
        for before, after in pairwise(chain):
            QWidget.setTabOrder(before, after)

    def _show_current(self) -> None:
        current = self._edits.current
        for index, view in enumerate(self._views):
            view.set_selected(index == current)
        self.tools.set_state(
            current=current,
            count=len(self._views),
            full=self._edits.is_full,
            undo=self._edits.can_undo,
            redo=self._edits.can_redo,
        )
        if current != NONE:
            self._settled.start()

    def _scroll_to_current(self) -> None:
        if 0 <= self._edits.current < len(self._views):
            self._area.ensureWidgetVisible(self._views[self._edits.current], 0, GRID_PX)

    def _show_total(self) -> None:
        report = self._report
        bad = sum(bool(row.problem) for row in (*report.rows, report.output))
        self._mark.setVisible(bool(bad))
        if bad:
            noun = "1 layer is" if bad == 1 else f"{bad} layers are"
            self._result.set_text(f"{noun} not possible: correct what is marked")
        else:
            self._result.set_text(f"{self._classes} classes")
        self._result.set_color(self._theme.color("warning" if bad else "text_muted"))
        self._total.set_text(f"{report.parameters:,} parameters")
        self._total.setFixedWidth(self._total.sizeHint().width())

    def _on_row_chosen(self, index: int) -> None:
        if index != self._edits.current:
            self._edits.choose(index)
            self._show_current()

    @override
    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        if a1 is not None and a1.type() == QEvent.Type.Resize:  # of what the rows lie in
            left, top, right, bottom = row_margins()
            bar = self._area.width() - self._list.width()  # a scroll bar, or nothing
            self._header.setContentsMargins(left, top, right + bar, bottom)
        return super().eventFilter(a0, a1)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many items two sequences have in common at their start."""
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
