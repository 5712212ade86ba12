"""One named thread around a mailbox: what every service is made of."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

from viewer.core.mailbox import Mailbox

T = TypeVar("T")

SHUTDOWN_TIMEOUT_S = 2.0


class Worker(Generic[T]):
    """Takes items from a mailbox and hands them to `handle`, on a thread of its own.

    Parameters
    ----------
    name : str
        Name of the thread, for debuggers and crash reports.
    mailbox : Mailbox
        What to read; closed by `shutdown`.
    handle : callable
        Called on the worker's thread for each item.
    on_error : callable
        Called on the worker's thread with an exception that `handle` or `prepare` let
        through; the worker lives on.
    prepare : callable
        Called on the worker's thread before anything is taken: for heavy imports.
    finish : callable
        Called on the worker's thread once nothing more is taken; `shutdown` waits for it, too.
    """

    def __init__(
        self,
        name: str,
        mailbox: Mailbox[T],
        handle: Callable[[T], None],
        on_error: Callable[[Exception], None],
        prepare: Callable[[], None] | None = None,
        finish: Callable[[], None] | None = None,
    ) -> None:
        self._mailbox = mailbox
        self._handle = handle
        self._on_error = on_error
        self._prepare = prepare
        self._finish = finish
        self._since: float | None = None  # when the item at hand was taken
        # A daemon, so that a library call that can't be interrupted never keeps the process.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    @property
    def busy_s(self) -> float:
        """How long the item at hand has taken so far, in seconds; 0 without one."""
        since = self._since
        return 0.0 if since is None else time.monotonic() - since

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def abandon(self) -> None:
        """Take nothing more: the thread ends after the item at hand, if that ever does."""
        self._mailbox.close()

    def shutdown(self, timeout_s: float = SHUTDOWN_TIMEOUT_S) -> bool:
        """Ask the thread to end after the item at hand, and wait for that.

        Returns
        -------
        bool
            Whether it ended in time.
        """
        self._mailbox.close()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        if self._prepare is not None:
            self._guarded(self._prepare)
        while (item := self._mailbox.take()) is not None:
            self._since = time.monotonic()
            self._guarded(partial(self._handle, item))
            self._since = None
        if self._finish is not None:
            self._guarded(self._finish)

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:  # noqa: BLE001 - a worker reports and lives on
            self._on_error(error)
