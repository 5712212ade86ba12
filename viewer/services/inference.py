"""Live inference: a thread that owns the network and always answers the newest request."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.errors import UserError
from viewer.core.mailbox import Mailbox
from viewer.core.pinned import Pinned, PinnedInputs
from viewer.services.worker import Worker

if TYPE_CHECKING:
    from viewer.core.engine import Engine
    from viewer.core.live import LiveNetwork, Snapshot
    from viewer.core.records import FloatArray, InferenceRequest

# Measured on two busy cores: a small network's forward pass has a p99 of 80 ms with two
# OpenMP threads and of 0.2 ms with one.
INTRA_OP_THREADS = 1
# The pad goes first, but a network that it keeps busy answers pinned drawings so often at least.
PINNED_AT_LEAST_S = 0.5


@dataclass(frozen=True, slots=True)
class _ReplaceFilter:
    """Without a kernel: all filters are to be the network's own again."""

    node: str = ""
    index: int = 0
    kernel: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class _OpenNetwork:
    model: str


@dataclass(frozen=True, slots=True)
class _ShowSnapshot:
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class _SetPinned:
    pinned: tuple[Pinned, ...]


@dataclass(frozen=True, slots=True)
class _AnswerPinned:
    pass


_Item: TypeAlias = (
    "_OpenNetwork | _ShowSnapshot | _ReplaceFilter | InferenceRequest | _SetPinned | _AnswerPinned"
)


class InferenceService(QObject):
    """Answers inference requests on its own thread; a newer request replaces a waiting one.

    Attributes
    ----------
    snapshot : Snapshot or None
        The weights of a run that answer now; None if a network that was opened does.

    Signals
    -------
    network_loaded(str, NetworkRecord, WeightsRecord)
        The model as it was asked for; requests from now on are answered by it.
    network_failed(str, str)
        The model that could not be opened, and why; the last good network stays.
    run_shown(NetworkRecord, WeightsRecord)
        A run's network answers from now on.
    weights_changed(WeightsRecord)
        The same network answers with other weights from now on.
    record_ready(ActivationRecord)
        The answer to a request, and to the newest one again whenever the weights change.
    pinned_prepared(mapping of id to DigitImage)
        What the network is shown of the pinned drawings: they, or its size, are others now.
    pinned_answered(int, mapping of id to (K,) float32 or None)
        Step of the weights, and the probabilities of every pinned drawing; None for one that
        can't be read. Again whenever the weights change.
    filters_replaced(bool)
        Whether the network on screen has filters that are not its own.
    failed(str)
        One sentence on an inference that went wrong.
    """

    network_loaded = pyqtSignal(str, object, object)
    network_failed = pyqtSignal(str, str)
    run_shown = pyqtSignal(object, object)
    weights_changed = pyqtSignal(object)
    record_ready = pyqtSignal(object)
    pinned_prepared = pyqtSignal(object)
    pinned_answered = pyqtSignal(int, object)
    filters_replaced = pyqtSignal(bool)
    failed = pyqtSignal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mailbox: Mailbox[_Item] = Mailbox(
            "network", "snapshot", "filter", "request", "pinned", "again"
        )
        self._worker = Worker(
            "inference", self._mailbox, self._handle, self._on_error, self._prepare
        )
        self._origin: str | None = None  # whose snapshots are shown; a name is replaced at once
        self._left: str | None = None  # whose were, before a network that isn't open yet
        # From here on the worker's thread alone.
        self._engine: Engine | LiveNetwork | None = None
        self._request: InferenceRequest | None = None
        self._pinned = PinnedInputs()
        self._pinned_s = 0.0  # when they were answered last
        # Written by the worker's thread, read by any.
        self.snapshot: Snapshot | None = None

    def start(self) -> None:
        """Start the worker, which imports torch at once: it takes a second."""
        self._worker.start()

    def open_network(self, model: str) -> None:
        """Load a network by its name in the box or its path, and answer with it from then on."""
        self._left, self._origin = self._origin or self._left, None
        self._mailbox.put("network", _OpenNetwork(model))

    def follow(self, origin: str) -> None:
        """Show the snapshots of one origin from now on, until a network is opened."""
        self._origin, self._left = origin, None

    @property
    def follows(self) -> bool:
        """Whether snapshots are shown, or will be as soon as there are some."""
        return self._origin is not None

    def show(self, snapshot: Snapshot) -> None:
        """Answer with these weights, if their origin is followed; from any thread."""
        if snapshot.origin == self._origin:
            self._mailbox.put("snapshot", _ShowSnapshot(snapshot))

    def submit(self, request: InferenceRequest) -> None:
        """Ask for an answer; dropped if a newer request comes before it is begun."""
        self._mailbox.put("request", request)

    def replace_filter(self, node: str, index: int, kernel: FloatArray) -> None:
        """Put a kernel, (in / groups, kH, kW), into a filter of the network on screen.

        The network is a copy: its file, or the run that it belongs to, keeps its own.
        """
        self._mailbox.put("filter", _ReplaceFilter(node, index, kernel))

    def restore_filters(self) -> None:
        """Give the network its own filters back."""
        self._mailbox.put("filter", _ReplaceFilter())

    def set_pinned(self, pinned: tuple[Pinned, ...]) -> None:
        """Answer these drawings now, and whenever the weights change."""
        self._mailbox.put("pinned", _SetPinned(pinned))

    def shutdown(self) -> bool:
        """End the thread; call before any receiver of the signals is deleted."""
        return self._worker.shutdown()

    def _prepare(self) -> None:
        import torch

        import viewer.core.engine  # noqa: F401 - so that the first network opens at once

        torch.set_num_threads(INTRA_OP_THREADS)

    def _handle(self, item: _Item) -> None:
        if isinstance(item, _OpenNetwork):
            self._open(item.model)
        elif isinstance(item, _ShowSnapshot):
            self._show(item.snapshot)
        elif isinstance(item, _ReplaceFilter):
            self._replace_filter(item)
        elif isinstance(item, _SetPinned):
            self._pinned.set(item.pinned)
            self._answer_pinned()
        elif isinstance(item, _AnswerPinned):
            self._answer_pinned()
        else:
            self._request = item
            self._answer()

    def _answer(self) -> None:
        if self._engine is not None and self._request is not None:
            self.record_ready.emit(self._engine.run(self._request))

    def _replace_filter(self, item: _ReplaceFilter) -> None:
        if self._engine is None:
            return
        if item.kernel is None:
            self._engine.restore_filters()
        else:
            self._engine.replace_filter(item.node, item.index, item.kernel)
        record = None if self._request is None else self._engine.run(self._request)
        self.weights_changed.emit(self._engine.weights)
        if record is not None:
            self.record_ready.emit(record)
        self.filters_replaced.emit(item.kernel is not None)
        self._answer_pinned_soon()

    def _answer_pinned(self) -> None:
        if self._engine is None:
            return
        if self._pinned.prepare(self._engine.network.input_shape[1]):
            self.pinned_prepared.emit(self._pinned.images)
        elif not self._pinned.images:
            return
        self.pinned_answered.emit(self._engine.weights.step, self._pinned.answer(self._engine))
        self._pinned_s = time.monotonic()

    def _answer_pinned_soon(self) -> None:
        """Answer the pinned drawings once nothing else is waiting, or now if they have waited."""
        if time.monotonic() - self._pinned_s > PINNED_AT_LEAST_S:
            self._answer_pinned()
        else:
            self._mailbox.put("again", _AnswerPinned())

    def _show(self, snapshot: Snapshot) -> None:
        from viewer.core.live import LiveNetwork

        if snapshot.origin != self._origin:
            return  # a network was opened, or another run chosen, meanwhile
        self.snapshot = snapshot
        if not (isinstance(self._engine, LiveNetwork) and self._engine.fits(snapshot)):
            self._engine = LiveNetwork(snapshot)
            self.run_shown.emit(self._engine.network, self._engine.weights)
            self._answer()
            self._answer_pinned_soon()
            return
        self._engine.take(snapshot)
        record = None if self._request is None else self._engine.run(self._request)
        # Both at once, so that they are painted together.
        self.weights_changed.emit(self._engine.weights)
        if record is not None:
            self.record_ready.emit(record)
        self._answer_pinned_soon()

    def _open(self, model: str) -> None:
        # Imported on this thread, so that the window is painted before torch is there.
        from viewer.core.engine import Engine

        try:
            engine = Engine.open(model)
        except UserError as error:
            self._stay()
            self.network_failed.emit(model, str(error))
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the last good network stays
            traceback.print_exception(error)
            reason = f"{type(error).__name__}: {error}"
            self._stay()
            self.network_failed.emit(model, f"{model} could not be opened: {reason}.")
            return
        self._engine = engine
        self.snapshot = self._left = None
        self.network_loaded.emit(model, engine.network, engine.weights)
        self._answer_pinned_soon()

    def _stay(self) -> None:
        """Go on showing the run that was shown: the network that was to replace it is none."""
        if self._origin is None:
            self._origin = self._left

    def _on_error(self, error: Exception) -> None:
        if isinstance(error, UserError):
            self.failed.emit(str(error))
            return
        traceback.print_exception(error)
        self.failed.emit(f"The network could not answer: {type(error).__name__}: {error}.")
