"""Opens networks beside everything else: the one on screen answers until the new one is there."""

from __future__ import annotations

import threading
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from PyQt6.QtCore import QObject, pyqtSignal

from viewer.core.errors import UserError
from viewer.core.nets.refusal import PLAIN, Refusal, refusal_of
from viewer.core.nets.trial_run import Trial, TrialCancelled, TrialRefused
from viewer.services.thread_counts import INTRA_OP_THREADS, processors, use_threads

if TYPE_CHECKING:
    from viewer.core.engine import Engine
    from viewer.core.nets.profile import Profile
    from viewer.core.records import NetworkRecord


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A network that is wanted.

    Attributes
    ----------
    model : str
        Name in the box or of torchvision's, or a path.
    trust : bool
        Whether a person has said that its file may run code.
    profile : Profile or None
        What a person has said about it.
    """

    model: str
    trust: bool = False
    profile: Profile | None = None


ADVICE = "export it again, or choose another"  # on a fault that nobody thought of
# How long closing waits for a network that is still read, or an import. It has nothing to save:
# a process that is about to end may do so without it, any other must not go on beside it.
LEAVE_S, PATIENCE_S = 0.5, 10.0
_Tried: TypeAlias = tuple[OpenRequest, int, int]


@dataclass(frozen=True, slots=True)
class Opened:
    """A network that is ready to answer; belongs to whoever takes it.

    Attributes
    ----------
    request : OpenRequest
    engine : Engine
    note : str
        One sentence on what was guessed; empty if nothing was.
    """

    request: OpenRequest
    engine: Engine
    note: str = ""


class OpeningService(QObject):
    """Opens one network at a time, each on a thread of its own; a newer one takes its place.

    A thread whose work is not wanted any more is left to itself: loading can't be interrupted.
    Networks that bring their own code are tried in another process first, which can.

    Signals
    -------
    began(OpenRequest)
        A network is being opened.
    opened(Opened)
    refused(OpenRequest, Refusal)
        It can't be opened, or not without a person's word.
    cancelled(OpenRequest)
        It is not wanted any more.
    """

    began = pyqtSignal(object)
    opened = pyqtSignal(object)
    refused = pyqtSignal(object, object)
    cancelled = pyqtSignal(object)
    _done = pyqtSignal(int, object, object)  # number, request, Opened or Refusal

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._number = 0  # of the request at work
        self._request: OpenRequest | None = None  # None: nothing is being opened
        self._trial: Trial | None = None
        self._threads: list[threading.Thread] = []
        self._tried: set[_Tried] = set()  # with these values, and went well
        # Told by another thread, so it comes in by the event loop of this one, where the number
        # is counted: nothing comes after a cancel.
        self._done.connect(self._on_done)

    @property
    def request(self) -> OpenRequest | None:
        """What is being opened; None if nothing is."""
        return self._request

    def open(self, request: OpenRequest) -> None:
        """Open a network; what is being opened is given up for it."""
        self._give_up()
        self._request = request
        self._trial = trial = Trial()
        thread = threading.Thread(
            target=self._work, args=(self._number, request, trial), name="opening", daemon=True
        )
        self._threads = [*(t for t in self._threads if t.is_alive()), thread]
        self.began.emit(request)
        thread.start()

    def cancel(self) -> None:
        """Give up what is being opened, if anything is."""
        request = self._request
        self._give_up()
        if request is not None:
            self.cancelled.emit(request)

    def shutdown(self, timeout_s: float = PATIENCE_S) -> bool:
        """Give up, and wait for the threads; call it before any receiver is deleted.

        Returns
        -------
        bool
            Whether every thread has ended.
        """
        self._give_up()
        end = time.monotonic() + timeout_s  # of all of them: each hangs where one was cancelled
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _give_up(self) -> None:
        self._number += 1
        self._request = None
        if self._trial is not None:
            self._trial.cancel()
            self._trial = None

    def _on_done(self, number: int, request: OpenRequest, result: Opened | Refusal) -> None:
        if number != self._number:
            return
        self._request = self._trial = None
        if isinstance(result, Opened):
            self.opened.emit(result)
        else:
            self.refused.emit(request, result)

    def _work(self, number: int, request: OpenRequest, trial: Trial) -> None:
        result: Opened | Refusal
        try:
            result = self._open(request, trial)
        except TrialCancelled:
            return
        except TrialRefused as error:
            result = error.refusal
        except UserError as error:
            result = refusal_of(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the last good network stays
            traceback.print_exception(error)
            reason = f"{type(error).__name__}: {error}"
            result = Refusal(PLAIN, f"{request.model} could not be opened ({reason}): {ADVICE}.")
        if number == self._number:
            self._done.emit(number, request, result)

    def _open(self, request: OpenRequest, trial: Trial) -> Opened:
        # Imported on this thread, so that the window is painted before torch is there.
        from viewer.core.engine import Engine
        from viewer.core.nets.opening import open_network
        from viewer.core.nets.own_code import runs_own_code

        if runs_own_code(request.model, trust=request.trust):
            what = _tried(request)
            if what not in self._tried:
                trial.run(request.model, trust=request.trust, profile=request.profile)
                self._tried.add(what)
        loaded = open_network(request.model, trust=request.trust, profile=request.profile)
        use_threads(processors())  # for the pass that finds the shapes
        try:
            engine = Engine(loaded)
            _check_input(engine.network)
            return Opened(request, engine, loaded.note)
        finally:
            use_threads(INTRA_OP_THREADS)  # as threads to come begin


def _check_input(network: NetworkRecord) -> None:
    """Refuse a network that nothing could be shown to, before it replaces one that answers."""
    from viewer.core.imaging.preparation import prepare  # heavy (numpy, Pillow)
    from viewer.core.records import Drawing

    prepare(Drawing(), network.input_shape, network.preparation, mean=network.mean)


def _tried(request: OpenRequest) -> _Tried:
    """Return what a trial was of: another one is needed once the file has changed."""
    found = Path(request.model).expanduser().stat()
    return request, found.st_size, found.st_mtime_ns
