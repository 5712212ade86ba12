import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QAction, QKeySequence, QWheelEvent
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import QApplication, QComboBox, QMenu, QPushButton, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from viewer.core.nets.table_presets import TABLE_PRESETS
from viewer.core.nets.table_rows import (
    ACTIVATION,
    CONVOLUTION,
    DENSE,
    MAX_POOLING,
    ROW_KINDS,
    LayerRow,
)
from viewer.widgets.icons import IconSet
from viewer.widgets.style import Appearance
from viewer.widgets.table_dialog import TableDialog
from viewer.widgets.theme import Theme
from viewer.widgets.training.architecture_row import LayerRowView
from viewer.widgets.training.architecture_table import ArchitectureTable

QTest: Any = _QTest  # its stubs give its static methods a `self`

CONV, RELU, POOL, DENSE_ROW = (
    LayerRow(kind) for kind in (CONVOLUTION, ACTIVATION, MAX_POOLING, DENSE)
)
ROWS = (CONV, RELU, POOL, DENSE_ROW)


@pytest.fixture
def table(qtbot: QtBot, appearance: Appearance) -> Iterator[ArchitectureTable]:
    window = QWidget()
    qtbot.addWidget(window)
    table = ArchitectureTable(window)
    table.resize(480, 560)
    window.resize(480, 560)
    table.set_table(ROWS)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    yield table
    window.hide()


def spin(table: ArchitectureTable, row: int, name: str) -> QSpinBox:
    editor = table._views[row].editor(name)
    assert isinstance(editor, QSpinBox)
    return editor


def kinds(table: ArchitectureTable) -> list[str]:
    return [row.kind for row in table.table()]


def test_programmatic_updates_are_silent(qtbot: QtBot, table: ArchitectureTable) -> None:
    with qtbot.assertNotEmitted(table.table_changed):
        table.set_table((POOL, CONV))
        table.set_input((3, 32, 32), 5)
    assert table.table() == (POOL, CONV)
    assert table.report().output.shape == (5,)


def test_a_number_is_edited_in_place(qtbot: QtBot, table: ArchitectureTable) -> None:
    with qtbot.waitSignal(table.table_changed) as caught:
        spin(table, 0, "filters").setValue(24)
    assert caught.args == [(CONV.with_value("filters", 24), RELU, POOL, DENSE_ROW)]
    assert table.report().rows[0].shape == (24, 28, 28)


def test_a_number_counts_once_it_is_typed_to_its_end(
    qtbot: QtBot, table: ArchitectureTable
) -> None:
    box = spin(table, 3, "units")
    box.setFocus()
    box.selectAll()
    with qtbot.assertNotEmitted(table.table_changed):
        QTest.keyClicks(box, "128")
    with qtbot.waitSignal(table.table_changed):
        QTest.keyClick(box, Qt.Key.Key_Return)
    assert table.table()[3].values["units"] == 128


def test_a_function_is_chosen_from_a_list(qtbot: QtBot, table: ArchitectureTable) -> None:
    combo = table._views[1].editor("function")
    assert isinstance(combo, QComboBox)
    assert combo.currentText() == "ReLU"
    combo.setFocus()
    with qtbot.waitSignal(table.table_changed):
        QTest.keyClick(combo, Qt.Key.Key_Down)
    assert table.table()[1].values["function"] == "leaky_relu"
    assert table._views[1].accessibleName() == "leaky_relu1, Activation"


def test_an_impossible_row_says_why_at_once(table: ArchitectureTable) -> None:
    assert table._views[2].problem() == ""
    spin(table, 2, "kernel_size").setValue(29)
    assert "29 × 29, is larger than its input, 28 × 28" in table._views[2].problem()
    assert not table.report().ok
    spin(table, 2, "kernel_size").setValue(28)
    assert table._views[2].problem() == ""
    table.set_input((1, 8, 8), 10)
    assert "larger" in table._views[2].problem()


def test_buttons_edit_the_current_row(table: ArchitectureTable) -> None:
    buttons = table.tools.buttons
    assert not buttons["delete"].isEnabled()
    QTest.mouseClick(table._views[1], Qt.MouseButton.LeftButton, pos=QPoint(20, 10))
    assert buttons["delete"].isEnabled()
    buttons["down"].click()
    assert table.table() == (CONV, POOL, RELU, DENSE_ROW)
    buttons["duplicate"].click()
    assert table.table() == (CONV, POOL, RELU, RELU, DENSE_ROW)
    buttons["delete"].click()
    buttons["up"].click()
    for _ in range(4):
        assert buttons["undo"].isEnabled()
        buttons["undo"].click()
    assert not buttons["undo"].isEnabled()
    assert table.table() == ROWS
    buttons["redo"].click()
    assert table.table() == (CONV, POOL, RELU, DENSE_ROW)


def test_a_menu_adds_each_kind(table: ArchitectureTable) -> None:
    table.set_table(())
    menu = table.tools.add_button.menu()
    assert isinstance(menu, QMenu)
    for action in menu.actions():
        action.trigger()
    assert kinds(table) == list(ROW_KINDS)


def test_keys_on_rows(qtbot: QtBot, table: ArchitectureTable) -> None:
    table.choose_row(0)
    qtbot.waitUntil(lambda: table._views[0].hasFocus())
    QTest.keyClick(table._views[0], Qt.Key.Key_Down)
    assert table._views[1].hasFocus()
    QTest.keyClick(table._views[1], Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert kinds(table) == [CONVOLUTION, MAX_POOLING, ACTIVATION, DENSE]
    assert table._views[2].hasFocus()
    QTest.keyClick(table._views[2], Qt.Key.Key_Delete)
    assert kinds(table) == [CONVOLUTION, MAX_POOLING, DENSE]
    QTest.keyClick(table._views[2], Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert kinds(table) == [CONVOLUTION, MAX_POOLING, DENSE, DENSE]
    for _ in range(3):
        QTest.keyClick(
            QApplication.focusWidget(), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier
        )
    assert table.table() == ROWS


def test_keys_into_an_editor_and_out(qtbot: QtBot, table: ArchitectureTable) -> None:
    table.choose_row(3)
    qtbot.waitUntil(lambda: table._views[3].hasFocus())
    QTest.keyClick(table._views[3], Qt.Key.Key_Return)
    box = spin(table, 3, "units")
    assert box.hasFocus()
    QTest.keyClick(box, Qt.Key.Key_Up)
    assert table.table()[3].values["units"] == 65
    QTest.keyClick(box, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert kinds(table)[2] == DENSE
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert table._views[2].hasFocus()


def test_undo_here_is_not_the_windows(qtbot: QtBot, table: ArchitectureTable) -> None:
    window = table.window()
    assert window is not None
    action = QAction(window)
    action.setShortcut(QKeySequence("Ctrl+Z"))
    window.addAction(action)
    spin(table, 0, "filters").setValue(30)
    spin(table, 0, "filters").setFocus()
    with qtbot.assertNotEmitted(action.triggered):
        QTest.keyClick(spin(table, 0, "filters"), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert table.table() == ROWS


def test_tab_goes_through_editors_in_order(qtbot: QtBot, table: ArchitectureTable) -> None:
    table.choose_row(1)
    table.tools.kind_chosen.emit(CONVOLUTION)  # the new editors are the youngest widgets
    view = table._views[2]
    qtbot.waitUntil(view.hasFocus)
    order = [view.editor(name) for name in ("filters", "kernel_size", "stride", "padding")]
    for editor in (*order, table._views[3]):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        assert editor.hasFocus()


def test_the_wheel_scrolls_and_changes_nothing(table: ArchitectureTable) -> None:
    box = spin(table, 0, "filters")
    event = QWheelEvent(
        QPointF(5, 5),
        QPointF(box.mapToGlobal(QPoint(5, 5))),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(box, event)
    assert table.table() == ROWS


def test_ready_tables_and_files_are_requests(qtbot: QtBot, table: ArchitectureTable) -> None:
    table.set_presets(list(TABLE_PRESETS))
    menu = table.tools.start_button.menu()
    assert isinstance(menu, QMenu)
    with qtbot.waitSignal(table.preset_chosen) as caught:
        menu.actions()[2].trigger()
    assert caught.args == ["As LeNet-5"]
    with qtbot.waitSignal(table.load_requested):
        table.tools.buttons["load"].click()
    with qtbot.waitSignal(table.save_requested) as caught:
        table.tools.buttons["save"].click()
    assert caught.args == [ROWS]
    with qtbot.waitSignal(table.table_changed):
        table.put_table(TABLE_PRESETS["As LeNet-5"])
    table.tools.buttons["undo"].click()
    assert table.table() == ROWS


def test_a_number_out_of_range_from_a_file_is_shown_as_it_is(table: ArchitectureTable) -> None:
    table.set_table((CONV.with_value("kernel_size", 0),))
    assert spin(table, 0, "kernel_size").value() == 0
    assert "from 1 to 31, not 0" in table._views[0].problem()


@pytest.mark.parametrize("width", [480, 560, 700])
def test_nothing_is_wider_than_the_table(
    qtbot: QtBot, table: ArchitectureTable, theme: Theme, width: int
) -> None:
    table.set_icons(IconSet())
    table.set_theme(theme)
    table.set_presets(list(TABLE_PRESETS))
    table.set_table((*TABLE_PRESETS["As digits"], CONV.with_value("filters", 1024)))
    table.resize(width, 400)
    holder = table._views[0].parentWidget()
    assert holder is not None
    viewport = holder.parentWidget()
    assert viewport is not None
    qtbot.waitUntil(lambda: holder.width() == viewport.width())
    assert table.minimumSizeHint().width() <= width
    for view in table.findChildren(LayerRowView):
        assert view.minimumSizeHint().width() <= viewport.width()


def test_rows_stand_in_their_order_after_any_edits(table: ArchitectureTable) -> None:
    rng = random.Random(3)
    tools = table.tools
    for _ in range(120):
        if table.table():
            table.choose_row(rng.randrange(len(table.table())))
        deeds: list[Callable[[], object]] = [
            lambda: tools.kind_chosen.emit(rng.choice(list(ROW_KINDS))),
            lambda: tools.delete_clicked.emit(),
            lambda: tools.duplicate_clicked.emit(),
            lambda: tools.move_clicked.emit(rng.choice([-1, 1])),
            lambda: tools.undo_clicked.emit(),
            lambda: tools.redo_clicked.emit(),
        ]
        rng.choice(deeds)()
        holder = table.findChild(QWidget, "dock_page")
        assert holder is not None
        layout = holder.layout()
        assert layout is not None
        items = [layout.itemAt(index) for index in range(layout.count())]
        widgets = [item.widget() for item in items if item is not None]
        shown = [w for w in widgets if isinstance(w, LayerRowView)]
        assert shown == [table._views[i] for i in range(len(table.table()))]
        for view, row, report in zip(shown, table.table(), table.report().rows, strict=True):
            assert view.kind == row.kind
            assert view.accessibleName().startswith(f"{report.name},")
        flatten = [type(w).__name__ for w in widgets if w is not None].index("PlainRow", 1)
        assert flatten == 2 + table.report().flatten_at  # behind the input and the hint


def test_a_number_out_of_range_is_taken_and_the_row_says_the_bound(
    table: ArchitectureTable,
) -> None:
    editor = spin(table, 0, "kernel_size")
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, "40")
    QTest.keyClick(editor, Qt.Key.Key_Return)

    assert table.table()[0].values["kernel_size"] == 40
    high = next(f for f in ROW_KINDS[CONVOLUTION].fields if f.name == "kernel_size").high
    assert f"from 1 to {high:g}" in table._views[0].problem()
    assert not table.report().ok
    QTest.keyClick(editor, Qt.Key.Key_Down)  # the arrows lead back to what is possible
    assert table.table()[0].values["kernel_size"] == high
    QTest.keyClick(editor, Qt.Key.Key_Up)
    assert table.table()[0].values["kernel_size"] == high


def test_the_buttons_of_the_window_around_it_alarm_nobody(
    qtbot: QtBot, appearance: Appearance
) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    dialog = TableDialog(window)
    buttons = {b.text().replace("&", ""): b for b in dialog.findChildren(QPushButton)}
    assert {"Use", "Cancel"} <= buttons.keys()
    assert buttons["Cancel"].icon().isNull()
