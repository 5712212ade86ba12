"""The values one step down that a value was computed from, as arrays: there may be thousands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viewer.core.records import Selection

IntArray = NDArray[np.intp]
DoubleArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Child:
    """One value that another was computed from.

    Attributes
    ----------
    selection : Selection
        Where it is: select it to descend.
    contribution : float
        See `Children`.
    """

    selection: Selection
    contribution: float


@dataclass(frozen=True, slots=True, eq=False)
class Children:
    """The values that a value was computed from, the largest contribution first.

    Attributes
    ----------
    sources : tuple of str
        Names of nodes.
    source : (N,) intp
        Place in `sources` of each child's node.
    channels, ys, xs : (N,) intp
        Where each child is in the output of its node; y and x are 0 in a vector.
    contributions : (N,) float64
        What the child adds. For convolutions, dense layers, averages and sums these are the
        terms; for a softmax, the share of its exponential in the sum; for operations that take
        one value and change or move it, that value.
    """

    sources: tuple[str, ...]
    source: IntArray
    channels: IntArray
    ys: IntArray
    xs: IntArray
    contributions: DoubleArray

    def __len__(self) -> int:
        return len(self.contributions)

    def __getitem__(self, place: int) -> Child:
        where = (int(array[place]) for array in (self.channels, self.ys, self.xs))
        selection = Selection(self.sources[int(self.source[place])], *where)
        return Child(selection, float(self.contributions[place]))

    def __iter__(self) -> Iterator[Child]:
        return (self[place] for place in range(len(self)))


def children(
    source: str, channels: ArrayLike, ys: ArrayLike, xs: ArrayLike, contributions: ArrayLike
) -> Children:
    """Return places in one node's output, sorted by contribution; the places broadcast."""
    amounts = np.asarray(contributions, np.float64)
    order = np.argsort(-np.abs(amounts), kind="stable")
    channels, ys, xs = (
        np.broadcast_to(np.asarray(array, np.intp), amounts.shape)[order]
        for array in (channels, ys, xs)
    )
    return Children((source,), np.zeros(len(order), np.intp), channels, ys, xs, amounts[order])


def joined(items: tuple[Child, ...]) -> Children:
    """Return single places in the outputs of several nodes, sorted by contribution."""
    items = tuple(sorted(items, key=lambda child: -abs(child.contribution)))
    names = tuple(dict.fromkeys(child.selection.node for child in items))
    where = [child.selection for child in items]
    return Children(
        names,
        np.array([names.index(place.node) for place in where], np.intp),
        np.array([place.channel for place in where], np.intp),
        np.array([place.y for place in where], np.intp),
        np.array([place.x for place in where], np.intp),
        np.array([child.contribution for child in items], np.float64),
    )
