"""Live inference: a thread that owns the network and always answers the newest request."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.errors import UserError
from viewer.core.mailbox import Mailbox
from viewer.services.worker import Worker

if TYPE_CHECKING:
    from viewer.core.engine import Engine
    from viewer.core.records import InferenceRequest

# Measured on two busy cores: a small network's forward pass has a p99 of 80 ms with two
# OpenMP threads and of 0.2 ms with one.
INTRA_OP_THREADS = 1


@dataclass(frozen=True, slots=True)
class _OpenNetwork:
    model: str


class InferenceService(QObject):
    """Answers inference requests on its own thread; a newer request replaces a waiting one.

    Signals
    -------
    network_loaded(str, NetworkRecord, WeightsRecord)
        The model as it was asked for; requests from now on are answered by it.
    network_failed(str, str)
        The model that could not be opened, and why; the last good network stays.
    record_ready(ActivationRecord)
        The answer to a request.
    failed(str)
        One sentence on an inference that went wrong.
    """

    network_loaded = pyqtSignal(str, object, object)
    network_failed = pyqtSignal(str, str)
    record_ready = pyqtSignal(object)
    failed = pyqtSignal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mailbox: Mailbox[_OpenNetwork | InferenceRequest] = Mailbox("network", "request")
        self._worker = Worker(
            "inference", self._mailbox, self._handle, self._on_error, self._prepare
        )
        self._engine: Engine | None = None  # only the worker's thread touches it

    def start(self) -> None:
        """Start the worker, which imports torch at once: it takes a second."""
        self._worker.start()

    def open_network(self, model: str) -> None:
        """Load a network by its name in the box or its path, and answer with it from then on."""
        self._mailbox.put("network", _OpenNetwork(model))

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

    def _handle(self, item: _OpenNetwork | InferenceRequest) -> None:
        if isinstance(item, _OpenNetwork):
            self._open(item.model)
        elif self._engine is not None:
            self.record_ready.emit(self._engine.run(item))

    def _open(self, model: str) -> None:
        # Imported on this thread, so that the window is painted before torch is there.
        from viewer.core.engine import Engine

        try:
            engine = Engine.open(model)
        except UserError as error:
            self.network_failed.emit(model, str(error))
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the last good network stays
            traceback.print_exception(error)
            reason = f"{type(error).__name__}: {error}"
            self.network_failed.emit(model, f"{model} could not be opened: {reason}.")
            return
        self._engine = engine
        self.network_loaded.emit(model, engine.network, engine.weights)

    def _on_error(self, error: Exception) -> None:
        traceback.print_exception(error)
        self.failed.emit(f"The network could not answer: {type(error).__name__}: {error}.")
