"""A table of layers while it is edited: its rows, the current one, undo and redo. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from viewer.core.nets.table_rows import (
    AVERAGE_POOLING,
    CONVOLUTION,
    MAX_POOLING,
    MAX_ROWS,
    LayerRow,
    Value,
)

Rows: TypeAlias = tuple[LayerRow, ...]
_State: TypeAlias = tuple[Rows, int]

NONE = -1  # no current row
MAX_UNDO = 200


class TableEdits:
    """Rows and what was done to them.

    Attributes
    ----------
    rows : tuple of LayerRow
    current : int
        Index of the row that edits are about; -1 for none.
    """

    def __init__(self) -> None:
        self.rows: Rows = ()
        self.current = NONE
        self._undo: list[_State] = []
        self._redo: list[_State] = []
        self._last_value: tuple[int, str] | None = None  # row and setting of the last edit

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to take back."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """Whether there is an edit to do again."""
        return bool(self._redo)

    @property
    def is_full(self) -> bool:
        """Whether no row can be added."""
        return len(self.rows) >= MAX_ROWS

    def reset(self, rows: Rows) -> None:
        """Take other rows and forget every edit."""
        self.rows, self.current = tuple(rows), NONE
        self._undo.clear()
        self._redo.clear()
        self._last_value = None

    def choose(self, index: int) -> None:
        """Make another row the current one."""
        self.current = min(max(index, NONE), len(self.rows) - 1)
        self._last_value = None

    def replace(self, rows: Rows) -> None:
        """Take other rows, as an edit."""
        if tuple(rows) != self.rows:
            self._do(tuple(rows), NONE)

    def insert(self, row: LayerRow) -> None:
        """Put a row behind the current one; at the end if there is none."""
        if self.is_full:
            return
        place = len(self.rows) if self.current == NONE else self.current + 1
        self._do((*self.rows[:place], row, *self.rows[place:]), place)

    def duplicate(self) -> None:
        """Put a copy of the current row behind it."""
        if self.current != NONE:
            self.insert(self.rows[self.current])

    def delete(self) -> None:
        """Take the current row out; the next one is current."""
        if self.current != NONE:
            rows = (*self.rows[: self.current], *self.rows[self.current + 1 :])
            self._do(rows, min(self.current, len(rows) - 1))

    def move(self, places: int) -> None:
        """Move the current row down by `places`; up if negative."""
        target = self.current + places
        if self.current == NONE or not 0 <= target < len(self.rows):
            return
        rows = list(self.rows)
        rows.insert(target, rows.pop(self.current))
        self._do(tuple(rows), target)

    def set_value(self, index: int, name: str, value: Value) -> None:
        """Change one setting; changes of the same one after another are one edit."""
        row = _with_followers(self.rows[index], name, value)
        if row == self.rows[index]:
            return
        rows = (*self.rows[:index], row, *self.rows[index + 1 :])
        if self._last_value == (index, name):
            self.rows = rows
            return
        self._do(rows, index)
        self._last_value = (index, name)

    def undo(self) -> None:
        """Take the last edit back."""
        self._go(self._undo, self._redo)

    def redo(self) -> None:
        """Do again what was taken back last."""
        self._go(self._redo, self._undo)

    def _go(self, source: list[_State], target: list[_State]) -> None:
        if source:
            target.append((self.rows, self.current))
            self.rows, self.current = source.pop()
            self._last_value = None

    def _do(self, rows: Rows, current: int) -> None:
        self._undo.append((self.rows, self.current))
        del self._undo[:-MAX_UNDO]
        self._redo.clear()
        self._last_value = None
        self.rows, self.current = rows, current


def _with_followers(row: LayerRow, name: str, value: Value) -> LayerRow:
    """Return `row` with a setting changed, and what was set to go with it."""
    changed = row.with_value(name, value)
    if name != "kernel_size":
        return changed
    # Where the maps kept their size, or the squares lay side by side, they go on doing so.
    if row.kind == CONVOLUTION:
        return _followed(row, changed, "padding", lambda kernel_size: kernel_size // 2)
    if row.kind in (MAX_POOLING, AVERAGE_POOLING):
        return _followed(row, changed, "stride", lambda kernel_size: kernel_size)
    return changed


def _followed(row: LayerRow, changed: LayerRow, other: str, rule: Callable[[int], int]) -> LayerRow:
    if row.number(other) != rule(row.number("kernel_size")):
        return changed
    highest = next(int(item.high) for item in row.fields if item.name == other)
    return changed.with_value(other, min(rule(changed.number("kernel_size")), highest))
