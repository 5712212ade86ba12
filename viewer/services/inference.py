"""Live inference: a thread that owns the network and always answers the newest request."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.errors import UserError
from viewer.core.mailbox import Mailbox
from viewer.services.worker import Worker

if TYPE_CHECKING:
    from viewer.core.engine import Engine
    from viewer.core.live import LiveNetwork, Snapshot
    from viewer.core.records import InferenceRequest

# Measured on two busy cores: a small network's forward pass has a p99 of 80 ms with two
# OpenMP threads and of 0.2 ms with one.
INTRA_OP_THREADS = 1


@dataclass(frozen=True, slots=True)
class _OpenNetwork:
    model: str


@dataclass(frozen=True, slots=True)
class _ShowSnapshot:
    snapshot: Snapshot


_Item: TypeAlias = "_OpenNetwork | _ShowSnapshot | InferenceRequest"


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
    failed(str)
        One sentence on an inference that went wrong.
    """

    network_loaded = pyqtSignal(str, object, object)
    network_failed = pyqtSignal(str, str)
    run_shown = pyqtSignal(object, object)
    weights_changed = pyqtSignal(object)
    record_ready = pyqtSignal(object)
    failed = pyqtSignal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mailbox: Mailbox[_Item] = Mailbox("network", "snapshot", "request")
        self._worker = Worker(
            "inference", self._mailbox, self._handle, self._on_error, self._prepare
        )
        self._origin: str | None = None  # whose snapshots are shown; a name is replaced at once
        self._left: str | None = None  # whose were, before a network that isn't open yet
        # From here on the worker's thread alone.
        self._engine: Engine | LiveNetwork | None = None
        self._request: InferenceRequest | None = None
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

    def show(self, snapshot: Snapshot) -> None:
        """Answer with these weights, if their origin is followed; from any thread."""
        if snapshot.origin == self._origin:
            self._mailbox.put("snapshot", _ShowSnapshot(snapshot))

    def submit(self, request: InferenceRequest) -> None:
        """Ask for an answer; dropped if a newer request comes before it is begun."""
        self._mailbox.put("request", request)

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
        else:
            self._request = item
            self._answer()

    def _answer(self) -> None:
        if self._engine is not None and self._request is not None:
            self.record_ready.emit(self._engine.run(self._request))

    def _show(self, snapshot: Snapshot) -> None:
        from viewer.core.live import LiveNetwork

        if snapshot.origin != self._origin:
            return  # a network was opened, or another run chosen, meanwhile
        self.snapshot = snapshot
        if isinstance(self._engine, LiveNetwork) and self._engine.fits(snapshot):
            self._engine.take(snapshot)
            self.weights_changed.emit(self._engine.weights)
        else:
            self._engine = LiveNetwork(snapshot)
            self.run_shown.emit(self._engine.network, self._engine.weights)
        self._answer()

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
