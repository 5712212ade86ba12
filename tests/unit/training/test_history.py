"""The numbers of a run in memory: what was taken of them once stays as it was."""

from __future__ import annotations

import numpy as np
import pytest

from viewer.core.training.history import FIRST_ROOM, Columns, History, Mark


def filled(rows: int) -> Columns:
    columns = Columns(("step", "loss"))
    for step in range(1, rows + 1):
        columns.append(step, step / 10)
    return columns


def steps(columns: Columns) -> list[float]:
    return list(columns.column("step"))


@pytest.mark.parametrize("rows", [0, 3, FIRST_ROOM - 1, FIRST_ROOM])
def test_a_snapshot_stays_as_it_was_and_costs_no_copy(rows: int) -> None:
    columns = filled(rows)
    taken = columns.snapshot()
    assert not rows or np.shares_memory(taken.column("loss"), columns.column("loss"))
    columns.append(rows + 1, 7.0)
    columns.append(rows + 2, 8.0)
    assert steps(taken) == list(range(1, rows + 1))
    assert steps(columns) == list(range(1, rows + 3))


def test_steps_done_again_do_not_reach_a_snapshot() -> None:
    columns = filled(10)
    taken = columns.snapshot()
    columns.cut(4)
    columns.append(5, 99.0)
    assert taken.column("loss")[4] == 0.5
    assert columns.column("loss")[4] == 99.0
    columns.append(6, 98.0)
    assert steps(columns) == [1, 2, 3, 4, 5, 6]


def test_what_the_receiver_adds_to_a_snapshot_does_not_reach_the_reader() -> None:
    columns = filled(10)
    taken = columns.snapshot()
    taken.append(11, 99.0)
    columns.append(11, 1.1)
    assert (taken.column("loss")[10], columns.column("loss")[10]) == (99.0, 1.1)


def test_two_snapshots_are_apart() -> None:
    columns = filled(5)
    one, other = columns.snapshot(), columns.snapshot()
    one.cut(2)
    one.append(3, 33.0)
    other.append(6, 66.0)
    assert (steps(one), steps(other), steps(columns)) == (
        [1, 2, 3],
        [1, 2, 3, 4, 5, 6],
        [1, 2, 3, 4, 5],
    )
    assert other.column("loss")[2] == columns.column("loss")[2] == 0.3


def test_a_snapshot_of_a_history_has_layers_and_marks_of_its_own() -> None:
    history = History()
    history.add_layer("conv1", 50, 1.0, 0.001, 0.0)
    history.marks.append(Mark(3, "lr 0.1 → 0.2"))
    taken = history.snapshot()
    history.add_layer("conv1", 100, 1.0, 0.001, 0.0)
    history.add_layer("dense1", 100, 1.0, 0.001, 0.0)
    history.marks.clear()
    assert list(taken.layers) == ["conv1"]
    assert steps(taken.layers["conv1"]) == [50]
    assert taken.marks == [Mark(3, "lr 0.1 → 0.2")]
