"""A one-slot mailbox in which the latest item wins."""

from threading import Condition
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Hand items from many threads to one, keeping only the newest.

    A slow reader never builds up a queue, and the last item put is always
    delivered. After `close` the reader gets None for good.
    """

    def __init__(self) -> None:
        self._condition = Condition()
        self._item: T | None = None
        self._closed = False

    def put(self, item: T) -> None:
        """Replace whatever waits; never blocks for longer than a hand-over."""
        with self._condition:
            self._item = item
            self._condition.notify()

    def take(self, timeout_s: float | None = None) -> T | None:
        """Wait for an item and remove it.

        Returns
        -------
        T or None
            None once the mailbox is closed, or when `timeout_s` has passed.
        """
        with self._condition:
            self._condition.wait_for(lambda: self._closed or self._item is not None, timeout_s)
            item, self._item = self._item, None
            return None if self._closed else item

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def close(self) -> None:
        """Wake the reader for the last time; what waits is dropped."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()
