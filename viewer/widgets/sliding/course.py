"""Where a sliding window is, and which cells of the map it has filled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Course:
    """A position on a map, row by row, and the cells visited so far.

    Attributes
    ----------
    position : int
    visited : (h, w) bool
        Cells whose values are shown.
    """

    def __init__(self, shape: tuple[int, int] = (1, 1)) -> None:
        self.position = 0
        self.visited: NDArray[np.bool_] = np.zeros(shape, bool)

    @property
    def last(self) -> int:
        """The last position."""
        return self.visited.size - 1

    @property
    def cell(self) -> tuple[int, int]:
        """The cell (y, x) of the position."""
        y, x = divmod(self.position, self.visited.shape[1])
        return y, x

    @property
    def is_known(self) -> bool:
        """Whether the value of the current cell is shown."""
        return bool(self.visited[self.cell])

    @property
    def at_start(self) -> bool:
        """Whether it stands at the first cell and has been nowhere else."""
        return self.position == 0 and not self.visited.ravel()[1:].any()

    def move(self, position: int, *, visit: bool = True) -> None:
        """Go to a position, and fill its cell unless it is to be predicted."""
        self.position = max(0, min(self.last, position))
        if visit:
            self.visit()

    def visit(self) -> None:
        """Fill the current cell."""
        self.visited[self.cell] = True

    def empty(self) -> None:
        """Empty the map."""
        self.visited[:] = False

    def fill(self) -> None:
        """Fill the map."""
        self.visited[:] = True

    def next_empty(self) -> int | None:
        """Return the first empty cell from the current one on, then from the start."""
        empty = np.flatnonzero(~self.visited.ravel())
        if not empty.size:
            return None
        following = empty[empty >= self.position]
        return int(following[0] if following.size else empty[0])
