"""Things known by name: data sets, architectures, recipes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from viewer.core.errors import UserError

Item = TypeVar("Item")


class Registry(Generic[Item]):
    """Items by name, in the order registered; a name is given once.

    Parameters
    ----------
    noun : str
        What an item is, for messages: ``data set``.
    find : callable, optional
        Returns an item that is not registered by its name, or None: for those that take long
        to list. `names` and iterating leave them out.
    hint : callable, optional
        Returns, for a name that is unknown, what `find` would have found (``a network of
        torchvision's, such as resnet18``): it ends the message.
    """

    def __init__(
        self,
        noun: str,
        find: Callable[[str], Item | None] | None = None,
        hint: Callable[[str], str] | None = None,
    ) -> None:
        self._noun = noun
        self._find = find
        self._hint = hint
        self._items: dict[str, Item] = {}

    def add(self, name: str, item: Item) -> None:
        """Register `item`; ValueError if `name` is taken."""
        if name in self._items:
            raise ValueError(f"The {self._noun} {name!r} is registered already.")
        self._items[name] = item

    def get(self, name: str) -> Item:
        """Return the item called `name`; UserError that lists the names if there is none."""
        try:
            return self._items[name]
        except KeyError:
            found = None if self._find is None else self._find(name)
            if found is not None:
                return found
            known = ", ".join(self._items)
            if self._hint is not None:
                known += f", or {self._hint(name)}"
            raise UserError(f"There is no {self._noun} {name!r}: choose one of {known}.") from None

    def names(self) -> tuple[str, ...]:
        """Return the names in the order registered."""
        return tuple(self._items)

    def __contains__(self, name: object) -> bool:
        return name in self._items or (
            self._find is not None and isinstance(name, str) and self._find(name) is not None
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)
