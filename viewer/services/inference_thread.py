"""The thread that owns the network on screen: takes the newest of everything, and tells."""

from __future__ import annotations

import gc
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from viewer.core.errors import UserError
from viewer.core.mailbox import Mailbox
from viewer.core.pinned import Pinned, PinnedInputs
from viewer.services.thread_counts import (
    INTRA_OP_THREADS,
    first_threads,
    live_threads,
    use_threads,
)
from viewer.services.worker import SHUTDOWN_TIMEOUT_S, Worker

if TYPE_CHECKING:
    from viewer.core.engine import Engine
    from viewer.core.live import LiveNetwork, Snapshot
    from viewer.core.records import FloatArray, InferenceRequest
    from viewer.services.opening import Opened, OpenRequest

# The pad goes first, but a network that it keeps busy answers pinned drawings so often at least.
PINNED_AT_LEAST_S = 0.5


@dataclass(frozen=True, slots=True)
class ReplaceFilter:
    """Without a kernel: all filters are to be the network's own again.

    Attributes
    ----------
    network : object
        What `_taken` told of the network that is meant: another may answer by then.
    node : str
    index : int
    kernel : (in / groups, kH, kW) float32 or None
    """

    network: object
    node: str = ""
    index: int = 0
    kernel: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class TakeNetwork:
    """A network that was opened answers from now on."""

    opened: Opened


@dataclass(frozen=True, slots=True)
class ShowSnapshot:
    """Weights of a run answer from now on."""

    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class SetPinned:
    """Other drawings are pinned."""

    pinned: tuple[Pinned, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """Other ways to ask the same, of which the first is answered, then the next.

    Attributes
    ----------
    requests : tuple of InferenceRequest
        Their generation is that of the request on screen.
    first : int
        The first one that is not answered yet.
    """

    requests: tuple[InferenceRequest, ...]
    first: int = 0


@dataclass(frozen=True, slots=True)
class AnswerPinned:
    """The pinned drawings are due."""


Item: TypeAlias = (
    "TakeNetwork | ShowSnapshot | ReplaceFilter | InferenceRequest | SetPinned | AnswerPinned"
    " | Compare"
)
Tell: TypeAlias = Callable[..., None]  # name of a signal of the service, and its values


class InferenceThread:
    """Answers with one network after another, until it is shut down or abandoned.

    Parameters
    ----------
    tell : callable
        Called on the thread with the name of a signal of `InferenceService` and its values;
        never again once the thread is abandoned.
    wanted : callable
        Whether snapshots of an origin are shown.
    """

    def __init__(self, tell: Tell, wanted: Callable[[str], bool]) -> None:
        self._tell_service = tell
        self._wanted = wanted
        self._abandoned = False
        self._mailbox: Mailbox[Item] = Mailbox(
            "network", "snapshot", "filter", "request", "pinned", "again", "compare"
        )
        self._worker = Worker(
            "inference", self._mailbox, self._handle, self._on_error, self._prepare
        )
        # From here on the thread's alone.
        self._engine: Engine | LiveNetwork | None = None
        self._mark = object()  # another one for each network
        self._request: InferenceRequest | None = None
        self._pinned = PinnedInputs()
        self._pinned_s = 0.0  # when they were answered last
        # Written by the thread, read by any.
        self.snapshot: Snapshot | None = None

    def start(self) -> None:
        """Start the thread, which imports torch at once: it takes a second."""
        self._worker.start()

    def put(self, topic: str, item: Item) -> None:
        """Hand over an item; one of the same topic that waits is replaced."""
        self._mailbox.put(topic, item)

    @property
    def busy_s(self) -> float:
        """How long the item at hand has taken so far, in seconds; 0 without one."""
        return self._worker.busy_s

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._worker.is_alive

    def abandon(self) -> None:
        """Leave the thread to itself: it tells nothing more, and ends when it can."""
        self._abandoned = True
        self._worker.abandon()

    def shutdown(self, timeout_s: float = SHUTDOWN_TIMEOUT_S) -> bool:
        """End the thread; return whether it ended in time."""
        return self._worker.shutdown(timeout_s)

    def _tell(self, signal: str, *values: Any) -> None:
        if not self._abandoned:
            self._tell_service(signal, *values)

    def _prepare(self) -> None:
        known = "viewer.core.engine" in sys.modules
        import viewer.core.engine  # noqa: F401 - so that the first network opens at once

        use_threads(INTRA_OP_THREADS)
        if not known:
            # What torch has brought stays for good: to walk through its hundreds of thousands of
            # objects, a collection would hold up the window for a sixth of a second.
            gc.freeze()

    def _handle(self, item: Item) -> None:
        if isinstance(item, TakeNetwork):
            self._take(item.opened)
        elif isinstance(item, ShowSnapshot):
            self._show(item.snapshot)
        elif isinstance(item, ReplaceFilter):
            self._replace_filter(item)
        elif isinstance(item, SetPinned):
            self._pinned.set(item.pinned)
            self._answer_pinned()
        elif isinstance(item, AnswerPinned):
            self._answer_pinned()
        elif isinstance(item, Compare):
            self._compare(item)
        else:
            self._request = item
            self._answer()

    def _take(self, opened: Opened) -> None:
        self._engine = opened.engine
        self.snapshot = None
        use_threads(first_threads(opened.engine.network))
        model = opened.request.model
        self._tell_taken(opened.request)
        self._tell("network_loaded", model, opened.engine.network, opened.engine.weights)
        self._answer_pinned_soon()

    def _tell_taken(self, request: OpenRequest | None) -> None:
        self._mark = object()
        self._tell("_taken", self._mark, request)

    def _answer(self) -> None:
        if self._engine is None or self._request is None:
            return
        before = self._engine.network
        record = self._engine.run(self._request)
        self._tell_resized(before)
        self._tell("record_ready", record)
        use_threads(live_threads(self._engine.network))

    def _compare(self, item: Compare) -> None:
        """Answer one of the requests; what is newer by then goes before the next."""
        if self._engine is None or self._request is None:
            return
        request = item.requests[item.first]
        if request.generation != self._request.generation:
            return
        try:
            answer = self._engine.answer(request)
        except UserError:  # a way that this network can't be asked
            answer = None
        self._tell("compared", request.generation, item.first, answer)
        if item.first + 1 < len(item.requests):
            self._mailbox.put_if_free("compare", replace(item, first=item.first + 1))

    def _tell_resized(self, before: object) -> None:
        """Say that the graph has other shapes now: a network that takes any size was given one."""
        if self._engine is not None and self._engine.network is not before:
            self._tell("network_resized", self._engine.network)

    def _replace_filter(self, item: ReplaceFilter) -> None:
        if self._engine is None or item.network is not self._mark:
            return
        if item.kernel is None:
            self._engine.restore_filters()
        else:
            self._engine.replace_filter(item.node, item.index, item.kernel)
        record = None if self._request is None else self._engine.run(self._request)
        self._tell("weights_changed", self._engine.weights)
        if record is not None:
            self._tell("record_ready", record)
        self._tell("filters_replaced", item.kernel is not None)
        self._answer_pinned_soon()

    def _answer_pinned(self) -> None:
        if self._engine is None:
            return
        if self._pinned.prepare(self._engine.network):
            self._tell("pinned_prepared", self._pinned.images)
        elif not self._pinned.images:
            return
        before = self._engine.network
        answers = self._pinned.answer(self._engine)
        self._tell_resized(before)
        self._tell("pinned_answered", self._engine.weights.step, answers)
        self._pinned_s = time.monotonic()

    def _answer_pinned_soon(self) -> None:
        """Answer the pinned drawings once nothing else is waiting, or now if they have waited."""
        if time.monotonic() - self._pinned_s > PINNED_AT_LEAST_S:
            self._answer_pinned()
        else:
            self._mailbox.put("again", AnswerPinned())

    def _show(self, snapshot: Snapshot) -> None:
        from viewer.core.live import LiveNetwork

        if not self._wanted(snapshot.origin):
            return  # a network was opened, or another run chosen, meanwhile
        self.snapshot = snapshot
        if not (isinstance(self._engine, LiveNetwork) and self._engine.fits(snapshot)):
            self._engine = LiveNetwork(snapshot)
            use_threads(live_threads(self._engine.network))
            self._tell_taken(None)
            self._tell("run_shown", self._engine.network, self._engine.weights)
            self._answer()
            self._answer_pinned_soon()
            return
        self._engine.take(snapshot)
        record = None if self._request is None else self._engine.run(self._request)
        # Both at once, so that they are painted together.
        self._tell("weights_changed", self._engine.weights)
        if record is not None:
            self._tell("record_ready", record)
        self._answer_pinned_soon()

    def _on_error(self, error: Exception) -> None:
        if isinstance(error, UserError):
            self._tell("failed", str(error))
            return
        traceback.print_exception(error)
        self._tell("failed", f"The network could not answer: {type(error).__name__}: {error}.")
