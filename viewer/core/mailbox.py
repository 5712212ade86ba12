"""A mailbox with one slot a topic, in which the latest item wins."""

from threading import Condition
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Hand items from many threads to one, keeping only the newest of each topic.

    A slow reader never builds up a queue, and the last item put is always
    delivered. After `close` the reader gets None for good.

    Parameters
    ----------
    topics : str
        In the order in which waiting items are taken: a new network comes before a
        request, so that the request is answered by it.
    """

    def __init__(self, *topics: str) -> None:
        self._condition = Condition()
        self._slots: dict[str, T | None] = dict.fromkeys(topics)
        self._closed = False

    def put(self, topic: str, item: T) -> None:
        """Replace whatever waits in a topic's slot; never blocks longer than a hand-over.

        Raises
        ------
        KeyError
            If there is no such topic.
        """
        with self._condition:
            if topic not in self._slots:
                raise KeyError(topic)
            self._slots[topic] = item
            self._condition.notify()

    def take(self, timeout_s: float | None = None) -> T | None:
        """Wait for an item and remove it.

        Returns
        -------
        T or None
            None once the mailbox is closed, or when `timeout_s` has passed.
        """
        with self._condition:
            self._condition.wait_for(lambda: self._closed or self._waiting() is not None, timeout_s)
            topic = self._waiting()
            if self._closed or topic is None:
                return None
            item, self._slots[topic] = self._slots[topic], None
            return item

    def put_if_free(self, topic: str, item: T) -> bool:
        """Put an item unless one waits in the topic's slot, which is newer then.

        Returns
        -------
        bool
            Whether it was put.

        Raises
        ------
        KeyError
            If there is no such topic.
        """
        with self._condition:
            if self._slots[topic] is not None:
                return False
            self._slots[topic] = item
            self._condition.notify()
            return True

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def close(self) -> None:
        """Wake the reader for the last time; what waits is dropped."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def _waiting(self) -> str | None:
        return next((topic for topic, item in self._slots.items() if item is not None), None)
