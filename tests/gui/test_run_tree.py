from collections.abc import Iterator
from typing import Any

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QIcon, QKeySequence
from PyQt6.QtTest import QTest as _QTest
from PyQt6.QtWidgets import QLineEdit, QStyleOptionViewItem, QWidget
from pytestqt.qtbot import QtBot

from viewer.widgets.plot_style import run_color
from viewer.widgets.style import Appearance
from viewer.widgets.theme import Theme
from viewer.widgets.training.run_tree import RunRow, RunTree
from viewer.widgets.training.run_tree_marks import SWATCH_PX
from viewer.widgets.training.run_tree_rows import created_text, in_order, row_texts, size_text

QTest: Any = _QTest  # its stubs give its static methods a `self`

ROWS = (
    RunRow("b", "branch", "a", 1234, "running", 2200, 9380, color_index=1),
    RunRow("a", "Run 1", None, None, "finished", 4690, 4690, 0.9891,
           "2025-05-03T10:15:00", 14_200_000),
    RunRow("c", "mlp", None, None, "paused", 300, 4690),
)  # fmt: skip


@pytest.fixture
def runs(qtbot: QtBot, appearance: Appearance) -> Iterator[RunTree]:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(900, 240)
    widget = RunTree(window)
    widget.resize(900, 240)
    with qtbot.waitExposed(window):
        window.show()
    yield widget


def _asked(runs: RunTree) -> list[tuple[object, ...]]:
    asked: list[tuple[object, ...]] = []
    for name in ("run_chosen", "resume_requested", "branch_requested", "rename_requested",
                 "reveal_requested", "delete_requested", "overlay_changed"):  # fmt: skip
        getattr(runs, name).connect(lambda *args, name=name: asked.append((name, *args)))
    return asked


def test_texts() -> None:
    assert row_texts(ROWS[1]) == (
        "", "Finished", "4,690", "98.91 %", "2025-05-03 10:15", "14.2 MB",
    )  # fmt: skip
    assert row_texts(ROWS[0])[:4] == ("step 1,234", "Running", "2,200 of 9,380", "")
    assert [size_text(n) for n in (0, 999, 1500, 512_000_000)] == [
        "0 B",
        "999 B",
        "1.5 kB",
        "512 MB",
    ]
    assert created_text("yesterday") == "yesterday"


def test_order_survives_missing_parents_and_circles() -> None:
    ordered = in_order((RunRow("x", "x", "y"), RunRow("y", "y", "x"), RunRow("z", "z", "gone")))
    assert [(row.id, row.parent_id) for row in ordered] == [("z", None), ("x", None), ("y", "x")]


def test_branches_stand_below_their_run(runs: RunTree) -> None:
    assert runs.empty_text() is not None
    runs.set_runs(ROWS)
    assert runs.empty_text() is None
    names = [runs.tree.topLevelItem(i) for i in range(runs.tree.topLevelItemCount())]
    assert [item.text(0) for item in names if item is not None] == ["Run 1", "mlp"]
    first = names[0]
    assert first is not None and first.isExpanded()
    child = first.child(0)
    assert child is not None and child.text(0) == "branch" and child.text(1) == "step 1,234"


def test_selection_and_closed_branches_stay(runs: RunTree) -> None:
    runs.set_runs(ROWS)
    runs.select("c")
    parent = runs.tree.topLevelItem(0)
    assert parent is not None
    parent.setExpanded(False)
    runs.set_runs((*ROWS, RunRow("d", "new", "c", 7)))
    assert runs.selected() == "c"
    parent = runs.tree.topLevelItem(0)
    assert parent is not None and not parent.isExpanded()
    runs.set_runs((ROWS[1]._replace(step=5),))
    assert runs.selected() is None or runs.selected() == "a"


def test_keys_ask_for_the_selected_run(runs: RunTree) -> None:
    runs.set_runs(ROWS)
    runs.tree.setFocus()
    asked = _asked(runs)
    runs.select("c")
    for key in ("open", "resume", "branch", "reveal", "delete"):
        runs.actions_of_run[key].trigger()
    assert asked == [
        ("run_chosen", "c"),
        ("resume_requested", "c"),
        ("branch_requested", "c"),
        ("reveal_requested", "c"),
        ("delete_requested", "c"),
    ]


def test_what_makes_no_sense_is_off(runs: RunTree) -> None:
    runs.set_runs(ROWS)
    runs.select(None)
    assert not any(action.isEnabled() for action in runs.actions_of_run.values())
    enabled = {}
    for run in "abc":
        runs.select(run)
        actions = runs.actions_of_run
        enabled[run] = (actions["resume"].isEnabled(), actions["delete"].isEnabled())
    assert enabled == {"a": (False, True), "b": (False, False), "c": (True, True)}


def test_rename_in_place_asks_and_keeps_the_old_name(qtbot: QtBot, runs: RunTree) -> None:
    runs.set_runs(ROWS)
    runs.select("c")
    asked = _asked(runs)
    runs.edit_name()
    editor = runs.tree.findChild(QLineEdit)
    assert editor is not None
    editor.setText("  dense  ")
    runs.set_runs((ROWS[1], ROWS[2]))  # another run went away meanwhile: typing goes on
    assert runs.tree.findChild(QLineEdit) is editor
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: asked == [("rename_requested", "c", "dense")])
    qtbot.waitUntil(lambda: runs.overlaid() == frozenset() and len(runs._items) == 2)
    item = runs.tree.currentItem()
    assert item is not None and item.text(0) == "mlp"


def test_ticks_tell_whose_curves_are_shown(runs: RunTree) -> None:
    runs.set_runs((ROWS[0], ROWS[1]._replace(overlaid=True), ROWS[2]))
    asked = _asked(runs)
    assert runs.overlaid() == {"a"}
    item = runs.tree.topLevelItem(1)
    assert item is not None
    item.setCheckState(0, Qt.CheckState.Checked)
    assert asked == [("overlay_changed", frozenset({"a", "c"}))]
    runs.set_runs(ROWS)  # from outside: no echo
    assert len(asked) == 1 and runs.overlaid() == frozenset()


def test_a_name_is_shown_as_it_is_not_as_html(runs: RunTree) -> None:
    runs.set_runs((RunRow("x", "a <b>bold</b> & brave one"),))
    item = runs.tree.topLevelItem(0)
    assert item is not None
    assert "a &lt;b&gt;bold&lt;/b&gt; &amp; brave one" in item.toolTip(0)


def test_menu(runs: RunTree) -> None:
    runs.set_runs(ROWS)
    runs.select("b")
    enabled = {action.text(): action.isEnabled() for action in runs.menu().actions()}
    assert enabled["Open"] and not enabled["Delete…"]


def test_names_keep_their_room_in_a_narrow_window(runs: RunTree) -> None:
    runs.set_runs(ROWS)
    assert runs.tree.columnWidth(0) > 150
    runs.resize(600, 240)
    assert runs.tree.isColumnHidden(5) and runs.tree.isColumnHidden(6)
    assert runs.tree.columnWidth(0) > 80


@pytest.mark.parametrize(
    ("run_id", "key", "words"),
    [
        ("a", "Ctrl+R", "has done all of its 4,690 steps"),
        ("b", "Ctrl+R", "is being trained already"),
        ("b", "Delete", "stop that training first"),
    ],
)
def test_a_key_for_what_can_not_be_done_says_why(
    qtbot: QtBot, runs: RunTree, run_id: str, key: str, words: str
) -> None:
    runs.set_runs(ROWS)
    runs.select(run_id)
    runs.tree.setFocus()
    asked = _asked(runs)
    refused: list[str] = []
    runs.refused.connect(refused.append)
    combination = QKeySequence(key)[0]
    QTest.keyClick(runs.tree, combination.key(), combination.keyboardModifiers())

    assert asked == []
    (sentence,) = refused
    assert words in sentence and sentence.endswith(".")
    action = runs.actions_of_run["resume" if key == "Ctrl+R" else "delete"]
    assert action.toolTip() == sentence and not action.isEnabled()


def test_a_key_for_what_can_be_done_is_not_refused(runs: RunTree) -> None:
    runs.set_runs(ROWS)
    runs.select("c")
    runs.tree.setFocus()
    asked = _asked(runs)
    refused: list[str] = []
    runs.refused.connect(refused.append)
    QTest.keyClick(runs.tree, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)

    assert asked == [("resume_requested", "c")]
    assert refused == []


def test_a_ticked_box_holds_a_mark_and_no_filled_square(runs: RunTree, theme: Theme) -> None:
    runs.set_theme(theme)
    runs.set_runs((ROWS[2], ROWS[2]._replace(id="d", overlaid=True)))
    picture = runs.tree.viewport().grab().toImage()  # type: ignore[union-attr]  # it has one

    def inked(run_id: str) -> float:
        option = QStyleOptionViewItem()
        runs.tree.initViewItemOption(option)
        index = runs.tree.indexFromItem(runs._items[run_id])
        option.rect = runs.tree.visualRect(index)
        box = runs._marks._box(option, index).adjusted(2, 2, -2, -2)
        places = [(x, y) for x in range(box.left(), box.right() + 1)
                  for y in range(box.top(), box.bottom() + 1)]  # fmt: skip
        surface = theme.color("surface").lightness()
        far = [p for p in places if abs(picture.pixelColor(*p).lightness() - surface) > 60]
        return len(far) / len(places)

    assert inked("c") == 0.0
    assert 0.1 < inked("d") < 0.6


def test_the_colour_of_a_curve_is_read_in_the_selected_row(runs: RunTree, theme: Theme) -> None:
    runs.set_theme(theme)
    runs.set_runs(ROWS)
    icon = runs._items["c"].icon(0)
    line = run_color(ROWS[2].color_index, theme)
    for mode, ground in ((QIcon.Mode.Normal, None), (QIcon.Mode.Selected, theme.color("surface"))):
        picture = icon.pixmap(SWATCH_PX, mode).toImage()
        assert picture.pixelColor(SWATCH_PX // 2, SWATCH_PX // 2) == line
        for y in (0, SWATCH_PX - 1):
            around = picture.pixelColor(SWATCH_PX // 2, y)
            assert around.alpha() == 0 if ground is None else around == ground
