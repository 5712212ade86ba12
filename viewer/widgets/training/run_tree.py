"""The family of training runs: branches below the run that they came from."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QObject, QPoint, QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import (
    QAction,
    QIcon,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
)
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QMenu,
    QStackedWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.widgets.overrides import override
from viewer.widgets.plot_style import run_color
from viewer.widgets.theme import GRID_PX, LIGHT, TextSize, text_font
from viewer.widgets.training.run_tree_marks import CheckMarks, also_selected, swatch
from viewer.widgets.training.run_tree_rows import STATUS_ICONS, RunRow, in_order, refusal, row_texts

if TYPE_CHECKING:
    from viewer.widgets.icons import IconSet
    from viewer.widgets.theme import Theme

__all__ = ["RunRow", "RunTree"]

EMPTY_TEXT = "No runs yet: start a training, and it is kept here"
TIP = (
    "<p><b>{name}</b><br>Tick to show its curves<br>Double-click to open it<br>"
    "Right-click to resume, branch, rename or delete it</p>"
)
HEADERS = ("Run", "Branched at", "Status", "Steps", "Test accuracy", "Created", "Size")
NAME, BRANCH, STATUS, STEPS, ACCURACY, CREATED, SIZE = range(len(HEADERS))
NUMBERS = (BRANCH, STEPS, ACCURACY, SIZE)
WIDEST = (
    "",
    "step 00,000",
    "Diverged" + 6 * " ",
    "00,000 of 00,000",
    "00.00 %",
    "0000-00-00 00:00",
    "000 MB",
)
NARROW_PX = {CREATED: 860, SIZE: 640}  # narrower than that, a column gives way to the names
# Fusion's own boxes can't be seen in the dark, and its rows are too tight to be hit.
_RULES = """
QTreeView {{ background: {surface}; }}
QTreeView::item {{ padding: 3px 4px; }}
QTreeView::indicator {{ width: 13px; height: 13px; border: 1px solid {text_muted};
                        border-radius: 3px; background: {surface}; }}
QHeaderView::section {{ background: {surface}; color: {text_muted}; border: 0;
                        border-bottom: 1px solid {border}; padding: 2px 5px; }}
"""
ID_ROLE = Qt.ItemDataRole.UserRole
_EDITING = QAbstractItemView.State.EditingState


class RunTree(QWidget):
    """Runs as a tree, with everything that can be done to one; does none of it itself.

    Signals
    -------
    run_chosen(str)
        Open the run with this id.
    selection_changed(object)
        Id of the selected run, or None.
    resume_requested(str)
    branch_requested(str)
        From the step shown; to be set up first.
    rename_requested(str, str)
        Id and new name; the old one stays until `set_runs` brings the new one.
    reveal_requested(str)
        Show its folder in the file manager.
    delete_requested(str)
        To be confirmed first.
    overlay_changed(object)
        Frozen set of the ids whose curves are to be shown.
    refused(str)
        One sentence: a key was pressed for what can't be done to the selected run.
    """

    run_chosen = pyqtSignal(str)
    selection_changed = pyqtSignal(object)
    resume_requested = pyqtSignal(str)
    branch_requested = pyqtSignal(str)
    rename_requested = pyqtSignal(str, str)
    reveal_requested = pyqtSignal(str)
    delete_requested = pyqtSignal(str)
    overlay_changed = pyqtSignal(object)
    refused = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._icons: IconSet | None = None
        self._status_icons: dict[str, QIcon] = {}
        self._rows: dict[str, RunRow] = {}
        self._items: dict[str, QTreeWidgetItem] = {}
        self._waiting: tuple[RunRow, ...] | None = None
        self._marks = CheckMarks(self)
        self.tree = self._build_tree()
        self.actions_of_run = self._build_actions()
        empty = QLabel(EMPTY_TEXT, self)
        empty.setObjectName("muted")
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(empty)
        self._pages.addWidget(self.tree)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        self._connect_signals()
        self.set_theme(LIGHT)
        self._show_actions()

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        for column, width in NARROW_PX.items():
            self.tree.setColumnHidden(column, self.width() < width)

    @override
    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        if isinstance(a1, QKeyEvent) and self.tree.state() is not _EDITING:
            key = self._key_of(a1)
            if key is not None and a1.type() == QEvent.Type.ShortcutOverride:
                a1.accept()  # then it comes as a key, and is no shortcut of the window
                return True
            if key is not None and a1.type() == QEvent.Type.KeyPress:
                self._do(key)
                return True
        return super().eventFilter(a0, a1)

    def _key_of(self, event: QKeyEvent) -> str | None:
        """Return the action that a key means here; several of them mean others elsewhere."""
        pressed = QKeySequence(event.keyCombination())
        actions = self.actions_of_run.items()
        return next((key for key, action in actions if action.shortcut() == pressed), None)

    def _do(self, key: str) -> None:
        """Do what a key asks for, or say why it can't be done."""
        row = self._rows.get(self.selected() or "")
        reason = "" if row is None else refusal(row, key)
        if reason:
            self.refused.emit(reason)
        else:
            self.actions_of_run[key].trigger()  # nothing where it is disabled

    def _build_tree(self) -> QTreeWidget:
        tree = QTreeWidget(self)
        tree.setColumnCount(len(HEADERS))
        tree.setHeaderLabels(HEADERS)
        tree.setFont(text_font(TextSize.SMALL))
        tree.setFrameShape(QTreeWidget.Shape.NoFrame)
        tree.setUniformRowHeights(True)
        tree.setAllColumnsShowFocus(True)
        tree.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.setExpandsOnDoubleClick(False)
        tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        tree.setAccessibleName("Training runs")
        tree.setItemDelegate(self._marks)
        header = tree.header()
        assert header is not None
        header.setFont(text_font(TextSize.SMALL))
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(3 * GRID_PX)
        metrics = tree.fontMetrics()
        for column, (title, widest) in enumerate(zip(HEADERS, WIDEST, strict=True)):
            width = max(metrics.horizontalAdvance(title), metrics.horizontalAdvance(widest))
            if column != NAME:
                tree.setColumnWidth(column, width + 3 * GRID_PX)
            item = tree.headerItem()
            if column in NUMBERS and item is not None:
                right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                item.setTextAlignment(column, right)
        return tree

    def _build_actions(self) -> dict[str, QAction]:
        actions = {}
        for key, text, shortcut in (
            ("open", "Open", "Return"),
            ("resume", "Resume", "Ctrl+R"),
            ("branch", "Branch from here…", "Ctrl+B"),
            ("rename", "Rename", "F2"),
            ("reveal", "Show in the file manager", "Ctrl+E"),
            ("delete", "Delete…", "Delete"),
        ):
            action = QAction(text, self.tree)
            action.setShortcut(QKeySequence(shortcut))
            # Shown in the menu; the keys themselves are taken by the filter, or those that the
            # window has, too, would be ambiguous.
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            self.tree.addAction(action)
            actions[key] = action
        return actions

    def _connect_signals(self) -> None:
        for key, signal in (
            ("open", self.run_chosen),
            ("resume", self.resume_requested),
            ("branch", self.branch_requested),
            ("reveal", self.reveal_requested),
            ("delete", self.delete_requested),
        ):
            self.actions_of_run[key].triggered.connect(
                lambda _checked, signal=signal: self._emit(signal)
            )
        self.actions_of_run["rename"].triggered.connect(self.edit_name)
        self.tree.installEventFilter(self)
        self.tree.itemDoubleClicked.connect(lambda: self._emit(self.run_chosen))
        self.tree.itemChanged.connect(self._on_item_changed)
        self.tree.currentItemChanged.connect(self._on_current_changed)
        self.tree.customContextMenuRequested.connect(self._show_menu)
        self._marks.closeEditor.connect(self._on_editor_closed)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self._marks.set_theme(theme)
        self.tree.setStyleSheet(_RULES.format(**theme._asdict()))
        self._make_icons()

    def set_icons(self, icons: IconSet) -> None:
        """Use icons of `icons`."""
        self._icons = icons
        self._make_icons()

    def set_runs(self, rows: tuple[RunRow, ...]) -> None:
        """Show these runs; selection, open branches and a name being typed stay."""
        if self.tree.state() is _EDITING:
            self._waiting = rows
            return
        ordered = in_order(rows)
        family = [(row.id, row.parent_id) for row in ordered]
        with QSignalBlocker(self.tree):
            if family != [(row.id, row.parent_id) for row in self._rows.values()]:
                self._rebuild(ordered)
            self._rows = {row.id: row for row in ordered}
            for row in ordered:
                self._fill(self._items[row.id], row)
        self._pages.setCurrentIndex(int(bool(ordered)))
        self._show_actions()

    def selected(self) -> str | None:
        """Return the id of the selected run."""
        item = self.tree.currentItem()
        return None if item is None else str(item.data(NAME, ID_ROLE))

    def select(self, run_id: str | None) -> None:
        """Select a run."""
        item = self._items.get(run_id) if run_id is not None else None
        if item is None:
            self.tree.setCurrentItem(None)
        else:
            self.tree.setCurrentItem(item)

    def overlaid(self) -> frozenset[str]:
        """Return the ids of the runs whose curves are shown."""
        checked = Qt.CheckState.Checked
        return frozenset(i for i, item in self._items.items() if item.checkState(NAME) is checked)

    def edit_name(self) -> None:
        """Let the selected run's name be typed, in place."""
        item = self.tree.currentItem()
        if item is not None:
            self.tree.editItem(item, NAME)

    def empty_text(self) -> str | None:
        """Return what is said in place of runs; None while there are some."""
        return EMPTY_TEXT if self._pages.currentIndex() == 0 else None

    def _rebuild(self, rows: list[RunRow]) -> None:
        selected = self.selected()
        closed = {i for i, item in self._items.items() if not item.isExpanded()}
        parents = {row.parent_id for row in self._rows.values()}
        bar = self.tree.verticalScrollBar()
        scrolled = 0 if bar is None else bar.value()
        self.tree.clear()
        self._items = {}
        for row in rows:
            parent = self._items.get(row.parent_id) if row.parent_id is not None else None
            item = QTreeWidgetItem()
            item.setData(NAME, ID_ROLE, row.id)
            if parent is None:
                self.tree.addTopLevelItem(item)
            else:
                parent.addChild(item)
            self._items[row.id] = item
        for run_id, item in self._items.items():
            item.setExpanded(run_id not in closed or run_id not in parents)
        self.select(selected)
        if bar is not None:
            bar.setValue(scrolled)

    def _fill(self, item: QTreeWidgetItem, row: RunRow) -> None:
        item.setFlags(
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemIsUserCheckable
            | Qt.ItemFlag.ItemIsEditable
        )
        item.setText(NAME, row.name)
        # Escaped: a run may be called anything, and tooltips show what looks like HTML as HTML.
        item.setToolTip(NAME, TIP.format(name=escape(row.name)))
        state = Qt.CheckState.Checked if row.overlaid else Qt.CheckState.Unchecked
        item.setCheckState(NAME, state)
        item.setIcon(NAME, swatch(run_color(row.color_index, self._theme), self._theme))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for column, text in enumerate(row_texts(row), start=BRANCH):
            item.setText(column, text)
            if column in NUMBERS:
                item.setTextAlignment(column, right)
        item.setIcon(STATUS, self._status_icons.get(row.status, QIcon()))

    def _make_icons(self) -> None:
        if self._icons is not None:
            self._status_icons = {
                status: also_selected(self._icons.icon(name, self._theme), self._theme)
                for status, name in STATUS_ICONS.items()
            }
        with QSignalBlocker(self.tree):
            for run_id, row in self._rows.items():
                self._fill(self._items[run_id], row)

    def _emit(self, signal: object) -> None:
        run_id = self.selected()
        if run_id is not None:
            signal.emit(run_id)  # type: ignore[attr-defined]  # a bound signal has no class here

    def _on_item_changed(self, item: QTreeWidgetItem, column: int) -> None:
        row = self._rows.get(str(item.data(NAME, ID_ROLE)))
        if row is None or column != NAME:
            return
        ticked = item.checkState(NAME) is Qt.CheckState.Checked
        if ticked != row.overlaid:
            self._rows[row.id] = row._replace(overlaid=ticked)
            self.overlay_changed.emit(self.overlaid())
        name = item.text(NAME).strip()
        if name != row.name:
            with QSignalBlocker(self.tree):
                item.setText(NAME, row.name)
            if name:
                self.rename_requested.emit(row.id, name)

    def _on_editor_closed(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self.set_runs(waiting)

    def _on_current_changed(self) -> None:
        self._show_actions()
        self.selection_changed.emit(self.selected())

    def _show_actions(self) -> None:
        run_id = self.selected()
        row = None if run_id is None else self._rows.get(run_id)
        for key, action in self.actions_of_run.items():
            reason = "" if row is None else refusal(row, key)
            action.setEnabled(row is not None and not reason)
            action.setToolTip(reason)

    def _show_menu(self, place: QPoint) -> None:
        viewport = self.tree.viewport()
        if self.tree.itemAt(place) is not None and viewport is not None:
            self.menu().popup(viewport.mapToGlobal(place))

    def menu(self) -> QMenu:
        """Return a menu of what can be done to the selected run."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        menu.addActions(list(self.actions_of_run.values()))
        return menu
