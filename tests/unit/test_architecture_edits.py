import pytest

from viewer.core.nets.table_rows import (
    ACTIVATION,
    AVERAGE_POOLING,
    CONVOLUTION,
    DENSE,
    MAX_POOLING,
    MAX_ROWS,
    LayerRow,
)
from viewer.widgets.training.architecture_edits import MAX_UNDO, NONE, TableEdits

CONV, RELU, POOL, DENSE_ROW = (
    LayerRow(kind) for kind in (CONVOLUTION, ACTIVATION, MAX_POOLING, DENSE)
)


@pytest.fixture
def edits() -> TableEdits:
    edits = TableEdits()
    edits.reset((CONV, RELU, POOL))
    return edits


def test_a_row_goes_behind_the_current_one(edits: TableEdits) -> None:
    edits.choose(0)
    edits.insert(DENSE_ROW)
    assert edits.rows == (CONV, DENSE_ROW, RELU, POOL)
    assert edits.current == 1


def test_a_row_goes_to_the_end_without_a_current_one(edits: TableEdits) -> None:
    edits.insert(DENSE_ROW)
    assert edits.rows == (CONV, RELU, POOL, DENSE_ROW)


def test_duplicate_move_delete(edits: TableEdits) -> None:
    edits.choose(1)
    edits.duplicate()
    assert (edits.rows, edits.current) == ((CONV, RELU, RELU, POOL), 2)
    edits.move(1)
    assert (edits.rows, edits.current) == ((CONV, RELU, POOL, RELU), 3)
    edits.move(1)  # it is the last
    assert edits.current == 3
    edits.move(-1)
    edits.delete()
    assert (edits.rows, edits.current) == ((CONV, RELU, POOL), 2)
    edits.delete()
    assert (edits.rows, edits.current) == ((CONV, RELU), 1)


def test_nothing_is_done_to_no_row(edits: TableEdits) -> None:
    edits.duplicate()
    edits.delete()
    edits.move(-1)
    assert edits.rows == (CONV, RELU, POOL)
    assert not edits.can_undo


def test_undo_and_redo_go_all_the_way(edits: TableEdits) -> None:
    edits.choose(0)
    states = [edits.rows]
    for change in (edits.duplicate, edits.delete, lambda: edits.move(-1), edits.delete):
        change()
        states.append(edits.rows)
    for rows in reversed(states[:-1]):
        edits.undo()
        assert edits.rows == rows
    assert not edits.can_undo
    for rows in states[1:]:
        edits.redo()
        assert edits.rows == rows
    assert not edits.can_redo
    edits.undo()
    edits.insert(POOL)
    assert not edits.can_redo


def test_turning_one_number_is_one_edit(edits: TableEdits) -> None:
    for filters in (17, 18, 19):
        edits.set_value(0, "filters", filters)
    edits.set_value(0, "stride", 2)
    edits.undo()
    assert edits.rows[0].values["filters"] == 19
    edits.undo()
    assert edits.rows == (CONV, RELU, POOL)


def test_padding_that_keeps_the_size_goes_on_doing_so(edits: TableEdits) -> None:
    edits.set_value(0, "kernel_size", 7)
    assert edits.rows[0].values["padding"] == 3
    edits.set_value(0, "padding", 0)
    edits.set_value(0, "kernel_size", 3)
    assert edits.rows[0].values["padding"] == 0


@pytest.mark.parametrize("kind", [MAX_POOLING, AVERAGE_POOLING])
def test_squares_that_lie_side_by_side_go_on_doing_so(kind: str) -> None:
    edits = TableEdits()
    edits.reset((LayerRow(kind),))
    edits.set_value(0, "kernel_size", 3)
    assert edits.rows[0].values["stride"] == 3
    edits.set_value(0, "kernel_size", 31)
    assert edits.rows[0].values["stride"] == 16  # as far as it goes
    edits.set_value(0, "kernel_size", 4)
    assert edits.rows[0].values["stride"] == 16


def test_what_is_kept_is_bounded(edits: TableEdits) -> None:
    for _ in range(2 * MAX_ROWS):
        edits.insert(RELU)
    assert edits.is_full
    assert len(edits.rows) == MAX_ROWS
    edits.choose(0)
    for number in range(MAX_UNDO + 50):
        edits.choose(0)
        edits.set_value(0, "filters", 20 + number)
    count = 0
    while edits.can_undo:
        edits.undo()
        count += 1
    assert count == MAX_UNDO


def test_other_rows_can_be_undone_or_not(edits: TableEdits) -> None:
    edits.replace((DENSE_ROW,))
    assert edits.current == NONE
    edits.undo()
    assert edits.rows == (CONV, RELU, POOL)
    edits.reset((DENSE_ROW,))
    assert not edits.can_undo
    assert not edits.can_redo
